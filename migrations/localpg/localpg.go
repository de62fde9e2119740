// Package localpg starts and stops a private PostgreSQL: the server that
// csa serve uses when no other is named, and the one that tests use.
//
// The server listens on a Unix socket only. Its folder and its socket belong
// to the user it runs as and nobody else may enter them, so it needs no
// password: whoever could reach the socket could read the files as well. That
// user is the one running the program or, since PostgreSQL refuses to run as
// root, "postgres" (else "nobody") when the program runs as root, who may enter
// every folder.
//
// The server dies with the program that started it. Every setting is given on
// its command line and cannot be changed by ALTER SYSTEM: whoever wants to tune
// PostgreSQL runs their own and names it in DATABASE_URL.
//
// localpg knows no table, reads no environment, and imports nothing of ours.
package localpg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// Config says where the server lives and how careful it is.
type Config struct {
	// Dir is a folder for the server alone. It is made when missing. The files
	// are in Dir/data, the socket in Dir/run, PostgreSQL's log in Dir/data/log.
	Dir string
	// BinDir is the folder of initdb and postgres. When empty they are looked
	// for in PATH and in the places where packages put them.
	BinDir string
	// Durable makes an answered commit survive a loss of power. Without it the
	// server is faster and its data is worth nothing after a crash: for tests.
	Durable bool
	// Watched has the server count what each statement costs, in the view
	// pg_stat_statements: for measurements.
	Watched bool
	// Connections bounds the clients at one time; 0 means 100.
	Connections int
	// Log is told in a line each what takes time; nil means nobody.
	Log io.Writer
}

// user is the server's only login, and its superuser.
const user = "csa"

// Server is a running private PostgreSQL.
type Server struct {
	cfg     Config
	bin     binaries
	as      account
	socket  string // folder of the socket
	tempDir bool   // the socket's folder is a temporary one, to be removed
	lock    *os.File
	joined  bool // another program started it and will stop it

	mu   sync.Mutex
	proc *process // nil before the first start
}

// Start prepares the folder if it is empty and starts the server in it. It
// returns a *Problem for everything that a person can put right. A server left
// behind by a program that was killed is stopped first. ctx bounds the start,
// not the life of the server.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s, err := prepare(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.launch(ctx); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// Open is Start, except that it joins the server of a program that is running
// on the same folder. Stop then leaves that server alone; it goes away when the
// other program ends.
func Open(ctx context.Context, cfg Config) (*Server, error) {
	// The other program may be starting its server, or stopping it.
	for deadline := time.Now().Add(2 * time.Minute); ; {
		s, err := Start(ctx, cfg)
		if !errors.Is(err, ErrRunning) {
			return s, err
		}
		if s, joinErr := Join(ctx, cfg); joinErr == nil {
			return s, nil
		}
		if time.Now().After(deadline) || !sleep(ctx, 100*time.Millisecond) {
			return nil, err
		}
	}
}

// prepare does all that comes before the server's process.
func prepare(ctx context.Context, cfg Config) (*Server, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", cfg.Dir, err)
	}
	cfg.Dir = dir
	if cfg.Log == nil {
		cfg.Log = io.Discard
	}
	as, err := serverAccount(filepath.Join(dir, "data"))
	if err != nil {
		return nil, err
	}
	if err := makeDir(dir, as); err != nil {
		return nil, err
	}
	lock, err := acquire(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, as: as, lock: lock}
	if err := s.ready(ctx); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// ready makes sure of the programs, the files and the socket's folder.
func (s *Server) ready(ctx context.Context) error {
	have, err := clusterVersion(s.data())
	if err != nil {
		return err
	}
	if s.bin, err = find(s.cfg.BinDir, have); err != nil {
		return err
	}
	if err := s.stopOrphan(ctx); err != nil {
		return err
	}
	if have == 0 {
		if err := s.initdb(ctx); err != nil {
			return err
		}
	}
	return s.makeSocketDir()
}

func (s *Server) data() string    { return filepath.Join(s.cfg.Dir, "data") }
func (s *Server) logFile() string { return filepath.Join(s.cfg.Dir, "start.log") }

// DSN is the connection URL of a database on the server.
func (s *Server) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + database}
	q := url.Values{"host": {s.socket}, "port": {port}, "sslmode": {"disable"}}
	u.RawQuery = q.Encode()
	return u.String()
}

// EnsureDatabase makes a database where it is missing.
func (s *Server) EnsureDatabase(ctx context.Context, name string) error {
	db, err := sql.Open("postgres", s.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("ensure database %s: %w", name, err)
	}
	defer db.Close()
	const query = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	var exists bool
	if err := db.QueryRowContext(ctx, query, name).Scan(&exists); err != nil {
		return fmt.Errorf("ensure database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	_, err = db.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name)+` TEMPLATE template0`)
	if err != nil && !isDuplicate(err) {
		return fmt.Errorf("ensure database %s: %w", name, err)
	}
	return nil
}

func isDuplicate(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && (e.Code == "42P04" || e.Code == "23505") // made by another at the same moment
}

// Done is closed when the server has ended, whoever ended it. It is nil for a
// server that another program started.
func (s *Server) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return nil
	}
	return s.proc.done
}

// PID is the server's process, or 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || s.proc.ended() {
		return 0
	}
	return s.proc.pid
}

// Stop shuts the server down: clients are cut off, what was committed is on
// disk. It may be called more than once.
func (s *Server) Stop() error {
	if s.joined {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc != nil {
		if err := s.proc.stop(); err != nil {
			return fmt.Errorf("stop PostgreSQL: %w", err)
		}
	}
	s.release()
	return nil
}

// Kill ends the server and all its processes at once, as a crash of the machine
// would, for tests of recovery. (Killing the first process alone lets those
// that serve connections go on until they notice.) Restart brings it back.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || s.proc.ended() {
		return
	}
	s.proc.signal(syscall.SIGSTOP) // so that it starts no more
	for _, pid := range children(s.proc.pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	s.proc.signal(syscall.SIGKILL)
	<-s.proc.done
}

// Restart starts the server again after Kill or after it ended by itself, but
// not after Stop. Its DSN stays the same.
func (s *Server) Restart(ctx context.Context) error {
	if s.PID() != 0 {
		return errors.New("PostgreSQL is running already")
	}
	return s.launch(ctx)
}

func (s *Server) launch(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lock == nil {
		return errors.New("PostgreSQL was stopped: use Start")
	}
	p, err := s.startProcess(ctx)
	if err != nil {
		return err
	}
	s.proc = p
	return nil
}

// release gives up the folder.
func (s *Server) release() {
	if s.tempDir {
		os.RemoveAll(s.socket)
	}
	if s.lock != nil {
		s.lock.Close() // which unlocks it
		s.lock = nil
	}
}

// Join finds the server that another program runs on the folder. Stop leaves it
// alone.
func Join(ctx context.Context, cfg Config) (*Server, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", cfg.Dir, err)
	}
	cfg.Dir = dir
	s := &Server{cfg: cfg, joined: true}
	pf, err := readPidFile(s.data())
	if err != nil || !pf.ready {
		return nil, fmt.Errorf("join PostgreSQL in %s: not ready", dir)
	}
	s.socket = pf.socket
	return s, s.ping(ctx)
}

func (s *Server) ping(ctx context.Context) error {
	db, err := sql.Open("postgres", s.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("reach PostgreSQL: %w", err)
	}
	return nil
}

// sleep waits and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// port only names the socket's file; nothing listens on the network.
const port = "5432"

var socketName = ".s.PGSQL." + port

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }
