package rules

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

// history draws a child of the city program: enrolled, with deposits,
// withdrawals and returns over three years.
func history(t *rapid.T) Child {
	start := ledger.NewDate(2025, 8, 1)
	c := Child{ID: 7, BornOn: start.AddDays(-rapid.IntRange(1000, 4000).Draw(t, "age"))}
	for _, f := range []Fact{
		{Name: "school", Value: rapid.SampledFrom([]string{"R01", "R07"}).Draw(t, "school")},
		{Name: "grade", Value: rapid.SampledFrom([]string{"KG", "03", "07"}).Draw(t, "grade")},
		{Name: "city", Value: "Riverbend"},
		{Name: "school", Value: "R09", From: start.AddDays(rapid.IntRange(0, 900).Draw(t, "moves"))},
	} {
		c.Facts = append(c.Facts, f)
	}
	c.Events = append(c.Events, Event{Key: "enrollment", Kind: Enrolled, On: start.AddDays(rapid.IntRange(0, 300).Draw(t, "enrolled"))})
	n := rapid.IntRange(0, 12).Draw(t, "n")
	for i := range n {
		e := Event{
			Key: fmt.Sprint("e", i), Kind: rapid.SampledFrom([]EventKind{Deposit, Deposit, Deposit, Withdrawal}).Draw(t, "kind"),
			On: start.AddDays(rapid.IntRange(0, 1000).Draw(t, "on")), Seq: int64(i),
			Amount: ledger.Minor(rapid.Int64Range(1, 20_000).Draw(t, "amount")),
		}
		c.Events = append(c.Events, e)
		if e.Kind == Deposit && rapid.IntRange(0, 4).Draw(t, "returned") == 0 {
			c.Events = append(c.Events, Event{
				Key: "r" + e.Key, Kind: Return, Of: e.Key, On: e.On.AddDays(rapid.IntRange(1, 60).Draw(t, "later")),
				Seq: int64(100 + i), Amount: e.Amount,
			})
		}
	}
	return c
}

func drawDay(t *rapid.T) ledger.Date {
	return ledger.NewDate(2025, 8, 1).AddDays(rapid.IntRange(0, 1100).Draw(t, "as of"))
}

// rich is a book of most primitives.
func rich(t testing.TB) *Book {
	return small(t, `
benefits:
  - {id: half, kind: match, basis: gross_deposits, base: {min_single: 1.00}, amount: {ratio: 0.5}, caps: {per_period: 70.00, lifetime: 150.00},
     period: school_year, pay: {when: next_month}, funding: {sources: [{fund: A, when: school == "R07"}, {fund: B}]}}
  - {id: net, kind: match, basis: net_deposits, base: {min_period: 10.00, cap_period: 90.00}, amount: {ratio: 0.333}, period: quarter,
     caps: {within: [{period: calendar_year, max: 60.00}]}, pay: {when: quarter_end, lag_days: 3}, funding: {sources: [{fund: A}]}}
  - {id: steps, kind: incentive, basis: gross_deposits, amount: {step: {per: 40.00, pay: 7.00}}, period: month, caps: {per_period: 14.00}, funding: {sources: [{fund: A}]}}
  - {id: each, kind: match, basis: gross_deposits, amount: {ratio: 0.1}, caps: {per_event: 3.00}, period: once, funding: {sources: [{fund: A}]}}
  - {id: eager, kind: incentive, basis: count(deposit), when: grade <= 5, amount: {threshold: {at: 3, pay: 9.00}}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: highest, kind: match, basis: highest_balance, amount: {ratio: 0.25}, caps: {lifetime: 60.00}, period: months(7), funding: {sources: [{fund: A}]}}
  - {id: month_ends, kind: match, basis: month_end_increase, amount: {ratio: 0.5}, period: school_year, pay: {when: daily}, funding: {sources: [{fund: A}]},
     tiers: [{id: moved, when: school == "R09", amount: {ratio: 1}, caps: {per_period: 40.00}}]}
  - {id: year_end, kind: incentive, basis: contribution_balance, amount: {step: {per: 30.00, pay: 1.00}}, period: calendar_year, funding: {sources: [{fund: A}]}}
  - {id: steady, kind: incentive, basis: streak, streak: {unit: month, least: 20.00, length: 2}, amount: {step: {per: 1, pay: 4.00}}, period: once, funding: {sources: [{fund: A}]}}
  - {id: room, kind: match, basis: gross_deposits, amount: {ratio: 1}, carry_forward: {accrual: 25.00, accrues_from: enrolled}, period: quarter, funding: {sources: [{fund: A}]}}
  - {id: yearly, kind: bond, trigger: each_period(birth), amount: {series: [5.00, 1.00]}, caps: {lifetime: 9.00}, period: calendar_year, funding: {sources: [{fund: A}]}}
  - {id: share_back, kind: match, basis: gross_deposits, amount: {ratio: 0.3}, caps: {per_period: 50.00}, period: quarter, undo: {on_withdrawal: repay_share}, pay: {when: next_month}, funding: {sources: [{fund: A}]}}
  - {id: all_back, kind: incentive, basis: count(deposit), amount: {threshold: {at: 2, pay: 9.00}}, period: school_year, undo: {on_withdrawal: forfeit}, funding: {sources: [{fund: A}]}}
shared_caps:
  - {id: both, benefits: [half, net], period: calendar_year, max: 80.00}
`)
}

