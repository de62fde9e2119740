package rosterfile

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/fault"
	"seedbook/service/tabular"
)

// same writes everything that a file says but where it says it.
func same(f *File) string {
	var b strings.Builder
	for _, c := range f.Children {
		fmt.Fprintf(&b, "%+v\n", c)
	}
	fmt.Fprintf(&b, "%v %v %+v", f.Schools, found(f), f.Totals)
	return b.String()
}

// dressed writes a table anew: columns in another order, with marks, quotes,
// line ends and separators as drawn.
func dressed(t *rapid.T, text string) string {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	order := rapid.Permutation(numbers(len(rows[0]))).Draw(t, "columns")
	comma := rapid.SampledFrom([]string{",", ";", "\t"}).Draw(t, "comma")
	end := rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(t, "end")
	quote := rapid.Bool().Draw(t, "quote")
	var b strings.Builder
	b.WriteString(rapid.SampledFrom([]string{"", "\ufeff"}).Draw(t, "mark"))
	for _, row := range rows {
		for i, column := range order {
			if i > 0 {
				b.WriteString(comma)
			}
			cell := row[column]
			if quote || strings.ContainsAny(cell, comma+"\"\r\n") {
				cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
			}
			b.WriteString(cell)
		}
		b.WriteString(end)
	}
	return b.String()
}

