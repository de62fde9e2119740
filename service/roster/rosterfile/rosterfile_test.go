package rosterfile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/tabular"
)

// district12 is a small OneRoster 1.2 package: two schools, two children, the
// mother of one of them, and a teacher.
func district12() map[string]string {
	return map[string]string{
		"manifest.csv":     "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\nfile.enrollments,bulk\nfile.demographics,bulk\nfile.classes,absent\n",
		"orgs.csv":         "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nD,,,River Unified,district,,\nS1,,,North School,school,0101,D\nS2,,,South School,school,0102,D\n",
		"users.csv":        "sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,primaryOrgSourcedId\nc1,,,true,a,Ana,Ruiz,,0007,,,,p1,KG,S1\nc2,,,true,b,Ben,Lee,,0008,,,,,3,S2\np1,,,true,c,Rosa,Ruiz,,,rosa@example.org,555-0100,,,,S1\nt1,,,true,d,Tom,Teach,,,,,,,,S1\n",
		"roles.csv":        "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\nr1,,,c1,primary,student,,,S1\nr2,,,c2,primary,student,,,S2\nr3,,,p1,primary,parent,,,S1\nr4,,,t1,primary,teacher,,,S1\n",
		"enrollments.csv":  "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\ne1,,,k1,S1,c1,student,,2026-08-20,2027-06-10\ne2,,,k2,S2,c2,student,,2026-08-20,2027-06-10\ne3,,,k1,S1,t1,teacher,true,,\n",
		"demographics.csv": "sourcedId,status,dateLastModified,birthDate\nc1,,,2021-03-04\nc2,,,2018-05-06\n",
	}
}

// edit changes one text in one table of a package.
type edit struct{ file, old, new string }

func edited(t *testing.T, files map[string]string, edits ...edit) map[string]string {
	t.Helper()
	files = maps.Clone(files)
	for _, e := range edits {
		if !strings.Contains(files[e.file], e.old) {
			t.Fatalf("%s has no %q", e.file, e.old)
		}
		files[e.file] = strings.Replace(files[e.file], e.old, e.new, 1)
	}
	return files
}

// found writes problems as "users.csv:2 severity code".
func found(f *File) []string {
	var out []string
	for _, p := range f.Problems {
		code := p.Code[strings.LastIndex(p.Code, ".")+1:]
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s:%d %s %s %s", p.File, p.Line, p.Severity, code, p.What)))
	}
	return out
}

var autumn = Options{AsOf: ledger.NewDate(2026, 11, 24)}

