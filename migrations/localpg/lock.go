package localpg

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// acquire locks the folder for this program until it ends, however it ends.
func acquire(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return nil, problem(ErrDiskFull, "The disk that holds %s is full: free some space and start again; nothing that was saved is lost.", dir)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return nil, problem(ErrFolder, "The folder %s cannot be written: was it made by another user (root)? Start the program as that user, or choose another folder (CSA_DATA).", dir)
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		holder := make([]byte, 20)
		n, _ := f.ReadAt(holder, 0)
		f.Close()
		return nil, problem(ErrRunning, "Seedbook is already running on the folder %s (process %s): stop it first, or choose another folder (CSA_DATA).",
			dir, strings.TrimSpace(string(holder[:n])))
	}
	_ = f.Truncate(0)
	_, _ = fmt.Fprintln(f, os.Getpid()) // only for the sentence above
	return f, nil
}

// pidFile is what a PostgreSQL server writes beside its data.
type pidFile struct {
	pid    int
	socket string // folder of its socket
	ready  bool
}

func readPidFile(data string) (pidFile, error) {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return pidFile{}, err
	}
	var lines []string
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		lines = append(lines, strings.TrimSpace(sc.Text()))
	}
	p := pidFile{pid: atoi(line(lines, 0)), socket: line(lines, 4), ready: line(lines, 7) == "ready"}
	return p, nil
}

func line(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}

// stopOrphan stops a server whose program was killed. The lock is ours, so no
// program that runs needs it. A number in the file that now belongs to another
// process, as happens when a container starts again, is left alone.
func (s *Server) stopOrphan(ctx context.Context) error {
	p, err := readPidFile(s.data())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a server left behind in %s: %w", s.data(), err)
	}
	file := filepath.Join(s.data(), "postmaster.pid")
	if !runsIn(p.pid, s.data()) {
		return os.Remove(file)
	}
	fmt.Fprintf(s.cfg.Log, "Stopping the database that an earlier run left behind (process %d)\n", p.pid)
	deadline := time.Now().Add(60 * time.Second)
	_ = syscall.Kill(p.pid, syscall.SIGINT)
	for runsIn(p.pid, s.data()) {
		if time.Now().After(deadline) {
			return problem(ErrRunning, "A database left behind by an earlier run (process %d) does not stop: run  kill -QUIT %d  and start again.", p.pid, p.pid)
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return ctx.Err()
		}
	}
	return nil
}
