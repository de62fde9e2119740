package rosterfile

import (
	"cmp"
	"strings"

	"seedbook/ledger"
	"seedbook/service/tabular"
)

// district is what the tables beside users.csv say of people and schools. It
// holds what is needed of each row and no row, so that only one table is in
// memory at a time.
type district struct {
	*reader
	pack    *pack
	orgs    map[string]*org
	classes map[string]string // school by class
	people  map[string]*person
	order   []*person // as first named

	adults    map[string]Guardian // by source id
	agents    map[string]bool     // named as somebody's agent
	links     []link
	undecided []undecided
}

type org struct {
	id, name, code, kind, parent string
}

// person gathers what is said of one user, by source id, in any table.
type person struct {
	id    string
	roles roles
	// of the student role
	grade      string
	roleSchool string
	roleGone   bool // the role is to be deleted
	// of enrollments
	enrolled roles
	places   []place
	last     ledger.Date // latest end, if every student enrollment has one
	open     bool        // some student enrollment has no end, or ends later than the day
	// of demographics
	born     ledger.Date
	bornCode string // why born is not known
	// of relationships
	agents []agent
	// of users
	line  int // 0: not in users.csv
	raw   string
	child int // index in File.Children plus 1

	from tabular.Problem // where first named, outside users.csv
}

// place is a school in which somebody is enrolled.
type place struct {
	school           string
	primary, current bool
	rows             int
}

type agent struct{ id, relationship string }

// roles are what somebody is at school.
type roles struct {
	student, adult, unknown bool
	relationship            string // parent, guardian or relative
}

// said reports that a role was named at all.
func (r roles) said() bool { return r.student || r.adult || r.unknown }

// Roles of adults: OneRoster 1.1 and 1.2, and School Data Sync. Whatever
// begins with "ext:" is a district's own name for staff (OneRoster 1.2, 4.13).
var adultRoles = map[string]bool{}

func init() {
	const known = `administrator aide counselor districtadministrator guardian parent principal proctor relative
		siteadministrator systemadministrator teacher staff faculty professor lecturer instructor researcher adjunct
		chair alumni officer supervisor trainer itadmin schoolleader tutor other doctor`
	for role := range strings.FieldsSeq(known) {
		adultRoles[role] = true
	}
}

// add takes in a role as a file names it.
func (r *roles) add(role string) {
	role = strings.ToLower(strings.TrimSpace(role))
	switch {
	case role == "":
	case role == "student":
		r.student = true
	case adultRoles[role], strings.HasPrefix(role, "ext:"):
		r.adult = true
		if role == "parent" || role == "guardian" || role == "relative" {
			r.relationship = role
		}
	default:
		r.unknown = true
	}
}

func (in *reader) readPeople(p *pack) error {
	if err := in.needs(p); err != nil {
		return err
	}
	in.file.Mode = p.mode()
	d := &district{reader: in, pack: p,
		orgs: make(map[string]*org), classes: make(map[string]string), people: make(map[string]*person),
		adults: make(map[string]Guardian), agents: make(map[string]bool)}
	read := map[string]func(*tabular.Table, Mode) error{
		"orgs": d.readOrgs, "academicSessions": d.readSessions, "classes": d.readClasses, "roles": d.readRoles,
		"relationships": d.readRelationships, "enrollments": d.readEnrollments, "demographics": d.readDemographics,
		"users": d.readUsers,
	}
	for _, name := range tables {
		mode, there := p.modes[strings.ToLower(name)]
		if !there {
			continue
		}
		t, err := in.open(p.Archive, name+".csv", timesPeople(name))
		if err != nil {
			return err
		}
		if err := read[name](t, mode); err != nil {
			return err
		}
	}
	d.decide()
	d.strangers()
	d.linkGuardians()
	return nil
}

// timesPeople is how many rows a table may have for each person.
func timesPeople(table string) int {
	switch table {
	case "enrollments", "roles", "relationships":
		return 10
	}
	return 1
}

