package rules

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"
	"pgregory.net/rapid"
)

func TestCensusDays(t *testing.T) {
	for _, test := range []struct{ school, rule, day, want string }{
		{"07-01", "10-01", "2026-09-30", "2026-10-01"},
		{"07-01", "10-01", "2027-06-30", "2026-10-01"},
		{"07-01", "10-01", "2027-07-01", "2027-10-01"},
		{"07-01", "first_wed(10)", "2025-08-01", "2025-10-01"},
		{"07-01", "first_wed(10)", "2026-08-01", "2026-10-07"},
		{"07-01", "third_mon(1)", "2026-08-01", "2027-01-18"},
		{"07-01", "last_fri(9)", "2026-08-01", "2026-09-25"},
		{"07-01", "last_sun(2)", "2026-08-01", "2027-02-28"},
		{"07-01", "last_wed(9)", "2026-08-01", "2026-09-30"},
		{"07-01", "fourth_sat(2)", "2028-02-01", "2028-02-26"},
		{"01-01", "10-01", "2026-12-31", "2026-10-01"},
		{"10-02", "10-01", "2026-12-31", "2027-10-01"},
	} {
		src := strings.Replace(good, "school_year: 07-01", "school_year: "+test.school+"\n  census_day: "+test.rule, 1)
		b := mustParse(t, src)
		if got := b.Calendar.censusOf(day(t, test.day)); got != day(t, test.want) {
			t.Errorf("%s in a school year from %s: %s for %s, want %s", test.rule, test.school, got, test.day, test.want)
		}
	}
}

// TestTheNextCensusDayNeverGoesBack also where it may lie in another year than
// the school year's first day says.
func TestTheNextCensusDayNeverGoesBack(t *testing.T) {
	for _, rule := range []string{"first_wed(9)", "09-04", "last_fri(8)"} {
		b := mustParse(t, strings.Replace(good, "school_year: 07-01", "school_year: 09-05\n  census_day: "+rule, 1))
		on, n := day(t, "2020-01-01"), 0
		for end := day(t, "2040-01-01"); on.Before(end); n++ {
			next := b.Calendar.censusFrom(on)
			if next.Before(on) || next.DaysSince(on) > 2*372 {
				t.Fatalf("%s: %s after %s", rule, next, on)
			}
			on = next.AddDays(1)
		}
		if n < 17 || n > 21 {
			t.Errorf("%s: %d census days in 20 years", rule, n)
		}
	}
}

func TestTablesFindTheirRows(t *testing.T) {
	rows := []TableRow{{At: []int64{2024, 1}}, {At: []int64{2024, 4}}, {At: []int64{2026, 2}}}
	for _, test := range []struct {
		first, second string
		year, n       int64
		want          int
	}{
		{matchExact, matchFrom, 2024, 3, 0}, {matchExact, matchFrom, 2024, 4, 1}, {matchExact, matchFrom, 2024, 99, 1},
		{matchExact, matchFrom, 2024, 0, -1}, {matchExact, matchFrom, 2025, 4, -1}, {matchExact, matchFrom, 2026, 1, -1},
		{matchExact, matchExact, 2024, 3, -1}, {matchExact, matchExact, 2024, 4, 1}, {matchExact, matchExact, 2026, 2, 2},
		{matchFrom, matchExact, 2025, 4, 1}, {matchFrom, matchExact, 2027, 4, -1}, {matchFrom, matchExact, 2023, 1, -1},
		{matchFrom, matchFrom, 2025, 3, 0}, {matchFrom, matchFrom, 2030, 3, 2}, {matchFrom, matchFrom, 2026, 1, -1}, {matchFrom, matchFrom, -1, 1, -1},
	} {
		table := Table{Keys: []TableKey{{"year", test.first}, {"n", test.second}}, Rows: rows}
		if got := table.find(test.year, test.n); got != test.want {
			t.Errorf("%s and %s: row %d for %d and %d, want %d", test.first, test.second, got, test.year, test.n, test.want)
		}
	}
}

