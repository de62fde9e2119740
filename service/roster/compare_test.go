package roster

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/family"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/tabular"
)

func TestAFileThatCannotBeTrustedIsRefusedWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := Receive(t.Context(), w.db, w.who, w.keys, w.program, Upload{Source: district, FileName: "list.csv", Data: []byte("a,b\n1,2\n"), EnrollOn: september}, w.at)
	wantError(t, "without a mapping", err, rosterfile.ErrNeedsMapping)
	u := list(t, kid("1", "Ana", "Cruz"))
	u.Data = append([]byte("\x1f\x8b"), u.Data...)
	_, err = Receive(t.Context(), w.db, w.who, w.keys, w.program, u, w.at)
	wantError(t, "compressed", err, tabular.ErrCompressed)
	if n := w.count(t, "roster_batches") + w.count(t, "roster_sources"); n != 0 {
		t.Errorf("%d rows are left of refused files", n)
	}
}

func TestARowThatCannotBeTakenIsListedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, done := w.apply(t, list(t,
		kid("1", "Ana", "Cruz"),
		kid("2", "", ""),
		kid("3", "Leo", "Park").but(rosterfile.BornOn, ""),
		kid("4", "Mia", "Sato"),
	))
	wantFindings(t, b, map[Finding]int{New: 2, Review: 1})
	if b.Counts.Rows != 4 || b.Counts.Quarantined != 1 || done.Enrolled.Enrolled != 2 {
		t.Errorf("counts %+v, done %+v", b.Counts, done)
	}
	review := w.rows(t, b.ID, Review)
	if len(review) != 1 || review[0].Line != 4 || review[0].Name != "Park, Leo" || review[0].Reason != "roster.problem.birth_missing" {
		t.Errorf("to be reviewed: %+v", review)
	}
	var problems []Problem
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		problems, err = Problems(ctx, q, b.ID, 0, 100)
		return err
	})
	if len(problems) != 2 || problems[0].Line != 3 || problems[0].Code != "roster.problem.name_missing" || problems[0].Severity != "quarantine" ||
		problems[1].Line != 4 || problems[1].Column != "born_on" {
		t.Errorf("problems = %+v", problems)
	}
}

func TestAChildWhoseRowIsSetAsideHasNotLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park")))
	b := w.receive(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "", "")))
	wantFindings(t, b, map[Finding]int{Unchanged: 1})
}

func TestAListOfChangesSaysNothingOfTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park"), kid("3", "Mia", "Sato")))
	u := list(t, kid("2", "Leo", "Park").but(rosterfile.Grade, "02"), kid("3", "Mia", "Sato").but(rosterfile.Status, "withdrawn")).changes()
	b, done := w.apply(t, u)
	wantFindings(t, b, map[Finding]int{Changed: 1, Gone: 1})
	if done.Changed != 1 || done.Gone != 1 {
		t.Errorf("done %+v", done)
	}
	b = w.receive(t, u)
	wantFindings(t, b, map[Finding]int{Unchanged: 2})
	before := w.about(t)
	w.commit(t, b.ID)
	if changed := differences(before, w.about(t)); changed != nil {
		t.Errorf("the same changes again changed %v", changed)
	}
}

func TestAnotherGradeEndsOneSchoolingAndBeginsTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := kid("1", "Ana", "Cruz")
	w.apply(t, list(t, ana))
	b, done := w.apply(t, list(t, ana.but(rosterfile.Grade, "02", rosterfile.SchoolCode, "002", rosterfile.SchoolName, "Middle School")).since(september.AddYears(1)))
	wantFindings(t, b, map[Finding]int{Changed: 1})
	if done.Changed != 1 || done.Enrolled.Enrolled != 0 || done.Enrolled.Unchanged != 1 {
		t.Errorf("done %+v: the child took part already", done)
	}
	var got []string
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		return sqlx.SelectContext(ctx, q, &got, `
			SELECT concat_ws(' ', h.code, s.grade, s.from_on, s.to_on)
			FROM schoolings s JOIN schools h ON h.id = s.school_id ORDER BY s.from_on`)
	})
	if want := []string{"001 01 2021-09-15 2022-09-14", "002 02 2022-09-15"}; !slices.Equal(got, want) {
		t.Errorf("schoolings = %q, want %q", got, want)
	}
}

