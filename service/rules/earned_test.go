package rules

import (
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

func TestAnAmountIsEarnedByTheEventThatBroughtIt(t *testing.T) {
	b := small(t, `
benefits:
  - {id: ratio, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: capped, kind: match, basis: gross_deposits, amount: {ratio: 1}, caps: {per_period: 25.00}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: least, kind: match, basis: gross_deposits, base: {min_period: 25.00}, amount: {ratio: 1}, caps: {per_period: 5.00}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: at, kind: incentive, basis: gross_deposits, amount: {threshold: {at: 15.00, pay: 5.00}}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: net, kind: match, basis: net_deposits, amount: {ratio: 1}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: third, kind: incentive, basis: count(deposit), amount: {step: {per: 3, pay: 1.00}}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: first, kind: incentive, trigger: event(deposit), amount: {fixed: 1.00}, period: school_year, funding: {sources: [{fund: A}]}}
`)
	c := Child{ID: 1, Events: []Event{{Key: "e", Kind: Enrolled, On: day(t, "2026-09-01")}}}
	for i, on := range []string{"2026-09-05", "2026-09-06", "2026-09-06", "2026-09-09"} {
		c.Events = append(c.Events, Event{Key: on + string(rune('a'+i)), Kind: Deposit, On: day(t, on), Seq: int64(i + 1), Amount: amount(t, "10.00")})
	}
	c.Events = append(c.Events, Event{Key: "w", Kind: Withdrawal, On: day(t, "2026-09-08"), Seq: 9, Amount: amount(t, "30.00")})
	want := map[string]struct {
		on  string
		seq int64
	}{
		"ratio": {"2026-09-09", 4}, "capped": {"2026-09-06", 3}, "least": {"2026-09-06", 3}, "at": {"2026-09-06", 2},
		"net": {"2026-09-06", 3}, "third": {"2026-09-06", 3}, "first": {"2026-09-05", 1},
	}
	for _, e := range Evaluate(b, c, day(t, "2026-10-01")) {
		if w := want[e.Benefit]; e.EarnedOn != day(t, w.on) || e.EarnedSeq != w.seq {
			t.Errorf("%s is earned on %s by %d, want %s by %d", e.Benefit, e.EarnedOn, e.EarnedSeq, w.on, w.seq)
		}
	}
}

// TestAnAmountWasNotThereBeforeItsDay, and was on it: as far as no later event
// took something away again.
func TestAnAmountWasNotThereBeforeItsDay(t *testing.T) {
	books := both(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		kept := c.Events[:0:0]
		for _, e := range c.Events {
			if e.Kind == Deposit && !returned(c, e.Key) || e.Kind == Enrolled {
				kept = append(kept, e)
			}
		}
		c.Events = kept
		for _, b := range books {
			for _, e := range Evaluate(b, c, on) {
				if e.Amount.IsZero() {
					if !e.EarnedOn.IsZero() {
						t.Fatalf("%s of %s gives nothing, earned on %s", e.Benefit, e.Period, e.EarnedOn)
					}
					continue
				}
				if was := byPeriod(Evaluate(b, c, e.EarnedOn.AddDays(-1)))[e.Benefit+"/"+e.Period]; !was.Less(e.Amount) && alone(b, e.Benefit) {
					t.Fatalf("%s of %s gives %s, earned on %s, and %s before", e.Benefit, e.Period, e.Amount, e.EarnedOn, was)
				}
			}
		}
	})
}

// alone reports a benefit whose amount is what its own events brought: one with
// a shared cap may have had more before another benefit took the room, and a
// balance counts as a whole.
func alone(b *Book, benefit string) bool {
	if t, _ := b.Benefit(benefit); t.Basis.Measure.balance() {
		return false
	}
	for _, c := range b.SharedCaps {
		for _, name := range c.Benefits {
			if name == benefit {
				return false
			}
		}
	}
	return true
}

func TestNothingIsEarnedByNoEvent(t *testing.T) {
	b := small(t, `
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 5.00}, period: once, funding: {sources: [{fund: A}]}}
`)
	for _, e := range Evaluate(b, Child{ID: 1}, day(t, "2026-10-01")) {
		if e.EarnedOn != (ledger.Date{}) || e.EarnedSeq != 0 {
			t.Errorf("%s is earned on %s", e.Benefit, e.EarnedOn)
		}
	}
}
