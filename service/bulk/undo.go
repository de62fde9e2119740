package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
)

// recount counts the children by what became of them and keeps that.
func recount(ctx context.Context, tx *sqlx.Tx, b *Bulk) error {
	const query = `SELECT outcome, why, count(*) AS n FROM bulk_rows WHERE action_id = $1 GROUP BY outcome, why`
	var found []struct {
		Outcome Outcome `db:"outcome"`
		Why     string  `db:"why"`
		N       int     `db:"n"`
	}
	if err := tx.SelectContext(ctx, &found, query, b.ID); err != nil {
		return fmt.Errorf("count bulk action %d: %w", b.ID, err)
	}
	b.Counts.By, b.Counts.Why = map[Outcome]int{}, map[string]int{}
	for _, f := range found {
		b.Counts.By[f.Outcome] += f.N
		if f.Why != "" {
			b.Counts.Why[string(f.Outcome)+"/"+f.Why] += f.N
		}
	}
	raw, err := json.Marshal(b.Counts)
	if err != nil {
		return fmt.Errorf("count bulk action %d: %w", b.ID, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE bulk_actions SET counts = $2 WHERE id = $1`, b.ID, string(raw)); err != nil {
		return fmt.Errorf("count bulk action %d: %w", b.ID, err)
	}
	return nil
}

// Undo takes back what an action did, batch by batch, for a reason. What changed
// since for a child is left alone and told. Interrupted, it goes on when it is
// called again. Holds that one person placed another person lifts.
func Undo(ctx context.Context, db *store.DB, d Desk, id ID, why string) error {
	err := db.InTx(ctx, d.Who, func(tx *sqlx.Tx) error { return beginUndo(ctx, tx, d, id, why) })
	if err != nil {
		return fmt.Errorf("undo bulk action %d: %w", id, err)
	}
	return each(ctx, db, d, id, Undoing, back)
}

func beginUndo(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, why string) error {
	b, err := lock(ctx, tx, d, id)
	switch {
	case err != nil:
		return err
	case b.State == Undoing || b.State == Undone:
		return nil
	case b.State != Done && b.State != Stopped:
		return ErrState
	case strings.TrimSpace(why) == "":
		return approval.ErrReason.At("why")
	case d.At.After(b.UndoUntil()):
		return ErrLate.With(map[string]any{"n": UndoDays})
	case b.Order.Action == Hold && b.DrawnBy == d.Actor:
		return family.ErrHoldSamePerson
	}
	const query = `UPDATE bulk_actions SET state = 'undoing', undo_why = $2, undone_by = $3, undone_at = $4, done = 0, total = $5 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, why, d.Actor, d.At, b.Counts.By[WasDone]); err != nil {
		return err
	}
	return record(ctx, tx, d, id, "undo_begun", map[string]any{"action": b.Order.Action, "children": b.Counts.By[WasDone]})
}

// back takes back the next children's part.
func back(ctx context.Context, tx *sqlx.Tx, d Desk, b Bulk) ([]Row, error) {
	rows, err := Rows(ctx, tx, b.ID, WasDone, 0, batch)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	changed, err := b.changed(ctx, tx, d, rows)
	if err != nil {
		return nil, err
	}
	var ids []family.ChildID
	var off []Row
	for i, r := range rows {
		if rows[i].Outcome, rows[i].Why = TakenOff, ""; changed[r.Child] != "" {
			rows[i].Outcome, rows[i].Why = Kept, changed[r.Child]
			continue
		}
		ids, off = append(ids, r.Child), append(off, r)
	}
	if len(ids) == 0 {
		return rows, nil
	}
	return rows, b.takeBack(ctx, tx, d, ids, off)
}

// changed says of whom something changed since, and what.
func (b Bulk) changed(ctx context.Context, tx *sqlx.Tx, d Desk, rows []Row) (map[family.ChildID]string, error) {
	ids := make([]family.ChildID, len(rows))
	for i, r := range rows {
		ids[i] = r.Child
	}
	out := map[family.ChildID]string{}
	switch b.Order.Action {
	case Event, Fact:
		return b.retracted(ctx, tx, d, ids)
	case Consent:
		now, err := family.ConsentsNow(ctx, tx, ids, family.Purpose(b.Order.What))
		for _, id := range ids {
			if now[id].Reference != b.ID.Subject() {
				out[id] = "said_since"
			}
		}
		return out, err
	case Transfer:
		now, err := family.SchoolsNow(ctx, tx, ids)
		for _, r := range rows {
			switch {
			case now[r.Child].School != b.Order.School:
				out[r.Child] = "moved_since"
			case r.Before == 0:
				out[r.Child] = "no_school_before"
			}
		}
		return out, err
	}
	open, err := family.OpenHolds(ctx, tx, ids, family.HoldKind(b.Order.What))
	for _, r := range rows {
		switch hold, is := open[r.Child]; {
		case b.Order.Action == Hold && hold.ID != r.Before:
			out[r.Child] = "lifted_since"
		case b.Order.Action == Lift && is:
			out[r.Child] = "held_since"
		}
	}
	return out, err
}

// retracted finds events and facts that were taken back singly, and facts of
// which something later was said.
func (b Bulk) retracted(ctx context.Context, tx *sqlx.Tx, d Desk, ids []family.ChildID) (map[family.ChildID]string, error) {
	live, later := map[family.ChildID]bool{}, map[family.ChildID]bool{}
	if b.Order.Action == Event {
		events, err := family.EventsOf(ctx, tx, d.Program.ID, ids)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			live[e.Child] = live[e.Child] || e.Source == b.ID.Subject()
		}
	} else {
		facts, err := family.FactsOf(ctx, tx, d.Who, d.Keys, ids)
		if err != nil {
			return nil, err
		}
		for _, f := range facts {
			if f.Name != b.Order.What {
				continue
			}
			own := f.Source == b.ID.Subject()
			live[f.Child] = live[f.Child] || own
			later[f.Child] = !own && live[f.Child] && !f.From.Before(b.Order.On) || later[f.Child]
		}
	}
	out := map[family.ChildID]string{}
	for _, id := range ids {
		switch {
		case !live[id]:
			out[id] = "taken_back_since"
		case later[id]:
			out[id] = "said_since"
		}
	}
	return out, nil
}

