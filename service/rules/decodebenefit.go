package rules

import (
	"cmp"
	"slices"
	"strconv"

	"seedbook/ledger"
)

// plan is a benefit, compiled: its terms in each version of the book.
type plan struct {
	id     string
	kind   Kind
	period PeriodKind
	in     []*terms    // by version; nil where the benefit does not stand in it
	shared []int       // the book's shared caps that bound it
	kinds  []EventKind // of events that some version looks at
}

// terms are a benefit's terms in one version.
type terms struct {
	Benefit
	when    *predicate
	sources []compiledSource // in the order in which they are asked
	open    []FundChoice     // the answer where no source has a restriction
	rate    string           // the ratio as text
	whole   int64            // the ratio where it is a whole number and needs no rounding; 0 otherwise
}

type compiledSource struct {
	Source
	when *predicate
}

// changeable are the keys of a benefit that a version may change.
var changeable = []string{"trigger", "basis", "base", "amount", "caps", "when", "eligible_at", "pay", "funding", "undo"}

func (c *compiler) benefits(b *Book, n *node) {
	c.each(n, func(item *node) {
		if len(b.plans) >= maxBenefits {
			return
		}
		p := c.benefit(b, item)
		if b.plan(p.id) != nil {
			c.report(item, "twice", map[string]any{"value": clip(p.id)})
		}
		b.plans = append(b.plans, p)
	})
	if n != nil && (len(n.items) == 0 || len(n.items) > maxBenefits) {
		c.report(n, "item_count", map[string]any{"least": 1, "most": maxBenefits})
	}
	for i := range b.plans {
		b.Benefits = append(b.Benefits, b.plans[i].latest())
	}
}

// benefit reads a benefit once, and once more for every version that changes
// it: the version's keys take the place of the benefit's own.
func (c *compiler) benefit(b *Book, n *node) plan {
	t, changes := c.terms(b, n)
	p := plan{id: t.ID, kind: t.Kind, period: t.Period}
	c.checkVersionNames(b, n, t, changes)
	for i := range b.Versions {
		v := b.Versions[i].ID
		switch change := changes.value(v); {
		case len(t.Versions) > 0 && !slices.Contains(t.Versions, v):
			p.in = append(p.in, nil)
		case change == nil || change.kind != mapping:
			p.in = append(p.in, t)
		default:
			o := c.object(change, "benefit_change")
			for _, key := range changeable {
				o.may(key)
			}
			o.done()
			changed, _ := c.terms(b, n.overlaid(change))
			p.in = append(p.in, changed)
		}
	}
	for _, t := range p.in {
		p.addKinds(t)
	}
	return p
}

func (p *plan) addKinds(t *terms) {
	if t == nil {
		return
	}
	for _, k := range t.kinds() {
		if !slices.Contains(p.kinds, k) {
			p.kinds = append(p.kinds, k)
		}
	}
}

// kinds are the events that terms look at.
func (t *terms) kinds() []EventKind {
	switch {
	case t.Basis.Measure == GrossDeposits:
		return []EventKind{Deposit, Return}
	case t.Basis.Measure == NetDeposits:
		return []EventKind{Deposit, Withdrawal, Return}
	case t.Basis.Measure == CountEvents:
		return []EventKind{t.Basis.Event}
	case t.Trigger.Kind == OnEvent:
		return []EventKind{t.Trigger.Event}
	}
	return nil
}

// value is get for a mapping that may be absent.
func (n *node) value(key string) *node {
	if n == nil {
		return nil
	}
	return n.get(key)
}

func (c *compiler) checkVersionNames(b *Book, n *node, t *terms, changes *node) {
	var ids []string
	for _, v := range b.Versions {
		ids = append(ids, v.ID)
	}
	for i, v := range t.Versions {
		if !slices.Contains(ids, v) {
			c.unknown(n.get("versions").items[i], v, ids)
		}
	}
	if changes == nil {
		return
	}
	if changes.kind != mapping {
		c.report(changes, "not_mapping", nil)
	}
	for _, k := range changes.keys {
		if !slices.Contains(ids, k.key.text) {
			c.unknown(k.key, k.key.text, ids)
		} else if k.value.kind != mapping {
			c.report(k.value, "not_mapping", nil)
		}
	}
}

