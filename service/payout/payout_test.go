package payout_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/payout"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestSchoolIsPaidFromTheProgramsMoneyFirst(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	school := w.payee(college)
	id := w.asked(payout.Asking{Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "100.00"), Payee: school, Reference: "r1"})
	if again := w.asked(payout.Asking{Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "100.00"), Payee: school, Reference: "r1"}); again != id {
		t.Errorf("asked twice: %s and %s", id, again)
	}
	request := w.reviewed(id)
	wantError(t, "who asked approves", w.agree(w.maker, request), approval.ErrSamePerson)
	w.holds("nothing moved yet", "0.00", ledger.WithdrawalsPayable)
	w.must1(w.checker, request)
	// P28 and P29: the program's 90.00 first, and 10.00 of the family's own.
	w.books("withdrawal_own", "2100 FAMILY -10.00", "2400 FAMILY 10.00")
	w.books("withdrawal_program", "2400 CITY 50.00", "2400 SMITH 40.00", "3151 CITY -50.00", "3152 SMITH -40.00",
		"4900 CITY 50.00", "4900 SMITH 40.00", "5100 CITY -50.00", "5110 SMITH -40.00")
	if o := w.load(id); o.State != payout.Approved || o.Own != money(t, "10.00") || o.CountsOn != w.on {
		t.Errorf("approved: %+v", o)
	}
	w.night() // a qualified withdrawal costs nothing, and nothing is given again
	w.holds("the family's own", "30.00", ledger.FamilyPrincipal)
	w.holds("set aside", "0.00", ledger.Designated()...)
	journal := w.sound()
	for _, line := range []string{"liabilities:payable:withdrawals", "expenses:awards:match", "income:released"} {
		if !strings.Contains(journal, line) {
			t.Errorf("hledger reads nothing of %s", line)
		}
	}
	// P33: taken back whole, to where each cent came from.
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		return payout.Cancel(ctx, tx, walk, id, "The family changed its mind.")
	})
	w.books("withdrawal_own.reversed", "2100 FAMILY 10.00", "2400 FAMILY -10.00")
	w.holds("the family's own, again", "40.00", ledger.FamilyPrincipal)
	w.holds("set aside, again", "90.00", ledger.Designated()...)
	w.holds("owed to nobody", "0.00", ledger.WithdrawalsPayable)
	w.night()
	w.holds("the rules know of no withdrawal", "90.00", ledger.Designated()...)
	w.sound()
}

func TestAnEmergencyTakesTheFamilysOwnAndItsShareOfTheMatch(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	mother := w.payee(payout.NewPayee{Kind: payout.Person, Child: w.ana, Name: "Mother", Route: payout.Route{Method: payout.ByCheck, Address: []string{"1 Main St", "Riverbend MN 55401"}, State: "MN"}})
	ask := payout.Asking{Child: w.ana, Origin: payout.ByStaff, Purpose: payout.Nonqualified, Amount: money(t, "10.00"), Payee: mother, Reference: "r1"}
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		e, err := payout.Foresee(ctx, tx, walk, ask)
		if err == nil && (e.Own != money(t, "10.00") || len(e.Back) != 1 || e.Back[0].Before != money(t, "40.00") || e.Back[0].After != money(t, "30.00")) {
			t.Errorf("shown before anybody agrees: %+v", e)
		}
		ask := ask
		ask.Amount, ask.Reference = money(t, "41.00"), "too much"
		_, much := payout.Ask(ctx, tx, walk, ask)
		wantError(t, "more than the family has", much, payout.ErrNotPaid)
		return err
	})
	w.approved(ask)
	w.books("withdrawal_own", "2100 FAMILY -10.00", "2400 FAMILY 10.00")
	w.books("reverse", "3100 SMITH 10.00", "3152 SMITH -10.00") // A × C / B = 40 × 10 / 40
	w.night()
	w.holds("the match after a night", "30.00", ledger.DesignatedMatch)
	w.sound()
	all := w.asked(payout.Asking{Purpose: payout.Nonqualified, Payee: mother, Reference: "the rest"})
	if o := w.load(all); o.Amount != money(t, "30.00") || o.State != payout.Requested {
		t.Errorf("all there is: %+v", o)
	}
}

