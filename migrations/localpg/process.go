package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a running postmaster.
type process struct {
	pid  int
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended; read it after done
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

// stop asks for a fast shutdown and grows less polite.
func (p *process) stop() error {
	for _, step := range []struct {
		sig  syscall.Signal
		wait time.Duration
	}{{syscall.SIGINT, 60 * time.Second}, {syscall.SIGQUIT, 10 * time.Second}, {syscall.SIGKILL, 10 * time.Second}} {
		p.signal(step.sig)
		select {
		case <-p.done:
			return nil
		case <-time.After(step.wait):
		}
	}
	return fmt.Errorf("process %d does not end", p.pid)
}

// startProcess starts the postmaster and waits until it takes connections.
func (s *Server) startProcess(ctx context.Context) (*process, error) {
	for {
		before := s.logSizes()
		p, err := s.spawn()
		if err != nil {
			return nil, err
		}
		err = s.awaitReady(ctx, p, before)
		if err == nil {
			return p, nil
		}
		_ = p.stop()
		// After a crash the old server's children may need a moment to notice.
		if !errors.Is(err, errLingering) || !sleep(ctx, 100*time.Millisecond) {
			return nil, err
		}
	}
}

// errLingering reports that processes of a server that was killed still live.
var errLingering = errors.New("the last server's processes are still ending")

// spawn starts the postmaster as a child. Its output goes to a file: a pipe
// would be inherited by every process of the server.
func (s *Server) spawn() (*process, error) {
	out, err := os.OpenFile(s.logFile(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, s.explain("start PostgreSQL", "", err)
	}
	defer out.Close()
	cmd := exec.Command(s.bin.path("postgres"), append([]string{"-D", s.data()}, s.settings()...)...)
	cmd.Dir, cmd.Env = "/", childEnv()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = s.as.attr()

	p, err := startChild(cmd)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL as user %s: %w", s.as.name, err)
	}
	return p, nil
}

// startChild starts a child that the kernel signals when the program dies. It
// does so when the *thread* that made the child ends, so that thread is kept
// for as long as the child lives.
func startChild(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.done)
		}
	}()
	return p, <-started
}

func (s *Server) awaitReady(ctx context.Context, p *process, before map[string]int64) error {
	slow := time.After(3 * time.Second)
	for {
		if pf, err := readPidFile(s.data()); err == nil && pf.pid == p.pid && pf.ready {
			return s.ping(ctx)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			out := s.outputSince(before)
			if containsAny(out, "pre-existing shared memory block", "lock file \"postmaster.pid\" already exists") {
				return errLingering
			}
			return s.explain("start PostgreSQL", out, p.err)
		case <-slow:
			fmt.Fprintln(s.cfg.Log, "The database is recovering after it was not shut down; this can take a minute")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// logSizes are the log files and how long they are.
func (s *Server) logSizes() map[string]int64 {
	sizes := map[string]int64{}
	logs, _ := filepath.Glob(filepath.Join(s.data(), "log", "*.log"))
	for _, file := range logs {
		if info, err := os.Stat(file); err == nil {
			sizes[file] = info.Size()
		}
	}
	return sizes
}

// outputSince is what the server has said since it was started: first into its
// output, then, once it has read its settings, into its log.
func (s *Server) outputSince(before map[string]int64) string {
	said, _ := os.ReadFile(s.logFile())
	for file, size := range s.logSizes() {
		old := before[file]
		if size < old {
			old = 0 // begun anew after a week
		}
		text, _ := os.ReadFile(file)
		said = append(said, text[min(old, int64(len(text))):]...)
	}
	return string(said)
}

// makeSocketDir makes a folder for the socket that only the server's user can
// enter. A socket's path may have 107 bytes at most (103 on some systems).
func (s *Server) makeSocketDir() error {
	dir := filepath.Join(s.cfg.Dir, "run")
	if len(filepath.Join(dir, socketName)) > 100 {
		temp, err := os.MkdirTemp("/tmp", "csa-")
		if err != nil {
			return fmt.Errorf("make a short folder for the database's socket: %w", err)
		}
		dir, s.tempDir = temp, true
	}
	s.socket = dir
	return s.as.makePrivate(dir)
}

// makePrivate makes a folder that only the account (and root) can enter.
func (a account) makePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("close %s to others: %w", dir, err)
	}
	if err := a.own(dir); err != nil {
		return fmt.Errorf("give %s to %s: %w", dir, a.name, err)
	}
	return nil
}

// childEnv is the environment without whatever would redirect PostgreSQL or
// translate its messages.
func childEnv() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); name == "PATH" || name == "LD_LIBRARY_PATH" || name == "DYLD_LIBRARY_PATH" {
			env = append(env, kv)
		}
	}
	return env
}
