package savings

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// world is a program with funds and children, for tests.
type world struct {
	db      *store.DB
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	funds   map[string]fund.Fund
	at      time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{db: db, keys: vault.Random(), funds: map[string]fund.Fund{}, at: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	w.who.Actor = "test"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		w.program, err = program.Add(ctx, tx, w.who, program.Program{
			Code: "riverbend", Name: "Riverbend", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
		if err != nil {
			return err
		}
		return fund.Open(ctx, tx, w.who, w.program, w.at)
	})
	return w
}

func (w *world) do(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	t.Helper()
	if err := w.try(t, fn); err != nil {
		t.Fatal(err)
	}
}

func (w *world) try(t *testing.T, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	t.Helper()
	return w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) })
}

// fund adds a funder's fund that has received an amount in cash.
func (w *world) fund(t *testing.T, code, received string) fund.Fund {
	t.Helper()
	var f fund.Fund
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		f, err = fund.Add(ctx, tx, w.who, w.program, fund.Fund{Code: code, Name: code, Funder: "Funder of " + code}, w.at)
		if err != nil || received == "0" {
			return err
		}
		return fund.Receive(ctx, tx, w.who, w.program, fund.Receipt{Fund: f, Kind: fund.Grant, Amount: money(t, received), On: day(t, "2026-09-01"), Reference: "grant"}, w.at)
	})
	w.funds[code] = f
	return f
}

// children adds n children, each a family of its own.
func (w *world) children(t *testing.T, n int) []family.ChildID {
	t.Helper()
	families := make([]family.New, n)
	for i := range families {
		families[i].Children = []family.NewChild{{Person: family.Person{Given: "Child", Family: "Test", BornOn: day(t, "2020-05-01")}}}
	}
	var ids []family.ChildID
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		added, err := family.Add(ctx, tx, w.who, w.keys, families, w.at)
		for _, a := range added {
			ids = append(ids, a...)
		}
		return err
	})
	return ids
}

// balance sums the balances of a child on lines of the chart.
func (w *world) balance(t *testing.T, child family.ChildID, charts ...ledger.Chart) ledger.Amount {
	t.Helper()
	return w.sum(t, ledger.Query{Children: []int64{int64(child)}, Charts: charts})
}

func (w *world) sum(t *testing.T, q ledger.Query) (total ledger.Amount) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		balances, err := ledger.Balances(ctx, tx, w.program.Book, q)
		for _, b := range balances {
			total = total.Add(b.Amount)
		}
		return err
	})
	return total
}

func (w *world) deposit(t *testing.T, deposits ...Deposit) (outcomes []Outcome) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		outcomes, err = PostDeposits(ctx, tx, w.who, w.program, deposits, 0, w.at)
		return err
	})
	return outcomes
}

func money(t *testing.T, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func day(t *testing.T, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
