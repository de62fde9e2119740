package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"seedbook/ledger"
)

// cityChild takes part in the city's program since September 2025 and has paid in.
func cityChild(t *testing.T, deposits ...string) (*Book, Child) {
	t.Helper()
	src, err := Pack("city")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	c := Child{ID: 1, BornOn: day(t, "2019-03-14"), Facts: []Fact{{Name: "school", Value: "R01"}, {Name: "grade", Value: "01"}, {Name: "city", Value: "Riverbend"}},
		Events: []Event{{Key: "e", Kind: Enrolled, On: day(t, "2025-09-01")}}}
	for i, amount := range deposits {
		a, err := ledger.ParseAmount(amount)
		if err != nil {
			t.Fatal(err)
		}
		c.Events = append(c.Events, Event{Key: fmt.Sprint("d", i), Kind: Deposit, On: day(t, "2025-10-01").AddDays(i), Amount: a})
	}
	return b, c
}

func said(all []Chance) (out []string) {
	for _, c := range all {
		out = append(out, fmt.Sprintf("%s %s: %s earns %s of %s by %s", c.Benefit, c.Period, c.Deposit, c.Earns, c.Most, c.By))
	}
	return out
}

func TestTheNextDollarSaysWhatItEarnsAndUntilWhen(t *testing.T) {
	for _, test := range []struct {
		name     string
		deposits []string
		want     []string
	}{
		{"nothing saved: the least that is matched, and the way to the bonus", nil, []string{
			"match 2025-26: 5.00 earns 5.00 of 100.00 by 2026-06-30", "bonus 2025-26: 50.00 earns 25.00 of 25.00 by 2026-06-30"}},
		{"on the way to the bonus, to the cent", []string{"37.65"}, []string{
			"match 2025-26: 5.00 earns 5.00 of 62.35 by 2026-06-30", "bonus 2025-26: 12.35 earns 25.00 of 25.00 by 2026-06-30"}},
		{"little room left", []string{"97.00"}, []string{"match 2025-26: 5.00 earns 3.00 of 3.00 by 2026-06-30"}},
		{"all that a year gives", []string{"100.00"}, nil},
	} {
		b, c := cityChild(t, test.deposits...)
		before := fmt.Sprint(c)
		if got := said(NextDollar(b, c, day(t, "2025-11-15"))); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.want)
		}
		if fmt.Sprint(c) != before {
			t.Errorf("%s: the child was changed", test.name)
		}
	}
}

func TestWhoLeftHasNothingToEarn(t *testing.T) {
	b, c := cityChild(t)
	c.Events = append(c.Events, Event{Key: "left", Kind: OptedOut, On: day(t, "2025-10-10")})
	if got := NextDollar(b, c, day(t, "2025-11-15")); got != nil {
		t.Errorf("%v", said(got))
	}
}

// What is promised is what the same engine gives once the deposit is there.
func TestAChanceTakenIsGiven(t *testing.T) {
	packs, err := filepath.Glob("packs/*.yaml")
	if err != nil || len(packs) == 0 {
		t.Fatal("no packs")
	}
	taken := 0
	for _, pack := range packs {
		src, err := os.ReadFile(pack)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Examples {
			x := b.Examples[i].named(b)
			for _, want := range x.Expect {
				for _, c := range x.cast(b, want.On) {
					taken += takeChances(t, b, c, want.On, pack+", "+x.Name)
				}
			}
		}
	}
	if taken == 0 {
		t.Error("no example has a chance")
	}
}

// takeChances pays in what each chance asks for and looks at what comes of it.
func takeChances(t *testing.T, b *Book, c Child, on ledger.Date, where string) int {
	t.Helper()
	chances := NextDollar(b, c, on)
	for _, ch := range chances {
		has := entitled(b, c, ch, on)
		c := c
		c.Events = append(slices.Clone(c.Events), Event{Key: "next", Kind: Deposit, On: on, Seq: 1 << 62, Amount: ch.Deposit})
		if gave := entitled(b, OnlyTaken(b, c), ch, on).Sub(has); gave != ch.Earns || gave.Sign() <= 0 {
			t.Errorf("%s on %s: %s of %s promises %s for %s and gives %s", where, on, ch.Benefit, ch.Period, ch.Earns, ch.Deposit, gave)
		}
		if !ch.By.IsZero() && ch.By.Before(on) {
			t.Errorf("%s: %s by %s is over on %s", where, ch.Benefit, ch.By, on)
		}
	}
	return len(chances)
}

func entitled(b *Book, c Child, ch Chance, on ledger.Date) ledger.Amount {
	for _, e := range Evaluate(b, c, on) {
		if e.Benefit == ch.Benefit && e.Period == ch.Period {
			return e.Amount
		}
	}
	return ledger.Amount{}
}