func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestHowAPackageIsWrittenDoesNotMatter(t *testing.T) {
	want := same(read(t, "d.zip", zipped(t, district12()), autumn))
	rapid.Check(t, func(rt *rapid.T) {
		files := district12()
		for _, name := range []string{"users.csv", "roles.csv", "enrollments.csv", "demographics.csv", "orgs.csv", "manifest.csv"} {
			files[name] = dressed(rt, files[name])
		}
		f, err := Read("d.zip", strings.NewReader(zipped(t, files)), autumn)
		if err != nil {
			rt.Fatal(err)
		}
		if got := same(f); got != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestHowACSVIsWrittenDoesNotMatter(t *testing.T) {
	text := contents(t, filepath.Join(pgtest.Fixtures(t), "linkage/dataset1_child_roster.csv"))
	header, sample, err := Peek("r.csv", strings.NewReader(text), 5, tabular.Default)
	if err != nil {
		t.Fatal(err)
	}
	m := Suggest(header, sample...)
	m.Defaults = map[Field]string{SchoolCode: "1"}
	o := Options{Mapping: &m, AsOf: september}
	want := same(read(t, "r.csv", text, o))
	rapid.Check(t, func(rt *rapid.T) {
		f, err := Read("r.csv", strings.NewReader(dressed(rt, text)), o)
		if err != nil {
			rt.Fatal(err)
		}
		if same(f) != want {
			rt.Fatal("another result")
		}
	})
}

// TestNaughtyNamesComeBackByteForByteOrAreTold holds that a hostile text in a
// name is kept as it is, or changed or refused with a word about it.
func TestNaughtyNamesComeBackByteForByteOrAreTold(t *testing.T) {
	var naughty []string
	raw := contents(t, filepath.Join(pgtest.Fixtures(t), "hostile/naughty_strings.json"))
	if err := json.Unmarshal([]byte(raw), &naughty); err != nil {
		t.Fatal(err)
	}
	m := Mapping{Columns: map[Field]string{SourceID: "id", Given: "given", Family: "family", BornOn: "born"}, Defaults: map[Field]string{SchoolCode: "1"}}
	for i, s := range naughty {
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.WriteAll([][]string{{"id", "given", "family", "born"}, {"1", tabular.EscapeFormula(s), "Ruiz", "2015-03-01"}})
		f := read(t, "r.csv", b.String(), Options{Mapping: &m})
		switch {
		case f.Quarantined == 1 && len(f.Problems) == 1:
		case len(f.Children) != 1:
			t.Errorf("string %d: %+v", i, f.Totals)
		case f.Children[0].Given != s && !told(f):
			t.Errorf("string %d: %q became %q without a word", i, s, f.Children[0].Given)
		}
		written, err := json.Marshal(f.Children)
		var back []Child
		if err != nil || json.Unmarshal(written, &back) != nil || fmt.Sprint(back) != fmt.Sprint(f.Children) {
			t.Errorf("string %d does not survive JSON", i)
		}
	}
}

func told(f *File) bool {
	return slices.ContainsFunc(f.Problems, func(p Problem) bool { return p.Code != tabular.NoteUnquoted })
}

// checkFuzzed holds what is true of whatever was read.
func checkFuzzed(t *testing.T, f *File, err error) {
	t.Helper()
	if err != nil {
		if _, ok := fault.Of(err); !ok {
			t.Fatalf("%v is no fault", err)
		}
		return
	}
	quarantined := 0
	for _, table := range f.Tables {
		quarantined += table.Quarantined
	}
	if !f.Balanced() || quarantined != len(f.SetAside) {
		t.Fatalf("%+v, %d rows set aside of %d", f.Totals, len(f.SetAside), quarantined)
	}
	for _, c := range f.Children {
		complete := c.SchoolSourceID != "" && !c.BornOn.IsZero() && c.Given != "" && c.Family != ""
		if !complete && len(c.Doubts) == 0 && !c.Partial && f.Mode == Bulk {
			t.Fatalf("an incomplete child without a doubt: %+v", c)
		}
	}
	for _, p := range f.Problems {
		if p.Severity != tabular.Note && p.Line == 0 {
			t.Fatalf("a problem nowhere: %+v", p)
		}
	}
}

// FuzzCSV holds that reading never panics, counts every row, and lets no
// incomplete child through without a doubt.
func FuzzCSV(f *testing.F) {
	m := Mapping{Columns: map[Field]string{SourceID: "id", Given: "given", Family: "family", BornOn: "born", SchoolCode: "school", Role: "role", Grade: "grade"}, DateFormat: "M/D/YYYY"}
	const header = "id,given,family,born,school,role,grade\n"
	for _, seed := range []string{"1,Ana,Ruiz,2015-03-01,1,,K\n", "1,,,,,,\n\n2,\"a\nb\",c,3/1/2015,1,student,12\n", "1,a,b,c,d,teacher,\n1,a,b,c,d,x,\n", "\x00,é,\xe9"} {
		f.Add(header + seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "PK") {
			return
		}
		file, err := Read("r.csv", strings.NewReader(text), Options{Mapping: &m, AsOf: september})
		checkFuzzed(t, file, err)
	})
}

// FuzzOneRoster changes the tables inside a package.
func FuzzOneRoster(f *testing.F) {
	d := district12()
	f.Add(d["users.csv"], d["roles.csv"], d["enrollments.csv"], d["demographics.csv"], d["orgs.csv"], false)
	f.Add(d["users.csv"], d["roles.csv"], d["enrollments.csv"], d["demographics.csv"], d["orgs.csv"], true)
	f.Add("sourcedId,givenName,familyName\nx,a,b\nx,a,c\n,,\n", "userSourcedId,role\nx,student\n", "userSourcedId,role,classSourcedId\nx,teacher,k\n", "sourcedId,birthDate\nx,2015-01-01\n", "sourcedId,name,type\nS1,n,school\n", false)
	f.Fuzz(func(t *testing.T, users, roles, enrollments, demographics, orgs string, delta bool) {
		files := district12()
		files["users.csv"], files["roles.csv"], files["enrollments.csv"], files["demographics.csv"], files["orgs.csv"] = users, roles, enrollments, demographics, orgs
		if delta {
			files["manifest.csv"] = strings.ReplaceAll(files["manifest.csv"], ",bulk", ",delta")
		}
		file, err := Read("d.zip", strings.NewReader(zipped(t, files)), autumn)
		checkFuzzed(t, file, err)
	})
}

// FuzzRead takes any bytes.
func FuzzRead(f *testing.F) {
	f.Add(zipped(f, district12()))
	f.Add("a,b\n1,2\n")
	m := Suggest([]string{"first name", "last name", "birth date", "school"})
	f.Fuzz(func(t *testing.T, data string) {
		file, err := Read("x", strings.NewReader(data), Options{Mapping: &m})
		checkFuzzed(t, file, err)
	})
}

// bigDistrict writes a package of n children with a guardian each.
func bigDistrict(n int) map[string]string {
	files := district12()
	r := rand.New(rand.NewPCG(1, 2))
	given := strings.Fields("Ana Ben Cai Dee Eva Fay Gus Hal Ida Jon Kay Leo Mia Ned Oda Pam Quy Ray Sue Tom")
	letters := func() string {
		b := []byte("Xxxxxx")
		for i := 1; i < len(b); i++ {
			b[i] = byte('a' + r.IntN(26))
		}
		return string(b)
	}
	var tables [4]strings.Builder
	for i, name := range []string{"users.csv", "roles.csv", "enrollments.csv", "demographics.csv"} {
		tables[i].WriteString(files[name][:strings.Index(files[name], "\n")+1])
	}
	for i := range n {
		child, parent, family := fmt.Sprintf("c%07d", i), fmt.Sprintf("p%07d", i), letters()
		school := fmt.Sprintf("S%d", 1+i%2)
		fmt.Fprintf(&tables[0], "%s,,,true,%s,%s,%s,,%07d,,,,%s,%02d,%s\n", child, child, given[r.IntN(len(given))], family, i, parent, 1+i%12, school)
		fmt.Fprintf(&tables[0], "%s,,,true,%s,%s,%s,,,,,(555) %07d,,,%s\n", parent, parent, given[r.IntN(len(given))], family, i, school)
		fmt.Fprintf(&tables[1], "r%s,,,%s,primary,student,2026-08-20,,%s\nr%s,,,%s,primary,parent,2026-08-20,,%s\n", child, child, school, parent, parent, school)
		fmt.Fprintf(&tables[2], "e%s,,,k%d,%s,%s,student,,2026-08-20,2027-06-10\n", child, i%400, school, child)
		fmt.Fprintf(&tables[3], "%s,,,%s\n", child, ledger.NewDate(2010, 1, 1).AddDays(r.IntN(4000)))
	}
	for i, name := range []string{"users.csv", "roles.csv", "enrollments.csv", "demographics.csv"} {
		files[name] = tables[i].String()
	}
	return files
}

func BenchmarkOneRoster(b *testing.B) {
	const children = 50_000
	data := zipped(b, bigDistrict(children))
	b.ReportAllocs()
	for b.Loop() {
		f, err := Read("d.zip", strings.NewReader(data), autumn)
		if err != nil || f.Rows != 2*children || f.Totals.Children < children*99/100 {
			b.Fatal(err, f.Totals)
		}
	}
	b.ReportMetric(6*children*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(children*float64(b.N)/b.Elapsed().Seconds(), "children/s")
}

func BenchmarkCSV(b *testing.B) {
	const children = 100_000
	var text strings.Builder
	text.WriteString("id,given,family,born,school,grade\n")
	for i := range children {
		fmt.Fprintf(&text, "%07d,Ana%d,Ruiz%d,%s,%04d,%02d\n", i, i%97, i%1009, ledger.NewDate(2010, 1, 1).AddDays(i%4000), i%12, 1+i%12)
	}
	m := Mapping{Columns: map[Field]string{SourceID: "id", Given: "given", Family: "family", BornOn: "born", SchoolCode: "school", Grade: "grade"}}
	b.ReportAllocs()
	for b.Loop() {
		f, err := Read("r.csv", strings.NewReader(text.String()), Options{Mapping: &m})
		if err != nil || f.Rows != children {
			b.Fatal(err, f.Totals)
		}
	}
	b.ReportMetric(children*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
