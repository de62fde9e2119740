package rules

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/service/i18n"
)

// changed is the clean book with something else in it.
func changed(old, by string) string {
	src := strings.Replace(clean, old, by, 1)
	if src == clean {
		panic("not in the clean book: " + old)
	}
	return src
}

func TestDiffNamesWhatIsDifferent(t *testing.T) {
	for _, test := range []struct{ name, src, want string }{
		{"layout", strings.Replace(clean, "  id: clean\n", "# a comment\n  id:   'clean'\n", 1), ""},
		{"an amount", changed("fixed: 50.00", "fixed: 60"), "changed terms benefits.seed.amount.fixed 50.00 60.00"},
		{"a formula", changed("{fixed: 50.00}", "{series: [50.00]}"), "changed terms benefits.seed.amount {fixed: 50.00} {series: [50.00]}"},
		{"a cap in a version", changed("120.00", "130.00"), "changed terms benefits.match.by_version.v2.caps.per_period 120.00 130.00"},
		{"a tier's condition", changed("grade <= KG", "grade < KG"), "changed terms benefits.match.tiers.little.when grade <= KG grade < KG"},
		{"a fund's condition goes", changed(`{fund: BANK, when: school == "R07"}`, "{fund: BANK}"), `removed terms benefits.match.funding.sources.BANK.when school == "R07" `},
		{"a fund comes", changed("[{fund: CITY}]", "[{fund: CITY}, {fund: BANK}]"), "added terms benefits.seed.funding.sources.BANK  {fund: BANK}"},
		{"funds change places", changed(`{fund: BANK, when: school == "R07"}, {fund: CITY}`, `{fund: CITY}, {fund: BANK, when: school == "R07"}`), "moved terms benefits.match.funding.sources BANK, CITY CITY, BANK"},
		{"a note", changed("id: v1,", "id: v1, note: the council's,"), "added wording versions.v1.note  the council's"},
		{"the name", changed("A clean program", "A cleaner program"), "changed wording program.name A clean program A cleaner program"},
		{"an example", changed("- {on: 2025-09-02, benefit: match, amount: 10.00}", "- {on: 2025-09-03, benefit: match, amount: 10.00}"),
			"removed examples examples.A second grader.expect.{\"amount\":\"10.00\",\"benefit\":\"match\",\"on\":\"2025-09-02\"} {on: 2025-09-02, benefit: match, amount: 10.00} \n" +
				"added examples examples.A second grader.expect.{\"amount\":\"10.00\",\"benefit\":\"match\",\"on\":\"2025-09-03\"}  {on: 2025-09-03, benefit: match, amount: 10.00}"},
		{"a day", changed("{id: v1, effective_from: 2025-07-01,", "{id: v1, effective_from: 2025-06-30,"), "changed terms versions.v1.effective_from 2025-07-01 2025-06-30"},
	} {
		if got := listed(Diff(mustParse(t, clean), mustParse(t, test.src))); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

func listed(changes []Change) string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, strings.Join([]string{string(c.Kind), string(c.About), c.Path, c.From, c.To}, " "))
	}
	return strings.Join(lines, "\n")
}

// TestDiffIsReadInBothLanguages compares the clean book with one that differs
// in every way.
func TestDiffIsReadInBothLanguages(t *testing.T) {
	other := strings.NewReplacer(
		"fixed: 50.00", "fixed: 60.00", "effective_to: 2026-06-30", "effective_to: 2026-07-31", "effective_from: 2026-07-01", "effective_from: 2026-08-01",
		"school_year: 07-01", "school_year: 08-01", "{id: low,", "{id: lower,", "leap_day: feb_28", "leap_day: mar_1", ", on_withdrawal: none", "",
		"    base: {min_single: 5.00}\n", "    base: {min_single: 10.00}\n    says: {en: Match, es: Aporte}\n", "ratio: 2}", "ratio: 3}",
		`{fund: BANK, when: school == "R07"}, {fund: CITY}`, `{fund: CITY}, {fund: BANK, when: school == "R09"}`,
		"  - name: A second grader\n", "  - name: Another second grader\n",
	).Replace(clean)
	changes := Diff(mustParse(t, clean), mustParse(t, other))
	for _, lang := range []string{"en", "es"} {
		var lines []string
		for _, c := range changes {
			lines = append(lines, string(c.Kind)+": "+c.Where(i18n.For(lang))+": "+c.From+" → "+c.To)
		}
		golden(t, "diff."+lang+".golden", strings.Join(lines, "\n")+"\n")
	}
}

// TestDiffIsEmptyExactlyWhereTheHashIsTheSame compares books of all kinds with
// each other, and each with itself laid out anew.
func TestDiffIsEmptyExactlyWhereTheHashIsTheSame(t *testing.T) {
	all := everyBook(t)
	names := sortedKeys(all)
	books := map[string]*Book{}
	for _, name := range names {
		books[name] = mustParse(t, all[name])
		out, err := Format([]byte(all[name]))
		if err != nil {
			t.Fatal(err)
		}
		if d := Diff(books[name], mustParse(t, string(out))); len(d) > 0 {
			t.Errorf("%s and its own layout differ: %s", name, listed(d))
		}
	}
	for i, x := range names {
		for j := range 4 {
			y := names[(i+j)%len(names)]
			d, back := Diff(books[x], books[y]), Diff(books[y], books[x])
			if (len(d) == 0) != (books[x].Hash() == books[y].Hash()) {
				t.Errorf("%s and %s: %d changes", x, y, len(d))
			}
			if count(d, Added) != count(back, Removed) || count(d, Changed) != count(back, Changed) || count(d, Moved) != count(back, Moved) {
				t.Errorf("%s and %s: there and back differ", x, y)
			}
			for _, c := range d {
				c.Where(i18n.For("en"))
				c.Where(i18n.For("es"))
			}
		}
	}
}

func count(changes []Change, kind ChangeKind) (n int) {
	for _, c := range changes {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

// TestDiffFindsWhateverWasSpoilt: a change of one word is one change at its
// place, whichever word it is.
func TestDiffFindsWhateverWasSpoilt(t *testing.T) {
	a := mustParse(t, clean)
	lines := strings.Split(clean, "\n")
	type spot struct {
		line int
		word string
	}
	var spots []spot
	for i, line := range lines {
		for _, word := range []string{"50.00", "100.00", "10.00", "5.00", "Riverbend", "CITY", "KG", "R01", "reverse_full"} {
			if strings.Contains(line, word) {
				spots = append(spots, spot{i, word})
			}
		}
	}
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.SampledFrom(spots).Draw(t, "spot")
		lines, old := slices.Clone(lines), at.word
		lines[at.line] = strings.Replace(lines[at.line], old, map[bool]string{true: "7.77", false: "NEW"}[strings.Contains(old, ".")], 1)
		b, err := Parse([]byte(strings.Join(lines, "\n")))
		if err != nil || a.Hash() == b.Hash() {
			return
		}
		found++
		if d := Diff(a, b); len(d) == 0 || len(d) > 2 || !slices.ContainsFunc(d, func(c Change) bool { return strings.Contains(c.To, "7.77") || strings.Contains(c.To, "NEW") }) {
			t.Errorf("%s by another word: %s", old, listed(d))
		}
	})
	if found == 0 {
		t.Error("nothing was ever changed")
	}
}
