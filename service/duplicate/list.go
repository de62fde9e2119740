package duplicate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
)

// State is how far people have come with a pair.
type State string

// The states in the order a list offers them.
const (
	Asked   State = "open"     // nobody looked yet
	Delayed State = "later"    // somebody looked and put it off
	Waiting State = "waiting"  // waits for a second person
	Apart   State = "distinct" // two children, for good
	Merged  State = "joined"   // one child
)

// States are all states.
var States = []State{Asked, Delayed, Waiting, Apart, Merged}

// Case is a pair with what became of it.
type Case struct {
	Pair
	State     State         `db:"state"`
	LaterBy   string        `db:"later_by"`
	LaterAt   *time.Time    `db:"later_at"`
	DecidedBy string        `db:"decided_by"`
	DecidedAt *time.Time    `db:"decided_at"`
	Join      family.JoinID `db:"join_id"` // that waits, or was done; 0 for none
}

const cases = `
	SELECT p.low_child, p.high_child, p.score, p.caution, p.evidence, p.found_by, p.found_at,
	       coalesce(p.later_by, '') AS later_by, p.later_at, coalesce(p.decided_by, '') AS decided_by, p.decided_at, coalesce(j.id, 0) AS join_id,
	       CASE WHEN p.state <> 'proposed' THEN p.state WHEN j.id IS NOT NULL THEN 'waiting' WHEN p.later_at IS NOT NULL THEN 'later' ELSE 'open' END AS state
	FROM duplicate_pairs p
	LEFT JOIN child_joins j
	       ON j.state IN ('proposed', 'joined') AND j.survivor IN (p.low_child, p.high_child) AND j.absorbed IN (p.low_child, p.high_child)
	WHERE p.state <> 'withdrawn' AND EXISTS (
		SELECT FROM enrollments e WHERE e.program_id = $1 AND e.child_id IN (p.low_child, p.high_child))`

// Place is where a page of a list begins: behind a pair.
type Place struct {
	Score     int
	Low, High family.ChildID
}

// List returns the pairs of a program's children in a state, the likest first,
// behind a place; none is the beginning.
func List(ctx context.Context, q sqlx.QueryerContext, p program.ID, state State, after *Place, limit int) ([]Case, error) {
	const query = `
		SELECT * FROM (` + cases + `) c
		WHERE c.state = $2 AND ($3 OR (-c.score, c.low_child, c.high_child) > (-CAST($4 AS integer), CAST($5 AS bigint), CAST($6 AS bigint)))
		ORDER BY c.score DESC, c.low_child, c.high_child LIMIT $7`
	from := Place{}
	if after != nil {
		from = *after
	}
	var out []Case
	err := sqlx.SelectContext(ctx, q, &out, query, p, string(state), after == nil, from.Score, from.Low, from.High, limit)
	if err != nil {
		return nil, fmt.Errorf("pairs that are %s: %w", state, err)
	}
	return out, nil
}

// Get returns a pair of a program's children, or ErrNone.
func Get(ctx context.Context, q sqlx.QueryerContext, p program.ID, low, high family.ChildID) (c Case, err error) {
	err = sqlx.GetContext(ctx, q, &c, cases+` AND p.low_child = $2 AND p.high_child = $3`, p, low, high)
	if errors.Is(err, sql.ErrNoRows) {
		return Case{}, ErrNone
	}
	if err != nil {
		return Case{}, fmt.Errorf("pair %d and %d: %w", low, high, err)
	}
	return c, nil
}

// Count is how many pairs of a program that nobody has decided about are in a
// state: asked, put off, or waiting for a second person.
func Count(ctx context.Context, q sqlx.QueryerContext, p program.ID, state State) (n int, err error) {
	const query = store.Kept + `SELECT count(*) FROM (` + cases + ` AND p.state = 'proposed') c WHERE c.state = $2`
	if err := sqlx.GetContext(ctx, q, &n, query, p, string(state)); err != nil {
		return 0, fmt.Errorf("count pairs that are %s: %w", state, err)
	}
	return n, nil
}

// Later puts an open pair off: it stays a question, behind the others. Doing it
// again changes nothing but who did it last.
func Later(ctx context.Context, tx *sqlx.Tx, who store.Who, a, b family.ChildID, at time.Time) error {
	const query = `UPDATE duplicate_pairs SET later_by = $3, later_at = $4 WHERE low_child = $1 AND high_child = $2 AND state = 'proposed'`
	low, high := min(a, b), max(a, b)
	res, err := tx.ExecContext(ctx, query, low, high, who.Actor, at)
	if err != nil {
		return fmt.Errorf("put %d and %d off: %w", low, high, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, error(ErrNone))
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "duplicate.later", Kind: "child", Subject: int64(low), After: map[string]any{"other": high},
	}}, at)
}
