package ledger

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Lock makes the caller the only writer of a book until its transaction ends.
// Whoever decides by what the books say, and then posts, locks first: what it
// reads after the lock is what the last writer left. It may be repeated.
func Lock(ctx context.Context, tx *sqlx.Tx, book BookID) error {
	const query = `SELECT no FROM ledger_lock($1)`
	var newest int64
	if err := tx.GetContext(ctx, &newest, query, book); err != nil {
		return fmt.Errorf("lock book %d: %w", book, refusal(err, unnamed))
	}
	return nil
}
