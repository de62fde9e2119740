package countersign

import (
	"context"
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/family"
)

// leave has the maker say that a child leaves.
func (w *town) leave(l enroll.Leaving) (out enroll.Outlook, r approval.Request) {
	w.t.Helper()
	w.do(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		walk, err := Walk(ctx, tx, w.maker, w.program)
		if err != nil {
			return err
		}
		var id approval.ID
		if out, id, err = enroll.Leave(ctx, tx, walk, l, "The child leaves."); err != nil || id == 0 {
			return err
		}
		r, err = approval.Load(ctx, tx, id)
		return err
	})
	return out, r
}

func (w *town) of(child family.ChildID) (e enroll.Enrollment) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		e, err = enroll.Of(ctx, tx, w.program.ID, child)
		return err
	})
	return e
}

func (w *town) settled(child family.ChildID) (out []enroll.Settlement) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		out, err = enroll.SettlementsOf(ctx, tx, w.program.ID, child)
		return err
	})
	return out
}

func TestWhoOptsOutIsOutAtOnceAndTheMoneyWaitsForAnother(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.deposit("D1", w.ana, "40.00", w.on.AddDays(-3))
	w.night()
	w.holds("before", w.ana, "40.00", "40.00")
	out, r := w.leave(enroll.Leaving{Child: w.ana, Cause: enroll.Refused, On: w.on, Why: "The mother called.", Reference: "form-1"})
	if !out.Ends || len(out.Back) != 1 || out.Back[0].What != "match" || len(out.Parts) != 1 || out.Parts[0].Destination != "family" || out.Parts[0].Amount != w.money("40.00") {
		t.Errorf("what it does: %+v", out)
	}
	if e := w.of(w.ana); e.State != enroll.OptedOut || e.EndedOn != w.on {
		t.Errorf("at once: %+v", e)
	}
	w.holds("the money waits", w.ana, "40.00", "40.00")
	if _, err := w.approve(w.makerToo, r); !errors.Is(err, approval.ErrSamePerson) {
		t.Errorf("who asked approves: %v", err)
	}
	w.night() // finds the same excess and changes nothing of what waits
	if done, err := w.approve(w.checker, r); err != nil || done.Outcome != approval.Enough {
		t.Fatal(done, err)
	}
	w.holds("the match is back in its fund, and its own is owed to the family", w.ana, "0.00", "0.00")
	all := w.settled(w.ana)
	if len(all) != 1 || all[0].Owner != "family" || all[0].Amount != w.money("40.00") || all[0].AgreedBy != w.checker.Who().Actor || all[0].Request != r.ID {
		t.Errorf("agreed: %+v", all)
	}
	w.night()
	w.holds("nothing is given again", w.ana, "0.00", "0.00")
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		gone, err := family.Buried(ctx, tx, w.cli, w.keys, w.program.ID, []family.Person{
			{Given: "ANA", Family: "Test", BornOn: ledger.NewDate(2019, 5, 1)}, {Given: "Leo", Family: "Test", BornOn: ledger.NewDate(2019, 5, 1)}})
		if err == nil && (!gone[0] || gone[1]) {
			t.Errorf("who opted out: %v", gone)
		}
		return err
	})
	w.sound()
}

