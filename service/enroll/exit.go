package enroll

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// Faults of leaving.
var (
	// ErrGone reports a child that does not take part any more.
	ErrGone = fault.New(fault.Conflict, "enroll.gone")
	// ErrThere reports a child that takes part.
	ErrThere = fault.New(fault.Conflict, "enroll.there")
	// ErrDied reports a child that cannot come back.
	ErrDied = fault.New(fault.Conflict, "enroll.died")
	// ErrBackOn reports a day of coming back that is not after the last day.
	ErrBackOn = fault.New(fault.Invalid, "enroll.back_on")
	// ErrNothingToSettle reports a child of whose money nothing is to be moved.
	ErrNothingToSettle = fault.New(fault.Conflict, "enroll.nothing_to_settle")
)

// Cause is why a child leaves a program.
type Cause string

// The causes.
const (
	LeftArea   Cause = "leaves_area"
	LeftSchool Cause = "leaves_school"
	Died       Cause = "death"
	Refused    Cause = "opt_out"
	LeftOther  Cause = "left"
)

// Causes are all of them, in the order people are offered them.
var Causes = []Cause{LeftSchool, LeftArea, Refused, Died, LeftOther}

// Leaving says that a child leaves.
type Leaving struct {
	Child    family.ChildID
	Cause    Cause
	On       ledger.Date // last day
	Why      string      // kept as a note
	Document family.DocumentID
	// Reference names the form that said it: sent again, it changes nothing.
	Reference string
}

// event is what happens to the child, as rule books read it.
func (l Leaving) event() rules.Event {
	kind := rules.EventKind(l.Cause)
	if l.Cause == Refused {
		kind = rules.OptedOut
	}
	return rules.Event{Key: "exit", Kind: kind, On: l.On, Seq: 1 << 62}
}

// says reports a cause that is an event of the child's own; the others the
// enrollment says itself.
func (c Cause) says() bool { return c == LeftArea || c == LeftSchool || c == Died }

// Outlook is what a child's leaving does, or did, to its money.
type Outlook struct {
	Cause Cause
	On    ledger.Date
	// Ends says that the child takes part no more. Where the rule book lets it go
	// on, nothing happens to its money.
	Ends  bool
	Money Money
	// Stops are awards that were on their way and do not come any more.
	Stops []approval.Effect
	// Back are awards on the account that go back to their funds.
	Back []approval.Effect
	// Parts are what else leaves the account, where to, by the rule book.
	Parts []Part
	// Barred is the hold that keeps the money where it is for the time being.
	Barred family.HoldKind
}

// Part is money that leaves an account for one destination.
type Part struct {
	Owner       rules.Owner       `json:"owner"`
	Destination rules.Destination `json:"destination"`
	Benefit     string            `json:"benefit,omitempty"`
	Fund        string            `json:"fund,omitempty"` // its code
	Amount      ledger.Amount     `json:"amount"`
}

// Moves reports that money is to be moved, for which a second person is asked.
func (o Outlook) Moves() bool { return len(o.Back) > 0 || len(o.Parts) > 0 }

// Foresee says what leaving would do, and changes nothing.
func Foresee(ctx context.Context, q sqlx.QueryerContext, w Walk, l Leaving) (Outlook, error) {
	e, err := Of(ctx, q, w.Program.ID, l.Child)
	if err != nil {
		return Outlook{}, err
	}
	if e.State != Enrolled && e.State != Ineligible {
		return Outlook{}, ErrGone
	}
	return reckon(ctx, q, w, l, true)
}

// reckon reads an exit out of the child's history: with the exit added where
// it is only thought of, or as it is recorded.
func reckon(ctx context.Context, q sqlx.QueryerContext, w Walk, l Leaving, thought bool) (out Outlook, err error) {
	out.Cause, out.On = l.Cause, l.On
	ids := []family.ChildID{l.Child}
	known, err := Facts(ctx, q, w.Who, w.Keys, w.Program.ID, ids)
	if err != nil {
		return out, err
	}
	if known, err = savings.WithDeposits(ctx, q, w.Program.ID, known); err != nil {
		return out, err
	}
	child := known[0]
	if thought {
		child.Events = append(slices.Clone(child.Events), l.event())
	}
	money, err := MoneyOf(ctx, q, w.Program, ids)
	if err != nil {
		return out, err
	}
	out.Money, out.Ends = money[l.Child], w.Rules.Ends(l.event())
	barred, err := family.Barred(ctx, q, ids, family.ToForfeit)
	if err != nil {
		return out, err
	}
	out.Barred = barred[l.Child]
	if err := out.awards(ctx, q, w, child); err != nil {
		return out, err
	}
	return out, out.parts(ctx, q, w, l, child)
}

