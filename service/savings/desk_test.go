package savings

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/store"
)

// enrolled adds n children who take part.
func (w *world) enrolled(t *testing.T, n int) []family.ChildID {
	t.Helper()
	ids := w.children(t, n)
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		const query = `
			INSERT INTO enrollments (tenant_id, program_id, child_id, state, enrolled_on, created_at, updated_at)
			SELECT $1, $2, id, 'enrolled', CAST('2026-09-01' AS date), $4, $4 FROM unnest(CAST($3 AS bigint[])) AS c (id)`
		_, err := tx.ExecContext(ctx, query, w.who.Tenant, w.program.ID, pq.Array(ids), w.at)
		return err
	})
	return ids
}

func (w *world) desk(t *testing.T) *Desk {
	d := OpenDesk(w.db, w.who.Tenant, w.program)
	t.Cleanup(d.Close)
	return d
}

func TestManyDepositsAtOnceAreEachPostedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.enrolled(t, 8)
	d := w.desk(t)
	stranger := w.children(t, 1)[0]
	const clients, each = 32, 10
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[Outcome]int{}
	for i := range clients {
		wg.Go(func() {
			for n := range each {
				// Two clients hand in every deposit.
				deposit := Deposit{Reference: fmt.Sprintf("K%d-%d", i/2, n), Child: c[i/2%8], Amount: money(t, "5"), On: day(t, "2026-09-05"), Channel: "cash"}
				outcome, err := d.Post(t.Context(), fmt.Sprint("staff/", i%3), deposit, w.at)
				if err != nil {
					t.Error(err)
				}
				bad := deposit
				bad.Reference, bad.Child = fmt.Sprintf("B%d-%d", i, n), stranger
				if _, err := d.Post(t.Context(), "staff/9", bad, w.at); !errors.Is(err, ErrNoChild) {
					t.Errorf("a child that does not take part: %v", err)
				}
				mu.Lock()
				got[outcome]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if got[Posted] != clients*each/2 || got[Repeated] != clients*each/2 {
		t.Errorf("outcomes %v, want %d posted and as many repeated", got, clients*each/2)
	}
	if sum := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.FamilyPrincipal}}); sum != money(t, "800") {
		t.Errorf("the children have %s, want 800.00", sum)
	}
	w.verifies(t)
	var actors []string
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &actors, `SELECT DISTINCT maker FROM ledger_transactions WHERE kind = 'deposit' ORDER BY maker`)
	})
	if fmt.Sprint(actors) != "[staff/0 staff/1 staff/2]" {
		t.Errorf("deposits were made by %v", actors)
	}
}

func TestADeskRefusesOneDepositAndPostsTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.enrolled(t, 1)[0]
	d := w.desk(t)
	good := Deposit{Reference: "G", Child: c, Amount: money(t, "5"), On: day(t, "2026-09-05"), Channel: "cash"}
	nothing, nameless, nobody, clash, unknown := good, good, good, good, good
	nothing.Amount = money(t, "0")
	nameless.Reference = " "
	nobody.Reference, nobody.Child = "N", 1<<40
	clash.Amount = money(t, "6")
	unknown.Reference, unknown.Child = "U", 0
	for _, try := range []struct {
		what    string
		deposit Deposit
		outcome Outcome
		err     error
	}{
		{"nothing", nothing, "", ErrAmount},
		{"no reference", nameless, "", ErrReference},
		{"no such child", nobody, "", ErrNoChild},
		{"good", good, Posted, nil},
		{"again", good, Repeated, nil},
		{"clash", clash, Clash, nil},
		{"nobody knows whose", unknown, Suspense, nil},
	} {
		outcome, err := d.Post(t.Context(), "staff/1", try.deposit, w.at)
		if outcome != try.outcome || !errors.Is(err, try.err) {
			t.Errorf("%s: %q, %v, want %q, %v", try.what, outcome, err, try.outcome, try.err)
		}
	}
	d.Close()
	if _, err := d.Post(t.Context(), "staff/1", good, w.at); !errors.Is(err, store.ErrBusy) {
		t.Errorf("closed: %v, want ErrBusy", err)
	}
}

// verifies has the ledger check itself.
func (w *world) verifies(t testing.TB) {
	t.Helper()
	err := w.db.Read(t.Context(), w.who, func(q sqlx.QueryerContext) error {
		report, err := ledger.Verify(t.Context(), q, w.program.Book, nil)
		if err == nil && !report.OK() {
			t.Errorf("the books are wrong: %v", report.Findings)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
