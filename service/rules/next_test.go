package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
)

// turned is what a run would act on, as of a day.
func turned(b *Book, c Child, on ledger.Date) (out string) {
	for _, e := range Evaluate(b, c, on) {
		if e.Amount.Sign() > 0 {
			out += fmt.Sprintf("%s/%s %s due %s vested %s\n", e.Benefit, e.Period, e.Amount, e.Due, e.Vested)
		}
	}
	return out
}

// nothingBefore checks day by day that nothing changes before Next's day.
func nothingBefore(b *Book, c Child, asOf ledger.Date, most int) error {
	next := Next(b, c, asOf)
	if !next.IsZero() && !next.After(asOf) {
		return fmt.Errorf("next after %s is %s", asOf, next)
	}
	was := turned(b, c, asOf)
	gone := len(StandingOf(b, c, asOf).Departures)
	for day, n := asOf.AddDays(1), 0; n < most && (next.IsZero() || day.Before(next)); day, n = day.AddDays(1), n+1 {
		if now := turned(b, c, day); now != was {
			return fmt.Errorf("next after %s is %s, but on %s\n%snot\n%s", asOf, next, day, now, was)
		}
		if n%9 != 0 || !b.rings() { // once in a while: it goes through the whole history
			continue
		}
		if left := StandingOf(b, c, day).Departures; len(left) != gone {
			return fmt.Errorf("next after %s is %s, but on %s there is %+v", asOf, next, day, left[len(left)-1])
		}
	}
	return nil
}

// turning is a book of what turns by itself.
func turning(t testing.TB) *Book {
	return mustParse(t, `
program: {id: turning, name: Turning, currency: USD, time_zone: America/New_York, rounding: half_up, leap_day: mar_1}
calendar: {school_year: 07-01, fiscal_year: 10-01, benefit_year: 07-01, census_day: first_wed(10)}
enrollment: {mode: auto_opt_out, opt_out_days: 30}
versions:
  - {id: v1, effective_from: 2025-01-01, effective_to: 2026-06-30}
  - {id: v2, effective_from: 2026-07-01, effective_to: 2027-12-31}
facts: [{name: seen_on, type: date}]
benefits:
  - {id: census, kind: seed, trigger: census_day, when: grade <= 5, amount: {fixed: 5.00}, period: school_year, pay: {lag_days: 9}, funding: {sources: [{fund: A}]}}
  - {id: birthday, kind: periodic, trigger: age(7), amount: {fixed: 7.00}, period: once, pay: {when: next_month}, funding: {sources: [{fund: A}]}}
  - {id: since_seen, kind: periodic, trigger: each_period(seen_on), amount: {fixed: 1.00}, period: month, versions: [v1], funding: {sources: [{fund: A}]}}
  - {id: of_age, kind: periodic, trigger: each_period(birth), when: age_on(period_start) < 9, amount: {fixed: 2.00}, period: birthday_year, funding: {sources: [{fund: A}]}}
  - {id: highest, kind: match, basis: highest_balance, amount: {ratio: 0.25}, period: months(7), pay: {when: window_close}, funding: {sources: [{fund: A}]},
     by_version: {v2: {amount: {ratio: 0.5}}}}
  - {id: month_ends, kind: match, basis: month_end_increase, amount: {ratio: 0.5}, period: months(5), pay: {when: quarter_end}, funding: {sources: [{fund: A}]}}
  - {id: window, kind: match, basis: contribution_balance, amount: {ratio: 0.1}, period: fiscal_year, pay: {lag_days: 3}, funding: {sources: [{fund: A}]}}
  - {id: later, kind: match, basis: gross_deposits, amount: {ratio: 0.5}, eligible_at: payment_date, when: school == "R07", period: quarter, pay: {when: next_month, lag_days: 12}, funding: {sources: [{fund: A}]},
     by_version: {v2: {pay: {when: window_close}}}}
  - {id: room, kind: match, basis: gross_deposits, amount: {ratio: 1}, carry_forward: {accrual: 20.00, accrues_from: birth, stops_at: grade(4)}, period: quarter, funding: {sources: [{fund: A}]}}
`)
}

func TestNothingChangesBeforeNext(t *testing.T) {
	books := both(t)
	rapid.Check(t, func(t *rapid.T) {
		c, asOf := history(t), drawDay(t)
		if rapid.Bool().Draw(t, "seen") {
			c.Facts = append(c.Facts, Fact{Name: "seen_on", Value: drawDay(t), From: drawDay(t), Known: drawDay(t)})
		}
		b := rapid.SampledFrom(books).Draw(t, "book")
		if err := nothingBefore(b, c, asOf, 500); err != nil {
			t.Fatal(err)
		}
	})
}

