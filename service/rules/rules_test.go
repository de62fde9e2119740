package rules

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/ledger"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what people read with what they read before.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs from what it was (go test -update writes it anew):\n%s", path, diff(string(want), got))
	}
}

// diff lists the lines that are in one text only.
func diff(want, got string) string {
	var b strings.Builder
	old := map[string]bool{}
	for _, l := range strings.Split(want, "\n") {
		old[l] = true
	}
	for _, l := range strings.Split(got, "\n") {
		if !old[l] {
			b.WriteString("+ " + l + "\n")
		}
		delete(old, l)
	}
	for _, l := range sortedKeys(old) {
		b.WriteString("- " + l + "\n")
	}
	return b.String()
}

func day(t testing.TB, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return d
}

func amount(t testing.TB, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return a
}

// mustParse reads a rule book that a test needs.
func mustParse(t testing.TB, src string) *Book {
	t.Helper()
	b, err := Parse([]byte(src))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, src)
	}
	return b
}

func pack(t testing.TB, name string) *Book {
	t.Helper()
	src, err := Pack(name)
	if err != nil {
		t.Fatal(err)
	}
	return mustParse(t, string(src))
}

// head is what every small book of these tests begins with.
const head = `
program: {id: small, name: A small program, currency: USD, time_zone: America/New_York, rounding: half_up}
calendar: {school_year: 07-01, fiscal_year: 10-01, benefit_year: 07-01}
`

const oneVersion = `
versions:
  - {id: v1, effective_from: 2020-01-01}
`

// small is a book of one version and the benefits given.
func small(t testing.TB, rest string) *Book {
	t.Helper()
	return mustParse(t, head+oneVersion+rest)
}

// checkExamples runs the examples of a book and prints each failure with its
// reasons.
func checkExamples(t *testing.T, b *Book) {
	t.Helper()
	report := Test(b)
	for _, f := range report.Failures {
		t.Errorf("%s", f)
		for _, w := range f.Why {
			text, _ := w.JSON()
			t.Log(text)
		}
	}
	if report.Passed+report.Failed == 0 {
		t.Error("no example ran")
	}
}

func TestEveryPackPassesItsOwnExamples(t *testing.T) {
	for _, name := range Packs() {
		t.Run(name, func(t *testing.T) { checkExamples(t, pack(t, name)) })
	}
}

// TestBooks runs the books in testdata/books, each about one part of the
// grammar: they are the specification of the arithmetic, by example.
func TestBooks(t *testing.T) {
	files, err := filepath.Glob("testdata/books/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no books", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			checkExamples(t, mustParse(t, string(src)))
		})
	}
}
