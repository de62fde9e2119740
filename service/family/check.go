package family

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
)

// dueCheck is whose eligibility has to be asked for again on a day, as due is who
// has to be looked at: here the children who do not take part are meant too, and
// whoever was asked about for a later day is not asked about for an earlier one,
// because participation is as it is now.
const dueCheck = `
	FROM child_watches
	WHERE program_id = $1 AND child_id > $4
	  AND (check_on <= CAST($3 AS date) OR check_hash <> $2) AND (checked_on IS NULL OR checked_on <= CAST($3 AS date))
	  AND child_id NOT IN (SELECT child_id FROM enrollments WHERE program_id = $1 AND state = 'joined')`

// DueCheck returns the next children of a program after a child whose
// eligibility a run for a day has to ask for again, in the order of their
// numbers.
func DueCheck(ctx context.Context, q sqlx.QueryerContext, p program.ID, ruleHash string, asOf ledger.Date, after ChildID, limit int) ([]Watch, error) {
	const query = `SELECT child_id, revision ` + dueCheck + ` ORDER BY child_id LIMIT $5`
	var ws []Watch
	if err := sqlx.SelectContext(ctx, q, &ws, query, p, ruleHash, asOf, after, limit); err != nil {
		return nil, fmt.Errorf("whose eligibility to check in program %d: %w", p, err)
	}
	return ws, nil
}

// CountDueCheck is how many DueCheck would return in all.
func CountDueCheck(ctx context.Context, q sqlx.QueryerContext, p program.ID, ruleHash string, asOf ledger.Date) (n int, err error) {
	const query = `SELECT count(*) ` + dueCheck
	if err := sqlx.GetContext(ctx, q, &n, query, p, ruleHash, asOf, ChildID(0)); err != nil {
		return 0, fmt.Errorf("count whose eligibility to check in program %d: %w", p, err)
	}
	return n, nil
}

// Checked notes that the eligibility of children was asked for on a day of a
// rule book. Whoever was touched since the revision was read stays due.
func Checked(ctx context.Context, tx *sqlx.Tx, p program.ID, ruleHash string, asOf ledger.Date, looks []Look) error {
	const query = `
		UPDATE child_watches w SET check_on = l.next, checked_on = CAST($3 AS date), check_hash = $2
		FROM (SELECT child_id, revision, CAST(nullif(next, '') AS date) AS next
		      FROM unnest(CAST($4 AS bigint[]), CAST($5 AS bigint[]), CAST($6 AS text[])) AS u (child_id, revision, next)) l
		WHERE w.program_id = $1 AND w.child_id = l.child_id AND w.revision = l.revision`
	children, revisions, next := columnsOf(looks)
	_, err := tx.ExecContext(ctx, query, p, ruleHash, asOf, pq.Array(children), pq.Array(revisions), pq.Array(next))
	if err != nil {
		return fmt.Errorf("note that %d children were checked: %w", len(looks), err)
	}
	return nil
}

// columnsOf are looks as a statement takes them.
func columnsOf(looks []Look) (children, revisions []int64, next []string) {
	n := len(looks)
	children, revisions, next = make([]int64, n), make([]int64, n), make([]string, n)
	for i, l := range looks {
		children[i], revisions[i], next[i] = int64(l.Child), l.Revision, l.Next.String()
	}
	return children, revisions, next
}
