package enroll

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
)

// ErrJoinOther reports records of which the one that would go on has ended in a
// program in which the other takes part: they can only be joined the other way.
var ErrJoinOther = fault.New(fault.Conflict, "enroll.join_other")

// Holders returns, for records, the one under which the child takes part in a
// program: the record itself, or the one it was joined to.
func Holders(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID) (map[family.ChildID]family.ChildID, error) {
	records, err := family.Records(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[family.ChildID]family.ChildID, len(ids))
	for _, id := range ids {
		out[id] = id
	}
	if len(records) == 0 {
		return out, nil
	}
	states, err := statesOf(ctx, q, p, family.WithRecords(ids, records))
	if err != nil {
		return nil, err
	}
	for id, all := range records {
		out[id] = all[0]
		for _, r := range all {
			if s := states[r]; s != "" && s != Joined {
				out[id] = r
			}
		}
	}
	return out, nil
}

func statesOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID) (map[family.ChildID]State, error) {
	const query = `SELECT child_id, state FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2)`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("participation of %d records: %w", len(ids), err)
	}
	defer rows.Close()
	out := make(map[family.ChildID]State, len(ids))
	for rows.Next() {
		var id family.ChildID
		var s State
		if err := rows.Scan(&id, &s); err != nil {
			return nil, fmt.Errorf("participation of records: %w", err)
		}
		out[id] = s
	}
	return out, rows.Err()
}

// onePerChild has every child apply under one record.
func onePerChild(ctx context.Context, q sqlx.QueryerContext, p program.ID, applications []Application) ([]Application, error) {
	ids := make([]family.ChildID, len(applications))
	for i, a := range applications {
		ids[i] = a.Child
	}
	holder, err := Holders(ctx, q, p, ids)
	if err != nil {
		return nil, err
	}
	out, met := make([]Application, 0, len(applications)), make(map[family.ChildID]bool, len(applications))
	for _, a := range applications {
		if a.Child = holder[a.Child]; !met[a.Child] {
			met[a.Child] = true
			out = append(out, a)
		}
	}
	return out, nil
}

// JoinIn has the records of one child take part in a program under one of them:
// the record that goes on where it is known there, otherwise the other. It
// returns whether anything was joined, or ErrJoinOther.
func JoinIn(ctx context.Context, tx *sqlx.Tx, p program.ID, survivor, absorbed family.ChildID, at time.Time) (bool, error) {
	holder, err := Holders(ctx, tx, p, []family.ChildID{survivor, absorbed})
	if err != nil {
		return false, err
	}
	on, off := holder[survivor], holder[absorbed]
	states, err := statesOf(ctx, tx, p, []family.ChildID{on, off})
	if err != nil || states[on] == "" || states[off] == "" {
		return false, err
	}
	if states[off] == Enrolled && states[on] != Enrolled {
		return false, ErrJoinOther
	}
	const query = `
		UPDATE enrollments SET joined_from = state, state = 'joined', updated_at = $3
		WHERE program_id = $1 AND child_id = $2 AND state <> 'joined'`
	if _, err := tx.ExecContext(ctx, query, p, off, at); err != nil {
		return false, fmt.Errorf("join the enrollments of %d and %d: %w", on, off, err)
	}
	return true, nil
}

// PartIn undoes JoinIn for a record that is a child of its own again, with the
// records that were joined to it.
func PartIn(ctx context.Context, tx *sqlx.Tx, p program.ID, ids []family.ChildID, at time.Time) error {
	states, err := statesOf(ctx, tx, p, ids)
	if err != nil {
		return err
	}
	for _, id := range ids { // the record that goes on first
		if s := states[id]; s != "" && s != Joined {
			return nil
		}
	}
	for _, id := range ids {
		if states[id] != Joined {
			continue
		}
		const query = `
			UPDATE enrollments SET state = joined_from, joined_from = NULL, updated_at = $3
			WHERE program_id = $1 AND child_id = $2 AND state = 'joined'`
		if _, err := tx.ExecContext(ctx, query, p, id, at); err != nil {
			return fmt.Errorf("part the enrollment of %d: %w", id, err)
		}
		return nil
	}
	return nil
}