// TestNothingChangesBeforeNextInAnyExample goes through the books of testdata
// and the packs, whatever their grammar.
func TestNothingChangesBeforeNextInAnyExample(t *testing.T) {
	files, _ := filepath.Glob("testdata/books/*.yaml")
	books := map[string]*Book{}
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		books[filepath.Base(f)] = mustParse(t, string(src))
	}
	for _, name := range Packs() {
		books[name] = pack(t, name)
	}
	for name, b := range books {
		for _, x := range b.Examples {
			for _, kid := range x.Children {
				for _, asOf := range turningDays(kid.Child) {
					if err := nothingBefore(b, kid.Child, asOf, 100); err != nil {
						t.Errorf("%s, %s: %v", name, x.Name, err)
					}
				}
			}
		}
	}
}

// turningDays are the days of a child's events and some weeks after each.
func turningDays(c Child) (out []ledger.Date) {
	for _, ev := range c.Events {
		out = append(out, ev.On, ev.On.AddDays(40))
	}
	return out
}

// TestNextIsTheDayOnWhichSomethingTurns: it is not merely tomorrow.
func TestNextIsTheDayOnWhichSomethingTurns(t *testing.T) {
	seed := small(t, `
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: A}]}}
  - {id: match, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: month, pay: {when: next_month}, funding: {sources: [{fund: A}]}}
`)
	late := small(t, `
benefits:
  - {id: lag, kind: match, basis: gross_deposits, amount: {ratio: 1}, period: school_year, pay: {when: next_month, lag_days: 12}, funding: {sources: [{fund: A}]}}
`)
	monthly := small(t, `
benefits:
  - {id: increase, kind: match, basis: month_end_increase, amount: {ratio: 1}, period: school_year, pay: {lag_days: 45}, funding: {sources: [{fund: A}]}}
`)
	window := small(t, `
benefits:
  - {id: saved, kind: match, basis: contribution_balance, amount: {ratio: 1}, period: months(11), funding: {sources: [{fund: A}]}}
`)
	eighth := small(t, `
benefits:
  - {id: eight, kind: periodic, trigger: age(8), amount: {fixed: 8.00}, period: once, funding: {sources: [{fund: A}]}}
`)
	ends := mustParse(t, head+`
versions: [{id: v1, effective_from: 2025-01-01, effective_to: 2025-09-25}]
benefits:
  - {id: highest, kind: match, basis: highest_balance, amount: {ratio: 1}, period: school_year, funding: {sources: [{fund: A}]}}
`)
	turns := turning(t)
	c := Child{BornOn: day(t, "2019-05-10"), Events: []Event{
		{Key: "e", Kind: Enrolled, On: day(t, "2025-08-20")},
		{Key: "d", Kind: Deposit, On: day(t, "2025-09-10"), Amount: amount(t, "30.00")},
		{Key: "f", Kind: Deposit, On: day(t, "2025-09-20"), Amount: amount(t, "30.00")},
		{Key: "g", Kind: Deposit, On: day(t, "2025-10-05"), Amount: amount(t, "30.00")},
	}, Facts: []Fact{{Name: "grade", Value: "01"}, {Name: "school", Value: "R07", From: day(t, "2026-03-03"), Known: day(t, "2026-04-01")}}}
	for _, test := range []struct {
		name string
		b    *Book
		on   string
		want string
	}{
		{"an event of tomorrow", seed, "2025-08-19", "2025-08-20"},
		{"a deposit that is dated", seed, "2025-08-20", "2025-09-10"},
		{"the payday of a deposit", seed, "2025-09-20", "2025-10-01"},
		{"nothing any more", seed, "2025-11-01", ""},
		{"the payday of an earlier part", late, "2025-10-06", "2025-10-13"},
		{"the payday of the latest part", late, "2025-10-13", "2025-11-13"},
		{"a month's end", monthly, "2025-10-06", "2025-10-31"},
		{"the payday of an earlier month", monthly, "2025-11-01", "2025-11-14"},
		{"the window's end", window, "2025-10-06", "2026-07-19"},
		{"the window's end, after some looks that find nothing", window, "2026-06-06", "2026-07-19"},
		{"a birthday", eighth, "2025-10-06", "2027-05-10"},
		{"what was earned stays when its version ends", ends, "2025-09-20", ""},
		{"a balance of the fiscal year, with its lag", turns, "2025-10-02", "2025-10-03"},
		{"the census day's payday", turns, "2025-10-05", "2025-10-10"},
	} {
		got := Next(test.b, c, day(t, test.on))
		if got.String() != test.want {
			t.Errorf("%s: after %s comes %s, want %s", test.name, test.on, got, test.want)
		}
	}
	city := pack(t, "city")
	if got := Next(city, saver(t, 0), day(t, "2026-10-15")); got != day(t, "2045-03-15") {
		t.Errorf("a child of the city without deposits is evaluated again on %s, not when its money expires", got)
	}
	if got := Next(city, saver(t, 0), day(t, "2045-03-15")); !got.IsZero() {
		t.Errorf("a child whose money expired is evaluated again on %s", got)
	}
}

