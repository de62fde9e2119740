package enroll

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/family"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// Correcting is a correction as it waits for approval: what was booked, what
// should have been, and what becomes of both sides.
type Correcting struct {
	savings.Correction
	// Booked is what stands in the books: the state of the deposit goes into what
	// is approved, so that it cannot change unnoticed.
	Booked Booked `json:"booked"`
}

// Booked is a deposit as it stands before a correction.
type Booked struct {
	Child  family.ChildID `json:"child"`
	Amount ledger.Amount  `json:"amount"`
	On     ledger.Date    `json:"on"`
	State  string         `json:"state"`
}

// Children are whom a correction concerns: who had the deposit, and whose it is.
func (c Correcting) Children() []family.ChildID {
	var ids []family.ChildID
	for _, id := range []family.ChildID{c.Booked.Child, c.Child} {
		if id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// CorrectionContent works out what a correction would do to both children: their
// own money, and each award before and after, as of the day of the walk. What
// the wrong deposit had earned and was given is taken back with it.
func CorrectionContent(ctx context.Context, q sqlx.QueryerContext, w Walk, c savings.Correction) (out approval.Content, err error) {
	was, err := c.Check(ctx, q, w.Program)
	if err != nil {
		return out, err
	}
	if err := c.Affordable(ctx, q, w.Program, was); err != nil {
		return out, err
	}
	full := Correcting{Correction: c, Booked: Booked{was.Child, was.Amount, was.On, was.State}}
	ids := full.Children()
	before, err := Facts(ctx, q, w.Who, w.Keys, w.Program.ID, ids)
	if err != nil {
		return out, err
	}
	if before, err = savings.WithDeposits(ctx, q, w.Program.ID, before); err != nil {
		return out, err
	}
	money, err := MoneyOf(ctx, q, w.Program, ids)
	if err != nil {
		return out, err
	}
	out.Affected, out.Total = len(ids), was.Amount.Max(c.Amount)
	out.Difference = full.after(0).Sub(full.before(0))
	after := c.Corrected(before)
	for i, child := range before {
		id := family.ChildID(child.ID)
		own := money[id].Own
		out.Effects = append(out.Effects, approval.Effect{What: "own", Child: child.ID, Before: own, After: own.Sub(full.before(id)).Add(full.after(id))})
		awards := awardEffects(w, child, after[i])
		for _, e := range awards {
			out.Total = out.Total.Add(abs(e.After.Sub(e.Before)))
			out.Difference = out.Difference.Add(e.After.Sub(e.Before))
		}
		out.Effects = append(out.Effects, awards...)
	}
	out.Details, err = json.Marshal(full)
	return out, err
}

// before and after are what the deposit puts on a child's account, of 0 on
// anybody's.
func (c Correcting) before(id family.ChildID) ledger.Amount {
	if c.Booked.Child == 0 || id != 0 && id != c.Booked.Child {
		return ledger.Amount{}
	}
	return c.Booked.Amount
}

func (c Correcting) after(id family.ChildID) ledger.Amount {
	if c.Child == 0 || id != 0 && id != c.Child {
		return ledger.Amount{}
	}
	return c.Amount
}

func abs(a ledger.Amount) ledger.Amount { return a.Max(a.Neg()) }

// awardEffects are a child's awards that the correction changes.
func awardEffects(w Walk, before, after rules.Child) (out []approval.Effect) {
	was := map[[2]string]ledger.Amount{}
	for _, e := range rules.Evaluate(w.Rules, before, w.AsOf) {
		was[[2]string{e.Benefit, e.Period}] = e.Amount
	}
	for _, e := range rules.Evaluate(w.Rules, after, w.AsOf) {
		k := [2]string{e.Benefit, e.Period}
		if e.Amount != was[k] {
			out = append(out, approval.Effect{What: e.Benefit, Period: e.Period, Child: before.ID, Before: was[k], After: e.Amount})
		}
		delete(was, k)
	}
	for k, amount := range was {
		if !amount.IsZero() {
			out = append(out, approval.Effect{What: k[0], Period: k[1], Child: before.ID, Before: amount})
		}
	}
	slices.SortFunc(out, func(a, b approval.Effect) int {
		return slices.Compare([]string{a.What, a.Period}, []string{b.What, b.Period})
	})
	return out
}

// ReadCorrection reads what a request for a correction says.
func ReadCorrection(r approval.Request) (c Correcting, err error) {
	says, err := r.Says()
	if err == nil {
		err = json.Unmarshal(says.Details, &c)
	}
	if err != nil {
		return c, fmt.Errorf("read correction %d: %w", r.ID, err)
	}
	return c, nil
}

// ProposeCorrection has a correction wait for another person, once what it would
// do is worked out. Asking for the same again gives the same request.
func ProposeCorrection(ctx context.Context, tx *sqlx.Tx, w Walk, c savings.Correction, reason string) (approval.ID, error) {
	content, err := CorrectionContent(ctx, tx, w, c)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, w.Who, approval.Proposal{
		Program: int64(w.Program.ID), Kind: approval.Correction, Subject: CorrectionSubject(c.Deposit), Reason: reason, Content: content}, w.At)
}

// CorrectionSubject is what a request about a deposit is about.
func CorrectionSubject(id savings.DepositID) string {
	return "deposit/" + strconv.FormatInt(int64(id), 10)
}

// Correct does an approved correction: the money moves, both children are
// assessed anew, and what the wrong deposit had earned is taken back by the same
// approval, as far as it was shown. What the right one earns comes with the next
// run, in its turn. The walk is the checker's; maker asked for it.
func Correct(ctx context.Context, tx *sqlx.Tx, w Walk, r approval.Request, maker store.Who) error {
	c, err := ReadCorrection(r)
	if err != nil {
		return err
	}
	says, err := r.Says()
	if err != nil {
		return err
	}
	ref := r.ID.Ref() + " " + w.Who.Actor
	if err := savings.Correct(ctx, tx, maker, w.Program, c.Correction, ref, w.At); err != nil {
		return err
	}
	children, err := Facts(ctx, tx, w.Who, w.Keys, w.Program.ID, c.Children())
	if err != nil {
		return err
	}
	if _, err := savings.Assess(ctx, tx, maker, w.Program, w.Rules, children, nil, w.AsOf, w.At); err != nil {
		return err
	}
	open, err := savings.OpenExcesses(ctx, tx, w.Program.ID, c.Children())
	if err != nil {
		return err
	}
	return takeBack(ctx, tx, w, maker, says.Effects, open)
}

// takeBack decides the proposals that the correction itself brought about: those
// about an award that was shown to shrink, of no more than what was shown, and
// found just now. Any other proposal is left for somebody to decide.
func takeBack(ctx context.Context, tx *sqlx.Tx, w Walk, maker store.Who, shown []approval.Effect, open map[family.ChildID][]savings.Excess) error {
	for _, e := range shown {
		for _, x := range open[family.ChildID(e.Child)] {
			if x.Benefit != e.What || x.Period != e.Period || x.FoundBy != maker.Actor || !sameInstant(x.FoundAt, w.At) || e.Before.Sub(e.After).Less(x.Amount) {
				continue
			}
			if err := savings.Decide(ctx, tx, w.Who, w.Program, x.ID, true, w.AsOf, w.At); err != nil {
				return err
			}
		}
	}
	return nil
}

// sameInstant compares as the database keeps instants.
func sameInstant(a, b time.Time) bool {
	return a.Truncate(time.Microsecond).Equal(b.Truncate(time.Microsecond))
}
