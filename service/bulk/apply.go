package bulk

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/approval"
	"seedbook/service/family"
	"seedbook/service/store"
)

// Apply does an action that is shown, batch by batch, in the name of whoever
// ordered it. It returns when all of it is done or somebody stopped it; called
// again it goes on. What would be something else by now than what was shown is
// worked out anew and not begun (ErrStale), and what is beyond the limits of who
// ordered it waits for another person (approval.ErrNeeded).
func Apply(ctx context.Context, db *store.DB, d Desk, id ID) error {
	var b Bulk
	stale := false
	err := db.InTx(ctx, d.Who, func(tx *sqlx.Tx) (err error) {
		b, stale, err = begin(ctx, tx, d, id)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("begin bulk action %d: %w", id, err)
	case stale:
		return ErrStale
	}
	d.Actor = b.DrawnBy
	return each(ctx, db, d, id, Running, next)
}

// begin looks again at what would be done, and begins where that is still what
// was shown.
func begin(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) (b Bulk, stale bool, err error) {
	if b, err = lock(ctx, tx, d, id); err != nil {
		return b, false, err
	}
	switch b.State {
	case Running, Done:
		return b, false, nil
	case Stopped:
		return b, false, set(ctx, tx, id, Running)
	case Drawn:
	default:
		return b, false, ErrState
	}
	asked := d
	asked.Actor = b.DrawnBy
	book, err := rulesNow(ctx, tx, d)
	if err != nil {
		return b, false, err
	}
	drawn, err := draw(ctx, tx, asked, id, b.Order, book)
	if err != nil {
		return b, false, err
	}
	if drawn.counts.Whom != b.Counts.Whom || drawn.counts.Total().Cmp(b.Counts.Total()) != 0 {
		return b, true, drawn.store(ctx, tx, asked, id, b.Order)
	}
	if drawn.counts.By[Ready] == 0 {
		return b, false, ErrNobody
	}
	ref, err := authorize(ctx, tx, d, asked, b, drawn.counts)
	if err != nil {
		return b, false, err
	}
	const query = `UPDATE bulk_actions SET state = 'running', begun_at = $2, ref = $3 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, d.At, ref); err != nil {
		return b, false, fmt.Errorf("bulk action %d: %w", id, err)
	}
	return b, false, record(ctx, tx, d, id, "begun", map[string]any{"action": b.Order.Action, "children": b.Total, "amount": b.Counts.Total(), "approval": ref})
}

// authorize lets an action be begun: by who may alone, or where another person
// approved exactly this.
func authorize(ctx context.Context, tx *sqlx.Tx, d, asked Desk, b Bulk, counts Counts) (ref string, err error) {
	alone, err := Alone(ctx, tx, asked, b)
	if err != nil || alone {
		return "", err
	}
	r, err := approval.Open(ctx, tx, approval.Bulk, b.ID.Subject())
	if errors.Is(err, approval.ErrNone) {
		return "", approval.ErrNeeded
	}
	if err != nil {
		return "", err
	}
	content, err := counts.content(b.ID, b.Order)
	if err != nil {
		return "", err
	}
	return approval.Execute(ctx, tx, d.Who, r.ID, content, d.At)
}

// step does a batch and says what became of each child; none left ends it.
type step func(ctx context.Context, tx *sqlx.Tx, d Desk, b Bulk) ([]Row, error)

// each does step after step, each in a transaction of its own, as long as the
// action is in a state.
func each(ctx context.Context, db *store.DB, d Desk, id ID, in State, do step) error {
	for goes := true; goes; {
		err := db.InTx(ctx, d.Who, func(tx *sqlx.Tx) error {
			goes = false
			b, err := lock(ctx, tx, d, id)
			if err != nil || b.State != in {
				return err
			}
			rows, err := do(ctx, tx, d, b)
			if err != nil {
				return err
			}
			if len(rows) == 0 {
				return finish(ctx, tx, d, b)
			}
			goes = true
			return note(ctx, tx, d, id, rows)
		})
		if err != nil {
			return fmt.Errorf("bulk action %d: %w", id, err)
		}
		if err := db.Refresh(ctx); err != nil {
			return err
		}
	}
	return nil
}

// note keeps what became of the children of a batch.
func note(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, rows []Row) error {
	ids, before := make([]int64, len(rows)), make([]int64, len(rows))
	outcomes, whys := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		ids[i], before[i], outcomes[i], whys[i] = int64(r.Child), r.Before, string(r.Outcome), r.Why
	}
	const query = `
		UPDATE bulk_rows b SET outcome = r.outcome, why = r.why, before = r.before,
		       done_at = CASE WHEN r.outcome = 'done' THEN CAST($6 AS timestamptz) ELSE b.done_at END,
		       undone_at = CASE WHEN r.outcome = 'undone' THEN CAST($6 AS timestamptz) END
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS bigint[])) AS r (child_id, outcome, why, before)
		WHERE b.action_id = $1 AND b.child_id = r.child_id`
	if _, err := tx.ExecContext(ctx, query, id, pq.Array(ids), pq.Array(outcomes), pq.Array(whys), pq.Array(before), d.At); err != nil {
		return fmt.Errorf("children of bulk action %d: %w", id, err)
	}
	const far = `UPDATE bulk_actions SET done = done + $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, far, id, len(rows)); err != nil {
		return fmt.Errorf("bulk action %d: %w", id, err)
	}
	return nil
}

