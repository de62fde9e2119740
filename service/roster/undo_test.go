package roster

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// award runs the awards as of the world's day.
func (w *world) award(t testing.TB) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		book, err := program.RulesOn(ctx, tx, w.program.ID, w.program.Day(w.at))
		if err != nil {
			return err
		}
		var ids []family.ChildID
		if err := tx.SelectContext(ctx, &ids, `SELECT child_id FROM enrollments ORDER BY child_id`); err != nil {
			return err
		}
		facts, err := enroll.Facts(ctx, tx, w.who, w.keys, w.program.ID, ids)
		if err != nil {
			return err
		}
		_, err = savings.Award(ctx, tx, w.who, w.program, book, facts, w.program.Day(w.at), w.at)
		return err
	})
}

func (w *world) undoing(t testing.TB, id ID) (u Undoing) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		u, err = UndoOf(ctx, q, w.program, id, w.at)
		return err
	})
	return u
}

func (w *world) undo(t testing.TB, id ID) error {
	t.Helper()
	return w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error {
		return Undo(t.Context(), tx, w.who, w.keys, w.program, id, "approval/1", w.at)
	})
}

// onAccounts is what awards have put on children's accounts.
func (w *world) onAccounts(t testing.TB) (sum ledger.Amount) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		return sqlx.GetContext(ctx, q, &sum, `SELECT coalesce(sum(posted), 0) FROM awards`)
	})
	return sum
}

func TestARosterIsUndoneAndMayComeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park")))
	w.award(t)
	funded := w.about(t)["ledger_accounts"]
	b, _ := w.apply(t, list(t, kid("1", "Anna", "Cruz").but(rosterfile.Grade, "02"), kid("3", "Mia", "Sato"), kid("4", "Ivo", "Horn").but(rosterfile.Grade, "PK")))
	w.award(t)
	if got := w.onAccounts(t); got.Cmp(ledger.Minor(150_00)) != 0 || w.about(t)["ledger_accounts"] == funded {
		t.Fatalf("%s on accounts", got)
	}
	u := w.undoing(t, b.ID)
	if len(u.Fresh) != 2 || len(u.Restored) != 1 || len(u.Back) != 1 || len(u.Staying) != 0 || u.Content.Total.Cmp(ledger.Minor(50_00)) != 0 || u.Content.Affected != 4 {
		t.Errorf("would undo %+v", u)
	}
	if err := w.undo(t, b.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.load(t, b.ID); got.State != Undone {
		t.Errorf("the roster is %s", got.State)
	}
	if got := w.onAccounts(t); got.Cmp(ledger.Minor(100_00)) != 0 {
		t.Errorf("%s stays on accounts", got)
	}
	if w.count(t, "enrollments WHERE state = 'undone'") != 2 || w.count(t, "enrollments WHERE state = 'enrolled'") != 2 || w.count(t, "child_tombstones") != 0 {
		t.Error("who came by the roster still takes part, or is refused for good")
	}
	if ana := w.child(t, "Ana"); ana.Person.StudentNumber != "1" {
		t.Errorf("Ana is %+v", ana.Person)
	}
	if w.count(t, "roster_children WHERE NOT present") != 2 || w.count(t, "schoolings WHERE to_on IS NULL AND grade = '02'") != 0 {
		t.Error("the source still says what the roster said")
	}
	wantError(t, "undone twice", w.undo(t, b.ID), ErrState)
	w.award(t)
	if got := w.onAccounts(t); got.Cmp(ledger.Minor(100_00)) != 0 {
		t.Errorf("the next run gives %s", got)
	}

	again, done := w.apply(t, list(t, kid("1", "Anna", "Cruz").but(rosterfile.Grade, "02"), kid("3", "Mia", "Sato"), kid("4", "Ivo", "Horn").but(rosterfile.Grade, "PK")))
	w.award(t)
	if done.Enrolled.Enrolled != 1 || w.count(t, "children") != 4 || w.onAccounts(t).Cmp(ledger.Minor(150_00)) != 0 {
		t.Errorf("sent again: %v, %+v, %s on accounts", again.Counts.By, done, w.onAccounts(t))
	}
	if w.count(t, "enrollments WHERE state = 'undone'") != 0 {
		t.Error("somebody is still undone")
	}
}

