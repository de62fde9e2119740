package rules

import "seedbook/ledger"

// NextEligible is the earliest day after on at which Eligible could answer
// otherwise without any news of the child; no day means never. Like Next it may
// be too early, never too late: where a requirement asks for the day itself, as
// age_on(day) does, it is the very next day.
func NextEligible(b *Book, c Child, on ledger.Date) ledger.Date {
	for i := range b.gates {
		if when := b.gates[i].when; when.timed || when.reads&b.facts.calendar != 0 {
			return on.AddDays(1)
		}
	}
	s := soonest{after: on}
	s.known(&c)
	s.versions(b)
	return s.day
}

// versions are the days on which other terms begin to count.
func (s *soonest) versions(b *Book) {
	for i := range b.Versions {
		s.or(b.Versions[i].EffectiveFrom)
	}
	if last := b.Versions[len(b.Versions)-1].EffectiveTo; !last.IsZero() {
		s.or(last.AddDays(1))
	}
}
