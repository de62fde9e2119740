package console

import (
	"strings"

	"seedbook/service/auth"
	"seedbook/service/family"
	"seedbook/service/likeness"
	"seedbook/service/web/console/pages"
)

// fields are the details of both records, each with how it compares and what
// that speaks for.
func (f pairFile) fields(v visit, evidence []likeness.Evidence) (out []pages.PairField) {
	for _, e := range evidence {
		line := pages.PairField{Name: v.words.T("duplicate.field." + string(e.Field)), Level: v.words.T("duplicate.level." + string(e.Level))}
		if e.Level != likeness.Missing {
			line.Weight = weight(v, e.Weight)
		}
		line.First, line.Second = f.shown(v, f.Low, e.Field), f.shown(v, f.High, e.Field)
		out = append(out, line)
	}
	add := func(key string, of func(family.ChildID) string) {
		out = append(out, pages.PairField{Name: v.words.T(key), First: of(f.Low), Second: of(f.High)})
	}
	if v.May(auth.SeeNames) {
		add("console.child.student", func(id family.ChildID) string { return f.people[id].Person.StudentNumber })
	}
	add("duplicate.page.state", func(id family.ChildID) string {
		if r, ok := f.rows[id]; ok {
			return participation(v, r.Enrollment).Text
		}
		return ""
	})
	add("duplicate.page.since", func(id family.ChildID) string { return v.words.Date(f.rows[id].EnrolledOn) })
	add("console.children.school", func(id family.ChildID) string { return f.rows[id].School })
	add("console.child.own", func(id family.ChildID) string { return v.words.Money(f.money[id].Own) })
	add("console.child.awarded", func(id family.ChildID) string { return v.words.Money(f.money[id].Program) })
	return out
}

// shown is a detail of a record as far as the visitor may see it.
func (f pairFile) shown(v visit, id family.ChildID, field likeness.Field) string {
	if !v.May(auth.SeeNames) {
		return ""
	}
	p := f.people[id].Person
	switch field {
	case likeness.Given:
		if p.Preferred != "" {
			return p.Given + " (" + p.Preferred + ")"
		}
		return p.Given
	case likeness.Middle:
		return p.Middle
	case likeness.Family:
		return p.Family
	case likeness.Order, likeness.Generation:
		return strings.TrimSpace(p.Given + " " + p.Family)
	case likeness.Born:
		return v.words.Date(p.BornOn)
	case likeness.Street:
		return p.Street
	case likeness.Place:
		return p.ZIP
	case likeness.City:
		return p.City
	}
	return f.adults(id, field)
}

// adults are a record's guardians, or how they are reached.
func (f pairFile) adults(id family.ChildID, field likeness.Field) string {
	var out []string
	for _, g := range f.guardians[id] {
		for _, s := range map[likeness.Field][]string{likeness.Guardian: {g.DisplayName()}, likeness.Contact: {g.Phone, g.Email}}[field] {
			if s != "" {
				out = append(out, s)
			}
		}
	}
	return strings.Join(out, ", ")
}
