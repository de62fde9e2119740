package rules

import (
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

// inAccounts draws of which account each event of a child is.
func inAccounts(t *rapid.T, c Child) Child {
	events := append([]Event(nil), c.Events...)
	for i := range events {
		events[i].Account = rapid.SampledFrom([]string{"", "M", "P", "Q"}).Draw(t, "account")
	}
	c.Events = events
	return c
}

// sharing are benefits with every way of settling a conflict of accounts.
func sharing(t testing.TB) *Book {
	return small(t, `
events: [{name: viewed_online}]
benefits:
  - {id: early, kind: match, basis: gross_deposits, amount: {ratio: 0.333}, caps: {per_period: 70.00}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: arrival, kind: match, basis: gross_deposits, amount: {ratio: 0.333}, caps: {per_period: 70.00}, period: school_year, conflict: first_come, funding: {sources: [{fund: A}]}}
  - {id: parts, kind: match, basis: gross_deposits, base: {min_period: 20.00, cap_period: 300.00}, amount: {ratio: 0.333}, caps: {per_event: 25.00, lifetime: 90.00}, period: quarter, conflict: same_day_pro_rata, funding: {sources: [{fund: A}]}}
  - {id: net, kind: match, basis: net_deposits, amount: {ratio: 0.5}, period: calendar_year, conflict: same_day_pro_rata, funding: {sources: [{fund: A}]}, undo: {on_withdrawal: reverse_ratio}}
  - {id: repaid, kind: match, basis: gross_deposits, amount: {ratio: 0.5}, period: calendar_year, funding: {sources: [{fund: A}]}, undo: {on_withdrawal: repay_share}}
  - {id: each, kind: incentive, trigger: event(deposit), amount: {fixed: 10.00}, caps: {lifetime: 25.00}, period: once, once_per: account, funding: {sources: [{fund: A}]}}
  - {id: fixed, kind: incentive, trigger: event(deposit), amount: {fixed: 10.01}, period: once, conflict: same_day_pro_rata, funding: {sources: [{fund: A}]}}
  - {id: steps, kind: incentive, basis: count(deposit), amount: {step: {per: 2, pay: 3.00}}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: saved, kind: match, basis: highest_balance, amount: {ratio: 0.1}, period: school_year, funding: {sources: [{fund: A}]}}
`)
}

func TestSharesSumToTheAmount(t *testing.T) {
	b := sharing(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := inAccounts(t, history(t)), drawDay(t)
		for _, e := range Evaluate(b, c, on) {
			var sum ledger.Amount
			for _, s := range e.Shares {
				if s.Amount.Sign() <= 0 {
					t.Fatalf("%s of %s: the share of %q is %s", e.Benefit, e.Period, s.Account, s.Amount)
				}
				sum = sum.Add(s.Amount)
			}
			if len(e.Shares) > 0 && sum != e.Amount {
				t.Fatalf("%s of %s gives %s and shares out %+v", e.Benefit, e.Period, e.Amount, e.Shares)
			}
		}
	})
}

// TestAccountsDecideWhoseNotHowMuch, but for what each account is given.
func TestAccountsDecideWhoseNotHowMuch(t *testing.T) {
	b := sharing(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		with, without := byPeriod(Evaluate(b, inAccounts(t, c), on)), byPeriod(Evaluate(b, c, on))
		for key, amount := range without {
			if key != "each/once" && with[key] != amount {
				t.Fatalf("%s gives %s with accounts, %s without", key, with[key], amount)
			}
		}
	})
}

func TestOneAccountHasItAll(t *testing.T) {
	b := sharing(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		for i := range c.Events {
			c.Events[i].Account = "M"
		}
		for _, e := range Evaluate(b, c, on) {
			if e.Benefit != "saved" && e.Amount.Sign() > 0 && (len(e.Shares) != 1 || e.Shares[0] != Share{"M", e.Amount}) {
				t.Fatalf("%s of %s gives %s and shares out %+v", e.Benefit, e.Period, e.Amount, e.Shares)
			}
		}
	})
}

func TestNoAccountsTakeMoreThanTheCaps(t *testing.T) {
	b := sharing(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := inAccounts(t, history(t)), drawDay(t)
		life := map[string]ledger.Amount{}
		for _, e := range Evaluate(b, c, on) {
			terms, _ := b.Benefit(e.Benefit)
			life[e.Benefit] = life[e.Benefit].Add(e.Amount)
			if most := terms.Caps.PerPeriod; most != nil && most.Less(e.Amount) {
				t.Fatalf("%s of %s gives %s", e.Benefit, e.Period, e.Amount)
			}
			if most := terms.Caps.Lifetime; most != nil && most.Less(life[e.Benefit]) {
				t.Fatalf("%s gives %s in all", e.Benefit, life[e.Benefit])
			}
		}
	})
}

// TestSplittingADepositChangesNobodysShare where every cent counts.
func TestSplittingADepositChangesNobodysShare(t *testing.T) {
	b := sharing(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := inAccounts(t, history(t)), drawDay(t)
		for i := range c.Events {
			c.Events[i].Seq *= 2
		}
		split := c
		split.Events = nil
		for _, e := range c.Events {
			split.Events = append(split.Events, e)
			if e.Kind == Deposit && e.Amount.Minor() > 1 && !returned(c, e.Key) {
				part := ledger.Minor(rapid.Int64Range(1, e.Amount.Minor()-1).Draw(t, "part"))
				rest := e
				rest.Key, rest.Seq, rest.Amount = e.Key+"'", e.Seq+1, e.Amount.Sub(part)
				split.Events[len(split.Events)-1].Amount = part
				split.Events = append(split.Events, rest)
			}
		}
		whole, parts := sharesOf(b, c, on), sharesOf(b, split, on)
		for key, amount := range whole {
			if parts[key] != amount {
				t.Fatalf("%s is %s, and %s of deposits in two parts", key, amount, parts[key])
			}
		}
	})
}

// sharesOf are the shares of the benefits that match each cent alike.
func sharesOf(b *Book, c Child, on ledger.Date) map[string]ledger.Amount {
	out := map[string]ledger.Amount{}
	for _, e := range Evaluate(b, c, on) {
		if e.Benefit == "early" || e.Benefit == "arrival" {
			for _, s := range e.Shares {
				out[e.Benefit+"/"+e.Period+"/"+s.Account] = s.Amount
			}
		}
	}
	return out
}
