package rules

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// The order of the arithmetic, as REFERENCE.md promises it:
//
//  1. what counts: returned deposits leave, channel, least deposit, condition
//  2. the least of a period
//  3. the most of the base, a period's and a lifetime's
//  4. the formula, on the cumulative base, with the most per event
//  5. rounding, once, on the cumulative amount
//  6. caps: period, longer periods, lifetime, shared
//
// Where versions change inside a period, each takes these steps for what it
// counts, one after the other, and adds to what the versions before it gave.

// earn decides what a span that counts something gives, from which fund and
// when.
func (e *evaluator) earn(s *span) {
	run := e.amount(s, true)
	s.amount, s.reason, s.used = run.amount, run.reason, run.base
	e.takeBase(s) // it counted, whether or not a cap left something to give
	if s.amount.IsZero() {
		e.explainZero(s)
		return
	}
	if !e.choose(s) {
		s.amount, s.reason = ledger.Amount{}, ReasonNoFund
		return
	}
	switch {
	case e.unclaimed(s):
		s.amount, s.reason = ledger.Amount{}, ReasonUnclaimed
		return
	case e.unvested(s):
		s.amount, s.reason = ledger.Amount{}, ReasonNotVested
		return
	}
	e.schedule(s)
	e.reached(s)
	if e.accounts {
		s.shares = e.shares(s)
	}
	e.take(s)
}

// sums runs along the parts of a span.
type sums struct {
	base    ledger.Amount   // counted so far
	exact   decimal.Decimal // the ratio's products, exactly
	rounded ledger.Amount   // of them, rounded
	steps   int64
	crossed bool          // the threshold
	tabled  ledger.Amount // what the table gave
	amount  ledger.Amount // given so far
	reason  Reason
}

// amount is what a span's parts give together, within every cap.
func (e *evaluator) amount(s *span, log bool) sums {
	run := sums{reason: ReasonAwarded}
	parts := e.parts[s.firstPart:s.lastPart]
	for i := range parts {
		p := &parts[i]
		if log {
			e.logPart(s, p)
		}
		base := e.limitBase(s, p, &run, log)
		run.base = run.base.Add(base)
		before := run.amount
		run.amount = before.Add(e.formula(s, p, base, &run, log))
		e.limit(s, p.terms, before, &run, log)
	}
	return run
}

// logPart says under which version and tier a part counts, where that is not
// plain.
func (e *evaluator) logPart(s *span, p *part) {
	if e.parts[s.firstPart].version != s.version {
		e.lines = append(e.lines, Line{Op: OpVersion, Ref: e.book.Versions[p.version].ID, Base: p.base})
	}
	if p.terms.tier != "" {
		e.lines = append(e.lines, Line{Op: OpTier, Ref: p.terms.tier, Base: p.base})
	}
}

// limitBase keeps the base within its own caps.
func (e *evaluator) limitBase(s *span, p *part, run *sums, log bool) ledger.Amount {
	base := p.base
	cut := func(most *ledger.Amount, used ledger.Amount) {
		if most == nil {
			return
		}
		room := most.Sub(used).Max(ledger.Amount{})
		if base.Cmp(room) <= 0 {
			return
		}
		if log {
			e.lines = append(e.lines, Line{Op: OpBaseCap, Base: base, Limit: *most, Room: room, Amount: room})
		}
		base, run.reason = room, ReasonBaseCap
	}
	cut(p.terms.Base.CapPeriod, run.base)
	if p.terms.Base.CapLife != nil {
		cut(p.terms.Base.CapLife, e.taken(use{what: lifeBase, plan: s.plan}).Add(run.base))
	}
	return base
}

