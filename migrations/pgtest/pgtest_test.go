package pgtest

import (
	"database/sql"
	"testing"
)

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	a, b := open(t, New(t)), open(t, New(t))
	if _, err := a.Exec(`INSERT INTO tenants (name, created_at) VALUES ('Springfield', '2026-01-01Z')`); err != nil {
		t.Fatal(err)
	}
	if n := count(t, a, "tenants"); n != 1 {
		t.Errorf("the test's own database has %d tenants, want 1", n)
	}
	if n := count(t, b, "tenants"); n != 0 {
		t.Errorf("another test's database has %d tenants, want 0", n)
	}
}

func open(t *testing.T, db *DB) *sql.DB {
	t.Helper()
	conn, err := sql.Open("postgres", db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func count(t *testing.T, db *sql.DB, table string) (n int) {
	t.Helper()
	if err := db.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