func TestAnUndoLeavesWhomSomethingLaterDependsOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"Money", "Code", "Left", "Held", "Source", "Reported", "Changed", "Free"}
	var kids []pupil
	for i, n := range names {
		kids = append(kids, kid(string(rune('1'+i)), n, "Test"+n))
	}
	b, _ := w.apply(t, list(t, kids...))
	w.award(t)
	id := map[string]family.ChildID{}
	for _, n := range names {
		id[n] = w.child(t, n).ID
	}
	w.at = w.at.AddDate(0, 0, 1)
	w.depend(t, id)
	w.apply(t, list(t, kid("5", "Source", "TestSource")).from("Other").changes())

	u := w.undoing(t, b.ID)
	want := map[family.ChildID]Stay{id["Money"]: StayMoney, id["Code"]: StayAccess, id["Left"]: StayLeft, id["Held"]: StayHeld, id["Source"]: StaySource,
		id["Reported"]: StayReported, id["Changed"]: StayChanged}
	for _, s := range u.Staying {
		if want[s.Child] != s.Why {
			t.Errorf("child %d stays for %s, want %q", s.Child, s.Why, want[s.Child])
		}
		delete(want, s.Child)
	}
	if len(want) != 0 || len(u.Fresh) != 1 || u.Fresh[0] != id["Free"] || u.Content.Total.Cmp(ledger.Minor(50_00)) != 0 {
		t.Errorf("not named: %v, %+v", want, u)
	}
	before := w.onAccounts(t)
	if err := w.undo(t, b.ID); err != nil {
		t.Fatal(err)
	}
	if got := before.Sub(w.onAccounts(t)); got.Cmp(ledger.Minor(50_00)) != 0 || w.count(t, "enrollments WHERE state = 'undone'") != 1 {
		t.Errorf("%s was taken back", got)
	}
}

// depend has something of each kind depend on children.
func (w *world) depend(t *testing.T, id map[string]family.ChildID) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: "D-1", Child: id["Money"], Amount: ledger.Minor(10_00), On: w.program.Day(w.at), Channel: "cash"}}, 0, w.at)
		if err != nil {
			return err
		}
		const account = `INSERT INTO guardian_accounts (tenant_id, id, language, pin_hash, created_at) VALUES ($1, 1, 'en', 'x', $2)`
		if _, err := tx.ExecContext(ctx, account, w.who.Tenant, w.at); err != nil {
			return err
		}
		const sees = `INSERT INTO guardian_children (tenant_id, account_id, child_id, granted_at, granted_by) VALUES ($1, 1, $2, $3, 'letter')`
		if _, err := tx.ExecContext(ctx, sees, w.who.Tenant, id["Code"], w.at); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE enrollments SET state = 'left', ended_on = enrolled_on WHERE child_id = $1`, id["Left"]); err != nil {
			return err
		}
		if err := family.PlaceHold(ctx, tx, w.who, w.keys, id["Held"], family.Hold{Kind: family.CustodyHold, Why: "court"}, w.at); err != nil {
			return err
		}
		fact := family.Fact{Child: id["Reported"], Name: "county", Value: "Cook", From: w.program.Day(w.at), Known: w.program.Day(w.at), Reference: "r", Source: "r"}
		if _, err := family.RecordFacts(ctx, tx, w.who, w.keys, []family.Fact{fact}, w.at); err != nil {
			return err
		}
		c, err := family.Load(ctx, tx, w.who, w.keys, []family.ChildID{id["Changed"]})
		if err != nil {
			return err
		}
		p := c[0].Person
		p.Given = "Chance"
		return family.Save(ctx, tx, w.who, w.keys, family.Change{Child: c[0].ID, Person: p, Language: "en"}, c[0].Version, w.at)
	})
}

func TestWhatCannotBeUndoneIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	staged := w.receive(t, list(t, kid("1", "Ana", "Cruz")))
	wantError(t, "one that is not applied", w.undo(t, staged.ID), ErrState)
	b, _ := w.apply(t, list(t, kid("1", "Ana", "Cruz")))
	stranger := *w
	stranger.who = store.Who{Tenant: w.tenant(t, "Elsewhere"), Actor: "stranger"}
	wantError(t, "another organization's", stranger.undo(t, b.ID), ErrNone)
	late := *w
	late.at = w.at.AddDate(0, 0, UndoDays+1)
	wantError(t, "long after", late.undo(t, b.ID), ErrUndoLate)
	late.at = w.at.AddDate(0, 0, UndoDays)
	if u := late.undoing(t, b.ID); len(u.Fresh) != 1 {
		t.Errorf("on the last day: %+v", u)
	}
	w.apply(t, list(t, kid("1", "Ana", "Cruz")))
	wantError(t, "before the next one of its source", w.undo(t, b.ID), ErrUndoLater)
	nothing, _ := w.apply(t, list(t, kid("1", "Ana", "Cruz")))
	wantError(t, "one that did nothing", w.undo(t, nothing.ID), ErrUndoNothing)
	if w.count(t, "enrollments WHERE state = 'enrolled'") != 1 {
		t.Error("a refusal did something")
	}
}

// An approval is of who goes and what goes back: either changes its content.
func TestTheContentOfAnUndoChangesWithWhatItWouldDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, _ := w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park")))
	one := string(w.undoing(t, b.ID).Content.Details)
	w.award(t)
	awarded := w.undoing(t, b.ID).Content
	if awarded.Total.IsZero() || string(awarded.Details) != one {
		t.Errorf("with awards: %+v", awarded)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return family.PlaceHold(ctx, tx, w.who, w.keys, w.child(t, "Ana").ID, family.Hold{Kind: family.CustodyHold, Why: "court"}, w.at)
	})
	if held := string(w.undoing(t, b.ID).Content.Details); held == one {
		t.Error("who stays does not change what is approved")
	}
}
