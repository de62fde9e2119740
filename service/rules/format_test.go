package rules

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const untidy = "# A program of ours.\n# Copy it.\n\n# The program\nprogram: {rounding: half_up,   id: p, name: \"Ours\", # the name people know\n  currency: USD, time_zone: America/Chicago}\n" +
	"versions: [{id: v1, effective_from: 2026-07-01}] # one so far\nbenefits:\n" +
	"- kind: match # whose money it becomes\n  # how much\n  amount: {ratio: 50%}\n  id: match\n\n\n  basis: gross_deposits\n  caps: {lifetime: 500, per_period: '100.5'}\n  period: calendar_year\n" +
	"  when: |\n    (!known(city) || city == \"Riverbend\")\n    && (!known(district) || district == \"RIVERBEND\") && born_on >= date(\"2019-09-01\")\n" +
	"  funding:\n    sources:\n    - # the city's own\n      fund: CITY\n    - {fund: BANK, when: 'grade in [1, 2]'} # grades 1 and 2\n" +
	"# below\nexamples:\n- {name: \"A child: first grade\", facts: {zip: \"06103\", grade: 01, city: 'null'}, expect: [{eligible: true, on: 2026-09-01}]}\n# the end\n"

func TestFormatLaysEveryBookOutAlike(t *testing.T) {
	out, err := Format([]byte(untidy))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "format.golden", string(out))
}

// everySource is every rule book with comments and odd layouts that we have.
func everySource(t testing.TB) map[string]string {
	all := everyBook(t)
	all["untidy"] = untidy
	all["normal"] = string(mustParse(t, good).Normal())
	return all
}

func TestFormatChangesNoHashAndNothingTheSecondTime(t *testing.T) {
	for name, src := range everySource(t) {
		checkFormat(t, name, src)
	}
}

func checkFormat(t reporter, name, src string) {
	t.Helper()
	book, err := Parse([]byte(src))
	if err != nil {
		if out, err := Format([]byte(src)); err == nil {
			t.Fatalf("%s: a book with problems is laid out as\n%s", name, out)
		}
		return
	}
	once, err := Format([]byte(src))
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, src)
	}
	again, err := Parse(once)
	if err != nil || again.Hash() != book.Hash() {
		t.Fatalf("%s: another book: %v\n%s", name, err, once)
	}
	twice, err := Format(once)
	if err != nil || !bytes.Equal(once, twice) {
		t.Fatalf("%s: the second time (%v):\n%s", name, err, diff(string(once), string(twice)))
	}
	if want, got := commentsIn(src), commentsIn(string(once)); want != got {
		t.Fatalf("%s: %d comments became %d:\n%s", name, want, got, once)
	}
}

// reporter is what a test and a property have in common.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
}

// commentsIn counts comments as the formatter's library sees them.
func commentsIn(src string) int {
	root, _ := readYAML([]byte(src))
	n := notesOf([]byte(src), root)
	count := len(n.after)
	for _, lines := range append(mapValues(n.above), n.end) {
		for _, l := range lines {
			if l != "" {
				count++
			}
		}
	}
	return count
}

func mapValues[K comparable, V any](m map[K]V) (out []V) {
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func TestFormatKeepsEveryComment(t *testing.T) {
	out, err := Format([]byte(untidy))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(untidy, "\n") {
		if i := strings.Index(line, "# "); i >= 0 && !strings.Contains(string(out), line[i:]) {
			t.Errorf("the comment %q is gone", line[i:])
		}
	}
}

func TestFormatRefusesABookWithProblems(t *testing.T) {
	_, err := Format([]byte(strings.Replace(good, "currency: USD", "currency: US", 1)))
	if err == nil || !strings.Contains(err.Error(), "unknown_value") {
		t.Errorf("got %v", err)
	}
}

func TestTheShippedBooksAreLaidOut(t *testing.T) {
	for _, name := range Packs() {
		src, _ := Pack(name)
		out, err := Format(src)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile("packs/"+name+".yaml", out, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(src, out) {
			t.Errorf("packs/%s.yaml is not as csa rules fmt writes it (go test -update):\n%s", name, diff(string(src), string(out)))
		}
	}
}

// TestFormatMeetsEveryLayout disturbs books line by line: comments of any
// indentation, on lines of their own and behind others, empty lines, texts of
// any letters.
func TestFormatMeetsEveryLayout(t *testing.T) {
	sources := everySource(t)
	names := sortedKeys(sources)
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		lines := strings.Split(sources[rapid.SampledFrom(names).Draw(t, "book")], "\n")
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				lines[i] += " # behind " + rapid.StringMatching(`[a-z:#'"{} ]{0,8}`).Draw(t, "note")
			case 1:
				above := strings.Repeat(" ", rapid.IntRange(0, 8).Draw(t, "indent")) + "# above " + rapid.StringMatching(`[a-z:#'"{} ]{0,8}`).Draw(t, "note")
				lines = slices.Insert(lines, i, above)
			case 2:
				lines = slices.Insert(lines, i, "")
			case 3:
				if key, _, ok := strings.Cut(lines[i], "name: "); ok && !strings.HasSuffix(lines[i], "}") {
					lines[i] = key + "name: " + string(appendJSON(nil, rapid.String().Draw(t, "text")))
				}
			}
		}
		src := strings.Join(lines, "\n")
		if _, err := Parse([]byte(src)); err == nil {
			read++
		}
		checkFormat(t, "disturbed", src)
	})
	if read < 20 {
		t.Errorf("only %d of the disturbed books could be read", read)
	}
}

// FuzzFormat: what a book says never changes, and order is reached at once.
func FuzzFormat(f *testing.F) {
	for _, src := range everySource(f) {
		f.Add(src)
	}
	for _, test := range hostile() {
		if len(test.src) < 10_000 {
			f.Add(test.src)
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) < 20_000 {
			checkFormat(t, "fuzz", src)
		}
	})
}
