package rules

import "strings"

// tiers looks at a benefit's tiers beside each other.
func (l *linter) tiers(p *plan, t *terms, ls layers) {
	written := ls.at("tiers")
	if len(t.tiers) == 0 || written.kind != list || len(written.items) < len(t.tiers) {
		return
	}
	left, ok := l.ways(t.When, true)
	all := left
	for i := range t.tiers {
		item := written.items[i]
		when := item.get("when").text
		l.terms(p, t.tiers[i].terms, when, append(layers{item}, ls...))
		own, known := l.ways(when, true)
		if !ok || !known || len(own) == 0 {
			continue
		}
		if fits, known := l.both(all, own); known && len(fits) == 0 {
			l.find(item, "tier_never", Risk, map[string]any{"tier": t.tiers[i].terms.tier})
		} else if fits, known := l.both(left, own); known && len(fits) == 0 {
			l.find(item, "tier_unreachable", Risk, map[string]any{"tier": t.tiers[i].terms.tier})
		}
		left, ok = l.together(left, when, false)
	}
	l.ranges(t, written)
}

// ranged is a tier that asks one thing only: that something lies in a range.
type ranged struct {
	name   string
	at     *node
	values set
}

// ranges compares tiers that all ask the same one thing: where they overlap in
// part, and what lies between them.
func (l *linter) ranges(t *terms, written *node) {
	var tiers []ranged
	var about *atom
	for i := range t.tiers {
		a, values, ok := l.oneRange(written.items[i].get("when").text)
		if !ok || about != nil && about.about != a.about || a.domain.ofText {
			return
		}
		about = a
		tiers = append(tiers, ranged{t.tiers[i].terms.tier, written.items[i], values})
	}
	if len(tiers) < 2 {
		return
	}
	union := set{}
	for i, x := range tiers {
		for _, y := range tiers[:i] {
			l.work -= 1 + len(x.values.spans) + len(y.values.spans)
			if l.work <= 0 {
				return
			}
			l.overlap(x, y, about)
		}
		union = union.with(x.values)
	}
	l.gaps(tiers, union, about)
}

// overlap finds tiers of which each takes a part of the other. A tier that
// lies within a later one is a staircase, which is how tiers are meant.
func (l *linter) overlap(x, y ranged, about *atom) {
	both := x.values.common(y.values)
	if both.empty() || x.values.within(y.values) || y.values.within(x.values) {
		return
	}
	from, to := both.spans[0].first, both.spans[0].last
	if from == least {
		from = to
	} else if to == most {
		to = from
	}
	l.find(x.at, "tier_overlap", Risk, map[string]any{
		"tier": x.name, "other": y.name, "thing": about.about, "from": valueOf(about.typ, from), "to": valueOf(about.typ, to),
	})
}

// smallGap is how much may lie between two tiers by oversight: a day, a number,
// or less than a dollar.
func smallGap(t FactType) int64 {
	if t == MoneyFact {
		return 100
	}
	return 1
}

// gaps finds what lies between tiers: there the benefit's own terms hold, which
// is easily not what was meant.
func (l *linter) gaps(tiers []ranged, union set, about *atom) {
	for i := 1; i < len(union.spans); i++ {
		from, to := union.spans[i-1].last+1, union.spans[i].first-1
		severity := Advice
		if to-from < smallGap(about.typ) {
			severity = Risk
		}
		at := tiers[0].at
		for _, x := range tiers {
			if len(x.values.spans) > 0 && x.values.spans[0].first == to+1 {
				at = x.at
			}
		}
		l.find(at, "tier_gap", severity, map[string]any{"thing": about.about, "from": valueOf(about.typ, from), "to": valueOf(about.typ, to)})
	}
}

// oneRange is the set of a condition that asks one thing only.
func (l *linter) oneRange(when string) (about *atom, values set, ok bool) {
	ways, ok := l.ways(when, true)
	if !ok || len(ways) == 0 {
		return nil, set{}, false
	}
	for _, c := range ways {
		var own *restricted
		for name, r := range c {
			if strings.HasPrefix(name, "known(") {
				continue
			}
			if own != nil {
				return nil, set{}, false
			}
			own = &r
		}
		if own == nil || !own.atom.plain || about != nil && about.about != own.atom.about {
			return nil, set{}, false
		}
		if about == nil {
			about, values = own.atom, own.values
		} else {
			values = values.with(own.values)
		}
	}
	return about, values, !values.ofText
}
