package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// PeriodLock closes a book through a day, or reopens it.
type PeriodLock struct {
	Through  Date   // the last closed day
	Maker    string // who asks
	Approval string // who agrees; for reopening somebody else than the maker
	Reason   string
}

// ClosePeriod closes the book through a day, which must lie after the last
// closed one. From then on nothing can be posted with an effective day in it.
func ClosePeriod(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, lock PeriodLock) error {
	return lockPeriod(ctx, tx, book, at, "close", lock)
}

// ReopenPeriod moves the last closed day back to lock.Through, or opens
// everything where that is no day. It needs two people.
func ReopenPeriod(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, lock PeriodLock) error {
	return lockPeriod(ctx, tx, book, at, "reopen", lock)
}

func lockPeriod(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, act string, lock PeriodLock) error {
	const query = `SELECT ledger_lock_period($1, $2, $3, $4, $5, $6, $7)`
	if _, err := tx.ExecContext(ctx, query, book, at, act, lock.Through, lock.Maker, lock.Approval, lock.Reason); err != nil {
		return fmt.Errorf("%s book %d through %s: %w", act, book, lock.Through, refusal(err, unnamed))
	}
	return nil
}

// ClosedThrough is the last closed day of the book, or no day.
func ClosedThrough(ctx context.Context, q sqlx.QueryerContext, book BookID) (Date, error) {
	const query = `SELECT (SELECT closed_through FROM ledger_period_locks WHERE book_id = $1 ORDER BY no DESC LIMIT 1)`
	var day Date
	if err := sqlx.GetContext(ctx, q, &day, query, book); err != nil {
		return Date{}, fmt.Errorf("closed through, book %d: %w", book, err)
	}
	return day, nil
}
