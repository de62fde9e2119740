package rosterfile

import (
	"cmp"
	"encoding/csv"
	"slices"
	"strings"

	"seedbook/service/tabular"
)

// readCSV reads one table by the saved mapping.
func (in *reader) readCSV(name, text string) error {
	if in.options.Mapping == nil {
		return ErrNeedsMapping
	}
	m := *in.options.Mapping
	if err := m.Check(); err != nil {
		return err
	}
	limits := in.options.Limits
	limits.Bytes = max(limits.Bytes, len(text)) // a zip's one table has been measured
	t, err := tabular.Open(name, text, limits)
	if err != nil {
		return err
	}
	in.file.Kind, in.file.Mode = CSV, cmp.Or(m.Mode, Bulk)
	if m.Births {
		in.file.Kind, in.file.Mode = Births, Delta
	}
	if t.Column(LineColumn) >= 0 {
		in.file.Mode = Delta // some rows of a list, mended
	}
	in.file.Columns = t.Header
	f := flat{reader: in, mapping: m, schools: make(map[string]int)}
	in.written = func() []Row { return f.doubted(t) }
	return f.read(t)
}

// Columns of the file of rows that could not be used. A list that has them holds
// some rows of an earlier one, mended: who is not in it has not left.
const (
	LineColumn    = "seedbook line"
	ProblemColumn = "seedbook problem"
)

// flat reads tables in which a row is a child with everything about it.
type flat struct {
	*reader
	mapping Mapping
	at      map[Field]int
	schools map[string]int // index in File.Schools by source id
	closed  bool           // the schools are known: others are an error
	seen    map[string]*seen
	named   [][6]Field // the guardians for whom there are columns
	raw     []string   // the children's rows as written, within the text of the file
}

// seen is the first row of an id.
type seen struct {
	line  int
	raw   string
	child int // index in File.Children plus 1; 0 when the row is no child
}

func (f *flat) read(t *tabular.Table) (err error) {
	if f.at, err = f.mapping.find(t); err != nil {
		return err
	}
	f.seen = make(map[string]*seen, t.AtMost())
	f.file.Children = slices.Grow(f.file.Children, t.AtMost())
	for _, group := range guardianFields {
		if f.at[group[1]] >= 0 || f.at[group[2]] >= 0 {
			f.named = append(f.named, group)
		}
	}
	return f.eachPerson(t, f.file.Mode, f.row)
}

// text is a field's cell, or its default.
func (f *flat) text(g *reading, field Field) string {
	return cmp.Or(g.text(f.at[field]), f.mapping.Defaults[field])
}

func (f *flat) row(g *reading) {
	g.id, g.number = f.text(g, SourceID), f.text(g, StudentNumber)
	var is roles
	is.add(f.text(g, Role))
	switch {
	case is.adult:
		f.file.Totals.Adults++
		return
	case is.unknown:
		g.quarantine(roleUnknown, f.at[Role], "")
		return
	}
	c := Child{
		File: g.table.Name, Line: g.row.Line, SourceID: g.id, StudentNumber: g.number,
		Given: f.text(g, Given), Middle: f.text(g, Middle), Family: f.text(g, Family), Preferred: f.text(g, Preferred),
		Gone: g.gone(f.at[Status]),
	}
	row, isNew := f.first(g, c)
	if !isNew || !g.named(c) {
		return
	}
	c.Grade, c.Language = g.grade(f.at[Grade]), g.language(f.at[Language])
	c.Street, c.City, c.State, c.ZIP = f.text(g, Street), f.text(g, City), f.text(g, State), g.zip(f.at[ZIP])
	c.Guardians = f.guardians(g)
	if f.mapping.Births {
		f.birth(g, &c)
	} else {
		c.SchoolSourceID = f.school(g)
	}
	if c.BornOn = g.born(f.at[BornOn]); c.BornOn.IsZero() && !g.told(birthUnreadable, birthFuture) {
		g.doubt(birthMissing, f.at[BornOn], "")
	}
	c.Doubts = g.doubts
	f.file.Children = append(f.file.Children, c)
	f.raw = append(f.raw, g.row.Raw)
	row.child = len(f.file.Children)
}

