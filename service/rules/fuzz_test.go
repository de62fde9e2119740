package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"seedbook/ledger"
	"seedbook/service/fault"
)

// FuzzParse: nothing panics, hangs or is half read; what is read can be read
// again from its normal form, and evaluated.
func FuzzParse(f *testing.F) {
	f.Add(good)
	for _, name := range Packs() {
		src, _ := Pack(name)
		f.Add(string(src))
	}
	books, _ := filepath.Glob("testdata/books/*.yaml")
	for _, path := range books {
		src, _ := os.ReadFile(path)
		f.Add(string(src))
	}
	for _, test := range hostile() {
		if len(test.src) < 10_000 {
			f.Add(test.src)
		}
	}
	for _, test := range spoilt {
		f.Add(strings.Replace(good, test.old, test.by, 1))
	}
	f.Fuzz(func(t *testing.T, src string) {
		b, err := Parse([]byte(src))
		if err != nil {
			if _, ok := fault.Of(err); !ok && err != errNotRead {
				t.Fatalf("%v is no fault", err)
			}
			return
		}
		again, err := Parse(b.Normal())
		if err != nil || again.Hash() != b.Hash() {
			t.Fatalf("the normal form %s: %v", b.Normal(), err)
		}
		Test(b)
	})
}

// FuzzCondition: a condition is refused when the book is read, or can be asked
// of any child.
func FuzzCondition(f *testing.F) {
	for _, c := range []string{
		`grade >= KG && grade <= 5`, `born_on >= date("2019-09-01")`, `age_on(day) < 18`, `income <= money("30000.00")`,
		`!known(city) || city.startsWith("River")`, `lunch in ["free", "paid"] ? true : viewed_on < add_years(born_on, 5)`,
		`year(born_on) - month(day) == 3`, `add_days(day, 9223372036854775807) > day`, `-9223372036854775808 - grade < 0`,
		`add_months(add_years(day, 200), 200) < day`, `"a" < zip`, `[1, 2][grade] == 1`, `{1: 2}[1] == 2`, `income <= limits(year(day), grade)`, `limits(9223372036854775807, -9223372036854775808) > income`,
		`ymd(year(day) + 9223372036854775807, 2, 29) == day`, `ymd(2027, 2, 29) == day`, `school_year_of(census_day) == day_of_month(born_on)`, `district == "\u0000"`,
	} {
		f.Add(c)
	}
	c := Child{BornOn: day(f, "2016-02-29"), Facts: []Fact{
		{Name: "grade", Value: "03"}, {Name: "city", Value: "Riverbend"}, {Name: "income", Value: ledger.Minor(100)}, {Name: "zip", Value: 6},
	}, Events: []Event{{Kind: "viewed", On: day(f, "2026-01-01")}}}
	on := day(f, "2026-09-01")
	f.Fuzz(func(t *testing.T, condition string) {
		src := strings.Replace(good, "grade >= KG", string(appendJSON(nil, condition)), 1)
		src = strings.Replace(src, "  school_year: 07-01\n", "  school_year: 07-01\n  census_day: first_wed(10)\ntables: [{name: limits, keys: [{name: a}, {name: b, match: from}], type: money, rows: [{at: [2026, 1], is: 5}]}]\n", 1)
		b, err := Parse([]byte(src))
		if err != nil {
			return
		}
		ok, why := Eligible(b, c, on)
		if ok != (why.Reason == ReasonEligible) {
			t.Fatalf("%s: %v but %s", condition, ok, why.Reason)
		}
	})
}

// FuzzMoment: a moment is refused when the book is read, or is a day of any
// child or none.
func FuzzMoment(f *testing.F) {
	for _, m := range []string{
		"age(26)", "age(130)", "grade(12)", "grade(KG)", "years_after(enrolled, 130)", "months_after(born_on, 1560)", "days_after(viewed, 50000)",
		"2043-06-30", "0000-00-00", "ymd(year(born_on) + 12, 12, 31)", "add_years(add_years(born_on, 200), 200)", "years_after(, )", "ymd(0, 0, 0)",
		"grade <= 5 ? born_on : viewed_on", "day", "26",
	} {
		f.Add(m)
	}
	c := Child{BornOn: day(f, "2016-02-29"), Facts: []Fact{{Name: "grade", Value: "03", From: day(f, "2024-08-20")}}, Events: []Event{{Kind: Enrolled, On: day(f, "2026-01-01")}}}
	on := day(f, "2026-09-01")
	f.Fuzz(func(t *testing.T, text string) {
		src := strings.Replace(good, "caps: {per_period: 100.00}", "carry_forward: {accrual: 1.00, accrues_from: birth, stops_at: "+string(appendJSON(nil, text))+"}", 1)
		b, err := Parse([]byte(src))
		if err != nil {
			return
		}
		e := b.borrow(&c, on)
		defer b.giveBack(e)
		m := b.plan("match").in[0].Carry.stops
		e.view.day = on
		if day, known := e.view.moment(m); known == day.IsZero() || !known && e.view.missing == 0 && m.reads != 0 || e.view.day != on {
			t.Fatalf("%s is %s, %v, missing %b", text, day, known, e.view.missing)
		}
	})
}
