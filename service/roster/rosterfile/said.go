package rosterfile

import (
	"strings"

	"seedbook/ledger"
	"seedbook/service/tabular"
)

// readRoles reads who is what (OneRoster 1.2, School Data Sync 2.1).
func (d *district) readRoles(t *tabular.Table, mode Mode) error {
	if err := t.Require("userSourcedId", "role"); err != nil {
		return err
	}
	user, role, school := t.Column("userSourcedId"), t.Column("role"), t.Column("orgSourcedId")
	grade, status := t.Column("grade", "grades"), t.Column("status")
	kind, primary := t.Column("roleType"), t.Column("isPrimary")
	return d.each(t, mode, func(g *reading) {
		id := g.text(user)
		if id == "" {
			g.quarantine(idMissing, user, "")
			return
		}
		p := d.person(g, id)
		named := g.text(role)
		isStudent := strings.EqualFold(named, "student")
		if g.deleted(status) {
			p.roleGone = p.roleGone || isStudent
			return
		}
		p.roles.add(named)
		if !isStudent {
			return
		}
		main := strings.EqualFold(g.text(kind), "primary") || isTrue(g.text(primary))
		if p.roleSchool == "" || main {
			p.roleSchool = d.schoolID(g.text(school))
		}
		if code := g.grade(grade); p.grade == "" || main && code != "" {
			p.grade = code
		}
	})
}

func isTrue(s string) bool { return strings.EqualFold(s, "true") }

// readRelationships reads who is whose guardian (School Data Sync 2.1).
func (d *district) readRelationships(t *tabular.Table, mode Mode) error {
	if err := t.Require("userSourcedId", "relationshipUserSourcedId"); err != nil {
		return err
	}
	user, other, role := t.Column("userSourcedId"), t.Column("relationshipUserSourcedId"), t.Column("relationshipRole")
	status := t.Column("status")
	return d.each(t, mode, func(g *reading) {
		id, adult := g.text(user), strings.Clone(g.text(other))
		switch {
		case id == "":
			g.quarantine(idMissing, user, "")
		case adult == "":
			g.quarantine(idMissing, other, "")
		case g.deleted(status):
		default:
			d.addAgent(g, d.person(g, id), agent{adult, strings.Clone(strings.ToLower(g.text(role)))})
		}
	})
}

// readEnrollments reads who is in which school's classes.
func (d *district) readEnrollments(t *tabular.Table, mode Mode) error {
	if err := t.Require("userSourcedId", "role"); err != nil {
		return err
	}
	user, role, class, school := t.Column("userSourcedId"), t.Column("role"), t.Column("classSourcedId"), t.Column("schoolSourcedId")
	primary, first, last, status := t.Column("primary"), t.Column("beginDate"), t.Column("endDate"), t.Column("status")
	return d.each(t, mode, func(g *reading) {
		id := g.text(user)
		if id == "" {
			g.quarantine(idMissing, user, "")
			return
		}
		p := d.person(g, id)
		named := g.text(role)
		if g.deleted(status) {
			return
		}
		p.enrolled.add(named)
		if !strings.EqualFold(named, "student") {
			return
		}
		at := g.text(school)
		if at == "" {
			at = d.classes[g.text(class)]
		}
		p.attend(d.orgNamed(g, at, school), isTrue(g.text(primary)), d.current(g, first, last, p))
	})
}

// orgNamed notes an org that the file should have and has not.
func (d *district) orgNamed(g *reading, id string, column int) string {
	if id != "" && d.orgs[id] == nil && d.pack.modes["orgs"] == Bulk {
		g.note(orgUnknown, column)
	}
	return d.schoolID(id)
}

// current reports whether an enrollment holds on the day of the roster. A date
// that cannot be read is taken for none.
func (d *district) current(g *reading, first, last int, p *person) bool {
	from, _ := d.dates().Parse(g.text(first))
	to, _ := d.dates().Parse(g.text(last))
	asOf := d.options.AsOf
	if to.IsZero() || !to.Before(asOf) {
		p.open = true
	}
	return asOf.IsZero() || !asOf.Before(from) && (to.IsZero() || !asOf.After(to))
}

// maxPlaces bounds the schools that are weighed for one child. Nobody can choose
// among so many, and a person is asked.
const maxPlaces = 20

// attend counts an enrollment towards a school.
func (p *person) attend(school string, primary, current bool) {
	if school == "" {
		return
	}
	for i := range p.places {
		if at := &p.places[i]; at.school == school {
			at.rows++
			at.primary, at.current = at.primary || primary, at.current || current
			return
		}
	}
	if len(p.places) < maxPlaces {
		p.places = append(p.places, place{school, primary, current, 1})
	}
}

// readDemographics reads birth dates. What is wrong with one is told here,
// where it stands, and puts the child in doubt later.
func (d *district) readDemographics(t *tabular.Table, mode Mode) error {
	user, born, status := t.Column("sourcedId", "userSourcedId"), t.Column("birthDate"), t.Column("status")
	if user < 0 {
		return t.Require("sourcedId")
	}
	if err := t.Require("birthDate"); err != nil {
		return err
	}
	return d.each(t, mode, func(g *reading) {
		id := g.text(user)
		if id == "" {
			g.quarantine(idMissing, user, "")
			return
		}
		p := d.person(g, id)
		if g.deleted(status) {
			return
		}
		day := g.born(born)
		if len(g.doubts) > 0 {
			p.bornCode = g.doubts[0]
		}
		if p.born != (ledger.Date{}) && day != p.born && !day.IsZero() {
			g.doubt(birthTwo, born, "")
			p.bornCode = birthTwo
		}
		p.born = day
	})
}
