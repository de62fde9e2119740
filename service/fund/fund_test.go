package fund

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/program"
	"seedbook/service/store"
)

// world is a program with its two own funds and a funder's.
type world struct {
	t       *testing.T
	db      *store.DB
	who     store.Who
	program program.Program
	smith   Fund
	at      time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, at: time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)}
	w.who.Actor = "test"
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &w.who.Tenant, `INSERT INTO tenants (name, created_at) VALUES ('Riverbend', $1) RETURNING id`, w.at)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		w.program, err = program.Add(ctx, tx, w.who, program.Program{
			Code: "riverbend", Name: "Riverbend", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, w.at)
		if err != nil {
			return err
		}
		if err := Open(ctx, tx, w.who, w.program, w.at); err != nil {
			return err
		}
		w.smith, err = Add(ctx, tx, w.who, w.program, Fund{Code: "SMITH", Name: "Smith Family Fund", Funder: "Smith Family Foundation"}, w.at)
		return err
	})
	return w
}

func (w *world) try(fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	w.t.Helper()
	return w.db.InTx(w.t.Context(), w.who, func(tx *sqlx.Tx) error { return fn(w.t.Context(), tx) })
}

func (w *world) do(fn func(ctx context.Context, tx *sqlx.Tx) error) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) receive(r Receipt) error {
	w.t.Helper()
	return w.try(func(ctx context.Context, tx *sqlx.Tx) error { return Receive(ctx, tx, w.who, w.program, r, w.at) })
}

// receipt is one of the funder's on the first of September.
func (w *world) receipt(kind Promise, amount, reference string) Receipt {
	return Receipt{Fund: w.smith, Kind: kind, Amount: money(w.t, amount), On: day(w.t, "2026-09-01"), Reference: reference}
}

// books are the balances of a fund's accounts that are not zero, as an
// accountant writes them: debits and credits, in the order of the chart.
func (w *world) books(f Fund) (out []string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		totals, err := ledger.Totals(ctx, tx, w.program.Book, ledger.Query{Fund: f.ID})
		for _, total := range totals {
			switch total.Amount.Sign() {
			case 1:
				out = append(out, fmt.Sprintf("Cr %d %s", total.Chart, total.Amount))
			case -1:
				out = append(out, fmt.Sprintf("Dr %d %s", total.Chart, total.Amount.Neg()))
			}
		}
		return err
	})
	return out
}

func (w *world) wantBooks(what string, f Fund, want ...string) {
	w.t.Helper()
	if got := w.books(f); !slices.Equal(got, want) {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// posted are the entries of a kind of transaction, in the order of posting.
func (w *world) posted(kind Promise) (out []string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		movements, err := ledger.Movements(ctx, tx, w.program.Book, ledger.MovementQuery{})
		for _, m := range movements {
			if m.Kind == string(kind) && m.Amount.Sign() < 0 {
				out = append(out, fmt.Sprintf("Dr %d %s", m.Chart, m.Amount.Neg()))
			} else if m.Kind == string(kind) {
				out = append(out, fmt.Sprintf("Cr %d %s", m.Chart, m.Amount))
			}
		}
		return err
	})
	slices.Sort(out)
	return out
}

// designate gives a child seed money of the fund, as an award would.
func (w *world) designate(key, amount string) {
	w.t.Helper()
	w.move(key, amount, ledger.Account{Chart: ledger.Uncommitted, Fund: w.smith.ID}, ledger.Account{Chart: ledger.DesignatedSeed, Fund: w.smith.ID, Child: 1})
}

func (w *world) move(key, amount string, from, to ledger.Account) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err := ledger.EnsureAccounts(ctx, tx, w.program.Book, []ledger.Account{from, to})
		if err != nil {
			return err
		}
		a := money(w.t, amount)
		_, err = ledger.Post(ctx, tx, w.program.Book, w.at, []ledger.Posting{{Key: key, Kind: "test", Effective: day(w.t, "2026-09-02"), Maker: "test",
			Entries: []ledger.Entry{{Account: ids[0], Amount: a.Neg()}, {Account: ids[1], Amount: a}}}})
		return err
	})
}

func (w *world) settle(want string) {
	w.t.Helper()
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		moved, err := Settle(ctx, tx, w.who, w.program, day(w.t, "2026-09-03"), w.at)
		got := ""
		for _, m := range moved {
			got += m.Fund.Code + " " + m.Amount.String()
		}
		if got != want {
			w.t.Errorf("settled %q, want %q", got, want)
		}
		return err
	})
}

func (w *world) available() ledger.Amount {
	w.t.Helper()
	var got map[ledger.FundID]ledger.Amount
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		got, err = Available(ctx, tx, w.program, w.at)
		return err
	})
	return got[w.smith.ID]
}

