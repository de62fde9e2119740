package rosterfile

import (
	"slices"
	"strings"

	"seedbook/service/tabular"
)

// userColumns are the columns of users.csv in all the versions.
type userColumns struct {
	id, status, role, given, middle, family, preferred, number, phone, sms, email, agents, grade, primaryOrg, orgs int
}

func columnsOfUsers(t *tabular.Table) (userColumns, error) {
	c := userColumns{
		id: t.Column("sourcedId"), status: t.Column("status"), role: t.Column("role"),
		given: t.Column("givenName"), middle: t.Column("middleName"), family: t.Column("familyName"),
		preferred: t.Column("preferredGivenName", "preferredFirstName"),
		number:    t.Column("identifier", "studentNumber"),
		phone:     t.Column("phone"), sms: t.Column("sms"), email: t.Column("email"),
		agents: t.Column("agentSourcedIds", "agents"), grade: t.Column("grades", "grade"),
		primaryOrg: t.Column("primaryOrgSourcedId"), orgs: t.Column("orgSourcedIds"),
	}
	return c, t.Require("sourcedId", "givenName", "familyName")
}

// link remembers a child's agents until all adults are known.
type link struct {
	child  int // index in File.Children
	agents []agent
}

// undecided is a user of whom no table has said what they are, kept until all
// agents are known.
type undecided struct {
	person  *person
	reading *reading
	columns userColumns
}

// readUsers decides who is a child: whoever has the role of a student and no
// role of an adult.
func (d *district) readUsers(t *tabular.Table, mode Mode) error {
	columns, err := columnsOfUsers(t)
	if err != nil {
		return err
	}
	if columns.role < 0 && d.pack.modes["roles"] == "" && d.pack.modes["enrollments"] == "" && mode == Bulk {
		return t.Require("role")
	}
	students := 0
	for _, p := range d.order {
		if p.is().student {
			students++
		}
	}
	d.file.Children = slices.Grow(d.file.Children, students)
	return d.eachPerson(t, mode, func(g *reading) { d.user(g, columns) })
}

func (d *district) user(g *reading, c userColumns) {
	id := g.text(c.id)
	if id == "" {
		g.quarantine(idMissing, c.id, "")
		return
	}
	g.id = id
	p := d.person(nil, id)
	p.roles.add(g.text(c.role))
	if p.line != 0 {
		d.again(g, c, p)
		return
	}
	p.line, p.raw = g.row.Line, g.row.Raw
	is := p.is()
	switch {
	case is.adult:
		if is.student {
			g.note(bothRoles, c.role)
		}
		d.keepAdult(g, c, p)
	case is.student:
		d.nameAgents(g, c, p)
		d.keepChild(g, c, p)
	case is.unknown:
		g.quarantine(roleUnknown, c.role, "")
	default:
		d.nameAgents(g, c, p)
		g.row.Cells = slices.Clone(g.row.Cells) // the next row takes their place
		d.undecided = append(d.undecided, undecided{p, g, c})
	}
}

// is weighs what the tables say: the role of an adult anywhere outweighs that
// of a student, and an enrollment makes a student only of somebody to whom
// nobody gave another role.
func (p *person) is() roles {
	r := p.roles
	r.adult = r.adult || p.enrolled.adult
	if !p.roles.said() {
		r.student, r.unknown = p.enrolled.student, p.enrolled.unknown
	}
	return r
}

// again keeps out a row whose id has been used. Unless both rows say the same,
// the first may be the wrong one.
func (d *district) again(g *reading, c userColumns, p *person) {
	g.quarantine(idTwice, c.id, line(p.line))
	if p.child > 0 && p.raw != g.row.Raw {
		d.doubtChild(&d.file.Children[p.child-1], idClash, line(g.row.Line))
	}
}

// nameAgents reads whom a user names as guardians.
func (d *district) nameAgents(g *reading, c userColumns, p *person) {
	for id := range strings.SplitSeq(g.text(c.agents), ",") {
		if id = strings.TrimSpace(id); id != "" {
			d.addAgent(g, p, agent{id: id})
		}
	}
}

// maxAgents bounds the guardians of one child.
const maxAgents = 20

func (d *district) addAgent(g *reading, p *person, a agent) {
	if len(p.agents) == maxAgents {
		g.note(guardianMany, -1)
		return
	}
	p.agents = append(p.agents, a)
	d.agents[a.id] = true
}

// keepChild adds a student with what is doubtful about them, or quarantines the
// row.
func (d *district) keepChild(g *reading, columns userColumns, p *person) {
	c := Child{
		File: g.table.Name, Line: g.row.Line, SourceID: p.id, StudentNumber: g.text(columns.number),
		Given: g.text(columns.given), Middle: g.text(columns.middle), Family: g.text(columns.family),
		Preferred: g.text(columns.preferred), BornOn: p.born, Grade: p.grade,
	}
	if !g.named(c) {
		return
	}
	c.Gone = g.deleted(columns.status)
	if c.Grade == "" {
		c.Grade = g.grade(columns.grade)
	}
	c.SchoolSourceID = d.chooseSchool(g, p, columns)
	if p.is().unknown {
		g.doubt(roleUnknown, -1, "")
	}
	d.ask(g, p, &c)
	d.append(p, c, g)
}

