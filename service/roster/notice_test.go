package roster

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/roster/rosterfile"
)

func (w *world) untold(t testing.TB, id ID) (n Notice, overdue, soon int) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := Notices(ctx, q, w.program, []ID{id})
		if err != nil {
			return err
		}
		n = all[id]
		overdue, soon, err = Untold(ctx, q, w.program, w.program.Day(w.at), 14)
		return err
	})
	return n, overdue, soon
}

func TestParentsOfNewbornsAreToBeToldWithin90Days(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	birth := func(number, given string) pupil {
		return kid("", given, "Cruz").but(rosterfile.SourceID, number, rosterfile.BornOn, "2021-08-03")
	}
	u := list(t, birth("S-1", "Ana"), birth("S-2", "Leo"))
	m := *u.Mapping
	m.Births = true
	u.Kind, u.Mapping, u.FileName = OfBirths, &m, "births.csv"
	b, _ := w.apply(t, u)
	schools, _ := w.apply(t, list(t, kid("1", "Mia", "Sato")))
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE enrollments SET state = 'enrolled', enrolled_on = DATE '2021-08-03' WHERE state = 'ineligible'`)
		return err
	})
	day := w.program.Day(w.at)
	if n, overdue, soon := w.untold(t, b.ID); n.TellBy != day.AddDays(90) || n.Children != 2 || n.Untold != 2 || overdue+soon != 0 || n.Overdue(day.AddDays(90)) {
		t.Errorf("at first: %+v, %d overdue, %d soon", n, overdue, soon)
	}
	if n, _, _ := w.untold(t, schools.ID); n.Children != 0 {
		t.Errorf("a school's list has a clock: %+v", n)
	}
	w.at = w.at.AddDate(0, 0, 80)
	if _, overdue, soon := w.untold(t, b.ID); overdue != 0 || soon != 2 {
		t.Errorf("ten days before: %d overdue, %d soon", overdue, soon)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error { return w.wrote(ctx, tx, w.child(t, "Ana").ID) })
	w.at = w.at.AddDate(0, 0, 11)
	if n, overdue, _ := w.untold(t, b.ID); overdue != 1 || n.Untold != 1 || !n.Overdue(w.program.Day(w.at)) {
		t.Errorf("the day after: %+v, %d overdue", n, overdue)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if n, err := NoteTold(ctx, tx, w.program.ID); err != nil || n != 1 {
			t.Errorf("noted %d: %v", n, err)
		}
		_, err := tx.ExecContext(ctx, `UPDATE activation_codes SET child_id = $1`, w.child(t, "Mia").ID) // the place is another's by now
		return err
	})
	if n, overdue, _ := w.untold(t, b.ID); overdue != 1 || n.Untold != 1 {
		t.Errorf("once the code is gone: %+v, %d overdue", n, overdue)
	}
}

// wrote has a letter about a child printed.
func (w *world) wrote(ctx context.Context, tx *sqlx.Tx, child family.ChildID) error {
	const query = `
		INSERT INTO activation_codes (selector, tenant_id, child_id, code_hash, kind, issued_by, issued_at, expires_at)
		VALUES ('0001', $1, $2, 'x', 'letter', 'test', $3, $4)`
	_, err := tx.ExecContext(ctx, query, w.who.Tenant, child, w.at, w.at.AddDate(0, 0, 60))
	return err
}
