package payout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/rules"
	"seedbook/service/savings"
)

// Asking is what somebody asks for.
type Asking struct {
	Child   family.ChildID
	Origin  Origin
	Purpose Purpose
	Expense string
	Whose   rules.Owner   // "": by the rule book's order
	Amount  ledger.Amount // 0.00: all that may be paid
	Payee   PayeeID       // 0: not known yet
	// Reference names the form or the approved request: sent again, it asks once.
	Reference string
	Why       string
}

// Part is money of one origin that a withdrawal takes.
type Part struct {
	Owner    rules.Owner   `json:"owner"`
	Benefit  string        `json:"benefit,omitempty"` // "": the family's own
	Fund     string        `json:"fund,omitempty"`    // its code
	Amount   ledger.Amount `json:"amount"`            // earnings included
	Earnings ledger.Amount `json:"earnings"`
}

// Effect is what paying a withdrawal does.
type Effect struct {
	Amount ledger.Amount // what is paid
	Own    ledger.Amount // of it the family's own
	Parts  []Part
	// Short is what of the asked amount cannot be paid, and Why.
	Short ledger.Amount
	Why   rules.UnpaidReason
	// Lost is what goes back to its funds because of it, beside the awards.
	Lost []Part
	// Back are awards on the account that go back to their funds; Stops are
	// awards on their way that do not come.
	Back, Stops []approval.Effect
	// Barred is a hold that keeps money from being paid out.
	Barred family.HoldKind
	// Evidence, Payee and Approvals are what the rule book asks for.
	Evidence  []string
	Payee     string
	Approvals int
}

// Foresee says what a withdrawal would do, and changes nothing. Others of the
// child that wait are taken to be paid first.
func Foresee(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, a Asking) (Effect, error) {
	return foresee(ctx, q, w, a, 0)
}

// most is more than any account holds: asked for, all is paid that may be.
var most = ledger.Minor(999_999_999_999_99)

func foresee(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, a Asking, self ID) (out Effect, err error) {
	if err := a.check(w.Rules); err != nil {
		return out, err
	}
	barred, err := family.Barred(ctx, q, []family.ChildID{a.Child}, family.ToWithdraw)
	if err != nil {
		return out, err
	}
	out.Barred = barred[a.Child]
	child, err := history(ctx, q, w, a.Child, self)
	if err != nil {
		return out, err
	}
	paid, err := savings.PaidTo(ctx, q, w.Program.ID, a.Child)
	if err != nil {
		return out, err
	}
	out.split(w, a, child, paid)
	out.asks(w.Rules, a)
	if out.Amount.IsZero() {
		return out, nil
	}
	after := child
	after.Events = append(slices.Clone(child.Events), out.events(a, w.AsOf)...)
	return out, out.awards(ctx, q, w, child, after)
}

// check refuses what no rule book pays.
func (a Asking) check(b *rules.Book) error {
	w := b.Withdrawal
	switch {
	case !slices.Contains(Purposes, a.Purpose):
		return field("purpose")
	case a.Whose != "" && a.Whose != rules.OwnFamily && a.Whose != rules.OwnProgram:
		return field("whose")
	case a.Amount.Sign() < 0 || most.Less(a.Amount):
		return field("amount")
	case a.Purpose == Qualified && w != nil && len(w.Qualified) > 0 && !slices.Contains(w.Qualified, a.Expense):
		return ErrExpense.At("expense")
	}
	return nil
}

// asks is what the rule book asks of a withdrawal.
func (e *Effect) asks(b *rules.Book, a Asking) {
	e.Approvals = 1
	if w := b.Withdrawal; w != nil && a.Purpose.rule() == rules.Qualified {
		e.Evidence, e.Payee, e.Approvals = w.Evidence, w.Payee, max(1, w.Approvals)
	}
}

// history is what is known of a child, and what it has asked for before and not
// been given yet.
func history(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, id family.ChildID, self ID) (rules.Child, error) {
	known, err := enroll.Facts(ctx, q, w.Who, w.Keys, w.Program.ID, []family.ChildID{id})
	if err != nil {
		return rules.Child{}, err
	}
	if known, err = savings.WithDeposits(ctx, q, w.Program.ID, known); err != nil {
		return rules.Child{}, err
	}
	child := known[0]
	records, err := family.Records(ctx, q, []family.ChildID{id})
	if err != nil {
		return child, err
	}
	const query = `SELECT ` + columns + ` FROM withdrawals w
		WHERE w.program_id = $1 AND w.child_id = ANY ($2) AND w.state IN ('requested', 'docs_pending', 'reviewed')
		  AND (CAST($3 AS bigint) = 0 OR w.id < $3) ORDER BY w.id`
	var waiting []Withdrawal
	if err := sqlx.SelectContext(ctx, q, &waiting, query, w.Program.ID, pq.Array(family.WithRecords([]family.ChildID{id}, records)), self); err != nil {
		return child, fmt.Errorf("what waits of child %d: %w", id, err)
	}
	for _, o := range waiting {
		child.Events = append(child.Events, rules.Event{Key: "asked/" + strconv.FormatInt(int64(o.ID), 10), Kind: rules.Withdrawal, On: w.AsOf,
			Seq: thought + int64(o.ID), Amount: o.Amount, Purpose: o.Purpose.rule(), From: o.Whose})
	}
	return child, nil
}

