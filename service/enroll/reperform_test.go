package enroll

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// reperform does a full re-performance and returns what it found, as lines.
func (w *world) reperform(t *testing.T, run int64, on ledger.Date) (found []string, out Reviewed) {
	t.Helper()
	out.Findings = map[string]int{}
	for after := family.ChildID(0); ; {
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			next, chunk, err := ReperformChunk(ctx, tx, w.walk(on), run, after)
			after = next
			out.Children, out.Waiting, out.Erased = out.Children+chunk.Children, out.Waiting+chunk.Waiting, out.Erased+chunk.Erased
			for reason, n := range chunk.Findings {
				out.Findings[reason] += n
			}
			return err
		})
		if after == 0 {
			break
		}
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		fs, err := savings.Findings(ctx, tx, w.program.ID, run, 0, 1000)
		for _, f := range fs {
			found = append(found, fmt.Sprintf("%d %s %s: %s, expected %s, found %s", f.Child, f.Benefit, f.Period, f.Reason, f.Expected, f.Found))
			out.Findings[f.Reason]--
		}
		return err
	})
	for reason, n := range out.Findings {
		if n != 0 {
			t.Errorf("run %d counts %d more of %s than it lists", run, n, reason)
		}
	}
	return found, out
}

// approved puts the world's rules into effect, so that a job finds them.
func (w *world) approved(t *testing.T) {
	t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		hash, err := program.Draft(ctx, tx, w.who, w.program.ID, []byte(cityRules), w.at)
		if err != nil {
			return err
		}
		return program.Approve(ctx, tx, store.Who{Tenant: w.who.Tenant, Actor: "checker"}, w.program.ID, hash, w.at)
	})
}

func TestAFullReperformanceFindsWhatWasTamperedWithOrMissed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approved(t)
	ana, ben, cleo := w.child("Ana", "Cruz", nil), w.child("Ben", "Diaz", nil), w.child("Cleo", "Egan", nil)
	w.admit(ana, ben, cleo)
	deposit := func(reference string, child family.ChildID) {
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: reference, Child: child, Amount: ledger.Minor(30_00), On: w.on, Channel: "ach"}}, 0, w.at)
			return err
		})
	}
	deposit("D1", ana)
	w.night(t, w.on)
	if found, out := w.reperform(t, 1, w.on); len(found) > 0 || out.Children != 3 || out.Waiting != 0 {
		t.Fatalf("of an honest program: %q, %+v", found, out)
	}

	hand := func(query string, args ...any) {
		t.Helper()
		w.do(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, query, args...)
			return err
		})
	}
	deposit("D2", ben)
	if _, out := w.reperform(t, 2, w.on); out.Waiting != 1 {
		t.Errorf("a child with news: %+v, want 1 waiting", out)
	}
	hand(`UPDATE child_watches SET look_on = '2030-01-01' WHERE child_id = $1`, ben) // as if nobody had touched it
	hand(`UPDATE awards SET entitled = 75, posted = 75 WHERE child_id = $1 AND benefit = 'seed'`, ana)
	hand(`UPDATE awards SET reason = 'opted_out' WHERE child_id = $1 AND benefit = 'seed'`, cleo)
	want := []string{
		fmt.Sprint(ana, " seed once: entitled, expected 50.00, found 75.00"),
		fmt.Sprint(ana, " seed once: moves, expected 75.00, found 50.00"),
		fmt.Sprint(ana, " seed once: overpaid, expected 50.00, found 75.00"),
		fmt.Sprint(ben, " match 2026-27: entitled, expected 30.00, found 0.00"),
		fmt.Sprint(ben, " match 2026-27: underpaid, expected 30.00, found 0.00"),
		fmt.Sprint(cleo, " seed once: reason, expected 50.00, found 50.00"),
	}
	found, _ := w.reperform(t, 3, w.on)
	if !slices.Equal(found, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	if again, _ := w.reperform(t, 4, w.on); !slices.Equal(again, want) {
		t.Errorf("a second time: %q: nothing is corrected by looking", again)
	}

	// The next run over the child puts its award right, and the books with it.
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return family.Touch(ctx, tx, []family.ChildID{ben, cleo})
	})
	w.night(t, w.on)
	if found, _ = w.reperform(t, 5, w.on); !slices.Equal(found, want[:3]) {
		t.Errorf("once touched: %q, want the tampered award alone", found)
	}
}

func TestAReperformanceFindsADayThatNoRunLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approved(t)
	ana := w.child("Ana", "Cruz", nil)
	w.admit(ana)
	w.night(t, w.on)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE child_watches SET look_on = NULL`) // as if the rules had said: never
		return err
	})
	later := ledger.NewDate(2027, 7, 1) // another school year, whose match nobody looked at
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{{Reference: "D1", Child: ana, Amount: ledger.Minor(30_00), On: later, Channel: "ach"}}, 0, w.at)
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE child_watches SET look_on = NULL`)
		}
		return err
	})
	found, _ := w.reperform(t, 1, later)
	want := []string{fmt.Sprint(ana, " match 2027-28: missing, expected 30.00, found 0.00")}
	if !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

func TestAReperformanceComparesWithTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.approved(t)
	ana := w.child("Ana", "Cruz", nil)
	w.admit(ana)
	w.night(t, w.on)
	// Money moved past the awards: a posting that no award explains.
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		accounts, err := ledger.EnsureAccounts(ctx, tx, w.program.Book, []ledger.Account{
			{Chart: ledger.Uncommitted, Fund: w.city(ctx, tx)}, {Chart: ledger.DesignatedSeed, Fund: w.city(ctx, tx), Child: int64(ana), Benefit: "seed"}})
		if err != nil {
			return err
		}
		_, err = ledger.Post(ctx, tx, w.program.Book, w.at, []ledger.Posting{{Key: "stray", Kind: "award", Effective: w.on, Maker: "test",
			Entries: []ledger.Entry{{Account: accounts[0], Amount: ledger.Minor(-7_00)}, {Account: accounts[1], Amount: ledger.Minor(7_00)}}}})
		return err
	})
	found, _ := w.reperform(t, 1, w.on)
	if want := []string{fmt.Sprint(ana, " seed : ledger, expected 50.00, found 57.00")}; !slices.Equal(found, want) {
		t.Errorf("found %q, want %q", found, want)
	}
}

// city is the fund of the city.
func (w *world) city(ctx context.Context, tx *sqlx.Tx) (id ledger.FundID) {
	w.t.Helper()
	if err := tx.GetContext(ctx, &id, `SELECT id FROM funds WHERE program_id = $1 AND code = 'CITY'`, w.program.ID); err != nil {
		w.t.Fatal(err)
	}
	return id
}
