package family

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Event is a thing that happened to a child in a program, as rule books name
// it: claimed, viewed_online, … Money that moves is none: see service/savings.
type Event struct {
	ID        int64 // decides between events of one day; given by RecordEvents
	Child     ChildID
	Kind      string
	On        ledger.Date
	Amount    ledger.Amount // what it carries; zero: nothing
	Account   string        // which of the child's accounts it is about
	Choice    string        // what somebody chose
	Purpose   string
	Reference string // the reporter's own; unique for the child in the program, for ever
	Retracts  string // reference of an event that this one takes back; neither counts then
	Source    string

	// Of evidence: for which period, how many, whether somebody else than the
	// family saw it, and where the proof is kept.
	Period   string
	Quantity int    // 0: not counted
	Verified string // "yes", "no" or "": not said
	Document string
}

type eventKey struct {
	child     ChildID
	reference string
}

func (e Event) check() error {
	if e.Kind == "" || e.Reference == "" || e.On.IsZero() || e.Amount.Sign() < 0 || e.Retracts == e.Reference {
		return ErrFact.With(map[string]any{"Reference": e.Reference})
	}
	return nil
}

// RecordEvents adds what happened to children of a program, as RecordFacts
// does with facts.
func RecordEvents(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, events []Event, at time.Time) (Recorded, error) {
	for _, e := range events {
		if err := e.check(); err != nil {
			return Recorded{}, err
		}
	}
	standings, err := EventStandings(ctx, tx, p, events)
	if err != nil {
		return Recorded{}, err
	}
	var fresh []Event
	for i, e := range events {
		switch standings[i] {
		case Clashing:
			return Recorded{}, ErrReferenceUsed.With(map[string]any{"Reference": e.Reference})
		case Fresh:
			fresh = append(fresh, e)
		}
	}
	done := Recorded{New: len(fresh), Repeated: len(events) - len(fresh)}
	if len(fresh) == 0 {
		return done, nil
	}
	if err := eventsAgain(ctx, tx, p, fresh); err != nil {
		return Recorded{}, err
	}
	if err := insertEvents(ctx, tx, who, p, fresh, at); err != nil {
		return Recorded{}, err
	}
	byKind := map[string]int{}
	for _, e := range fresh {
		byKind[e.Kind]++
	}
	return done, audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.events_recorded", Kind: "program", Subject: int64(p), Program: int32(p),
		After: map[string]any{"events": len(fresh), "kinds": byKind},
	}}, at)
}

// EventStandings says of each event of a set where it stands, as FactStandings
// does of facts.
func EventStandings(ctx context.Context, q sqlx.QueryerContext, p program.ID, events []Event) ([]Standing, error) {
	ids := make([]ChildID, len(events))
	for i, e := range events {
		ids[i] = e.Child
	}
	known, err := recorded(ctx, q, p, ids, true)
	if err != nil {
		return nil, err
	}
	before := standing(known)
	out := make([]Standing, len(events))
	for i, e := range events {
		k := eventKey{e.Child, e.Reference}
		old, used := before[k]
		switch {
		case !used:
			before[k] = e
			out[i] = Fresh
		case !old.same(e):
			out[i] = Clashing
		default:
			out[i] = Repeated
		}
	}
	return out, nil
}

// same reports the same event, whoever reported it and however it is numbered.
func (e Event) same(f Event) bool {
	e.ID, e.Source = f.ID, f.Source
	return e == f
}

func insertEvents(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, events []Event, at time.Time) error {
	n := len(events)
	children := make([]int64, n)
	columns := make([][]string, 13)
	for i := range columns {
		columns[i] = make([]string, n)
	}
	for i, e := range events {
		children[i] = int64(e.Child)
		for c, v := range []string{e.Reference, e.Kind, e.On.String(), e.Amount.String(), e.Account, e.Choice, e.Purpose, e.Retracts, e.Source,
			e.Period, strconv.Itoa(e.Quantity), e.Verified, e.Document} {
			columns[c][i] = v
		}
	}
	const query = `
		INSERT INTO child_events (tenant_id, program_id, child_id, reference, kind, on_day, amount, account, choice, purpose, retracts,
		                          source, period, quantity, verified, document, recorded_by, recorded_at)
		SELECT $1, $2, child_id, reference, kind, CAST(on_day AS date), nullif(CAST(amount AS numeric), 0), account, choice, purpose,
		       nullif(retracts, ''), source, period, nullif(CAST(quantity AS integer), 0), CAST(nullif(verified, '') AS boolean), document, $3, $4
		FROM unnest(CAST($5 AS bigint[]), CAST($6 AS text[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS text[]), CAST($10 AS text[]),
		            CAST($11 AS text[]), CAST($12 AS text[]), CAST($13 AS text[]), CAST($14 AS text[]), CAST($15 AS text[]), CAST($16 AS text[]), CAST($17 AS text[]), CAST($18 AS text[]))
		     WITH ORDINALITY AS e (child_id, reference, kind, on_day, amount, account, choice, purpose, retracts, source, period, quantity, verified, document, n)
		ORDER BY n`
	args := []any{who.Tenant, p, who.Actor, at, pq.Array(children)}
	for _, c := range columns {
		args = append(args, pq.Array(c))
	}
	_, err := tx.ExecContext(ctx, query, args...)
	switch {
	case store.Violates(err, "child_events_child_fkey"):
		return ErrNone
	case store.Violates(err, "child_events_kind_check"), store.Violates(err, "child_events_reference_check"),
		store.Violates(err, "child_events_retracts_fkey"), store.Violates(err, "child_events_retracts_key"):
		return ErrFact
	case err != nil:
		return fmt.Errorf("record %d events: %w", n, err)
	}
	return nil
}

// EventsOf returns what happened to children in a program and was not taken
// back, by child and day.
func EventsOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []ChildID) ([]Event, error) {
	return recorded(ctx, q, p, ids, false)
}

// recorded reads events; all of them, or those that count.
func recorded(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []ChildID, all bool) ([]Event, error) {
	const query = store.Kept + `
		SELECT id, child_id, kind, on_day, coalesce(amount, 0), account, choice, purpose, reference, coalesce(retracts, ''), source,
		       period, coalesce(quantity, 0), CASE WHEN verified THEN 'yes' WHEN NOT verified THEN 'no' ELSE '' END, document
		FROM child_events e
		WHERE program_id = $1 AND child_id = ANY ($2)
		  AND (CAST($3 AS boolean) OR retracts IS NULL AND NOT EXISTS (
			SELECT FROM child_events r
			WHERE r.tenant_id = e.tenant_id AND r.child_id = e.child_id AND r.program_id = e.program_id AND r.retracts = e.reference))
		ORDER BY child_id, on_day, id`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(ids), all)
	if err != nil {
		return nil, fmt.Errorf("events of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.Child, &e.Kind, &e.On, &e.Amount, &e.Account, &e.Choice, &e.Purpose, &e.Reference, &e.Retracts, &e.Source,
			&e.Period, &e.Quantity, &e.Verified, &e.Document); err != nil {
			return nil, fmt.Errorf("events of children: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}
