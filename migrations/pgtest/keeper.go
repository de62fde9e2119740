package pgtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"

	"seedbook/migrations/localpg"
)

// One server serves all test programs, which run at the same time and may be
// killed at any moment. So nobody counts them: each holds a shared lock on the
// file "users" for as long as it lives, and the keeper, a second life of the
// first test program, stops the server once it has had the file to itself for a
// while. Whoever wants the server holds the file "door" meanwhile, and so does
// the keeper while it shuts down.
//
// The files stay between runs, in a folder of the temporary directory: the next
// run starts in a fifth of a second and finds its migrated databases.

// idle is how long the server waits for another test program: between the
// packages of one run nobody may be there.
var idle = 10 * time.Second

const (
	keeperVar = "SEEDBOOK_PGTEST_KEEPER"
	idleVar   = "SEEDBOOK_PGTEST_IDLE"
	templates = 3 // migrated databases to keep
)

func init() {
	if base := os.Getenv(keeperVar); base != "" {
		if d, err := time.ParseDuration(os.Getenv(idleVar)); err == nil {
			idle = d // for pgtest's own tests
		}
		if err := keep(base); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// users is held open until the program ends.
var users *os.File

// use joins the server, starting it if nobody has.
func use(ctx context.Context) (*localpg.Server, error) {
	base, err := folder()
	if err != nil {
		return nil, err
	}
	door, err := locked(filepath.Join(base, "door"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer door.Close()
	if users, err = locked(filepath.Join(base, "users"), syscall.LOCK_SH); err != nil {
		return nil, err
	}
	if srv, err := join(ctx, base); err == nil {
		return srv, nil
	}
	return hire(ctx, base)
}

// join finds the server, once the keeper has swept it.
func join(ctx context.Context, base string) (*localpg.Server, error) {
	if _, err := os.Stat(swept(base)); err != nil {
		return nil, err
	}
	return localpg.Join(ctx, serverConfig(base))
}

// swept is a file that is there while a keeper's server can be used.
func swept(base string) string { return filepath.Join(base, "swept") }

// spoilt is a file that is there when the server's files may not be trusted.
func spoilt(base string) string { return filepath.Join(base, "spoilt") }

func serverConfig(base string) localpg.Config {
	return localpg.Config{Dir: filepath.Join(base, "server"), Connections: 400}
}

// folder is private to the user who runs the tests.
func folder() (string, error) {
	base, err := localpg.Place(filepath.Join(os.TempDir(), fmt.Sprintf("seedbook-pgtest-%d", os.Getuid())))
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(base, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(base)
	if err != nil {
		return "", err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || ok && int(st.Uid) != os.Getuid() {
		return "", fmt.Errorf("%s belongs to somebody else: remove it, or set TMPDIR", base)
	}
	return base, nil
}

func locked(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f, how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// hire starts the keeper and waits for its server.
func hire(ctx context.Context, base string) (*localpg.Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// A keeper that was killed left this. Without it nothing says that the
	// files, which are never flushed, survived what killed it.
	_ = os.Rename(swept(base), spoilt(base))
	out, err := os.Create(filepath.Join(base, "keeper.log"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(self)
	cmd.Dir, cmd.Stdout, cmd.Stderr = "/", out, out
	cmd.Env = append(os.Environ(), keeperVar+"="+base)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // not part of the test run's group
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	gone := make(chan error, 1)
	go func() { gone <- cmd.Wait() }()
	for {
		if srv, err := join(ctx, base); err == nil {
			return srv, nil
		}
		select {
		case <-gone:
			said, _ := os.ReadFile(out.Name())
			return nil, errors.New(strings.TrimSpace(string(said)))
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// keep runs the server until nobody needs it.
func keep(base string) error {
	srv, err := startClean(base)
	if err != nil {
		return err
	}
	defer srv.Stop() //nolint:errcheck // the next start stops what is left
	if err := os.WriteFile(swept(base), nil, 0o600); err != nil {
		return err
	}
	free := make(chan *os.File)
	go func() {
		for {
			if door := whenIdle(base); door != nil {
				free <- door
				return
			}
		}
	}()
	select {
	case <-srv.Done():
		return errors.New("the server for tests ended by itself")
	case door := <-free:
		defer door.Close() // after Stop
		_ = os.Remove(swept(base))
		return srv.Stop()
	}
}

// startClean starts the server and clears away what earlier runs left. Files
// that cannot be used or trusted are worth nothing: it begins anew.
func startClean(base string) (*localpg.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cfg := serverConfig(base)
	srv, err := localpg.Start(ctx, cfg)
	if errors.Is(err, localpg.ErrNotInstalled) || errors.Is(err, localpg.ErrRunning) {
		return nil, err
	}
	if _, bad := os.Stat(spoilt(base)); err != nil || bad == nil {
		if srv != nil {
			_ = srv.Stop()
		}
		if err := os.RemoveAll(cfg.Dir); err != nil {
			return nil, err
		}
		_ = os.Remove(spoilt(base))
		if srv, err = localpg.Start(ctx, cfg); err != nil {
			return nil, err
		}
	}
	if err := sweep(ctx, srv.DSN("postgres")); err != nil {
		_ = srv.Stop()
		return nil, err
	}
	return srv, nil
}

// sweep drops the databases of tests that were killed, and old templates.
func sweep(ctx context.Context, dsn string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	const query = `
		SELECT datname
		FROM pg_database
		WHERE (datname LIKE 'test\_%' OR datname LIKE 'draft\_%')
		   OR datname LIKE 'template\_%' AND oid NOT IN (
			SELECT oid FROM pg_database WHERE datname LIKE 'template\_%' ORDER BY oid DESC LIMIT $1)`
	rows, err := db.QueryContext(ctx, query, templates)
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, `DROP DATABASE IF EXISTS `+pq.QuoteIdentifier(name)+` WITH (FORCE)`); err != nil {
			return err
		}
	}
	return rows.Err()
}

// whenIdle waits until no test program lives, then a while, and returns the
// locked door if still nobody has come, else nil.
func whenIdle(base string) *os.File {
	users, err := locked(filepath.Join(base, "users"), syscall.LOCK_EX)
	if err != nil {
		time.Sleep(time.Second)
		return nil
	}
	defer users.Close()
	_ = flock(users, syscall.LOCK_UN)
	time.Sleep(idle)
	door, err := locked(filepath.Join(base, "door"), syscall.LOCK_EX)
	if err != nil {
		return nil
	}
	if flock(users, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		door.Close()
		return nil
	}
	return door
}
