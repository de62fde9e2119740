package store_test

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
)

func TestAKeptStatementIsPreparedOnceAndAnswersAnew(t *testing.T) {
	t.Parallel()
	db := open(t)
	const insert = store.Kept + `INSERT INTO tenants (name, created_at) SELECT n, '2026-01-01' FROM unnest(CAST($1 AS text[])) AS n`
	const count = store.Kept + `SELECT count(*) FROM tenants WHERE name = $1`
	for i := range 8 { // beyond the five after which there is one plan
		err := db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
			if _, err := tx.ExecContext(t.Context(), insert, pq.Array([]string{"one", "two"})); err != nil {
				return err
			}
			var n, kept int
			if err := tx.GetContext(t.Context(), &n, count, "two"); err != nil {
				return err
			}
			if err := tx.GetContext(t.Context(), &kept, `SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '/* kept */%'`); err != nil {
				return err
			}
			if n != i+1 || kept != 2 {
				t.Errorf("round %d: %d rows by %d kept statements, want %d by 2", i, n, kept, i+1)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Another organization must not see through a plan that was made for one.
func TestAKeptStatementSeesTheTransactionsOwnRowsOnly(t *testing.T) {
	t.Parallel()
	db := open(t)
	tenants := make([]int32, 2)
	for i, name := range []string{"first", "second"} {
		err := db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
			return tx.GetContext(t.Context(), &tenants[i], `INSERT INTO tenants (name, created_at) VALUES ($1, '2026-01-01') RETURNING id`, name)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const query = store.Kept + `SELECT tenant_id FROM audit_events WHERE verb = $1`
	for i := range 16 {
		who := store.Who{Tenant: tenants[i%2], Actor: "test"}
		err := db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
			if i < 2 {
				_, err := tx.ExecContext(t.Context(), `INSERT INTO audit_events (tenant_id, at, actor, verb, subject_kind, subject_id) VALUES ($1, '2026-01-01', 'test', 'a.b', 'x', 0)`, who.Tenant)
				return err
			}
			var seen []int32
			if err := tx.SelectContext(t.Context(), &seen, query, "a.b"); err != nil || len(seen) != 1 || seen[0] != who.Tenant {
				t.Errorf("round %d: organization %d sees %v (%v)", i, who.Tenant, seen, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAKeptStatementThatFailsOrIsCancelledLeavesItsConnectionSound(t *testing.T) {
	t.Parallel()
	db := open(t)
	const divide = store.Kept + `SELECT 10 / CAST($1 AS integer) FROM pg_sleep($2)`
	ask := func(ctx context.Context, by int, sleep float64) (n int, err error) {
		err = db.InTx0(ctx, "test", func(tx *sqlx.Tx) error { return tx.GetContext(ctx, &n, divide, by, sleep) })
		return n, err
	}
	for range 3 {
		if _, err := ask(t.Context(), 0, 0); err == nil {
			t.Error("a division by zero gave no error")
		}
		short, cancel := context.WithTimeout(t.Context(), 50_000_000)
		if _, err := ask(short, 1, 60); err == nil {
			t.Error("a statement outlived its caller")
		}
		cancel()
		if n, err := ask(t.Context(), 2, 0); n != 5 || err != nil {
			t.Errorf("10 / 2 = %d, %v", n, err)
		}
	}
}