// awards compares what was given with what the child is entitled to afterwards.
func (o *Outlook) awards(ctx context.Context, q sqlx.QueryerContext, w Walk, child rules.Child) error {
	given, err := savings.AwardsOf(ctx, q, w.Program.ID, []family.ChildID{family.ChildID(child.ID)})
	if err != nil {
		return err
	}
	entitled := map[[2]string]ledger.Amount{}
	for _, e := range rules.Evaluate(w.Rules, child, w.AsOf) {
		entitled[[2]string{e.Benefit, e.Period}] = e.Amount
	}
	slices.SortStableFunc(given, func(a, b savings.AwardState) int { return cmp.Compare(turn(a.Kind), turn(b.Kind)) })
	for _, a := range given {
		left := entitled[[2]string{a.Benefit, a.Period}]
		e := approval.Effect{What: a.Benefit, Period: a.Period, Child: child.ID, Before: a.Posted, After: a.Posted.Min(left)}
		if e.After.Less(e.Before) {
			o.Back = append(o.Back, e)
		}
		coming := a.Accrued.Add(a.Queued)
		stays := coming.Min(left.Sub(a.Posted).Max(ledger.Amount{}))
		if stays.Less(coming) {
			o.Stops = append(o.Stops, approval.Effect{What: a.Benefit, Period: a.Period, Child: child.ID, Before: coming, After: stays})
		}
	}
	return nil
}

// turn is when an award of a kind goes back: the match before what it stands on,
// the seed last.
func turn(kind string) int {
	switch rules.Kind(kind) {
	case rules.Match:
		return 0
	case rules.Seed:
		return 2
	}
	return 1
}

// parts are what the rule book's exit moves beside the awards that are not owed.
// Who opted out gets its own money back, whatever the book says of it: it never
// was the program's.
func (o *Outlook) parts(ctx context.Context, q sqlx.QueryerContext, w Walk, l Leaving, child rules.Child) error {
	paid, err := savings.PaidTo(ctx, q, w.Program.ID, l.Child)
	if err != nil {
		return err
	}
	at := l.event().Kind
	for _, d := range rules.StandingPaid(w.Rules, child, paid, w.AsOf).Departures {
		if d.On != l.On || d.Why != rules.DepartureReason(l.Cause) {
			continue
		}
		for _, p := range d.Parts {
			if l.Cause == Refused && d.To == rules.ToPool && p.Benefit != "" {
				continue // goes back as what is not owed
			}
			o.Parts = append(o.Parts, Part{d.Owner, d.To, p.Benefit, p.Fund, p.Amount})
		}
	}
	own := slices.ContainsFunc(o.Parts, func(p Part) bool { return p.Owner == rules.OwnFamily })
	if at == rules.OptedOut && !own && o.Money.Own.Sign() > 0 {
		o.Parts = append(o.Parts, Part{Owner: rules.OwnFamily, Destination: rules.ToFamily, Amount: o.Money.Own})
	}
	slices.SortStableFunc(o.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Owner, a.Owner), cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Fund, b.Fund))
	})
	return nil
}

