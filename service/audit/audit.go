// Package audit keeps the trail: who did what to which thing, who looked at
// which child, when and from where.
//
// An event rides in the transaction of what it records, so that neither exists
// without the other. Events hold ids, states and amounts, never a name or
// another piece of personal data, and nobody can change or remove one.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
)

// Event is one thing done to one subject.
type Event struct {
	Verb    string // room and verb: "roster.commit"
	Kind    string // what the subject is: "child", "roster", "staff"
	Subject int64  // its id; 0 where the kind has one subject only
	Program int32  // 0: not of one program
	// Before and After say what changed: ids, states, amounts. Never personal
	// data. Nil where there is nothing to say.
	Before, After map[string]any
}

// Origin is where a request came from. Doors put it into the context, and every
// event of the request carries it.
type Origin struct {
	Request string // the reference that error pages and logs show
	Address []byte // keyed hash of the network, not the address
}

type originKey struct{}

// From returns a context whose events carry an origin.
func From(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

func originOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

// columns are the events of one insert, column by column.
type columns struct {
	verbs, kinds, before, after []string
	subjects, programs          []int64
}

func gather(events []Event) (c columns, err error) {
	for _, e := range events {
		before, err := factsJSON(e.Before)
		if err != nil {
			return c, fmt.Errorf("record %s: %w", e.Verb, err)
		}
		after, err := factsJSON(e.After)
		if err != nil {
			return c, fmt.Errorf("record %s: %w", e.Verb, err)
		}
		c.verbs, c.kinds = append(c.verbs, e.Verb), append(c.kinds, e.Kind)
		c.before, c.after = append(c.before, before), append(c.after, after)
		c.subjects, c.programs = append(c.subjects, e.Subject), append(c.programs, int64(e.Program))
	}
	return c, nil
}

func factsJSON(facts map[string]any) (string, error) {
	if facts == nil {
		return "", nil
	}
	raw, err := json.Marshal(facts)
	return string(raw), err
}

// Record writes events of one actor and instant in one statement.
func Record(ctx context.Context, tx *sqlx.Tx, who store.Who, events []Event, at time.Time) error {
	if len(events) == 0 {
		return nil
	}
	c, err := gather(events)
	if err != nil {
		return err
	}
	origin := originOf(ctx)
	const query = store.Kept + `
		INSERT INTO audit_events (tenant_id, at, actor, verb, subject_kind, subject_id, program_id, before, after, request_id, address)
		SELECT $1, $2, $3, e.verb, e.kind, e.subject, nullif(e.program, 0),
		       CAST(nullif(e.before, '') AS jsonb), CAST(nullif(e.after, '') AS jsonb),
		       nullif($4, ''), $5
		FROM unnest(CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS bigint[]), CAST($9 AS integer[]),
		            CAST($10 AS text[]), CAST($11 AS text[])) WITH ORDINALITY
		     AS e (verb, kind, subject, program, before, after, n)
		ORDER BY e.n`
	_, err = tx.ExecContext(ctx, query, who.Tenant, at, who.Actor, origin.Request, origin.Address,
		pq.Array(c.verbs), pq.Array(c.kinds), pq.Array(c.subjects), pq.Array(c.programs), pq.Array(c.before), pq.Array(c.after))
	if err != nil {
		return fmt.Errorf("record %d events: %w", len(events), err)
	}
	return nil
}

// Viewed records that the actor looked at children's records, one event a
// child. It is a use case of its own because pages are read in transactions
// that cannot write. Call it before the page is shown: what cannot be recorded
// is not shown.
func Viewed(ctx context.Context, db *store.DB, who store.Who, verb string, children []int64, at time.Time) error {
	events := make([]Event, len(children))
	for i, child := range children {
		events[i] = Event{Verb: verb, Kind: "child", Subject: child}
	}
	return db.InTx(ctx, who, func(tx *sqlx.Tx) error { return Record(ctx, tx, who, events, at) })
}
