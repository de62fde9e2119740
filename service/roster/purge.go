package roster

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/program"
)

// Purge takes what the rows of rosters say that were applied or put aside before
// an instant, a number of rosters at a time, and returns how many. Hashes and
// counts stay; a row keeps only what the comparison found.
func Purge(ctx context.Context, tx *sqlx.Tx, p program.ID, before, at time.Time, limit int) (int, error) {
	const find = `
		SELECT id FROM roster_batches
		WHERE program_id = $1 AND closed_at < $2 AND purged_at IS NULL ORDER BY closed_at LIMIT $3 FOR UPDATE`
	var ids []int64
	if err := tx.SelectContext(ctx, &ids, find, p, before, limit); err != nil {
		return 0, fmt.Errorf("rosters to purge: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	for _, query := range []string{
		`UPDATE roster_rows SET sealed = NULL, before = NULL WHERE batch_id = ANY ($1) AND sealed IS NOT NULL`,
		`UPDATE roster_rejects SET sealed = NULL WHERE batch_id = ANY ($1) AND sealed IS NOT NULL`,
	} {
		if _, err := tx.ExecContext(ctx, query, pq.Array(ids)); err != nil {
			return 0, fmt.Errorf("purge %d rosters: %w", len(ids), err)
		}
	}
	const mark = `UPDATE roster_batches SET purged_at = $2 WHERE id = ANY ($1)`
	if _, err := tx.ExecContext(ctx, mark, pq.Array(ids), at); err != nil {
		return 0, fmt.Errorf("purge %d rosters: %w", len(ids), err)
	}
	return len(ids), nil
}
