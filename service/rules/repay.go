package rules

import (
	"slices"

	"seedbook/ledger"
)

// repay takes off the awards what the family's withdrawals cost. The room under
// the caps was used all the same and stays so.
func (e *evaluator) repay() {
	for i := range e.book.plans {
		if p := &e.book.plans[i]; p.repays {
			e.repayPlan(p)
		}
	}
}

func (p *plan) addRepays(t *terms) {
	if t == nil {
		return
	}
	on := t.Undo.OnWithdrawal
	p.repays = p.repays || on == undoShare || on == undoForfeit
	for i := range t.tiers {
		p.addRepays(t.tiers[i].terms)
	}
}

// debt is what withdrawals cost a benefit so far.
type debt struct {
	repaid ledger.Amount
	taken  ledger.Amount // of the deposits behind it
	by     []owed
}

// owed is what one period pays back.
type owed struct {
	period ledger.Period
	amount ledger.Amount
}

func (d *debt) of(p ledger.Period) *owed {
	for i := range d.by {
		if d.by[i].period == p {
			return &d.by[i]
		}
	}
	d.by = append(d.by, owed{period: p})
	return &d.by[len(d.by)-1]
}

func (e *evaluator) repayPlan(p *plan) {
	var d debt
	for i := range e.events {
		if ev := &e.events[i]; ev.Kind == Withdrawal && ev.From != OwnProgram {
			e.repayEvent(p, &d, i)
		}
	}
	for i := range e.spans {
		s := &e.spans[i]
		back := d.of(s.period).amount
		if s.plan != p || back.IsZero() {
			continue
		}
		back = back.Min(s.amount)
		s.amount, s.due = s.amount.Sub(back), s.due.Sub(back).Max(ledger.Amount{})
		s.lines = append(s.lines, Line{Op: OpRepaid, Amount: back})
		if s.amount.IsZero() {
			s.reason, s.payOn, s.wait, s.funds = ReasonRepaid, ledger.Date{}, "", nil
		}
	}
}

// repayEvent adds what one withdrawal costs: min(A/B × C, A), from the latest
// periods first.
func (e *evaluator) repayEvent(p *plan, d *debt, at int) {
	sub := e.before(at)
	defer e.book.giveBack(sub)
	var given, behind ledger.Amount
	var undo Undo
	for i := range sub.spans {
		if s := &sub.spans[i]; s.plan == p && s.amount.Sign() > 0 {
			given, behind = given.Add(s.amount), behind.Add(s.assisted(e.book))
			undo = s.terms.Undo
		}
	}
	a, b := given.Sub(d.repaid).Max(ledger.Amount{}), behind.Sub(d.taken).Max(ledger.Amount{})
	ev := &e.events[at]
	if a.IsZero() || !undo.touches(ev) {
		return
	}
	back := a
	switch undo.OnWithdrawal {
	case undoShare:
		c := ev.Amount.Min(b)
		if c.IsZero() {
			return
		}
		d.taken = d.taken.Add(c)
		back = shareOf(a, c, b, e.book.Program.Rounding).Min(a)
	case undoForfeit:
	default:
		return
	}
	d.repaid = d.repaid.Add(back)
	for i := len(sub.spans) - 1; i >= 0 && back.Sign() > 0; i-- {
		if s := &sub.spans[i]; s.plan == p {
			o := d.of(s.period)
			part := s.amount.Sub(o.amount).Max(ledger.Amount{}).Min(back)
			o.amount, back = o.amount.Add(part), back.Sub(part)
		}
	}
}

// shareOf is all × part / whole, rounded once.
func shareOf(all, part, whole ledger.Amount, by ledger.Rounding) ledger.Amount {
	const exact = 16 // digits beyond the point: a tie between two cents stays one
	return ledger.Round(all.Decimal().Mul(part.Decimal()).DivRound(whole.Decimal(), exact), by)
}

// assisted is what of the deposits is behind a span's amount: what counts, but
// no more than what it takes to come to the amount where a cap cut it.
func (s *span) assisted(b *Book) ledger.Amount {
	r := s.terms.Amount.Ratio
	if r == nil || s.reason == ReasonAwarded || s.reason == ReasonBaseCap {
		return s.used
	}
	const exact = 16
	return ledger.Round(s.amount.Decimal().DivRound(*r, exact), b.Program.Rounding).Min(s.used)
}

// before settles the child as it was just before one of its events. What the
// bank took back later of deposits made earlier was never there.
func (e *evaluator) before(at int) *evaluator {
	on := e.events[at].On
	c := *e.view.child
	c.Events = slices.Clone(e.events[:at])
	for _, ev := range e.events[at:] {
		if ev.Kind == Return && slices.ContainsFunc(c.Events, func(d Event) bool { return d.Kind == Deposit && d.Key == ev.Of }) {
			ev.On = earlier(ev.On, on)
			c.Events = append(c.Events, ev)
		}
	}
	sub := e.book.borrow(&c, on)
	sub.view.asOf = e.asOf
	for i := range e.book.plans {
		sub.gather(&e.book.plans[i])
	}
	sub.settle()
	return sub
}
