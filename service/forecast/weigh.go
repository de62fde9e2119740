package forecast

import (
	"slices"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/rules"
)

// trialOf is what every child is weighed against: the two books and the day.
type trialOf struct {
	approved *rules.Book
	draft    *rules.Book
	asOf     ledger.Date
	until    ledger.Date
	paths    *paths
	homes    *homes
	largest  int
}

// side is one child under one book.
type side struct {
	book  *rules.Book
	child rules.Child // with what the year ahead repeats, and the joining where the book admits
	now   []rules.Entitlement
	next  ledger.Date // when it may be something else
	sum   ledger.Amount
	yes   bool // may take part
	why   rules.Why
}

// weigh puts one child under both books and adds what differs to a tally. It is
// pure: the order in which children come does not matter.
func (t *trialOf) weigh(p *pupil, sum *tally) {
	ahead := repeated(p.Child, t.asOf)
	before := t.side(t.approved, p, ahead)
	after := t.side(t.draft, p, ahead)
	sum.children++
	sum.before, sum.after = sum.before.Add(before.sum), sum.after.Add(after.sum)
	t.eligibility(p, &before, &after, sum)
	t.compare(p, &before, &after, sum)
	t.run(p, &before, &sum.approved)
	t.run(p, &after, &sum.draft)
	t.most(p, &after, &sum.draft)
}

// side asks a book about a child as of the day. A child that does not take part
// and may joins on that day, as the night's check of eligibility would have it.
func (t *trialOf) side(book *rules.Book, p *pupil, ahead rules.Child) side {
	s := side{book: book, child: ahead}
	s.yes, s.why = rules.Eligible(book, p.Child, t.asOf)
	if p.state == enroll.Ineligible && s.yes {
		s.child.Events = slices.Insert(slices.Clone(ahead.Events), 0, rules.Event{Key: "enrollment/" + p.Account.String(), Kind: rules.Enrolled, On: t.asOf})
		sortEvents(s.child.Events)
	}
	s.now, s.next = rules.Look(book, s.child, t.asOf)
	for i := range s.now {
		s.sum = s.sum.Add(s.now[i].Amount)
	}
	return s
}

// find is what a side says of an award, or nil.
func (s *side) find(a award) *rules.Entitlement {
	for i := range s.now {
		if s.now[i].Benefit == a.benefit && s.now[i].Period == a.period {
			return &s.now[i]
		}
	}
	return nil
}

// compare adds what the two books say differently of one child.
func (t *trialOf) compare(p *pupil, before, after *side, sum *tally) {
	change := ChildChange{Pupil: p.Pupil, School: schoolOf(&p.Child, t.asOf), Before: before.sum, After: after.sum}
	differ := func(a award, b, d *rules.Entitlement) {
		var was, is rules.Entitlement
		if b != nil {
			was = *b
		}
		if d != nil {
			is = *d
		}
		benefit := sum.benefits.of(a.benefit)
		benefit.add(p.ID, was.Amount, is.Amount)
		if from, to := first(was.Funds), first(is.Funds); from == to {
			sum.funds.of(to).add(p.ID, was.Amount, is.Amount)
		} else {
			sum.funds.of(from).add(p.ID, was.Amount, ledger.Amount{})
			sum.funds.of(to).add(p.ID, ledger.Amount{}, is.Amount)
		}
		if was.Amount.Cmp(is.Amount) != 0 {
			change.Awards = append(change.Awards, AwardChange{a.benefit, a.period, was.Amount, is.Amount, was.Why, is.Why})
		}
	}
	for i := range after.now {
		a := award{after.now[i].Benefit, after.now[i].Period}
		differ(a, before.find(a), &after.now[i])
	}
	for i := range before.now {
		if a := (award{before.now[i].Benefit, before.now[i].Period}); after.find(a) == nil {
			differ(a, &before.now[i], nil)
		}
	}
	sum.schools.of(change.School).add(p.ID, before.sum, after.sum)
	if len(change.Awards) == 0 {
		return
	}
	t.months(p, before, after, sum)
	switch net := change.Net(); net.Sign() {
	case 1:
		sum.gain.add(change, net, t.largest)
	case -1:
		sum.lose.add(change, net.Neg(), t.largest)
	}
}

