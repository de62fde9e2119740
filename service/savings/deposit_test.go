package savings

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
)

func TestADepositIsPostedOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.children(t, 2)
	first := Deposit{Reference: "A1", Child: c[0], Amount: money(t, "15"), On: day(t, "2026-09-05"), Channel: "ach"}
	set := []Deposit{
		first,
		{Reference: "A2", Child: c[1], Amount: money(t, "30"), On: day(t, "2026-09-05"), Channel: "ach"},
		first,
	}
	if got, want := w.deposit(t, set...), []Outcome{Posted, Posted, Repeated}; !slices.Equal(got, want) {
		t.Errorf("first time: %v, want %v", got, want)
	}
	other := first
	other.Amount = money(t, "16")
	if got, want := w.deposit(t, first, other), []Outcome{Repeated, Clash}; !slices.Equal(got, want) {
		t.Errorf("again: %v, want %v", got, want)
	}
	if got := w.balance(t, c[0], ledger.FamilyPrincipal); got != money(t, "15") {
		t.Errorf("the child has %s, want 15.00", got)
	}
}

func TestADepositOfNothingIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.children(t, 1)[0]
	for _, amount := range []string{"0", "-5"} {
		err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := PostDeposits(ctx, tx, w.who, w.program, []Deposit{{Reference: "X", Child: c, Amount: money(t, amount), On: day(t, "2026-09-05")}}, 0, w.at)
			return err
		})
		wantError(t, "deposit of "+amount, err, ErrAmount)
	}
}

func TestAnUnknownOwnersDepositWaitsInSuspense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.children(t, 2)
	if got := w.deposit(t, Deposit{Reference: "U1", Amount: money(t, "25"), On: day(t, "2026-09-20"), Channel: "cash"}); got[0] != Suspense {
		t.Fatalf("outcome = %v, want suspense", got)
	}
	if got := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.Suspense}}); got != money(t, "25") {
		t.Errorf("suspense holds %s, want 25.00", got)
	}
	identify := func(child family.ChildID) error {
		return w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := DepositByReference(ctx, tx, w.program.ID, "U1")
			if err != nil {
				return err
			}
			return Identify(ctx, tx, w.who, w.program, Identification{id, child, day(t, "2026-09-22")}, w.at)
		})
	}
	for range 2 {
		if err := identify(c[0]); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "identified as another child", identify(c[1]), ErrDepositState)
	if got := w.balance(t, c[0], ledger.FamilyPrincipal); got != money(t, "25") {
		t.Errorf("the child has %s, want 25.00", got)
	}
	if got := w.sum(t, ledger.Query{Charts: []ledger.Chart{ledger.Suspense}}); !got.IsZero() {
		t.Errorf("suspense still holds %s", got)
	}
}

