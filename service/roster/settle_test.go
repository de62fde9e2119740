package roster

import (
	"context"
	"reflect"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
)

// settle answers for a row of a batch.
func (w *world) settle(t testing.TB, id ID, s Settling) error {
	t.Helper()
	return w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error {
		return Settle(t.Context(), tx, w.who, w.keys, w.program, id, s, w.at)
	})
}

// must is settle where it has to go well; it returns the row as it is then.
func (w *world) must(t testing.TB, id ID, s Settling) Row {
	t.Helper()
	if err := w.settle(t, id, s); err != nil {
		t.Fatal(err)
	}
	r, _ := w.doubt(t, id, s.Row)
	return r
}

func (w *world) doubt(t testing.TB, id ID, n int) (r Row, found []Candidate) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		r, found, err = Doubt(ctx, q, w.who, w.keys, id, n)
		return err
	})
	return r, found
}

func (w *world) digest(t testing.TB, id ID) (c Commitment) {
	t.Helper()
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		content, err := CommitContent(ctx, q, w.program.ID, id)
		c.Settled = string(content.Details)
		return err
	})
	return c
}

// doubts are a district's children on record, and a club's list about two of them,
// a child without a birth date, and one that nobody knows.
func doubts(t *testing.T) (*world, Batch) {
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park"), kid("3", "Mia", "Sato")))
	return w, w.receive(t, club(t))
}

func club(t *testing.T) Upload {
	return list(t,
		kid("", "Leo", "Park"),    // alike
		kid("3", "Maya", "Satou"), // the number of another name
		kid("", "Noa", "Lind").but(rosterfile.BornOn, ""),
		kid("7", "Ivo", "Horn"),
	).from("Club")
}

func TestWhatCannotBeSettledIsRefused(t *testing.T) {
	t.Parallel()
	w, b := doubts(t)
	wantFindings(t, b, map[Finding]int{Doubtful: 2, Review: 1, New: 1})
	leo, ana := w.child(t, "Leo"), w.child(t, "Ana")
	row := func(name string) int {
		for _, r := range append(w.rows(t, b.ID, Doubtful), append(w.rows(t, b.ID, Review), w.rows(t, b.ID, New)...)...) {
			if r.Name == name {
				return r.N
			}
		}
		t.Fatalf("no row of %s", name)
		return 0
	}
	for _, test := range []struct {
		what string
		s    Settling
		want error
	}{
		{"a row of nobody's", Settling{Row: 99, Answer: Out, Why: OutTwice}, ErrNoRow},
		{"a row without doubt", Settling{Row: row("Horn, Ivo"), Answer: Out, Why: OutTwice}, ErrNoRow},
		{"an older look", Settling{Row: row("Park, Leo"), Seen: 3, Answer: Same, Child: leo.ID}, ErrSettled},
		{"the same as nobody", Settling{Row: row("Park, Leo"), Answer: Same}, ErrWho},
		{"the same as a child there is not", Settling{Row: row("Park, Leo"), Answer: Same, Child: 987654}, ErrWho},
		{"a new child without a birth date", Settling{Row: row("Lind, Noa"), Answer: Fresh}, ErrNotNew},
		{"left out for no reason", Settling{Row: row("Lind, Noa"), Answer: Out}, ErrOutWhy},
		{"left out for some reason", Settling{Row: row("Lind, Noa"), Answer: Out, Why: OutNote}, ErrOutWhy},
		{"no answer that we know", Settling{Row: row("Lind, Noa"), Answer: "maybe"}, ErrWho},
	} {
		wantError(t, test.what, w.settle(t, b.ID, test.s), test.want)
	}
	stranger := *w
	stranger.who = store.Who{Tenant: w.tenant(t, "Elsewhere"), Actor: "stranger"}
	wantError(t, "by another organization", stranger.settle(t, b.ID, Settling{Row: row("Park, Leo"), Answer: Fresh}), ErrNone)

	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return family.Bury(ctx, tx, w.who, w.keys, w.program.ID, ana.ID, w.at)
	})
	c := w.receive(t, list(t, kid("", "Ana", "Cruz").but(rosterfile.SchoolCode, "", rosterfile.SchoolName, "")).from("Church"))
	n := w.rows(t, c.ID, Review)[0].N
	wantError(t, "a new child of a family that opted out", w.settle(t, c.ID, Settling{Row: n, Answer: Fresh}), ErrOptedOut)

	if got := w.load(t, b.ID); !reflect.DeepEqual(got, b) {
		t.Errorf("refusals changed the batch:\n%+v\n%+v", got, b)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error { return Discard(ctx, tx, w.program.ID, b.ID, w.at) })
	wantError(t, "of a discarded batch", w.settle(t, b.ID, Settling{Row: row("Park, Leo"), Answer: Fresh}), ErrState)
}

func TestARowIsShownWithWhomItMayBeAbout(t *testing.T) {
	t.Parallel()
	w, b := doubts(t)
	leo, mia := w.child(t, "Leo"), w.child(t, "Mia")
	for _, r := range w.rows(t, b.ID, Doubtful) {
		_, found := w.doubt(t, b.ID, r.N)
		if len(found) == 0 || len(found[0].Evidence) == 0 {
			t.Fatalf("%s: %+v", r.Name, found)
		}
		want := leo.ID
		if r.Reason == reasonStudent {
			if want = mia.ID; !found[0].Number {
				t.Errorf("%s has the number", r.Name)
			}
		}
		if found[0].Child != want {
			t.Errorf("%s: %+v, want child %d first", r.Name, found, want)
		}
	}
}

