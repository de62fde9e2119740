package bulk

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/program"
)

// stored is an action as its table has it.
type stored struct {
	ID       ID           `db:"id"`
	Filter   string       `db:"filter"`
	Every    bool         `db:"every"`
	Spec     string       `db:"spec"`
	State    State        `db:"state"`
	Counts   string       `db:"counts"`
	Chosen   int          `db:"chosen"`
	Total    int          `db:"total"`
	Done     int          `db:"done"`
	ChosenBy string       `db:"chosen_by"`
	ChosenAt time.Time    `db:"chosen_at"`
	DrawnBy  string       `db:"drawn_by"`
	Ref      string       `db:"ref"`
	ClosedAt sql.NullTime `db:"closed_at"`
	UndoWhy  string       `db:"undo_why"`
	UndoneBy string       `db:"undone_by"`
	UndoneAt sql.NullTime `db:"undone_at"`
}

const columns = `id, filter, every, spec, state, counts, chosen, total, done, chosen_by, chosen_at, coalesce(drawn_by, '') AS drawn_by, ref, closed_at,
	undo_why, coalesce(undone_by, '') AS undone_by, undone_at`

func (s stored) bulk() (b Bulk, err error) {
	b = Bulk{ID: s.ID, Filter: s.Filter, Every: s.Every, State: s.State, Chosen: s.Chosen, Total: s.Total, Done: s.Done, ChosenBy: s.ChosenBy, ChosenAt: s.ChosenAt,
		DrawnBy: s.DrawnBy, Ref: s.Ref, ClosedAt: s.ClosedAt.Time, UndoWhy: s.UndoWhy, UndoneBy: s.UndoneBy, UndoneAt: s.UndoneAt.Time}
	if err := errors.Join(json.Unmarshal([]byte(s.Spec), &b.Order), json.Unmarshal([]byte(s.Counts), &b.Counts)); err != nil {
		return b, fmt.Errorf("read bulk action %d: %w", s.ID, err)
	}
	return b, nil
}

// Load is one action of the program, or ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ID) (b Bulk, err error) {
	return one(ctx, q, `SELECT `+columns+` FROM bulk_actions WHERE program_id = $1 AND id = $2`, p, id)
}

// lock is Load, and nobody else moves the action until the transaction ends.
func lock(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) (Bulk, error) {
	return one(ctx, tx, `SELECT `+columns+` FROM bulk_actions WHERE program_id = $1 AND id = $2 FOR UPDATE`, d.Program.ID, id)
}

func one(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (Bulk, error) {
	var s stored
	err := sqlx.GetContext(ctx, q, &s, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return Bulk{}, ErrNone
	}
	if err != nil {
		return Bulk{}, fmt.Errorf("bulk action: %w", err)
	}
	return s.bulk()
}

// List returns a program's actions that somebody said something of, the newest
// first, before a given one (0: from the newest).
func List(ctx context.Context, q sqlx.QueryerContext, p program.ID, before ID, limit int) ([]Bulk, error) {
	const query = `SELECT ` + columns + ` FROM bulk_actions
		WHERE program_id = $1 AND (CAST($2 AS bigint) = 0 OR id < $2) AND state NOT IN ('chosen', 'discarded')
		ORDER BY id DESC LIMIT $3`
	var found []stored
	if err := sqlx.SelectContext(ctx, q, &found, query, p, before, limit); err != nil {
		return nil, fmt.Errorf("bulk actions of program %d: %w", p, err)
	}
	out := make([]Bulk, len(found))
	for i, s := range found {
		var err error
		if out[i], err = s.bulk(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Rows returns children of an action with an outcome ("": any), by number, after
// a given one.
func Rows(ctx context.Context, q sqlx.QueryerContext, id ID, o Outcome, after family.ChildID, limit int) (out []Row, err error) {
	const query = `
		SELECT child_id, outcome, why, before FROM bulk_rows
		WHERE action_id = $1 AND (CAST($2 AS text) = '' OR outcome = $2) AND child_id > $3
		ORDER BY child_id LIMIT $4`
	if err := sqlx.SelectContext(ctx, q, &out, query, id, string(o), after, limit); err != nil {
		return nil, fmt.Errorf("children of bulk action %d: %w", id, err)
	}
	return out, nil
}
