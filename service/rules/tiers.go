package rules

import (
	"slices"

	"seedbook/ledger"
)

// tier replaces some of a benefit's terms for the children whom its condition
// fits.
type tier struct {
	when  *predicate
	terms *terms
}

// tierKeys are the keys of a benefit that a tier may change.
var tierKeys = []string{"base", "amount", "caps", "carry_forward", "phase_out", "pay", "funding", "undo", "vesting"}

const maxTiers = 50

// tiers reads a benefit's tiers, each once more as the benefit it makes.
func (c *compiler) tiers(b *Book, n *node, t *terms, tiers *node) {
	var seen []string
	c.each(tiers, func(item *node) {
		o := c.object(item, "tier")
		id := c.name(o.must("id"))
		when := c.predicate(o.must("when"))
		for _, key := range tierKeys {
			o.may(key)
		}
		o.done()
		if slices.Contains(seen, id) {
			c.report(item, "twice", map[string]any{"value": clip(id)})
		}
		seen = append(seen, id)
		if len(seen) > maxTiers || item.kind != mapping {
			return
		}
		changed, _ := c.terms(b, n.without("tiers").overlaid(item.without("id", "when")))
		changed.tier = id
		t.tiers = append(t.tiers, tier{when, changed})
	})
	if len(seen) > maxTiers {
		c.report(tiers, "item_count", map[string]any{"least": 0, "most": maxTiers})
	}
}

// without is a mapping that lacks some keys.
func (n *node) without(keys ...string) *node {
	out := *n
	out.keys = slices.DeleteFunc(slices.Clone(n.keys), func(k keyed) bool { return slices.Contains(keys, k.key.text) })
	return &out
}

// tierOf is the terms of the first tier that fits the child on a day, or the
// benefit's own where none does. It reports false where a fact is missing that
// would decide.
func (e *evaluator) tierOf(s *span, t *terms, on ledger.Date) (*terms, bool) {
	for i := range t.tiers {
		switch e.judge(s, t.tiers[i].when, e.judgedOn(s, t, on)) {
		case yes:
			return t.tiers[i].terms, true
		case unknown:
			s.missing |= e.view.missing
			return t, false
		}
	}
	return t, true
}