func money(t *testing.T, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func day(t *testing.T, s string) ledger.Date {
	t.Helper()
	d, err := ledger.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *world) wantError(what string, got, want error) {
	w.t.Helper()
	if !errors.Is(got, want) {
		w.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestAFundThatIsNotWellFormedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		what string
		fund Fund
		want error
	}{
		{"without a funder", Fund{Code: "A", Name: "A"}, ErrField},
		{"with a code in small letters", Fund{Code: "abc", Name: "A", Funder: "A"}, ErrField},
		{"without a code", Fund{Name: "A", Funder: "A"}, ErrField},
		{"without a name", Fund{Code: "A", Name: " ", Funder: "A"}, ErrField},
		{"with a code that is taken", Fund{Code: "SMITH", Name: "A", Funder: "A"}, ErrCodeTaken},
		{"with the families' code", Fund{Code: FamilyCode, Name: "A", Funder: "A"}, ErrCodeTaken},
	} {
		w.wantError("a fund "+test.what, w.try(func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := Add(ctx, tx, w.who, w.program, test.fund, w.at)
			return err
		}), test.want)
	}
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := ByCode(ctx, tx, w.program.ID, "NOBODY")
		w.wantError("a fund that nobody entered", err, ErrNone)
		all, err := All(ctx, tx, w.program.ID)
		if err == nil && (len(all) != 3 || all[0].Code != FamilyCode || all[1].Code != OperationsCode || all[2].Funder != "Smith Family Foundation") {
			t.Errorf("funds = %+v", all)
		}
		return err
	})
}

func TestAReceiptThatIsNotWellFormedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var families Fund
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		families, err = ByCode(ctx, tx, w.program.ID, FamilyCode)
		return err
	})
	for _, test := range []struct {
		what   string
		change func(r *Receipt)
	}{
		{"of nothing", func(r *Receipt) { r.Amount = ledger.Amount{} }},
		{"of less than nothing", func(r *Receipt) { r.Amount = money(t, "-5") }},
		{"without a reference", func(r *Receipt) { r.Reference = "" }},
		{"with a blank reference", func(r *Receipt) { r.Reference = " " }},
		{"of an unknown kind", func(r *Receipt) { r.Kind = "loan" }},
		{"into the families' money", func(r *Receipt) { r.Fund = families }},
	} {
		r := w.receipt(Grant, "10", "R")
		test.change(&r)
		w.wantError("a receipt "+test.what, w.receive(r), ErrField)
	}
	w.wantBooks("after refusals", w.smith)
}

func TestAPledgeIsReceivableUntilItIsPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pledge, payment := w.receipt(Pledge, "1000", "pledge"), w.receipt(PledgePayment, "600", "check 1")
	w.wantError("a payment of what nobody pledged", w.receive(payment), ErrOverPledged)
	w.wantBooks("after the refusal", w.smith)
	for range 2 {
		if err := w.receive(pledge); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := w.posted(Pledge), []string{"Cr 3100 1000.00", "Cr 4100 1000.00", "Dr 1200 1000.00", "Dr 4100 1000.00"}; !slices.Equal(got, want) {
		t.Errorf("P1 and P6: %q, want %q", got, want)
	}
	w.wantBooks("pledged", w.smith, "Dr 1200 1000.00", "Cr 3100 1000.00")
	for range 2 {
		if err := w.receive(payment); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := w.posted(PledgePayment), []string{"Cr 1200 600.00", "Dr 1010 600.00"}; !slices.Equal(got, want) {
		t.Errorf("P3: %q, want %q", got, want)
	}
	w.wantBooks("paid in part", w.smith, "Dr 1010 600.00", "Dr 1200 400.00", "Cr 3100 1000.00")
	w.wantError("a payment beyond the pledge", w.receive(w.receipt(PledgePayment, "400.01", "check 2")), ErrOverPledged)
	if err := w.receive(w.receipt(PledgePayment, "400", "check 2")); err != nil {
		t.Fatal(err)
	}
	w.wantBooks("paid", w.smith, "Dr 1010 1000.00", "Cr 3100 1000.00")
}

func TestAGrantIsCashAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.receive(w.receipt(Grant, "500", "grant")); err != nil {
		t.Fatal(err)
	}
	if got, want := w.posted(Grant), []string{"Cr 3100 500.00", "Cr 4100 500.00", "Dr 1010 500.00", "Dr 4100 500.00"}; !slices.Equal(got, want) {
		t.Errorf("grant: %q, want %q", got, want)
	}
	var ops Fund
	w.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		ops, err = ByCode(ctx, tx, w.program.ID, OperationsCode)
		return err
	})
	r := w.receipt(Grant, "100", "opening")
	r.Fund = ops
	if err := w.receive(r); err != nil {
		t.Fatal(err)
	}
	w.wantBooks("operations", ops, "Dr 1000 100.00", "Cr 3200 100.00")
}

