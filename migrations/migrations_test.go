package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"strings"
	"sync"
	"testing"

	"github.com/lib/pq"

	"seedbook/migrations"
	"seedbook/migrations/pgtest"
)

// update writes what is generated instead of checking it.
var update = flag.Bool("update", false, "write README.md's list of tables anew")

func open(t *testing.T, db *pgtest.DB) *sql.DB {
	t.Helper()
	conn, err := sql.Open("postgres", db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestUpBringsAnEmptyDatabaseToTheProgramsSchemaAndMayBeRepeated(t *testing.T) {
	dsn := pgtest.NewEmpty(t).DSN
	if err := migrations.Check(t.Context(), dsn); !errors.Is(err, migrations.ErrOlder) {
		t.Errorf("Check of an empty database = %v, want ErrOlder", err)
	}
	var told []string
	if err := migrations.Up(t.Context(), dsn, func(line string) { told = append(told, line) }); err != nil {
		t.Fatal(err)
	}
	if len(told) == 0 || !strings.HasPrefix(told[0], "0001_foundation.sql (") {
		t.Errorf("progress = %q, want a line for each file", told)
	}
	if err := migrations.Check(t.Context(), dsn); err != nil {
		t.Errorf("Check after Up = %v", err)
	}
	told = nil
	if err := migrations.Up(t.Context(), dsn, func(line string) { told = append(told, line) }); err != nil || told != nil {
		t.Errorf("a second Up = %v, applying %q", err, told)
	}
}

func TestProgramsThatStartTogetherMigrateOnce(t *testing.T) {
	dsn := pgtest.NewEmpty(t).DSN
	var wg sync.WaitGroup
	var mu sync.Mutex
	times := map[string]int{}
	for range 3 {
		wg.Go(func() {
			err := migrations.Up(context.Background(), dsn, func(line string) {
				name, _, _ := strings.Cut(line, " ")
				mu.Lock()
				times[name]++
				mu.Unlock()
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for name, n := range times {
		if n != 1 {
			t.Errorf("%s was applied %d times", name, n)
		}
	}
}

func TestADatabaseOfANewerProgramIsRefused(t *testing.T) {
	db := pgtest.New(t)
	exec(t, open(t, db), `INSERT INTO schema_migrations (version_id, is_applied) VALUES (9999, true)`)
	err := migrations.Check(t.Context(), db.DSN)
	if !errors.Is(err, migrations.ErrNewer) || !strings.Contains(err.Error(), "9999") {
		t.Errorf("Check = %v, want ErrNewer naming 9999", err)
	}
	if err := migrations.Up(t.Context(), db.DSN, nil); !errors.Is(err, migrations.ErrNewer) {
		t.Errorf("Up = %v, want ErrNewer", err)
	}
}

// session is one connection on which things are tried as a role and tenant.
type session struct {
	t  *testing.T
	tx *sql.Tx
}

// as begins a transaction that is rolled back at the end of the test.
func as(t *testing.T, db *sql.DB, role, tenant string) session {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	s := session{t, tx}
	if tenant != "" {
		s.must(`SELECT set_config('app.tenant', $1, true)`, tenant)
	}
	if role != "" {
		s.must(`SET LOCAL ROLE ` + role)
	}
	return s
}

func (s session) must(query string, args ...any) {
	s.t.Helper()
	if _, err := s.tx.Exec(query, args...); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
}

// refused runs a statement that must fail, and leaves the transaction usable.
func (s session) refused(code, query string) {
	s.t.Helper()
	s.must(`SAVEPOINT before`)
	_, err := s.tx.Exec(query)
	if e, ok := errors.AsType[*pq.Error](err); !ok || string(e.Code) != code {
		s.t.Errorf("%s: %v, want refusal %s", query, err, code)
	}
	s.must(`ROLLBACK TO before`)
}

func (s session) count(query string) (n int) {
	s.t.Helper()
	if err := s.tx.QueryRow(query).Scan(&n); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.Exec(query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// denied is PostgreSQL's answer to a missing privilege and to a row that
// row-level security forbids.
const denied = "42501"

// notes is a database with a tenant table and a row of tenants 1 and 2.
func notes(t *testing.T) *sql.DB {
	t.Helper()
	db := open(t, pgtest.New(t))
	exec(t, db, `
		CREATE TABLE notes (tenant_id integer NOT NULL, body text NOT NULL);
		SELECT tenant_table('notes', 'SELECT, INSERT, UPDATE');
		INSERT INTO notes VALUES (1, 'ours'), (2, 'theirs')`)
	return db
}

func TestATenantTableShowsNothingWithoutATenant(t *testing.T) {
	db := notes(t)
	for _, role := range []string{"csa_app", "csa_report", "csa_backup"} {
		s := as(t, db, role, "")
		if n := s.count(`SELECT count(*) FROM notes`); n != 0 {
			t.Errorf("%s sees %d rows without a tenant, want 0", role, n)
		}
		_ = s.tx.Rollback()
	}
	// After a transaction with a tenant the setting is '' on that connection.
	db.SetMaxOpenConns(1)
	first := as(t, db, "csa_app", "1")
	first.must(`SELECT 1`)
	if err := first.tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := as(t, db, "csa_app", "").count(`SELECT count(*) FROM notes`); n != 0 {
		t.Errorf("%d rows after another's transaction, want 0", n)
	}
}

func TestATenantTableRefusesAnotherTenantsRows(t *testing.T) {
	s := as(t, notes(t), "csa_app", "1")
	s.refused(denied, `INSERT INTO notes VALUES (2, 'forged')`)
	s.refused(denied, `UPDATE notes SET tenant_id = 2`)
	s.refused(denied, `DELETE FROM notes`)
	s.refused(denied, `TRUNCATE notes`)
	if n := s.count(`SELECT count(*) FROM notes`); n != 1 {
		t.Errorf("tenant 1 sees %d rows, want its own 1", n)
	}
	if n := s.count(`WITH changed AS (UPDATE notes SET body = 'mine' WHERE body = 'theirs' RETURNING 1) SELECT count(*) FROM changed`); n != 0 {
		t.Errorf("tenant 1 changed %d rows of another", n)
	}
	s.must(`INSERT INTO notes VALUES (1, 'another of ours')`)
}

func TestTheTablesOwnerIsBoundByTheTenantToo(t *testing.T) {
	db := notes(t)
	exec(t, db, `CREATE ROLE pgtest_owner`)
	t.Cleanup(func() {
		exec(t, db, `REASSIGN OWNED BY pgtest_owner TO CURRENT_USER; DROP OWNED BY pgtest_owner; DROP ROLE pgtest_owner`)
	})
	exec(t, db, `GRANT USAGE ON SCHEMA public TO pgtest_owner; GRANT CREATE ON SCHEMA public TO pgtest_owner; ALTER TABLE notes OWNER TO pgtest_owner`)
	if n := as(t, db, "pgtest_owner", "").count(`SELECT count(*) FROM notes`); n != 0 {
		t.Errorf("the owner sees %d rows without a tenant, want 0", n)
	}
}

func TestAppendOnlyRefusesChangeEvenFromTheOwner(t *testing.T) {
	db := notes(t)
	exec(t, db, `SELECT append_only('notes')`)
	s := as(t, db, "", "") // owner and superuser
	s.refused(denied, `UPDATE notes SET body = 'rewritten'`)
	s.refused(denied, `UPDATE notes SET body = 'nothing' WHERE false`)
	s.refused(denied, `DELETE FROM notes`)
	s.refused(denied, `TRUNCATE notes`)
	s.must(`INSERT INTO notes VALUES (1, 'a correction')`)
}

func TestTheProgramsRolesMayNotLogInOrRule(t *testing.T) {
	db := open(t, pgtest.New(t))
	const query = `
		SELECT count(*) FILTER (WHERE NOT (rolcanlogin OR rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls))
		FROM pg_roles
		WHERE rolname IN ('csa_app', 'csa_report', 'csa_backup')`
	if n := as(t, db, "", "").count(query); n != 3 {
		t.Errorf("%d roles without rights of their own, want 3", n)
	}
	for _, role := range []string{"csa_app", "csa_report", "csa_backup"} {
		s := as(t, db, role, "1")
		s.refused(denied, `CREATE TABLE mine (n integer)`)
		s.refused(denied, `SELECT tenant_table('tenants', 'DELETE')`)
		s.refused(denied, `DELETE FROM tenants`)
	}
	s := as(t, db, "csa_report", "1")
	s.refused(denied, `INSERT INTO tenants (name, created_at) VALUES ('x', '2026-01-01Z')`)
}
