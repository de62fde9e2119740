package rules

import (
	"fmt"
	"os"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

// TestMoneyGoesBackToTheFundsThatReallyPaid: the seed's first fund had run out,
// and two funds paid a part each.
func TestMoneyGoesBackToTheFundsThatReallyPaid(t *testing.T) {
	src, err := os.ReadFile("testdata/books/k2c_leaving.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b := mustParse(t, string(src))
	c := Child{Events: []Event{
		{Key: "e", Kind: Enrolled, On: day(t, "2023-09-01")},
		{Key: "d", Kind: Deposit, On: day(t, "2023-09-05"), Amount: amount(t, "12")},
		{Key: "u", Kind: Withdrawal, On: day(t, "2024-01-05"), Amount: amount(t, "9.99")},
		{Key: "l", Kind: LeavesSchool, On: day(t, "2024-03-01")},
		{Key: "c", Kind: Chosen, On: day(t, "2024-03-20"), Choice: "return"},
	}}
	paid := []Paid{
		{On: day(t, "2024-04-01"), Benefit: "seed", Period: "once", Fund: "LATE", Amount: amount(t, "3")},
		{On: day(t, "2023-09-02"), Benefit: "seed", Period: "once", Fund: "CITY", Amount: amount(t, "10")},
		{On: day(t, "2023-10-02"), Benefit: "seed", Period: "once", Fund: "GRAY", Amount: amount(t, "20.00")},
		{On: day(t, "2023-11-02"), Benefit: "seed", Period: "once", Fund: "GRAY", Amount: amount(t, "-0.03")},
	}
	s := StandingPaid(b, c, paid, day(t, "2024-04-02"))
	got := ""
	for _, d := range s.Departures {
		got += fmt.Sprintln(d.On, d.To, d.Amount, d.Parts)
	}
	want := `2023-11-02 pool 0.03 [{seed GRAY 0.03 0.00}]
2024-01-05 payee 9.99 [{seed CITY 3.33 0.00} {seed GRAY 6.66 0.00}]
2024-03-20 pool 19.98 [{seed CITY 6.67 0.00} {seed GRAY 13.31 0.00}]
2024-03-20 family 12.00 [{  12.00 0.00}]
2024-04-01 pool 3.00 [{seed LATE 3.00 0.00}]
`
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestWhatWasReallyPaidAddsUpToo(t *testing.T) {
	books := movers(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := traveller(t), drawDay(t)
		var paid []Paid
		for range rapid.IntRange(0, 5).Draw(t, "paid") {
			paid = append(paid, Paid{
				On:      ledger.NewDate(2025, 8, 1).AddDays(rapid.IntRange(0, 1000).Draw(t, "on")),
				Benefit: rapid.SampledFrom([]string{"seed", "half", "look"}).Draw(t, "benefit"), Period: "once",
				Fund:   rapid.SampledFrom([]string{"A", "B"}).Draw(t, "fund"),
				Amount: ledger.Minor(rapid.Int64Range(-5_000, 9_000).Draw(t, "amount")),
			})
		}
		for _, b := range books {
			checkStanding(t, StandingPaid(b, c, paid, on))
		}
	})
}

func TestNothingLeavesByADeadlineBeforeTheDayNamed(t *testing.T) {
	books := movers(t)
	rapid.Check(t, func(t *rapid.T) {
		c, on := traveller(t), drawDay(t)
		for i := len(c.Events) - 1; i >= 0; i-- {
			if c.Events[i].On.After(on) {
				c.Events = append(c.Events[:i], c.Events[i+1:]...)
			}
		}
		deadline := func(s Standing) (n int) {
			for _, d := range s.Departures {
				if d.Event == "" && d.Why != LeftUndone {
					n++
				}
			}
			return n
		}
		for _, b := range books {
			now := StandingOf(b, c, on)
			until := on.AddDays(rapid.IntRange(1, 900).Draw(t, "later"))
			if !now.NextOn.IsZero() && !until.Before(now.NextOn) {
				until = now.NextOn.AddDays(-1)
			}
			if then := StandingOf(b, c, until); until.After(on) && deadline(now) == 0 && deadline(then) != 0 {
				t.Fatalf("by %s %+v, by %s %+v", on, now, until, then)
			}
		}
	})
}
