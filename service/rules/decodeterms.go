package rules

import (
	"cmp"
	"slices"
	"strconv"

	"seedbook/ledger"
)

// trigger reads event(enrolled) or age(5).
func (c *compiler) trigger(b *Book, n *node) Trigger {
	s, ok := c.plain(n)
	if !ok {
		return Trigger{}
	}
	name, args, ok := call(s)
	switch {
	case ok && name == string(OnEvent) && len(args) == 1:
		return Trigger{Kind: OnEvent, Event: c.eventKind(b, n, args[0]), from: -1}
	case ok && name == string(AtAge) && len(args) == 1 && isNumber(args[0], 130):
		years, _ := strconv.Atoi(args[0])
		return Trigger{Kind: AtAge, Years: years, from: -1}
	case ok && name == string(EachPeriod) && len(args) == 1:
		t := Trigger{Kind: EachPeriod}
		t.From, t.from = c.beginning(n, args[0])
		return t
	case ok && name == string(OnClass) && len(args) == 1:
		on, err := ledger.ParseDate(args[0])
		if err != nil {
			c.report(n, "not_date", map[string]any{"value": clip(args[0])})
		}
		return Trigger{Kind: OnClass, On: on, from: -1}
	case ok && name == string(OnCensus) && args == nil:
		c.checkCall(n, name)
		return Trigger{Kind: OnCensus, from: -1}
	}
	c.unknown(n, s, []string{"event(enrolled)", "age(5)", "each_period(birth)", "each_period(enrolled)", "census_day", "class(2026-10-01)"})
	return Trigger{}
}

func (d *decoder) eventKind(b *Book, n *node, word string) EventKind {
	kinds := b.eventKinds()
	if !slices.Contains(kinds, EventKind(word)) {
		d.unknown(n, word, asStrings(kinds))
	}
	return EventKind(word)
}

// isNumber reports a whole number from 0 to most.
func isNumber(s string, most int) bool {
	i, err := strconv.Atoi(s)
	return err == nil && wholeText.MatchString(s) && i <= most
}

// basis reads gross_deposits, net_deposits or count(event).
func (c *compiler) basis(b *Book, n *node) Basis {
	s, ok := c.plain(n)
	if !ok {
		return Basis{Measure: NoBasis}
	}
	name, args, ok := call(s)
	switch m := Measure(name); {
	case ok && args == nil && slices.Contains(measures, m):
		return Basis{Measure: m}
	case ok && m.ofEvents() && len(args) == 1:
		return Basis{Measure: m, Event: c.eventKind(b, n, args[0])}
	}
	c.unknown(n, s, append(asStrings(measures), "count(deposit)", "amounts(…)"))
	return Basis{Measure: NoBasis}
}

func (d *decoder) base(n *node) Base {
	o := d.object(n, "base")
	b := Base{
		MinSingle: d.amount(o.may("min_single")),
		MinPeriod: d.amount(o.may("min_period")),
		CapPeriod: d.amount(o.may("cap_period")),
		CapLife:   d.amount(o.may("cap_lifetime")),
		Channels:  d.codes(o.may("channels")),
		Exclude:   d.codes(o.may("exclude_channels")),
	}
	o.done()
	return b
}

func (c *compiler) formula(b *Book, n *node, counting bool) Formula {
	d, o := c.decoder, c.object(n, "amount")
	f := Formula{Fixed: d.amount(o.may("fixed")), Ratio: d.ratio(o.may("ratio")), Table: c.amountTable(b, o.may("table"), counting)}
	if t := o.may("threshold"); t != nil {
		p := d.object(t, "threshold")
		f.Threshold = &Threshold{At: d.value(d.positive(p.must("at"))), Pay: d.value(d.amount(p.must("pay")))}
		p.done()
	}
	if t := o.may("step"); t != nil {
		p := d.object(t, "step")
		f.Step = &Stairs{Per: d.value(d.positive(p.must("per"))), Pay: d.value(d.amount(p.must("pay")))}
		p.done()
	}
	total, by := o.may("split"), o.may("by")
	f.Split = c.split(b, total, by)
	d.each(o.may("series"), func(item *node) { f.Series = append(f.Series, d.value(d.amount(item))) })
	o.done()
	if len(f.Series) > 100 || f.Series == nil && n.value("series") != nil {
		d.report(n, "item_count", map[string]any{"least": 1, "most": 100})
	}
	one := 1
	if by != nil && total != nil {
		one = 2
	}
	if n != nil && n.kind == mapping && (len(n.keys) != one || by != nil && total == nil) {
		d.report(n, "one_formula", nil)
	}
	return f
}

func (d *decoder) caps(b *Book, n *node) Caps {
	o := d.object(n, "caps")
	c := Caps{
		PerEvent:  d.amount(o.may("per_event")),
		PerPeriod: d.amount(o.may("per_period")),
		Lifetime:  d.amount(o.may("lifetime")),
	}
	d.each(o.may("within"), func(item *node) {
		p := d.object(item, "within")
		w := Within{Period: choice(d, p.must("period"), periodKinds...), Max: d.value(d.amount(p.must("max")))}
		p.done()
		d.checkYear(b, item, w.Period)
		c.Within = append(c.Within, w)
	})
	o.done()
	if len(c.Within) > 5 {
		d.report(n, "item_count", map[string]any{"least": 0, "most": 5})
	}
	return c
}

