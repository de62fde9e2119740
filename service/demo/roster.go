package demo

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"

	"seedbook/ledger"
	"seedbook/service/roster/rosterfile"
)

// outsideShare is how many in a hundred live beyond the city, where the rule
// book does not reach.
const outsideShare = 3

// pupil is a child on the demonstration's class lists.
type pupil struct {
	id, guardians  string
	given, family  string
	born           ledger.Date
	grade          string
	school         school
	language       string
	city, zip      string
	guardianGivens [2]string
}

// classList makes pupils of an age that fits their grade. About one in four
// has a sibling on the list.
func classList(r *rand.Rand, n int) []pupil {
	out := make([]pupil, n)
	for i := range out {
		grade := r.IntN(len(grades))
		p := pupil{
			id: fmt.Sprintf("%06d", 100000+i), given: pick(r, givenNames), family: pick(r, familyNames),
			// Five years old by the first of September of their kindergarten year.
			born:  ledger.NewDate(2020-grade, 9, 1).AddDays(-r.IntN(365)),
			grade: grades[grade], school: pick(r, schools), language: pick(r, languages),
			city: "Riverbend", zip: fmt.Sprintf("%05d", 43085+r.IntN(8)),
			guardians: fmt.Sprintf("G%06d", i), guardianGivens: [2]string{pick(r, givenNames), pick(r, givenNames)},
		}
		if r.IntN(100) < outsideShare {
			p.city, p.zip = "Lakeside", "43101"
		}
		if i > 0 && r.IntN(4) == 0 {
			p.shareHome(out[i-1])
		}
		out[i] = p
	}
	return out
}

// shareHome makes a pupil the sibling of another. Twins differ in their given
// names, as twins do.
func (p *pupil) shareHome(q pupil) {
	p.family, p.guardians, p.guardianGivens, p.school = q.family, q.guardians, q.guardianGivens, q.school
	p.language, p.city, p.zip = q.language, q.city, q.zip
	if p.given == q.given {
		p.given += " Marie"
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// columns are the headers of the district's class list.
var columns = []string{
	"Student ID", "Last Name", "First Name", "Date of Birth", "Grade", "School Code", "School", "Home Language", "City", "State", "ZIP",
	"Guardian 1 ID", "Guardian 1 First Name", "Guardian 1 Last Name", "Guardian 1 Phone",
	"Guardian 2 ID", "Guardian 2 First Name", "Guardian 2 Last Name",
}

// mapping says which of its columns is what, as an administrator would once.
func mapping() *rosterfile.Mapping {
	fields := []rosterfile.Field{
		rosterfile.StudentNumber, rosterfile.Family, rosterfile.Given, rosterfile.BornOn, rosterfile.Grade, rosterfile.SchoolCode,
		rosterfile.SchoolName, rosterfile.Language, rosterfile.City, rosterfile.State, rosterfile.ZIP,
		rosterfile.GuardianID, rosterfile.GuardianGiven, rosterfile.GuardianFamily, rosterfile.GuardianPhone,
		rosterfile.SecondID, rosterfile.SecondGiven, rosterfile.SecondFamily,
	}
	m := &rosterfile.Mapping{Name: "Riverbend class list", Columns: map[rosterfile.Field]string{}}
	for i, f := range fields {
		m.Columns[f] = columns[i]
	}
	return m
}

// csvOf writes the class lists as the district's system exports them.
func csvOf(pupils []pupil) ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	if err := w.Write(columns); err != nil {
		return nil, fmt.Errorf("write class list: %w", err)
	}
	for i, p := range pupils {
		row := []string{
			p.id, p.family, p.given, p.born.String(), p.grade, p.school.code, p.school.name, p.language, p.city, "OH", p.zip,
			p.guardians + "A", p.guardianGivens[0], p.family, fmt.Sprintf("+1614555%04d", i%10000),
			p.guardians + "B", p.guardianGivens[1], p.family,
		}
		if err := w.Write(row); err != nil {
			return nil, fmt.Errorf("write class list: %w", err)
		}
	}
	w.Flush()
	return buf.Bytes(), w.Error()
}