func TestAReferenceStandsForOneReceipt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.receipt(Grant, "500", "grant")
	if err := w.receive(first); err != nil {
		t.Fatal(err)
	}
	for _, change := range []func(r *Receipt){
		func(r *Receipt) { r.Amount = money(t, "501") },
		func(r *Receipt) { r.On = day(t, "2026-09-02") },
		func(r *Receipt) { r.Kind = Pledge },
	} {
		other := first
		change(&other)
		w.wantError(fmt.Sprintf("%+v", other), w.receive(other), ErrReferenceUsed)
	}
	w.who.Actor = "another clerk"
	first.Reference = " grant "
	if err := w.receive(first); err != nil {
		t.Errorf("the same receipt by another clerk: %v", err)
	}
	w.wantBooks("one receipt", w.smith, "Dr 1010 500.00", "Cr 3100 500.00")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		var n int
		err := tx.GetContext(ctx, &n, `SELECT count(*) FROM fund_receipts`)
		if n != 1 {
			t.Errorf("%d receipts are on record", n)
		}
		return err
	})
}

func TestAReceiptOfAClosedPeriodIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		return ledger.ClosePeriod(ctx, tx, w.program.Book, w.at, ledger.PeriodLock{Through: day(t, "2026-09-30"), Maker: "test", Reason: "month"})
	})
	w.wantError("a grant of a closed month", w.receive(w.receipt(Grant, "500", "grant")), ErrClosed)
}

func TestWhatIsHeldIsNotAvailable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.receive(w.receipt(Pledge, "500", "pledge")); err != nil {
		t.Fatal(err)
	}
	if got := w.available(); got != money(t, "500") {
		t.Errorf("pledged: %s is available, want 500.00", got)
	}
	w.designate("seed", "50")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err := ledger.EnsureAccounts(ctx, tx, w.program.Book, []ledger.Account{{Chart: ledger.Uncommitted, Fund: w.smith.ID}})
		if err != nil {
			return err
		}
		_, err = ledger.Hold(ctx, tx, w.program.Book, w.at, []ledger.HoldRequest{
			{Key: "h1", Account: ids[0], Amount: money(t, "120"), Expires: w.at.Add(time.Hour), Maker: "test"},
			{Key: "h2", Account: ids[0], Amount: money(t, "30"), Expires: w.at.Add(3 * time.Hour), Maker: "test"},
		})
		return err
	})
	if got := w.available(); got != money(t, "300") {
		t.Errorf("held: %s is available, want 300.00", got)
	}
	w.at = w.at.Add(2 * time.Hour)
	if got := w.available(); got != money(t, "420") {
		t.Errorf("one hold has ended: %s is available, want 420.00", got)
	}
}

func TestTheCustodianHoldsWhatIsDesignatedAsFarAsThereIsCash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.settle("")
	if err := w.receive(w.receipt(Pledge, "100", "pledge")); err != nil {
		t.Fatal(err)
	}
	w.designate("seed 1", "80")
	w.settle("") // nothing of the pledge is paid
	if err := w.receive(w.receipt(PledgePayment, "50", "check 1")); err != nil {
		t.Fatal(err)
	}
	w.settle("SMITH 50.00")
	w.settle("")
	w.wantBooks("half paid", w.smith, "Dr 1100 50.00", "Dr 1200 50.00", "Cr 3100 20.00", "Cr 3151 80.00")
	if err := w.receive(w.receipt(PledgePayment, "50", "check 2")); err != nil {
		t.Fatal(err)
	}
	w.settle("SMITH 30.00")
	w.wantBooks("settled", w.smith, "Dr 1010 20.00", "Dr 1100 80.00", "Cr 3100 20.00", "Cr 3151 80.00")

	// A reversed award is swept back, whatever cash there is at home.
	w.move("back", "45", ledger.Account{Chart: ledger.DesignatedSeed, Fund: w.smith.ID, Child: 1}, ledger.Account{Chart: ledger.Uncommitted, Fund: w.smith.ID})
	w.settle("SMITH -45.00")
	w.settle("")
	w.wantBooks("swept", w.smith, "Dr 1010 65.00", "Dr 1100 35.00", "Cr 3100 65.00", "Cr 3151 35.00")
	w.do(func(ctx context.Context, tx *sqlx.Tx) error {
		report, err := ledger.Verify(ctx, tx, w.program.Book, nil)
		if err == nil && !report.OK() {
			t.Errorf("the books are wrong: %v", report.Findings)
		}
		return err
	})
}
