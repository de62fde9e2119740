package report

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/program"
)

// Waiting is an award that waits for a fund's money.
type Waiting struct {
	N          int            `db:"n"` // its place among all that wait for the fund, from 1
	Child      family.ChildID `db:"child_id"`
	Enrollment enroll.ID      `db:"enrollment"`
	Benefit    string         `db:"benefit"`
	Period     string         `db:"period"`
	Amount     ledger.Amount  `db:"queued"`
	Since      ledger.Date    `db:"earned_on"`
	Funds      string         `db:"funds"` // that may pay it, the first first, parted by commas
}

// Queue is what waits for a fund: a page of it, and all of it.
type Queue struct {
	Waiting []Waiting
	N       int
	Amount  ledger.Amount
	// Elsewhere is how much of Amount another fund may pay as well.
	Elsewhere ledger.Amount
}

// QueueOf returns those who wait for a fund in the order in which a run asks for
// them, behind a place in that order.
func QueueOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, f fund.Fund, after, limit int) (out Queue, err error) {
	const waiting = ` FROM awards a WHERE a.program_id = $1 AND a.queued > 0 AND $2 = ANY (string_to_array(a.funds, ','))`
	const page = `
		SELECT w.*, e.id AS enrollment
		FROM (SELECT a.child_id, a.benefit, a.period, a.queued, a.earned_on, a.funds,
		             row_number() OVER (ORDER BY a.earned_on, (a.shortfall = 'pro_rata'), a.earned_seq, a.child_id, a.place, a.period, a.benefit) AS n` + waiting + `) w
		JOIN enrollments e ON e.program_id = $1 AND e.child_id = w.child_id
		WHERE w.n > $3 ORDER BY w.n LIMIT $4`
	if err := sqlx.SelectContext(ctx, q, &out.Waiting, page, p.ID, f.Code, after, limit); err != nil {
		return out, fmt.Errorf("queue of %s: %w", f.Code, err)
	}
	const all = `SELECT count(*), coalesce(sum(a.queued), 0), coalesce(sum(a.queued) FILTER (WHERE a.funds <> $2), 0)` + waiting
	if err := q.QueryRowxContext(ctx, all, p.ID, f.Code).Scan(&out.N, &out.Amount, &out.Elsewhere); err != nil {
		return out, fmt.Errorf("queue of %s: %w", f.Code, err)
	}
	return out, nil
}
