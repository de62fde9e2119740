package rulebook

import (
	"flag"
	"os"
	"strings"
	"testing"

	"seedbook/service/i18n"
	"seedbook/service/rules"
)

var update = flag.Bool("update", false, "write golden files")

func pack(t *testing.T, name string) *rules.Book {
	t.Helper()
	source, err := rules.Pack(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(source))
}

func parse(t *testing.T, source string) *rules.Book {
	t.Helper()
	book, err := rules.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return book
}

var names = Names{
	Funds:   map[string]string{"CITY": "City seed fund", "SMITH": "Smith Family Fund"},
	Schools: map[string]string{"R07": "Harbor View", "R09": "Mill Creek"},
}

// What the books that ship with Seedbook say, for whoever reviews the words.
func TestTheCityBookInPlainWordsGolden(t *testing.T) {
	for _, l := range i18n.Languages {
		w := i18n.For(l.Code)
		var b strings.Builder
		for _, s := range Describe(w, pack(t, "city"), names) {
			b.WriteString("# " + s.Title + "\n")
			for _, c := range s.Clauses {
				b.WriteString(c.Term + ": " + c.Value + "\n")
			}
		}
		compare(t, "testdata/city."+l.Code+".golden", b.String())
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if that is meant, run with -update:\n%s", file, got)
	}
}

// Whatever a book says is told: in words, or as it is written.
func TestNothingThatABookSaysIsLeftOut(t *testing.T) {
	for _, name := range rules.Packs() {
		book := pack(t, name)
		for _, l := range i18n.Languages {
			var told strings.Builder
			for _, s := range Describe(i18n.For(l.Code), book, Names{}) {
				told.WriteString(s.Title + "\n")
				for _, c := range s.Clauses {
					told.WriteString(c.Term + ": " + c.Value + "\n")
				}
			}
			for _, code := range book.FundCodes() {
				if !strings.Contains(told.String(), code) {
					t.Errorf("%s in %s: the fund %s is not told", name, l.Code, code)
				}
			}
			for _, b := range book.Benefits {
				if !strings.Contains(told.String(), b.Says.In(l.Code)) && !strings.Contains(told.String(), b.ID) {
					t.Errorf("%s in %s: the benefit %s is not told", name, l.Code, b.ID)
				}
			}
			if missing := missingKey(told.String()); missing != "" {
				t.Errorf("%s in %s shows the key %s", name, l.Code, missing)
			}
		}
	}
}

func missingKey(text string) string {
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "rulebook.") {
			return word
		}
	}
	return ""
}

const small = `
program: {id: river, name: River, currency: USD, time_zone: America/New_York, rounding: half_up}
calendar: {school_year: 07-01}
versions: [{id: v1, effective_from: 2026-07-01}]
benefits:
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 0.5}
    caps: {per_period: 100.00}
    period: school_year
    when: known(school) && age_on(day) < 9
    funding: {sources: [{fund: CITY}]}
`

func TestAChangeIsToldInWords(t *testing.T) {
	after := strings.NewReplacer("ratio: 0.5", "ratio: 1.5", "caps: {per_period: 100.00}", "caps: {lifetime: 500.00}", "< 9", "< 12").Replace(small)
	var got []string
	for _, c := range Compare(i18n.For("en"), parse(t, small), parse(t, after), names) {
		got = append(got, c.Section+": "+c.Term+": "+c.Before+" -> "+c.After)
	}
	want := []string{
		"match: Only if: known(school) && age_on(day) < 9 -> known(school) && age_on(day) < 12",
		"match: How much: 50% of what counts: $0.50 for each $1.00 -> 150% of what counts: $1.50 for each $1.00",
		"match: At most, for ever:  -> $500.00",
		"match: At most, in one period: $100.00 -> ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if same := Compare(i18n.For("es"), parse(t, small), parse(t, "# a remark\n"+small), names); len(same) > 0 {
		t.Errorf("a remark changed %v", same)
	}
}
