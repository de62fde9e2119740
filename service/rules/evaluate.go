package rules

import (
	"cmp"
	"slices"
	"strconv"

	"seedbook/ledger"
)

// Eligible reports whether a child may take part, by what is known of it on a
// day. The Why tells which requirement decided; a requirement that cannot be
// judged because a fact is missing is a no with that reason.
func Eligible(b *Book, c Child, on ledger.Date) (bool, Why) {
	e := b.borrow(&c, on)
	defer b.giveBack(e)
	why := e.eligible(on)
	why.Facts = e.reads(e.gates, on)
	return why.Reason == ReasonEligible, why
}

// eligible asks every requirement in the book's order; the first that does not
// hold decides.
func (e *evaluator) eligible(on ledger.Date) Why {
	why := Why{Reason: ReasonEligible, Outcome: Given}
	if v := e.versionFor(nil, on, forever); v >= 0 {
		why.Version = e.book.Versions[v].ID
	}
	e.view.day = on
	for i := range e.book.gates {
		g := &e.book.gates[i]
		answer := e.view.judge(g.when)
		e.gates |= g.when.reads
		if answer == yes {
			continue
		}
		why.Outcome, why.Requirement, why.Says = Nothing, g.ID, g.Says
		why.Reason = ReasonIneligible
		if answer == unknown {
			why.Reason, why.Outcome, why.Missing = ReasonMissingFact, Open, e.missing(e.view.missing)
		}
		return why
	}
	return why
}

// Evaluate returns what a child is entitled to as of a day under every benefit
// of the book: one Entitlement for each period in which something happened and
// for the current one, zeros with their reasons included. Events and facts
// after the day, or known only after it, do not count; the order in which they
// are given does not matter. An award given earlier that Evaluate no longer
// mentions is one the child is entitled to nothing of.
func Evaluate(b *Book, c Child, asOf ledger.Date) []Entitlement {
	e := b.borrow(&c, asOf)
	defer b.giveBack(e)
	return e.evaluate()
}

func (e *evaluator) evaluate() []Entitlement {
	if why, out := e.outsider(); out {
		return e.keep(e.refuse(why), why)
	}
	for i := range e.book.plans {
		e.gather(&e.book.plans[i])
	}
	if len(e.events) > 1 {
		e.lines = make([]Line, 0, 4*len(e.spans))
	}
	e.settle()
	e.repay()
	for i := range e.spans {
		e.vest(&e.spans[i])
	}
	return e.entitlements()
}

// outsider reports a child that no benefit is for, whatever happened.
func (e *evaluator) outsider() (Why, bool) {
	if e.enrolled.IsZero() {
		return Why{Reason: ReasonNotEnrolled, Outcome: Open}, true
	}
	why := e.eligible(e.enrolled)
	e.facts = e.reads(e.gates, e.enrolled)
	if why.Reason != ReasonEligible {
		return why, true
	}
	if e.refused && e.book.Enrollment.OnOptOut != undoNone {
		return Why{Reason: ReasonOptedOut, Outcome: Nothing, Version: why.Version}, true
	}
	return Why{}, false
}

// refuse gives every benefit's current period nothing, for one reason.
func (e *evaluator) refuse(why Why) []Entitlement {
	out := make([]Entitlement, 0, len(e.book.plans))
	why.Facts = e.facts
	for i := range e.book.plans {
		p := &e.book.plans[i]
		w := why
		w.Rule = p.id
		out = append(out, Entitlement{
			Benefit: p.id, Kind: p.kind, Period: e.label(p, e.periodOf(p, e.asOf)), Why: w,
		})
	}
	return out
}

// settle gives every span its amount. Caps that reach beyond a span are taken
// in the order of time, and within one time in the order of the book.
func (e *evaluator) settle() {
	if len(e.book.SharedCaps) == 0 {
		for i := range e.spans {
			e.settleSpan(&e.spans[i])
		}
		return
	}
	order := make([]int, len(e.spans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(e.spans[a].begins().Cmp(e.spans[b].begins()), cmp.Compare(a, b))
	})
	for _, i := range order {
		e.settleSpan(&e.spans[i])
	}
}

// begins places a span in time: by its period or, for what happens once, by
// the day on which it happened.
func (s *span) begins() ledger.Date {
	if s.period == forever && s.counted > 0 {
		return s.last
	}
	return s.period.First
}

// settleSpan decides amount, payability, fund and reason of one span.
func (e *evaluator) settleSpan(s *span) {
	from := len(e.lines)
	e.logCount(s)
	s.reason = s.shortfall(e)
	if s.reason == "" {
		e.earn(s)
	}
	s.lines = e.lines[from:len(e.lines):len(e.lines)]
}

// logCount notes what counted and what did not.
func (e *evaluator) logCount(s *span) {
	log := func(l Line) { e.lines = append(e.lines, l) }
	switch {
	case s.counted == 0 || s.terms.Basis.Measure == NoBasis:
	case s.terms.Basis.Measure == Streaks:
		log(Line{Op: OpStreaks, N: s.counted, Limit: s.terms.Streak.Least, Ref: strconv.Itoa(s.terms.Streak.Length)})
	case s.terms.Basis.Measure.counts():
		log(Line{Op: OpEvents, N: s.counted})
	case s.terms.Basis.Measure.balance():
		log(Line{Op: OpSaved, Base: s.sum})
	case s.terms.Basis.Measure == EventAmounts:
		log(Line{Op: OpAmounts, N: s.counted, Base: s.sum})
	default:
		log(Line{Op: OpDeposits, N: s.counted, Base: s.sum})
	}
	if s.returned > 0 {
		log(Line{Op: OpReturned, N: s.returned, Base: s.back})
	}
	if s.small > 0 && s.terms != nil && s.terms.Base.MinSingle != nil {
		op := OpSmall
		if s.terms.Basis.Measure == EventAmounts {
			op = OpSmallMoney
		}
		log(Line{Op: op, N: s.small, Limit: *s.terms.Base.MinSingle})
	}
	if s.channel > 0 {
		log(Line{Op: OpChannel, N: s.channel})
	}
	if s.refused > 0 {
		log(Line{Op: OpCondition, N: s.refused})
	}
	if s.withdrawn.Sign() > 0 {
		log(Line{Op: OpWithdrawn, Base: s.withdrawn})
		log(Line{Op: OpNet, Base: s.high})
	}
}