// finish counts what came of it and ends it.
func finish(ctx context.Context, tx *sqlx.Tx, d Desk, b Bulk) error {
	if err := recount(ctx, tx, &b); err != nil {
		return err
	}
	if b.State == Undoing {
		if err := set(ctx, tx, b.ID, Undone); err != nil {
			return err
		}
		return record(ctx, tx, d, b.ID, "undone", map[string]any{"children": b.Counts.By[TakenOff], "kept": b.Counts.By[Kept]})
	}
	const query = `UPDATE bulk_actions SET state = 'done', closed_at = $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, b.ID, d.At); err != nil {
		return fmt.Errorf("bulk action %d: %w", b.ID, err)
	}
	return record(ctx, tx, d, b.ID, "done", map[string]any{"action": b.Order.Action, "children": b.Counts.By[WasDone]})
}

// next does the order with the next children who are ready. What changed since
// they were looked at is told, and not done.
func next(ctx context.Context, tx *sqlx.Tx, d Desk, b Bulk) ([]Row, error) {
	ready, err := Rows(ctx, tx, b.ID, Ready, 0, batch)
	if err != nil || len(ready) == 0 {
		return nil, err
	}
	ids := make([]family.ChildID, len(ready))
	for i, r := range ready {
		ids[i] = r.Child
	}
	rows, err := judge(ctx, tx, d, b.Order, ids)
	if err != nil {
		return nil, err
	}
	return rows, b.Order.do(ctx, tx, d, b.ID, rows)
}

// do does the order with those who are ready, and says of each that it was done.
func (o Order) do(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, rows []Row) error {
	var ids []family.ChildID
	at := map[family.ChildID]int{}
	for i, r := range rows {
		if r.Outcome == Ready {
			ids, at[r.Child] = append(ids, r.Child), i
			rows[i].Outcome = WasDone
		}
	}
	if len(ids) == 0 {
		return nil
	}
	switch o.Action {
	case Event:
		events := make([]family.Event, len(ids))
		for i, child := range ids {
			events[i] = family.Event{Child: child, Kind: o.What, On: o.On, Reference: id.Subject(), Source: id.Subject()}
		}
		_, err := family.RecordEvents(ctx, tx, d.Who, d.Program.ID, events, d.At)
		return err
	case Fact:
		facts := make([]family.Fact, len(ids))
		for i, child := range ids {
			facts[i] = family.Fact{Child: child, Name: o.What, Value: o.Yes, From: o.On, Known: d.today(), Reference: id.Subject(), Source: id.Subject()}
		}
		_, err := family.RecordFacts(ctx, tx, d.Who, d.Keys, facts, d.At)
		return err
	case Consent:
		said := family.Consent{Purpose: family.Purpose(o.What), Given: o.Yes, From: o.On, Reference: id.Subject()}
		return family.RecordConsents(ctx, tx, d.Who, d.Keys, ids, said, id.Subject(), d.today(), d.At)
	case Transfer:
		schoolings := make([]family.Schooling, len(ids))
		for i, child := range ids {
			schoolings[i] = family.Schooling{Child: child, School: o.School, From: o.On}
		}
		return family.SetSchoolings(ctx, tx, d.Who, schoolings, d.At)
	case Hold:
		placed, err := family.PlaceHolds(ctx, tx, d.Who, d.Keys, ids, family.HoldKind(o.What), o.Why, d.At)
		for _, child := range ids {
			rows[at[child]].Before = placed[child]
			if placed[child] == 0 {
				rows[at[child]].Outcome, rows[at[child]].Why = Known, "held"
			}
		}
		return err
	}
	return o.lift(ctx, tx, d, rows)
}

// lift lifts the holds that rows name.
func (o Order) lift(ctx context.Context, tx *sqlx.Tx, d Desk, rows []Row) error {
	var holds []int64
	for _, r := range rows {
		if r.Outcome == WasDone {
			holds = append(holds, r.Before)
		}
	}
	lifted, err := family.LiftHolds(ctx, tx, d.Who, d.Keys, family.HoldKind(o.What), holds, o.Why, d.At)
	if err != nil {
		return err
	}
	gone := map[int64]bool{}
	for _, hold := range lifted {
		gone[hold] = true
	}
	for i, r := range rows {
		if r.Outcome == WasDone && !gone[r.Before] {
			rows[i].Outcome, rows[i].Why = Known, "not_held"
		}
	}
	return nil
}

// Stop ends an action with the batch that is being done; what is done stays
// done, and it can be gone on with or undone.
func Stop(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) error {
	b, err := lock(ctx, tx, d, id)
	if err != nil {
		return err
	}
	if b.State != Running {
		return ErrState
	}
	if err := recount(ctx, tx, &b); err != nil {
		return err
	}
	const query = `UPDATE bulk_actions SET state = 'stopped', closed_at = $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, d.At); err != nil {
		return fmt.Errorf("stop bulk action %d: %w", id, err)
	}
	return record(ctx, tx, d, id, "stopped", map[string]any{"children": b.Counts.By[WasDone], "left": b.Counts.By[Ready]})
}
