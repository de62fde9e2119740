package roster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
)

func TestADiscardedBatchIsNotApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.receive(t, list(t, kid("1", "Ana", "Cruz")))
	discard := func() error {
		return w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return Discard(t.Context(), tx, w.program.ID, b.ID, w.at) })
	}
	if err := discard(); err != nil {
		t.Fatal(err)
	}
	_, err := w.tryCommit(t.Context(), b.ID)
	wantError(t, "commit of a discarded batch", err, ErrState)
	wantError(t, "discarded twice", discard(), ErrState)
	if n := w.count(t, "children"); n != 0 {
		t.Errorf("%d children", n)
	}
	b, _ = w.apply(t, list(t, kid("1", "Ana", "Cruz")))
	wantError(t, "discarded when applied", discard(), ErrState)
}

func TestABatchIsOfOneProgramAndOneOrganization(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.receive(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park").but(rosterfile.BornOn, "")))

	other := *w
	other.program = w.addProgram(t, "second")
	_, err := other.tryCommit(t.Context(), b.ID)
	wantError(t, "commit by another program", err, ErrNone)

	stranger := *w
	stranger.who = store.Who{Tenant: w.tenant(t, "Elsewhere"), Actor: "stranger"}
	_, err = stranger.tryCommit(t.Context(), b.ID)
	wantError(t, "commit by another organization", err, ErrNone)
	stranger.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		_, err := Load(ctx, q, w.program.ID, b.ID)
		wantError(t, "load by another organization", err, ErrNone)
		batches, err := Batches(ctx, q, w.program.ID, 0, 10)
		if err != nil {
			return err
		}
		problems, err := Problems(ctx, q, b.ID, 0, 10)
		if len(batches)+len(problems) != 0 {
			t.Errorf("a stranger sees %d batches and %d problems", len(batches), len(problems))
		}
		return err
	})
	if rows := append(stranger.rows(t, b.ID, New), stranger.rows(t, b.ID, Review)...); len(rows) != 0 {
		t.Errorf("a stranger sees %d rows", len(rows))
	}
	if w.count(t, "children") != 0 {
		t.Error("somebody else's commit did something")
	}
}

// A batch says what would happen; once another of its source is applied, that
// is no longer true.
func TestABatchComparedBeforeAnotherWasAppliedIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.receive(t, list(t, kid("", "Ana", "Cruz"), kid("2", "Leo", "Park")))
	second := w.receive(t, list(t, kid("", "Ana", "Cruz"), kid("2", "Leo", "Park").but(rosterfile.Grade, "02")))
	w.commit(t, first.ID)
	_, err := w.tryCommit(t.Context(), second.ID)
	wantError(t, "the second of two", err, ErrStale)
	if n := w.count(t, "children"); n != 2 {
		t.Errorf("%d children, want 2", n)
	}
	if b := w.load(t, second.ID); b.State != Staged {
		t.Errorf("the stale batch is %s", b.State)
	}
	third, _ := w.apply(t, list(t, kid("", "Ana", "Cruz"), kid("2", "Leo", "Park").but(rosterfile.Grade, "02")))
	wantFindings(t, third, map[Finding]int{Unchanged: 1, Changed: 1})
}

// Two schools send the same new child, and both files are compared before
// either is applied.
func TestTwoSourcesDoNotAddTheSameChildTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	school := w.receive(t, list(t, kid("1", "Ana", "Cruz"), kid("", "Leo", "Park")))
	club := w.receive(t, list(t, kid("1", "Ana", "Cruz"), kid("", "Leo", "Park"), kid("3", "Mia", "Sato")).from("Club"))
	wantFindings(t, club, map[Finding]int{New: 3})
	w.commit(t, school.ID)
	done := w.commit(t, club.ID)
	if done.New != 1 || done.Changed != 1 || w.count(t, "children") != 3 {
		t.Errorf("done %+v, %d children", done, w.count(t, "children"))
	}
	b := w.load(t, club.ID)
	wantFindings(t, b, map[Finding]int{New: 1, Changed: 1, Doubtful: 1})
	if rows := w.rows(t, club.ID, Doubtful); len(rows) != 1 || rows[0].Name != "Park, Leo" || rows[0].Child == 0 {
		t.Errorf("doubtful: %+v", rows)
	}
}

func TestAnInterruptedCommitGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 2*chunkRows + 500
	b := w.receive(t, list(t, many(n)...))
	ctx, cancel := context.WithCancel(t.Context())
	chunks := 0
	_, err := Commit(ctx, w.db, w.who, w.keys, w.program, b.ID, w.at, func(int, int) { chunks++; cancel() })
	if !errors.Is(err, context.Canceled) || chunks != 1 {
		t.Fatalf("after %d chunks: %v", chunks, err)
	}
	b = w.load(t, b.ID)
	first := w.count(t, "children")
	if b.State != Applying || b.DoneGroups == 0 || b.DoneGroups >= b.Groups || first < chunkRows || first > chunkRows+10 {
		t.Fatalf("interrupted: %s, %d of %d families, %d children", b.State, b.DoneGroups, b.Groups, first)
	}
	err = w.db.InTx(t.Context(), w.who, func(tx *sqlx.Tx) error { return Discard(t.Context(), tx, w.program.ID, b.ID, w.at) })
	wantError(t, "discard of a batch that was begun", err, ErrState)
	next := w.receive(t, list(t, many(10)...))
	_, err = w.tryCommit(t.Context(), next.ID)
	wantError(t, "another list meanwhile", err, ErrUnfinished)

	done := w.commit(t, b.ID)
	if done.New != n-first || w.count(t, "children") != n || w.count(t, "enrollments WHERE state = 'enrolled'") != n {
		t.Errorf("resumed: %+v, %d children", done, w.count(t, "children"))
	}
	w.eachOnce(t, n)
	_, err = w.tryCommit(t.Context(), next.ID)
	wantError(t, "the list that was compared meanwhile", err, ErrStale)
}

// eachOnce checks that n children with numbers from 0 are on record, each once.
func (w *world) eachOnce(t *testing.T, n int) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range w.children(t) {
		if seen[c.Person.StudentNumber] {
			t.Errorf("%s is on record twice", c.Person.StudentNumber)
		}
		seen[c.Person.StudentNumber] = true
	}
	for i := range n {
		if !seen[fmt.Sprintf("%06d", i)] {
			t.Errorf("%06d is missing", i)
		}
	}
}

func TestTwoCommitsAtOnceApplyABatchOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = chunkRows + 300
	b := w.receive(t, list(t, many(n)...))
	var both sync.WaitGroup
	var did [2]Done
	for i := range did {
		both.Go(func() {
			var err error
			if did[i], err = w.tryCommit(t.Context(), b.ID); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if did[0].New+did[1].New != n || w.load(t, b.ID).State != Applied {
		t.Errorf("one did %+v, the other %+v", did[0], did[1])
	}
	w.eachOnce(t, n)
}

func TestBatchesAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []ID
	for range 3 {
		ids = append(ids, w.receive(t, list(t, kid("1", "Ana", "Cruz"))).ID)
	}
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		page, err := Batches(ctx, q, w.program.ID, 0, 2)
		if err != nil {
			return err
		}
		rest, err := Batches(ctx, q, w.program.ID, page[1].ID, 2)
		if err == nil && (page[0].ID != ids[2] || page[1].ID != ids[1] || len(rest) != 1 || rest[0].ID != ids[0]) {
			t.Errorf("pages %v, %v of %v", page, rest, ids)
		}
		return err
	})
}

func TestIneligibleChildrenAreKnownAndNoParticipants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, done := w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park").but(rosterfile.Grade, "PK"), kid("3", "Mia", "Sato").but(rosterfile.Grade, "")))
	if b.Preview.Eligible != 1 || b.Preview.Ineligible != 2 || b.Preview.Reasons["ineligible"] != 1 || b.Preview.Reasons["missing_fact"] != 1 {
		t.Errorf("preview = %+v", b.Preview)
	}
	if e := done.Enrolled; e.Enrolled != 1 || e.Ineligible != 2 || e.Reasons["missing_fact"] != 1 {
		t.Errorf("enrolled = %+v", e)
	}
	w.read(t, func(ctx context.Context, q sqlx.QueryerContext) error {
		e, err := enroll.Of(ctx, q, w.program.ID, w.child(t, "Leo").ID)
		if err == nil && (e.State != enroll.Ineligible || !e.EnrolledOn.IsZero() || e.Why == "") {
			t.Errorf("Leo is %+v", e)
		}
		return err
	})
}

