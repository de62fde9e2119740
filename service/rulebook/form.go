package rulebook

import (
	"strings"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// Empty is the smallest book of a program, to begin from: nothing but when it
// holds, and a first deposit of which the amount and the fund are still to be
// written.
func Empty(p rules.Program, from ledger.Date) string {
	return programText(p) + `
calendar:
  school_year: 07-01

versions:
  - {id: start, effective_from: ` + from.String() + `}

benefits: []
`
}

// programText is what a book says of its program.
func programText(p rules.Program) string {
	return `program:
  id: ` + p.ID + `
  name: ` + quoted(p.Name) + `
  currency: ` + p.Currency + `
  time_zone: ` + p.TimeZone + `
  rounding: ` + string(p.Rounding) + `
  leap_day: feb_28
`
}

// quoted is a text as YAML has it in double quotes.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ForProgram puts a program's own name, currency, zone and rounding in the place
// of those that a book has, so that a book of another program is a beginning
// for this one.
func ForProgram(source string, p rules.Program) string {
	var out []string
	inside, done := false, false
	for _, line := range strings.Split(source, "\n") {
		if strings.HasPrefix(line, "program:") && !done {
			inside, done = true, true
			out = append(out, strings.TrimSuffix(programText(p), "\n"), "")
			continue
		}
		if inside && (line == "" || line[0] == ' ') {
			continue
		}
		inside = false
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
