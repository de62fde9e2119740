package reconcile

import (
	"context"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/savings"
)

// A day at the bank: what says whose it is, what does not, what was reported
// before, and what is the bank's own.
func TestABanksLinesBecomeBooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{deposit("PAY-7", w.children[0], 12_00, "2026-09-07")}, 0, w.at)
		return err
	})
	day7 := []movement{
		{"165", 25_00, "R1", "DEPOSIT " + w.accounts[0], "260908"},
		{"165", 10_00, "R2", "FOR MY GRANDSON", ""},
		{"165", 12_00, "PAY-7", "PAYROLL", ""},
		{"165", 8_00, "R3", "ONE OF " + w.accounts[0] + " OR " + w.accounts[1], ""},
		{"354", 40, "R4", "INTEREST", ""},
		{"698", -3_00, "R5", "ANALYSIS FEE", ""},
	}
	c := w.books("2026-09-07", day7...)
	if c.New != 6 || c.Deposits != 1 || c.Suspense != 2 || c.Matched != 1 || c.Fees != 1 || c.Open != 1 {
		t.Errorf("%+v", c)
	}
	w.wantBalances("2100 37.00", "2900 18.00", "1100 -52.00", "1300 -3.00", "2800 3.00", "5200 -3.00")
	before := c.Open
	if c = w.run(); c.Deposits+c.Suspense+c.Matched+c.Fees != 0 || c.Open != before {
		t.Errorf("again: %+v", c)
	}
	w.take(strings.Replace(w.statementAgain("2026-09-07", day7...), "0600,1,", "0700,9,", 1))
	if c = w.run(); c.New != 0 {
		t.Errorf("the same lines in another file: %+v", c)
	}
	if out := w.hledger("print"); !strings.Contains(out, "expenses:fees") || !strings.Contains(out, "assets:interfund:from") {
		t.Errorf("hledger says of the fee\n%s", out)
	}
}

// statementAgain writes a day's file anew without the bank's balance moving.
func (w *world) statementAgain(on string, moves ...movement) string {
	for _, m := range moves {
		w.balance -= m.cents
	}
	return w.statement(on, moves...)
}

// A deposit that comes back takes its match along: the cap of its year is free
// again, and the money that is gone already is owed.
func TestAReturnTakesTheDepositAndItsMatchBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.books("2026-09-07", movement{"165", 25_00, "R1", "DEPOSIT " + w.accounts[0], ""}, movement{"165", 5_00, "R2", "NOBODY", ""})
	w.night()
	w.wantBalances("2100 25.00", "3152 25.00", "2900 5.00")
	c := w.books("2026-09-12", movement{"557", -25_00, "R1", "RETURN R01", ""}, movement{"555", -5_00, "R2", "RETURNED ITEM", ""}, movement{"555", -4_00, "R9", "OF WHAT", ""})
	if c.Returned != 2 || c.Open != 1 {
		t.Errorf("%+v", c)
	}
	w.wantBalances("2100 0.00", "3152 0.00", "3100 1000.00", "2900 0.00", "1100 0.00", "1400 0.00")
	w.books("2026-09-13", movement{"165", 30_00, "R3", w.accounts[0], ""})
	w.night()
	w.wantBalances("3152 30.00") // the whole cap of the year
	if out := w.hledger("print"); !strings.Contains(out, "liabilities:family:principal") {
		t.Errorf("hledger says of the return\n%s", out)
	}
}

// Payroll reports its deposits by file; the bank books one amount.
func TestOneLineAnswersAllDepositsOfAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		var file int64
		if err := tx.GetContext(ctx, &file, `INSERT INTO deposit_files (tenant_id, program_id, sha256, rows, total, received_by, received_at)
			VALUES ($1, $2, decode(repeat('ab', 32), 'hex'), 2, 30, 'test', $3) RETURNING id`, w.who.Tenant, w.program.ID, w.at); err != nil {
			return err
		}
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{deposit("E1", w.children[0], 10_00, "2026-09-08"), deposit("E2", w.children[1], 20_00, "2026-09-08")}, file, w.at)
		return err
	})
	if c := w.books("2026-09-07", movement{"165", 30_00, "R1", "ACME PAYROLL", ""}); c.Matched != 1 || c.Suspense != 0 || c.Open != 0 {
		t.Errorf("%+v", c)
	}
	w.wantBalances("2100 30.00", "1100 -30.00", "2900 0.00")
}