// doubted are the rows of children in doubt, whatever put them there.
func (f *flat) doubted(t *tabular.Table) (out []Row) {
	for i, c := range f.file.Children {
		if len(c.Doubts) == 0 {
			continue
		}
		cells := csv.NewReader(strings.NewReader(f.raw[i]))
		cells.Comma, cells.FieldsPerRecord, cells.LazyQuotes = rune(t.Comma), -1, true
		row := Row{File: c.File, Line: c.Line, SourceID: c.SourceID, StudentNumber: c.StudentNumber, Raw: f.raw[i]}
		if all, err := cells.Read(); err == nil { // it was read before
			row.Cells = all
		}
		out = append(out, row)
	}
	return out
}

// birth reads what only birth records say.
func (f *flat) birth(g *reading, c *Child) {
	c.County, c.Plurality, c.BirthOrder = f.text(g, County), f.text(g, Plurality), f.text(g, BirthOrder)
	if c.SourceID == "" {
		g.doubt(fileNumberMissing, f.at[SourceID], "")
	}
	text := f.text(g, DiedOn)
	if text == "" || strings.EqualFold(text, "no") || strings.EqualFold(text, "n") {
		return
	}
	day, err := g.in.dates().Parse(text)
	if err != nil {
		g.doubt(deathUnreadable, f.at[DiedOn], "")
		return
	}
	c.DiedOn = day
}

// told reports that one of the doubts has been told already.
func (g *reading) told(codes ...string) bool {
	return slices.ContainsFunc(g.doubts, func(code string) bool { return slices.Contains(codes, code) })
}

// first reports whether a row is the first of its id, and quarantines it when
// it is not. Unless both say the same, the first may be the wrong one.
func (f *flat) first(g *reading, c Child) (*seen, bool) {
	id, column := c.SourceID, SourceID
	if id == "" {
		id, column = c.StudentNumber, StudentNumber
	}
	this := &seen{line: g.row.Line, raw: g.row.Raw}
	if id == "" {
		return this, true
	}
	before := f.seen[id]
	if before == nil {
		f.seen[id] = this
		return this, true
	}
	g.quarantine(idTwice, f.at[column], line(before.line))
	if before.child > 0 && before.raw != this.raw {
		f.doubtChild(&f.file.Children[before.child-1], idClash, line(this.line))
	}
	return before, false
}

// gone reads whether a row is of somebody who has left.
func (g *reading) gone(column int) bool {
	switch strings.ToLower(g.text(column)) {
	case "", "active", "enrolled", "current", "activo", "activa", "inscrito", "inscrita":
	case "tobedeleted", "deleted", "inactive", "withdrawn", "exited", "left", "inactivo", "inactiva", "baja", "retirado", "retirada":
		return true
	default:
		g.note(statusUnknown, column)
	}
	return false
}

// school finds the row's school, and lists it when it is new.
func (f *flat) school(g *reading) string {
	code, name := f.text(g, SchoolCode), f.text(g, SchoolName)
	id := cmp.Or(code, name)
	if id == "" {
		g.doubt(schoolMissing, max(f.at[SchoolCode], f.at[SchoolName]), "")
		return ""
	}
	if i, known := f.schools[id]; known {
		return f.file.Schools[i].SourceID
	}
	if f.closed {
		g.doubt(schoolUnknown, f.at[SchoolCode], "")
		return ""
	}
	f.schools[id] = len(f.file.Schools)
	f.file.Schools = append(f.file.Schools, School{SourceID: id, Code: id, Name: cmp.Or(name, id)})
	return id
}

// guardianFields are the fields of a Guardian, in its order.
var guardianFields = [][6]Field{
	{GuardianID, GuardianGiven, GuardianFamily, GuardianPhone, GuardianEmail, GuardianRelationship},
	{SecondID, SecondGiven, SecondFamily, SecondPhone, SecondEmail, SecondRelationship},
}

func (f *flat) guardians(g *reading) []Guardian {
	var gs []Guardian
	for _, at := range f.named {
		guardian := Guardian{f.text(g, at[0]), f.text(g, at[1]), f.text(g, at[2]), f.text(g, at[3]), f.text(g, at[4]), f.text(g, at[5])}
		if guardian.Given != "" || guardian.Family != "" {
			gs = append(gs, guardian)
		}
	}
	return gs
}
