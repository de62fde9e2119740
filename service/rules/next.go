package rules

import (
	"slices"

	"seedbook/ledger"
)

// Next is the earliest day after asOf on which what the book gives the child
// could be another without any news: an amount, the part of it that is payable
// or cannot be lost any more, or the reason of an amount. It may be too early,
// never too late; no day means never. Whoever evaluated a child and learns
// nothing new of it may leave it alone until then.
//
// The reasons of nothing are not looked at: that a month without a deposit
// begins is seen by whoever asks about the child, and nobody has to be told.
//
// What leaves an account without anybody doing anything is looked at too: money
// that expires, that was not claimed in time, or that lies unused after an exit.
func Next(b *Book, c Child, asOf ledger.Date) ledger.Date {
	s := soonest{after: asOf}
	s.or(b.nextGift(c, asOf))
	if b.rings() {
		s.or(b.bellAfter(&c, asOf))
		s.known(&c) // may move the bell
	}
	return s.day
}

// bellAfter is the next day on which money leaves a child's account by itself.
// Only what lies unused after an exit asks for the whole history.
func (b *Book) bellAfter(c *Child, asOf ledger.Date) ledger.Date {
	r := newReplay(b, c, asOf)
	defer b.giveBack(r.e)
	if b.goesDormant() {
		r.run()
	}
	for {
		rings, on := r.nextBell()
		if on.After(asOf) || on.IsZero() {
			return on
		}
		r.rang[rings] = true
	}
}

// rings reports a book by which money may leave without an event.
func (b *Book) rings() bool {
	claim := b.Enrollment.Claim
	return len(b.Expiry) > 0 || claim != nil && claim.OnMiss == claimToPool ||
		b.goesDormant()
}

func (b *Book) goesDormant() bool {
	return slices.ContainsFunc(b.Exit, func(x Exit) bool { return len(x.Dormancy) > 0 })
}

// nextGift is Next for what the child is given.
func (b *Book) nextGift(c Child, asOf ledger.Date) ledger.Date {
	now, day := b.look(&c, asOf)
	for range maxLooks {
		if day.IsZero() {
			return day
		}
		then, next := b.look(&c, day)
		if !slices.Equal(now, then) {
			return day
		}
		day = next
	}
	return day
}

// maxLooks bounds how many days Next tries: two years of month ends.
const maxLooks = 24

// gift is what a benefit gives in a period, as far as a run acts on it.
type gift struct {
	benefit, period string
	amount, due     ledger.Amount
	vested          ledger.Amount
	reason          Reason
	// Its place among those who wait for a fund's money.
	earnedOn  ledger.Date
	earnedSeq int64
}

// look is what a child is given as of a day, and the next day on which that
// could be another.
func (b *Book) look(c *Child, asOf ledger.Date) (given []gift, next ledger.Date) {
	all, next := Look(b, *c, asOf)
	for _, t := range all {
		if t.Amount.Sign() > 0 {
			given = append(given, gift{t.Benefit, t.Period, t.Amount, t.Due, t.Vested, t.Why.Reason, t.EarnedOn, t.EarnedSeq})
		}
	}
	return given, next
}

// Look is Evaluate with the next day on which an amount could be another
// without any news; no day means never. It costs hardly more than Evaluate, and
// its day may come long before the one that Next finds: it is for whoever
// follows a child through many days.
func Look(b *Book, c Child, asOf ledger.Date) ([]Entitlement, ledger.Date) {
	e := b.borrow(&c, asOf)
	defer b.giveBack(e)
	all := e.evaluate()
	s := soonest{after: asOf}
	e.news(&s)
	if !e.enrolled.IsZero() {
		e.turns(&s)
		for i := range e.spans {
			e.paydays(&e.spans[i], &s)
		}
	}
	return all, s.day
}

// soonest keeps the earliest of the days after a day.
type soonest struct{ after, day ledger.Date }

func (s *soonest) or(day ledger.Date) {
	if day.After(s.after) && (s.day.IsZero() || day.Before(s.day)) {
		s.day = day
	}
}

// known are the days on which events and facts begin to count.
func (s *soonest) known(c *Child) {
	for i := range c.Events {
		s.or(c.Events[i].On)
	}
	for i := range c.Facts {
		s.or(c.Facts[i].From)
		s.or(c.Facts[i].Known)
	}
}

// news are the days on which something begins to count that is known already:
// events, facts, versions, and the moments of the book.
func (e *evaluator) news(s *soonest) {
	s.known(e.view.child)
	s.versions(e.book)
	for _, m := range e.book.moments {
		if day, known := e.view.moment(m); known {
			s.or(day)
			s.or(day.AddDays(1))
		}
	}
}

// turns are the days on which a benefit counts something that no event brings.
func (e *evaluator) turns(s *soonest) {
	for i := range e.book.plans {
		p := &e.book.plans[i]
		if len(p.since) > 0 {
			e.turnOfPeriod(p, s)
		}
		if p.census {
			s.or(e.book.Calendar.censusFrom(e.asOf.AddDays(1)))
		}
		for _, t := range p.in {
			if t == nil {
				continue
			}
			if born := e.view.child.BornOn; t.Trigger.Kind == AtAge && !born.IsZero() {
				s.or(birthday(born, t.Trigger.Years, e.book.Program.LeapDay))
			}
			if t.Basis.Measure == MonthEndIncrease {
				s.or(monthEnd(e.asOf.AddDays(1)))
			}
		}
	}
}

// turnOfPeriod are the days on which a period of a benefit ends and the next
// begins, or on which periods begin to count.
func (e *evaluator) turnOfPeriod(p *plan, s *soonest) {
	for _, b := range p.since {
		s.or(e.beginning(b))
	}
	if period := e.periodOf(p, e.asOf); period != forever {
		s.or(period.Last)
		s.or(period.Last.AddDays(1))
	}
}

func monthEnd(day ledger.Date) ledger.Date { return ledger.NewDate(day.Year(), day.Month()+1, 0) }

// paydays are the days on which a part of a span's amount becomes payable. A
// part is earned by an event or, where a balance is counted, at a month's end.
func (e *evaluator) paydays(sp *span, s *soonest) {
	if sp.amount.IsZero() || sp.due == sp.amount || sp.terms == nil {
		return
	}
	earned := func(on ledger.Date) {
		if !on.After(sp.last) {
			day, _ := e.payday(sp.terms, on, sp.period)
			s.or(day)
		}
	}
	earned(sp.last)
	for i := sp.from; i < sp.to; i++ {
		earned(e.events[i].On)
	}
	if !sp.terms.Basis.Measure.balance() {
		return
	}
	for i := range e.book.Versions { // whose terms count changes
		earned(e.book.Versions[i].EffectiveFrom)
	}
	from := sp.period.First
	if sp.period == forever && len(e.events) > 0 {
		from = e.events[0].On
	}
	for on := monthEnd(from); !on.After(sp.last); on = monthEnd(on.AddDays(1)) {
		earned(on)
	}
}