func TestAChildOfAnotherSourceIsTheSameByNumberNameAndBirth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "José", "Núñez").but(rosterfile.ZIP, "02134", rosterfile.City, "Boston", rosterfile.Middle, "Luis", rosterfile.GuardianGiven, "Rosa", rosterfile.GuardianFamily, "Núñez", rosterfile.GuardianPhone, "+15035550100")))
	before := w.count(t, "schools")
	b, done := w.apply(t, list(t, kid("1", "JOSE", "NUNEZ").but(rosterfile.GuardianGiven, "Rosa", rosterfile.GuardianFamily, "Nunez", rosterfile.GuardianPhone, "+15035550199")).from("After-school"))
	wantFindings(t, b, map[Finding]int{Changed: 1})
	if done.New != 0 || w.count(t, "children") != 1 || b.Preview.Eligible != 0 {
		t.Errorf("done %+v, %d children", done, w.count(t, "children"))
	}
	if after := w.count(t, "schools"); after != before {
		t.Errorf("%d schools became %d", before, after)
	}
	c := w.children(t)[0]
	if c.Person.ZIP != "02134" || c.Person.Middle != "Luis" {
		t.Errorf("the second source erased what the first one knew: %+v", c.Person)
	}
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		guardians, err := family.Guardians(ctx, q, w.who, w.keys, c.ID)
		if len(guardians) != 1 || guardians[0].Phone != "+15035550199" {
			t.Errorf("guardians = %+v, want one with the new number", guardians)
		}
		return err
	})
	b = w.receive(t, list(t, kid("1", "JOSE", "NUNEZ").but(rosterfile.GuardianGiven, "Rosa", rosterfile.GuardianFamily, "Nunez", rosterfile.GuardianPhone, "+15035550199")).from("After-school"))
	wantFindings(t, b, map[Finding]int{Unchanged: 1})
}

func TestWhoMayBeAnotherChildIsLeftToPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park"), kid("3", "Mia", "Sato")))
	b, done := w.apply(t, list(t,
		kid("91", "Ana", "Cruz"),  // name and birth of another number
		kid("2", "Noah", "Smith"), // number of another name
		kid("", "Mia", "Sato"),    // no number at all
		kid("94", "New", "Child"),
	).from("After-school"))
	wantFindings(t, b, map[Finding]int{Doubtful: 3, New: 1})
	if done.New != 1 || done.Changed != 0 || w.count(t, "children") != 4 {
		t.Errorf("done %+v, %d children", done, w.count(t, "children"))
	}
	reasons := map[string]string{}
	for _, r := range w.rows(t, b.ID, Doubtful) {
		if r.Child == 0 {
			t.Errorf("%s does not say whom it may be", r.Name)
		}
		reasons[r.Name] = r.Reason
	}
	if reasons["Cruz, Ana"] != reasonAlike || reasons["Smith, Noah"] != reasonStudent || reasons["Sato, Mia"] != reasonAlike {
		t.Errorf("reasons = %v", reasons)
	}
	if b.Preview.Eligible != 1 || b.Preview.Cost[0].Children != 1 {
		t.Errorf("doubtful children are counted: %+v", b.Preview)
	}
}

func TestANumberThatBelongsToAnotherChildDoesNotStopTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, leo := kid("1", "Ana", "Cruz").but(rosterfile.SourceID, "a"), kid("2", "Leo", "Park").but(rosterfile.SourceID, "b")
	w.apply(t, list(t, ana, leo, kid("3", "Mia", "Sato")).changes())
	b, done := w.apply(t, list(t, ana.but(rosterfile.StudentNumber, "2"), kid("3", "Mia", "Sato").but(rosterfile.Grade, "02")).changes())
	wantFindings(t, b, map[Finding]int{Doubtful: 1, Changed: 1})
	if done.Changed != 1 || w.child(t, "Ana").Person.StudentNumber != "1" {
		t.Errorf("done %+v, Ana's number is %s", done, w.child(t, "Ana").Person.StudentNumber)
	}
}

func TestChildrenUnderNewIDsOfTheirSourceAreNotGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz").but(rosterfile.SourceID, "old-1"), kid("2", "Leo", "Park").but(rosterfile.SourceID, "old-2")))
	moved := list(t, kid("1", "Ana", "Cruz").but(rosterfile.SourceID, "new-1"), kid("2", "Leo", "Park").but(rosterfile.SourceID, "new-2"))
	b, _ := w.apply(t, moved)
	wantFindings(t, b, map[Finding]int{Changed: 2})
	b, _ = w.apply(t, moved)
	wantFindings(t, b, map[Finding]int{Unchanged: 2})
	b, _ = w.apply(t, list(t, kid("1", "Ana", "Cruz").but(rosterfile.SourceID, "new-1")))
	wantFindings(t, b, map[Finding]int{Unchanged: 1, Gone: 1})
	b, _ = w.apply(t, list(t, kid("1", "Ana", "Cruz").but(rosterfile.SourceID, "new-1")))
	wantFindings(t, b, map[Finding]int{Unchanged: 1})
}

