package enroll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/savings"
)

// due is whom a run for a day has to look at.
func (w *world) due(on ledger.Date) (ids []family.ChildID) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		watches, err := family.Due(ctx, tx, w.program.ID, w.rules.Hash(), on, 0, 1000)
		for _, watch := range watches {
			ids = append(ids, watch.Child)
		}
		n, err2 := CountDue(ctx, tx, w.walk(on))
		if n != len(watches) {
			w.t.Errorf("%d are due, counted %d", len(watches), n)
		}
		return errors.Join(err, err2)
	})
	return ids
}

func TestWhateverChangesOfAChildTheNextRunLooksAtItAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, ben, cleo := w.child("Ana", "Cruz", nil), w.child("Ben", "Diaz", nil), w.child("Cleo", "Egan", nil)
	w.admit(ana, ben)
	ofAna := []family.ChildID{ana}
	if got := w.due(w.on); !slices.Equal(got, []family.ChildID{ana, ben}) {
		t.Fatalf("newly enrolled: %v are due, want %d and %d", got, ana, ben)
	}
	deposit := func(reference string, child family.ChildID) func(ctx context.Context, tx *sqlx.Tx) error {
		return func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: reference, Child: child, Amount: ledger.Minor(5_00), On: w.on, Channel: "ach"}}, 0, w.at)
			return err
		}
	}
	byReference := func(ctx context.Context, tx *sqlx.Tx, reference string) savings.DepositID {
		id, err := savings.DepositByReference(ctx, tx, w.program.ID, reference)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	for _, change := range []struct {
		what string
		do   func(ctx context.Context, tx *sqlx.Tx) error
		want []family.ChildID
	}{
		{"nothing", func(context.Context, *sqlx.Tx) error { return nil }, nil},
		{"a deposit", deposit("D1", ana), ofAna},
		{"the same deposit again", deposit("D1", ana), nil},
		{"a deposit of nobody", deposit("D2", 0), nil},
		{"an identification", func(ctx context.Context, tx *sqlx.Tx) error {
			return savings.Identify(ctx, tx, w.who, w.program, savings.Identification{Deposit: byReference(ctx, tx, "D2"), Child: ana, On: w.on}, w.at)
		}, ofAna},
		{"a return", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := savings.Return(ctx, tx, w.who, w.program, savings.BankReturn{Deposit: byReference(ctx, tx, "D1"), On: w.on, Code: "R01"}, w.at)
			return err
		}, ofAna},
		{"a move", func(ctx context.Context, tx *sqlx.Tx) error {
			return family.Update(ctx, tx, w.who, w.keys, []family.Change{{Child: ana, Person: family.Person{Given: "Ana", Family: "Cruz", City: "Springfield"}}}, w.at)
		}, ofAna},
		{"a new grade", func(ctx context.Context, tx *sqlx.Tx) error {
			return family.SetSchoolings(ctx, tx, w.who, []family.Schooling{{Child: ana, School: w.schools[0].ID, Grade: "02", From: w.on.AddDays(1)}}, w.at)
		}, ofAna},
		{"the same grade again", func(ctx context.Context, tx *sqlx.Tx) error {
			return family.SetSchoolings(ctx, tx, w.who, []family.Schooling{{Child: ana, School: w.schools[0].ID, Grade: "02", From: w.on.AddDays(1)}}, w.at)
		}, nil},
		{"a fact", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := family.RecordFacts(ctx, tx, w.who, w.keys, []family.Fact{{Child: ana, Name: "income", Value: 1, Known: w.on, Reference: "r1"}}, w.at)
			return err
		}, ofAna},
		{"an event", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := family.RecordEvents(ctx, tx, w.who, w.program.ID, []family.Event{{Child: ana, Kind: "claimed", On: w.on, Reference: "r1"}}, w.at)
			return err
		}, ofAna},
		{"a school renamed", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := program.PutSchools(ctx, tx, w.who, []program.School{{Code: "R01", Name: "Northern"}}, w.at)
			return err
		}, nil},
		{"a school of another district, by hand", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE schools SET district = 'Elsewhere' WHERE code = 'R01'`)
			return err
		}, []family.ChildID{ana, ben}},
		{"participation that ends, by hand", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE enrollments SET state = 'left', ended_on = $2 WHERE child_id = $1`, ana, w.on)
			return err
		}, ofAna},
		{"a touch", func(ctx context.Context, tx *sqlx.Tx) error {
			return family.Touch(ctx, tx, []family.ChildID{ana, cleo})
		}, ofAna},
		{"a child that takes no part", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := family.RecordFacts(ctx, tx, w.who, w.keys, []family.Fact{{Child: cleo, Name: "income", Value: 1, Known: w.on, Reference: "r1"}}, w.at)
			return err
		}, nil},
		{"an erased family", func(ctx context.Context, tx *sqlx.Tx) error {
			people, err := family.Load(ctx, tx, w.who, w.keys, ofAna)
			if err != nil {
				return err
			}
			return family.Erase(ctx, tx, people[0].Family)
		}, ofAna},
	} {
		w.night(t, w.on)
		if got := w.due(w.on); len(got) > 0 {
			t.Fatalf("after a run, before %s: %v are due", change.what, got)
		}
		w.do(change.do)
		if got := w.due(w.on); !slices.Equal(got, change.want) {
			t.Errorf("%s: %v are due, want %v", change.what, got, change.want)
		}
	}
	if tally := w.night(t, w.on); !tally.Excess.IsZero() || len(w.due(w.on)) > 0 {
		t.Errorf("of an erased family nothing is known: %+v", tally)
	}
}

func TestANewRuleBookHasEverybodyLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.child("Ana", "Cruz", nil)
	w.admit(ana)
	w.night(t, w.on)
	w.wantAwards(t, "by the old book", ana, "match 0.00 no_deposits", "seed 50.00 awarded")
	var err error
	if w.rules, err = rules.Parse([]byte(askingRules)); err != nil {
		t.Fatal(err)
	}
	if got := w.due(w.on); !slices.Equal(got, []family.ChildID{ana}) {
		t.Errorf("by the new book %v are due", got)
	}
}

// A fact that is recorded while a run looks at the child is not lost, whichever
// of the two commits first.
func TestAFactThatComesWhileARunLooksAtTheChildIsSeenByTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana := w.child("Ana", "Cruz", nil)
	w.admit(ana)
	w.night(t, w.on)
	record := func(tx *sqlx.Tx, reference string) error {
		_, err := family.RecordFacts(t.Context(), tx, w.who, w.keys, []family.Fact{{Child: ana, Name: "income", Value: 1, Known: w.on, Reference: reference}}, w.at)
		return err
	}

	// The fact is committed between the run's reading and its noting.
	w.do(func(ctx context.Context, tx *sqlx.Tx) error { return family.Touch(ctx, tx, []family.ChildID{ana}) })
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		watches, children, err := due(ctx, tx, w.walk(w.on), 0)
		if err != nil || len(watches) != 1 {
			return fmt.Errorf("due: %v, %w", watches, err)
		}
		w.do(func(_ context.Context, other *sqlx.Tx) error { return record(other, "r1") })
		_, err = savings.Assess(ctx, tx, w.who, w.program, w.rules, children, watches, w.on, w.at)
		return err
	})
	if got := w.due(w.on); len(got) != 1 {
		t.Errorf("the fact came in between and %v are due", got)
	}

	// The run reads before the fact is committed and notes after it.
	done := make(chan error, 1)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		if err := record(tx, "r2"); err != nil {
			return err
		}
		go func() {
			done <- w.db.InTx(t.Context(), w.who, func(run *sqlx.Tx) error {
				_, _, err := AwardChunk(t.Context(), run, w.walk(w.on), 0)
				return err
			})
		}()
		waitUntilBlocked(t, w)
		return nil
	})
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := w.due(w.on); len(got) != 1 {
		t.Errorf("the fact was written while the run looked, and %v are due", got)
	}
}

// waitUntilBlocked returns once a transaction waits for another.
func waitUntilBlocked(t *testing.T, w *world) {
	t.Helper()
	for blocked := 0; blocked == 0; {
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			return tx.GetContext(ctx, &blocked, `SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (
				SELECT pid FROM pg_stat_activity WHERE datname = current_database())`)
		})
	}
}

// checks runs the check of eligibility for a day and returns whom it asked about.
func (w *world) checks(on ledger.Date) (ids []family.ChildID) {
	w.t.Helper()
	walk := w.walk(on)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		watches, err := family.DueCheck(ctx, tx, w.program.ID, w.rules.Hash(), on, 0, 1000)
		if err != nil {
			return err
		}
		n, err := CountDueCheck(ctx, tx, walk)
		if err == nil && n != len(watches) {
			w.t.Errorf("%d are due, counted %d", len(watches), n)
		}
		_, _, err2 := CheckChunk(ctx, tx, walk, 0)
		ids = childrenOf(watches)
		return errors.Join(err, err2)
	})
	return ids
}

func TestEligibilityIsAskedOfThoseAloneWhoseFactsOrDayCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ana, ben := w.child("Ana", "Cruz", nil), w.child("Ben", "Diaz", nil)
	leo := w.child("Leo", "Park", func(_ *family.Person, grade *string) { *grade = "PK" })
	w.admit(ana, ben, leo)
	want := func(what string, on ledger.Date, ids ...family.ChildID) {
		t.Helper()
		if got := w.checks(on); !slices.Equal(got, ids) {
			t.Errorf("%s: %v were asked about, want %v", what, got, ids)
		}
	}
	want("the first night", w.on, ana, ben, leo)
	want("nothing new", w.on.AddDays(1))
	grows := w.on.AddDays(20)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return family.SetSchoolings(ctx, tx, w.who, []family.Schooling{{Child: leo, School: w.schools[0].ID, Grade: "KG", From: grows}}, w.at)
	})
	want("a new grade is known", w.on.AddDays(2), leo)
	want("and has not come", grows.AddDays(-1))
	want("the day came", grows, leo)
	if e := w.of(leo); e.State != Enrolled || e.EnrolledOn != grows {
		t.Errorf("Leo is %+v", e)
	}
	want("whose participation began is asked about once more", grows.AddDays(1), leo)
	want("nothing new again", grows.AddDays(2))
	w.do(func(ctx context.Context, tx *sqlx.Tx) error { return family.Touch(ctx, tx, []family.ChildID{leo}) })
	want("a day before one that was asked about", grows.AddDays(-1))
	want("touched", grows.AddDays(2), leo)
	book, err := rules.Parse([]byte(askingRules))
	if err != nil {
		t.Fatal(err)
	}
	w.rules = book
	want("another rule book", grows.AddDays(3), ana, ben, leo)
}
