package rules

// maxExampleWork bounds the evaluations by which Lint finds out what examples
// show, each as heavy as the child's history.
const maxExampleWork = 40_000

// evidence is what the examples of a book show.
type evidence struct {
	benefits map[string]bool
	versions map[string]bool // a version, and "benefit/version"
	tiers    map[string]bool // "benefit/tier"
	whole    bool            // every example was looked at
}

// examples finds benefits, versions and tiers that no example shows.
func (l *linter) examples() {
	s := l.shown()
	if !s.whole {
		l.work = 0
		return
	}
	for i := range l.book.plans {
		p, item := &l.book.plans[i], l.benefitNode(i)
		if !s.benefits[p.id] {
			l.find(item, "no_example", Advice, map[string]any{"benefit": p.id})
			continue
		}
		tiers := map[string]bool{}
		for _, t := range p.in {
			if t == nil {
				continue
			}
			for _, tier := range t.tiers {
				name := tier.terms.tier
				if !tiers[name] && !s.tiers[p.id+"/"+name] {
					l.find(tierNode(item, name), "no_tier_example", Advice, map[string]any{"benefit": p.id, "tier": name})
				}
				tiers[name] = true
			}
		}
	}
	for v, version := range l.book.Versions {
		if !s.versions[version.ID] {
			l.find(l.root.get("versions").items[v], "no_version_example", Advice, map[string]any{"version": version.ID})
		}
	}
}

// tierNode is where a tier of a benefit stands, in whichever version.
func tierNode(benefit *node, name string) *node {
	places := []*node{benefit}
	if changes := benefit.get("by_version"); changes != nil {
		for _, k := range changes.keys {
			places = append(places, k.value)
		}
	}
	for _, place := range places {
		list := place.value("tiers")
		if list == nil {
			continue
		}
		for _, item := range list.items {
			if id := item.get("id"); id != nil && id.text == name {
				return item
			}
		}
	}
	return benefit
}

// shown evaluates the children of the examples on the days of their
// expectations.
func (l *linter) shown() evidence {
	s := evidence{map[string]bool{}, map[string]bool{}, map[string]bool{}, true}
	work := maxExampleWork
	for i := range l.book.Examples {
		x := &l.book.Examples[i]
		for _, want := range x.Expect {
			if want.Benefit != "" {
				s.benefits[want.Benefit] = true
			}
			for _, c := range x.meant(l.book, want) {
				if work -= 1 + len(c.Events) + len(c.Facts); work < 0 {
					s.whole = false
					return s
				}
				s.take(Evaluate(l.book, c, want.On), want)
			}
		}
	}
	return s
}

func (s *evidence) take(all []Entitlement, want Expectation) {
	for _, e := range all {
		if !want.speaksOf(e.Benefit, e.Period) {
			continue
		}
		if e.Amount.Sign() > 0 {
			s.benefits[e.Benefit] = true
		}
		s.versions[e.Why.Version] = true
		for _, line := range e.Why.Lines {
			switch line.Op {
			case OpTier:
				s.tiers[e.Benefit+"/"+line.Ref] = true
			case OpVersion:
				s.versions[line.Ref] = true
			}
		}
	}
}
