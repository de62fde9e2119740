package rules

import "seedbook/ledger"

// gather opens a span for each period in which something happened that the
// benefit looks at, and for the current one.
func (e *evaluator) gather(p *plan) {
	first := len(e.spans)
	e.openSince(p)
	for i := range e.events {
		if p.watches(e.events[i].Kind) {
			s := e.open(p, first, e.events[i].On)
			if s.to == 0 {
				s.from = i
			}
			s.to = i + 1
			if end := monthEnd(e.events[i].On); p.ends && !end.After(e.asOf) {
				e.open(p, first, end) // the month may end in the next period
			}
		}
	}
	e.open(p, first, e.asOf)
	for i := first; i < len(e.spans); i++ {
		e.count(&e.spans[i], e.asOf)
	}
}

// open is the span of a benefit in which a day lies. Days come in order, but
// for periods that were opened before anything happened in them.
func (e *evaluator) open(p *plan, first int, on ledger.Date) *span {
	if p.months > 0 && on.Before(e.enrolled) {
		on = e.enrolled // what was saved before joining counts in the first window
	}
	for i := len(e.spans) - 1; i >= first; i-- {
		if e.spans[i].period.Contains(on) {
			return &e.spans[i]
		}
	}
	e.spans = append(e.spans, span{plan: p, period: e.periodOf(p, on)})
	return &e.spans[len(e.spans)-1]
}

// openSince opens every period of a benefit that gives by the period.
func (e *evaluator) openSince(p *plan) {
	var from ledger.Date
	for _, b := range p.since {
		on := e.beginning(b)
		if b.word == fromJoining && len(e.events) > 0 {
			on = earlier(on, e.events[0].On)
		}
		if !on.IsZero() && (from.IsZero() || on.Before(from)) {
			from = on
		}
	}
	if from.IsZero() {
		return
	}
	for first := len(e.spans); !from.After(e.asOf); from = e.spans[len(e.spans)-1].period.Last.AddDays(1) {
		e.open(p, first, from)
	}
}

// periodOf is the period of a benefit in which a day lies.
func (e *evaluator) periodOf(p *plan, on ledger.Date) ledger.Period {
	switch {
	case p.months == 0:
		return e.yearOf(p.period, on)
	case e.enrolled.IsZero():
		return window(on, p.months, on)
	}
	return window(e.enrolled, p.months, on)
}

// yearOf is the period of a kind in which a day lies; a birthday year is the
// child's own. Days before its birth belong to the first.
func (e *evaluator) yearOf(kind PeriodKind, on ledger.Date) ledger.Period {
	if kind != BirthdayYear {
		return e.book.Calendar.periodOf(kind, on)
	}
	return e.book.birthdayYear(e.view.child.BornOn, on)
}

// birthdayYear is the year of age in which a day lies.
func (b *Book) birthdayYear(born, on ledger.Date) ledger.Period {
	leap := b.Program.LeapDay
	if born.IsZero() {
		return forever
	}
	age := max(ageOn(born, on, leap), 0)
	return ledger.Period{First: birthday(born, age, leap), Last: birthday(born, age+1, leap).AddDays(-1)}
}

func (p *plan) watches(k EventKind) bool {
	for _, w := range p.kinds {
		if w == k {
			return true
		}
	}
	return false
}

// versionFor is the version that answers for an event of a day in a period, or
// −1 where none does.
func (e *evaluator) versionFor(b *plan, on ledger.Date, p ledger.Period) int {
	switch e.book.Versions[0].SelectedBy {
	case CohortDate:
		return e.book.versionOn(e.view.child.BornOn)
	case PeriodStart:
		if p != forever {
			return e.book.versionOn(p.First)
		}
	case PaymentDate:
		if v := e.book.versionOn(on); b != nil && v >= 0 && b.in[v] != nil {
			on, _ = e.payday(b.in[v], on, p)
		}
	}
	return e.book.versionOn(on)
}

// count goes through a span's events up to a day and leaves in the span what
// counts, and why the rest does not.
func (e *evaluator) count(s *span, until ledger.Date) {
	s.tally = tally{firstPart: len(e.parts), firstEntry: len(e.entries), lastEntry: len(e.entries), firstMark: len(e.marks), lastMark: len(e.marks)}
	s.terms, s.version = nil, -1
	if s.plan.firstCome && e.accounts {
		for _, i := range e.heard(s, until) {
			e.countEvent(s, &e.events[i])
		}
	} else {
		for i := s.from; i < s.to && !e.events[i].On.After(until); i++ {
			if s.plan.watches(e.events[i].Kind) {
				e.countEvent(s, &e.events[i])
			}
		}
	}
	if s.plan.ages {
		e.countBirthday(s, until)
	}
	if len(s.plan.since) > 0 {
		e.countPeriod(s, until)
	}
	if s.plan.census {
		e.countCensus(s, until)
	}
	if s.plan.saves {
		e.countBalance(s, until)
	}
	if s.terms == nil {
		e.assume(s, until)
	}
	e.followDown(s)
	s.lastPart = len(e.parts)
}

