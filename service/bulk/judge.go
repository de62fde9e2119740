package bulk

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// check refuses an order that says too little, or what is not done in bulk.
func (o Order) check(ctx context.Context, q sqlx.QueryerContext, d Desk, book *rules.Book) error {
	switch {
	case o.Action != Hold && o.Action != Lift && (o.On.IsZero() || o.On.After(d.today())):
		return asFault("on")
	case (o.Action == Hold || o.Action == Lift) && o.Why == "":
		return family.ErrReason.At("why")
	}
	switch o.Action {
	case Event:
		if !slices.Contains(Events(book), o.What) {
			return asFault("what")
		}
	case Fact:
		if !slices.Contains(Facts(book), o.What) {
			return asFault("what")
		}
	case Consent:
		if !slices.Contains(family.Purposes, family.Purpose(o.What)) {
			return asFault("what")
		}
	case Hold, Lift:
		if !slices.Contains(Holds, family.HoldKind(o.What)) {
			return asFault("what")
		}
	case Transfer:
		schools, err := program.Schools(ctx, q)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(schools, func(s program.School) bool { return s.ID == o.School }) {
			return asFault("school")
		}
	default:
		return asFault("action")
	}
	return nil
}

// Events are the milestones that a book names, by their code.
func Events(book *rules.Book) (out []string) {
	for _, e := range book.Events {
		out = append(out, string(e.Name))
	}
	return out
}

// Facts are what a book asks with yes or no, without what is a consent or only
// for who needs to know.
func Facts(book *rules.Book) (out []string) {
	var not []string
	for _, p := range family.Purposes {
		not = append(not, p.Fact())
	}
	not = append(not, enroll.Protected...)
	for _, f := range book.Facts {
		if f.Type == rules.YesNoFact && !slices.Contains(not, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// judge says of each child what the order would do now, in the order given.
func judge(ctx context.Context, q sqlx.QueryerContext, d Desk, o Order, ids []family.ChildID) ([]Row, error) {
	states, err := statesOf(ctx, q, d.Program.ID, ids)
	if err != nil {
		return nil, err
	}
	there, err := already(ctx, q, d, o, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(ids))
	for i, id := range ids {
		row := there[id]
		row.Child = id
		switch s, ok := states[id]; {
		case !ok:
			row.Outcome, row.Why = Refused, "not_here"
		case s.Erased:
			row.Outcome, row.Why = Refused, "erased"
		case s.State == string(enroll.Joined):
			row.Outcome, row.Why = Refused, "joined"
		case o.Action != Hold && o.Action != Lift && (s.State == string(enroll.Left) || s.State == string(enroll.OptedOut)):
			row.Outcome, row.Why = Refused, "gone"
		case row.Outcome == "":
			row.Outcome = Ready
		}
		out[i] = row
	}
	return out, nil
}

type standing struct {
	Child  family.ChildID `db:"child_id"`
	State  string         `db:"state"`
	Erased bool           `db:"erased"`
}

func statesOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID) (map[family.ChildID]standing, error) {
	const query = `
		SELECT e.child_id, e.state, f.wrapped_key IS NULL AS erased
		FROM enrollments e
		JOIN children c ON c.tenant_id = e.tenant_id AND c.id = e.child_id
		JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
		WHERE e.program_id = $1 AND e.child_id = ANY ($2)`
	var found []standing
	if err := sqlx.SelectContext(ctx, q, &found, query, p, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("states of %d children: %w", len(ids), err)
	}
	out := make(map[family.ChildID]standing, len(found))
	for _, s := range found {
		out[s.Child] = s
	}
	return out, nil
}

// already says of whom it is so already, or cannot be, and what stands before.
func already(ctx context.Context, q sqlx.QueryerContext, d Desk, o Order, ids []family.ChildID) (map[family.ChildID]Row, error) {
	switch o.Action {
	case Event:
		return alreadyHappened(ctx, q, d, o, ids)
	case Fact:
		return alreadyTrue(ctx, q, d, o, ids)
	case Consent:
		return alreadySaid(ctx, q, o, ids)
	case Transfer:
		return alreadyThere(ctx, q, o, ids)
	}
	return alreadyHeld(ctx, q, d, o, ids)
}

func alreadyHappened(ctx context.Context, q sqlx.QueryerContext, d Desk, o Order, ids []family.ChildID) (map[family.ChildID]Row, error) {
	events, err := family.EventsOf(ctx, q, d.Program.ID, ids)
	if err != nil {
		return nil, err
	}
	out := map[family.ChildID]Row{}
	for _, e := range events {
		if e.Kind == o.What && e.On == o.On {
			out[e.Child] = Row{Outcome: Known, Why: "happened"}
		}
	}
	return out, nil
}

// alreadyTrue goes by what holds on the day, the latest of one day last.
func alreadyTrue(ctx context.Context, q sqlx.QueryerContext, d Desk, o Order, ids []family.ChildID) (map[family.ChildID]Row, error) {
	facts, err := family.FactsOf(ctx, q, d.Who, d.Keys, ids)
	if err != nil {
		return nil, err
	}
	newest := map[family.ChildID]family.Fact{}
	for _, f := range facts {
		if was, ok := newest[f.Child]; f.Name == o.What && (!ok || !f.From.Before(was.From)) {
			newest[f.Child] = f
		}
	}
	out := map[family.ChildID]Row{}
	for id, f := range newest {
		switch {
		case f.From.After(o.On):
			out[id] = Row{Outcome: Refused, Why: "later"}
		case f.Value == o.Yes:
			out[id] = Row{Outcome: Known, Why: "is_so"}
		}
	}
	return out, nil
}

func alreadySaid(ctx context.Context, q sqlx.QueryerContext, o Order, ids []family.ChildID) (map[family.ChildID]Row, error) {
	now, err := family.ConsentsNow(ctx, q, ids, family.Purpose(o.What))
	if err != nil {
		return nil, err
	}
	out := map[family.ChildID]Row{}
	for id, c := range now {
		switch {
		case c.From.After(o.On):
			out[id] = Row{Outcome: Refused, Why: "later"}
		case c.Given == o.Yes:
			out[id] = Row{Outcome: Known, Why: "is_so"}
		}
	}
	return out, nil
}

func alreadyThere(ctx context.Context, q sqlx.QueryerContext, o Order, ids []family.ChildID) (map[family.ChildID]Row, error) {
	now, err := family.SchoolsNow(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	out := map[family.ChildID]Row{}
	for id, s := range now {
		row := Row{Before: int64(s.School)}
		switch {
		case s.School == o.School:
			row.Outcome, row.Why = Known, "at_school"
		case s.From.After(o.On):
			row.Outcome, row.Why = Refused, "later"
		}
		out[id] = row
	}
	return out, nil
}

func alreadyHeld(ctx context.Context, q sqlx.QueryerContext, d Desk, o Order, ids []family.ChildID) (map[family.ChildID]Row, error) {
	open, err := family.OpenHolds(ctx, q, ids, family.HoldKind(o.What))
	if err != nil {
		return nil, err
	}
	out := map[family.ChildID]Row{}
	for _, id := range ids {
		hold, is := open[id]
		switch {
		case o.Action == Hold && is:
			out[id] = Row{Outcome: Known, Why: "held"}
		case o.Action == Lift && !is:
			out[id] = Row{Outcome: Known, Why: "not_held"}
		case o.Action == Lift && hold.PlacedBy == d.Actor:
			out[id] = Row{Outcome: Refused, Why: "own_hold"}
		case o.Action == Lift:
			out[id] = Row{Before: hold.ID}
		}
	}
	return out, nil
}
