package roster

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/family"
)

func TestTheEdFiRosterIsPricedBeforeItIsApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.receive(t, edfi(t))
	wantFindings(t, b, map[Finding]int{New: 960})
	if c := b.Counts; c.Rows != 2832 || c.Adults != 1872 || c.Children != 960 || c.Quarantined != 0 {
		t.Errorf("counts = %+v", c)
	}
	if b.State != Staged || b.Mode != "bulk" || b.ReceivedBy != "test" || len(b.SHA256) != 32 {
		t.Errorf("batch = %+v", b)
	}
	p := b.Preview
	if len(p.Cost) != 1 || p.Cost[0].Benefit != "seed" || p.Cost[0].Fund != "CITY" || p.Cost[0].Children != 960 || p.Cost[0].Amount.String() != "48000.00" {
		t.Errorf("cost = %+v, want 960 seeds of CITY, 48000.00", p.Cost)
	}
	if p.Eligible != 960 || p.Ineligible != 0 || p.Funds["CITY"] != "100000.00" {
		t.Errorf("preview = %+v", p)
	}
	want := []SchoolLine{
		{Code: "255901107", Name: "Grand Bend Elementary School", District: district, Children: 508, New: 508},
		{Code: "255901001", Name: "Grand Bend High School", District: district, Children: 209, New: 209},
		{Code: "255901044", Name: "Grand Bend Middle School", District: district, Children: 243, New: 243},
	}
	if !slices.Equal(p.Schools, want) {
		t.Errorf("schools = %+v, want %+v", p.Schools, want)
	}
	if n := w.count(t, "children"); n != 0 {
		t.Errorf("%d children are on record before anybody agreed", n)
	}
}

func TestTheEdFiRosterEnrolls960ChildrenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, done := w.apply(t, edfi(t))
	if done.New != 960 || done.Enrolled.Enrolled != 960 || done.Enrolled.Ineligible != 0 || b.State != Applied || b.AppliedBy != "test" || b.AppliedAt.IsZero() {
		t.Fatalf("done %+v, batch %+v", done, b)
	}
	if n := w.count(t, "guardians"); n != 1872 {
		t.Errorf("%d guardians, want 1872", n)
	}
	w.siblingsShareFamilies(t)

	again := w.receive(t, edfi(t))
	wantFindings(t, again, map[Finding]int{Unchanged: 960})
	if len(again.Preview.Cost) != 0 || again.Preview.Eligible != 0 {
		t.Errorf("the same file would cost %+v", again.Preview)
	}
	before := w.about(t)
	if done := w.commit(t, again.ID); done.New+done.Changed+done.Gone+done.Enrolled.Enrolled != 0 {
		t.Errorf("the same file did %+v", done)
	}
	if changed := differences(before, w.about(t)); changed != nil {
		t.Errorf("the same file changed %v", changed)
	}
	if done := w.commit(t, b.ID); done.New != 0 {
		t.Errorf("applied again, the first file did %+v", done)
	}
}

// siblingsShareFamilies checks that every child is enrolled, at a school, with
// guardians, and that children of the same guardians are one family.
func (w *world) siblingsShareFamilies(t *testing.T) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		rows, err := enroll.List(ctx, q, w.who, w.keys, w.program.ID, enroll.Filter{Limit: 2000})
		if err != nil {
			return err
		}
		byHome := map[string]family.ID{}
		for _, r := range rows {
			if r.State != enroll.Enrolled || r.EnrolledOn != september || r.School == "" || r.Grade == "" {
				t.Errorf("child %d is %+v", r.Child, r)
			}
			guardians, err := family.Guardians(ctx, q, w.who, w.keys, r.Child)
			if err != nil {
				return err
			}
			if len(guardians) == 0 || guardians[0].Phone == "" {
				t.Errorf("child %d has guardians %+v", r.Child, guardians)
			}
			children, err := family.Load(ctx, q, w.who, w.keys, []family.ChildID{r.Child})
			if err != nil {
				return err
			}
			home := ""
			for _, g := range guardians {
				home += g.DisplayName() + g.Phone + ";"
			}
			if known, met := byHome[home]; met && known != children[0].Family {
				t.Errorf("children of %d guardians are in families %d and %d", len(guardians), known, children[0].Family)
			}
			byHome[home] = children[0].Family
		}
		if len(rows) != 960 || len(byHome) != w.count(t, "families") {
			t.Errorf("%d children, %d homes, %d families", len(rows), len(byHome), w.count(t, "families"))
		}
		return nil
	})
}

func TestAChildMissingFromTheEdFiRosterIsAQuestionAndNoExit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, edfi(t))
	u := edfi(t)
	u.Data = without(t, u.Data, "604821")
	b, done := w.apply(t, u)
	wantFindings(t, b, map[Finding]int{Unchanged: 959, Gone: 1})
	if done.Gone != 1 || done.New+done.Changed != 0 {
		t.Errorf("done %+v", done)
	}
	if n := w.count(t, "enrollments WHERE state = 'enrolled'"); n != 960 {
		t.Errorf("%d children take part, want all 960", n)
	}
	gone := w.rows(t, b.ID, Gone)
	if len(gone) != 1 || gone[0].Child == 0 {
		t.Errorf("gone = %+v", gone)
	}
	// The question is asked once, and the child's return is noticed.
	b = w.receive(t, u)
	wantFindings(t, b, map[Finding]int{Unchanged: 959})
	b, _ = w.apply(t, edfi(t))
	wantFindings(t, b, map[Finding]int{Unchanged: 959, Changed: 1})
}

// without is a OneRoster package without a person's rows.
func without(t *testing.T, data []byte, id string) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !strings.Contains(line, id) {
				io.WriteString(w, line)
			}
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}