// assume gives a span in which nothing counted the terms that would hold.
func (e *evaluator) assume(s *span, until ledger.Date) {
	s.version = e.versionFor(s.plan, until, s.period)
	if s.version >= 0 {
		s.terms = s.plan.in[s.version]
	}
}

func (e *evaluator) countEvent(s *span, ev *Event) {
	if ev.Kind == Named {
		e.countNamed(s, ev)
		return
	}
	v := e.versionFor(s.plan, ev.On, s.period)
	if v < 0 || s.plan.in[v] == nil {
		s.outside++
		return
	}
	t, ok := e.tierOf(s, s.plan.in[v], ev.On)
	switch {
	case !ok:
		s.undecided++
	case t.Basis.Measure == GrossDeposits || t.Basis.Measure == NetDeposits:
		e.countMoney(s, t, v, ev)
	case t.Basis.Measure == Streaks:
		e.countStreak(s, t, v, ev)
	case t.Basis.Measure == EventAmounts:
		if ev.Kind == t.Basis.Event && ev.Amount.Sign() > 0 && e.counts(s, t, ev) {
			e.add(s, t, v, ev, ev.Amount)
		}
	case t.Basis.Measure == CountEvents && ev.Kind == t.Basis.Event:
		if e.counts(s, t, ev) {
			e.add(s, t, v, ev, ledger.Minor(100))
		}
	case t.Trigger.Kind == OnEvent && ev.Kind == t.Trigger.Event:
		e.countTrigger(s, t, v, ev)
	}
}

// countMoney takes one movement of the family's money into the base.
func (e *evaluator) countMoney(s *span, t *terms, v int, ev *Event) {
	switch ev.Kind {
	case Deposit:
		if e.counts(s, t, ev) {
			e.add(s, t, v, ev, e.kept(t, ev))
		}
	case Withdrawal:
		if t.Basis.Measure == NetDeposits && ev.From != OwnProgram {
			s.withdrawn = s.withdrawn.Add(ev.Amount)
			s.net = s.net.Sub(ev.Amount)
			if !t.Undo.touches(ev) {
				s.spared = s.spared.Add(ev.Amount)
			}
			if e.accounts {
				e.record(s, entry{terms: t, version: v, event: *ev})
			}
		}
	case Return:
		e.countOrphan(s, t, ev)
	}
}

// countOrphan takes a return off whose deposit is not in the history. It can
// only count where it happened.
func (e *evaluator) countOrphan(s *span, t *terms, ev *Event) {
	if t.Undo.OnReturn == undoNone || e.hasDeposit(ev.Of) {
		return
	}
	s.returned++
	s.back = s.back.Add(ev.Amount)
	s.net = s.net.Sub(ev.Amount)
	e.takeOff(s, ev.Amount)
}

// takeOff lowers the base; the latest part gives way first.
func (e *evaluator) takeOff(s *span, amount ledger.Amount) {
	for i := len(e.parts) - 1; i >= s.firstPart && amount.Sign() > 0; i-- {
		off := amount.Min(e.parts[i].base)
		e.parts[i].base = e.parts[i].base.Sub(off)
		s.high = s.high.Sub(off)
		amount = amount.Sub(off)
	}
}

func (e *evaluator) hasDeposit(key string) bool {
	for i := range e.events {
		if e.events[i].Kind == Deposit && e.events[i].Key == key {
			return true
		}
	}
	return false
}

// kept is the part of a deposit that counts by the terms: what the bank did not
// take back, or all of it where they let the child keep it.
func (e *evaluator) kept(t *terms, ev *Event) ledger.Amount {
	if !e.returns || t.Undo.OnReturn == undoNone {
		return ev.Amount
	}
	return keptOf(e.events, ev)
}

// counts decides whether an event counts, in the documented order: taken back,
// channel, least amount, condition.
func (e *evaluator) counts(s *span, t *terms, ev *Event) bool {
	if ev.Kind == Deposit {
		kept := e.kept(t, ev)
		if kept != ev.Amount {
			s.back = s.back.Add(ev.Amount.Sub(kept))
			s.returned++
		}
		switch {
		case kept.Sign() <= 0:
			return false
		case !t.Base.admits(ev.Channel):
			s.channel++
			return false
		case t.Base.MinSingle != nil && kept.Less(*t.Base.MinSingle):
			s.small++
			return false
		}
	}
	if t.Basis.Measure == EventAmounts && t.Base.MinSingle != nil && ev.Amount.Less(*t.Base.MinSingle) {
		s.small++
		return false
	}
	switch e.holds(s, t, ev.On) {
	case no:
		s.refused++
		if judged := e.judgedOn(s, t, ev.On); s.judged.Before(judged) {
			s.judged = judged
		}
		return false
	case unknown:
		s.undecided++
		s.missing |= e.view.missing
		return false
	}
	return true
}

func (b *Base) admits(channel string) bool {
	for _, c := range b.Exclude {
		if c == channel {
			return false
		}
	}
	for _, c := range b.Channels {
		if c == channel {
			return true
		}
	}
	return len(b.Channels) == 0
}

