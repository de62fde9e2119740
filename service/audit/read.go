package audit

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Recorded is an event of the trail.
type Recorded struct {
	ID      int64          `db:"id"`
	At      time.Time      `db:"at"`
	Actor   string         `db:"actor"`
	Verb    string         `db:"verb"`
	Kind    string         `db:"subject_kind"`
	Subject int64          `db:"subject_id"`
	Program sql.NullInt32  `db:"program_id"`
	Before  sql.NullString `db:"before"` // JSON
	After   sql.NullString `db:"after"`  // JSON
	Request sql.NullString `db:"request_id"`
}

// Filter chooses events; its zero fields choose all.
type Filter struct {
	Kind    string // of one kind of subject
	Subject int64  // and of one subject of that kind
	Actor   string // of one actor
	Before  int64  // older than an event: the last one of the page before
	Limit   int    // at most so many; 0 means 50, and never more than 500
}

// Trail returns events, the newest first.
func Trail(ctx context.Context, q sqlx.QueryerContext, f Filter) ([]Recorded, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	const query = `
		SELECT id, at, actor, verb, subject_kind, subject_id, program_id, before, after, request_id
		FROM audit_events
		WHERE ($1 = '' OR subject_kind = $1)
		  AND ($2 = 0 OR subject_id = $2)
		  AND ($3 = '' OR actor = $3)
		  AND ($4 = 0 OR id < $4)
		ORDER BY id DESC
		LIMIT $5`
	var events []Recorded
	if err := sqlx.SelectContext(ctx, q, &events, query, f.Kind, f.Subject, f.Actor, f.Before, min(limit, 500)); err != nil {
		return nil, fmt.Errorf("read trail: %w", err)
	}
	return events, nil
}
