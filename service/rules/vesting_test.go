package rules

import (
	"os"
	"testing"
)

func TestWhatIsVestedCannotBeLost(t *testing.T) {
	src, err := os.ReadFile("testdata/books/claims.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b := mustParse(t, string(src))
	c := Child{ID: 1, BornOn: day(t, "2020-02-29"), Events: []Event{
		{Key: "e", Kind: Enrolled, On: day(t, "2026-01-01")},
		{Key: "c", Kind: Claimed, On: day(t, "2026-01-02")},
		{Key: "d", Kind: Deposit, On: day(t, "2026-01-05"), Amount: amount(t, "60")},
		{Key: "f", Kind: Deposit, On: day(t, "2026-03-05"), Amount: amount(t, "40")},
	}}
	for _, test := range []struct{ benefit, period, on, due, vested, vestsOn string }{
		{"seed", "once", "2026-03-04", "200.00", "0.00", ""},
		{"seed", "once", "2026-03-05", "200.00", "200.00", "2026-03-05"},
		{"claim", "once", "2026-03-05", "25.00", "25.00", "2026-01-02"},
		{"match", "2026-01", "2026-01-31", "0.00", "0.00", ""},
		{"match", "2026-01", "2026-02-01", "50.00", "0.00", "2038-02-28"},
		{"match", "2026-01", "2038-02-27", "50.00", "0.00", "2038-02-28"},
		{"match", "2026-01", "2038-02-28", "50.00", "50.00", "2038-02-28"},
	} {
		found := false
		for _, e := range Evaluate(b, c, day(t, test.on)) {
			if e.Benefit != test.benefit || e.Period != test.period {
				continue
			}
			found = true
			vestsOn := ""
			if !e.VestsOn.IsZero() {
				vestsOn = e.VestsOn.String()
			}
			if e.Due.String() != test.due || e.Vested.String() != test.vested || vestsOn != test.vestsOn {
				t.Errorf("%s of %s on %s: due %s, vested %s on %q; want %s, %s on %q", e.Benefit, e.Period, test.on, e.Due, e.Vested, vestsOn, test.due, test.vested, test.vestsOn)
			}
		}
		if !found {
			t.Errorf("nothing of %s in %s", test.benefit, test.period)
		}
	}
}
