package localpg

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user of the operating system that the server runs as.
type account struct {
	name     string
	uid, gid int
	drop     bool // the program is root and must become this user
}

// serverAccount is the user who runs the program or, for root, one without
// rights, because PostgreSQL refuses to run as root: whoever owns the data
// already, else the user postgres, else nobody.
func serverAccount(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "you", uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if info, err := os.Stat(data); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return account{nameOf(int(st.Uid)), int(st.Uid), int(st.Gid), true}, nil
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := osuser.Lookup(name); err == nil {
			return account{name, atoi(u.Uid), atoi(u.Gid), true}, nil
		}
	}
	return account{}, problem(ErrFolder, "PostgreSQL refuses to run as root and there is no user postgres or nobody: run  apt-get install postgresql  or start the program as an ordinary user.")
}

func nameOf(uid int) string {
	if u, err := osuser.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return strconv.Itoa(uid)
}

// attr makes a child process run as the account.
func (a account) attr() *syscall.SysProcAttr {
	attr := childAttr() // of a thread that waits for the child: see startChild
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

// own gives a file or folder to the account.
func (a account) own(path string) error {
	if !a.drop {
		return nil
	}
	return os.Chown(path, a.uid, a.gid)
}

// mayEnter reports whether the account may pass through a folder, by its
// permission bits.
func (a account) mayEnter(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return true
	case int(st.Uid) == a.uid:
		return info.Mode()&0o100 != 0
	case int(st.Gid) == a.gid:
		return info.Mode()&0o010 != 0
	default:
		return info.Mode()&0o001 != 0
	}
}

// closedParent is the first folder above dir that the account may not enter, or
// "".
func closedParent(dir string, a account) string {
	if !a.drop {
		return "" // the program itself will meet the refusal
	}
	closed := ""
	for d := filepath.Dir(dir); ; d = filepath.Dir(d) {
		if info, err := os.Stat(d); err == nil && !a.mayEnter(info) {
			closed = d
		}
		if d == filepath.Dir(d) {
			return closed
		}
	}
}

// Place is where the server's folder can be. That is dir, except for a program
// that runs as root below a folder closed to others, such as /root: there the
// server, which may not be root, could not reach its files, and Place is a
// folder under /var/lib that is always the same for the same dir.
func Place(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	as, err := serverAccount(filepath.Join(dir, "data"))
	if err != nil || closedParent(dir, as) == "" {
		return dir, err
	}
	sum := sha256.Sum256([]byte(dir))
	return "/var/lib/seedbook-" + hex.EncodeToString(sum[:4]), nil
}

// makeDir makes the server's folder and sees that the account can reach it.
func makeDir(dir string, a account) error {
	if closed := closedParent(dir, a); closed != "" {
		return problem(ErrFolder,
			"The database cannot be in %s: it runs as user %s, who may not enter %s; choose a folder elsewhere (CSA_DATA), or run  chmod o+x %s", dir, a.name, closed, closed)
	}
	mode := fs.FileMode(0o700)
	if a.drop {
		mode = 0o711 // the data and the socket inside are 0700
	}
	err := os.MkdirAll(dir, mode)
	if err == nil && a.drop {
		err = os.Chmod(dir, mode)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return problem(ErrFolder, "The folder %s cannot be made or used: its owner must allow you to write there, or choose another folder (CSA_DATA).", dir)
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return problem(ErrFolder, "%s is a file where a folder is needed: choose another folder (CSA_DATA).", dir)
	case errors.Is(err, syscall.ENOSPC):
		return problem(ErrDiskFull, "The disk that should hold %s is full: free some space and start again.", dir)
	case errors.Is(err, syscall.EROFS):
		return problem(ErrFolder, "%s is on a disk that cannot be written: choose another folder (CSA_DATA).", dir)
	case err != nil:
		return fmt.Errorf("make %s: %w", dir, err)
	}
	return nil
}
