package ledger

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// WriteCheckpoints stores the balance of every account of a book as of a day,
// so that later questions about that day or after it need not sum from the
// beginning. They are a cache: rebuilt by calling again, and never believed by
// Verify. It does not keep others from posting, and returns how many accounts
// it wrote.
func WriteCheckpoints(ctx context.Context, tx *sqlx.Tx, book BookID, asOf Date) (int64, error) {
	const query = `SELECT ledger_write_checkpoints($1, $2)`
	var n int64
	if err := tx.GetContext(ctx, &n, query, book, asOf); err != nil {
		return 0, fmt.Errorf("checkpoint book %d as of %s: %w", book, asOf, refusal(err, unnamed))
	}
	return n, nil
}
