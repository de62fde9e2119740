package rules

import (
	"slices"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// layers are the places from which a benefit's terms come, the nearest first: a
// tier, a version's change, the benefit.
type layers []*node

// at is where a key of the terms stands, or the nearest place without it.
func (ls layers) at(key string) *node {
	for _, n := range ls {
		if v := n.value(key); v != nil {
			return v
		}
	}
	return ls[len(ls)-1]
}

// benefits looks at every benefit in the terms of every version and tier, each
// once.
func (l *linter) benefits() {
	for i := range l.book.plans {
		p, item := &l.book.plans[i], l.benefitNode(i)
		changes := item.get("by_version")
		var seen []*terms
		for v, t := range p.in {
			if t == nil || slices.Contains(seen, t) {
				continue
			}
			seen = append(seen, t)
			ls := layers{item}
			if change := changes.value(l.book.Versions[v].ID); change != nil && change.kind == mapping {
				ls = layers{change, item}
			}
			l.terms(p, t, "", ls)
			l.tiers(p, t, ls)
		}
	}
}

// terms looks at the terms of a benefit, or of one of its tiers.
func (l *linter) terms(p *plan, t *terms, tier string, ls layers) {
	l.unbounded(p, t, ls)
	l.gross(p, t, ls)
	l.caps(p, t, ls)
	l.base(t, ls)
	l.sources(p, t, tier, ls)
	l.table(p, t, tier, ls)
	l.vesting(p, t, ls)
	l.class(p, t, ls)
	l.theFunds(p, t, ls)
}

// unbounded finds money without any end.
func (l *linter) unbounded(p *plan, t *terms, ls layers) {
	c, b := &t.Caps, &t.Base
	grows := t.Amount.Ratio != nil || t.Amount.Step != nil && t.Basis.Measure != Streaks
	ends := c.PerPeriod != nil || c.Lifetime != nil || len(c.Within) > 0 || t.Carry != nil || b.CapPeriod != nil || b.CapLife != nil || len(p.shared) > 0
	if !grows || ends || l.depositsEnd() && t.countsDeposits() && t.Basis.Measure != CountEvents {
		return
	}
	l.find(ls.at("amount"), "unbounded", Risk, map[string]any{"benefit": p.id})
}

// depositsEnd reports limits of the account itself.
func (l *linter) depositsEnd() bool {
	deposits := l.root.get("account").value("deposits")
	return deposits.value("max_lifetime") != nil || deposits.value("max_year") != nil || deposits.value("max_balance") != nil
}

// gross finds a match that the same money can earn twice.
func (l *linter) gross(p *plan, t *terms, ls layers) {
	if t.Basis.Measure != GrossDeposits {
		return
	}
	never := l.root.get("withdrawal").value("nonqualified")
	if t.Undo.OnWithdrawal == "" && (never == nil || never.text != "never") {
		l.find(ls.at("basis"), "gross", Risk, map[string]any{"benefit": p.id})
	}
	if t.Undo.OnReturn == "" {
		l.find(ls.at("basis"), "return_unstated", Advice, map[string]any{"benefit": p.id})
	}
}

// limit is a cap with its key, for comparing caps with each other.
type limit struct {
	key string
	max *ledger.Amount
}

// caps finds caps that are never reached or that cut off every payment.
func (l *linter) caps(p *plan, t *terms, ls layers) {
	limits := t.limits()
	for _, c := range limits {
		if c.max.IsZero() {
			l.find(ls.at("caps"), "cap_zero", Risk, map[string]any{"cap": c.key})
			return
		}
	}
	l.capsInOrder(limits, ls)
	pays, what := t.largestPayment()
	for _, c := range limits {
		if c.key != "per_event" && pays != nil && c.max.Less(*pays) {
			l.find(ls.at("amount"), "pays_above_cap", Risk, map[string]any{"what": what, "pays": *pays, "cap": c.key, "max": *c.max})
			break
		}
	}
	for _, i := range p.shared {
		shared := l.book.SharedCaps[i]
		if pays != nil && shared.Max.Less(*pays) {
			l.find(ls.at("amount"), "pays_above_cap", Risk, map[string]any{"what": what, "pays": *pays, "cap": shared.ID, "max": shared.Max})
		} else if c := t.Caps.PerPeriod; c != nil && shared.Max.Less(*c) {
			l.find(ls.at("caps"), "cap_never_reached", Advice, map[string]any{"cap": "per_period", "max": *c, "other": shared.ID, "less": shared.Max})
		}
	}
}

// limits are the caps of terms, from the shortest time to the longest.
func (t *terms) limits() (out []limit) {
	add := func(key string, max *ledger.Amount) {
		if max != nil {
			out = append(out, limit{key, max})
		}
	}
	add("per_event", t.Caps.PerEvent)
	add("per_period", t.Caps.PerPeriod)
	for i := range t.Caps.Within {
		add("within "+string(t.Caps.Within[i].Period), &t.Caps.Within[i].Max)
	}
	add("lifetime", t.Caps.Lifetime)
	return out
}

// capsInOrder finds a cap that a cap of a longer time makes unreachable.
func (l *linter) capsInOrder(limits []limit, ls layers) {
	for i, short := range limits {
		for _, long := range limits[i+1:] {
			if long.max.Less(*short.max) && (short.key == "per_event" || short.key == "per_period" || long.key == "lifetime") {
				l.find(ls.at("caps"), "cap_never_reached", Risk, map[string]any{"cap": short.key, "max": *short.max, "other": long.key, "less": *long.max})
				return
			}
		}
	}
}

// largestPayment is the most that the formula gives at once, where it says.
func (t *terms) largestPayment() (*ledger.Amount, string) {
	switch f := &t.Amount; {
	case f.Fixed != nil:
		return f.Fixed, "fixed"
	case f.Threshold != nil:
		return &f.Threshold.Pay, "threshold"
	case f.Step != nil:
		return &f.Step.Pay, "step"
	case len(f.Series) > 0:
		largest := slices.MaxFunc(f.Series, ledger.Amount.Cmp)
		return &largest, "series"
	}
	return t.Amount.Table.most(), "table"
}

// base finds minimums and thresholds that the base's own caps put out of reach,
// and minimums that make a cap of the amount a fixed sum.
func (l *linter) base(t *terms, ls layers) {
	for _, most := range []limit{{"cap_period", t.Base.CapPeriod}, {"cap_lifetime", t.Base.CapLife}} {
		if most.max == nil {
			continue
		}
		if f := t.Amount.Threshold; f != nil && most.max.Less(f.At) {
			l.find(ls.at("amount"), "threshold_out_of_reach", Risk, map[string]any{"at": f.At, "cap": most.key, "max": *most.max})
		}
		if f := t.Amount.Step; f != nil && most.max.Less(f.Per) {
			l.find(ls.at("amount"), "threshold_out_of_reach", Risk, map[string]any{"at": f.Per, "cap": most.key, "max": *most.max})
		}
		if least := t.Base.MinPeriod; least != nil && most.max.Less(*least) {
			l.find(ls.at("base"), "minimum_above_cap", Risk, map[string]any{"minimum": *least, "earns": *least, "cap": most.key, "max": *most.max})
		}
	}
	if t.Amount.Ratio == nil {
		return
	}
	l.minimum(t.Base.MinPeriod, "per_period", t.Caps.PerPeriod, *t.Amount.Ratio, ls)
	l.minimum(t.Base.MinSingle, "per_event", t.Caps.PerEvent, *t.Amount.Ratio, ls)
	l.minimum(t.Base.MinSingle, "per_period", t.Caps.PerPeriod, *t.Amount.Ratio, ls)
}

// minimum finds a cap below what the least deposit earns.
func (l *linter) minimum(least *ledger.Amount, key string, most *ledger.Amount, ratio decimal.Decimal, ls layers) {
	if least == nil || most == nil {
		return
	}
	if earns := least.Decimal().Mul(ratio); earns.GreaterThan(most.Decimal()) {
		l.find(ls.at("caps"), "minimum_above_cap", Risk, map[string]any{
			"minimum": *least, "earns": ledger.Round(earns, l.book.Program.Rounding), "cap": key, "max": *most,
		})
	}
}