func TestPagesOfSuspenseMeetWhileDepositsFindTheirOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	child := w.children(t, 1)[0]
	var deposits []Deposit
	for i := range 7 { // by day: D6, D5, D4 … D0, and two of one day
		deposits = append(deposits, Deposit{Reference: fmt.Sprint("D", i), Amount: money(t, "10"), On: day(t, "2026-09-20").AddDays(-max(i, 1)), Channel: "cash"})
	}
	w.deposit(t, deposits...)
	page := func(after DepositID) (refs []string, last DepositID) {
		err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
			held, err := InSuspense(ctx, tx, w.program.ID, after, 3)
			for _, d := range held {
				refs, last = append(refs, d.Reference), d.ID
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return refs, last
	}
	first, last := page(0)
	// The last one of the page and one of the next find their owner, and an old
	// one comes in before both.
	err := w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, reference := range []string{"D4", "D3"} {
			id, err := DepositByReference(ctx, tx, w.program.ID, reference)
			if err != nil {
				return err
			}
			if err := Identify(ctx, tx, w.who, w.program, Identification{id, child, day(t, "2026-09-22")}, w.at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.deposit(t, Deposit{Reference: "OLD", Amount: money(t, "10"), On: day(t, "2026-09-03"), Channel: "cash"})
	second, end := page(last)
	third, _ := page(end)
	if got := slices.Concat(first, second, third); !slices.Equal(got, []string{"D6", "D5", "D4", "D2", "D0", "D1"}) {
		t.Errorf("pages %v %v %v, want D6 D5 D4, D2 D0 D1, and nothing", first, second, third)
	}
	var n int
	var sum ledger.Amount
	err = w.try(t, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		n, sum, err = SuspenseTotal(ctx, tx, w.program.ID)
		return err
	})
	if err != nil || n != 6 || sum != money(t, "60") {
		t.Errorf("%d in suspense, %s (%v); want 6 of 60.00", n, sum, err)
	}
}

func TestAReturnedDepositLeavesTheChildAndIsTakenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.children(t, 1)[0]
	w.deposit(t, Deposit{Reference: "R1", Child: c, Amount: money(t, "30"), On: day(t, "2026-09-05"), Channel: "ach"})
	back := func(code string) error {
		return w.try(t, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := DepositByReference(ctx, tx, w.program.ID, "R1")
			if err != nil {
				return err
			}
			_, err = Return(ctx, tx, w.who, w.program, BankReturn{id, day(t, "2026-09-12"), code}, w.at)
			return err
		})
	}
	for range 2 {
		if err := back("R01"); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, "returned again for another reason", back("R02"), ErrDepositState)
	if got := w.balance(t, c, ledger.FamilyPrincipal, ledger.ReturnedReceivable); !got.IsZero() {
		t.Errorf("the child has %s, want 0.00", got)
	}
}

func TestAccountNumbersCatchTypingErrors(t *testing.T) {
	for _, id := range []Account{1, 42, 9_999_999, 123_456_789} {
		no := id.String()
		if got, err := ParseAccount(no); err != nil || got != id {
			t.Errorf("ParseAccount(%s) = %d, %v", no, got, err)
		}
		for i := range no {
			for d := byte('0'); d <= '9'; d++ {
				wrong := no[:i] + string(d) + no[i+1:]
				if _, err := ParseAccount(wrong); wrong != no && err == nil {
					t.Errorf("ParseAccount(%s) accepts a wrong digit of %s", wrong, no)
				}
			}
		}
	}
	for _, bad := range []string{"", "1", "abc", "00000000", "1234567", "12 34x678", "１２３４５６７８"} {
		if _, err := ParseAccount(bad); err == nil {
			t.Errorf("ParseAccount(%q) was accepted", bad)
		}
	}
}

// savers are the children whom the program counts as saving.
func (w *world) savers(t *testing.T) (out []family.ChildID) {
	t.Helper()
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &out, `SELECT child_id FROM program_savers WHERE program_id = $1 ORDER BY child_id`, w.program.ID)
	})
	return out
}

func TestWhoSavesIsKeptWithEveryDeposit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.children(t, 3)
	step := func(what string, want ...family.ChildID) {
		t.Helper()
		if got := w.savers(t); !slices.Equal(got, want) {
			t.Errorf("%s: %v save, want %v", what, got, want)
		}
	}
	deposit := func(reference string, child family.ChildID) {
		t.Helper()
		w.deposit(t, Deposit{Reference: reference, Child: child, Amount: money(t, "15"), On: day(t, "2026-09-05"), Channel: "ach"})
	}
	back := func(reference string) {
		t.Helper()
		w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err := DepositByReference(ctx, tx, w.program.ID, reference)
			if err != nil {
				return err
			}
			_, err = Return(ctx, tx, w.who, w.program, BankReturn{id, day(t, "2026-09-12"), "R01"}, w.at)
			return err
		})
	}
	step("nobody has paid in")
	deposit("A", c[1])
	deposit("B", c[1])
	deposit("C", 0)
	step("one child, twice, and somebody unknown", c[1])
	back("A")
	step("one of two came back", c[1])
	back("B")
	step("both came back")
	w.do(t, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := DepositByReference(ctx, tx, w.program.ID, "C")
		if err != nil {
			return err
		}
		return Identify(ctx, tx, w.who, w.program, Identification{id, c[0], day(t, "2026-09-22")}, w.at)
	})
	step("the unknown one is found", c[0])
	deposit("D", c[1])
	step("and again", c[0], c[1])
}