// both are the books that every property is checked on: a real one, one of most
// primitives, and one of what turns by itself.
func both(t testing.TB) []*Book { return []*Book{pack(t, "city"), rich(t), turning(t)} }

func TestOrderAndRepetitionDoNotMatter(t *testing.T) {
	books := both(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		shuffled := c
		shuffled.Events = rapid.Permutation(c.Events).Draw(t, "events")
		shuffled.Facts = rapid.Permutation(c.Facts).Draw(t, "facts")
		for _, b := range books {
			first := Evaluate(b, c, on)
			if second := Evaluate(b, shuffled, on); !reflect.DeepEqual(first, second) {
				t.Fatalf("in another order\n%+v\nnot\n%+v", second, first)
			}
			if third := Evaluate(b, c, on); !reflect.DeepEqual(first, third) {
				t.Fatalf("again\n%+v\nnot\n%+v", third, first)
			}
		}
	})
}

func TestNothingIsEverAboveACapOrBelowZero(t *testing.T) {
	books := both(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		for _, b := range books {
			checkCaps(t, b, Evaluate(b, c, on))
		}
	})
}

func checkCaps(t *rapid.T, b *Book, all []Entitlement) {
	life, shared := map[string]ledger.Amount{}, map[string]ledger.Amount{}
	for _, e := range all {
		terms, _ := b.Benefit(e.Benefit)
		if e.Amount.Sign() < 0 || e.Due.Sign() < 0 || e.Amount.Less(e.Due) {
			t.Fatalf("%s of %s: %s, due %s", e.Benefit, e.Period, e.Amount, e.Due)
		}
		if c := terms.Caps.PerPeriod; c != nil && c.Less(e.Amount) {
			t.Fatalf("%s of %s gives %s", e.Benefit, e.Period, e.Amount)
		}
		life[e.Benefit] = life[e.Benefit].Add(e.Amount)
		if c := terms.Caps.Lifetime; c != nil && c.Less(life[e.Benefit]) {
			t.Fatalf("%s gives %s in all", e.Benefit, life[e.Benefit])
		}
		if e.Benefit == "net" {
			shared[e.Period[:4]] = shared[e.Period[:4]].Add(e.Amount)
			if ledger.Minor(6000).Less(shared[e.Period[:4]]) {
				t.Fatalf("net gives %s in %s", shared[e.Period[:4]], e.Period[:4])
			}
		}
		if e.Amount.Sign() > 0 != (e.Why.Outcome == Given || e.Why.Outcome == OnTheWay) {
			t.Fatalf("%s of %s gives %s: %s", e.Benefit, e.Period, e.Amount, e.Why.Outcome)
		}
		if e.Amount.Sign() > 0 && (e.PayOn.IsZero() || e.Why.Fund == "") {
			t.Fatalf("%s of %s gives %s on %s from %q", e.Benefit, e.Period, e.Amount, e.PayOn, e.Why.Fund)
		}
	}
}

func TestSplittingADepositOfADayChangesNothingWhereEveryCentCounts(t *testing.T) {
	b := small(t, `
benefits:
  - {id: half, kind: match, basis: gross_deposits, amount: {ratio: 0.5}, caps: {per_period: 70.00}, period: month, funding: {sources: [{fund: A}]}}
  - {id: net, kind: match, basis: net_deposits, amount: {ratio: 0.333}, period: month, funding: {sources: [{fund: A}]}}
  - {id: steps, kind: incentive, basis: gross_deposits, amount: {step: {per: 7.00, pay: 1.00}}, period: month, funding: {sources: [{fund: A}]}}
`)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		split := c
		split.Events = nil
		for _, e := range c.Events {
			if e.Kind != Deposit || e.Amount.Minor() < 2 || returned(c, e.Key) {
				split.Events = append(split.Events, e)
				continue
			}
			part := ledger.Minor(rapid.Int64Range(1, e.Amount.Minor()-1).Draw(t, "part"))
			rest := e
			rest.Key, rest.Amount = e.Key+"'", e.Amount.Sub(part)
			e.Amount = part
			split.Events = append(split.Events, e, rest)
		}
		if whole, parts := amounts(Evaluate(b, c, on)), amounts(Evaluate(b, split, on)); whole != parts {
			t.Fatalf("whole %s, split %s", whole, parts)
		}
	})
}

