package enroll

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
)

const columns = `id, child_id, state, enrolled_on, ended_on, ended_by, flagged, reason, why`

// Caseload returns the children of a program in given states, in the order of
// their numbers, after a given one: the chunks in which jobs walk it.
func Caseload(ctx context.Context, q sqlx.QueryerContext, p program.ID, states []State, after family.ChildID, limit int) ([]family.ChildID, error) {
	const query = `
		SELECT child_id FROM enrollments
		WHERE program_id = $1 AND state = ANY ($2) AND child_id > $3
		ORDER BY child_id LIMIT $4`
	var ids []family.ChildID
	if err := sqlx.SelectContext(ctx, q, &ids, query, p, pq.Array(states), after, limit); err != nil {
		return nil, fmt.Errorf("caseload of program %d: %w", p, err)
	}
	return ids, nil
}

// Count returns how many children of a program are in each state.
func Count(ctx context.Context, q sqlx.QueryerContext, p program.ID) (map[State]int, error) {
	// Kept with every change (migrations): a caseload is not counted for a page.
	const query = store.Kept + `SELECT what, sum(n) FROM program_tallies WHERE program_id = $1 AND what NOT IN ('savers', 'queued') GROUP BY what HAVING sum(n) > 0`
	rows, err := q.QueryxContext(ctx, query, p)
	if err != nil {
		return nil, fmt.Errorf("count program %d: %w", p, err)
	}
	defer rows.Close()
	out := make(map[State]int)
	for rows.Next() {
		var s State
		var n int
		if err := rows.Scan(&s, &n); err != nil {
			return nil, fmt.Errorf("count program %d: %w", p, err)
		}
		out[s] = n
	}
	return out, rows.Err()
}

// Of returns a child's participation in a program, or ErrNone.
func Of(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) (e Enrollment, err error) {
	const query = store.Kept + `SELECT ` + columns + ` FROM enrollments WHERE program_id = $1 AND child_id = $2`
	return one(ctx, q, query, p, child)
}

// ByAccount returns the participation that an account number stands for, or
// ErrNone.
func ByAccount(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ID) (Enrollment, error) {
	const query = `SELECT ` + columns + ` FROM enrollments WHERE program_id = $1 AND id = $2`
	return one(ctx, q, query, p, id)
}

// Accounts returns the account numbers of the children that are known to a
// program; the others are not in the answer.
func Accounts(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID) (map[family.ChildID]savings.Account, error) {
	const query = store.Kept + `SELECT child_id, id FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2)`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(children))
	if err != nil {
		return nil, fmt.Errorf("accounts of %d children: %w", len(children), err)
	}
	defer rows.Close()
	out := make(map[family.ChildID]savings.Account, len(children))
	for rows.Next() {
		var child family.ChildID
		var id ID
		if err := rows.Scan(&child, &id); err != nil {
			return nil, fmt.Errorf("accounts of children: %w", err)
		}
		out[child] = id.Account()
	}
	return out, rows.Err()
}

func one(ctx context.Context, q sqlx.QueryerContext, query string, p program.ID, arg any) (e Enrollment, err error) {
	err = sqlx.GetContext(ctx, q, &e, query, p, arg)
	if errors.Is(err, sql.ErrNoRows) {
		return Enrollment{}, ErrNone
	}
	if err != nil {
		return Enrollment{}, fmt.Errorf("enrollment %v: %w", arg, err)
	}
	return e, nil
}
