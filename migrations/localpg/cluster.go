package localpg

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// clusterVersion is the major version of PostgreSQL that made the files in a
// data folder; 0 when there are none yet.
func clusterVersion(data string) (int, error) {
	entries, err := os.ReadDir(data)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, problem(ErrFolder, "The database's folder %s cannot be read: start the program as the user who made it, or choose another folder (CSA_DATA).", data)
	}
	s := &Server{cfg: Config{Dir: filepath.Dir(data)}}
	version, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	major := atoi(strings.TrimSpace(string(version)))
	if err != nil || major == 0 {
		return 0, s.damaged("PG_VERSION is missing")
	}
	for _, needed := range []string{"global/pg_control", "base", "pg_wal", "pg_xact", "postgresql.conf"} {
		if _, err := os.Stat(filepath.Join(data, needed)); err != nil {
			return 0, s.damaged(needed + " is missing")
		}
	}
	return major, nil
}

// initdb makes the files of a new server. They appear under their name only
// when complete, so that a first start that is interrupted leaves nothing.
func (s *Server) initdb(ctx context.Context) error {
	fmt.Fprintln(s.cfg.Log, "Preparing a new database in "+s.data())
	draft := s.data() + ".new"
	var out []byte
	var err error
	for _, locale := range []string{"C.UTF-8", "C"} { // macOS has no C.UTF-8
		if err := os.RemoveAll(draft); err != nil {
			return fmt.Errorf("clear %s: %w", draft, err)
		}
		if err := s.as.makePrivate(draft); err != nil {
			return s.explain("prepare the database", "", err)
		}
		out, err = s.runInitdb(ctx, draft, locale)
		if err == nil || !strings.Contains(string(out), "invalid locale") {
			break
		}
	}
	if err != nil {
		err = s.explain("prepare the database", string(out), err)
		os.RemoveAll(draft)
		return err
	}
	// An empty data folder may be there; rename replaces it.
	if err := os.Rename(draft, s.data()); err != nil {
		return fmt.Errorf("put the new database in place: %w", err)
	}
	return nil
}

func (s *Server) runInitdb(ctx context.Context, dir, locale string) ([]byte, error) {
	args := []string{"-D", dir, "-U", user, "-A", "trust", "--encoding=UTF8", "--locale=" + locale}
	if s.cfg.Durable {
		args = append(args, "--data-checksums")
	} else {
		args = append(args, "--no-sync")
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, s.bin.path("initdb"), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", childEnv(), s.as.attr()
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second // for the children of an initdb that was cancelled
	p, err := startChild(cmd)
	if err != nil {
		return nil, fmt.Errorf("start initdb as user %s: %w", s.as.name, err)
	}
	<-p.done
	if p.err != nil {
		return out.Bytes(), cmp.Or(ctx.Err(), p.err)
	}
	return out.Bytes(), s.closeNetwork(dir)
}

// closeNetwork replaces the access rules that initdb wrote, which would trust
// any local program should somebody make the server listen on a port.
func (s *Server) closeNetwork(dir string) error {
	file := filepath.Join(dir, "pg_hba.conf")
	const rules = "# Only the Unix socket, in a folder that only the server's user can enter.\nlocal all all trust\n"
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
