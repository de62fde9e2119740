package savings

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
)

func TestAYieldIsWhatTheRegulationSays(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "rules", "interest_cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID       string          `json:"id"`
		Interest string          `json:"interest"`
		Balance  string          `json:"balance"`
		Days     int             `json:"days"`
		APY      decimal.Decimal `json:"apy_percent"`
	}
	if err := json.Unmarshal(raw, &cases); err != nil || len(cases) < 4 {
		t.Fatalf("%d cases: %v", len(cases), err)
	}
	for _, c := range cases {
		if got := APY(money(t, c.Interest), money(t, c.Balance), c.Days); !got.Equal(c.APY) {
			t.Errorf("%s: %s for %s in %d days is %s %%, want %s", c.ID, c.Interest, c.Balance, c.Days, got, c.APY)
		}
	}
	if got := APY(money(t, "1"), ledger.Amount{}, 30); !got.IsZero() {
		t.Errorf("a yield of nothing: %s", got)
	}
}

func (w *world) interest(t *testing.T, reference, amount, first, last string, policy Policy) (numbers []ledger.TxNo, err error) {
	t.Helper()
	i := Interest{Reference: reference, Amount: money(t, amount), On: day(t, last), In: ledger.Period{First: day(t, first), Last: day(t, last)}, Policy: policy}
	err = w.try(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		numbers, err = ShareOut(ctx, tx, w.who, w.program, i, w.at)
		return err
	})
	return numbers, err
}

// Interest follows the days on which money was there, to the cent.
func TestInterestFollowsTheDailyBalance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.children(t, 3)
	w.deposit(t, Deposit{Reference: "A", Child: c[0], Amount: money(t, "100.00"), On: day(t, "2026-08-15"), Channel: "ach"}, Deposit{Reference: "B", Child: c[1], Amount: money(t, "200.00"), On: day(t, "2026-09-16"), Channel: "ach"},
		Deposit{Reference: "C", Child: c[2], Amount: money(t, "999.00"), On: day(t, "2026-10-01"), Channel: "ach"}, Deposit{Reference: "D", Child: 0, Amount: money(t, "500.00"), On: day(t, "2026-09-01"), Channel: "ach"})
	got := func(child int) string { return w.balance(t, c[child], ledger.FamilyEarnings).String() }
	first, err := w.interest(t, "I1", "0.03", "2026-09-01", "2026-09-30", ChildGets)
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	if got(0) != "0.02" || got(1) != "0.01" || got(2) != "0.00" {
		t.Errorf("0.03 over two equal averages: %s, %s, %s", got(0), got(1), got(2))
	}
	if again, err := w.interest(t, "I1", "0.03", "2026-09-01", "2026-09-30", ChildGets); err != nil || !slices.Equal(again, first) || got(0) != "0.02" {
		t.Errorf("again: %v %v", again, err)
	}
	_, err = w.interest(t, "I2", "0.05", "2026-09-30", "2026-10-31", ChildGets)
	wantError(t, "days that had interest already", err, ErrInterestDays)
	_, err = w.interest(t, "I3", "5.00", "2026-06-01", "2026-06-30", ChildGets)
	wantError(t, "days on which nothing was held", err, ErrNoBalance)
	// A loss: earnings first, then the money itself.
	if _, err = w.interest(t, "I4", "-13.00", "2026-10-01", "2026-10-31", ChildGets); err != nil {
		t.Fatal(err)
	}
	if got(0) != "0.00" || w.balance(t, c[0], ledger.FamilyPrincipal).String() != "99.02" {
		t.Errorf("the first child holds %s and %s of earnings", w.balance(t, c[0], ledger.FamilyPrincipal), got(0))
	}
	all := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.FamilyPrincipal, ledger.FamilyEarnings}})
	if all.String() != "1286.03" { // 1299.00 + 0.03 − 13.00
		t.Errorf("all children hold %s", all)
	}
	// What was wrong is taken back whole, and may be shared out anew.
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := TakeInterestBack(ctx, tx, w.who, w.program, "I4", "it was a fee", w.at)
		return err
	})
	if all := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.FamilyPrincipal, ledger.FamilyEarnings}}); all.String() != "1299.03" {
		t.Errorf("all children hold %s after the loss was taken back", all)
	}
	if _, err = w.interest(t, "I5", "1.00", "2026-10-01", "2026-10-31", ProgramKeeps); err != nil {
		t.Fatal(err)
	}
	if kept := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.Interest}}); kept.String() != "1.00" {
		t.Errorf("operations kept %s", kept)
	}
	if err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := TakeInterestBack(ctx, tx, w.who, w.program, "I4", "twice", w.at)
		return err
	}); err == nil {
		t.Error("taken back twice")
	}
}