func returned(c Child, key string) bool {
	for _, e := range c.Events {
		if e.Kind == Return && e.Of == key {
			return true
		}
	}
	return false
}

// amounts is what entitlements give, without their reasons.
func amounts(all []Entitlement) string {
	var b strings.Builder
	for _, e := range all {
		fmt.Fprintf(&b, "%s/%s %s ", e.Benefit, e.Period, e.Amount)
	}
	return b.String()
}

func TestMoreSavedNeverGivesLess(t *testing.T) {
	b := small(t, `
benefits:
  - {id: match, kind: match, basis: gross_deposits, base: {min_single: 5.00, min_period: 20.00}, amount: {ratio: 0.5}, caps: {per_period: 70.00}, period: school_year, funding: {sources: [{fund: A}]}}
  - {id: net, kind: match, basis: net_deposits, amount: {ratio: 1}, period: calendar_year, funding: {sources: [{fund: A}]}}
  - {id: bonus, kind: incentive, basis: net_deposits, amount: {threshold: {at: 50.00, pay: 25.00}}, period: month, funding: {sources: [{fund: A}]}}
`)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		more := c
		extra := Event{Key: "extra", Kind: Deposit, On: drawDay(t), Seq: 999, Amount: ledger.Minor(rapid.Int64Range(1, 10_000).Draw(t, "extra"))}
		more.Events = append(append([]Event(nil), c.Events...), extra)
		less, all := byPeriod(Evaluate(b, c, on)), byPeriod(Evaluate(b, more, on))
		for key, was := range less {
			if all[key].Less(was) {
				t.Fatalf("%s gives %s with %s more, %s without", key, all[key], extra.Amount, was)
			}
		}
	})
}

func byPeriod(all []Entitlement) map[string]ledger.Amount {
	out := map[string]ledger.Amount{}
	for _, e := range all {
		out[e.Benefit+"/"+e.Period] = e.Amount
	}
	return out
}

func TestAReturnedDepositIsAsIfItHadNeverBeen(t *testing.T) {
	books := both(t)
	rapid.Check(t, func(t *rapid.T) {
		c := history(t)
		never := c
		never.Events = nil
		for _, e := range c.Events {
			if e.Kind != Return && !returned(c, e.Key) {
				never.Events = append(never.Events, e)
			}
		}
		on := ledger.NewDate(2029, 1, 1) // after every return
		for _, b := range books {
			with, without := byPeriod(Evaluate(b, c, on)), byPeriod(Evaluate(b, never, on))
			for key, amount := range with {
				if amount != without[key] {
					t.Fatalf("%s gives %s with the returned deposit, %s without", key, amount, without[key])
				}
			}
		}
	})
}

func TestWhatIsGivenIsDueInTheEnd(t *testing.T) {
	b := rich(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		for _, e := range Evaluate(b, c, on) {
			if e.Due != e.Amount && (e.Why.Wait == "" || !e.PayOn.After(on)) {
				t.Fatalf("%s of %s waits for nothing", e.Benefit, e.Period)
			}
		}
		for _, e := range Evaluate(b, c, on.AddDays(4000)) {
			if e.Due != e.Amount {
				t.Fatalf("%s of %s is never due: %s of %s", e.Benefit, e.Period, e.Due, e.Amount)
			}
		}
	})
}

func TestANightInWhichNothingHappensChangesNoReason(t *testing.T) {
	b := pack(t, "city")
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		next := on.AddDays(1)
		for _, e := range c.Events {
			if e.On == next {
				return
			}
		}
		for _, f := range c.Facts {
			if f.From == next {
				return
			}
		}
		tonight := map[string]string{}
		for _, e := range Evaluate(b, c, on) {
			tonight[e.Benefit+"/"+e.Period], _ = e.Why.JSON()
		}
		for _, e := range Evaluate(b, c, next) {
			span, ok := b.Span(e.Benefit, e.Period)
			if !ok {
				t.Fatalf("%s has no period %s", e.Benefit, e.Period)
			}
			was, known := tonight[e.Benefit+"/"+e.Period]
			if why, _ := e.Why.JSON(); known && why != was && span.Contains(next) {
				t.Fatalf("%s of %s\n%s\nand the night after\n%s", e.Benefit, e.Period, was, why)
			}
		}
	})
}

func TestOneBookServesManyAtOnce(t *testing.T) {
	b, on := pack(t, "city"), day(t, "2027-06-30")
	var want []string
	for n := range 13 {
		want = append(want, amounts(Evaluate(b, saver(t, n), on)))
	}
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for i := range 500 {
				if got := amounts(Evaluate(b, saver(t, i%13), on)); got != want[i%13] {
					t.Errorf("%s, want %s", got, want[i%13])
				}
			}
		})
	}
}
