package migrations_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/pressly/goose/v3"

	"seedbook/migrations"
	"seedbook/migrations/pgtest"
)

// upTo brings an empty database to an older schema.
func upTo(t *testing.T, db *sql.DB, version int64) {
	t.Helper()
	p, err := goose.NewProvider(goose.DialectPostgres, db, os.DirFS("."),
		goose.WithTableName("schema_migrations"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

func TestRuleBooksFromBeforeTheirLifecycleKeepWhatTheyWere(t *testing.T) {
	empty := pgtest.NewEmpty(t)
	db := open(t, empty)
	upTo(t, db, 13)
	exec(t, db, `
		INSERT INTO tenants (id, name, created_at) OVERRIDING SYSTEM VALUE VALUES (1, 'Riverbend', '2026-01-01Z');
		INSERT INTO programs (tenant_id, id, code, name, time_zone, currency, rounding, book_id, created_at)
		VALUES (1, 1, 'river', 'River', 'America/New_York', 'USD', 'half_up', 1, '2026-01-02Z');
		INSERT INTO program_rule_books (tenant_id, program_id, no, hash, source, made_by, made_at, approved_by, approved_at) VALUES
		(1, 1, 1, repeat('1', 64), 'a', 'staff/1', '2026-02-01Z', 'staff/2', '2026-02-02 12:00Z'),
		(1, 1, 2, repeat('2', 64), 'b', 'staff/1', '2026-03-01Z', 'staff/2', '2026-03-02 12:00Z'),
		(1, 1, 3, repeat('3', 64), 'c', 'staff/1', '2026-04-01Z', NULL, NULL)`)
	if err := migrations.Up(t.Context(), empty.DSN, func(string) {}); err != nil {
		t.Fatal(err)
	}
	rows := broken(t, db, `
		SELECT r.no || ' ' || r.state || ' ' || coalesce(CAST(r.effective_on AS text), '-'),
		       (SELECT string_agg(s.step || ' by ' || s.actor, ', ' ORDER BY s.n) FROM program_rule_book_steps s WHERE s.no = r.no)
		FROM program_rule_books r ORDER BY r.no`)
	for i, want := range []string{
		"1 approved 2026-01-01: drafted by staff/1, submitted by staff/1, approved by staff/2",
		"2 approved 2026-03-02: drafted by staff/1, submitted by staff/1, approved by staff/2",
		"3 submitted -: drafted by staff/1, submitted by staff/1",
	} {
		if i >= len(rows) || rows[i] != want {
			t.Errorf("rule book %d: %q, want %q", i+1, rows, want)
		}
	}
}
