package family

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Reported names a fact or an event as its reporter did.
type Reported struct {
	Child     ChildID
	Name      string // of the fact, or kind of the event
	Reference string
}

// What stands behind a reference: a number where it came again after it was
// taken back, or that it is the taking back itself.
var numbered = regexp.MustCompile(` ~[0-9]+$`)

const undone = " ~undone"

// said is the reference as its reporter has it.
func said(reference string) string { return numbered.ReplaceAllString(reference, "") }

// again numbers facts that were recorded and retracted before: what was
// retracted stays on record under its reference.
func again(ctx context.Context, q sqlx.QueryerContext, facts []Fact) error {
	ids := make([]ChildID, len(facts))
	for i, f := range facts {
		ids[i] = f.Child
	}
	const query = `SELECT child_id, name, reference FROM child_fact_retractions WHERE child_id = ANY ($1)`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("retracted facts: %w", err)
	}
	defer rows.Close()
	times := map[factKey]int{}
	for rows.Next() {
		var k factKey
		if err := rows.Scan(&k.child, &k.name, &k.reference); err != nil {
			return fmt.Errorf("retracted facts: %w", err)
		}
		k.reference = said(k.reference)
		times[k]++
	}
	for i := range facts {
		if n := times[facts[i].key()]; n > 0 {
			facts[i].Reference += fmt.Sprintf(" ~%d", n+1)
		}
	}
	return rows.Err()
}

// liveFacts are the references under which facts stand now, by the reporter's.
func liveFacts(ctx context.Context, q sqlx.QueryerContext, facts []Reported) (map[factKey]string, error) {
	ids := make([]ChildID, len(facts))
	for i, f := range facts {
		ids[i] = f.Child
	}
	const query = `
		SELECT f.child_id, f.name, f.reference FROM child_facts f
		WHERE f.child_id = ANY ($1)
		  AND NOT EXISTS (SELECT FROM child_fact_retractions r WHERE (r.tenant_id, r.child_id, r.name, r.reference) = (f.tenant_id, f.child_id, f.name, f.reference))`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("facts on record: %w", err)
	}
	defer rows.Close()
	live := map[factKey]string{}
	for rows.Next() {
		var k factKey
		if err := rows.Scan(&k.child, &k.name, &k.reference); err != nil {
			return nil, fmt.Errorf("facts on record: %w", err)
		}
		live[factKey{k.child, k.name, said(k.reference)}] = k.reference
	}
	return live, rows.Err()
}

// RetractFacts takes facts back that should not have been recorded: they stay on
// record and count no more. One that is retracted already is left as it is. The
// children are evaluated anew by the next run.
func RetractFacts(ctx context.Context, tx *sqlx.Tx, who store.Who, facts []Reported, why string, at time.Time) (int, error) {
	live, err := liveFacts(ctx, tx, facts)
	if err != nil {
		return 0, err
	}
	var ids []int64
	var names, references []string
	for _, f := range facts {
		if reference, ok := live[factKey{f.Child, f.Name, f.Reference}]; ok {
			ids, names, references = append(ids, int64(f.Child)), append(names, f.Name), append(references, reference)
		}
	}
	const query = `
		INSERT INTO child_fact_retractions (tenant_id, child_id, name, reference, why, retracted_by, retracted_at)
		SELECT $1, child_id, name, reference, $5, $6, $7
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS text[]), CAST($4 AS text[])) AS r (child_id, name, reference)`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, pq.Array(ids), pq.Array(names), pq.Array(references), why, who.Actor, at); err != nil {
		return 0, fmt.Errorf("retract %d facts: %w", len(ids), err)
	}
	return len(ids), audit.Record(ctx, tx, who, []audit.Event{{Verb: "family.facts_retracted", Kind: "facts", After: map[string]any{"facts": len(ids), "why": why}}}, at)
}

// standing are the events that stand, by child and the reporter's reference:
// what was undone is as if it had not come.
func standing(known []Event) map[eventKey]Event {
	gone := undoings(known)
	before := make(map[eventKey]Event, len(known))
	for _, e := range known {
		if strings.HasSuffix(e.Reference, undone) || gone[eventKey{e.Child, e.Reference}] {
			continue
		}
		e.Reference = said(e.Reference)
		before[eventKey{e.Child, e.Reference}] = e
	}
	return before
}

// undoings are the events that were undone, under the references they have.
func undoings(known []Event) map[eventKey]bool {
	gone := map[eventKey]bool{}
	for _, e := range known {
		if strings.HasSuffix(e.Reference, undone) {
			gone[eventKey{e.Child, e.Retracts}] = true
		}
	}
	return gone
}

// eventsAgain numbers events that were recorded and undone before.
func eventsAgain(ctx context.Context, q sqlx.QueryerContext, p program.ID, events []Event) error {
	known, err := recorded(ctx, q, p, childrenOf(events), true)
	if err != nil {
		return err
	}
	times := map[eventKey]int{}
	for k := range undoings(known) {
		times[eventKey{k.child, said(k.reference)}]++
	}
	for i := range events {
		if n := times[eventKey{events[i].Child, events[i].Reference}]; n > 0 {
			events[i].Reference += fmt.Sprintf(" ~%d", n+1)
		}
	}
	return nil
}

func childrenOf(events []Event) []ChildID {
	ids := make([]ChildID, len(events))
	for i, e := range events {
		ids[i] = e.Child
	}
	return ids
}

// UndoEvents takes events back that should not have been recorded. Both stay on
// record and neither counts. One that was taken back already is left as it is.
func UndoEvents(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, events []Reported, why string, at time.Time) (int, error) {
	wanted := map[eventKey]bool{}
	ids := make([]ChildID, len(events))
	for i, e := range events {
		ids[i], wanted[eventKey{e.Child, e.Reference}] = e.Child, true
	}
	counting, err := recorded(ctx, tx, p, ids, false)
	if err != nil {
		return 0, err
	}
	var back []Event
	for _, e := range counting {
		if wanted[eventKey{e.Child, said(e.Reference)}] {
			back = append(back, Event{Child: e.Child, Kind: e.Kind, On: e.On, Reference: e.Reference + undone, Retracts: e.Reference, Source: why})
		}
	}
	if len(back) == 0 {
		return 0, nil
	}
	if err := insertEvents(ctx, tx, who, p, back, at); err != nil {
		return 0, err
	}
	return len(back), audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.events_undone", Kind: "program", Subject: int64(p), Program: int32(p), After: map[string]any{"events": len(back), "why": why}}}, at)
}
