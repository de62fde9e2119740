package enroll

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
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

// Settling is an exit's money as it waits for approval.
type Settling struct {
	Child family.ChildID `json:"child"`
	Cause Cause          `json:"cause"`
	On    ledger.Date    `json:"on"`
	Parts []Part         `json:"parts,omitempty"`
}

// exitOf is the exit that a child's enrollment tells of.
func exitOf(ctx context.Context, q sqlx.QueryerContext, w Walk, child family.ChildID) (Enrollment, Leaving, error) {
	e, err := Of(ctx, q, w.Program.ID, child)
	if err != nil {
		return e, Leaving{}, err
	}
	l := Leaving{Child: child, On: e.EndedOn}
	switch {
	case e.State == OptedOut:
		l.Cause = Refused
	case e.State == Left:
		l.Cause = Cause(cmp.Or(e.EndedBy, string(LeftOther)))
	default:
		return e, l, ErrNothingToSettle
	}
	return e, l, nil
}

// SettlingContent works out anew what is to be moved of a child's money because
// it left.
func SettlingContent(ctx context.Context, q sqlx.QueryerContext, w Walk, child family.ChildID) (c approval.Content, err error) {
	_, l, err := exitOf(ctx, q, w, child)
	if err != nil {
		return c, err
	}
	out, err := reckon(ctx, q, w, l, false)
	if err != nil {
		return c, err
	}
	settled, err := SettlementsOf(ctx, q, w.Program.ID, child)
	if err != nil {
		return c, err
	}
	out.Parts = slices.DeleteFunc(out.Parts, func(p Part) bool {
		return slices.ContainsFunc(settled, func(s Settlement) bool { return s.Part == p })
	})
	if !out.Moves() {
		return c, ErrNothingToSettle
	}
	if out.Barred != "" {
		return c, family.Permit(ctx, q, child, family.ToForfeit)
	}
	c.Affected, c.Effects = 1, out.Back
	for _, e := range out.Back {
		c.Difference = c.Difference.Add(e.After.Sub(e.Before))
		c.Total = c.Total.Add(e.Before.Sub(e.After))
	}
	for _, p := range out.Parts {
		c.Difference, c.Total = c.Difference.Sub(p.Amount), c.Total.Add(p.Amount)
	}
	c.Details, err = json.Marshal(Settling{l.Child, l.Cause, l.On, out.Parts})
	return c, err
}

// ProposeSettling has what is to be moved wait for another person.
func ProposeSettling(ctx context.Context, tx *sqlx.Tx, w Walk, child family.ChildID, reason string) (approval.ID, error) {
	content, err := SettlingContent(ctx, tx, w, child)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, w.Who, approval.Proposal{
		Program: int64(w.Program.ID), Kind: approval.Forfeiture, Subject: SettlingSubject(child), Reason: reason, Content: content}, w.At)
}

// SettlingSubject is what a request about a child's leaving is about.
func SettlingSubject(child family.ChildID) string {
	return "exit/" + strconv.FormatInt(int64(child), 10)
}

// ReadSettling reads what a request about a child's leaving says.
func ReadSettling(r approval.Request) (s Settling, err error) {
	says, err := r.Says()
	if err == nil {
		err = json.Unmarshal(says.Details, &s)
	}
	if err != nil {
		return s, fmt.Errorf("read settling %d: %w", r.ID, err)
	}
	return s, nil
}

// Settle does what was approved: what is not owed goes back to the funds, the
// match before the seed; what else leaves is written down as agreed, to be paid
// out. The walk is the checker's; maker asked for it.
func Settle(ctx context.Context, tx *sqlx.Tx, w Walk, r approval.Request, maker store.Who) error {
	s, err := ReadSettling(r)
	if err != nil {
		return err
	}
	says, err := r.Says()
	if err != nil {
		return err
	}
	if err := assess(ctx, tx, w, maker, s.Child); err != nil {
		return err
	}
	if err := giveBack(ctx, tx, w, s.Child, says.Effects); err != nil {
		return err
	}
	return agree(ctx, tx, w, r.ID, s)
}

// giveBack decides the open proposals about awards that were shown to go back, of
// no more than what was shown, in the order shown.
func giveBack(ctx context.Context, tx *sqlx.Tx, w Walk, child family.ChildID, shown []approval.Effect) error {
	records, err := family.Records(ctx, tx, []family.ChildID{child})
	if err != nil {
		return err
	}
	all := family.WithRecords([]family.ChildID{child}, records)
	open, err := savings.OpenExcesses(ctx, tx, w.Program.ID, all)
	if err != nil {
		return err
	}
	for _, e := range shown {
		room := e.Before.Sub(e.After)
		for _, id := range all {
			for _, x := range open[id] {
				if x.Benefit != e.What || x.Period != e.Period || room.Less(x.Amount) {
					continue
				}
				room = room.Sub(x.Amount)
				if err := savings.Decide(ctx, tx, w.Who, w.Program, x.ID, true, w.AsOf, w.At); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func agree(ctx context.Context, tx *sqlx.Tx, w Walk, request approval.ID, s Settling) error {
	const query = `
		INSERT INTO exit_settlements (tenant_id, program_id, child_id, request_id, cause, owner, destination, benefit, fund, amount, agreed_by, agreed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CAST($10 AS numeric), $11, $12)
		ON CONFLICT ON CONSTRAINT exit_settlements_part_key DO NOTHING`
	for _, p := range s.Parts { // as many as a child has benefits
		_, err := tx.ExecContext(ctx, query, w.Who.Tenant, w.Program.ID, s.Child, request, s.Cause, p.Owner, p.Destination, p.Benefit, p.Fund, p.Amount, w.Who.Actor, w.At)
		if err != nil {
			return fmt.Errorf("agree to settle child %d: %w", s.Child, err)
		}
	}
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "enroll.settled", Kind: "child", Subject: int64(s.Child), Program: int32(w.Program.ID),
		After: map[string]any{"cause": s.Cause, "request": request, "parts": len(s.Parts)}}}, w.At)
}

// Settlement is a part of a child's money that two people agreed leaves the
// account. That it was paid, another room says.
type Settlement struct {
	Part
	Cause    Cause
	Request  approval.ID
	AgreedBy string
	AgreedAt time.Time
}

// SettlementsOf are those of a child in a program, the oldest first.
func SettlementsOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) (out []Settlement, err error) {
	const query = `
		SELECT owner, destination, benefit, fund, amount, cause, request_id, agreed_by, agreed_at
		FROM exit_settlements WHERE program_id = $1 AND child_id = $2 ORDER BY id`
	rows, err := q.QueryxContext(ctx, query, p, child)
	if err != nil {
		return nil, fmt.Errorf("settlements of child %d: %w", child, err)
	}
	defer rows.Close()
	for rows.Next() {
		var s Settlement
		if err := rows.Scan(&s.Owner, &s.Destination, &s.Benefit, &s.Fund, &s.Amount, &s.Cause, &s.Request, &s.AgreedBy, &s.AgreedAt); err != nil {
			return nil, fmt.Errorf("settlements of child %d: %w", child, err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}
