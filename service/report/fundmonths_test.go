package report

import (
	"context"
	"reflect"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fund"
)

func (m *month) fundMonths(code, from, to string) (x FundMonths) {
	m.t.Helper()
	m.read(func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		x, err = OfFund(ctx, q, m.program, m.funds[code], ledger.Period{First: day(m.t, from), Last: day(m.t, to)})
		return err
	})
	return x
}

// The golden month of domain/money.md: matches gross 50 (15+20+10+5), reversed 20.
// What was summed and what was not yet make the same months, however often it is.
func TestAFundsMonthsTieToTheLedgerSummedOrNot(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.receive("SMITH", fund.Pledge, "0.01", "2026-07-15")
	m.live()
	unsummed := m.fundMonths("SMITH", "2026-07-20", "2026-10-02")
	if len(unsummed.Months) != 4 {
		t.Fatalf("%d months, want July to October", len(unsummed.Months))
	}
	sep := unsummed.Months[2]
	for what, test := range map[string]struct{ got, want string }{
		"opening": {sep.Opening.String(), "0.01"}, "received": {sep.Received.String(), "1000.00"}, "used": {sep.Used.String(), "50.00"},
		"given back": {sep.GivenBack.String(), "20.00"}, "closing": {sep.Closing.String(), "970.01"},
		"by the match": {sep.ByBenefit["match"].Used.String(), "50.00"}, "back by the match": {sep.ByBenefit["match"].GivenBack.String(), "20.00"},
	} {
		if test.got != test.want {
			t.Errorf("September, %s: %s, want %s", what, test.got, test.want)
		}
	}
	m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
		trial, err := TrialBalance(ctx, q, m.program, day(t, "2026-10-31"))
		for _, l := range trial.Lines {
			if l.Fund == m.funds["SMITH"].ID && l.Chart == ledger.Uncommitted && l.Balance.Cmp(unsummed.Whole.Closing) != 0 {
				t.Errorf("the trial balance says %s, the months close with %s", l.Balance, unsummed.Whole.Closing)
			}
		}
		return err
	})
	sum := func() {
		m.do(func(ctx context.Context, tx *sqlx.Tx) error { return SumUses(ctx, tx, m.who, m.program) })
	}
	sum()
	sum()
	for _, code := range []string{"SMITH", "CITY"} {
		x := m.fundMonths(code, "2026-07-20", "2026-10-02")
		for _, one := range append(x.Months, x.Whole) {
			if !one.Unexplained().IsZero() {
				t.Errorf("%s, %s: %s is in no benefit's uses", code, one.In, one.Unexplained())
			}
		}
	}
	if summed := m.fundMonths("SMITH", "2026-07-20", "2026-10-02"); !reflect.DeepEqual(summed, unsummed) {
		t.Errorf("summed\n%+v\nand before\n%+v", summed, unsummed)
	}
	// What comes after the sums is added to them.
	m.deposit("D7", 1, "5", "2026-10-01")
	m.award("2026-10-05")
	if oct := m.fundMonths("SMITH", "2026-10-01", "2026-10-31").Whole; oct.Used.String() != "5.00" || !oct.Unexplained().IsZero() {
		t.Errorf("October: used %s, unexplained %s", oct.Used, oct.Unexplained())
	}
}

func TestWhoWaitsForAFundIsInTheOrderInWhichTheRunAsks(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.receive("CITY", fund.Grant, "60", "2026-09-01")
	m.receive("SMITH", fund.Grant, "1000", "2026-09-01")
	m.enroll("2026-09-03")
	m.award("2026-09-03")
	page := func(code string, after, limit int) (out Queue) {
		m.read(func(ctx context.Context, q sqlx.QueryerContext) (err error) {
			out, err = QueueOf(ctx, q, m.program, m.funds[code], after, limit)
			return err
		})
		return out
	}
	all := page("CITY", 0, 10)
	if all.N != 2 || all.Amount.String() != "90.00" || !all.Elsewhere.IsZero() || len(all.Waiting) != 2 {
		t.Fatalf("the queue: %+v, want two children waiting for 90.00", all)
	}
	for i, want := range []struct {
		child  int
		amount string
	}{{1, "40.00"}, {2, "50.00"}} {
		w := all.Waiting[i]
		if w.N != i+1 || w.Child != m.child[want.child] || w.Amount.String() != want.amount || w.Since != day(t, "2026-09-03") || w.Benefit != "seed" {
			t.Errorf("number %d: %+v, want child %d and %s", i+1, w, want.child, want.amount)
		}
	}
	if second := page("CITY", 1, 1); len(second.Waiting) != 1 || second.Waiting[0] != all.Waiting[1] || second.N != 2 {
		t.Errorf("the second page: %+v", second)
	}
	if none := page("SMITH", 0, 10); none.N != 0 || len(none.Waiting) != 0 {
		t.Errorf("for another fund: %+v", none)
	}
	m.receive("CITY", fund.Grant, "45", "2026-09-04")
	m.award("2026-09-04")
	if left := page("CITY", 0, 10); left.N != 1 || left.Waiting[0].Child != m.child[2] || left.Amount.String() != "45.00" {
		t.Errorf("after 45.00 came in: %+v, want the last child waiting for 45.00", left)
	}
}
