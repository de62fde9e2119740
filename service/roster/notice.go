package roster

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
)

// Notice is how the second clock of a file of birth records stands: parents are to
// be told of the account within 90 days of the day the records came
// (domain/regulation.md, L2).
type Notice struct {
	TellBy   ledger.Date
	Children int // new ones who take part
	Untold   int // of them
}

// Overdue reports parents who should have been told by a day.
func (n Notice) Overdue(on ledger.Date) bool { return n.Untold > 0 && on.After(n.TellBy) }

// untold are the new children of birth records who take part and whose parents
// nobody wrote to, and none of whom sees the account.
const untold = `
	r.told IS FALSE AND NOT r.undone
	AND EXISTS (SELECT FROM enrollments e WHERE e.program_id = b.program_id AND e.child_id = r.child_id AND e.state = 'enrolled')
	AND NOT EXISTS (SELECT FROM activation_codes a WHERE a.tenant_id = r.tenant_id AND a.child_id = r.child_id)
	AND NOT EXISTS (SELECT FROM guardian_children g WHERE g.tenant_id = r.tenant_id AND g.child_id = r.child_id)`

// Notices are those of files of birth records that were applied; others have none.
func Notices(ctx context.Context, q sqlx.QueryerContext, p program.Program, ids []ID) (map[ID]Notice, error) {
	const query = `
		SELECT b.id, CAST(b.received_at AT TIME ZONE $3 AS date) + CAST($4 AS integer), count(*), count(*) FILTER (WHERE ` + untold + `)
		FROM roster_batches b JOIN roster_rows r ON r.tenant_id = b.tenant_id AND r.batch_id = b.id
		WHERE b.program_id = $1 AND b.id = ANY ($2) AND b.kind = 'births' AND b.state IN ('applying', 'applied') AND r.told IS NOT NULL AND NOT r.undone
		GROUP BY b.id, b.received_at`
	rows, err := q.QueryxContext(ctx, query, p.ID, pq.Array(ids), p.TimeZone, clockDays)
	if err != nil {
		return nil, fmt.Errorf("whom to tell: %w", err)
	}
	defer rows.Close()
	out := map[ID]Notice{}
	for rows.Next() {
		var id ID
		var n Notice
		if err := rows.Scan(&id, &n.TellBy, &n.Children, &n.Untold); err != nil {
			return nil, fmt.Errorf("whom to tell: %w", err)
		}
		out[id] = n
	}
	return out, rows.Err()
}

// Untold counts the children of a program whose parents are still to be told, those
// of whom the time is over and those of whom it ends within some days. It reads
// who is untold and nobody else.
func Untold(ctx context.Context, q sqlx.QueryerContext, p program.Program, on ledger.Date, within int) (overdue, soon int, err error) {
	const query = `
		SELECT count(*) FILTER (WHERE tell_by < $4), count(*) FILTER (WHERE tell_by BETWEEN $4 AND $5)
		FROM (SELECT CAST(b.received_at AT TIME ZONE $2 AS date) + CAST($3 AS integer) AS tell_by
		      FROM roster_rows r JOIN roster_batches b ON b.tenant_id = r.tenant_id AND b.id = r.batch_id
		      WHERE b.program_id = $1 AND b.kind = 'births' AND b.state IN ('applying', 'applied') AND ` + untold + `) u`
	err = q.QueryRowxContext(ctx, query, p.ID, p.TimeZone, clockDays, on, on.AddDays(within)).Scan(&overdue, &soon)
	if err != nil {
		return 0, 0, fmt.Errorf("whom to tell: %w", err)
	}
	return overdue, soon, nil
}

// NoteTold remembers whose parents were told: codes of letters do not stay for ever.
// It is done every night, and may be repeated.
func NoteTold(ctx context.Context, tx *sqlx.Tx, p program.ID) (int, error) {
	const query = `
		UPDATE roster_rows r SET told = true
		FROM roster_batches b
		WHERE b.tenant_id = r.tenant_id AND b.id = r.batch_id AND b.program_id = $1 AND r.told IS FALSE
		  AND (EXISTS (SELECT FROM activation_codes a WHERE a.tenant_id = r.tenant_id AND a.child_id = r.child_id)
		       OR EXISTS (SELECT FROM guardian_children g WHERE g.tenant_id = r.tenant_id AND g.child_id = r.child_id))`
	res, err := tx.ExecContext(ctx, query, p)
	if err != nil {
		return 0, fmt.Errorf("note who was told: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}