func TestWhatWaitsIsNotPromisedTwiceAndAHoldStopsIt(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	school := w.payee(college)
	ask := func(reference, amount string) error {
		return w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
			_, err := payout.Ask(ctx, tx, walk, payout.Asking{Child: w.ana, Origin: payout.ByStaff, Purpose: payout.Qualified, Expense: "books", Amount: money(t, amount), Payee: school, Reference: reference})
			return err
		})
	}
	first := w.asked(payout.Asking{Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "100.00"), Payee: school, Reference: "r1"})
	wantError(t, "more than is left beside the first", ask("r2", "30.01"), payout.ErrNotPaid)
	if err := ask("r3", "30.00"); err != nil {
		t.Error(err)
	}
	wantError(t, "not what the book pays for", w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		_, err := payout.Ask(ctx, tx, walk, payout.Asking{Child: w.ana, Purpose: payout.Qualified, Expense: "car", Amount: money(t, "1.00"), Reference: "r4"})
		return err
	}), payout.ErrExpense)
	request := w.reviewed(first)
	for _, kind := range []family.HoldKind{family.LegalHold, family.CustodyHold, family.FraudHold, family.DeathHold} {
		w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
			return family.PlaceHold(ctx, tx, w.maker.Who(), w.keys, w.ana, family.Hold{Kind: kind, Why: "A letter came."}, w.at)
		})
		if err := w.agree(w.checker, request); err == nil {
			t.Fatalf("paid out under a %s hold", kind)
		}
		w.must(w.second, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
			all, err := family.HoldsOf(ctx, tx, w.second.Who(), w.keys, w.ana)
			if err != nil {
				return err
			}
			return family.LiftHold(ctx, tx, w.second.Who(), w.keys, w.ana, all[0].ID, "It is over.", w.at)
		})
	}
	w.holds("nothing moved under holds", "0.00", ledger.WithdrawalsPayable)
	// What changed since it was shown goes back to review.
	w.deposit("D2", "5.00", w.on)
	w.night()
	w.must1(w.checker, request)
	if o := w.load(first); o.State != payout.Reviewed {
		t.Errorf("approved as something else than was shown: %+v", o)
	}
	w.must1(w.checker, request)
	if o := w.load(first); o.State != payout.Approved {
		t.Errorf("approved as it is now: %+v", o)
	}
}

func TestAChangedPayeeCoolsOffAndIsLookedAtByAnother(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	school := w.payee(college)
	id := w.asked(payout.Asking{Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "60.00"), Payee: school, Reference: "r1"})
	request := w.reviewed(id)
	var change approval.ID
	other := college.Route
	other.Account = "555000111"
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		change, err = payout.ChangePayee(ctx, tx, walk, school, other, "They called.")
		return err
	})
	wantError(t, "another change on top", w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		_, err := payout.ChangePayee(ctx, tx, walk, school, college.Route, "No, the old one.")
		return err
	}), payout.ErrPayeeOpen)
	wantError(t, "paid while nobody looked at the change", w.agree(w.checker, request), payout.ErrPayeeUnready)
	wantError(t, "looked at by who entered it", w.agree(w.maker, change), approval.ErrSamePerson)
	w.must1(w.second, change)
	wantError(t, "paid before it cooled off", w.agree(w.checker, request), payout.ErrPayeeUnready)
	w.later(payout.Cooling)
	w.must1(w.checker, request) // to another account than was shown: back to review
	if o := w.load(id); o.State != payout.Reviewed {
		t.Errorf("paid to another account than was approved: %+v", o)
	}
	w.must1(w.checker, request)
	if o := w.load(id); o.State != payout.Approved {
		t.Errorf("after the second look: %+v", o)
	}
	wantError(t, "a routing number with a typing error", w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		bad := college
		bad.Name, bad.Route.Routing = "Other", "091000018"
		_, err := payout.AddPayee(ctx, tx, walk, bad, "x")
		return err
	}), payout.ErrRouting)
}

// The database refuses the steps that the program does not take.
func TestTheTableTakesTheStepsOfTheProgramAndNoOther(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	for _, from := range payout.States {
		for _, to := range payout.States {
			if from == to {
				continue
			}
			err := w.try(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
				var id int64
				const insert = `
					INSERT INTO withdrawals (tenant_id, program_id, child_id, origin, purpose, expense, whose, amount, own, reference, state, counts_on, asked_by, asked_at, changed_at)
					VALUES ($1, $2, $3, 'staff', 'emergency', '', '', 1, 0, 'step', $4, $5, 'cli', $6, $6) RETURNING id`
				if err := tx.GetContext(ctx, &id, insert, w.cli.Tenant, w.program.ID, w.ana, string(from), w.on, w.at); err != nil {
					return err
				}
				if _, err := tx.ExecContext(ctx, `UPDATE withdrawals SET state = $2 WHERE id = $1`, id, string(to)); err != nil {
					return err
				}
				return errRolledBack
			})
			if got := errors.Is(err, errRolledBack); got != from.Goes(to) {
				t.Errorf("from %s to %s: the table says %v, the program %v (%v)", from, to, got, from.Goes(to), err)
			}
		}
	}
}

var errRolledBack = fmt.Errorf("rolled back")
