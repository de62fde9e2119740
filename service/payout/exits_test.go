package payout_test

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/enroll"
	"seedbook/service/payout"
)

// leaves has the child leave, and another person agree to what becomes of its
// money.
func (w *town) leaves(cause enroll.Cause) {
	w.t.Helper()
	var request approval.ID
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		_, request, err = enroll.Leave(ctx, tx, walk, enroll.Leaving{Child: w.ana, Cause: cause, On: w.on, Why: "The school wrote.", Reference: "form"}, "The child left.")
		return err
	})
	w.must1(w.checker, request)
}

func (w *town) exits() (all []payout.Withdrawal) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		all, err = payout.OfChild(ctx, tx, w.program.ID, w.ana)
		return err
	})
	return all
}

func TestWhoMovesAwayTakesItsOwnAndTheRestGoesBackToItsFunds(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	c := w.bank()
	w.leaves(enroll.LeftArea)
	w.books("forfeiture", "3151 CITY -50.00", "3152 SMITH -40.00", "3300 CITY 50.00", "3300 SMITH 40.00")          // P26
	w.books("forfeiture_returned", "3100 CITY 50.00", "3100 SMITH 40.00", "3300 CITY -50.00", "3300 SMITH -40.00") // and on
	w.books("exit_payment_own", "2100 FAMILY -40.00", "2400 FAMILY 40.00")                                         // P28 on leaving
	all := w.exits()
	if len(all) != 1 || all[0].State != payout.Approved || all[0].Amount != money(t, "40.00") || all[0].Own != money(t, "40.00") {
		t.Fatalf("what it leaves with: %+v", all)
	}
	mother := w.payee(payout.NewPayee{Kind: payout.Person, Child: w.ana, Name: "Mother", Route: payout.Route{Method: payout.ByCheck, Address: []string{"1 Main St"}, State: "MN"}})
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		return payout.ChoosePayee(ctx, tx, walk, all[0].ID, mother)
	})
	w.sent(c, payout.ByCheck)
	w.state("on its way", all[0].ID, payout.Sent)
	w.night()
	w.holds("nothing is left", "0.00", append(ledger.Designated(), ledger.FamilyPrincipal, ledger.Forfeitures)...)
	w.sound()
}

func TestADeathGoesToTheEstateAndBackToTheFunds(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	w.leaves(enroll.Died)
	w.books("forfeiture", "3151 CITY -50.00", "3152 SMITH -40.00", "3300 CITY 50.00", "3300 SMITH 40.00") // P38
	w.books("exit_payment_own", "2100 FAMILY -40.00", "2400 FAMILY 40.00")                                // P37
	all := w.exits()
	if len(all) != 1 || all[0].Expense != "death_estate" || all[0].Origin != payout.ByExit {
		t.Fatalf("to the estate: %+v", all)
	}
	w.night()
	w.holds("nothing is given again", "0.00", ledger.Designated()...)
	w.sound()
}

func TestWhoOptsOutGetsItsOwnBackAfterTheMatchAndTheSeedWentBack(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	w.leaves(enroll.Refused)
	w.books("reverse", "3100 SMITH 40.00", "3152 SMITH -40.00", "3100 CITY 50.00", "3151 CITY -50.00") // the match before the seed
	w.books("exit_payment_own", "2100 FAMILY -40.00", "2400 FAMILY 40.00")
	if all := w.exits(); len(all) != 1 || all[0].Expense != "opt_out_family" {
		t.Errorf("its own: %+v", all)
	}
	w.sound()
}
