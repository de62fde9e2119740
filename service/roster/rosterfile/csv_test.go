package rosterfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"seedbook/service/fault"
	"seedbook/service/tabular"
)

func TestAMappingIsCheckedBeforeItIsUsed(t *testing.T) {
	full := Mapping{Columns: map[Field]string{Given: "g", Family: "f", BornOn: "b", SchoolCode: "s"}}
	for _, test := range []struct {
		name   string
		change func(*Mapping)
		want   *fault.Fault
	}{
		{"nothing missing", func(*Mapping) {}, nil},
		{"a default school", func(m *Mapping) { delete(m.Columns, SchoolCode); m.Defaults = map[Field]string{SchoolName: "North"} }, nil},
		{"no school", func(m *Mapping) { delete(m.Columns, SchoolCode) }, ErrUnmapped},
		{"no birth date", func(m *Mapping) { delete(m.Columns, BornOn) }, ErrUnmapped},
		{"no names", func(m *Mapping) { m.Columns[Given], m.Columns[Family] = "", "" }, ErrUnmapped},
		{"an odd date format", func(m *Mapping) { m.DateFormat = "M/D/YY" }, ErrDateFormat},
		{"an odd field", func(m *Mapping) { m.Columns["shoe_size"] = "x" }, ErrField},
	} {
		m := full
		m.Columns = maps.Clone(full.Columns)
		test.change(&m)
		if err := m.Check(); test.want == nil && err != nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		raw, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back Mapping
		if err := json.Unmarshal(raw, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(m) {
			t.Errorf("%s: saved as %s, read as %v, %v", test.name, raw, back, err)
		}
	}
	err := (Mapping{Columns: map[Field]string{}}).Check()
	if f, _ := fault.Of(err); len(f.Details) != 4 || f.Details[2].Field != string(BornOn) {
		t.Errorf("an empty mapping lacks %v", err)
	}
}

func TestWhatAPlainCSVSays(t *testing.T) {
	m := Mapping{DateFormat: "M/D/YYYY", Columns: map[Field]string{
		Given: "First", Family: "Last", BornOn: "DOB", SchoolCode: "School No", SchoolName: "School", StudentNumber: "ID", Grade: "Grade",
		Language: "Language", ZIP: "ZIP", Role: "Role", Status: "Status", GuardianGiven: "Parent First", GuardianFamily: "Parent Last"}}
	const header = "ID,First,Last,DOB,School No,School,Grade,Language,ZIP,Role,Status,Parent First,Parent Last\n"
	const good = "007,Ana,Ruiz,3/4/2021,0101,North,K,Spanish,02134,Student,Active,Rosa,Ruiz\n"
	for _, test := range []struct {
		name, rows string
		want       Totals
		found      []string
	}{
		{"a good row", "", Totals{Rows: 1, Children: 1}, nil},
		{"a teacher", "8,Tom,Teach,3/4/1980,0101,North,,,,Teacher,,,\n", Totals{Rows: 2, Children: 1, Adults: 1}, nil},
		{"an unknown role", "8,Tom,Teach,3/4/1980,0101,North,,,,Wizard,,,\n", Totals{Rows: 2, Children: 1, Quarantined: 1}, []string{"r.csv:3 quarantine role_unknown"}},
		{"no birth date", "8,Ben,Lee,,0101,North,,,,,,,\n", Totals{Rows: 2, Children: 1, Review: 1}, []string{"r.csv:3 review birth_missing"}},
		{"month 13", "8,Ben,Lee,13/1/2021,0101,North,,,,,,,\n", Totals{Rows: 2, Children: 1, Review: 1}, []string{"r.csv:3 review birth_unreadable"}},
		{"no school", "8,Ben,Lee,3/4/2021,,,,,,,,,\n", Totals{Rows: 2, Children: 1, Review: 1}, []string{"r.csv:3 review school_missing"}},
		{"the number twice", "007,Ben,Lee,3/4/2021,0101,North,,,,,,,\n", Totals{Rows: 2, Review: 1, Quarantined: 1}, []string{"r.csv:2 review id_clash 3", "r.csv:3 quarantine id_twice 2"}},
		{"the row twice", good, Totals{Rows: 2, Children: 1, Quarantined: 1}, []string{"r.csv:3 quarantine id_twice 2"}},
		{"notes", "8,Ben,Lee,3/4/2021,0101,North,Blue,Klingon,2134,,Maybe,,\n", Totals{Rows: 2, Children: 2},
			[]string{"r.csv:3 note status_unknown", "r.csv:3 note grade_unknown", "r.csv:3 note language_unknown", "r.csv:3 note zip_unclear"}},
		{"has left", "8,Ben,Lee,3/4/2021,0101,North,,,,,Withdrawn,,\n", Totals{Rows: 2, Children: 2}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := read(t, "../../r.csv", header+good+test.rows, Options{Mapping: &m})
			if f.Totals != test.want || !slices.Equal(found(f), test.found) {
				t.Errorf("%+v %q, want %+v %q", f.Totals, found(f), test.want, test.found)
			}
			c := f.Children[0]
			if c.Language != "es" || c.ZIP != "02134" || c.StudentNumber != "007" || c.SchoolSourceID != "0101" || c.Grade != "KG" || c.Guardians[0].Family != "Ruiz" {
				t.Errorf("first child %+v", c)
			}
			if f.Schools[0] != (School{"0101", "0101", "North", ""}) {
				t.Errorf("schools %+v", f.Schools)
			}
			if test.name == "has left" && !f.Children[1].Gone {
				t.Error("a child who has left is not gone")
			}
		})
	}
	_, err := Read("r.csv", strings.NewReader("ID,First,Surname\n"), Options{Mapping: &m})
	if f, _ := fault.Of(err); !errors.Is(err, tabular.ErrMissingColumn) || f.Args["column"] != "Last" {
		t.Errorf("without its columns: %v", err)
	}
}

func TestColumnsAreSuggestedInEnglishAndSpanish(t *testing.T) {
	for header, want := range map[string]map[Field]string{
		"Student ID,First Name,Last Name,Date of Birth,School,Grade Level,Home Language,Parent 1 Email": {
			StudentNumber: "Student ID", Given: "First Name", Family: "Last Name", BornOn: "Date of Birth", SchoolName: "School", Grade: "Grade Level", Language: "Home Language", GuardianEmail: "Parent 1 Email"},
		"Matrícula;Nombres;Apellidos;Fecha de nacimiento;Escuela;Grado;Idioma;Código postal;Estado": {
			StudentNumber: "Matrícula", Given: "Nombres", Family: "Apellidos", BornOn: "Fecha de nacimiento", SchoolName: "Escuela", Grade: "Grado", Language: "Idioma", ZIP: "Código postal", State: "Estado"},
		"x,y": {},
	} {
		columns := strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ';' })
		if got := Suggest(columns).Columns; !maps.Equal(got, want) {
			t.Errorf("Suggest(%s) = %v, want %v", header, got, want)
		}
	}
	if m := Suggest([]string{"a", "a"}); len(m.Columns) != 0 {
		t.Errorf("two columns of one name suggest %v", m.Columns)
	}
}