// person finds or begins what is known of a user. The id is copied: the rest of
// its table must not stay in memory for it.
func (d *district) person(g *reading, id string) *person {
	if p, ok := d.people[id]; ok {
		return p
	}
	p := &person{id: strings.Clone(id)}
	if g != nil {
		p.from = Problem{File: g.table.Name, Line: g.row.Line}
	}
	d.people[p.id] = p
	d.order = append(d.order, p)
	return p
}

// deleted reads the status column of OneRoster. Before 1.1 "inactive" meant the
// same; an empty one means active.
func (g *reading) deleted(column int) bool {
	switch strings.ToLower(g.text(column)) {
	case "", "active":
		return false
	case "tobedeleted", "inactive":
		return true
	}
	g.note(statusUnknown, column)
	return false
}

func (d *district) readOrgs(t *tabular.Table, mode Mode) error {
	if err := t.Require("sourcedId", "name", "type"); err != nil {
		return err
	}
	id, name, kind, parent := t.Column("sourcedId"), t.Column("name"), t.Column("type"), t.Column("parentSourcedId")
	code, status := t.Column("identifier"), t.Column("status")
	var schools []*org
	err := d.each(t, mode, func(g *reading) {
		o := &org{id: g.text(id), name: g.text(name), code: g.text(code), kind: strings.ToLower(g.text(kind)), parent: g.text(parent)}
		switch {
		case o.id == "":
			g.quarantine(idMissing, id, "")
		case d.orgs[o.id] != nil:
			g.quarantine(idTwice, id, "")
		case g.deleted(status):
		default:
			d.orgs[o.id] = o
			if o.kind == "school" {
				schools = append(schools, o)
			}
		}
	})
	d.file.Schools = d.schools(t, schools)
	return err
}

// schools names the schools. Where schools share an identifier, which would
// make them one, their source ids tell them apart.
func (d *district) schools(t *tabular.Table, orgs []*org) []School {
	shared := make(map[string]int)
	for _, o := range orgs {
		shared[o.code]++
	}
	out := make([]School, len(orgs))
	for i, o := range orgs {
		s := School{SourceID: o.id, Code: o.code, Name: cmp.Or(o.name, o.code, o.id), District: d.districtOf(o)}
		if o.code != "" && shared[o.code] > 1 {
			d.report.Add(Problem{File: t.Name, Code: codeTwice, Severity: tabular.Note})
		}
		if shared[o.code] > 1 || o.code == "" {
			s.Code = o.id
		}
		out[i] = s
	}
	return out
}

func (d *district) districtOf(o *org) string {
	const highest = 10 // a loop of parents ends here
	for range highest {
		up := d.orgs[o.parent]
		if up == nil {
			return ""
		}
		if up.kind == "district" {
			return up.name
		}
		o = up
	}
	return ""
}

// readSessions finds the school year: the current one, else the latest.
func (d *district) readSessions(t *tabular.Table, mode Mode) error {
	year, first, last, status := t.Column("schoolYear"), t.Column("startDate"), t.Column("endDate"), t.Column("status")
	var latest ledger.Date
	var current bool
	return d.each(t, mode, func(g *reading) {
		y := g.text(year)
		if y == "" || g.deleted(status) {
			return
		}
		from, _ := d.dates().Parse(g.text(first))
		to, _ := d.dates().Parse(g.text(last))
		now := ledger.Period{First: from, Last: to}.Contains(d.options.AsOf)
		if d.file.SchoolYear == "" || now && !current || now == current && to.After(latest) {
			d.file.SchoolYear, latest, current = y, to, now
		}
	})
}

// readClasses learns the schools of classes, for enrollments that name none.
func (d *district) readClasses(t *tabular.Table, mode Mode) error {
	id, school := t.Column("sourcedId"), t.Column("schoolSourcedId", "orgSourcedId")
	return d.each(t, mode, func(g *reading) {
		d.classes[strings.Clone(g.text(id))] = d.schoolID(g.text(school))
	})
}

// schoolID returns the one string that stands for an org, so that it does not
// keep a table in memory.
func (d *district) schoolID(id string) string {
	if o := d.orgs[id]; o != nil {
		return o.id
	}
	return strings.Clone(id)
}
