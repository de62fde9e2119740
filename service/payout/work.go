package payout

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
)

// Work is what waits for somebody.
type Work struct {
	ToReview   int `db:"to_review"`
	ToPay      int `db:"to_pay"`
	Returned   int `db:"returned"`
	Stale      int `db:"stale"`
	Unanswered int `db:"unanswered"` // batches of which the bank should have said by now that it has them
}

// WorkOf counts it for a program on a day.
func WorkOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, today ledger.Date) (w Work, err error) {
	const query = `
		SELECT count(*) FILTER (WHERE state IN ('requested', 'docs_pending')) AS to_review, count(*) FILTER (WHERE state IN ('approved', 'reissued')) AS to_pay,
		       count(*) FILTER (WHERE state = 'returned') AS returned, count(*) FILTER (WHERE state = 'stale') AS stale,
		       (SELECT count(*) FROM payment_batches WHERE program_id = $1 AND state = 'sent' AND answer_by < $2) AS unanswered
		FROM withdrawals
		WHERE program_id = $1 AND state NOT IN ('cleared', 'unclaimed', 'refused', 'cancelled')`
	if err := sqlx.GetContext(ctx, q, &w, query, p, today); err != nil {
		return w, fmt.Errorf("what waits to be paid: %w", err)
	}
	return w, nil
}