// thought orders events that are only thought of behind all that happened on a
// day.
const thought = 1 << 61

const thinking = "withdrawal"

// split has the rules say whose money is paid.
func (e *Effect) split(w enroll.Walk, a Asking, child rules.Child, paid []rules.Paid) {
	asked := a.Amount
	if asked.IsZero() {
		asked = most
	}
	child.Events = append(slices.Clone(child.Events), rules.Event{Key: thinking, Kind: rules.Withdrawal, On: w.AsOf, Seq: 1<<62 + 1, Amount: asked, Purpose: a.Purpose.rule(), From: a.Whose})
	s := rules.StandingPaid(w.Rules, child, paid, w.AsOf)
	for _, d := range s.Departures {
		if d.Event != thinking {
			continue
		}
		for _, p := range d.Parts {
			part := Part{d.Owner, p.Benefit, p.Fund, p.Amount, p.Earnings}
			if d.Why != rules.LeftByWithdrawal {
				e.Lost = append(e.Lost, part)
				continue
			}
			e.Amount, e.Parts = e.Amount.Add(p.Amount), append(e.Parts, part)
			if d.Owner == rules.OwnFamily {
				e.Own = e.Own.Add(p.Amount)
			}
		}
	}
	for _, u := range s.Unpaid {
		if u.Event == thinking {
			e.Short, e.Why = u.Amount, u.Why
		}
	}
	if a.Amount.IsZero() && e.Amount.Sign() > 0 {
		e.Short, e.Why = ledger.Amount{}, ""
	}
	slices.SortStableFunc(e.Parts, func(a, b Part) int {
		return cmp.Or(cmp.Compare(b.Owner, a.Owner), cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Fund, b.Fund))
	})
}

// events are what a withdrawal is to the rules once it is known whose money it
// takes (savings.WithDeposits reads them back).
func (e *Effect) events(a Asking, on ledger.Date) []rules.Event {
	return savings.WithdrawalEvents(0, rules.Event{On: on, Purpose: a.Purpose.rule()}, e.Own, e.Amount.Sub(e.Own))
}

// awards compares what was given with what the child is entitled to afterwards,
// by what it was entitled to before: what was too much already is no matter of
// this withdrawal.
func (e *Effect) awards(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, before, after rules.Child) error {
	given, err := savings.AwardsOf(ctx, q, w.Program.ID, []family.ChildID{family.ChildID(before.ID)})
	if err != nil {
		return err
	}
	was, will := entitled(w, before), entitled(w, after)
	for _, a := range given {
		k := [2]string{a.Benefit, a.Period}
		lost := was[k].Sub(will[k]).Max(ledger.Amount{})
		if lost.IsZero() {
			continue
		}
		coming := a.Accrued.Add(a.Queued)
		stops := coming.Min(lost)
		if stops.Sign() > 0 {
			e.Stops = append(e.Stops, approval.Effect{What: a.Benefit, Period: a.Period, Child: after.ID, Before: coming, After: coming.Sub(stops)})
		}
		// What the withdrawal itself takes of an award cannot be taken back, too.
		back := lost.Sub(stops).Min(a.Posted)
		if back.Sign() > 0 {
			e.Back = append(e.Back, approval.Effect{What: a.Benefit, Period: a.Period, Child: after.ID, Before: a.Posted, After: a.Posted.Sub(back)})
		}
	}
	return nil
}

func entitled(w enroll.Walk, c rules.Child) map[[2]string]ledger.Amount {
	out := map[[2]string]ledger.Amount{}
	for _, e := range rules.Evaluate(w.Rules, c, w.AsOf) {
		out[[2]string{e.Benefit, e.Period}] = e.Amount
	}
	return out
}

// Payable refuses a withdrawal that cannot be paid as it is asked for.
func (e Effect) Payable(ctx context.Context, q sqlx.QueryerContext, child family.ChildID) error {
	if e.Barred != "" {
		return family.Permit(ctx, q, child, family.ToWithdraw)
	}
	if e.Short.Sign() > 0 || e.Amount.IsZero() {
		return ErrNotPaid.At("amount").With(map[string]any{"amount": e.Amount, "why": string(cmp.Or(e.Why, rules.UnpaidMoney))})
	}
	return nil
}
