package rules

import (
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

// shareBooks are one benefit with and without its repayment.
func shareBooks(t testing.TB) (with, without *Book) {
	const head = "benefits:\n  - {id: grant, kind: match, basis: gross_deposits, amount: {ratio: 0.2}, caps: {per_period: 40.00, lifetime: 90.00}, period: quarter, funding: {sources: [{fund: A}]}"
	return small(t, head+", undo: {on_withdrawal: repay_share}}\n"), small(t, head+"}\n")
}

func total(all []Entitlement) (sum ledger.Amount) {
	for _, e := range all {
		sum = sum.Add(e.Amount)
	}
	return sum
}

func TestAShareIsRepaidOfWhatWasGivenAndNeverMore(t *testing.T) {
	with, without := shareBooks(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		got, raw := byPeriod(Evaluate(with, c, on)), byPeriod(Evaluate(without, c, on))
		taken := ledger.Amount{}
		for _, e := range c.Events {
			if e.Kind == Withdrawal && !e.On.After(on) {
				taken = taken.Add(e.Amount)
			}
		}
		for key, amount := range got {
			if amount.Sign() < 0 || raw[key].Less(amount) {
				t.Fatalf("%s gives %s with repayment, %s without", key, amount, raw[key])
			}
			if taken.IsZero() && amount != raw[key] {
				t.Fatalf("%s gives %s though nothing was taken out, %s without repayment", key, amount, raw[key])
			}
		}
		// A fifth of each dollar taken out goes back at most, and half a cent
		// for each withdrawal.
		back := total(Evaluate(without, c, on)).Sub(total(Evaluate(with, c, on)))
		if most := ledger.Minor(taken.Minor()/5 + int64(len(c.Events)) + 1); most.Less(back) {
			t.Fatalf("%s goes back for %s taken out", back, taken)
		}
	})
}

func TestTakingOutAllOfTheDepositsRepaysAllOfTheGrant(t *testing.T) {
	with, _ := shareBooks(t)
	rapid.Check(t, func(t *rapid.T) {
		c := history(t)
		c.Events = append(c.Events, Event{Key: "all", Kind: Withdrawal, On: ledger.NewDate(2028, 11, 1), Amount: ledger.Minor(99_999_999)})
		on := ledger.NewDate(2029, 1, 1)
		if left := total(Evaluate(with, c, on)); left.Sign() != 0 {
			t.Fatalf("%s is left", left)
		}
	})
}
