package rules

import (
	"strconv"

	"cel.dev/cel-go/cel"
)

// vocabulary is what the predicates of a book may speak of.
type vocabulary struct {
	slots []slot
	index map[string]int
	env   *cel.Env
	// calendar are the slots that are days of the question and not facts.
	calendar uint64
	leap     LeapDay
	years    Calendar
}

// slot is one name that a predicate may read.
type slot struct {
	name  string
	typ   FactType
	from  source
	event EventKind // of fromFirstEvent
	says  Text
}

// source says where a slot's value comes from.
type source int8

const (
	fromFact        source = iota // the child's facts
	fromBirth                     // Child.BornOn
	fromDay                       // the day the predicate is judged for
	fromPeriodStart               // first day of the benefit's period
	fromPeriodEnd                 // last day of it
	fromFirstEvent                // the day of the first event of a kind
	fromCensus                    // the census day of the school year in which that day lies
	fromTable                     // no value: a table of the book, which may lack a row
)

// builtin are the names that every book knows.
var builtin = []slot{
	{name: "born_on", typ: DateFact, from: fromBirth},
	{name: "day", typ: DateFact, from: fromDay},
	{name: "period_start", typ: DateFact, from: fromPeriodStart},
	{name: "period_end", typ: DateFact, from: fromPeriodEnd},
	{name: "census_day", typ: DateFact, from: fromCensus},
	{name: "school", typ: TextFact},
	{name: "district", typ: TextFact},
	{name: "grade", typ: gradeFact},
	{name: "residence", typ: TextFact},
	{name: "zip", typ: TextFact},
	{name: "city", typ: TextFact},
	{name: "county", typ: TextFact},
	{name: "state", typ: TextFact},
	{name: "language", typ: TextFact},
}

// maxSlots is how many names fit into a predicate's set of names read.
const maxSlots = 64

// reserved are names that mean something else in a predicate.
var reserved = map[string]bool{
	"true": true, "false": true, "null": true, "in": true, "age_on": true, "known": true, "date": true, "money": true,
	"ymd": true, "school_year_of": true, "day_of_month": true, "year": true, "month": true, "add_years": true, "add_months": true, "add_days": true, "saved_by": true, "years_saving": true, "PK": true, "KG": true,
	"int": true, "string": true, "bool": true, "double": true, "uint": true, "bytes": true, "list": true, "map": true,
	"as": true, "break": true, "const": true, "continue": true, "else": true, "for": true, "function": true, "if": true,
	"import": true, "let": true, "loop": true, "package": true, "namespace": true, "return": true, "var": true,
	"void": true, "while": true, "type": true, "dyn": true,
}

// newVocabulary gathers the names of a book. Facts, events and tables were
// checked to be distinct names.
func newVocabulary(b *Book) (*vocabulary, error) {
	v := &vocabulary{slots: append([]slot(nil), builtin...), index: map[string]int{}, leap: b.Program.LeapDay, years: b.Calendar}
	for _, f := range b.Facts {
		v.slots = append(v.slots, slot{name: f.Name, typ: f.Type, says: f.Says})
	}
	for _, e := range b.eventKinds() {
		v.slots = append(v.slots, slot{name: string(e) + "_on", typ: DateFact, from: fromFirstEvent, event: e})
	}
	for _, t := range b.Tables {
		v.slots = append(v.slots, slot{name: t.Name, from: fromTable, says: t.Says})
	}
	for i, s := range v.slots {
		v.index[s.name] = i
		if s.ofTheQuestion() {
			v.calendar |= 1 << i
		}
	}
	var err error
	v.env, err = newEnv(v, b.Tables)
	return v, err
}

// ofTheQuestion reports a slot that speaks of the day or period for which a
// condition is judged, and not of the child.
func (s slot) ofTheQuestion() bool {
	return s.from == fromDay || s.from == fromPeriodStart || s.from == fromPeriodEnd || s.from == fromCensus
}

// gradeNumber orders CEDS grade codes: PK −1, KG 0, "01" 1, … "13" 13.
func gradeNumber(code string) (int64, bool) {
	switch code {
	case "PK", "PR", "PS", "TK": // CEDS: prekindergarten, preschool, transitional kindergarten
		return -1, true
	case "KG", "K":
		return 0, true
	}
	n, err := strconv.Atoi(code)
	return int64(n), err == nil && n >= 1 && n <= 13
}
