package rules

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// countPeriod counts a period itself, for a benefit that comes with each.
func (e *evaluator) countPeriod(s *span, until ledger.Date) {
	on, v := e.periodDay(s)
	if v < 0 {
		return
	}
	if on.After(until) || !s.period.Contains(on) || !e.leftOn.IsZero() && on.After(e.leftOn) {
		return
	}
	t, ok := e.tierOf(s, s.plan.in[v], on)
	if !ok {
		s.undecided++
		return
	}
	ev := Event{On: on}
	if e.counts(s, t, &ev) {
		e.add(s, t, v, &ev, ledger.Minor(100))
	}
}

// periodDay is the day by which a period that itself counts is judged, and
// whose version answers, or −1 where no terms count it: its first day, or that
// from which periods count.
func (e *evaluator) periodDay(s *span) (ledger.Date, int) {
	for _, b := range s.plan.since {
		anchor := e.beginning(b)
		on := s.period.First
		if on.Before(anchor) {
			on = anchor
		}
		v := e.versionFor(s.plan, on, s.period)
		if v < 0 || anchor.IsZero() || s.plan.in[v] == nil {
			continue
		}
		if t := s.plan.in[v].Trigger; t.Kind == EachPeriod && t.From == b.word {
			return on, v
		}
	}
	return ledger.Date{}, -1
}

// run is a streak being counted.
type run struct {
	unit   int           // the month or quarter it is in, counted from year 0
	sum    ledger.Amount // saved in it
	done   bool          // it reached the least
	length int           // units in a row that did
}

// countStreak counts a streak when a deposit completes it. The next begins
// with the next unit.
func (e *evaluator) countStreak(s *span, t *terms, v int, ev *Event) {
	if ev.Kind != Deposit || !e.counts(s, t, ev) {
		return
	}
	r := &s.streak
	unit := 12*ev.On.Year() + int(ev.On.Month()) - 1
	if t.Streak.Unit == Quarterly {
		unit /= 3
	}
	if unit != r.unit {
		if unit != r.unit+1 || !r.done {
			r.length = 0
		}
		r.unit, r.sum, r.done = unit, ledger.Amount{}, false
	}
	r.sum = r.sum.Add(e.kept(t, ev))
	if r.done || r.sum.Less(t.Streak.Least) {
		return
	}
	r.done = true
	if r.length++; r.length == t.Streak.Length {
		r.length = 0
		e.add(s, t, v, ev, ledger.Minor(100))
	}
}

// countBalance counts what is saved: it goes through the whole history, for a
// balance has no beginning.
func (e *evaluator) countBalance(s *span, until ledger.Date) {
	end, v := e.balanceEnd(s, earlier(until, s.period.Last))
	if v < 0 {
		return
	}
	if end.Before(s.period.Last) {
		until = end
	}
	b := balances{e: e, s: s, t: s.plan.in[v], v: v, end: end, monthEnd: ledger.NewDate(s.period.First.Year(), s.period.First.Month(), 0)}
	for i := range e.events {
		if e.events[i].On.After(end) {
			break
		}
		b.take(&e.events[i])
	}
	b.close(until)
}

// balanceEnd is the last day up to a day of which a balance is counted, and the
// version that answers for it, or −1. Where no terms hold on the day any more,
// what they counted in the period by their own last day stays.
func (e *evaluator) balanceEnd(s *span, end ledger.Date) (ledger.Date, int) {
	for {
		v := e.versionFor(s.plan, end, s.period)
		if v >= 0 && s.plan.in[v] != nil && s.plan.in[v].Basis.Measure.balance() {
			return end, v
		}
		before := ledger.Date{}
		for i := range e.book.Versions {
			if to := e.book.Versions[i].EffectiveTo; !to.IsZero() && to.Before(end) && !to.Before(s.period.First) {
				before = to
			}
		}
		if by := e.book.Versions[0].SelectedBy; before.IsZero() || by == CohortDate || by == PeriodStart {
			return end, -1
		}
		end = before
	}
}

// balances follows what is saved through a history, for one span.
type balances struct {
	e        *evaluator
	s        *span
	t        *terms
	v        int
	end      ledger.Date
	now      ledger.Amount
	before   ledger.Amount // the most before the period
	high     ledger.Amount // the most in it
	highOn   ledger.Date
	monthEnd ledger.Date   // the end of the last month that was closed
	opening  ledger.Amount // what was saved then
}

func (b *balances) take(ev *Event) {
	b.closeMonth(ev.On)
	switch ev.Kind {
	case Deposit:
		b.now = b.now.Add(b.e.kept(b.t, ev))
	case Withdrawal:
		if ev.From != OwnProgram {
			b.now = b.now.Sub(ev.Amount)
		}
	default:
		return
	}
	if ev.On.Before(b.s.period.First) {
		b.before = b.before.Max(b.now)
	} else if b.high.Less(b.now) {
		b.high, b.highOn = b.now, ev.On
	}
}

