package rules

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

// TestAFundRunsOutAmongFortyEventsOfOneSecond is E10: the event's instant
// decides, then the child's number, and the rest waits in that order.
func TestAFundRunsOutAmongFortyEventsOfOneSecond(t *testing.T) {
	var children, expect strings.Builder
	for i := range 40 {
		at := "14:32:07"
		if i == 39 {
			at = "14:32:06" // the last in the list, and the first to deposit
		}
		fmt.Fprintf(&children, "      - {id: C%02d, events: [{on: 2026-09-01, event: enrolled}, {on: 2026-09-05, at: %q, event: deposit, amount: 10.00}]}\n", i, at)
		given, later := "0.00", "0.00"
		switch {
		case i == 39 || i < 22:
			given, later = "10.00", "10.00"
		case i == 22:
			given, later = "5.00", "10.00"
		case i < 30:
			later = "10.00"
		case i == 30:
			later = "5.00"
		}
		fmt.Fprintf(&expect, "      - {on: 2026-09-05, child: C%02d, benefit: match, given: %s}\n", i, given)
		fmt.Fprintf(&expect, "      - {on: 2026-10-01, child: C%02d, benefit: match, given: %s}\n", i, later)
	}
	b := small(t, `
benefits:
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: school_year, funding: {sources: [{fund: SMITH}, {fund: BANK}]}}
examples:
  - name: E10
    funds: {SMITH: 200.00, BANK: 35.00}
    receipts: [{on: 2026-10-01, fund: BANK, amount: 80.00}]
    children:
`+children.String()+"    expect:\n"+expect.String())
	checkExamples(t, b)
}

// drawn is an example of a few children who meet over little money.
func drawn(t *rapid.T) *Example {
	start := ledger.NewDate(2026, 9, 1)
	x := &Example{Name: "drawn", Funds: map[string]ledger.Amount{}}
	for _, fund := range []string{"A", "B"} {
		x.Funds[fund] = ledger.Minor(rapid.Int64Range(0, 6_000).Draw(t, "fund"))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "receipts") {
		x.Receipts = append(x.Receipts, Receipt{start.AddDays(10 * i), "A", ledger.Minor(rapid.Int64Range(1, 3_000).Draw(t, "receipt"))})
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "children") {
		c := ExampleChild{Child: Child{ID: int64(i + 1)}, Name: fmt.Sprint("c", i)}
		c.Events = []Event{{Key: "e", Kind: Enrolled, On: start}}
		for n := range rapid.IntRange(0, 4).Draw(t, "deposits") {
			e := Event{Key: fmt.Sprint("d", n), Kind: Deposit, On: start.AddDays(rapid.IntRange(0, 40).Draw(t, "on")), Seq: int64(n), Amount: ledger.Minor(rapid.Int64Range(1, 4_000).Draw(t, "amount"))}
			c.Events = append(c.Events, e)
			if rapid.IntRange(0, 3).Draw(t, "back") == 0 {
				c.Events = append(c.Events, Event{Key: "r" + e.Key, Kind: Return, Of: e.Key, On: e.On.AddDays(rapid.IntRange(0, 20).Draw(t, "later")), Seq: 99, Amount: e.Amount})
			}
		}
		x.Children = append(x.Children, c)
	}
	return x
}

func tillBook(t testing.TB) *Book {
	return small(t, `
benefits:
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, caps: {per_period: 50.00}, period: school_year, funding: {sources: [{fund: A}, {fund: B}]}, undo: {on_return: reverse_full}}
  - {id: denied, kind: incentive, basis: gross_deposits, amount: {step: {per: 10.00, pay: 3.00}}, period: month, pay: {when: next_month}, funding: {sources: [{fund: B}], on_shortfall: deny}}
  - {id: shared, kind: match, basis: gross_deposits, amount: {ratio: 0.333}, period: quarter, pay: {when: quarter_end}, funding: {sources: [{fund: B}, {fund: A}], on_shortfall: pro_rata}}
`)
}

// state is what a till holds, for comparing.
func (t *till) state() string {
	var b strings.Builder
	for i := range t.seats {
		for _, a := range t.seats[i].awards {
			if !a.given().IsZero() || !a.waits.IsZero() || !a.refused.IsZero() {
				fmt.Fprintf(&b, "%d %s/%s of %s: %v waits %s refused %s\n", i, a.Benefit, a.Period, a.Amount, a.byFund, a.waits, a.refused)
			}
		}
	}
	return fmt.Sprint(b.String(), t.purse)
}

// TestEveryNightPaysOnce: nights in which nothing happens, and nights run
// twice, change nothing.
func TestEveryNightPaysOnce(t *testing.T) {
	b := tillBook(t)
	rapid.Check(t, func(t *rapid.T) {
		x := drawn(t)
		last := ledger.NewDate(2026, 10, 25)
		once, daily := x.openTill(b), x.openTill(b)
		once.until(last)
		for day := ledger.NewDate(2026, 9, 1); !day.After(last); day = day.AddDays(1) {
			for i := range daily.seats {
				daily.seats[i].next = day
			}
			daily.night(day)
			daily.night(day)
		}
		if once.state() != daily.state() {
			t.Fatalf("on the days that matter\n%s\nevery night, twice\n%s", once.state(), daily.state())
		}
	})
}

// TestFundsPayNoMoreThanTheyHaveAndNoMoreThanIsOwed, and every cent is with a
// child or in a fund.
func TestFundsPayNoMoreThanTheyHaveAndNoMoreThanIsOwed(t *testing.T) {
	b := tillBook(t)
	rapid.Check(t, func(t *rapid.T) {
		x := drawn(t)
		till, last := x.openTill(b), ledger.NewDate(2026, 9, 1).AddDays(rapid.IntRange(0, 70).Draw(t, "last"))
		till.until(last)
		total := map[string]ledger.Amount{}
		for fund, had := range x.Funds {
			total[fund] = had
		}
		for _, r := range x.Receipts {
			if !r.On.After(last) {
				total[r.Fund] = total[r.Fund].Add(r.Amount)
			}
		}
		for i := range till.seats {
			for _, a := range till.seats[i].awards {
				if a.Benefit == "match" && a.Amount.Less(a.given().Add(a.waits)) {
					t.Fatalf("%s of child %d: %s is owed, %s given, %s waits", a.Benefit, i, a.Amount, a.given(), a.waits)
				}
				for fund, amount := range a.byFund {
					total[fund] = total[fund].Sub(amount)
				}
			}
		}
		for fund, left := range total {
			if left != till.purse[fund] || left.Sign() < 0 {
				t.Fatalf("%s should have %s left and has %s", fund, left, till.purse[fund])
			}
		}
	})
}

// TestALongExampleEnds: hundreds of events on as many days, with a fund that
// runs out.
func TestALongExampleEnds(t *testing.T) {
	var events strings.Builder
	for i := range 600 {
		fmt.Fprintf(&events, "      - {on: %s, event: deposit, amount: 0.01}\n", ledger.NewDate(2026, 9, 1).AddDays(i))
	}
	checkExamples(t, small(t, `
benefits:
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: month, pay: {when: next_month}, funding: {sources: [{fund: A}]}}
examples:
  - name: long
    funds: {A: 4.00}
    events:
      - {on: 2026-08-01, event: enrolled}
`+events.String()+`    expect:
      - {on: 2030-01-01, given: 4.00, queued: 2.00}
`))
}
