package reconcile

import (
	"context"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/fund"
	"seedbook/service/savings"
)

// The bank's interest waits for a person, is shared out to the cent, and the day
// holds; families and funds are told apart.
func TestABanksInterestIsSharedOutToTheCent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.books("2026-09-01", movement{"165", 60_00, "R1", w.accounts[0], ""}, movement{"165", 30_00, "R2", w.accounts[1], ""}, movement{"165", 9_00, "R3", "NOBODY", ""})
	w.night()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := fund.Settle(ctx, tx, w.who, w.program, day("2026-09-30"), w.at)
		return err
	})
	w.books("2026-09-30", movement{"195", 60_00, "W1", "WIRE", ""}, movement{"354", 1_01, "I1", "INTEREST", ""})
	if w.openLines() != 1 {
		t.Fatalf("%d lines wait", w.openLines())
	}
	var line custody.LineID
	var i savings.Interest
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &line, `SELECT line_id FROM bank_open_lines`); err != nil {
			return err
		}
		var err error
		_, i, err = InterestOf(ctx, tx, w.walk(), line)
		return err
	})
	if i.In.First != day("2026-09-01") || i.In.Last != day("2026-09-30") || i.Amount != ledger.Minor(1_01) {
		t.Fatalf("%+v", i)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return ShareOut(ctx, tx, w.walk(), line, i.In, savings.ChildGets)
	})
	// 60.00 and 30.00 for thirty days, and two matches of 30.00 for one: 1800, 900, 30, 30.
	w.wantBalances("2110 0.99", "3155 0.02", "2100 90.00", "3152 60.00", "2900 9.00")
	if d := w.wantDay("2026-09-30", "160.01 = 160.01"); d.Unexplained() != (ledger.Amount{}) {
		t.Errorf("%+v", d)
	}
	if w.openLines() != 0 {
		t.Errorf("%d lines wait", w.openLines())
	}
	if err := w.try(func(ctx context.Context, tx *sqlx.Tx) error {
		return ShareOut(ctx, tx, w.walk(), line, i.In, savings.ChildGets)
	}); err == nil {
		t.Error("shared out twice")
	}
	if out := w.hledger("print"); !strings.Contains(out, "liabilities:family:earnings") || !strings.Contains(out, "equity:designated:earnings") {
		t.Errorf("hledger says of the interest\n%s", out)
	}
}