// holds judges a benefit's own condition for an event of a day.
func (e *evaluator) holds(s *span, t *terms, on ledger.Date) truth {
	if t.PhaseOut != nil {
		e.view.day = on
		if _, known := e.view.money(t.PhaseOut.Fact); !known {
			e.view.missing = 1 << e.book.facts.index[t.PhaseOut.Fact]
			return unknown
		}
	}
	if s.plan.period == BirthdayYear && e.view.child.BornOn.IsZero() {
		e.view.missing = 1 << e.book.facts.index["born_on"]
		return unknown
	}
	if t.Carry != nil && e.beginning(t.Carry.begins()).IsZero() {
		e.view.missing = 1 << e.slotOf(t.Carry.begins())
		return unknown
	}
	if t.Amount.Table != nil {
		e.view.period = s.period
		if !t.Amount.Table.decided(&e.view, e.judgedOn(s, t, on)) {
			return unknown
		}
	}
	if t.OncePer == perHousehold {
		e.view.day = on
		i := e.book.facts.index[householdFact]
		if _, known := e.view.value(i); !known {
			e.view.missing = 1 << i
			return unknown
		}
	}
	if t.when == nil {
		return yes
	}
	return e.judge(s, t.when, e.judgedOn(s, t, on))
}

// judgedOn is the day by which the terms' conditions are judged.
func (e *evaluator) judgedOn(s *span, t *terms, on ledger.Date) ledger.Date {
	switch t.EligibleAt {
	case eligibleAtPeriodStart:
		return s.period.First
	case eligibleAtPeriodEnd:
		return s.period.Last
	case eligibleAtCensus:
		return e.book.Calendar.censusOf(on)
	case eligibleAtPayment:
		on, _ = e.payday(t, on, s.period)
	}
	return on
}

// judge asks a condition about a day of a span, or remembers the answer.
func (e *evaluator) judge(s *span, p *predicate, on ledger.Date) truth {
	s.read |= p.reads
	m := e.remembered(p)
	if m.of == p && !p.timed && !on.Before(m.from) && on.Before(m.until) && m.truth != unknown {
		return m.truth
	}
	e.view.day, e.view.period = on, s.period
	*m = memo{p, on, e.view.steadyUntil(p), e.view.judge(p)}
	return m.truth
}

// remembered is where the last answer of a condition is kept.
func (e *evaluator) remembered(p *predicate) *memo {
	for i := range e.memos {
		if e.memos[i].of == p {
			return &e.memos[i]
		}
	}
	e.memos = append(e.memos, memo{})
	return &e.memos[len(e.memos)-1]
}

// add takes an amount into the base, under the version that counts it.
func (e *evaluator) add(s *span, t *terms, v int, ev *Event, amount ledger.Amount) {
	s.counted++
	s.sum = s.sum.Add(amount)
	if e.accounts {
		e.record(s, entry{t, v, *ev, amount, false})
	}
	s.last, s.lastSeq, s.terms, s.version = ev.On, ev.Seq, t, v
	n := len(e.parts)
	if n == s.firstPart || e.parts[n-1].terms != t {
		e.parts = append(e.parts, part{version: v, terms: t})
		n++
	}
	p := &e.parts[n-1]
	p.n++
	if t.Basis.Measure == NetDeposits {
		s.net = s.net.Add(amount)
		amount = s.net.Sub(s.high).Max(ledger.Amount{})
		s.high = s.high.Add(amount)
	}
	p.base = p.base.Add(amount)
	if t.Caps.PerEvent != nil {
		s.capped += p.addCapped(t, amount)
	}
	e.marks = append(e.marks, mark{ev.On, ev.Seq, n - 1, *p})
	s.lastMark = len(e.marks)
}

// addCapped adds what one deposit earns, never more than one may. It returns 1
// for a deposit that reached that.
func (p *part) addCapped(t *terms, amount ledger.Amount) int {
	earned, most := amount.Decimal().Mul(*t.Amount.Ratio), t.Caps.PerEvent.Decimal()
	if earned.GreaterThan(most) {
		p.earned = p.earned.Add(most)
		return 1
	}
	p.earned = p.earned.Add(earned)
	return 0
}

// followDown lets the base follow the net deposits down where the terms say so.
func (e *evaluator) followDown(s *span) {
	if s.terms != nil && s.terms.Undo.OnWithdrawal == undoRatio {
		e.takeOff(s, s.high.Sub(s.net.Add(s.spared).Max(ledger.Amount{})).Max(ledger.Amount{}))
	}
}

// countBirthday counts the birthday of a benefit that waits for an age.
func (e *evaluator) countBirthday(s *span, until ledger.Date) {
	born := e.view.child.BornOn
	for v, t := range s.plan.in {
		if t == nil || t.Trigger.Kind != AtAge || born.IsZero() || s.counted > 0 {
			continue
		}
		on := birthday(born, t.Trigger.Years, e.book.Program.LeapDay)
		if e.versionFor(s.plan, on, s.period) != v || on.After(until) || !e.leftOn.IsZero() && on.After(e.leftOn) {
			continue
		}
		ev := Event{On: on}
		if e.counts(s, t, &ev) {
			e.add(s, t, v, &ev, ledger.Minor(100))
		}
	}
}
