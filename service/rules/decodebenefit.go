package rules

import (
	"slices"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// plan is a benefit, compiled: its terms in each version of the book.
type plan struct {
	id     string
	kind   Kind
	period PeriodKind
	months int         // of a window of the child's own
	in     []*terms    // by version; nil where the benefit does not stand in it
	shared []int       // the book's shared caps that bound it
	kinds  []EventKind // of events that some version looks at
	repays bool        // withdrawals may cost what was given
	since  []beginning // where every period counts, whatever happened: from where on
	census bool        // some version waits for census days
	ages   bool        // some version waits for a birthday
	saves  bool        // some version counts what is saved
	ends   bool        // … at the end of each month
	// some version gives an amount to the account of which the program heard first
	firstCome bool
}

// terms are a benefit's terms in one version.
type terms struct {
	Benefit
	when    *predicate
	tier    string           // the tier whose terms these are, or ""
	tiers   []tier           // in the order in which they are tried
	sources []compiledSource // in the order in which they are asked
	open    []FundChoice     // the answer where no source has a restriction
	rate    string           // the ratio as text
	cent    ledger.Amount    // what is a cent at least by the ratio
	whole   int64            // the ratio where it is a whole number and needs no rounding; 0 otherwise
}

type compiledSource struct {
	Source
	when *predicate
}

// changeable are the keys of a benefit that a version may change.
var changeable = []string{"trigger", "basis", "base", "streak", "amount", "caps", "carry_forward", "phase_out", "tiers", "when", "eligible_at", "pay", "funding", "undo", "vesting"}

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
	p := plan{id: t.ID, kind: t.Kind, period: t.Period, months: t.Period.months()}
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
		p.addRepays(t)
	}
	return p
}

func (p *plan) addKinds(t *terms) {
	if t == nil {
		return
	}
	switch {
	case t.Trigger.Kind == EachPeriod:
		p.since = append(p.since, beginning{t.Trigger.From, t.Trigger.from})
	case t.Basis.Measure == ContributionBalance || t.Trigger.Kind == OnCensus:
		p.since = append(p.since, beginning{fromJoining, -1})
	}
	p.census = p.census || t.Trigger.Kind == OnCensus
	p.ages = p.ages || t.Trigger.Kind == AtAge
	p.saves = p.saves || t.Basis.Measure.balance()
	p.ends = p.ends || t.Basis.Measure == MonthEndIncrease
	p.firstCome = p.firstCome || t.Conflict == conflictFirstCome && t.Trigger.Kind == OnEvent
	for _, k := range t.kinds() {
		if !slices.Contains(p.kinds, k) {
			p.kinds = append(p.kinds, k)
		}
	}
}

// beginning is from where periods or room count: the child's birth, its
// joining, or the fact of a day in a slot.
type beginning struct {
	word string
	slot int
}

// kinds are the events that terms look at.
func (t *terms) kinds() []EventKind {
	switch {
	case t.Basis.Measure == GrossDeposits:
		return []EventKind{Deposit, Return}
	case t.Basis.Measure == NetDeposits || t.Basis.Measure.balance():
		return []EventKind{Deposit, Withdrawal, Return}
	case t.Basis.Measure == Streaks:
		return []EventKind{Deposit, Return}
	case t.Basis.Measure.ofEvents():
		return []EventKind{t.Basis.Event}
	case t.Trigger.Kind == OnEvent:
		return []EventKind{t.Trigger.Event}
	case t.Trigger.Kind == OnClass:
		return []EventKind{Named}
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
	basis := c.basis(b, o.may("basis"))
	t := &terms{Benefit: Benefit{
		ID:         c.name(o.must("id")),
		Kind:       choice(c.decoder, o.must("kind"), benefitKinds...),
		Says:       c.says(o.may("says")),
		Trigger:    c.trigger(b, o.may("trigger")),
		Basis:      basis,
		Base:       c.base(o.may("base")),
		Streak:     c.streak(o.may("streak")),
		Amount:     c.formula(b, o.must("amount"), basis.Measure != NoBasis),
		Caps:       c.caps(b, o.may("caps")),
		Carry:      c.carry(b, o.may("carry_forward")),
		PhaseOut:   c.phaseOut(b, o.may("phase_out")),
		Period:     c.periodKind(o.must("period")),
		EligibleAt: choice(c.decoder, o.may("eligible_at"), eligibleAtEvent, eligibleAtPeriodStart, eligibleAtPeriodEnd, eligibleAtCensus, eligibleAtPayment),
		Pay:        c.pay(o.may("pay")),
		Undo:       c.undo(o.may("undo")),
		Vesting:    c.vesting(b, o.may("vesting")),
		Versions:   c.codes(o.may("versions")),
		Conflict:   choice(c.decoder, o.may("conflict"), conflictEarliest, conflictFirstCome, conflictSameDay, conflictChoice),
		OncePer:    choice(c.decoder, o.may("once_per"), perChild, perAccount, perHousehold),
	}}
	if when := o.may("when"); when != nil {
		t.when = c.predicate(when)
		t.When = when.text
	}
	c.funding(t, o.must("funding"))
	t.prepareRatio()
	tiers, changes := o.may("tiers"), o.may("by_version")
	o.done()
	c.tiers(b, n, t, tiers)
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
	t.cent = ledger.Minor(decimal.NewFromInt(1).Div(*r).Ceil().IntPart())
	if r.IsInteger() && t.Caps.PerEvent == nil {
		t.whole = r.IntPart()
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
