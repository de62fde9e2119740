package console

import (
	"slices"

	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/sheet"
	"seedbook/service/web/parts"
)

// childColumn is something a list of children can show beside the name.
type childColumn struct {
	name   string
	usual  bool // shown where nobody chose
	names  bool // personal: for who may see names
	number bool
	kind   sheet.Kind
	text   func(v visit, r enroll.Row) string
	value  func(v visit, r enroll.Row, m enroll.Money) any // in a download; nil: the text
}

// childColumns are all columns, in the order of the list.
var childColumns = []childColumn{
	{name: "account", usual: true, text: func(_ visit, r enroll.Row) string { return r.ID.Account().String() }},
	{name: "born", names: true, kind: sheet.Day, text: func(v visit, r enroll.Row) string { return dateOr(v, r.Person.BornOn) },
		value: func(_ visit, r enroll.Row, _ enroll.Money) any { return r.Person.BornOn }},
	{name: "student", names: true, text: func(_ visit, r enroll.Row) string { return r.Person.StudentNumber }},
	{name: "school", usual: true, text: func(_ visit, r enroll.Row) string { return r.School }},
	{name: "grade", usual: true, text: func(v visit, r enroll.Row) string { return grade(v, r.Grade) }},
	{name: "language", text: func(_ visit, r enroll.Row) string { return languageName(r.Language) }},
	{name: "city", names: true, text: func(_ visit, r enroll.Row) string { return r.Person.City }},
	{name: "state", usual: true, text: func(v visit, r enroll.Row) string { return participation(v, r.Enrollment).Text }},
	{name: "enrolled", kind: sheet.Day, text: func(v visit, r enroll.Row) string { return dateOr(v, r.EnrolledOn) },
		value: func(_ visit, r enroll.Row, _ enroll.Money) any { return r.EnrolledOn }},
	{name: "own", number: true, kind: sheet.Money, value: func(_ visit, _ enroll.Row, m enroll.Money) any { return m.Own }},
	{name: "program", number: true, kind: sheet.Money, value: func(_ visit, _ enroll.Row, m enroll.Money) any { return m.Program }},
	{name: "coming", number: true, kind: sheet.Money, value: func(_ visit, _ enroll.Row, m enroll.Money) any { return m.Coming }},
	{name: "total", usual: true, number: true, kind: sheet.Money, value: func(_ visit, _ enroll.Row, m enroll.Money) any { return m.Total() }},
}

func childColumnNames() []string {
	out := make([]string, len(childColumns))
	for i, c := range childColumns {
		out[i] = c.name
	}
	return out
}

// may reports whether somebody sees a column at all.
func (c childColumn) may(v visit) bool { return !c.names || v.May(auth.SeeNames) }

// shows reports whether a list shows a column: it was chosen, or nobody chose.
func (s search) shows(v visit, name string) bool {
	return slices.ContainsFunc(s.chosen(v), func(c childColumn) bool { return c.name == name })
}

// chosen are the columns that a list shows.
func (s search) chosen(v visit) (out []childColumn) {
	for _, c := range childColumns {
		if c.may(v) && (slices.Contains(s.columns, c.name) || len(s.columns) == 0 && c.usual) {
			out = append(out, c)
		}
	}
	return out
}

// cell is a column's cell on the page.
func (c childColumn) cell(v visit, r enroll.Row, m enroll.Money) parts.Cell {
	switch {
	case c.name == "state":
		return parts.Tagged(participation(v, r.Enrollment))
	case c.kind == sheet.Money:
		return parts.Text(v.words.Money(amountOf(c.value(v, r, m))))
	}
	return parts.Text(c.text(v, r))
}

// exported is a column's cell in a download.
func (c childColumn) exported(v visit, r enroll.Row, m enroll.Money) any {
	if c.value != nil {
		return c.value(v, r, m)
	}
	return c.text(v, r)
}
