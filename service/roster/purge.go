package roster

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/family"
	"seedbook/service/program"
)

// Purge takes what the rows of rosters say that were applied or put aside before
// an instant, a number of rosters at a time, and returns how many. Hashes and
// counts stay; a row keeps only what the comparison found. A roster that names one
// of some children keeps its rows.
func Purge(ctx context.Context, tx *sqlx.Tx, p program.ID, kept []family.ChildID, before, at time.Time, limit int) (int, error) {
	const find = `
		SELECT id FROM roster_batches b
		WHERE program_id = $1 AND closed_at < $2 AND purged_at IS NULL
		  AND NOT EXISTS (SELECT FROM roster_rows r WHERE r.tenant_id = b.tenant_id AND r.batch_id = b.id AND r.child_id = ANY ($4))
		ORDER BY closed_at LIMIT $3 FOR UPDATE`
	var ids []int64
	if err := tx.SelectContext(ctx, &ids, find, p, before, limit, pq.Array(kept)); err != nil {
		return 0, fmt.Errorf("rosters to purge: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	for _, query := range []string{
		`UPDATE roster_rows SET sealed = NULL, before = NULL, settled_note = '' WHERE batch_id = ANY ($1) AND sealed IS NOT NULL`,
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
