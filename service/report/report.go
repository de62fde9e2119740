// Package report turns the books and the caseload into numbers for people:
// totals for the console, the roll-forward of a fund, the trial balance.
//
// It may read any table, and writes none but what it counted for pages of
// pictures. Every figure is a sum of ledger lines or a count of rows at one
// moment, so two figures of one answer always agree.
package report

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
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
	// A child on record twice saves once.
	const counts = store.Kept + `
		WITH RECURSIVE roots (absorbed, survivor) AS (
			SELECT absorbed, survivor FROM child_joins WHERE state = 'joined'
			UNION
			SELECT r.absorbed, j.survivor FROM roots r JOIN child_joins j ON j.absorbed = r.survivor AND j.state = 'joined'
		), child (record, id) AS (
			SELECT absorbed, survivor FROM roots WHERE survivor NOT IN (SELECT absorbed FROM roots)
			UNION
			SELECT survivor, survivor FROM roots WHERE survivor NOT IN (SELECT absorbed FROM roots)
		)
		SELECT (SELECT count(*) FROM enrollments WHERE program_id = $1 AND flagged),
		       (SELECT coalesce(sum(n), 0) FROM program_tallies WHERE program_id = $1 AND what = 'savers')
		       - (SELECT coalesce(sum(n - 1), 0) FROM (
		             SELECT count(*) AS n FROM program_savers s JOIN child c ON c.record = s.child_id WHERE s.program_id = $1 GROUP BY c.id) twice),
		       (SELECT count(*) FROM deposits WHERE program_id = $1 AND state = 'suspense'),
		       (SELECT count(*) FROM award_excesses WHERE program_id = $1 AND state = 'proposed'),
		       (SELECT CAST(coalesce(sum(n), 0) / 100 AS numeric(18, 2)) FROM program_tallies WHERE program_id = $1 AND what = 'queued')`
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
