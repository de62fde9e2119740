package family

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
)

// Watch is a child that a run has to look at, with the revision of what is known
// of it: read before the facts, given back to Looked or Checked after them.
type Watch struct {
	Child    ChildID `db:"child_id"`
	Revision int64   `db:"revision"`
}

// due is who has to be looked at on a day under a rule book: the touched, those
// whose day has come, and those last evaluated by another book or for a later
// day, which says nothing about this one. A child that is on record twice is
// looked at under the record that takes part.
const due = `
	FROM child_watches
	WHERE program_id = $1 AND participant AND child_id > $4
	  AND (look_on <= CAST($3 AS date) OR looked_on > CAST($3 AS date) OR rule_hash <> $2)
	  AND child_id NOT IN (SELECT child_id FROM enrollments WHERE program_id = $1 AND state = 'joined')`

// Due returns the next participants after a child whom a run for a day has to
// look at, in the order of their numbers. The database notes who is touched:
// see migrations/0015_watch.sql.
func Due(ctx context.Context, q sqlx.QueryerContext, p program.ID, ruleHash string, asOf ledger.Date, after ChildID, limit int) ([]Watch, error) {
	const query = `SELECT child_id, revision ` + due + ` ORDER BY child_id LIMIT $5`
	var ws []Watch
	if err := sqlx.SelectContext(ctx, q, &ws, query, p, ruleHash, asOf, after, limit); err != nil {
		return nil, fmt.Errorf("whom to look at in program %d: %w", p, err)
	}
	return ws, nil
}

// CountDue is how many Due would return in all.
func CountDue(ctx context.Context, q sqlx.QueryerContext, p program.ID, ruleHash string, asOf ledger.Date) (n int, err error) {
	const query = `SELECT count(*) ` + due
	if err := sqlx.GetContext(ctx, q, &n, query, p, ruleHash, asOf, ChildID(0)); err != nil {
		return 0, fmt.Errorf("count whom to look at in program %d: %w", p, err)
	}
	return n, nil
}

// Look is a finished evaluation.
type Look struct {
	Watch
	Next ledger.Date // the first later day to look again without news; no day: none
}

// Looked notes that children were evaluated for a day by a rule book. Whoever
// was touched since the revision was read stays due, and so does whoever was
// evaluated for a later day already.
func Looked(ctx context.Context, tx *sqlx.Tx, p program.ID, ruleHash string, asOf ledger.Date, looks []Look) error {
	children, revisions, next := columnsOf(looks)
	const query = `
		UPDATE child_watches w SET look_on = l.next, looked_on = CAST($3 AS date), rule_hash = $2
		FROM (SELECT child_id, revision, CAST(nullif(next, '') AS date) AS next
		      FROM unnest(CAST($4 AS bigint[]), CAST($5 AS bigint[]), CAST($6 AS text[])) AS u (child_id, revision, next)) l
		WHERE w.program_id = $1 AND w.child_id = l.child_id AND w.revision = l.revision
		  AND (w.looked_on IS NULL OR w.looked_on <= CAST($3 AS date))`
	_, err := tx.ExecContext(ctx, query, p, ruleHash, asOf, pq.Array(children), pq.Array(revisions), pq.Array(next))
	if err != nil {
		return fmt.Errorf("note that %d children were looked at: %w", len(looks), err)
	}
	return nil
}

// Touch has the next run look at children although nothing known of them
// changed, in every program they take part in.
func Touch(ctx context.Context, tx *sqlx.Tx, ids []ChildID) error {
	const query = `UPDATE child_watches SET look_on = '-infinity', check_on = '-infinity', revision = revision + 1 WHERE child_id = ANY ($1)`
	if _, err := tx.ExecContext(ctx, query, pq.Array(ids)); err != nil {
		return fmt.Errorf("touch %d children: %w", len(ids), err)
	}
	return nil
}

// State is how a participant was left by the newest run.
type State struct {
	Child    ChildID     `db:"child_id"`
	On       ledger.Date `db:"looked_on"` // no day: nobody looked yet
	RuleHash string      `db:"rule_hash"`
	Next     ledger.Date `db:"look_on"` // the first later day to look again; no day: none, or at once
	Touched  bool        `db:"touched"` // to be looked at at once
}

// Watched returns how participants stand, in the order of their numbers, after
// a child.
func Watched(ctx context.Context, q sqlx.QueryerContext, p program.ID, after ChildID, limit int) ([]State, error) {
	const query = `
		SELECT child_id, looked_on, rule_hash, nullif(look_on, '-infinity') AS look_on, coalesce(look_on = '-infinity', false) AS touched
		FROM child_watches
		WHERE program_id = $1 AND participant AND child_id > $2
		  AND child_id NOT IN (SELECT child_id FROM enrollments WHERE program_id = $1 AND state = 'joined')
		ORDER BY child_id LIMIT $3`
	var out []State
	if err := sqlx.SelectContext(ctx, q, &out, query, p, after, limit); err != nil {
		return nil, fmt.Errorf("watched children of program %d: %w", p, err)
	}
	return out, nil
}
