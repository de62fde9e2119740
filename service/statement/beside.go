package statement

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
)

// neighbours are the statements right before and right after a period.
type neighbours struct {
	before map[family.ChildID]Part
	after  map[family.ChildID]ledger.TxNo // what the first statement of what follows knew
}

func besides(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID, span Span) (neighbours, error) {
	before, err := previous(ctx, q, p, children, span)
	if err != nil {
		return neighbours{}, err
	}
	after, err := following(ctx, q, p, children, span)
	return neighbours{before, after}, err
}

// byRecord are the statements record by record.
const byRecord = `(
	SELECT program_id, child_id, period, first_on, last_on, known_no, previous_no, opening_own, opening_program, closing_own, closing_program
	FROM statements WHERE NOT joint
	UNION ALL
	SELECT p.program_id, p.child_id, p.period, s.first_on, s.last_on, p.known_no, p.previous_no, p.opening_own, p.opening_program, p.closing_own, p.closing_program
	FROM statement_parts p JOIN statements s ON s.tenant_id = p.tenant_id AND s.id = p.statement_id) r`

// previous is each child's statement that ends on the day before the period:
// that of a period as long as this one, where there are several.
func previous(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID, span Span) (map[family.ChildID]Part, error) {
	const query = `
		SELECT DISTINCT ON (child_id) child_id, known_no, previous_no, opening_own, opening_program, closing_own, closing_program
		FROM ` + byRecord + `
		WHERE program_id = $1 AND child_id = ANY ($2) AND last_on = $3
		ORDER BY child_id, period = $4 DESC, first_on DESC`
	var rows []Part
	if err := sqlx.SelectContext(ctx, q, &rows, query, p, pq.Array(children), span.First.AddDays(-1), span.previous().Name); err != nil {
		return nil, fmt.Errorf("statements before %s: %w", span.Name, err)
	}
	out := make(map[family.ChildID]Part, len(rows))
	for _, r := range rows {
		out[r.Child] = r
	}
	return out, nil
}

// following is what each child's statement of the next period knew, where it
// was made first: its opening was read from the books as of then.
func following(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID, span Span) (map[family.ChildID]ledger.TxNo, error) {
	const query = `
		SELECT child_id, known_no
		FROM ` + byRecord + `
		WHERE program_id = $1 AND child_id = ANY ($2) AND period = $3 AND previous_no = known_no`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(children), span.next().Name)
	if err != nil {
		return nil, fmt.Errorf("statements after %s: %w", span.Name, err)
	}
	defer rows.Close()
	out := make(map[family.ChildID]ledger.TxNo)
	for rows.Next() {
		var child family.ChildID
		var known ledger.TxNo
		if err := rows.Scan(&child, &known); err != nil {
			return nil, fmt.Errorf("statements after %s: %w", span.Name, err)
		}
		out[child] = known
	}
	return out, rows.Err()
}