func TestTheSameNameWithoutANumberMakesNoFamily(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	maria := func(p pupil, phone string) pupil {
		return p.but(rosterfile.GuardianGiven, "Maria", rosterfile.GuardianFamily, "Garcia", rosterfile.GuardianPhone, phone)
	}
	w.apply(t, list(t,
		maria(kid("1", "Ana", "Garcia"), ""), maria(kid("2", "Leo", "Garcia"), ""),
		maria(kid("3", "Mia", "Garcia"), "555-0100"), maria(kid("4", "Eli", "Garcia"), "555-0100"),
	))
	if w.child(t, "Ana").Family == w.child(t, "Leo").Family {
		t.Error("two women named Maria Garcia were taken for one")
	}
	if w.child(t, "Mia").Family != w.child(t, "Eli").Family {
		t.Error("siblings are in two families")
	}
	// A sibling who comes later joins the family.
	w.apply(t, list(t, maria(kid("5", "Zoe", "Garcia"), "555-0100")).changes())
	if w.child(t, "Zoe").Family != w.child(t, "Mia").Family {
		t.Error("the younger sibling is in another family")
	}
}

func TestAMoveDoesNotUnmakeWhatWasTrueBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := kid("1", "Ana", "Cruz").but(rosterfile.City, "Grand Bend", rosterfile.ZIP, "73034")
	w.apply(t, list(t, ana))
	w.apply(t, list(t, ana.but(rosterfile.City, "Lakeside", rosterfile.ZIP, "73099")).since(september.AddMonths(3)))
	w.apply(t, list(t, ana.but(rosterfile.City, "", rosterfile.ZIP, "")).since(september.AddMonths(6))) // says nothing about the home
	c := w.child(t, "Ana").Person
	want := []family.Home{{Until: september.AddMonths(3).AddDays(-1), City: "Grand Bend", ZIP: "73034"}}
	if c.City != "Lakeside" || !slices.Equal(c.Before, want) {
		t.Errorf("Ana lives in %s, before in %+v, want %+v", c.City, c.Before, want)
	}
}

func TestSchoolsOfTwoDistrictsMayHaveTheSameNumber(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz")))
	b, done := w.apply(t, list(t, kid("2", "Leo", "Park").but(rosterfile.SchoolName, "Lakeside School")).from("Lakeside"))
	if done.Enrolled.Ineligible != 1 || b.Preview.Ineligible != 1 || len(b.Preview.Cost) != 0 {
		t.Errorf("a child of another district: %+v, %+v", done.Enrolled, b.Preview)
	}
	var got []string
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		return sqlx.SelectContext(ctx, q, &got, `SELECT district || ' ' || code || ' ' || name FROM schools ORDER BY 1`)
	})
	if want := []string{"Grand Bend ISD 001 Grand Bend Elementary School", "Lakeside 001 Lakeside School"}; !slices.Equal(got, want) {
		t.Errorf("schools = %q, want %q", got, want)
	}
}

// A program that begins later finds its children on record already; what it
// will cost is known all the same.
func TestChildrenOfAnotherProgramArePricedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, leo := kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park")
	w.apply(t, list(t, ana, leo))
	w.program = w.addProgram(t, "second")
	b := w.receive(t, list(t, ana, leo, kid("3", "Mia", "Sato").but(rosterfile.Grade, "PK")))
	wantFindings(t, b, map[Finding]int{Changed: 2, New: 1})
	p := b.Preview
	if p.Eligible != 2 || p.Ineligible != 1 || p.Reasons["ineligible"] != 1 || len(p.Cost) != 1 || p.Cost[0].Amount != ledger.Minor(100_00) {
		t.Errorf("preview = %+v", p)
	}
	if done := w.commit(t, b.ID); done.Enrolled.Enrolled != 2 || done.Enrolled.Ineligible != 1 || w.count(t, "children") != 3 {
		t.Errorf("done %+v", done)
	}
}

func TestSDSFoldersComeThroughTheRoom(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		folder string
		adults int
		want   map[Finding]int
	}{
		{"sds-v2.1", 4, map[Finding]int{New: 3, Review: 1}},
		{"sds-v2", 7, map[Finding]int{Review: 22}},
	} {
		t.Run(test.folder, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			u := Upload{Source: district, FileName: test.folder + ".zip", Data: folder(t, test.folder), EnrollOn: september}
			b, done := w.apply(t, u)
			wantFindings(t, b, test.want)
			if b.Counts.Adults != test.adults || done.New != test.want[New] || w.count(t, "children") != test.want[New] {
				t.Errorf("counts %+v, done %+v", b.Counts, done)
			}
			again := w.receive(t, u)
			if again.Counts.By[New]+again.Counts.By[Changed]+again.Counts.By[Gone] != 0 {
				t.Errorf("the same folder again: %v", again.Counts.By)
			}
		})
	}
}

// folder zips a folder of tables.
func folder(t *testing.T, name string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pgtest.Fixtures(t), "rosters", name, "*.csv"))
	if err != nil || files == nil {
		t.Fatalf("%s holds no tables: %v", name, err)
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.Create(filepath.Base(path))
		if err != nil {
			t.Fatal(err)
		}
		f.Write(raw)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