// TestNothingPersonalIsInTheClear looks for canaries in every column of every
// table, as a thief of the database's files would.
func TestNothingPersonalIsInTheClear(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	canaries := []string{"Xanthippe", "Quetzalcoatl", "Zyzzyva", "9907654321", "+15039876543", "canary@example.org", "77 Canary Row", "2014-02-03", "Papageno"}
	canary := func(p pupil) pupil {
		return p.but(rosterfile.Middle, "Papageno", rosterfile.BornOn, "2014-02-03", rosterfile.Street, "77 Canary Row", rosterfile.GuardianGiven, "Zyzzyva",
			rosterfile.GuardianFamily, "Quetzalcoatl", rosterfile.GuardianPhone, "+15039876543", rosterfile.GuardianEmail, "canary@example.org", rosterfile.GuardianID, "zyzzyva")
	}
	u := list(t,
		canary(kid("9907654321", "Xanthippe", "Quetzalcoatl")),
		canary(kid("9907654321", "Xanthippe", "Quetzalcoatl")).but(rosterfile.Grade, "Zyzzyva"),
		canary(kid("2", "Papageno", "Quetzalcoatl")).but(rosterfile.BornOn, "Xanthippe"),
		canary(kid("3", "", "")),
		canary(kid("4", "Papageno", "Zyzzyva")).but(rosterfile.ZIP, "Xanthippe", rosterfile.Language, "Zyzzyva", rosterfile.Status, "Papageno"),
	)
	w.apply(t, u)
	if w.count(t, "children") == 0 || w.count(t, "roster_problems") == 0 {
		t.Fatal("nothing was taken in, so nothing is shown")
	}
	owner, err := sql.Open("postgres", w.raw.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	rows, err := owner.QueryContext(t.Context(), `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = CAST('public' AS regnamespace)`)
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil || len(tables) < 20 {
		t.Fatalf("%d tables: %v", len(tables), err)
	}
	for _, table := range tables {
		for _, canary := range canaries {
			var n int
			// Both as text and as the bytes of it.
			query := "SELECT count(*) FROM " + pq.QuoteIdentifier(table) + " x WHERE strpos(lower(CAST(x AS text)), lower($1)) > 0 OR strpos(CAST(x AS text), encode(convert_to($1, 'UTF8'), 'hex')) > 0"
			if err := owner.QueryRowContext(t.Context(), query, canary).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				t.Errorf("%s holds %q in the clear", table, canary)
			}
		}
	}
}

// BenchmarkImport takes in a list of 20,000 children.
func BenchmarkImport(b *testing.B) {
	const n = 20_000
	u := list(b, many(n)...)
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		b.StartTimer()
		begun := time.Now()
		batch := w.receive(b, u)
		staged := time.Since(begun)
		w.commit(b, batch.ID)
		applied := time.Since(begun) - staged
		b.ReportMetric(float64(n)/staged.Seconds(), "staged/s")
		b.ReportMetric(float64(n)/applied.Seconds(), "applied/s")
		b.StopTimer()
		if got := w.count(b, "children"); got != n {
			b.Fatalf("%d children, want %d", got, n)
		}
		b.StartTimer()
	}
}

func TestWhoOptedOutIsNotEnrolledAgainEvenWhenErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park")))
	ana := w.child(t, "Ana")
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := family.Bury(ctx, tx, w.who, w.keys, w.program.ID, ana.ID, w.at); err != nil {
			return err
		}
		return family.Erase(ctx, tx, ana.Family)
	})
	for _, source := range []string{"", "Club"} {
		u := list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Parks"))
		if source != "" {
			u = u.from(source)
		}
		b, done := w.apply(t, u)
		if done.New != 0 || w.count(t, "enrollments") != 2 {
			t.Errorf("from %q: %+v, %d enrollments", source, done, w.count(t, "enrollments"))
		}
		if b.Counts.By[Unchanged] != 1 {
			t.Errorf("from %q: %v", source, b.Counts.By)
		}
	}
}

func TestARosterChangesNobodyOnCustodyHoldAndKeepsANewName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(t, list(t, kid("1", "Ana", "Cruz"), kid("2", "Leo", "Park")))
	ana, leo := w.child(t, "Ana"), w.child(t, "Leo")
	other := store.Who{Tenant: w.who.Tenant, Actor: "staff/9"}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := family.PlaceHold(ctx, tx, w.who, w.keys, ana.ID, family.Hold{Kind: family.CustodyHold, Why: "court"}, w.at); err != nil {
			return err
		}
		p := leo.Person.Renamed("Leon", "", "Sato", september, false)
		return family.Save(ctx, tx, w.who, w.keys, family.Change{Child: leo.ID, Person: p, Language: leo.Language}, leo.Version, w.at)
	})
	w.apply(t, list(t, kid("1", "Anna", "Cruz"), kid("2", "Leo", "Park").but(rosterfile.Grade, "02")))
	if got := w.child(t, "Ana"); got.ID != ana.ID {
		t.Errorf("under a custody hold: %+v", got.Person)
	}
	if got := w.child(t, "Leon"); got.Person.Family != "Sato" || len(got.Person.Formerly) != 1 {
		t.Errorf("a school that has not heard of the name: %+v", got.Person)
	}
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		holds, err := family.HoldsOf(ctx, tx, other, w.keys, ana.ID)
		if err != nil {
			return err
		}
		return family.LiftHold(ctx, tx, other, w.keys, ana.ID, holds[0].ID, "over", w.at)
	})
	w.apply(t, list(t, kid("1", "Anna", "Cruz"), kid("2", "Leo", "Park").but(rosterfile.Grade, "02")))
	if got := w.child(t, "Anna"); got.ID != ana.ID {
		t.Errorf("once it is lifted: %+v", got.Person)
	}
}
