package rosterfile

import (
	"slices"
	"strings"
)

// chooseSchool finds a student's school: where the student is enrolled, else
// where the student's role is, else the user's own organization. It is left to
// a person when the file names no school, or several and none before the others.
func (d *district) chooseSchool(g *reading, p *person, c userColumns) string {
	home := d.schoolID(g.text(c.primaryOrg))
	var orgs []string
	for id := range strings.SplitSeq(g.text(c.orgs), ",") {
		orgs = append(orgs, d.schoolID(strings.TrimSpace(id)))
	}
	places := slices.DeleteFunc(slices.Clone(p.places), func(at place) bool { return !d.maySchool(at.school) })
	if len(places) > 0 {
		return d.chooseEnrolled(g, places, p.roleSchool, home)
	}
	for _, named := range [][]string{{p.roleSchool}, {home}, orgs} {
		named = slices.Compact(slices.Sorted(slices.Values(named)))
		named = slices.DeleteFunc(named, func(id string) bool { return !d.maySchool(id) })
		if len(named) > 1 {
			g.doubt(schoolTwo, c.orgs, "")
			return ""
		}
		if len(named) == 1 {
			return named[0]
		}
	}
	d.doubtSchool(g, append(orgs, p.roleSchool, home), p.places)
	return ""
}

// chooseEnrolled prefers current enrollments, then primary ones, then the
// school that the student's role or the user names, then most classes.
func (d *district) chooseEnrolled(g *reading, places []place, names ...string) string {
	if len(places) >= maxPlaces {
		g.doubt(schoolTwo, -1, "")
		return ""
	}
	prefer := func(better func(place) bool) {
		if slices.ContainsFunc(places, better) {
			places = slices.DeleteFunc(places, func(at place) bool { return !better(at) })
		}
	}
	prefer(func(at place) bool { return at.current })
	prefer(func(at place) bool { return at.primary })
	for _, name := range names {
		prefer(func(at place) bool { return at.school == name })
	}
	if len(places) == 1 {
		return places[0].school
	}
	most := 0
	for _, at := range places {
		most = max(most, at.rows)
	}
	prefer(func(at place) bool { return at.rows == most })
	if len(places) > 1 {
		g.doubt(schoolTwo, -1, "")
		return ""
	}
	g.note(schoolGuess, -1)
	return places[0].school
}

// maySchool reports an org that is a school, or that a delta does not describe
// because it has not changed.
func (d *district) maySchool(id string) bool {
	o := d.orgs[id]
	if o == nil {
		return id != "" && d.pack.modes["orgs"] != Bulk
	}
	return o.kind == "school"
}

// doubtSchool says why nothing that was named is a school.
func (d *district) doubtSchool(g *reading, named []string, places []place) {
	for _, at := range places {
		named = append(named, at.school)
	}
	code := schoolMissing
	for _, id := range named {
		switch {
		case id == "":
		case d.orgs[id] != nil:
			code = schoolKind
		case code == schoolMissing:
			code = schoolUnknown
		}
	}
	if code == schoolMissing && d.file.Mode == Delta {
		return // the school has not changed
	}
	g.doubt(code, -1, "")
}