// formula is what a base earns before caps.
func (e *evaluator) formula(s *span, p *part, base ledger.Amount, run *sums, log bool) (earned ledger.Amount) {
	line := Line{Base: base}
	switch f := p.terms.Amount; {
	case f.Split != nil:
		line.Op, line.Limit, earned = OpSplit, f.Split.Total, base
	case p.terms.Trigger.Kind == OnClass:
		line.Op, earned = OpFixed, base // what it was named with
	case f.Fixed != nil:
		line.Op, earned = OpFixed, *f.Fixed
		if p.terms.OncePer == perAccount {
			earned = times(earned, int64(p.n))
		}
	case f.Ratio != nil:
		return e.ratio(s, p, base, run, log)
	case f.Threshold != nil:
		line.Op, line.Base, line.Limit = OpThreshold, run.base, f.Threshold.At
		if s.terms.Basis.Measure == EventAmounts {
			line.Op = OpReached
		}
		if !run.crossed && !run.base.Less(f.Threshold.At) {
			run.crossed, earned = true, f.Threshold.Pay
		}
	case f.Series != nil:
		n := int(e.taken(use{what: timesGiven, plan: s.plan}).Minor())
		line.Op, line.N, earned = OpSeries, n+1, f.Series[min(n, len(f.Series)-1)]
	case f.Table != nil:
		earned = e.tabled(s, p.terms, f.Table, run, &line)
	case f.Step != nil:
		n := run.base.Minor() / f.Step.Per.Minor()
		line.Op, line.Base, line.Limit = OpStep, run.base, f.Step.Per
		if n > run.steps {
			line.N = int(n - run.steps)
			earned = times(f.Step.Pay, n-run.steps)
			run.steps = n
		}
	}
	if log && earned.Sign() > 0 {
		if line.Amount = earned; s.terms.Basis.Measure.counts() {
			line = Line{Op: OpCount, N: int(run.base.Minor() / 100), Amount: earned}
		}
		e.lines = append(e.lines, line)
	}
	return earned
}

// tabled is what a table of amounts gives: by the fact on the day that counts,
// or by the base so far, less what it gave for the base of earlier versions.
func (e *evaluator) tabled(s *span, t *terms, table *AmountTable, run *sums, line *Line) ledger.Amount {
	n := run.base.Minor()
	line.Op, line.Base = OpTableBase, run.base
	if table.slot >= 0 || table.value != nil {
		e.view.day, e.view.period = e.judgedOn(s, t, s.last), s.period
		line.Op, line.Base = OpTable, ledger.Amount{}
	}
	var row AmountRow
	switch { // what it goes by is known: holds has asked
	case table.value != nil:
		row.Pay, _ = e.view.amountOf(table.value)
		s.read |= table.value.reads
	case table.slot >= 0:
		n, _ = e.view.number(table.slot)
		s.read |= 1 << table.slot
		row, _ = table.row(n)
	default:
		row, _ = table.row(n)
		line.Limit = ledger.Minor(row.From)
	}
	earned := row.Pay.Sub(run.tabled).Max(ledger.Amount{})
	run.tabled = run.tabled.Add(earned)
	return earned
}

// times is an amount n times over, at most the largest that a book can mean:
// steps of a cent must not run over.
func times(a ledger.Amount, n int64) ledger.Amount {
	if a.Sign() > 0 && n > maxAmount.Minor()/a.Minor() {
		return maxAmount
	}
	return ledger.Minor(a.Minor() * n)
}

// ratio multiplies exactly and rounds the running total once, so that three
// deposits of 0.33 at one half give 0.50 (domain/money.md, allocation).
func (e *evaluator) ratio(s *span, p *part, base ledger.Amount, run *sums, log bool) ledger.Amount {
	if k := p.terms.whole; k > 0 && p.terms.PhaseOut == nil && s.lastPart-s.firstPart == 1 {
		earned := ledger.Minor(base.Minor() * k) // one for one, two for one: nothing to round
		if log {
			e.lines = append(e.lines, Line{Op: OpRatio, Base: base, Rate: p.terms.rate, Amount: earned})
		}
		return earned
	}
	product := base.Decimal().Mul(*p.terms.Amount.Ratio)
	if p.terms.Caps.PerEvent != nil {
		product = decimal.Min(product, p.earned)
	}
	if p.terms.PhaseOut != nil {
		product = e.phaseOut(s, p.terms.PhaseOut, product, log)
	}
	run.exact = run.exact.Add(product)
	total := ledger.Round(run.exact, e.book.Program.Rounding)
	earned := total.Sub(run.rounded)
	run.rounded = total
	if log {
		e.logRatio(s, p, base, product, earned)
	}
	return earned
}

func (e *evaluator) logRatio(s *span, p *part, base ledger.Amount, product decimal.Decimal, earned ledger.Amount) {
	exact := base.Decimal().Mul(*p.terms.Amount.Ratio)
	if s.capped > 0 && p.terms.Caps.PerEvent != nil {
		e.lines = append(e.lines, Line{Op: OpEventCap, N: s.capped, Limit: *p.terms.Caps.PerEvent, Amount: earned})
		return
	}
	line := Line{Op: OpRatio, Base: base, Rate: p.terms.rate, Amount: earned}
	if !exact.Equal(earned.Decimal()) {
		line.Raw, line.Ref = product.String(), string(e.book.Program.Rounding)
	}
	e.lines = append(e.lines, line)
}