// Leave records that a child leaves. What stops, stops at once: participation
// where the rule book ends it, promises, letters, statements and codes. What is
// to be moved waits for another person (the request's number is returned; 0 where
// nothing is to be moved, or a hold keeps it where it is). The same form sent
// again changes nothing.
func Leave(ctx context.Context, tx *sqlx.Tx, w Walk, l Leaving, reason string) (Outlook, approval.ID, error) {
	if err := family.LockRecords(ctx, tx, []family.ChildID{l.Child}); err != nil {
		return Outlook{}, 0, err
	}
	e, err := Of(ctx, tx, w.Program.ID, l.Child)
	switch {
	case err != nil:
		return Outlook{}, 0, err
	case e.State != Enrolled && e.State != Ineligible:
		return Outlook{}, 0, ErrGone
	}
	if err := depart(ctx, tx, w, e, l); err != nil {
		return Outlook{}, 0, err
	}
	if err := stopMail(ctx, tx, w, l); err != nil {
		return Outlook{}, 0, err
	}
	if err := assess(ctx, tx, w, w.Who, l.Child); err != nil {
		return Outlook{}, 0, err
	}
	out, err := reckon(ctx, tx, w, l, false)
	if err != nil || !out.Moves() || out.Barred != "" {
		return out, 0, err
	}
	id, err := ProposeSettling(ctx, tx, w, l.Child, reason)
	return out, id, err
}

// depart writes the exit down: the child's own event, the enrollment's end.
func depart(ctx context.Context, tx *sqlx.Tx, w Walk, e Enrollment, l Leaving) error {
	if l.Cause.says() {
		event := family.Event{Child: l.Child, Kind: string(l.Cause), On: l.On, Reference: "exit " + l.Reference, Source: "console"}
		if _, err := family.RecordEvents(ctx, tx, w.Who, w.Program.ID, []family.Event{event}, w.At); err != nil {
			return err
		}
	}
	if l.Cause != Refused && l.Cause != LeftOther {
		if err := family.EndSchooling(ctx, tx, l.Child, l.On, w.At); err != nil {
			return err
		}
	}
	if l.Why != "" {
		note := family.Note{Text: l.Why, Closed: l.Cause == Died, Reference: "exit " + l.Reference}
		if err := family.WriteNote(ctx, tx, w.Who, w.Keys, l.Child, note, w.At); err != nil {
			return err
		}
	}
	if w.Rules.Ends(l.event()) && (e.State == Enrolled || l.Cause == Refused) {
		if err := end(ctx, tx, w, e, l); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "enroll.left", Kind: "child", Subject: int64(l.Child), Program: int32(w.Program.ID),
		Before: map[string]any{"state": e.State}, After: map[string]any{"cause": l.Cause, "on": l.On, "document": l.Document}}}, w.At)
}

func end(ctx context.Context, tx *sqlx.Tx, w Walk, e Enrollment, l Leaving) error {
	state, by := Left, ""
	switch {
	case l.Cause == Refused:
		state = OptedOut
	case l.Cause.says():
		by = string(l.Cause)
	}
	const query = `
		UPDATE enrollments SET state = $2, enrolled_on = coalesce(enrolled_on, CAST($3 AS date)), ended_on = greatest(CAST($3 AS date), enrolled_on),
		       ended_by = $4, flagged = false, updated_at = $5
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, e.ID, state, l.On, by, w.At); err != nil {
		return fmt.Errorf("end enrollment %d: %w", e.ID, err)
	}
	return nil
}

// stopMail stops what would be written or opened from that moment on.
func stopMail(ctx context.Context, tx *sqlx.Tx, w Walk, l Leaving) error {
	switch l.Cause {
	case Died:
		hold := family.Hold{Kind: family.DeathHold, Why: cmp.Or(l.Why, string(Died)), Document: l.Document}
		if err := family.PlaceHold(ctx, tx, w.Who, w.Keys, l.Child, hold, w.At); err != nil && !errors.Is(err, family.ErrHoldThere) {
			return err
		}
	case Refused:
		if err := family.Bury(ctx, tx, w.Who, w.Keys, w.Program.ID, l.Child, w.At); err != nil {
			return err
		}
	default:
		return nil
	}
	return activation.Withdraw(ctx, tx, w.Who, l.Child, w.At)
}

// assess has the rules look at one child at once: promises that are not owed any
// more are cancelled, and what is too much on the account is proposed.
func assess(ctx context.Context, tx *sqlx.Tx, w Walk, who store.Who, child family.ChildID) error {
	if w.Rules.Hash() == "" {
		return nil
	}
	known, err := Facts(ctx, tx, w.Who, w.Keys, w.Program.ID, []family.ChildID{child})
	if err != nil {
		return err
	}
	_, err = savings.Assess(ctx, tx, who, w.Program, w.Rules, known, nil, w.AsOf, w.At)
	return err
}
