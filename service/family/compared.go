package family

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/program"
	"seedbook/service/store"
)

// SearchDue returns the next children known to a program, after one, who are new
// or changed since a search for duplicates compared them. The database notes who
// is: see migrations/0031_joins.sql.
func SearchDue(ctx context.Context, q sqlx.QueryerContext, p program.ID, after ChildID, limit int) ([]Watch, error) {
	const query = `
		SELECT s.child_id, s.revision FROM child_searches s
		WHERE s.due AND s.child_id > $2
		  AND EXISTS (SELECT FROM enrollments e WHERE e.program_id = $1 AND e.child_id = s.child_id)
		ORDER BY s.child_id LIMIT $3`
	var out []Watch
	if err := sqlx.SelectContext(ctx, q, &out, query, p, after, limit); err != nil {
		return nil, fmt.Errorf("whom to compare: %w", err)
	}
	return out, nil
}

// CountSearchDue is how many SearchDue would return in all.
func CountSearchDue(ctx context.Context, q sqlx.QueryerContext, p program.ID) (n int, err error) {
	const query = `
		SELECT count(*) FROM child_searches s
		WHERE s.due AND EXISTS (SELECT FROM enrollments e WHERE e.program_id = $1 AND e.child_id = s.child_id)`
	if err := sqlx.GetContext(ctx, q, &n, query, p); err != nil {
		return 0, fmt.Errorf("count whom to compare: %w", err)
	}
	return n, nil
}

// Searching returns children with the revision of their records, to be given
// back to Searched.
func Searching(ctx context.Context, q sqlx.QueryerContext, ids []ChildID) ([]Watch, error) {
	const query = `SELECT child_id, revision FROM child_searches WHERE child_id = ANY ($1)`
	var out []Watch
	if err := sqlx.SelectContext(ctx, q, &out, query, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("revisions of %d children: %w", len(ids), err)
	}
	return out, nil
}

// Searched notes that children were compared. Who changed since the revision was
// read stays due.
func Searched(ctx context.Context, tx *sqlx.Tx, who store.Who, looked []Watch) error {
	children, revisions := make([]int64, len(looked)), make([]int64, len(looked))
	for i, l := range looked {
		children[i], revisions[i] = int64(l.Child), l.Revision
	}
	const query = `
		UPDATE child_searches s SET due = false
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[])) AS l (child_id, revision)
		WHERE s.tenant_id = $1 AND s.child_id = l.child_id AND s.revision = l.revision AND s.due`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, pq.Array(children), pq.Array(revisions)); err != nil {
		return fmt.Errorf("note that %d children were compared: %w", len(looked), err)
	}
	return nil
}