// named quarantines a child without a name and doubts one with half of it.
func (g *reading) named(c Child) bool {
	switch {
	case c.Given == "" && c.Family == "":
		g.quarantine(nameMissing, -1, "")
		return false
	case c.Given == "" || c.Family == "":
		g.doubt(nameIncomplete, -1, "")
	}
	return true
}

func (d *district) append(p *person, c Child, g *reading) {
	c.Doubts = g.doubts
	d.file.Children = append(d.file.Children, c)
	p.child = len(d.file.Children)
	if len(p.agents) > 0 {
		d.links = append(d.links, link{p.child - 1, p.agents})
	}
}

// ask adds the doubts that arise from other tables.
func (d *district) ask(g *reading, p *person, c *Child) {
	switch {
	case p.bornCode != "":
		g.doubts = append(g.doubts, p.bornCode) // told where the date stands
	case c.BornOn.IsZero() && (d.file.Mode == Bulk || d.pack.modes["demographics"] == Bulk):
		g.doubt(birthMissing, -1, "")
	}
	if p.enrolled.student && !p.open {
		g.note(ended, -1)
	}
}

// keepAdult counts somebody who is no child, and remembers them for the
// children whose guardian they are.
func (d *district) keepAdult(g *reading, c userColumns, p *person) {
	g.adult = true
	phone := g.text(c.phone)
	if phone == "" {
		phone = g.text(c.sms)
	}
	d.adults[p.id] = Guardian{SourceID: p.id, Given: g.text(c.given), Family: g.text(c.family), Phone: phone, Email: g.text(c.email), Relationship: p.roles.relationship}
	d.file.Totals.Adults++
}

// decide settles the users to whom no table gave a role: an agent is an adult;
// in a delta, the role may simply not have changed.
func (d *district) decide() {
	for _, u := range d.undecided {
		g := u.reading
		switch {
		case d.agents[u.person.id]:
			d.keepAdult(g, u.columns, u.person)
		case d.pack.modes["users"] == Delta:
			g.doubt(roleUnsaid, -1, "")
			d.keepChild(g, u.columns, u.person)
		default:
			g.quarantine(roleMissing, -1, "")
		}
		if g.quarantined {
			d.setAside(g)
		}
	}
}

// setAside quarantines a row after its table has been read.
func (d *district) setAside(g *reading) {
	d.file.SetAside = append(d.file.SetAside, g.asWritten())
	d.file.Totals.Quarantined++
	for i := range d.file.Tables {
		if d.file.Tables[i].Name == g.table.Name {
			d.file.Tables[i].Quarantined++
		}
	}
}

// linkGuardians names the adults for each child.
func (d *district) linkGuardians() {
	for _, l := range d.links {
		c := &d.file.Children[l.child]
		for _, a := range l.agents {
			g, known := d.adults[a.id]
			switch p := d.people[a.id]; {
			case known:
				if a.relationship != "" {
					g.Relationship = a.relationship
				}
				c.Guardians = append(c.Guardians, g)
			case p != nil && p.child > 0:
				d.about(c, guardianStudent)
			case d.pack.modes["users"] == Delta:
				c.Guardians = append(c.Guardians, Guardian{SourceID: a.id, Relationship: a.relationship})
			default:
				d.about(c, guardianUnknown)
			}
		}
	}
}

// about notes something of a child after its row has been read.
func (d *district) about(c *Child, code string) {
	d.report.Add(Problem{File: c.File, Line: c.Line, Code: code, Severity: tabular.Note})
}

// strangers are the people whom other tables name and users.csv does not. In
// the whole list that is worth a note; among changes it is how a change of
// school or of birth date looks.
func (d *district) strangers() {
	for _, p := range d.order {
		switch {
		case p.line != 0:
		case d.pack.modes["users"] == Bulk:
			note := p.from
			note.Code, note.Severity = personUnknown, tabular.Note
			d.report.Add(note)
		case !p.is().adult:
			d.partial(p)
		}
	}
}

// partial is what a delta says of somebody without naming them.
func (d *district) partial(p *person) {
	c := Child{File: p.from.File, Line: p.from.Line, SourceID: p.id, BornOn: p.born, Grade: p.grade, Partial: true}
	c.Gone = p.roleGone && !p.roles.student
	g := &reading{in: d.reader, table: &tabular.Table{Name: p.from.File}, row: tabular.Row{Line: p.from.Line}}
	c.SchoolSourceID = d.chooseSchool(g, p, userColumns{primaryOrg: -1, orgs: -1})
	if p.bornCode != "" {
		g.doubts = append(g.doubts, p.bornCode)
	}
	if c.BornOn.IsZero() && c.Grade == "" && c.SchoolSourceID == "" && !c.Gone && len(p.agents) == 0 && len(g.doubts) == 0 {
		return // nothing that concerns us
	}
	d.append(p, c, g)
}
