package fund

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
)

// Days places postings in a program's open periods. What happened on a day of
// a closed period and becomes known later is posted on the first open day and
// says which day it concerns: the closed reports stand.
type Days struct{ closed ledger.Date }

// OpenDays reads which periods are closed. Read it under the book's lock.
func OpenDays(ctx context.Context, q sqlx.QueryerContext, p program.Program) (Days, error) {
	closed, err := ledger.ClosedThrough(ctx, q, p.Book)
	if err != nil {
		return Days{}, fmt.Errorf("open periods of %s: %w", p.Code, err)
	}
	return Days{closed}, nil
}

// Place returns the effective day for what happened on a day and, where that is
// another one, the day that it concerns.
func (d Days) Place(on ledger.Date) (effective, concerns ledger.Date) {
	if d.closed.IsZero() || on.After(d.closed) {
		return on, ledger.Date{}
	}
	return d.closed.AddDays(1), on
}
