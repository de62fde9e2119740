package enroll

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
)

// Return says that a child who left takes part again.
type Return struct {
	Child family.ChildID
	On    ledger.Date // first day; not asked for where it was a mistake
	// Mistake says that the child never left: the exit is taken back. Otherwise the
	// time between does not count.
	Mistake   bool
	Why       string
	Reference string // names the form
}

// ComeBack has a child who left take part again. What was agreed about its money
// stays as it was agreed; what goes on being owed, the rules say from that day.
// A child that died does not come back, unless it was a mistake.
func ComeBack(ctx context.Context, tx *sqlx.Tx, w Walk, r Return) error {
	if err := family.LockRecords(ctx, tx, []family.ChildID{r.Child}); err != nil {
		return err
	}
	e, l, err := exitOf(ctx, tx, w, r.Child)
	switch {
	case err != nil:
		return ErrThere
	case l.Cause == Died && !r.Mistake:
		return ErrDied
	case !r.Mistake && !e.EndedOn.Before(r.On):
		return ErrBackOn.At("on")
	}
	if r.Mistake {
		err = takeBackExit(ctx, tx, w, e, l, r)
	} else {
		err = again(ctx, tx, w, e, r)
	}
	if err != nil {
		return err
	}
	if err := family.Unbury(ctx, tx, w.Program.ID, r.Child); err != nil {
		return err
	}
	if r.Why != "" {
		if err := family.WriteNote(ctx, tx, w.Who, w.Keys, r.Child, family.Note{Text: r.Why, Reference: "return " + r.Reference}, w.At); err != nil {
			return err
		}
	}
	err = audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "enroll.came_back", Kind: "child", Subject: int64(r.Child), Program: int32(w.Program.ID),
		Before: map[string]any{"state": e.State, "cause": l.Cause, "on": l.On}, After: map[string]any{"on": r.On, "mistake": r.Mistake}}}, w.At)
	if err != nil {
		return err
	}
	return assess(ctx, tx, w, w.Who, r.Child)
}

// takeBackExit has the exit never have been: its event is taken back.
func takeBackExit(ctx context.Context, tx *sqlx.Tx, w Walk, e Enrollment, l Leaving, r Return) error {
	if l.Cause.says() {
		events, err := family.EventsOf(ctx, tx, w.Program.ID, []family.ChildID{r.Child})
		if err != nil {
			return err
		}
		for _, was := range events {
			if was.Kind != string(l.Cause) || was.On != e.EndedOn {
				continue
			}
			back := family.Event{Child: r.Child, Kind: was.Kind, On: was.On, Retracts: was.Reference, Reference: "return " + r.Reference, Source: "console"}
			if _, err := family.RecordEvents(ctx, tx, w.Who, w.Program.ID, []family.Event{back}, w.At); err != nil {
				return err
			}
			break
		}
	}
	const query = `UPDATE enrollments SET state = 'enrolled', ended_on = NULL, ended_by = '', updated_at = $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, e.ID, w.At); err != nil {
		return fmt.Errorf("take back the end of enrollment %d: %w", e.ID, err)
	}
	return nil
}

// again begins another time of taking part, and keeps the one before.
func again(ctx context.Context, tx *sqlx.Tx, w Walk, e Enrollment, r Return) error {
	const keep = `
		INSERT INTO former_enrollments (tenant_id, enrollment_id, child_id, enrolled_on, ended_on, state, ended_by, recorded_at)
		SELECT tenant_id, id, child_id, enrolled_on, ended_on, state, ended_by, $2 FROM enrollments WHERE id = $1`
	if _, err := tx.ExecContext(ctx, keep, e.ID, w.At); err != nil {
		return fmt.Errorf("keep the time of enrollment %d: %w", e.ID, err)
	}
	const query = `UPDATE enrollments SET state = 'enrolled', enrolled_on = $2, ended_on = NULL, ended_by = '', updated_at = $3 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, e.ID, r.On, w.At); err != nil {
		return fmt.Errorf("begin enrollment %d again: %w", e.ID, err)
	}
	return nil
}
