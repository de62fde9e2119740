package rosterfile

import (
	"cmp"
	"maps"

	"seedbook/service/tabular"
)

// classic are the columns of Student.csv in School Data Sync's format 2.5; the
// first four must be there. The format says nothing of how days are written:
// unless the options do, only year-month-day is read, and other birth dates go
// to review.
var classic = map[Field]string{
	SourceID: "SIS ID", SchoolCode: "School SIS ID", Given: "First Name", Family: "Last Name",
	Middle: "Middle Name", StudentNumber: "Student Number", Grade: "Grade", Status: "Status", BornOn: "Birthdate",
}

// readClassic reads a folder of School Data Sync's format 2.5: the students of
// Student.csv are children, whoever stands in Teacher.csv is none.
func (in *reader) readClassic(a *tabular.Archive) error {
	if !a.Has("School.csv") {
		return missingFile("School.csv")
	}
	in.file.Kind, in.file.Version, in.file.Mode = SDS, "2.5", Bulk
	f := flat{reader: in, schools: make(map[string]int), closed: true}
	if err := f.readSchools(a); err != nil {
		return err
	}
	if err := f.readStudents(a); err != nil {
		return err
	}
	if a.Has("User.csv") {
		in.report.Add(Problem{File: "User.csv", Code: fileUnread, Severity: tabular.Note})
	}
	return f.readTeachers(a)
}

func (f *flat) readSchools(a *tabular.Archive) error {
	t, err := f.open(a, "School.csv", 1)
	if err != nil {
		return err
	}
	if err := t.Require("SIS ID", "Name"); err != nil {
		return err
	}
	id, name, number := t.Column("SIS ID"), t.Column("Name"), t.Column("School Number")
	return f.each(t, Bulk, func(g *reading) {
		s := School{SourceID: g.text(id), Name: g.text(name)}
		s.Code = cmp.Or(g.text(number), s.SourceID)
		if s.Name == "" {
			s.Name = s.Code
		}
		if _, twice := f.schools[s.SourceID]; twice || s.SourceID == "" {
			g.quarantine(idTwice, id, "")
			return
		}
		f.schools[s.SourceID] = len(f.file.Schools)
		f.file.Schools = append(f.file.Schools, s)
	})
}

func (f *flat) readStudents(a *tabular.Archive) error {
	t, err := f.open(a, "Student.csv", 1)
	if err != nil {
		return err
	}
	f.mapping.Columns = maps.Clone(classic)
	for _, optional := range []Field{Middle, StudentNumber, Grade, Status, BornOn} {
		if t.Column(classic[optional]) < 0 {
			delete(f.mapping.Columns, optional)
		}
	}
	return f.read(t)
}

func (f *flat) readTeachers(a *tabular.Archive) error {
	if !a.Has("Teacher.csv") {
		return nil
	}
	t, err := f.open(a, "Teacher.csv", 1)
	if err != nil {
		return err
	}
	return f.eachPerson(t, Bulk, func(*reading) { f.file.Totals.Adults++ })
}