func TestDaysByTheirPartsFollowTheLeapDayRule(t *testing.T) {
	for _, test := range []struct {
		y, m, d int64
		leap    LeapDay
		want    string
	}{
		{2026, 9, 1, February28, "2026-09-01"}, {2028, 2, 29, February28, "2028-02-29"}, {2027, 2, 29, February28, "2027-02-28"},
		{2027, 2, 29, March1, "2027-03-01"}, {2027, 2, 30, March1, ""}, {2027, 4, 31, March1, ""}, {2027, 13, 1, March1, ""},
		{0, 1, 1, March1, ""}, {1849, 1, 1, March1, ""}, {2301, 1, 1, March1, ""}, {2027, -1, 1, March1, ""}, {1 << 40, 1, 1, March1, ""},
	} {
		got, _ := ymd(types.Int(test.y), types.Int(test.m), types.Int(test.d), test.leap).(celDate)
		if got.String() != test.want {
			t.Errorf("ymd(%d, %d, %d) by %s is %s, want %s", test.y, test.m, test.d, test.leap, got, test.want)
		}
	}
}

// TestAMissingRowNamesTheTable and not the facts that were known.
func TestAMissingRowNamesTheTable(t *testing.T) {
	b := mustParse(t, strings.Replace(good, "    when: grade >= KG\n", "    when: income <= limits(year(day)) && grade >= KG\ntables: [{name: limits, keys: [{name: a}], type: money, rows: [{at: [2025], is: 5}]}]\n", 1))
	c := Child{Facts: []Fact{{Name: "income", Value: amount(t, "1.00")}, {Name: "grade", Value: "KG"}}}
	_, why := Eligible(b, c, day(t, "2026-03-01"))
	if why.Reason != ReasonMissingFact || len(why.Missing) != 1 || why.Missing[0].Name != "limits" {
		t.Errorf("%s, missing %+v", why.Reason, why.Missing)
	}
	c.Facts = c.Facts[1:]
	if _, why = Eligible(b, c, day(t, "2025-03-01")); len(why.Missing) != 1 || why.Missing[0].Name != "income" {
		t.Errorf("%s, missing %+v", why.Reason, why.Missing)
	}
}

func TestALargeTableIsAsked(t *testing.T) {
	var src strings.Builder
	src.WriteString(strings.Replace(good, "    when: grade >= KG\n", "    when: income <= limits(year(day), grade)\n", 1))
	src.WriteString("tables:\n  - name: limits\n    keys: [{name: a, match: from}, {name: b, match: from}]\n    type: money\n    rows:\n")
	for i := range maxTableRows {
		src.WriteString("      - {at: [" + strconv.Itoa(1850+i%400) + ", " + strconv.Itoa(i/400) + "], is: " + strconv.Itoa(i) + "}\n")
	}
	b := mustParse(t, src.String())
	c := Child{Facts: []Fact{{Name: "income", Value: amount(t, "1776.00")}, {Name: "grade", Value: "09"}}}
	if ok, why := Eligible(b, c, day(t, "2026-03-01")); !ok {
		t.Errorf("%s", why.Reason)
	}
}

// TestATableFindsWhatReadingItThroughFinds compares with the definition: of the
// rows that the first number admits, those of the greatest, and so on.
func TestATableFindsWhatReadingItThroughFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		match := rapid.SampledFrom([]string{matchExact, matchFrom})
		table := Table{Keys: []TableKey{{"a", match.Draw(t, "a")}, {"b", match.Draw(t, "b")}}}
		for i := range rapid.IntRange(1, 12).Draw(t, "rows") {
			at := []int64{rapid.Int64Range(0, 5).Draw(t, "at a"), rapid.Int64Range(0, 5).Draw(t, "at b")}
			if i == 0 || !slices.ContainsFunc(table.Rows, func(r TableRow) bool { return slices.Equal(r.At, at) }) {
				table.Rows = append(table.Rows, TableRow{At: at})
			}
		}
		slices.SortFunc(table.Rows, func(x, y TableRow) int { return slices.Compare(x.At, y.At) })
		keys := []int64{rapid.Int64Range(-1, 6).Draw(t, "key a"), rapid.Int64Range(-1, 6).Draw(t, "key b")}
		left := slices.Clone(table.Rows)
		for k, key := range keys {
			best := int64(-1)
			for _, r := range left {
				if r.At[k] == key || table.Keys[k].Match == matchFrom && r.At[k] < key {
					best = max(best, r.At[k])
				}
			}
			left = slices.DeleteFunc(left, func(r TableRow) bool { return r.At[k] != best })
		}
		got := table.find(keys...)
		if (got < 0) != (len(left) == 0) || got >= 0 && !slices.Equal(table.Rows[got].At, left[0].At) {
			t.Fatalf("%v of %v with %v: row %d, want %v", keys, table.Rows, table.Keys, got, left)
		}
	})
}
