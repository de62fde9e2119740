package rosterfile

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/i18n"
	"seedbook/service/tabular"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixture is a roster that others wrote, as its sender would upload it.
func fixture(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(pgtest.Fixtures(t), "rosters", name)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		files := make(map[string]string)
		members, err := filepath.Glob(filepath.Join(path, "*.csv"))
		if err != nil || members == nil {
			t.Fatalf("%s holds no tables: %v", path, err)
		}
		for _, member := range members {
			files[filepath.Base(path)+"/"+filepath.Base(member)] = contents(t, member)
		}
		return zipped(t, files)
	}
	return contents(t, path)
}

func contents(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func zipped(t testing.TB, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(files[name]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func read(t testing.TB, name, data string, o Options) *File {
	t.Helper()
	f, err := Read(name, strings.NewReader(data), o)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Balanced() {
		t.Fatalf("%s does not add up: %+v", name, f.Totals)
	}
	return f
}

var september = ledger.NewDate(2021, 9, 15)

func TestEdFiRosterGives960Children(t *testing.T) {
	f := read(t, "edfi.zip", fixture(t, "edfi_oneroster12.zip"), Options{AsOf: september})
	want := Totals{Rows: 2832, Children: 960, Adults: 1872}
	if f.Totals != want || len(f.Children) != 960 || len(f.Problems) != 0 {
		t.Fatalf("totals %+v, %d children, %v, want %+v", f.Totals, len(f.Children), f.Problems, want)
	}
	if f.Kind != OneRoster || f.Version != "1.2" || f.Mode != Bulk || f.SchoolYear != "2022" {
		t.Errorf("read as %s %s %s of %s", f.Kind, f.Version, f.Mode, f.SchoolYear)
	}
	schools, years, guardians := map[string]int{}, map[int]int{}, map[string]bool{}
	for _, c := range f.Children {
		schools[c.SchoolSourceID]++
		years[c.BornOn.Year()]++
		for _, g := range c.Guardians {
			guardians[g.SourceID] = true
			if g.Relationship != "parent" || g.Given == "" || g.Phone == "" {
				t.Errorf("line %d has guardian %+v", c.Line, g)
			}
		}
	}
	if !maps.Equal(schools, map[string]int{"255901107": 508, "255901044": 243, "255901001": 209}) {
		t.Errorf("children by school: %v", schools)
	}
	if len(guardians) != 1872 {
		t.Errorf("%d guardians, want 1872", len(guardians))
	}
	for year, n := range years {
		if n < 79 || n > 81 || year < 2005 || year > 2016 {
			t.Errorf("%d children born in %d", n, year)
		}
	}
	want0 := Child{File: "users.csv", Line: 2, SourceID: "604821", StudentNumber: "604821", Given: "Tyrone", Family: "Dyer", Preferred: "Ty",
		BornOn: ledger.NewDate(2014, 11, 13), Grade: "01", SchoolSourceID: "255901107"}
	got := f.Children[0]
	got.Guardians = nil
	if fmt.Sprint(got) != fmt.Sprint(want0) {
		t.Errorf("first child is %+v", got)
	}
	if got, want := f.Schools[2], (School{"255901107", "255901107", "Grand Bend Elementary School", "Grand Bend ISD"}); got != want {
		t.Errorf("third school is %+v", got)
	}
}

func TestTeachersOfTheConformancePackagesAreNoChildren(t *testing.T) {
	for mode, name := range map[Mode]string{Bulk: "valid-rostering-bulk-package.zip", Delta: "valid-rostering-delta-package.zip"} {
		f := read(t, name, fixture(t, "conformance/"+name), Options{AsOf: september})
		if want := (Totals{Rows: 2, Adults: 2}); f.Totals != want || len(f.Children) != 0 || f.Mode != mode || len(f.Schools) != 1 {
			t.Errorf("%s: %+v, %d schools, %s", name, f.Totals, len(f.Schools), f.Mode)
		}
	}
}

func TestSDSFoldersKeepAdultsOutAndGuessNothing(t *testing.T) {
	f := read(t, "v21.zip", fixture(t, "sds-v2.1"), Options{})
	if want := (Totals{Rows: 8, Children: 3, Review: 1, Adults: 4}); f.Totals != want || f.Kind != SDS || f.Version != "2.1" {
		t.Errorf("v2.1: %s %s %+v, want %+v", f.Kind, f.Version, f.Totals, want)
	}
	for _, c := range f.Children {
		if c.SourceID == "114008" != slices.Equal(c.Doubts, []string{schoolKind}) {
			t.Errorf("%s at %q is in doubt about %v", c.SourceID, c.SchoolSourceID, c.Doubts)
		}
	}
	if g := f.Children[1].Guardians; len(g) != 1 || g[0].SourceID != "114002" || g[0].Relationship != "relative" {
		t.Errorf("guardians of 114003: %+v", g)
	}

	f = read(t, "v2.zip", fixture(t, "sds-v2"), Options{})
	if want := (Totals{Rows: 29, Review: 22, Adults: 7}); f.Totals != want || f.Version != "2" {
		t.Errorf("v2: %+v, want %+v", f.Totals, want)
	}
	for _, c := range f.Children {
		if !c.BornOn.IsZero() || !slices.Contains(c.Doubts, birthMissing) {
			t.Errorf("line %d: born %s, doubts %v", c.Line, c.BornOn, c.Doubts)
		}
	}
}

func TestFormat25IsReadOnceSomebodySaysHowItWritesDays(t *testing.T) {
	data := fixture(t, "sds-format-25")
	f := read(t, "sds.zip", data, Options{})
	if want := (Totals{Rows: 24, Review: 22, Adults: 2}); f.Totals != want {
		t.Errorf("without a date format: %+v, want %+v", f.Totals, want)
	}
	f = read(t, "sds.zip", data, Options{Mapping: &Mapping{DateFormat: "M/D/YYYY"}})
	if want := (Totals{Rows: 24, Children: 22, Adults: 2}); f.Totals != want || len(f.Schools) != 2 || f.Version != "2.5" {
		t.Errorf("with one: %+v, want %+v", f.Totals, want)
	}
	if got := f.Children[0].BornOn; got != ledger.NewDate(2000, 4, 2) {
		t.Errorf("4/2/2000 was read as %s", got)
	}
}

func TestASavedMappingImportsStudentCSV(t *testing.T) {
	data := fixture(t, "sds-format-25/Student.csv")
	header, sample, err := Peek("C:\\rosters\\Student.csv", strings.NewReader(data), 50, tabular.Default)
	if err != nil {
		t.Fatal(err)
	}
	m := Suggest(header, sample...)
	if err := m.Check(); err != nil || m.DateFormat != "M/D/YYYY" || m.Columns[SourceID] != "SIS ID" || m.Columns[StudentNumber] != "Student Number" || m.Columns[SchoolCode] != "School SIS ID" {
		t.Fatalf("suggested %+v: %v", m, err)
	}
	f := read(t, "Student.csv", data, Options{Mapping: &m})
	if want := (Totals{Rows: 22, Children: 22}); f.Totals != want || f.Kind != CSV {
		t.Errorf("%+v, want %+v", f.Totals, want)
	}
	if c := f.Children[2]; c.BornOn != ledger.NewDate(1997, 12, 19) || c.Grade != "12" || c.Family != "Stark" || c.SchoolSourceID != "10001" {
		t.Errorf("third child: %+v", c)
	}
}

func TestTheLinkageRosterIsReadWhole(t *testing.T) {
	data := fixture(t, "../linkage/dataset1_child_roster.csv")
	header, sample, err := Peek("roster.csv", strings.NewReader(data), 20, tabular.Default)
	if err != nil {
		t.Fatal(err)
	}
	m := Suggest(header, sample...)
	m.Defaults = map[Field]string{SchoolCode: "001"}
	f := read(t, "roster.csv", data, Options{Mapping: &m})
	if f.Rows != 1000 || f.Quarantined != 0 || len(f.Schools) != 1 || f.Schools[0].Code != "001" {
		t.Errorf("%+v, schools %v", f.Totals, f.Schools)
	}
	if len(m.Columns) != 8 || m.Columns[State] != "state" || m.Columns[Street] != "street" {
		t.Errorf("suggested %v", m.Columns)
	}
}

// TestGoldenPreview shows what each roster amounts to, in the words that people
// read, and no name from it.
func TestGoldenPreview(t *testing.T) {
	monthFirst := &Mapping{DateFormat: "M/D/YYYY"}
	for _, test := range []struct {
		name, fixture string
		o             Options
	}{
		{"edfi", "edfi_oneroster12.zip", Options{AsOf: september}},
		{"edfi_next_summer", "edfi_oneroster12.zip", Options{AsOf: ledger.NewDate(2022, 7, 1)}},
		{"conformance_bulk", "conformance/valid-rostering-bulk-package.zip", Options{}},
		{"conformance_delta", "conformance/valid-rostering-delta-package.zip", Options{}},
		{"sds_v21", "sds-v2.1", Options{AsOf: ledger.NewDate(2022, 7, 1)}},
		{"sds_v2", "sds-v2", Options{}},
		{"sds_25", "sds-format-25", Options{}},
		{"sds_25_month_first", "sds-format-25", Options{Mapping: monthFirst}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := read(t, test.name+".zip", fixture(t, test.fixture), test.o)
			golden(t, test.name, preview(f))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want := contents(t, path); got != want {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s", path, got)
	}
}

// preview writes what a file amounts to, without anybody's name.
func preview(f *File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s, school year %q\n", f.Kind, f.Version, f.Mode, f.SchoolYear)
	fmt.Fprintf(&b, "%d rows = %d children + %d to review + %d adults + %d quarantined; %d partial\n",
		f.Rows, f.Totals.Children, f.Review, f.Adults, f.Quarantined, f.Partial)
	for _, table := range f.Tables {
		fmt.Fprintf(&b, "table %s: %d rows, %d quarantined, %s, %s\n", table.Name, table.Rows, table.Quarantined, table.Mode, table.Encoding)
	}
	count := map[string]int{}
	for _, c := range f.Children {
		count["school "+c.SchoolSourceID]++
		count["grade "+c.Grade]++
		count[fmt.Sprintf("guardians %d", len(c.Guardians))]++
		if c.Gone {
			count["gone"]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&b, "%s: %d\n", what, count[what])
	}
	problems := map[string]int{}
	for _, p := range f.Problems {
		if problems[p.Code]++; problems[p.Code] == 1 {
			fmt.Fprintf(&b, "%s:%d %s [%s]\n", p.File, p.Line, p.Column, p.Severity)
			fmt.Fprintf(&b, "  %s\n  %s\n", i18n.For("en").T(p.Code, p.Args()), i18n.For("es").T(p.Code, p.Args()))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(problems)) {
		fmt.Fprintf(&b, "%s: %d\n", code, problems[code])
	}
	return b.String()
}
