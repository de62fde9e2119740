package rules

// sources finds funds whose restriction can never hold together with what the
// benefit and the program ask, and children whom no fund serves.
func (l *linter) sources(p *plan, t *terms, tier string, ls layers) {
	asks, ok := l.asks(t, tier)
	if !ok || len(asks) == 0 {
		return
	}
	at := ls.at("funding")
	own := tier == "" || ls[0].get("funding") != nil // else the benefit's funds were looked at before
	nobody, unserved := true, l.leftOf(asks, t, ls)
	for _, s := range t.sources {
		serves, known := l.together(asks, s.When, true)
		switch {
		case !known:
			nobody, unserved = false, nil
		case len(serves) == 0 && own:
			l.find(fundNode(at, s.Fund), "fund_never", Risk, map[string]any{"fund": s.Fund, "benefit": p.id})
		case len(serves) > 0:
			nobody = false
		}
		if unserved != nil {
			if unserved, known = l.together(unserved, s.When, false); !known {
				unserved = nil
			}
		}
	}
	if nobody {
		l.find(at, "no_fund", Risk, map[string]any{"benefit": p.id})
	} else if len(unserved) > 0 && own {
		l.find(at, "some_without_fund", Advice, map[string]any{"benefit": p.id})
	}
}

// leftOf is what is asked of the children for whom a benefit's own funds are
// meant: those in no tier with funds of its own.
func (l *linter) leftOf(asks []cube, t *terms, ls layers) []cube {
	written := ls.at("tiers")
	if len(t.tiers) == 0 || written.kind != list {
		return asks
	}
	for _, item := range written.items {
		if item.get("funding") == nil {
			continue
		}
		rest, ok := l.together(asks, item.get("when").text, false)
		if !ok {
			return nil
		}
		asks = rest
	}
	return asks
}

// asks is what has to hold for a child to earn the benefit: its condition, the
// tier's, and what eligibility asks of things that stay with a child.
func (l *linter) asks(t *terms, tier string) ([]cube, bool) {
	out, ok := l.together(always, t.When, true)
	if ok {
		out, ok = l.together(out, tier, true)
	}
	for _, r := range l.book.Eligibility {
		if !ok {
			return nil, false
		}
		joins, known := l.ways(r.When, true)
		if !known {
			continue // it restricts nothing that we can tell
		}
		if joins, known = l.lasting(joins); known {
			out, ok = l.both(out, joins)
		}
	}
	return out, ok
}

// together is where a condition holds, or does not, beside what is asked
// already.
func (l *linter) together(asks []cube, when string, holds bool) ([]cube, bool) {
	ways, ok := l.ways(when, holds)
	if !ok {
		return nil, false
	}
	return l.both(asks, ways)
}

func fundNode(funding *node, fund string) *node {
	sources := funding.value("sources")
	if sources == nil {
		return funding
	}
	for _, item := range sources.items {
		if code := item.get("fund"); code != nil && code.text == fund {
			return item
		}
	}
	return funding
}
