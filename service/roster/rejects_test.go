package roster

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
)

func (w *world) rejected(t testing.TB, id ID) (columns []string, rows []Reject) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		columns, rows, err = Rejected(ctx, q, w.who, w.keys, w.program.ID, id)
		return err
	})
	return columns, rows
}

func TestRejectedRowsAreMendedAndSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, _ := w.apply(t, list(t,
		kid("1", "Ana", "Cruz"),
		kid("2", "Leo", "Park").but(rosterfile.BornOn, "soon"),
		kid("3", "", ""),
		kid("4", "Mia", "Sato"),
		kid("4", "Mio", "Sato"), // the number of the row before
	))
	columns, rows := w.rejected(t, b.ID)
	if len(columns) != len(rosterfile.Fields) || len(rows) != 4 {
		t.Fatalf("%d columns, rows %+v", len(columns), rows)
	}
	for i, want := range []struct {
		line   int
		number string
		code   string
	}{{3, "2", "roster.problem.birth_unreadable"}, {4, "3", "roster.problem.name_missing"}, {5, "4", "roster.problem.id_clash"}, {6, "4", "roster.problem.id_twice"}} {
		r := rows[i]
		if r.Line != want.line || len(r.Cells) != len(columns) || r.Cells[6] != want.number || len(r.Problems) == 0 || r.Problems[0].Code != want.code {
			t.Errorf("row %d: %+v, want %+v", i, r, want)
		}
	}

	mended := w.mend(t, columns, rows, func(line int, cells []string) {
		switch line {
		case 3:
			cells[2] = "2015-05-06"
		case 4:
			cells[0], cells[1] = "Ivo", "Horn"
		case 6:
			cells[6] = "5"
		}
	})
	again, done := w.apply(t, mended)
	wantFindings(t, again, map[Finding]int{New: 4})
	if again.Mode != string(rosterfile.Delta) || done.Gone != 0 || done.New != 4 || w.count(t, "children") != 5 {
		t.Errorf("%s, done %+v, %d children", again.Mode, done, w.count(t, "children"))
	}
	if columns, _ := w.rejected(t, again.ID); len(columns) != len(rosterfile.Fields) {
		t.Errorf("our own columns are the sender's: %v", columns)
	}
	again, done = w.apply(t, mended)
	if done.New != 0 || w.count(t, "children") != 5 || w.count(t, "enrollments WHERE state = 'enrolled'") != 5 {
		t.Errorf("sent twice: %+v, %v", done, again.Counts)
	}
	if b, _ := w.apply(t, list(t, kid("1", "Ana", "Cruz"))); b.Counts.By[Gone] != 4 {
		t.Errorf("a whole list says who is gone: %v", b.Counts.By)
	}
}

// mend writes rejected rows as the console does, mended.
func (w *world) mend(t testing.TB, columns []string, rows []Reject, change func(line int, cells []string)) Upload {
	t.Helper()
	out := [][]string{append(append([]string{}, columns...), rosterfile.LineColumn, rosterfile.ProblemColumn)}
	for _, r := range rows {
		cells := append([]string{}, r.Cells...)
		change(r.Line, cells)
		out = append(out, append(cells, strconv.Itoa(r.Line), "what is wrong"))
	}
	var buf bytes.Buffer
	if err := csv.NewWriter(&buf).WriteAll(out); err != nil {
		t.Fatal(err)
	}
	u := list(t)
	u.Data, u.FileName, u.Mapping = buf.Bytes(), "mended.csv", nil // as it was said of this source
	return u
}

func TestRejectedRowsAreOfOneProgramAndGoWhenPurged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, _ := w.apply(t, list(t, kid("3", "", ""), kid("2", "Leo", "Park").but(rosterfile.BornOn, "")))
	other := *w
	other.program = w.addProgram(t, "second")
	stranger := *w
	stranger.who = store.Who{Tenant: w.tenant(t, "Elsewhere"), Actor: "stranger"}
	for what, w := range map[string]*world{"another program": &other, "another organization": &stranger} {
		w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
			_, _, err := Rejected(ctx, q, w.who, w.keys, w.program.ID, b.ID)
			wantError(t, "rows for "+what, err, ErrNone)
			return nil
		})
	}
	w.must(t, b.ID, Settling{Row: w.rows(t, b.ID, Review)[0].N, Answer: Out, Why: OutWrong})
	if _, rows := w.rejected(t, b.ID); len(rows) != 1 {
		t.Errorf("a settled row is still to be mended: %+v", rows)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		later := w.at.AddDate(0, 0, 91)
		_, err := Purge(ctx, tx, w.program.ID, nil, later, later, 10)
		return err
	})
	if _, rows := w.rejected(t, b.ID); len(rows) != 0 || !w.load(t, b.ID).Purged {
		t.Errorf("kept after the purge: %+v", rows)
	}
}

func TestRejectedRowsOfAPackageStandAsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.receive(t, edfi(t))
	columns, rows := w.rejected(t, b.ID)
	if columns != nil {
		t.Errorf("columns %v", columns)
	}
	for _, r := range rows {
		if r.Raw == "" || r.File == "" {
			t.Errorf("row %+v", r)
		}
	}
	if len(rows) == 0 && b.Counts.Quarantined > 0 {
		t.Errorf("%d rows are set aside, and none is to be had", b.Counts.Quarantined)
	}
}
