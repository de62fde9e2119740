package rosterfile

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"seedbook/ledger"
	"seedbook/service/tabular"
)

// each hands every good row of a table to use and accounts for the others.
func (in *reader) each(t *tabular.Table, mode Mode, use func(*reading)) error {
	in.report.Converted(t)
	counted := Table{Name: t.Name, Mode: mode, Encoding: t.Encoding}
	for {
		row, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		g := reading{in: in, table: t, row: row}
		if row.Flaw != nil {
			in.report.Flaw(t, row)
			g.quarantined = true
		} else {
			use(&g)
		}
		if g.quarantined {
			counted.Quarantined++
			in.file.SetAside = append(in.file.SetAside, g.asWritten())
		}
	}
	counted.Rows = t.Rows
	in.file.Tables = append(in.file.Tables, counted)
	return nil
}

// eachPerson is each for a table that lists people: its rows and what is
// quarantined of them are part of the totals.
func (in *reader) eachPerson(t *tabular.Table, mode Mode, use func(*reading)) error {
	if err := in.each(t, mode, use); err != nil {
		return err
	}
	read := in.file.Tables[len(in.file.Tables)-1]
	in.file.Totals.Rows += read.Rows
	in.file.Totals.Quarantined += read.Quarantined
	return nil
}

// reading is one row being read, and what was found wrong with it.
type reading struct {
	in          *reader
	table       *tabular.Table
	row         tabular.Row
	id          string // source id, once read
	number      string // student number in a plain CSV, once read
	doubts      []string
	quarantined bool
	adult       bool // doubts about an adult are notes: nobody waits for them
}

// text is a cell as kept. A letter lost before the file came to us puts the row
// in doubt, once.
func (g *reading) text(column int) string {
	s, whole := g.in.report.Tidy(g.table, g.row, column)
	switch {
	case whole:
	case g.adult:
		g.note(tabular.ReviewLost, column)
	case !slices.Contains(g.doubts, tabular.ReviewLost):
		g.doubt(tabular.ReviewLost, column, "")
	}
	return s
}

// doubt leaves the row to a person.
func (g *reading) doubt(code string, column int, what string) {
	g.doubts = append(g.doubts, code)
	g.add(code, column, what, tabular.Review)
}

// quarantine keeps the row out.
func (g *reading) quarantine(code string, column int, what string) {
	g.quarantined = true
	g.add(code, column, what, tabular.Quarantine)
}

// note lets somebody know.
func (g *reading) note(code string, column int) { g.add(code, column, "", tabular.Note) }

func (g *reading) add(code string, column int, what string, s tabular.Severity) {
	g.in.report.Add(Problem{File: g.table.Name, Line: g.row.Line, Column: g.table.ColumnName(column), Code: code, Severity: s, What: what})
}

func (g *reading) asWritten() Row {
	const most = 4 << 10
	raw := g.row.Raw
	if len(raw) > most {
		raw = strings.ToValidUTF8(raw[:most], "")
	}
	return Row{File: g.table.Name, Line: g.row.Line, SourceID: g.id, StudentNumber: g.number, Raw: raw, Cells: slices.Clone(g.row.Cells)}
}

// born reads a birth date into a child. What cannot be read, or lies after the
// day of the roster, is left to a person.
func (g *reading) born(column int) ledger.Date {
	text := g.text(column)
	if text == "" {
		return ledger.Date{}
	}
	day, err := g.in.dates().Parse(text)
	switch asOf := g.in.options.AsOf; {
	case err != nil:
		g.doubt(birthUnreadable, column, "")
	case !asOf.IsZero() && day.After(asOf):
		g.doubt(birthFuture, column, "")
	default:
		return day
	}
	return ledger.Date{}
}

func (in *reader) dates() tabular.DateFormat {
	if in.options.Mapping == nil {
		return ""
	}
	return in.options.Mapping.DateFormat
}

// doubtChild puts a child in doubt after its row has been read.
func (in *reader) doubtChild(c *Child, code, what string) {
	if slices.Contains(c.Doubts, code) {
		return
	}
	c.Doubts = append(c.Doubts, code)
	in.report.Add(Problem{File: c.File, Line: c.Line, Code: code, Severity: tabular.Review, What: what})
}

func line(n int) string { return strconv.Itoa(n) }
