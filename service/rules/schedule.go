package rules

import (
	"sort"

	"seedbook/ledger"
)

// choose asks which of the benefit's funds may pay for the child, by its facts
// on the day that earned the latest part. It reports whether any may.
func (e *evaluator) choose(s *span) bool {
	t := s.terms
	if t.open != nil {
		s.funds = t.open
		return true
	}
	any := false
	s.funds = make([]FundChoice, len(t.sources))
	e.view.day, e.view.period = s.last, s.period
	for i := range t.sources {
		c := &t.sources[i]
		allowed := e.view.judge(c.when) == yes
		if c.when != nil {
			s.read |= c.when.reads
		}
		if !allowed && !any {
			e.lines = append(e.lines, Line{Op: OpFundPasses, Ref: c.Fund})
		}
		any = any || allowed
		s.funds[i] = FundChoice{Code: c.Fund, Priority: c.Priority, Allowed: allowed}
	}
	return any
}

// schedule decides when the latest part of a span's amount is payable, and
// which part is by now.
func (e *evaluator) schedule(s *span) {
	s.payOn, s.wait = e.payday(s.terms, s.last, s.period)
	if !s.payOn.After(e.asOf) {
		s.due, s.wait = s.amount, ""
		return
	}
	cutoff := e.lastPayable(s)
	if cutoff.IsZero() {
		return
	}
	earlier := *s
	e.count(&earlier, cutoff)
	if earlier.counted > 0 && earlier.terms != nil && !e.underMinimum(&earlier) {
		s.due = e.amount(&earlier, false).amount.Min(s.amount)
	}
}

// maxWait is longer than any wait a book can ask for, in days.
const maxWait = 30_000

// lastPayable is the last day of which what it earned is payable by now, or no
// day. A later day is never payable before an earlier one.
func (e *evaluator) lastPayable(s *span) ledger.Date {
	payable := func(back int) bool {
		on, _ := e.payday(s.terms, s.last.AddDays(-back), s.period)
		return !on.After(e.asOf)
	}
	back := sort.Search(maxWait, payable)
	if back == maxWait {
		return ledger.Date{}
	}
	return s.last.AddDays(-back)
}

// judgedAtEnd is the day by which a condition is judged that may still turn
// after the day that earns: what it decides is not paid before. No day where the
// day that earns decides.
func (e *evaluator) judgedAtEnd(t *terms, on ledger.Date, p ledger.Period) ledger.Date {
	switch {
	case t.EligibleAt == eligibleAtPeriodEnd && p != forever:
		return p.Last
	case t.EligibleAt == eligibleAtCensus:
		return e.book.Calendar.censusOf(on)
	}
	return ledger.Date{}
}

// payday is when what a day earns is payable, and why not at once.
func (e *evaluator) payday(t *terms, on ledger.Date, p ledger.Period) (ledger.Date, Wait) {
	day, wait := on, Wait("")
	switch t.Pay.When {
	case payDaily:
		day, wait = on.AddDays(1), WaitDay
	case payNextMonth:
		day, wait = ledger.NewDate(on.Year(), on.Month()+1, 1), WaitMonth
	case payQuarterEnd:
		day, wait = e.book.Calendar.periodOf(Quarterly, on).Last, WaitQuarter
	case payWindowClose:
		day, wait = p.Last, WaitWindow
	}
	if t.Pay.LagDays > 0 {
		day, wait = day.AddDays(t.Pay.LagDays), WaitLag
	}
	if judged := e.judgedAtEnd(t, on, p); day.Before(judged) {
		day, wait = judged, WaitJudged
	}
	if e.mustClaim(t.Kind) && day.Before(e.claimed().on) {
		day, wait = e.claimed().on, ""
	}
	if day.Before(e.enrolled) {
		day, wait = e.enrolled, WaitNotEnrolled
	}
	if n := e.book.Enrollment.OptOutDays; n > 0 {
		if free := e.enrolled.AddDays(n + 1); day.Before(free) {
			day, wait = free, WaitOptOut
		}
	}
	return day, wait
}