// terms reads a benefit and the changes that versions make to it.
func (c *compiler) terms(b *Book, n *node) (*terms, *node) {
	o, before := c.object(n, "benefit"), len(c.problems)
	t := &terms{Benefit: Benefit{
		ID:         c.name(o.must("id")),
		Kind:       choice(c.decoder, o.must("kind"), benefitKinds...),
		Says:       c.says(o.may("says")),
		Trigger:    c.trigger(b, o.may("trigger")),
		Basis:      c.basis(b, o.may("basis")),
		Base:       c.base(o.may("base")),
		Amount:     c.formula(o.must("amount")),
		Caps:       c.caps(b, o.may("caps")),
		Period:     choice(c.decoder, o.must("period"), periodKinds...),
		EligibleAt: choice(c.decoder, o.may("eligible_at"), eligibleAtEvent, eligibleAtPeriodStart, eligibleAtPeriodEnd),
		Pay:        c.pay(o.may("pay")),
		Undo:       c.undo(o.may("undo")),
		Versions:   c.codes(o.may("versions")),
	}}
	if when := o.may("when"); when != nil {
		t.when = c.predicate(when)
		t.When = when.text
	}
	c.funding(t, o.must("funding"))
	t.prepareRatio()
	changes := o.may("by_version")
	o.done()
	if len(c.problems) == before { // of what cannot be read, the rest means nothing
		c.checkTerms(b, n, t)
	}
	return t, changes
}

// prepareRatio does once what every evaluation would do again.
func (t *terms) prepareRatio() {
	r := t.Amount.Ratio
	if r == nil {
		return
	}
	t.rate = r.String()
	if r.IsInteger() && t.Caps.PerEvent == nil {
		t.whole = r.IntPart()
	}
}

// trigger reads event(enrolled) or age(5).
func (c *compiler) trigger(b *Book, n *node) Trigger {
	s, ok := c.plain(n)
	if !ok {
		return Trigger{}
	}
	name, args, ok := call(s)
	switch {
	case ok && name == string(OnEvent) && len(args) == 1:
		return Trigger{Kind: OnEvent, Event: c.eventKind(b, n, args[0])}
	case ok && name == string(AtAge) && len(args) == 1 && isNumber(args[0], 130):
		years, _ := strconv.Atoi(args[0])
		return Trigger{Kind: AtAge, Years: years}
	}
	c.unknown(n, s, []string{"event(enrolled)", "age(5)"})
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
	case ok && args == nil && (m == NoBasis || m == GrossDeposits || m == NetDeposits):
		return Basis{Measure: m}
	case ok && m == CountEvents && len(args) == 1:
		return Basis{Measure: CountEvents, Event: c.eventKind(b, n, args[0])}
	}
	c.unknown(n, s, []string{string(NoBasis), string(GrossDeposits), string(NetDeposits), "count(deposit)"})
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

func (d *decoder) formula(n *node) Formula {
	o := d.object(n, "amount")
	f := Formula{Fixed: d.amount(o.may("fixed")), Ratio: d.ratio(o.may("ratio"))}
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
	o.done()
	if n != nil && n.kind == mapping && len(n.keys) != 1 {
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
		OnWithdrawal: choice(d, o.may("on_withdrawal"), undoNone, undoRatio),
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

// latest is the benefit in the last version in which it stands.
func (p *plan) latest() Benefit {
	for i := len(p.in) - 1; i >= 0; i-- {
		if p.in[i] != nil {
			return p.in[i].Benefit
		}
	}
	return Benefit{ID: p.id, Kind: p.kind, Period: p.period}
}

func (b *Book) plan(id string) *plan {
	for i := range b.plans {
		if b.plans[i].id == id {
			return &b.plans[i]
		}
	}
	return nil
}

func (b *Book) benefitIDs() []string {
	ids := make([]string, len(b.plans))
	for i := range b.plans {
		ids[i] = b.plans[i].id
	}
	return ids
}

// Terms are the terms of a benefit on a day, for books whose versions select
// by event; false where the benefit does not stand on that day.
func (b *Book) Terms(benefit string, on ledger.Date) (Benefit, bool) {
	p, v := b.plan(benefit), b.versionOn(on)
	if p == nil || v < 0 || p.in[v] == nil {
		return Benefit{}, false
	}
	return p.in[v].Benefit, true
}

// versionOn is the number of the version in effect on a day, or −1.
func (b *Book) versionOn(day ledger.Date) int {
	for i := len(b.Versions) - 1; i >= 0; i-- {
		v := &b.Versions[i]
		if !day.Before(v.EffectiveFrom) && (v.EffectiveTo.IsZero() || !day.After(v.EffectiveTo)) {
			return i
		}
	}
	return -1
}