func TestSettledRowsAreApplied(t *testing.T) {
	t.Parallel()
	w, b := doubts(t)
	leo, mia := w.child(t, "Leo"), w.child(t, "Mia")
	alike, student, noa := w.rows(t, b.ID, Doubtful)[0], w.rows(t, b.ID, Doubtful)[1], w.rows(t, b.ID, Review)[0]

	before := w.digest(t, b.ID)
	r := w.must(t, b.ID, Settling{Row: alike.N, Answer: Same, Child: leo.ID})
	if r.Settled.Child != leo.ID || r.Settled.By != "test" || !r.Settled.At.Equal(w.at) || r.Settled.No != 1 {
		t.Errorf("settled: %+v", r.Settled)
	}
	wantError(t, "by who saw it before", w.settle(t, b.ID, Settling{Row: alike.N, Answer: Fresh}), ErrSettled)
	same := w.digest(t, b.ID)
	r = w.must(t, b.ID, Settling{Row: student.N, Answer: Fresh})
	fresh := w.load(t, b.ID)
	if fresh.Preview.Eligible != b.Preview.Eligible+1 || fresh.Counts.Open() != 1 || fresh.Preview.Cost[0].Amount.Cmp(b.Preview.Cost[0].Amount.Add(ledger.Minor(50_00))) != 0 {
		t.Errorf("a new child: %+v", fresh.Preview)
	}
	new := w.digest(t, b.ID)
	if before.Settled == same.Settled || same.Settled == new.Settled {
		t.Error("what is approved does not depend on the answers")
	}
	w.must(t, b.ID, Settling{Row: student.N, Seen: r.Settled.No, Answer: Unsaid})
	if back := w.digest(t, b.ID); back.Settled == new.Settled || !reflect.DeepEqual(w.load(t, b.ID).Preview.Cost, b.Preview.Cost) {
		t.Errorf("taken back: %+v, want %+v", w.load(t, b.ID).Preview, b.Preview)
	}
	w.must(t, b.ID, Settling{Row: student.N, Seen: 2, Answer: Fresh})
	w.must(t, b.ID, Settling{Row: noa.N, Answer: Out, Why: OutWrong})

	done := w.commit(t, b.ID)
	if done.New != 2 || done.Changed != 1 || done.Enrolled.Enrolled != 2 || w.count(t, "children") != 5 {
		t.Errorf("done %+v, %d children", done, w.count(t, "children"))
	}
	if maya := w.child(t, "Maya"); maya.Person.StudentNumber != "" {
		t.Errorf("one number is two children's: %+v", maya.Person)
	}
	if got := w.child(t, "Mia"); got.ID != mia.ID || got.Person.StudentNumber != "3" {
		t.Errorf("Mia is %+v", got.Person)
	}
	wantError(t, "once applied", w.settle(t, b.ID, Settling{Row: alike.N, Seen: 1, Answer: Fresh}), ErrUsed)

	again := w.receive(t, club(t))
	wantFindings(t, again, map[Finding]int{Unchanged: 4})
	if out := w.rows(t, again.ID, Unchanged); !hasReason(out, reasonOut) {
		t.Error("nothing says that a row was left out")
	}
	mended := club(t)
	mended.Data = list(t, kid("", "Leo", "Park"), kid("", "Noa", "Lind").but(rosterfile.BornOn, "", rosterfile.Grade, "02")).Data
	if b := w.receive(t, mended.changes()); b.Counts.By[Review] != 1 {
		t.Errorf("a row that says something else is asked about again: %v", b.Counts.By)
	}
}

func hasReason(rows []Row, reason string) bool {
	for _, r := range rows {
		if r.Reason == reason {
			return true
		}
	}
	return false
}

func TestRowsSettledLaterAreAppliedLater(t *testing.T) {
	t.Parallel()
	w, b := doubts(t)
	w.commit(t, b.ID)
	leo := w.child(t, "Leo")
	alike, student := w.rows(t, b.ID, Doubtful)[0], w.rows(t, b.ID, Doubtful)[1]
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		_, err := CommitContent(ctx, q, w.program.ID, b.ID)
		wantError(t, "nothing to apply", err, ErrState)
		return nil
	})
	w.must(t, b.ID, Settling{Row: alike.N, Answer: Same, Child: leo.ID})
	w.must(t, b.ID, Settling{Row: student.N, Answer: Fresh})
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		content, err := CommitContent(ctx, q, w.program.ID, b.ID)
		if err == nil && (content.Affected != 2 || content.Total.Cmp(ledger.Minor(50_00)) != 0) {
			t.Errorf("later: %+v", content)
		}
		return err
	})
	if done := w.commit(t, b.ID); done.New != 1 || done.Changed != 1 || done.Enrolled.Enrolled != 1 || w.count(t, "children") != 5 {
		t.Errorf("done %+v, %d children", done, w.count(t, "children"))
	}
	if done := w.commit(t, b.ID); done.New+done.Changed != 0 || w.count(t, "children") != 5 {
		t.Errorf("done again %+v", done)
	}

	review := w.rows(t, b.ID, Review)[0]
	w.apply(t, club(t))
	wantError(t, "when a newer list asks the same", w.settle(t, b.ID, Settling{Row: review.N, Answer: Out, Why: OutTwice}), ErrStale)
}