func BenchmarkNext(b *testing.B) {
	city, turns, asOf := pack(b, "city"), turning(b), day(b, "2026-10-15")
	for name, book := range map[string]*Book{"City": city, "Turning": turns} {
		c := saver(b, 6)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Next(book, c, asOf)
			}
		})
	}
}

func TestEligibilityIsNoOtherBeforeItsNextDay(t *testing.T) {
	books := append(both(t), mustParse(t, `
program: {id: gates, name: Gates, currency: USD, time_zone: America/New_York, rounding: half_up, leap_day: mar_1}
calendar: {school_year: 07-01, census_day: first_wed(10)}
eligibility:
  - {id: school, when: school == "R09" || grade <= 3}
  - {id: seen, when: "!known(seen_on) || seen_on < date(\"2026-06-01\")"}
enrollment: {mode: opt_in}
versions:
  - {id: v1, effective_from: 2025-01-01, effective_to: 2026-06-30}
  - {id: v2, effective_from: 2026-07-01, effective_to: 2027-12-31}
facts: [{name: seen_on, type: date}]
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 5.00}, period: once, funding: {sources: [{fund: A}]}}
`), mustParse(t, `
program: {id: grown, name: Grown, currency: USD, time_zone: America/New_York, rounding: half_up, leap_day: mar_1}
eligibility: [{id: young, when: age_on(day) < 9}]
enrollment: {mode: opt_in}
versions: [{id: v1, effective_from: 2025-01-01}]
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 5.00}, period: once, funding: {sources: [{fund: A}]}}
`))
	rapid.Check(t, func(t *rapid.T) {
		c, on := history(t), drawDay(t)
		if rapid.Bool().Draw(t, "seen") {
			c.Facts = append(c.Facts, Fact{Name: "seen_on", Value: drawDay(t), From: drawDay(t), Known: drawDay(t)})
		}
		b := rapid.SampledFrom(books).Draw(t, "book")
		next := NextEligible(b, c, on)
		if !next.IsZero() && !next.After(on) {
			t.Fatalf("next after %s is %s", on, next)
		}
		was, _ := Eligible(b, c, on)
		for day, n := on.AddDays(1), 0; n < 500 && (next.IsZero() || day.Before(next)); day, n = day.AddDays(1), n+1 {
			if now, why := Eligible(b, c, day); now != was {
				t.Fatalf("%s: next after %s is %s, but on %s it is %v: %+v", b.Program.ID, on, next, day, now, why)
			}
		}
	})
}

// TestAnOrdinaryRequirementNeedsNoDailyQuestion: who goes to school is asked
// again when something becomes known.
func TestAnOrdinaryRequirementNeedsNoDailyQuestion(t *testing.T) {
	c := Child{ID: 1, BornOn: ledger.NewDate(2019, 9, 2), Facts: []Fact{{Name: "school", Value: "R01"}, {Name: "grade", Value: "01"}}}
	b := pack(t, "city")
	if got := NextEligible(b, c, ledger.NewDate(2026, 9, 1)); !got.IsZero() && got != b.Versions[len(b.Versions)-1].EffectiveFrom {
		t.Errorf("asked again on %s, want never", got)
	}
	moves := ledger.NewDate(2026, 10, 5)
	c.Facts = append(c.Facts, Fact{Name: "city", Value: "Elsewhere", From: moves})
	if got := NextEligible(b, c, ledger.NewDate(2026, 9, 1)); got != moves {
		t.Errorf("asked again on %s, want %s", got, moves)
	}
}
