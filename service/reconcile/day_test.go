package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/fund"
	"seedbook/service/savings"
)

func (w *world) day(on string) (d Day) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		d, err = Reconcile(ctx, tx, w.program, w.bank, day(on))
		return err
	})
	return d
}

// said is a day in short: the bank, the books, and each difference.
func (d Day) said() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s = %s", d.Bank, d.Cash)
	for _, x := range d.Breaks {
		fmt.Fprintf(&b, " %s %s %s", x.Kind, x.Amount, x.Since)
	}
	return b.String()
}

func (d Day) made() string {
	var out []string
	for _, t := range d.Terms {
		out = append(out, t.Name+" "+t.Amount.String())
	}
	return strings.Join(out, ", ")
}

func (w *world) wantDay(on, want string) Day {
	w.t.Helper()
	d := w.day(on)
	if got := d.said(); got != want {
		w.t.Errorf("%s: %s, want %s", on, got, want)
	}
	return d
}

// Every day holds, and every difference has a name, until it is gone.
func TestEveryDayReconcilesOrSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.books("2026-09-07", movement{"165", 25_00, "R1", w.accounts[0], "260908"}, movement{"165", 10_00, "R2", "GRANDMA", ""})
	w.wantDay("2026-09-07", "35.00 = 10.00 timing 25.00 2026-09-07")
	if d := w.wantDay("2026-09-08", "35.00 = 35.00"); !d.Explained() || d.made() != "suspense 10.00, family 25.00" {
		t.Errorf("%+v", d)
	}
	// Payroll reports what the bank has not booked yet; the bank takes what nobody knows.
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{deposit("P1", w.children[1], 7_00, "2026-09-09")}, 0, w.at)
		return err
	})
	w.books("2026-09-09", movement{"475", -4_00, "R3", "CHECK 12", ""})
	d := w.wantDay("2026-09-09", "31.00 = 42.00 in_bank -4.00 2026-09-09 in_books -7.00 2026-09-09")
	if d.Explained() || d.Unexplained() != ledger.Minor(-11_00) || d.Breaks[0].Bucket(day("2026-09-09")) != "new" || d.Breaks[0].Bucket(day("2026-10-30")) != "two_months" {
		t.Errorf("%+v", d)
	}
	w.books("2026-09-10", movement{"165", 7_00, "R4", "PAYROLL", ""}, movement{"698", -1_00, "R5", "FEE", ""})
	w.wantDay("2026-09-10", "37.00 = 41.00 in_bank -4.00 2026-09-09")
	w.wantDay("2026-09-09", "31.00 = 42.00 in_bank -4.00 2026-09-09 timing -7.00 2026-09-09") // seen from later
	// A day's file is missing: the gap says so, and closes when it comes.
	missing := w.statement("2026-09-11", movement{"165", 3_00, "R6", w.accounts[2], ""})
	w.books("2026-09-14", movement{"165", 2_00, "R7", w.accounts[2], ""})
	w.wantDay("2026-09-14", "42.00 = 43.00 in_bank -4.00 2026-09-09 gap 3.00 2026-09-14")
	w.take(missing)
	w.run()
	if d := w.wantDay("2026-09-14", "42.00 = 46.00 in_bank -4.00 2026-09-09"); d.made() != "suspense 10.00, family 37.00, owed_by_operations -1.00" {
		t.Errorf("%+v", d.Terms)
	}
}

// The bank's account is older than the program's books here, and funds move.
func TestWhatABankBringsAndWhatFundsMove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{deposit("OLD", w.children[0], 20_00, "2026-08-31")}, 0, w.at)
		return err
	})
	w.night()
	w.balance = 20_00
	w.books("2026-09-07", movement{"165", 1_00, "R1", w.accounts[0], ""})
	w.wantDay("2026-09-07", "21.00 = 21.00")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := fund.Settle(ctx, tx, w.who, w.program, day("2026-09-08"), w.at)
		return err
	})
	w.wantDay("2026-09-08", "21.00 = 41.00 in_books -20.00 2026-09-08")
	w.books("2026-09-09", movement{"195", 20_00, "W1", "WIRE IN", ""})
	if d := w.wantDay("2026-09-09", "41.00 = 41.00"); d.made() != "family 21.00, uncommitted 20.00" { // the awards count from the day of their run
		t.Errorf("%s", d.made())
	}
	w.night() // the match of the last deposit is on its way, and not wired yet
	if d := w.day("2026-09-30"); d.said() != "41.00 = 41.00" || !strings.Contains(d.made(), "to_be_wired -1.00") {
		t.Errorf("%s: %s", d.said(), d.made())
	}
}

// What a person took apart stays apart, and a match by hand is exact.
func TestMatchesByHandAreExactAndKeepTheirReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := savings.PostDeposits(ctx, tx, w.who, w.program, []savings.Deposit{deposit("A", w.children[0], 10_00, "2026-09-01"), deposit("B", w.children[1], 15_00, "2026-09-01")}, 0, w.at)
		return err
	})
	w.books("2026-08-31")
	w.books("2026-09-20", movement{"165", 25_00, "R1", "LATE LOCKBOX", ""})
	var items []Item
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		items, err = Queue(ctx, tx, w.program.ID, Place{}, 10)
		return err
	})
	var line custody.LineID
	for _, i := range items {
		if i.Nature == Unidentified {
			line = i.Line
			w.do(func(ctx context.Context, tx *sqlx.Tx) error {
				return Decide(ctx, tx, w.walk(), Decision{Line: i.Line, Deposit: i.Deposit, Act: ActReopen, Reason: "It is the lockbox of September 1"})
			})
		}
	}
	w.wantBalances("2900 0.00", "2100 25.00")
	w.wantDay("2026-09-20", "25.00 = 25.00 in_books -10.00 2026-09-01 in_books -15.00 2026-09-01 in_bank 25.00 2026-09-20")
	entries := w.entries()
	if len(entries) != 2 {
		t.Fatalf("%+v", entries)
	}
	match := func(reason string, txs ...ledger.TxNo) error {
		return w.try(func(ctx context.Context, tx *sqlx.Tx) error {
			return Match(ctx, tx, w.walk(), w.bank, []custody.LineID{line}, txs, reason)
		})
	}
	for want, err := range map[error]error{ErrReason: match(" ", entries[0].Tx), ErrSum: match("close enough", entries[0].Tx), ErrNotOpen: match("no such", 999)} {
		if !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if err := match("lockbox of September 1", entries[0].Tx, entries[1].Tx); err != nil {
		t.Fatal(err)
	}
	if err := match("again", entries[0].Tx, entries[1].Tx); err == nil {
		t.Error("matched twice")
	}
	var id MatchID
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &id, `SELECT match_id FROM bank_match_lines WHERE line_id = $1 AND live`, line); err != nil {
			return err
		}
		return Unmatch(ctx, tx, w.walk(), w.bank, id, "wrong lockbox")
	})
	if c := w.run(); c.Matched+c.Suspense+c.Deposits != 0 {
		t.Errorf("a rule put together again what was taken apart: %+v", c)
	}
	if err := w.try(func(ctx context.Context, tx *sqlx.Tx) error {
		return Unmatch(ctx, tx, w.walk(), w.bank, id, "twice")
	}); err == nil {
		t.Error("taken apart twice")
	}
}

func (w *world) entries() (all []OpenEntry) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		all, err = OpenEntries(ctx, tx, w.program, w.bank, day("2026-12-31"))
		return err
	})
	return all
}
