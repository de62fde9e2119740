package rules

import (
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

func TestAgeFollowsTheBooksLeapDay(t *testing.T) {
	for _, test := range []struct {
		born, on string
		leap     LeapDay
		want     int
	}{
		{"2016-02-29", "2024-02-28", February28, 7},
		{"2016-02-29", "2024-02-29", February28, 8},
		{"2016-02-29", "2025-02-28", February28, 9},
		{"2016-02-29", "2025-02-28", March1, 8},
		{"2016-02-29", "2025-03-01", March1, 9},
		{"2016-03-01", "2025-02-28", March1, 8},
		{"2016-03-01", "2016-03-01", February28, 0},
		{"2016-03-01", "2016-02-01", February28, -1},
	} {
		if got := ageOn(day(t, test.born), day(t, test.on), test.leap); got != test.want {
			t.Errorf("born %s, on %s by %s: %d, want %d", test.born, test.on, test.leap, got, test.want)
		}
	}
}

func TestPeriodsAreNamed(t *testing.T) {
	c := Calendar{SchoolYear: MonthDay{7, 1}, FiscalYear: MonthDay{10, 1}, BenefitYear: MonthDay{1, 1}}
	for _, test := range []struct {
		kind           PeriodKind
		on, name, span string
	}{
		{Once, "2026-09-01", "once", "1850-01-01..2300-12-31"},
		{Monthly, "2026-02-28", "2026-02", "2026-02-01..2026-02-28"},
		{Monthly, "2026-12-31", "2026-12", "2026-12-01..2026-12-31"},
		{Quarterly, "2026-09-30", "2026-Q3", "2026-07-01..2026-09-30"},
		{Quarterly, "2026-12-01", "2026-Q4", "2026-10-01..2026-12-31"},
		{CalendarYear, "2026-09-01", "2026", "2026-01-01..2026-12-31"},
		{SchoolYear, "2026-06-30", "2025-26", "2025-07-01..2026-06-30"},
		{SchoolYear, "2026-07-01", "2026-27", "2026-07-01..2027-06-30"},
		{SchoolYear, "1999-07-01", "1999-00", "1999-07-01..2000-06-30"},
		{FiscalYear, "2026-09-30", "2025-26", "2025-10-01..2026-09-30"},
		{BenefitYear, "2026-09-30", "2026", "2026-01-01..2026-12-31"},
	} {
		p := c.periodOf(test.kind, day(t, test.on))
		if got := label(test.kind, p); got != test.name || p.String() != test.span {
			t.Errorf("%s of %s is %s, %s, want %s, %s", test.kind, test.on, got, p, test.name, test.span)
		}
	}
}

func TestALabelLeadsBackToItsPeriod(t *testing.T) {
	b := rich(t)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(b.plans).Draw(t, "benefit")
		on := ledger.NewDate(1990, 1, 1).AddDays(rapid.IntRange(0, 30_000).Draw(t, "day"))
		want := b.Calendar.periodOf(p.period, on)
		if p.months > 0 {
			want = window(on, p.months, on)
		}
		name := label(p.period, want)
		if got, ok := b.Span(p.id, name); !ok || got != want {
			t.Fatalf("%s of %s is %s, want %s", name, p.id, got, want)
		}
		if _, ok := b.Span(p.id, name+"x"); ok {
			t.Fatalf("%sx is a period", name)
		}
	})
}

func TestAWindowOfMonthsBeginsOnTheChildsOwnDay(t *testing.T) {
	from := day(t, "2018-01-31")
	for _, test := range []struct{ on, want string }{
		{"2017-05-01", "2018-01-31..2018-02-27"},
		{"2018-01-31", "2018-01-31..2018-02-27"},
		{"2018-02-28", "2018-02-28..2018-03-30"},
		{"2018-03-30", "2018-02-28..2018-03-30"},
		{"2018-03-31", "2018-03-31..2018-04-29"},
	} {
		if got := window(from, 1, day(t, test.on)); got.String() != test.want {
			t.Errorf("on %s: %s, want %s", test.on, got, test.want)
		}
	}
}

func TestStepsNeverRunOver(t *testing.T) {
	b := small(t, `
benefits:
  - {id: steps, kind: incentive, basis: gross_deposits, amount: {step: {per: 0.01, pay: 1000000000.00}}, period: once, funding: {sources: [{fund: A}]}}
`)
	c := Child{Events: []Event{
		{Kind: Enrolled, On: day(t, "2026-01-01")},
		{Kind: Deposit, On: day(t, "2026-01-02"), Key: "d", Amount: amount(t, "999999999999.99")},
	}}
	if got := Evaluate(b, c, day(t, "2026-12-31"))[0].Amount; got != maxAmount {
		t.Errorf("%s", got)
	}
}