// months adds in which months the two books let a child earn what differs. It
// looks at the end of each month since the first thing known, so that what a
// later month took away counts in that month.
func (t *trialOf) months(p *pupil, before, after *side, sum *tally) {
	began := t.asOf
	for _, e := range before.child.Events {
		if e.On.Before(began) {
			began = e.On
		}
	}
	b, a := sums{side: before}, sums{side: after}
	var was, is ledger.Amount
	for start := ledger.NewDate(began.Year(), began.Month(), 1); !start.After(t.asOf); start = start.AddMonths(1) {
		end := start.AddMonths(1).AddDays(-1)
		if !end.Before(t.asOf) {
			end = t.asOf
		}
		sum.months.of(start.String()[:7]).add(p.ID, b.on(end).Sub(was), a.on(end).Sub(is))
		was, is = b.sum, a.sum
	}
}

// sums follows what a side entitles a child to in all, day after day, and asks
// again only when it may be something else.
type sums struct {
	*side
	sum   ledger.Amount
	until ledger.Date // first day on which to ask again
	asked bool
}

func (s *sums) on(day ledger.Date) ledger.Amount {
	if s.asked && (s.until.IsZero() || day.Before(s.until)) {
		return s.sum
	}
	var all []rules.Entitlement
	all, s.until = rules.Look(s.book, s.child, day)
	s.sum, s.asked = ledger.Amount{}, true
	for i := range all {
		s.sum = s.sum.Add(all[i].Amount)
	}
	return s.sum
}

// schoolOf is the code of the school that a child goes to on a day.
func schoolOf(c *rules.Child, on ledger.Date) string { return textFact(c, "school", on) }

// textFact is what a fact of text says on a day, "" where it is not known.
func textFact(c *rules.Child, name string, on ledger.Date) string {
	var best *rules.Fact
	for i := range c.Facts {
		f := &c.Facts[i]
		if f.Name == name && !f.From.After(on) && !f.Known.After(on) && (best == nil || !f.From.Before(best.From)) {
			best = f
		}
	}
	if best == nil {
		return ""
	}
	text, _ := best.Value.(string)
	return text
}

// eligibility notes a child that one book lets take part and the other does not.
func (t *trialOf) eligibility(p *pupil, before, after *side, sum *tally) {
	answer := Answer{p.Pupil, p.state, after.why}
	switch p.state {
	case enroll.Ineligible:
		if after.yes && !before.yes {
			sum.admitted.add(answer, t.largest)
		} else if before.yes && !after.yes {
			sum.excluded.add(answer, t.largest)
		}
	case enroll.Enrolled:
		was, _ := rules.Eligible(t.approved, p.Child, joined(&p.Child))
		is, why := rules.Eligible(t.draft, p.Child, joined(&p.Child))
		switch {
		case was && !is:
			answer.Why = why
			sum.excluded.add(answer, t.largest)
		case before.yes && !after.yes:
			sum.flagged.add(answer, t.largest)
		case after.yes && !before.yes:
			sum.cleared.add(answer, t.largest)
		}
	}
}

// joined is the day on which a child became a participant.
func joined(c *rules.Child) ledger.Date {
	for i := range c.Events {
		if c.Events[i].Kind == rules.Enrolled {
			return c.Events[i].On
		}
	}
	return ledger.Date{}
}

// run adds what a night's run under a side would do for a child, and then what
// it would do over the twelve months after.
func (t *trialOf) run(p *pupil, s *side, sum *outlook) {
	moved := len(sum.calls)
	excess := sum.excess
	ls := make(levels, 0, len(s.now)+4)
	for i := range s.now {
		e := &s.now[i]
		t.settle(p, s, e, &ls, sum)
	}
	for _, g := range p.given {
		gone := rules.Entitlement{Benefit: g.benefit, Period: g.period}
		if s.find(g.award) == nil {
			t.settle(p, s, &gone, &ls, sum)
		}
	}
	if len(sum.calls) > moved || sum.excess.Cmp(excess) != 0 {
		sum.children++
	}
	course(s.book, s.child, &ls, s.next, t.until, func(e *rules.Entitlement, on ledger.Date, by ledger.Amount) {
		sum.ask(t, p, s.book, e, call{on: on, earned: e.EarnedOn, seq: e.EarnedSeq, amount: by})
	})
}

