// Package pgtest gives every test a fresh, migrated PostgreSQL database.
//
// All test programs of a machine's user share one private server (see
// keeper.go). A migrated database is built once for each state of the
// migrations, and a test gets a copy of it, which takes about a tenth of a
// second and is dropped when the test ends.
//
//	db, err := store.Open(pgtest.New(t).DSN, 8)
//
// pgtest is for tests only and imports nothing of ours but migrations.
package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"seedbook/migrations"
	"seedbook/migrations/localpg"
)

// DB is a database for one test.
type DB struct {
	// DSN connects as the owner and superuser: row-level security does not hold
	// for it until it takes a role, as service/store does.
	DSN string
}

// New returns a database with every migration applied and nothing in it but
// what they put there. It is dropped when the test ends.
func New(t testing.TB) *DB {
	t.Helper()
	return clone(t, template(t))
}

// NewEmpty returns a database without any migration, for tests of migrating.
func NewEmpty(t testing.TB) *DB {
	t.Helper()
	return clone(t, "template0")
}

var made atomic.Int64 // databases made by this program

func clone(t testing.TB, from string) *DB {
	t.Helper()
	s := server(t)
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), made.Add(1))
	if err := s.create(t.Context(), name, from); err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.drop(name); err != nil {
			t.Logf("drop test database: %v", err)
		}
	})
	return &DB{DSN: s.dsn(name)}
}

// shared is this program's view of the server.
type shared struct {
	dsn   func(database string) string
	admin *sql.DB
}

var connect = sync.OnceValues(func() (*shared, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	srv, err := use(ctx)
	if err != nil {
		return nil, err
	}
	admin, err := sql.Open("postgres", srv.DSN("postgres"))
	if err != nil {
		return nil, err
	}
	admin.SetMaxOpenConns(4)
	return &shared{srv.DSN, admin}, nil
})

func server(t testing.TB) *shared {
	t.Helper()
	s, err := connect()
	if err != nil {
		t.Fatalf("a PostgreSQL for tests: %v", err)
	}
	return s
}

// template is the name of the migrated database that tests copy.
func template(t testing.TB) string {
	t.Helper()
	server(t) // its own failure reads better
	name, err := build()
	if err != nil {
		t.Fatalf("apply the migrations (no test that needs a database can run): %v", err)
	}
	return name
}

var build = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s, err := connect()
	if err != nil {
		return "", err
	}
	name := templatePrefix + migrations.Fingerprint()[:16]
	conn, err := s.admin.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	// Test programs start together: one builds, the others wait.
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		return "", err
	}
	defer conn.ExecContext(ctx, `SELECT pg_advisory_unlock(hashtext($1))`, name) //nolint:errcheck // closing unlocks as well
	return name, s.ensureTemplate(ctx, name)
})

const templatePrefix = "template_"

func (s *shared) ensureTemplate(ctx context.Context, name string) error {
	const query = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	var exists bool
	if err := s.admin.QueryRowContext(ctx, query, name).Scan(&exists); err != nil || exists {
		return err
	}
	draft := "draft_" + strings.TrimPrefix(name, templatePrefix)
	if err := s.drop(draft); err != nil {
		return err
	}
	if err := s.create(ctx, draft, "template0"); err != nil {
		return err
	}
	if err := migrations.Up(ctx, s.dsn(draft), nil); err != nil {
		return err
	}
	// Renaming comes last: what has the name is complete.
	for _, q := range []string{
		`ALTER DATABASE %s ALLOW_CONNECTIONS false`,
		`ALTER DATABASE %s RENAME TO ` + pq.QuoteIdentifier(name),
	} {
		if _, err := s.admin.ExecContext(ctx, fmt.Sprintf(q, pq.QuoteIdentifier(draft))); err != nil {
			return err
		}
	}
	return nil
}

// create copies a database by its files, which takes a third of the time that
// copying through the log does, as nothing is flushed.
func (s *shared) create(ctx context.Context, name, from string) error {
	_, err := s.admin.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name)+` TEMPLATE `+pq.QuoteIdentifier(from)+` STRATEGY file_copy`)
	return err
}

func (s *shared) drop(name string) error {
	_, err := s.admin.Exec(`DROP DATABASE IF EXISTS ` + pq.QuoteIdentifier(name) + ` WITH (FORCE)`)
	return err
}

// Server is a server of a test's own, with a migrated database.
type Server struct {
	*localpg.Server
	// Database is the connection URL of the migrated database.
	Database string
}

// NewServer starts a durable server for one test, which may Kill and Restart
// it. It takes some seconds.
func NewServer(t testing.TB) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "seedbook-server-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	srv, err := localpg.Start(t.Context(), localpg.Config{Dir: dir, Durable: true})
	if err != nil {
		t.Fatalf("start a server: %v", err)
	}
	t.Cleanup(func() { _ = srv.Stop() })
	if err := srv.EnsureDatabase(t.Context(), "csa"); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), srv.DSN("csa"), nil); err != nil {
		t.Fatal(err)
	}
	return &Server{srv, srv.DSN("csa")}
}

// Fixtures is the folder of real-world files that some tests read: shared/
// fixtures beside the repository, or SEEDBOOK_FIXTURES. Without it the test is
// skipped, on CI it fails.
func Fixtures(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("SEEDBOOK_FIXTURES")
	if dir == "" {
		dir = filepath.Join(repository(t), "..", "shared", "fixtures")
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return dir
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("the fixtures are not in %s: set SEEDBOOK_FIXTURES", dir)
	}
	t.Skipf("NOT TESTED: the fixtures are not in %s; set SEEDBOOK_FIXTURES to their folder", dir)
	return ""
}

// repository is the folder of go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}