// closeMonth counts the month that ended before a day, if its end is one of the
// period's. The month in which the period begins is measured from its own
// beginning, not from the period's.
func (b *balances) closeMonth(day ledger.Date) {
	if b.t.Basis.Measure != MonthEndIncrease || !day.After(b.monthEnd) {
		return
	}
	b.countMonth()
	b.opening = b.now
	b.monthEnd = ledger.NewDate(day.Year(), day.Month()+1, 0)
}

// close counts what the period's end decides.
func (b *balances) close(until ledger.Date) {
	switch b.t.Basis.Measure {
	case HighestBalance:
		b.count(b.highOn, b.high.Sub(b.before))
	case ContributionBalance:
		if b.end == b.s.period.Last {
			b.count(b.end, b.now)
		}
	case MonthEndIncrease:
		if !b.monthEnd.After(until) {
			b.countMonth()
		}
	}
}

// countMonth counts what is saved at the month's end above the one before.
func (b *balances) countMonth() {
	if b.s.period.Contains(b.monthEnd) {
		b.count(b.monthEnd, b.now.Sub(b.opening))
	}
}

func (b *balances) count(on ledger.Date, amount ledger.Amount) {
	if amount.Sign() <= 0 {
		return
	}
	t, ok := b.e.tierOf(b.s, b.t, on)
	if !ok {
		b.s.undecided++
		return
	}
	ev := Event{On: on}
	if b.e.counts(b.s, t, &ev) {
		b.e.add(b.s, t, b.v, &ev, amount)
	}
}

// accrued is the room that a child gathered up to and with a period: what each
// period's own version adds.
func (e *evaluator) accrued(s *span, t *terms) (total ledger.Amount) {
	from, last := e.beginning(t.Carry.begins()), s.period.First
	if from.IsZero() {
		return ledger.Amount{}
	}
	s.read |= t.Carry.reads()
	if t.Carry.stops != nil {
		if day, known := e.view.moment(t.Carry.stops); known {
			last = earlier(last, t.Carry.stops.last(day))
		}
	}
	for p := e.periodOf(s.plan, from); !p.First.After(last); p = e.periodOf(s.plan, p.Last.AddDays(1)) {
		accrual := t.Carry.Accrual
		if v := e.versionFor(s.plan, p.First, p); v >= 0 && s.plan.in[v] != nil && s.plan.in[v].Carry != nil && t.tier == "" {
			accrual = s.plan.in[v].Carry.Accrual
		}
		total = total.Add(accrual)
	}
	return total
}

// reads are the slots that room depends on.
func (k *Carry) reads() (slots uint64) {
	if k.from >= 0 {
		slots |= 1 << k.from
	}
	if k.stops != nil {
		slots |= k.stops.reads
	}
	return slots
}

// begins is from where room counts.
func (k *Carry) begins() beginning { return beginning{k.AccruesFrom, k.from} }

// beginning is the day from which periods or room count, or no day where it is
// not known.
func (e *evaluator) beginning(b beginning) ledger.Date {
	switch {
	case b.word == fromBirthday:
		return e.view.child.BornOn
	case b.slot < 0:
		return e.enrolled
	}
	e.view.day = e.asOf
	day, _ := e.view.value(b.slot)
	on, _ := day.(celDate)
	return on.Date
}

// slotOf is the name behind a beginning.
func (e *evaluator) slotOf(b beginning) int {
	switch {
	case b.word == fromBirthday:
		return e.book.facts.index["born_on"]
	case b.slot < 0:
		return e.book.facts.index[string(Enrolled)+"_on"]
	}
	return b.slot
}

// phaseOut lowers a product by where a fact lies on the slope.
func (e *evaluator) phaseOut(s *span, p *PhaseOut, product decimal.Decimal, log bool) decimal.Decimal {
	e.view.day = s.last
	s.read |= 1 << e.book.facts.index[p.Fact]
	value, _ := e.view.money(p.Fact) // known: holds has asked
	switch {
	case !p.From.Less(value):
		return product
	case !value.Less(p.To):
		return decimal.Zero
	}
	const exact = 16 // digits; a product has at most 12, so a tie stays a tie
	left, all := p.To.Sub(value).Decimal(), p.To.Sub(p.From).Decimal()
	if log {
		e.lines = append(e.lines, Line{Op: OpPhaseOut, Rate: left.DivRound(all, 4).String()})
	}
	return product.Mul(left).DivRound(all, exact)
}
