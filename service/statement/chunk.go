package statement

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// chunkSize is how many statements one transaction issues.
const chunkSize = 2000

// IssueChunk issues the statements of the next children of a program who took
// part by the period's end, after a given child, but of no child that died and
// of nobody who opted out: their families are not written to. It returns the
// last one, or 0 where none was left.
func IssueChunk(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, span Span, after family.ChildID, today ledger.Date, at time.Time) (last family.ChildID, issued int, err error) {
	const query = `
		SELECT child_id FROM enrollments e
		WHERE program_id = $1 AND child_id > $2 AND enrolled_on <= $3 AND (ended_on IS NULL OR ended_on >= $4) AND state <> 'opted_out'
		  AND NOT EXISTS (SELECT FROM child_holds h WHERE h.tenant_id = e.tenant_id AND h.child_id = e.child_id AND h.kind = 'death' AND h.lifted_at IS NULL)
		ORDER BY child_id LIMIT $5`
	var ids []family.ChildID
	if err := tx.SelectContext(ctx, &ids, query, p.ID, after, span.Last, span.First, chunkSize); err != nil {
		return 0, 0, fmt.Errorf("children for %s: %w", span.Name, err)
	}
	if len(ids) == 0 {
		return 0, 0, nil
	}
	issued, err = Issue(ctx, tx, who, keys, p, ids, span, today, at)
	return ids[len(ids)-1], issued, err
}