// takeBack takes back what was done with children, of whom nothing changed.
func (b Bulk) takeBack(ctx context.Context, tx *sqlx.Tx, d Desk, ids []family.ChildID, rows []Row) error {
	reported := make([]family.Reported, len(ids))
	for i, id := range ids {
		reported[i] = family.Reported{Child: id, Name: b.Order.What, Reference: b.ID.Subject()}
	}
	switch b.Order.Action {
	case Event:
		_, err := family.UndoEvents(ctx, tx, d.Who, d.Program.ID, reported, b.ID.Subject(), d.At)
		return err
	case Fact:
		_, err := family.RetractFacts(ctx, tx, d.Who, reported, b.ID.Subject(), d.At)
		return err
	case Consent:
		return family.RetractConsents(ctx, tx, d.Who, ids, family.Purpose(b.Order.What), b.ID.Subject(), b.ID.Subject(), d.At)
	case Transfer:
		schoolings := make([]family.Schooling, len(rows))
		for i, r := range rows {
			schoolings[i] = family.Schooling{Child: r.Child, School: program.SchoolID(r.Before), From: b.Order.On}
		}
		return family.SetSchoolings(ctx, tx, d.Who, schoolings, d.At)
	case Lift:
		_, err := family.PlaceHolds(ctx, tx, d.Who, d.Keys, ids, family.HoldKind(b.Order.What), b.UndoWhy, d.At)
		return err
	}
	holds := make([]int64, len(rows))
	for i, r := range rows {
		holds[i] = r.Before
	}
	_, err := family.LiftHolds(ctx, tx, d.Who, d.Keys, family.HoldKind(b.Order.What), holds, b.UndoWhy, d.At)
	return err
}
