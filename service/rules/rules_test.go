package rules

import "testing"

// mustParse reads a rule book that a test needs.
func mustParse(t testing.TB, src string) *Book {
	t.Helper()
	b, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEveryPackPassesItsOwnExamples(t *testing.T) {
	for _, name := range Packs() {
		src, err := Pack(name)
		if err != nil {
			t.Fatal(err)
		}
		report := Test(mustParse(t, string(src)))
		for _, f := range report.Failures {
			t.Errorf("%s line %d, %s: %s of %s on %s is %s, want %s: %+v", name, f.Line, f.Example, f.What, f.Benefit, f.On, f.Got, f.Want, f.Why)
		}
		if report.Passed == 0 {
			t.Errorf("%s has no example", name)
		}
	}
}