func TestWhatAOneRosterPackageSays(t *testing.T) {
	for _, test := range []struct {
		name  string
		edits []edit
		want  Totals
		found []string
	}{
		{"nothing wrong", nil, Totals{Rows: 4, Children: 2, Adults: 2}, nil},
		{"a folder in the zip", nil, Totals{Rows: 4, Children: 2, Adults: 2}, nil},

		{"a student who teaches is no child", []edit{{"enrollments.csv", "S2,c2,student", "S2,c2,teacher"}},
			Totals{Rows: 4, Children: 1, Adults: 3}, []string{"users.csv:3 note both_roles"}},
		{"nobody says what somebody is", []edit{{"roles.csv", "r4,,,t1,primary,teacher,,,S1\n", ""}, {"enrollments.csv", "e3,,,k1,S1,t1,teacher,true,,\n", ""}},
			Totals{Rows: 4, Children: 2, Adults: 1, Quarantined: 1}, []string{"users.csv:5 quarantine role_missing"}},
		{"an agent without a role is an adult", []edit{{"roles.csv", "r3,,,p1,primary,parent,,,S1\n", ""}},
			Totals{Rows: 4, Children: 2, Adults: 2}, nil},
		{"an unknown role", []edit{{"roles.csv", "r4,,,t1,primary,teacher", "r4,,,t1,primary,wizard"}, {"enrollments.csv", "e3,,,k1,S1,t1,teacher,true,,\n", ""}},
			Totals{Rows: 4, Children: 2, Adults: 1, Quarantined: 1}, []string{"users.csv:5 quarantine role_unknown"}},
		{"a district's own role is staff", []edit{{"roles.csv", "r4,,,t1,primary,teacher", "r4,,,t1,primary,ext:coach"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, nil},
		{"an enrollment alone makes a student", []edit{{"roles.csv", "r2,,,c2,primary,student,,,S2\n", ""}},
			Totals{Rows: 4, Children: 2, Adults: 2}, nil},

		{"no birth date", []edit{{"demographics.csv", "2018-05-06", ""}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"users.csv:3 review birth_missing"}},
		{"no demographics", []edit{{"demographics.csv", "c2,,,2018-05-06\n", ""}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"users.csv:3 review birth_missing"}},
		{"an American birth date", []edit{{"demographics.csv", "2018-05-06", "5/6/2018"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"demographics.csv:3 review birth_unreadable"}},
		{"29 February of a common year", []edit{{"demographics.csv", "2018-05-06", "2018-02-29"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"demographics.csv:3 review birth_unreadable"}},
		{"a birth date to come", []edit{{"demographics.csv", "2018-05-06", "2026-11-25"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"demographics.csv:3 review birth_future"}},
		{"two birth dates", []edit{{"demographics.csv", "c2,,,2018-05-06\n", "c2,,,2018-05-06\nc2,,,2018-06-05\n"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"demographics.csv:4 review birth_two"}},

		{"no name", []edit{{"users.csv", "Ben,Lee", ","}},
			Totals{Rows: 4, Children: 1, Adults: 2, Quarantined: 1}, []string{"users.csv:3 quarantine name_missing"}},
		{"half a name", []edit{{"users.csv", "Ben,Lee", "Ben,"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"users.csv:3 review name_incomplete"}},
		{"no id", []edit{{"users.csv", "c2,,,true", ",,,true"}},
			Totals{Rows: 4, Children: 1, Adults: 2, Quarantined: 1}, []string{"roles.csv:3 note person_unknown", "users.csv:3 quarantine id_missing"}},
		{"the same row twice", []edit{{"users.csv", "p1,,,true,c", "c2,,,true,b,Ben,Lee,,0008,,,,,3,S2\np1,,,true,c"}},
			Totals{Rows: 5, Children: 2, Adults: 2, Quarantined: 1}, []string{"users.csv:4 quarantine id_twice 3"}},
		{"the same id twice", []edit{{"users.csv", "p1,,,true,c", "c2,,,true,b,Bea,Low,,0009,,,,,3,S2\np1,,,true,c"}},
			Totals{Rows: 5, Children: 1, Review: 1, Adults: 2, Quarantined: 1}, []string{"users.csv:3 review id_clash 4", "users.csv:4 quarantine id_twice 3"}},
		{"the same number twice", []edit{{"users.csv", "Ben,Lee,,0008", "Ben,Lee,,0007"}},
			Totals{Rows: 4, Review: 2, Adults: 2}, []string{"users.csv:2 review number_twice 3", "users.csv:3 review number_twice 2"}},
		{"the same child twice", []edit{{"users.csv", "Ben,Lee", "RUIZ,Aná"}, {"demographics.csv", "2018-05-06", "2021-03-04"}},
			Totals{Rows: 4, Review: 2, Adults: 2}, []string{"users.csv:2 review same_child 3", "users.csv:3 review same_child 2"}},
		{"twins are two", []edit{{"users.csv", "Ben,Lee", "Eva,Ruiz"}, {"demographics.csv", "2018-05-06", "2021-03-04"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, nil},
		{"a cell too few", []edit{{"users.csv", "c2,,,true,b,", "c2,,,b,"}},
			Totals{Rows: 4, Children: 1, Adults: 2, Quarantined: 1}, []string{"roles.csv:3 note person_unknown", "users.csv:3 quarantine cells 15"}},
		{"a NUL", []edit{{"users.csv", "Ben", "B\x00n"}},
			Totals{Rows: 4, Children: 1, Adults: 2, Quarantined: 1}, []string{"roles.csv:3 note person_unknown", "users.csv:3 quarantine control U+0000"}},
		{"a lost letter", []edit{{"users.csv", "Ben", "B\ufffdn"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"users.csv:3 review lost"}},
		{"a lost letter of an adult", []edit{{"users.csv", "Rosa", "R\ufffdsa"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:4 note lost"}},
		{"hidden characters", []edit{{"users.csv", "Ben", "\u202eBen\u200b"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:3 note stripped"}},

		{"an unknown school", []edit{{"enrollments.csv", "k2,S2", "k2,S9"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"enrollments.csv:3 note org_unknown"}},
		{"only an unknown school", []edit{{"enrollments.csv", "k2,S2", "k2,S9"}, {"roles.csv", "student,,,S2", "student,,,S9"}, {"users.csv", "3,S2", "3,S9"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"enrollments.csv:3 note org_unknown", "users.csv:3 review school_unknown"}},
		{"a district for a school", []edit{{"enrollments.csv", "k2,S2", "k2,D"}, {"roles.csv", "student,,,S2", "student,,,D"}, {"users.csv", "3,S2", "3,D"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"users.csv:3 review school_kind"}},
		{"no school", []edit{{"enrollments.csv", "k2,S2", "k2,"}, {"roles.csv", "student,,,S2", "student,,,"}, {"users.csv", "3,S2", "3,"}},
			Totals{Rows: 4, Children: 1, Review: 1, Adults: 2}, []string{"users.csv:3 review school_missing"}},
		{"an unknown guardian", []edit{{"users.csv", ",p1,KG", ",p9,KG"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:2 note guardian_unknown"}},
		{"a student for a guardian", []edit{{"users.csv", ",p1,KG", `,"p1, c2",KG`}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:2 note guardian_student"}},
		{"an unknown grade", []edit{{"users.csv", ",,3,S2", ",,Blue,S2"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:3 note grade_unknown"}},
		{"two grades", []edit{{"users.csv", ",,3,S2", `,,"03,04",S2`}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:3 note grade_many"}},
		{"an unknown status", []edit{{"users.csv", "c2,,", "c2,zzz,"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:3 note status_unknown"}},
		{"schools with one identifier", []edit{{"orgs.csv", "0102", "0101"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"orgs.csv:0 note code_twice"}},
		{"a table the manifest does not list", []edit{{"manifest.csv", "file.demographics,bulk", "file.demographics,absent"}},
			Totals{Rows: 4, Review: 2, Adults: 2}, []string{"demographics.csv:0 note file_undeclared", "users.csv:2 review birth_missing", "users.csv:3 review birth_missing"}},
		{"last year's enrollment", []edit{{"enrollments.csv", "k2,S2,c2,student,,2026-08-20,2027-06-10", "k2,S2,c2,student,,2025-08-20,2026-06-10"}},
			Totals{Rows: 4, Children: 2, Adults: 2}, []string{"users.csv:3 note ended"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files := edited(t, district12(), test.edits...)
			if test.name == "a folder in the zip" {
				inside := map[string]string{"__MACOSX/export/._users.csv": "junk", "export/.DS_Store": "junk"}
				for name, text := range files {
					inside["export/"+name] = text
				}
				files = inside
			}
			f := read(t, "d.zip", zipped(t, files), autumn)
			if f.Totals != test.want || !slices.Equal(found(f), test.found) {
				t.Errorf("%+v %q, want %+v %q", f.Totals, found(f), test.want, test.found)
			}
			if len(f.SetAside) < f.Quarantined {
				t.Errorf("%d rows set aside of %d", len(f.SetAside), f.Quarantined)
			}
		})
	}
}

func TestAChildHasEverythingThatTheTablesSay(t *testing.T) {
	f := read(t, "d.zip", zipped(t, district12()), autumn)
	got := fmt.Sprintf("%+v", f.Children[0])
	want := fmt.Sprintf("%+v", Child{File: "users.csv", Line: 2, SourceID: "c1", StudentNumber: "0007", Given: "Ana", Family: "Ruiz",
		BornOn: ledger.NewDate(2021, 3, 4), Grade: "KG", SchoolSourceID: "S1",
		Guardians: []Guardian{{"p1", "Rosa", "Ruiz", "555-0100", "rosa@example.org", "parent"}}})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if want := (School{"S1", "0101", "North School", "River Unified"}); f.Schools[0] != want {
		t.Errorf("school %+v, want %+v", f.Schools[0], want)
	}
}

func TestAQuarantinedRowStillSaysWhoItNames(t *testing.T) {
	f := read(t, "d.zip", zipped(t, edited(t, district12(), edit{"users.csv", "Ben,Lee", ","})), autumn)
	if len(f.SetAside) != 1 || f.SetAside[0].SourceID != "c2" || f.SetAside[0].Line != 3 || !strings.HasPrefix(f.SetAside[0].Raw, "c2,,,true,b,,") {
		t.Errorf("set aside %+v", f.SetAside)
	}
}

func TestTheSchoolIsTheCurrentEnrollments(t *testing.T) {
	const row = "e2,,,k2,S2,c2,student,,2026-08-20,2027-06-10\n"
	for _, test := range []struct{ name, enrollments, role, home, want, problem string }{
		{"as enrolled, whatever the role says", row, "S1", "S1", "S2", ""},
		{"the one that is current", row + "e4,,,k3,S1,c2,student,,2025-08-20,2026-06-10\n", "S1", "S1", "S2", ""},
		{"the one that begins later is not yet", row + "e4,,,k3,S1,c2,student,,2027-01-05,\n", "S1", "S1", "S2", ""},
		{"the primary one", row + "e4,,,k3,S1,c2,student,true,2026-08-20,\n", "S2", "S2", "S1", ""},
		{"of two, the role's", row + "e4,,,k3,S1,c2,student,,2026-08-20,\n", "S1", "S2", "S1", ""},
		{"of two, the user's own", row + "e4,,,k3,S1,c2,student,,2026-08-20,\n", "", "S1", "S1", ""},
		{"of two, the one with most classes", row + "e4,,,k3,S1,c2,student,,2026-08-20,\ne5,,,k4,S1,c2,student,,,\n", "", "", "S1", "note school_chosen"},
		{"of two alike, none", row + "e4,,,k3,S1,c2,student,,2026-08-20,\n", "", "", "", "review school_two"},
		{"without enrollment, the role's", "", "S1", "S2", "S1", ""},
		{"without a role's, the user's own", "", "", "S1", "S1", ""},
		{"a deleted enrollment is none", "e2,tobedeleted,,k2,S2,c2,student,,,\n", "S1", "", "S1", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := read(t, "d.zip", zipped(t, edited(t, district12(), edit{"enrollments.csv", row, test.enrollments},
				edit{"roles.csv", "student,,,S2", "student,,," + test.role}, edit{"users.csv", ",3,S2", ",3," + test.home})), autumn)
			problems := strings.Join(found(f), " ")
			if got := f.Children[1].SchoolSourceID; got != test.want || !strings.HasSuffix(problems, test.problem) {
				t.Errorf("school %q, %s, want %q, %s", got, problems, test.want, test.problem)
			}
		})
	}
}

// TestNobodyHasAThousandSchools holds that a hostile package costs no more than
// its size, and is not believed.
func TestNobodyHasAThousandSchools(t *testing.T) {
	files := district12()
	var agents []string
	for i := range 1000 {
		files["orgs.csv"] += fmt.Sprintf("X%d,,,X,school,,D\n", i)
		files["enrollments.csv"] += fmt.Sprintf("x%d,,,k,X%d,c2,student,,,\n", i, i)
		agents = append(agents, fmt.Sprint("a", i))
	}
	files["users.csv"] = strings.Replace(files["users.csv"], ",p1,KG", `,"p1,`+strings.Join(agents, ",")+`",KG`, 1)
	f := read(t, "d.zip", zipped(t, files), autumn)
	want := []string{"users.csv:2 note guardian_many", "users.csv:2 note guardian_unknown", "users.csv:3 review school_two"}
	if !slices.Equal(found(f), want) || f.Review != 1 || len(f.Children[0].Guardians) != 1 {
		t.Errorf("%q, %+v", found(f), f.Totals)
	}
}

func TestOneRoster11HasTheRoleInUsers(t *testing.T) {
	files := map[string]string{
		"manifest.csv":         "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.orgs,bulk\nfile.users,bulk\nfile.demographics,bulk\nfile.academicSessions,bulk\n",
		"orgs.csv":             "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\nS1,,,North,school,1,\nS2,,,South,school,2,\n",
		"academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\na,,,Old,schoolYear,2025-08-01,2026-06-01,,2026\nb,,,Now,schoolYear,2026-08-01,2027-06-01,,2027\nc,,,Next,schoolYear,2027-08-01,2028-06-01,,2028\n",
		"users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n" +
			"c1,,,true,S1,student,a,,Ana,Ruiz,,1,,,,p1,KG,\nc2,,,true,\"S1,S2\",student,b,,Ben,Lee,,2,,,,,01,\np1,,,true,S1,guardian,c,,Rosa,Ruiz,,,,,,,,\nx1,,,true,S1,,d,,Who,Knows,,,,,,,,\n",
		"demographics.csv": "sourcedId,status,dateLastModified,birthdate,sex\nc1,,,2021-03-04,\nc2,,,2018-05-06,\n",
	}
	f := read(t, "d.zip", zipped(t, files), autumn)
	want := []string{"users.csv:3 review school_two", "users.csv:5 quarantine role_missing"}
	if (f.Totals != Totals{Rows: 4, Children: 1, Review: 1, Adults: 1, Quarantined: 1}) || !slices.Equal(found(f), want) || f.SchoolYear != "2027" {
		t.Errorf("%+v %q, year %s", f.Totals, found(f), f.SchoolYear)
	}
	if g := f.Children[0].Guardians; len(g) != 1 || g[0].Relationship != "guardian" {
		t.Errorf("guardians %+v", g)
	}
}

func TestADeltaSaysOnlyWhatChanged(t *testing.T) {
	files := edited(t, district12(), edit{"manifest.csv", "orgs,bulk", "orgs,absent"})
	for _, table := range []string{"users", "roles", "enrollments", "demographics"} {
		files["manifest.csv"] = strings.Replace(files["manifest.csv"], table+",bulk", table+",delta", 1)
	}
	delete(files, "orgs.csv")
	header := func(table string) string { return files[table][:strings.Index(files[table], "\n")+1] }
	// c1 has a new name and c9 a new school; c7 is born another day; c8 is no
	// student any more; c6 has left, says users.csv; t5 is a new teacher.
	files["users.csv"] = header("users.csv") + "c1,active,,true,a,Anna,Ruiz,,0007,,,,p1,KG,S1\nc6,tobedeleted,,true,a,Cy,Poe,,0006,,,,,,\nt5,active,,true,t,Tess,Teach,,,,,,,,\n"
	files["roles.csv"] = header("roles.csv") + "r8,tobedeleted,,c8,primary,student,,,S1\nr6,tobedeleted,,c6,primary,student,,,S1\nr5,active,,t5,primary,teacher,,,S1\n"
	files["enrollments.csv"] = header("enrollments.csv") + "e9,tobedeleted,,k1,S1,c9,student,,,\ne10,active,,k2,S2,c9,student,,,\n"
	files["demographics.csv"] = header("demographics.csv") + "c7,active,,2019-01-02\n"
	f := read(t, "d.zip", zipped(t, files), autumn)
	if (f.Totals != Totals{Rows: 3, Review: 2, Adults: 1, Partial: 3}) || f.Mode != Delta {
		t.Errorf("%+v %s", f.Totals, f.Mode)
	}
	var got []string
	for _, c := range f.Children {
		got = append(got, fmt.Sprintf("%s %s born %s at %s partial %t gone %t %v", c.SourceID, c.Given, c.BornOn, c.SchoolSourceID, c.Partial, c.Gone, c.Doubts))
	}
	want := []string{
		"c1 Anna born  at S1 partial false gone false [roster.problem.role_unsaid]",
		"c6 Cy born  at  partial false gone true [roster.problem.role_unsaid]",
		"c8  born  at  partial true gone true []",
		"c9  born  at S2 partial true gone false []",
		"c7  born 2019-01-02 at  partial true gone false []",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestABadRosterIsRefusedWholeWithOneReason(t *testing.T) {
	base := district12()
	without := func(name string) map[string]string {
		files := maps.Clone(base)
		delete(files, name)
		return files
	}
	with := func(name, text string) map[string]string {
		files := maps.Clone(base)
		files[name] = text
		return files
	}
	for _, test := range []struct {
		name, data string
		want       *fault.Fault
		args       string
	}{
		{"a workbook", zipped(t, map[string]string{"[Content_Types].xml": "", "xl/workbook.xml": ""}), tabular.ErrWorkbook, ""},
		{"an old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", tabular.ErrWorkbookOld, ""},
		{"gzip", "\x1f\x8b\x08", tabular.ErrCompressed, ""},
		{"a CSV without mapping", "a,b\n1,2\n", ErrNeedsMapping, ""},
		{"an empty zip", zipped(t, nil), ErrMissingFile, "file=users.csv"},
		{"a damaged zip", zipped(t, base)[:200], tabular.ErrZip, ""},
		{"a zip of something else", zipped(t, map[string]string{"a.csv": "a", "b.csv": "b"}), ErrMissingFile, "file=users.csv"},
		{"no users", zipped(t, without("users.csv")), ErrMissingFile, "file=users.csv"},
		{"no roles", zipped(t, without("roles.csv")), ErrMissingFile, "file=roles.csv"},
		{"users not declared", zipped(t, edited(t, base, edit{"manifest.csv", "file.users,bulk\n", ""})), ErrMissingFile, "file=users.csv"},
		{"a nonsense mode", zipped(t, edited(t, base, edit{"manifest.csv", "file.users,bulk", "file.users,all"})), ErrManifest, "property=file.users"},
		{"another version", zipped(t, edited(t, base, edit{"manifest.csv", "oneroster.version,1.2", "oneroster.version,2.0"})), ErrVersion, ""},
		{"a renamed column", zipped(t, edited(t, base, edit{"users.csv", "familyName", "familyNam"})), tabular.ErrMissingColumn, "column=familyName file=users.csv nearest=familyNam"},
		{"a column twice", zipped(t, edited(t, base, edit{"users.csv", "middleName", "givenName"})), tabular.ErrDuplicateColumn, "column=givenName file=users.csv"},
		{"an open quote", zipped(t, edited(t, base, edit{"users.csv", "Ben", `"Ben`})), tabular.ErrOpenQuote, "file=users.csv line=3"},
		{"an empty table", zipped(t, with("users.csv", "")), tabular.ErrEmpty, "file=users.csv"},
		{"a zip in the zip", zipped(t, with("more.zip", "PK")), tabular.ErrZipNested, "file=more.zip"},
		{"a zip called csv", zipped(t, with("users.csv", zipped(t, base))), tabular.ErrZipNested, "file=users.csv"},
		{"a name that climbs", zipped(t, with("../users.csv", "")), tabular.ErrZipName, ""},
		{"an absolute name", zipped(t, with("/etc/passwd.csv", "")), tabular.ErrZipName, ""},
		{"a drive", zipped(t, with(`C:\users.csv`, "")), tabular.ErrZipName, ""},
		{"two rosters", zipped(t, with("old/users.csv", base["users.csv"])), tabular.ErrZipTwice, "file=users.csv"},
		{"SDS without schools", zipped(t, map[string]string{"Student.csv": "", "Teacher.csv": ""}), ErrMissingFile, "file=School.csv"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read("roster.zip", strings.NewReader(test.data), autumn)
			if !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.args) {
				t.Errorf("%v, want %s %s", err, test.want.Key, test.args)
			}
		})
	}
	t.Run("too many bytes", func(t *testing.T) {
		limits := tabular.Default
		limits.Bytes = 1 << 20
		if _, err := Read("x", strings.NewReader(strings.Repeat("x", 1<<20+1)), Options{Limits: limits}); !errors.Is(err, tabular.ErrTooLarge) {
			t.Errorf("%v", err)
		}
	})
	t.Run("too many rows", func(t *testing.T) {
		limits := tabular.Default
		limits.Rows = 3
		if _, err := Read("x.zip", strings.NewReader(zipped(t, base)), Options{Limits: limits}); !errors.Is(err, tabular.ErrTooManyRows) {
			t.Errorf("%v", err)
		}
	})
}

func TestGradesAreBroughtToCEDS(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "KG": "KG", "k": "KG", "0": "KG", "00": "KG", "-1": "PK", "PK": "PK", "Pre-K": "PK", "1": "01", "01": "01", "12": "12", "13": "13",
		"Grade 3": "03", "3rd": "03", "3rd Grade": "03", "4.º": "?", "4º": "04", "Grado 5": "05", "1er grado": "01", "6.": "06", "PS3": "PS", "TK": "TK",
		"14": "?", "-2": "?", "3.5": "?", "Blue": "?", "1st 2nd": "?", "009": "?",
	} {
		got, ok := parseGrade(in)
		if !ok {
			got = "?"
		}
		if got != want {
			t.Errorf("parseGrade(%q) = %q, want %q", in, got, want)
		}
	}
}
