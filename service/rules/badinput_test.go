package rules

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"seedbook/service/i18n"
)

// hostile are books made to cost time or memory, or to mean more than they
// say: what is found, and at which line.
func hostile() map[string]struct {
	src, code string
	line      int
} {
	type book = struct {
		src, code string
		line      int
	}
	in := func(old, by string) string {
		src := strings.Replace(good, old, by, 1)
		if src == good {
			panic("not in the good book: " + old)
		}
		return src
	}
	condition := func(c string) string { return in("grade >= KG", string(appendJSON(nil, c))) }
	lol := &strings.Builder{}
	lol.WriteString("a: &a [lol]\n")
	for c := 'b'; c < 'k'; c++ {
		fmt.Fprintf(lol, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	books := &strings.Builder{}
	for books.Len() < 10<<20 {
		books.WriteString(good)
	}
	conditions := &strings.Builder{}
	for i := range maxPredicates + 1 {
		fmt.Fprintf(conditions, "  - {id: r%d, when: grade != %d}\n", i, i)
	}
	return map[string]book{
		// size and shape
		"ten megabytes of comments":   {strings.Repeat("#", 10<<20), "too_large", 0},
		"ten megabytes of books":      {books.String(), "too_large", 0},
		"ten megabytes in one line":   {"a: [" + strings.Repeat("1, ", 10<<20/3), "too_large", 0},
		"a megabyte of brackets":      {strings.Repeat("[", 1<<20), "too_many_parts", 1},
		"a megabyte of quotes":        {"a: " + strings.Repeat(`"`, 1<<20-8), "too_many_parts", 1},
		"a megabyte in one quote":     {`a: "` + strings.Repeat("x", 1<<20-8), "syntax", 1},
		"a megabyte of hyphens":       {strings.Repeat("- ", 1<<19), "", 1},
		"a megabyte of blanks":        {strings.Repeat(" ", 1<<20-2) + "a", "", 1},
		"a key of a megabyte":         {strings.Repeat("k", 1<<20-4) + ": 1", "missing_key", 1},
		"four hundred thousand lines": {strings.Repeat("\n", 400_000), "too_many_parts", 1},
		"fifty thousand keys":         {strings.Repeat("k: 1\n", 16_000), "duplicate_key", 2},
		"a flood of problems":         {in("examples:", "examples:\n"+strings.Repeat("  - {name: x, expect: [{on: x}]}\n", 500)), "not_date", 46},
		"deep braces":                 {strings.Repeat("{a: ", 5_000), "too_deep", 1},
		"deep blocks":                 {strings.Repeat("- ", 200) + "a", "too_deep", 1},
		"bytes that are no text":      {"program: \xff\xfe", "not_text", 0},
		"a mark of byte order":        {"\ufeff" + good, "not_text", 1},
		"a zero byte":                 {in("name: A small", "name: A\x00small"), "not_text", 3},
		"a bell":                      {in("name: A small", "name: A\asmall"), "not_text", 3},
		// what YAML can do beside data
		"a billion laughs":        {lol.String(), "yaml_feature", 1},
		"an alias of itself":      {"a: &a [*a]", "yaml_feature", 1},
		"aliases in a circle":     {"a: &a [b: &b [*a, *b]]", "yaml_feature", 1},
		"an alias of nothing":     {in("name: A small program", "name: *nobody"), "yaml_feature", 3},
		"a merge":                 {in("  - {id: v2, effective_from: 2027-01-01}", "  - {<<: {id: v2}, effective_from: 2027-01-01}"), "yaml_feature", 11},
		"a tag":                   {in("name: A small program", "name: !!binary aGk="), "yaml_feature", 3},
		"a tag of a language":     {in("name: A small program", "name: !!python/object:os.system x"), "yaml_feature", 3},
		"a directive":             {"%YAML 1.2\n---\n" + good, "yaml_feature", 1},
		"two documents":           {good + "---\n" + good, "documents", 1},
		"a complex key":           {in("  - {name: viewed}", "  - {[name]: viewed}"), "", 0},
		"a key twice":             {in("  currency: USD", "  currency: USD\n  currency: USD"), "duplicate_key", 5},
		"a key twice in brackets": {in("{fixed: 50.00}", "{fixed: 50.00, fixed: 500.00}"), "duplicate_key", 25},
		"a benefit twice":         {in("id: match", "id: seed"), "twice", 28},
		// numbers
		"a ratio of a billion":              {in("ratio: 0.5", "ratio: 1e9"), "not_ratio", 32},
		"a ratio of a billion, written out": {in("ratio: 0.5", "ratio: 1000000000"), "not_ratio", 32},
		"a ratio of a hundred and one":      {in("ratio: 0.5", "ratio: 101"), "ratio_range", 32},
		"a ratio of a thousand digits":      {in("ratio: 0.5", "ratio: 0."+strings.Repeat("3", 1000)), "not_ratio", 32},
		"a ratio that is no number":         {in("ratio: 0.5", "ratio: .nan"), "not_ratio", 32},
		"a ratio without end":               {in("ratio: 0.5", "ratio: .inf"), "not_ratio", 32},
		"a cap of minus one":                {in("per_period: 100.00", "per_period: -1"), "amount_range", 33},
		"a cap that is no number":           {in("per_period: 100.00", "per_period: NaN"), "not_amount", 33},
		"a cap of a million digits":         {in("per_period: 100.00", "per_period: "+strings.Repeat("9", 900_000)), "not_amount", 33},
		"a cap in base sixteen":             {in("per_period: 100.00", "per_period: 0x64"), "not_amount", 33},
		"a cap of three decimals":           {in("per_period: 100.00", "per_period: 100.001"), "not_amount", 33},
		"a count beyond numbers":            {in("opt_out_days: 30", "opt_out_days: 18446744073709551616"), "not_whole", 20},
		"an age of a thousand":              {in("at: age(26)", "at: age(1000)"), "", 39},
		"a window of no months":             {in("    period: school_year", "    period: months(0)"), "unknown_value", 34},
		// days
		"the year 0":                         {in("effective_from: 2026-01-01", "effective_from: 0000-01-01"), "not_date", 10},
		"the year 10000":                     {in("effective_from: 2026-01-01", "effective_from: 10000-01-01"), "not_date", 10},
		"before the year 0":                  {in("effective_from: 2026-01-01", "effective_from: -0001-01-01"), "not_date", 10},
		"the 30th of February":               {in("effective_from: 2026-01-01", "effective_from: 2026-02-30"), "not_date", 10},
		"an instant for a day":               {in("effective_from: 2026-01-01", "effective_from: 2026-01-01T00:00:00Z"), "not_date", 10},
		"a day of the year 0 in a condition": {condition(`born_on >= date("0000-01-01")`), "cel_syntax", 19},
		// circles
		"a shared cap of itself":       {in("expiry:", "shared_caps:\n  - {id: a, benefits: [a], period: once, max: 1.00}\nexpiry:"), "unknown_value", 40},
		"a shared cap of a shared cap": {in("expiry:", "shared_caps:\n  - {id: a, benefits: [seed], period: once, max: 1.00}\n  - {id: b, benefits: [a], period: once, max: 1.00}\nexpiry:"), "unknown_value", 41},
		"a tier within a tier":         {in("    caps: {per", "    tiers:\n      - {id: t, when: grade > 1, tiers: [{id: u, when: grade > 2}]}\n    caps: {per"), "unknown_key", 34},
		"a version within a version":   {in("v2: {amount: {ratio: 1}}", "v2: {by_version: {v2: {amount: {ratio: 1}}}}"), "unknown_key", 38},
		"a table that asks itself":     {in("eligibility:", "tables:\n  - {name: t, keys: [{name: n, match: exact}], type: number, rows: [{at: [1], is: t(1)}]}\neligibility:"), "", 18},
		"a moment that asks itself":    {in("at: age(26)", "at: years_after(expiry, 1)"), "", 39},
		"a table called as a fact":     {in("eligibility:", "tables:\n  - {name: income, keys: [{name: n, match: exact}], type: number, rows: [{at: [1], is: 1}]}\neligibility:"), "name_taken", 18},
		// conditions that explode
		"a condition of many parts":       {condition(strings.Repeat("grade >= KG && ", 120) + "true"), "cel_syntax", 19},
		"a condition of many letters":     {condition(strings.Repeat("grade >= KG && ", 1_000) + "true"), "cel_long", 19},
		"a condition of brackets":         {condition(strings.Repeat("(", 900) + "true" + strings.Repeat(")", 900)), "cel_syntax", 19},
		"a condition of nots":             {condition(strings.Repeat("!(", 600) + "true" + strings.Repeat(")", 600)), "cel_syntax", 19},
		"a condition of minuses":          {condition(strings.Repeat("-(", 600) + "1" + strings.Repeat(")", 600) + " == 1"), "cel_syntax", 19},
		"a condition of choices":          {condition(strings.Repeat("true ? true : ", 130) + "true"), "cel_syntax", 19},
		"a condition of calls":            {condition(strings.Repeat("add_days(", 100) + "day" + strings.Repeat(", 1)", 100) + " == day"), "cel_syntax", 19},
		"a condition of texts":            {condition(strings.Repeat(`zip.contains(city) && `, 80) + "true"), "", 19},
		"a condition with a loop":         {condition(`[1, 2].all(x, x > grade)`), "", 19},
		"a condition that builds":         {condition(`(zip + zip + zip).contains("1")`), "cel_types", 19},
		"a condition with a pattern":      {condition(`zip.matches("(a+)+$")`), "", 19},
		"more conditions than a book has": {in("  - id: grade\n    when: grade >= KG\n", conditions.String()), "too_many_parts", 0},
	}
}

// TestHostileBooksAreRefusedWithTheirLine: clearly, and without much
// memory, by everything that reads a book.
func TestHostileBooksAreRefusedWithTheirLine(t *testing.T) {
	for name, test := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse([]byte(test.src))
		runtime.ReadMemStats(&after)
		checkRefused(t, name, err, test.code, test.line)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 1_500 { // over all its time, not at once
			t.Errorf("%s takes %d MB", name, used)
		}
		t.Log(name, (after.TotalAlloc-before.TotalAlloc)>>20, "MB")
		if len(test.src) > 100_000 {
			continue // Lint and Format read as Parse does
		}
		if _, err := Lint([]byte(test.src), Supply{}); err == nil {
			t.Errorf("%s: Lint takes it", name)
		}
		if _, err := Format([]byte(test.src)); err == nil {
			t.Errorf("%s: Format takes it", name)
		}
	}
}

// checkRefused holds a refusal to its code and line, and its words to a length
// that people read.
func checkRefused(t *testing.T, name string, err error, code string, line int) {
	t.Helper()
	var ps Problems
	if !errors.As(err, &ps) || len(ps) == 0 || len(ps) > maxProblems {
		t.Errorf("%s: %v", name, err)
		return
	}
	found := false
	for _, p := range ps {
		found = found || (code == "" || p.Code == code) && (line == 0 || p.Line == line)
		for _, lang := range []string{"en", "es"} {
			if said := i18n.For(lang).Fault(p.Fault()); len(said) > 4_000 {
				t.Errorf("%s: %d bytes are said", name, len(said))
			}
		}
	}
	if !found {
		t.Errorf("%s: got %.200s, want %s in line %d", name, ps[0], code, line)
	}
}