func TestADeathStopsWhatIsWrittenAndNothingIsSettledTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.deposit("D1", w.ana, "40.00", w.on.AddDays(-3))
	w.night()
	out, r := w.leave(enroll.Leaving{Child: w.ana, Cause: enroll.Died, On: w.on.AddDays(-1), Why: "Certificate seen.", Reference: "form-2"})
	if !out.Ends || r.ID != 0 || out.Moves() {
		t.Errorf("a book that says nothing of a death: %+v, request %d", out, r.ID)
	}
	if e := w.of(w.ana); e.State != enroll.Left || e.EndedBy != "death" {
		t.Errorf("after a death: %+v", e)
	}
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		for act, want := range map[family.Act]error{family.ToWrite: family.ErrHeldDeath, family.ToEnter: family.ErrHeldDeath, family.ToWithdraw: family.ErrHeldDeath, family.ToForfeit: nil} {
			if err := family.Permit(ctx, tx, w.ana, act); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", act, err, want)
			}
		}
		return nil
	})
	back := func(r enroll.Return) error {
		return w.try(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
			walk, err := Walk(ctx, tx, w.maker, w.program)
			if err != nil {
				return err
			}
			return enroll.ComeBack(ctx, tx, walk, r)
		})
	}
	if err := back(enroll.Return{Child: w.ana, On: w.on, Reference: "back"}); !errors.Is(err, enroll.ErrDied) {
		t.Errorf("the dead come back: %v", err)
	}
	if err := back(enroll.Return{Child: w.ana, Mistake: true, Reference: "back"}); err != nil {
		t.Fatal(err)
	}
	if e := w.of(w.ana); e.State != enroll.Enrolled || !e.EndedOn.IsZero() || e.EndedBy != "" {
		t.Errorf("it was another child: %+v", e)
	}
	w.deposit("D2", w.ana, "10.00", w.on)
	w.night()
	w.holds("as if nothing had been", w.ana, "50.00", "50.00")
	if err := back(enroll.Return{Child: w.ana, Mistake: true, Reference: "again"}); !errors.Is(err, enroll.ErrThere) {
		t.Errorf("back twice: %v", err)
	}
}

func TestTheTimeBetweenLeavingAndComingBackDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.leave(enroll.Leaving{Child: w.leo, Cause: enroll.LeftOther, On: w.on.AddDays(-10), Reference: "form-3"})
	w.do(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		walk, err := Walk(ctx, tx, w.maker, w.program)
		if err != nil {
			return err
		}
		if err := enroll.ComeBack(ctx, tx, walk, enroll.Return{Child: w.leo, On: w.on.AddDays(-10), Reference: "r"}); !errors.Is(err, enroll.ErrBackOn) {
			t.Errorf("on its last day: %v", err)
		}
		return enroll.ComeBack(ctx, tx, walk, enroll.Return{Child: w.leo, On: w.on.AddDays(-2), Reference: "r"})
	})
	w.deposit("D1", w.leo, "30.00", w.on.AddDays(-5)) // between
	w.deposit("D2", w.leo, "7.00", w.on.AddDays(-1))
	w.night()
	w.holds("back", w.leo, "37.00", "7.00")
}

func TestALegalHoldKeepsTheMoneyWhereItIs(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.deposit("D1", w.ana, "40.00", w.on.AddDays(-3))
	w.night()
	hold := family.Hold{Kind: family.LegalHold, Why: "subpoena"}
	w.do(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		return family.PlaceHold(ctx, tx, w.maker.Who(), w.keys, w.ana, hold, w.at)
	})
	out, r := w.leave(enroll.Leaving{Child: w.ana, Cause: enroll.Refused, On: w.on, Reference: "form-4"})
	if out.Barred != family.LegalHold || r.ID != 0 || !out.Moves() {
		t.Errorf("under a hold: %+v, request %d", out, r.ID)
	}
	lift := func(by Desk) error {
		return w.try(by.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
			all, err := family.HoldsOf(ctx, tx, by.Who(), w.keys, w.ana)
			if err != nil {
				return err
			}
			return family.LiftHold(ctx, tx, by.Who(), w.keys, w.ana, all[0].ID, "over", w.at)
		})
	}
	if err := lift(w.makerToo); !errors.Is(err, family.ErrHoldSamePerson) {
		t.Errorf("lifted by who placed it: %v", err)
	}
	if err := lift(w.checker); err != nil {
		t.Fatal(err)
	}
	w.do(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		walk, err := Walk(ctx, tx, w.maker, w.program)
		if err != nil {
			return err
		}
		_, err = enroll.ProposeSettling(ctx, tx, walk, w.ana, "The hold is over.")
		return err
	})
}
