package rulebook

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"seedbook/ledger"
)

// Condition is a condition of the common kind: all of what it names must hold.
// Its zero value holds for everybody.
type Condition struct {
	Cities    []string
	Schools   []string // codes
	GradeFrom string   // "PK", "KG" or a number; "" for any grade
	GradeTo   string
	BornFrom  ledger.Date
	BornTo    ledger.Date
}

// Empty reports a condition that holds for everybody.
func (c Condition) Empty() bool {
	return len(c.Cities) == 0 && len(c.Schools) == 0 && c.GradeFrom == "" && c.BornFrom.IsZero() && c.BornTo.IsZero()
}

// String is the condition as a book has it, "" for none.
func (c Condition) String() string {
	var parts []string
	add := func(ok bool, text string) {
		if ok {
			parts = append(parts, text)
		}
	}
	add(len(c.Cities) > 0, oneOf("city", c.Cities))
	add(len(c.Schools) > 0, oneOf("school", c.Schools))
	add(c.GradeFrom != "", "grade >= "+c.GradeFrom+" && grade <= "+c.GradeTo)
	add(!c.BornFrom.IsZero(), `born_on >= date("`+c.BornFrom.String()+`")`)
	add(!c.BornTo.IsZero(), `born_on <= date("`+c.BornTo.String()+`")`)
	return strings.Join(parts, " && ")
}

func oneOf(fact string, values []string) string {
	if len(values) == 1 {
		return fact + " == " + strconv.Quote(values[0])
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return fact + " in [" + strings.Join(quoted, ", ") + "]"
}

var (
	isOneOf = regexp.MustCompile(`^(city|school) in \[("[^"\\]*"(?:, ?"[^"\\]*")*)\]$`)
	isEqual = regexp.MustCompile(`^(city|school) == "([^"\\]*)"$`)
	isGrade = regexp.MustCompile(`^grade (>=|<=) (PK|KG|1[0-3]|[1-9])$`)
	isBorn  = regexp.MustCompile(`^born_on (>=|<=) date\("(\d{4}-\d{2}-\d{2})"\)$`)
)

// readCondition reads a condition of the common kind; false for any other.
func readCondition(cel string) (c Condition, ok bool) {
	if cel == "" {
		return c, true
	}
	for _, part := range strings.Split(cel, "&&") {
		if !c.read(strings.TrimSpace(part)) {
			return Condition{}, false
		}
	}
	if (c.GradeFrom == "") != (c.GradeTo == "") {
		return Condition{}, false
	}
	return c, true
}

// read takes one part, which may come once.
func (c *Condition) read(part string) bool {
	if m := isEqual.FindStringSubmatch(part); m != nil {
		return c.set(m[1], []string{m[2]})
	}
	if m := isOneOf.FindStringSubmatch(part); m != nil {
		values := strings.Split(m[2], ",")
		for i := range values {
			values[i] = strings.Trim(strings.TrimSpace(values[i]), `"`)
		}
		return c.set(m[1], values)
	}
	if m := isGrade.FindStringSubmatch(part); m != nil {
		at := &c.GradeFrom
		if m[1] == "<=" {
			at = &c.GradeTo
		}
		twice := *at != ""
		*at = m[2]
		return !twice
	}
	if m := isBorn.FindStringSubmatch(part); m != nil {
		at := &c.BornFrom
		if m[1] == "<=" {
			at = &c.BornTo
		}
		twice := !at.IsZero()
		*at = date(m[2])
		return !twice && !at.IsZero()
	}
	return false
}

func (c *Condition) set(fact string, values []string) bool {
	at := &c.Cities
	if fact == "school" {
		at = &c.Schools
	}
	if *at != nil || slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, `,"`) }) {
		return false
	}
	*at = values
	return true
}

// inOrder puts a benefit's funds in the order in which they are asked.
func inOrder(sources []object) []object {
	out := slices.Clone(sources)
	slices.SortStableFunc(out, func(a, b object) int { return cmp.Compare(priority(a), priority(b)) })
	return out
}

func priority(o object) int {
	n, _ := strconv.Atoi(o.text("priority")) // none is the first
	return n
}