// limit keeps the running amount within every cap of the terms. What earlier
// versions gave is never taken away by a lower cap of a later one.
func (e *evaluator) limit(s *span, t *terms, before ledger.Amount, run *sums, log bool) {
	if run.reason == ReasonAwarded && s.capped > 0 {
		run.reason = ReasonEventCap
	}
	cut := func(op Op, why Reason, most, used ledger.Amount, ref string) {
		room := most.Sub(used).Max(ledger.Amount{})
		if run.amount.Cmp(room) <= 0 {
			return
		}
		run.amount, run.reason = room.Max(before), why
		if log {
			e.lines = append(e.lines, Line{Op: op, Limit: most, Room: room, Amount: run.amount, Ref: ref})
		}
	}
	if c := t.Caps.PerPeriod; c != nil {
		cut(OpPeriodCap, ReasonPeriodCap, *c, ledger.Amount{}, "")
	}
	for _, w := range t.Caps.Within {
		cut(OpWithinCap, ReasonWithinCap, w.Max, e.taken(e.within(s, w)), string(w.Period))
	}
	if t.Carry != nil {
		accrued := e.accrued(s, t)
		cut(OpRoom, ReasonRoom, accrued, e.taken(use{what: lifeAmount, plan: s.plan}), "")
	}
	if c := t.Caps.Lifetime; c != nil {
		cut(OpLifeCap, ReasonLifetimeCap, *c, e.taken(use{what: lifeAmount, plan: s.plan}), "")
	}
	for _, i := range s.plan.shared {
		if !e.bounded(s, i) {
			continue
		}
		c := e.book.SharedCaps[i]
		cut(OpSharedCap, ReasonSharedCap, c.Max, e.taken(e.sharing(s, i)), c.ID)
	}
}

// use is how much of a cap that reaches beyond one span was taken.
type use struct {
	what   useOf
	plan   *plan      // whose cap it is; nil for a shared one
	shared int        // which shared cap
	period PeriodKind // of the cap
	first  ledger.Date
	amount ledger.Amount
}

type useOf int8

const (
	lifeBase useOf = iota
	lifeAmount
	longerPeriod
	sharedAmount
	timesGiven // how many periods gave something, in cents
)

func (e *evaluator) within(s *span, w Within) use {
	return use{what: longerPeriod, plan: s.plan, period: w.Period, first: e.yearOf(w.Period, s.begins()).First}
}

func (e *evaluator) sharing(s *span, i int) use {
	first := e.yearOf(e.book.SharedCaps[i].Period, s.begins()).First
	return use{what: sharedAmount, shared: i, first: first}
}

func (u use) sameCap(v use) bool {
	u.amount, v.amount = ledger.Amount{}, ledger.Amount{}
	return u == v
}

// taken is how much of a cap earlier spans took.
func (e *evaluator) taken(u use) ledger.Amount {
	for i := range e.uses {
		if e.uses[i].sameCap(u) {
			return e.uses[i].amount
		}
	}
	return ledger.Amount{}
}

// take notes what a span took of the caps that reach beyond it.
func (e *evaluator) take(s *span) {
	c := &s.terms.Caps
	if c.Lifetime != nil || s.terms.Carry != nil || len(s.plan.in) > 1 {
		e.note(use{what: lifeAmount, plan: s.plan}, s.amount)
	}
	if s.terms.Amount.Series != nil {
		e.note(use{what: timesGiven, plan: s.plan}, ledger.Minor(1))
	}
	for _, w := range c.Within {
		e.note(e.within(s, w), s.amount)
	}
	for _, i := range s.plan.shared {
		if e.bounded(s, i) {
			e.note(e.sharing(s, i), s.amount)
		}
	}
}

// takeBase notes what counted of the deposits that may ever count.
func (e *evaluator) takeBase(s *span) {
	if s.terms.Base.CapLife != nil {
		e.note(use{what: lifeBase, plan: s.plan}, s.used)
	}
}

// bounded reports whether a shared cap is for the child, by its facts on the
// day that earned the latest part. What is not known does not lift a cap.
func (e *evaluator) bounded(s *span, i int) bool {
	p := e.book.bounds[i]
	return p == nil || e.judge(s, p, s.last) != no
}

func (e *evaluator) note(u use, amount ledger.Amount) {
	for i := range e.uses {
		if e.uses[i].sameCap(u) {
			e.uses[i].amount = e.uses[i].amount.Add(amount)
			return
		}
	}
	u.amount = amount
	e.uses = append(e.uses, u)
}

// base is what a span counts, before the base's own caps.
func (e *evaluator) base(s *span) (total ledger.Amount) {
	for _, p := range e.parts[s.firstPart:s.lastPart] {
		total = total.Add(p.base)
	}
	return total
}