// settle is service/savings' settling of one entitlement, as far as it does not
// depend on what the funds have.
func (t *trialOf) settle(p *pupil, s *side, e *rules.Entitlement, ls *levels, sum *outlook) {
	a := award{e.Benefit, e.Period}
	g := p.of(a)
	had := g.accrued.Add(g.posted)
	*ls = append(*ls, level{a, had.Max(e.Amount)})
	missing := e.Amount.Sub(had)
	if missing.Sign() <= 0 && t.asOf.Before(g.on) {
		return // a run for a past day gives, and never takes
	}
	if missing.Sign() < 0 {
		back := missing.Neg().Min(g.accrued)
		t.cancel(p, s.book, e, g, back, sum)
		if excess := missing.Neg().Sub(back).Sub(g.kept); excess.Sign() > 0 {
			sum.excess = sum.excess.Add(excess)
			sum.excesses++
		}
		return
	}
	if had.Sign() > 0 {
		sum.held.hold(t.homes.id(home{a, e.Household}), p.ID)
	}
	w, asks := s.book.Want(p.ID, *e, t.asOf, had, g.denied)
	if !asks {
		return
	}
	due := e.Due.Sub(g.posted).Max(ledger.Amount{})
	now := w.Amount.Min(due.Sub(due.Min(g.accrued)))
	sum.ask(t, p, s.book, e, call{on: t.asOf, earned: w.On, seq: w.Seq, amount: now, due: true})
	sum.ask(t, p, s.book, e, call{on: t.asOf, earned: w.On, seq: w.Seq, amount: w.Amount.Sub(now)})
}

// cancel gives promises that are not owed any more back to their funds, the last
// fund first.
func (t *trialOf) cancel(p *pupil, book *rules.Book, e *rules.Entitlement, g given, back ledger.Amount, sum *outlook) {
	for i := len(g.promises) - 1; i >= 0 && back.Sign() > 0; i-- {
		part := back.Min(g.promises[i].amount)
		back = back.Sub(part)
		sum.cancelled = sum.cancelled.Add(part)
		sum.calls = append(sum.calls, call{on: t.asOf, child: p.ID, order: int16(placeOf(book, e.Benefit)), path: t.paths.id(g.promises[i].fund), amount: part.Neg()})
	}
}

// most adds what a year costs at the full caps of the draft. A benefit that
// gives more where twice as much happens has no limit.
func (t *trialOf) most(p *pupil, s *side, sum *outlook) {
	once := saturated(s.book, withoutAgain(s.child), t.asOf, t.until, 1)
	twice := saturated(s.book, withoutAgain(s.child), t.asOf, t.until, 2)
	most := rules.Evaluate(s.book, once, t.until)
	for _, benefit := range growing(most, rules.Evaluate(s.book, twice, t.until)) {
		sum.noLimit[benefit] = true
	}
	for _, e := range most {
		g := p.of(award{e.Benefit, e.Period})
		by := e.Amount.Sub(g.accrued).Sub(g.posted)
		if by.Sign() > 0 {
			k := costKey{e.Benefit, first(e.Funds)}
			sum.most[k] = sum.most[k].Add(by)
		}
	}
}

// withoutAgain is a child without the repeated deposits of the year ahead.
func withoutAgain(c rules.Child) rules.Child {
	c.Events = slices.DeleteFunc(slices.Clone(c.Events), func(e rules.Event) bool { return e.Seq >= again })
	return c
}

// placeOf is the place of a benefit in its book, the last for one it does not
// have.
func placeOf(book *rules.Book, benefit string) int32 {
	for i := range book.Benefits {
		if book.Benefits[i].ID == benefit {
			return int32(i)
		}
	}
	return int32(len(book.Benefits))
}
