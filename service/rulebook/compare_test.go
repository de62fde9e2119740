package rulebook

import (
	"encoding/json"
	"strings"
	"testing"

	"seedbook/service/i18n"
	"seedbook/service/rules"
)

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
		"match: Only if: school is known and the child's age on that day is less than 9 -> school is known and the child's age on that day is less than 12",
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

// Whatever is another in a book, in its examples too, Compare has it: it is
// empty exactly where the books have the same hash.
func TestNoDifferenceIsLeftOut(t *testing.T) {
	compared := 0
	for name, source := range everyBook(t) {
		book := parse(t, source)
		o := tree(book)
		n := 0
		eachLeaf(t, "book", map[string]any(o), func(key string, set func(string)) {
			if n++; n%29 != 0 {
				return
			}
			for _, other := range []string{"zz9", "7.77", "3", "2031-02-03", "grade == 3", "none", "keep"} {
				set(other)
				text, _ := json.Marshal(o)
				changed, err := rules.Parse(text)
				if err != nil {
					continue
				}
				for _, l := range i18n.Languages {
					got := Compare(i18n.For(l.Code), book, changed, Names{})
					if (len(got) == 0) != (book.Hash() == changed.Hash()) {
						t.Errorf("%s: %s by %q in %s: %d changes", name, key, other, l.Code, len(got))
					}
				}
				compared++
				break
			}
			set("")
		})
	}
	if compared < 80 {
		t.Errorf("only %d books were compared", compared)
	}
}

func TestTheOrderOfThingsIsADifference(t *testing.T) {
	a := strings.Replace(small, "[{fund: CITY}]", "[{fund: CITY}, {fund: BANK}]", 1)
	b := strings.Replace(small, "[{fund: CITY}]", "[{fund: BANK}, {fund: CITY}]", 1)
	var got []string
	for _, c := range Compare(i18n.For("en"), parse(t, a), parse(t, b), Names{}) {
		got = append(got, c.Phrase(i18n.For("en")))
	}
	if want := "Changed: The order of things › benefit “match” › who pays › funds: BANK, CITY instead of CITY, BANK"; !strings.Contains(strings.Join(got, "\n"), want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
