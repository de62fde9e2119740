package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// codeOf is the SQLSTATE of an error, "" for none.
func codeOf(err error) string {
	if pe, ok := errors.AsType[*pq.Error](err); ok {
		return string(pe.Code)
	}
	return ""
}

var tables = []string{"ledger_books", "ledger_accounts", "ledger_transactions", "ledger_entries", "ledger_blocks", "ledger_holds",
	"ledger_period_locks", "ledger_checkpoints", "ledger_log_leaves", "ledger_log_hashes", "ledger_log_checkpoints", "ledger_sums"}

func TestTheApplicationMayOnlyReadTheTables(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	do := func(query string) error {
		return b.try(t.Context(), func(tx *sqlx.Tx) error { _, err := tx.Exec(query); return err })
	}
	const denied = "42501"
	for _, table := range tables {
		for _, query := range []string{
			"INSERT INTO " + table + " DEFAULT VALUES", "DELETE FROM " + table, "TRUNCATE " + table,
			"UPDATE " + table + " SET tenant_id = tenant_id", "ALTER TABLE " + table + " DISABLE TRIGGER ALL",
			"ALTER TABLE " + table + " DISABLE ROW LEVEL SECURITY", "DROP TABLE " + table,
			"SELECT * FROM " + table + " FOR UPDATE",
			"COPY " + table + " FROM PROGRAM 'true'",
		} {
			if got := codeOf(do(query)); got != denied {
				t.Errorf("%s: %q, want %s", query, got, denied)
			}
		}
		if err := do("SELECT count(*) FROM " + table); err != nil {
			t.Errorf("reading %s: %v", table, err)
		}
	}
	for _, query := range []string{
		`SELECT ledger_append(NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)`,
		`SELECT ledger_seal(NULL, 'post', 0, '', now())`, `SELECT ledger_sweep_holds(NULL, NULL, NULL)`,
		`SET session_replication_role = replica`, `SELECT tenant_table('ledger_books', 'ALL')`,
		`CREATE FUNCTION public.app_tenant2() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
	} {
		if got := codeOf(do(query)); got != denied {
			t.Errorf("%s: %q, want %s", query, got, denied)
		}
	}
}

func TestNobodyChangesHistoryNotEvenTheOwner(t *testing.T) {
	t.Parallel()
	b := busyBooks(t)
	for _, table := range tables {
		if table == "ledger_checkpoints" || table == "ledger_sums" {
			continue // caches
		}
		for _, query := range []string{"UPDATE " + table + " SET tenant_id = tenant_id", "DELETE FROM " + table, "TRUNCATE " + table + " CASCADE"} {
			if _, err := b.db.Exec(query); codeOf(err) != "42501" || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", query, err)
			}
		}
	}
}

func TestTheDatabaseItselfRefusesWrongEntries(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("in", cash, kids[0], 1000))
	row := func(account AccountID, seq int, amount, after string) string {
		return fmt.Sprintf("(%d, %d, 2, %d, %d, 1, '2026-09-01', %s, %s, %s)", account, seq, b.tenant, b.book, amount, after,
			map[bool]string{true: "NULL", false: "0"}[account == cash])
	}
	const insert = `INSERT INTO ledger_entries (account_id, seq, tx_no, tenant_id, book_id, fund_id, effective_on, amount, balance_after, floor) VALUES `
	for name, test := range map[string]struct{ rows, constraint string }{
		"unbalanced":           {row(cash, 2, "-1", "-11"), "ledger_entries_balanced"},
		"half a cent":          {row(cash, 2, "-1.00", "-11") + "," + row(kids[0], 2, "1.005", "11.005"), "ledger_entries_balanced"},
		"a balance below zero": {row(cash, 2, "20", "10") + "," + row(kids[0], 2, "-20", "-10"), "ledger_entries_floor_check"},
		"a history that forks": {row(cash, 1, "-1", "-11") + "," + row(kids[0], 2, "1", "11"), "ledger_entries_pkey"},
		"nothing":              {row(cash, 2, "0", "-10") + "," + row(kids[0], 2, "0", "10"), "ledger_entries_amount_check"},
		"NaN":                  {row(cash, 2, "'NaN'", "'NaN'") + "," + row(kids[0], 2, "'NaN'", "'NaN'"), "ledger_entries_amount_check"},
	} {
		_, err := b.db.Exec(insert + test.rows)
		if pe, ok := errors.AsType[*pq.Error](err); !ok || pe.Constraint != test.constraint {
			t.Errorf("%s: %v, want %s", name, err, test.constraint)
		}
	}
	if _, err := b.db.Exec(insert + row(cash, 2, "'Infinity'", "0")); err == nil {
		t.Error("infinite money was accepted")
	}
	copied, err := b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Rollback()
	stmt, err := copied.Prepare(`COPY ledger_entries (account_id, seq, tx_no, tenant_id, book_id, fund_id, effective_on, amount, balance_after) FROM STDIN`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = stmt.Exec(int64(cash), 2, 2, b.tenant, int64(b.book), 1, "2026-09-01", "-5", "-15"); err == nil {
		_, err = stmt.Exec()
	}
	if pe, ok := errors.AsType[*pq.Error](err); !ok || pe.Constraint != "ledger_entries_balanced" {
		t.Errorf("unbalanced by COPY: %v", err)
	}
}

func TestATenantSeesAndMovesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	mine := newBooks(t).openBook(t)
	cash, kids := mine.family(t, 1)
	mine.mustPost(t, move("in", cash, kids[0], 1000))
	theirs := &books{db: mine.db, tenant: newTenant(t, mine.db), book: mine.book}
	ctx := context.Background()
	for name, do := range map[string]func(tx *sqlx.Tx) error{
		"post": func(tx *sqlx.Tx) error {
			_, err := Post(ctx, tx, mine.book, noon, []Posting{move("x", cash, kids[0], 1)})
			return err
		},
		"replay": func(tx *sqlx.Tx) error {
			_, err := Post(ctx, tx, mine.book, noon, []Posting{move("in", cash, kids[0], 1000)})
			return err
		},
		"lock": func(tx *sqlx.Tx) error { return Lock(ctx, tx, mine.book) },
		"open": func(tx *sqlx.Tx) error {
			_, err := EnsureAccounts(ctx, tx, mine.book, []Account{{Chart: Fees, Fund: 1}})
			return err
		},
		"find": func(tx *sqlx.Tx) error {
			_, err := EnsureAccounts(ctx, tx, mine.book, []Account{{Chart: CustodialCash, Fund: 1}})
			return err
		},
		"close": func(tx *sqlx.Tx) error { return ClosePeriod(ctx, tx, mine.book, noon, PeriodLock{Through: sept}) },
		"hold": func(tx *sqlx.Tx) error {
			_, err := Hold(ctx, tx, mine.book, noon, []HoldRequest{{Key: "h", Account: kids[0], Amount: Minor(1), Expires: noon.AddDate(0, 0, 1)}})
			return err
		},
		"checkpoint": func(tx *sqlx.Tx) error { _, err := WriteCheckpoints(ctx, tx, mine.book, sept); return err },
		"sum":        func(tx *sqlx.Tx) error { _, err := WriteSums(ctx, tx, mine.book); return err },
	} {
		if err := theirs.try(ctx, do); !errors.Is(err, ErrUnknownBook) {
			t.Errorf("%s in a book of another tenant: %v", name, err)
		}
	}
	theirs.must(t, func(tx *sqlx.Tx) error {
		for _, table := range tables {
			var n int
			if err := tx.Get(&n, "SELECT count(*) FROM "+table); err != nil || n != 0 {
				t.Errorf("%s shows %d rows of another tenant (%v)", table, n, err)
			}
		}
		return nil
	})
	theirs = theirs.openBook(t)
	if _, err := theirs.post(move("x", cash, kids[0], 1)); !errors.Is(err, ErrUnknownAccount) {
		t.Errorf("accounts of another tenant's book: %v", err)
	}
	// The same code and the same key in two tenants are two things.
	theirCash, theirKids := theirs.family(t, 1)
	theirs.mustPost(t, move("in", theirCash, theirKids[0], 1))
	nobody := &books{db: mine.db, book: mine.book}
	if _, err := nobody.post(move("x", cash, kids[0], 1)); !errors.Is(err, ErrUnknownBook) {
		t.Errorf("without a tenant: %v", err)
	}
	mine.sound(t)
	theirs.sound(t)
}