// period reads how long a benefit's period is.
func (d *decoder) periodKind(n *node) PeriodKind {
	if s, ok := d.plain(n); ok && PeriodKind(s).months() > 0 {
		return PeriodKind(s)
	}
	return choice(d, n, periodKinds...)
}

func (d *decoder) streak(n *node) *Streak {
	if n == nil {
		return nil
	}
	o := d.object(n, "streak")
	s := Streak{
		Unit:   choice(d, o.must("unit"), Monthly, Quarterly),
		Least:  d.value(d.positive(o.must("least"))),
		Length: d.whole(o.must("length"), 1, 240),
	}
	o.done()
	return &s
}

func (c *compiler) carry(b *Book, n *node) *Carry {
	if n == nil {
		return nil
	}
	o := c.object(n, "carry_forward")
	k := Carry{
		Accrual: c.value(c.amount(o.must("accrual"))),
		stops:   c.deadline(b, o, "stops_at"),
	}
	from := o.must("accrues_from")
	k.from = -1
	if word, ok := c.plain(from); ok {
		k.AccruesFrom, k.from = c.beginning(from, word)
	}
	if k.stops != nil {
		k.StopsAt = k.stops.Moment
	}
	o.done()
	return &k
}

// beginning reads from where periods or room count: the child's birth, its
// joining, or a fact of a day.
func (c *compiler) beginning(n *node, word string) (string, int) {
	if word == fromBirthday || word == fromJoining {
		return word, -1
	}
	known := []string{fromBirthday, fromJoining}
	for i, s := range c.words.slots {
		if s.typ != DateFact || s.from != fromFact {
			continue
		}
		if s.name == word {
			return word, i
		}
		known = append(known, s.name)
	}
	c.unknown(n, word, known)
	return word, -1
}

// phaseOut reads a slope; the fact is one of money that the book declares.
func (c *compiler) phaseOut(b *Book, n *node) *PhaseOut {
	if n == nil {
		return nil
	}
	o := c.object(n, "phase_out")
	fact := o.must("fact")
	p := PhaseOut{Fact: c.name(fact), From: c.value(c.amount(o.must("from"))), To: c.value(c.amount(o.must("to")))}
	o.done()
	if s := c.factSlot(b, fact, p.Fact); s != nil && s.typ != MoneyFact {
		c.report(fact, "needs_money", map[string]any{"fact": p.Fact})
	}
	if !p.From.Less(p.To) {
		c.report(n, "slope", nil)
	}
	return &p
}

func (d *decoder) pay(n *node) Pay {
	o := d.object(n, "pay")
	p := Pay{
		When:    choice(d, o.may("when"), payImmediate, payDaily, payNextMonth, payQuarterEnd, payWindowClose),
		LagDays: d.whole(o.may("lag_days"), 0, 730),
	}
	o.done()
	return p
}

func (d *decoder) undo(n *node) Undo {
	o := d.object(n, "undo")
	u := Undo{
		OnReturn:     choice(d, o.may("on_return"), undoReverse, undoPropose, undoNone),
		OnWithdrawal: choice(d, o.may("on_withdrawal"), undoNone, undoRatio, undoShare, undoForfeit),
		Withdrawals:  choice(d, o.may("withdrawals"), withdrawalsAll, string(Nonqualified)),
		OnIneligible: choice(d, o.may("on_ineligible"), undoPropose, undoKeep),
	}
	o.done()
	return u
}

// funding reads the sources into the order in which they are asked: by
// priority, then as written.
func (c *compiler) funding(t *terms, n *node) {
	o := c.object(n, "funding")
	t.Funding.WhileFundsLast = o.may("while_funds_last") != nil && c.flag(n.get("while_funds_last"))
	t.Funding.OnShortfall = choice(c.decoder, o.may("on_shortfall"), "queue", "pro_rata", "deny")
	sources := o.must("sources")
	c.each(sources, func(item *node) {
		p := c.object(item, "source")
		s := compiledSource{Source: Source{Fund: c.code(p.must("fund")), Priority: c.whole(p.may("priority"), 0, 1000)}}
		if when := p.may("when"); when != nil {
			s.when = c.predicate(when)
			s.When = when.text
		}
		p.done()
		if slices.ContainsFunc(t.sources, func(u compiledSource) bool { return u.Fund == s.Fund }) {
			c.report(item, "twice", map[string]any{"value": clip(s.Fund)})
		}
		t.sources = append(t.sources, s)
	})
	o.done()
	if sources != nil && (len(t.sources) == 0 || len(t.sources) > 20) {
		c.report(sources, "item_count", map[string]any{"least": 1, "most": 20})
	}
	slices.SortStableFunc(t.sources, func(a, b compiledSource) int { return cmp.Compare(a.Priority, b.Priority) })
	restricted := false
	for _, s := range t.sources {
		t.Funding.Sources = append(t.Funding.Sources, s.Source)
		t.open = append(t.open, FundChoice{Code: s.Fund, Priority: s.Priority, Allowed: true})
		restricted = restricted || s.When != ""
	}
	if restricted {
		t.open = nil
	}
}
