package rules

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fixtures is the folder of the shared test data. Where it is absent a test
// that needs it skips, but fails on the build server.
func fixtures(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SEEDBOOK_FIXTURES")
	if dir == "" {
		dir = "../../../shared/fixtures"
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no fixtures in %s: set SEEDBOOK_FIXTURES", dir)
		}
		t.Skipf("no fixtures in %s: set SEEDBOOK_FIXTURES", dir)
	}
	return dir
}

// matchCase is one case of fixtures/rules/match_cases.json: a published scheme
// and an amount that it is known to give.
type matchCase struct {
	ID       string         `json:"id"`
	Input    map[string]any `json:"input"`
	Expected map[string]any `json:"expected"`
}

// TestThePublishedSchemesGiveWhatIsKnownOfThem writes each case as a rule book
// with one example and runs it.
func TestThePublishedSchemesGiveWhatIsKnownOfThem(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(fixtures(t), "rules", "match_cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []matchCase
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if err := decoder.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range cases {
		scheme, _, _ := strings.Cut(c.ID, "-")
		write, known := schemes[scheme]
		if !known {
			t.Errorf("%s: nobody wrote the scheme", c.ID)
			continue
		}
		ran++
		t.Run(c.ID, func(t *testing.T) {
			b := mustParse(t, write(c).source(c.ID))
			for _, f := range Test(b).Failures {
				t.Errorf("%s\nin\n%s", f, write(c).source(c.ID))
			}
		})
	}
	t.Logf("%d of %d cases are rule books", ran, len(cases))
	if len(cases) != 55 || ran != len(cases) {
		t.Errorf("%d of %d cases ran", ran, len(cases))
	}
}

// draft is a case as a rule book.
type draft struct {
	facts    []string // declarations: "income: money"
	benefits string
	born     string
	known    []string // facts of the child
	changes  []string
	enrolled string
	events   []string
	expect   []string
	children []string // instead of one child
}

const caseHead = `program: {id: case, name: %s, currency: USD, time_zone: America/New_York, rounding: half_up}
calendar: {benefit_year: 07-01}
versions:
  - {id: v0, effective_from: 1998-01-01, effective_to: 2006-12-31}
  - {id: v1, effective_from: 2007-01-01}
`

func (d draft) source(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, caseHead, name)
	if len(d.facts) > 0 {
		b.WriteString("facts:\n")
	}
	for _, f := range d.facts {
		fact, kind, _ := strings.Cut(f, ": ")
		fmt.Fprintf(&b, "  - {name: %s, type: %s}\n", fact, kind)
	}
	b.WriteString("benefits:\n" + d.benefits)
	fmt.Fprintf(&b, "examples:\n  - name: %s\n", name)
	if len(d.children) > 0 {
		block(&b, "children", d.children)
		block(&b, "expect", d.expect)
		return b.String()
	}
	if d.born != "" {
		fmt.Fprintf(&b, "    born_on: %s\n", d.born)
	}
	fmt.Fprintf(&b, "    facts: {%s}\n", strings.Join(d.known, ", "))
	block(&b, "changes", d.changes)
	block(&b, "events", append([]string{fmt.Sprintf("on: %s, event: enrolled", or(d.enrolled, "2008-01-01"))}, d.events...))
	block(&b, "expect", d.expect)
	return b.String()
}

func block(b *strings.Builder, key string, items []string) {
	if len(items) == 0 {
		return
	}
	b.WriteString("    " + key + ":\n")
	for _, i := range items {
		b.WriteString("      - {" + i + "}\n")
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func deposit(on string, amount any) string {
	return fmt.Sprintf("on: %s, event: deposit, amount: %v", on, amount)
}

func expects(on, benefit string, amount any) string {
	return fmt.Sprintf("on: %s, benefit: %s, amount: %v", on, benefit, amount)
}

// ratioMatch is a benefit that matches deposits; rest is more keys.
func ratioMatch(id, ratio, period, rest string) string {
	s := fmt.Sprintf("  - id: %s\n    kind: match\n    basis: gross_deposits\n    amount: {ratio: %s}\n    period: %s\n    funding: {sources: [{fund: A}]}\n", id, ratio, period)
	for _, line := range strings.Split(rest, "\n") {
		if line != "" {
			s += "    " + line + "\n"
		}
	}
	return s
}

// fixed is a benefit that gives an amount once, at joining, under a condition.
func fixed(id, amount, when string) string {
	return fmt.Sprintf("  - id: %s\n    kind: seed\n    trigger: event(enrolled)\n    amount: {fixed: %s}\n    period: once\n    when: %s\n    funding: {sources: [{fund: A}]}\n", id, amount, when)
}

// truthOf is a case's true or false, false where it says nothing.
func truthOf(v any) string {
	if b, ok := v.(bool); ok && b {
		return "true"
	}
	return "false"
}

// items is a case's list.
func items(v any) []any {
	l, _ := v.([]any)
	return slices.Clone(l)
}
