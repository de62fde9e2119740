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
	Address []byte         `db:"address"` // keyed hash of the network; nil where there was none
}

// Filter chooses events; its zero fields choose all.
type Filter struct {
	Kind    string    // of one kind of subject
	Subject int64     // and of one subject of that kind
	Actor   string    // of one actor
	Verb    string    // of one verb, "roster.commit", or of all of a room, "roster."
	Program int32     // of one program
	Request string    // of one request, by its reference
	From    time.Time // at this instant or later
	Until   time.Time // before this instant
	Before  int64     // older than an event: the last one of the page before
	Limit   int       // at most so many; 0 means 50, and never more than 1000
}

// mostEvents is how many events one call reads.
const mostEvents = 1000

// Trail returns events, the newest first.
func Trail(ctx context.Context, q sqlx.QueryerContext, f Filter) ([]Recorded, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	const query = `
		SELECT id, at, actor, verb, subject_kind, subject_id, program_id, before, after, request_id, address
		FROM audit_events
		WHERE ($1 = '' OR subject_kind = $1)
		  AND ($2 = 0 OR subject_id = $2)
		  AND ($3 = '' OR actor = $3)
		  AND ($4 = 0 OR id < $4)
		  AND ($5 = '' OR verb = $5 OR right($5, 1) = '.' AND starts_with(verb, $5))
		  AND ($6 = 0 OR program_id = $6)
		  AND ($7 = '' OR request_id = $7)
		  AND (CAST($8 AS timestamptz) IS NULL OR at >= $8)
		  AND (CAST($9 AS timestamptz) IS NULL OR at < $9)
		ORDER BY id DESC
		LIMIT $10`
	var events []Recorded
	err := sqlx.SelectContext(ctx, q, &events, query, f.Kind, f.Subject, f.Actor, f.Before, f.Verb, f.Program, f.Request, instant(f.From), instant(f.Until), min(limit, mostEvents))
	if err != nil {
		return nil, fmt.Errorf("read trail: %w", err)
	}
	return events, nil
}

// instant is a time for a query; none is NULL.
func instant(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }

// Verbs are the verbs that an organization's trail knows, in order.
func Verbs(ctx context.Context, q sqlx.QueryerContext) (verbs []string, err error) {
	// One index entry a verb: a plain DISTINCT would read the whole trail.
	const query = `
		WITH RECURSIVE v AS (
			(SELECT verb FROM audit_events ORDER BY verb LIMIT 1)
			UNION ALL
			SELECT (SELECT e.verb FROM audit_events e WHERE e.verb > v.verb ORDER BY e.verb LIMIT 1) FROM v WHERE v.verb IS NOT NULL
		)
		SELECT verb FROM v WHERE verb IS NOT NULL`
	if err := sqlx.SelectContext(ctx, q, &verbs, query); err != nil {
		return nil, fmt.Errorf("verbs of the trail: %w", err)
	}
	return verbs, nil
}
