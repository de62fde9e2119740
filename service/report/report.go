// Package report turns the books and the caseload into numbers for people:
// totals for the console, the roll-forward of a fund, the trial balance.
//
// It may read any table and writes none. Every figure is a sum of ledger lines
// or a count of rows at one moment, so two figures of one answer always agree.
package report

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/fund"
	"seedbook/service/program"
)

// Totals is a program at a glance.
type Totals struct {
	Children map[enroll.State]int
	Flagged  int           // participants to look at
	Savers   int           // participants with a family deposit that stayed
	Own      ledger.Amount // families' money on children's accounts
	Program  ledger.Amount // program money designated to children
	Coming   ledger.Amount // promised, not on accounts yet
	Suspense ledger.Amount // received, owner unknown
	Waiting  int           // deposits in suspense
	Excesses int           // proposals to take something back
	Queued   ledger.Amount // entitled, but no fund has the money
	Funds    []FundBalance
}

// FundBalance is what a fund can still give.
type FundBalance struct {
	fund.Fund
	Uncommitted ledger.Amount
	Designated  ledger.Amount
}

// Overview returns a program's totals now.
func Overview(ctx context.Context, q sqlx.QueryerContext, p program.Program) (t Totals, err error) {
	if t.Children, err = enroll.Count(ctx, q, p.ID); err != nil {
		return Totals{}, err
	}
	const counts = `
		SELECT (SELECT count(*) FROM enrollments WHERE program_id = $1 AND flagged),
		       (SELECT count(DISTINCT child_id) FROM deposits WHERE program_id = $1 AND state = 'posted'),
		       (SELECT count(*) FROM deposits WHERE program_id = $1 AND state = 'suspense'),
		       (SELECT count(*) FROM award_excesses WHERE program_id = $1 AND state = 'proposed'),
		       (SELECT coalesce(sum(queued), 0) FROM awards WHERE program_id = $1 AND queued > 0)`
	if err := q.QueryRowxContext(ctx, counts, p.ID).Scan(&t.Flagged, &t.Savers, &t.Waiting, &t.Excesses, &t.Queued); err != nil {
		return Totals{}, fmt.Errorf("count program %d: %w", p.ID, err)
	}
	lines, err := TrialBalance(ctx, q, p, ledger.Date{})
	if err != nil {
		return Totals{}, err
	}
	uncommitted, designated := map[ledger.FundID]ledger.Amount{}, map[ledger.FundID]ledger.Amount{}
	for _, l := range lines.Lines {
		switch layer := l.Chart.Layer(); {
		case layer == ledger.LayerFamily:
			t.Own = t.Own.Add(l.Balance)
		case layer != "":
			t.Program = t.Program.Add(l.Balance)
			designated[l.Fund] = designated[l.Fund].Add(l.Balance)
		case l.Chart == ledger.Accrued:
			t.Coming = t.Coming.Add(l.Balance)
		case l.Chart == ledger.Suspense:
			t.Suspense = t.Suspense.Add(l.Balance)
		case l.Chart == ledger.Uncommitted:
			uncommitted[l.Fund] = l.Balance
		}
	}
	funds, err := fund.All(ctx, q, p.ID)
	if err != nil {
		return Totals{}, err
	}
	for _, f := range funds {
		if f.Kind == fund.Restricted {
			t.Funds = append(t.Funds, FundBalance{f, uncommitted[f.ID], designated[f.ID]})
		}
	}
	return t, nil
}

// Line is one line of a trial balance: an account of the chart in a fund.
type Line struct {
	Chart    ledger.Chart  `db:"chart"`
	Fund     ledger.FundID `db:"fund_id"`
	Code     string        `db:"code"` // the fund's
	Balance  ledger.Amount `db:"balance"`
	Accounts int           `db:"accounts"`
}

// Debit is the line's balance in the debit column, or zero.
func (l Line) Debit() ledger.Amount { return l.Balance.Neg().Max(ledger.Amount{}) }

// Credit is the line's balance in the credit column, or zero.
func (l Line) Credit() ledger.Amount { return l.Balance.Max(ledger.Amount{}) }

// Trial is a trial balance: its two columns are equal.
type Trial struct {
	On     ledger.Date // no day: now
	Known  ledger.TxNo // the newest transaction it knows
	Lines  []Line
	Debit  ledger.Amount
	Credit ledger.Amount
}

// TrialBalance sums a program's book by line of the chart and fund, as of the
// end of a day, or now for no day.
func TrialBalance(ctx context.Context, q sqlx.QueryerContext, p program.Program, on ledger.Date) (Trial, error) {
	known, err := ledger.KnownCut(ctx, q, p.Book)
	if err != nil {
		return Trial{}, err
	}
	t := Trial{On: on, Known: known}
	if t.Lines, err = trialLines(ctx, q, p, on); err != nil {
		return Trial{}, err
	}
	for _, l := range t.Lines {
		t.Debit, t.Credit = t.Debit.Add(l.Debit()), t.Credit.Add(l.Credit())
	}
	return t, nil
}

func trialLines(ctx context.Context, q sqlx.QueryerContext, p program.Program, on ledger.Date) ([]Line, error) {
	// Now: the newest entry of each account carries its balance.
	const now = `
		SELECT a.chart, a.fund_id, f.code, sum(e.balance_after) AS balance, count(*) AS accounts
		FROM ledger_accounts a
		JOIN funds f ON f.tenant_id = a.tenant_id AND f.id = a.fund_id
		CROSS JOIN LATERAL (
			SELECT balance_after FROM ledger_entries
			WHERE book_id = a.book_id AND account_id = a.id ORDER BY seq DESC LIMIT 1) e
		WHERE a.book_id = $1
		GROUP BY a.chart, a.fund_id, f.code
		ORDER BY a.chart, f.code`
	const asOf = `
		SELECT a.chart, a.fund_id, f.code, sum(e.amount) AS balance, count(DISTINCT a.id) AS accounts
		FROM ledger_accounts a
		JOIN funds f ON f.tenant_id = a.tenant_id AND f.id = a.fund_id
		JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id
		WHERE a.book_id = $1 AND e.effective_on <= $2
		GROUP BY a.chart, a.fund_id, f.code
		ORDER BY a.chart, f.code`
	var lines []Line
	var err error
	if on.IsZero() {
		err = sqlx.SelectContext(ctx, q, &lines, now, p.Book)
	} else {
		err = sqlx.SelectContext(ctx, q, &lines, asOf, p.Book, on)
	}
	if err != nil {
		return nil, fmt.Errorf("trial balance of %s: %w", p.Code, err)
	}
	return lines, nil
}
