package payout_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/custody"
	"seedbook/service/custody/bankfile"
	"seedbook/service/custody/bankfile/nacha"
	"seedbook/service/enroll"
	"seedbook/service/fund"
	"seedbook/service/payout"
)

// bank sets up the custodian that holds the money, and how it pays.
func (w *town) bank() (c custody.Custodian) {
	w.t.Helper()
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		first := custody.Custodian{Code: "first", Name: "First Bank", Kind: custody.Omnibus, CutOff: "17:00", ValueDays: 1, Federal: true,
			Accounts: []custody.Account{{Number: "000012345678", Currency: "USD"}}, Files: []custody.FileKind{{Gives: true, Format: "nacha", Expected: "on_event"}}}
		if _, err := custody.Add(ctx, tx, walk.Who, w.keys, w.program, first, w.at); err != nil {
			return err
		}
		if c, err = custody.ByCode(ctx, tx, w.program.ID, "first"); err != nil {
			return err
		}
		return payout.SetPayer(ctx, tx, walk, c, payout.Payer{Account: c.Accounts[0].ID, BankRouting: "091000019", BankName: "First Bank", CompanyName: "City Saves", CompanyID: "1234567890",
			NextCheck: 1001, AnswerDays: 1, StaleDays: 180, UnclaimedMonths: 36})
	})
	return c
}

// batch puts what is due into a batch; nothing is approved yet.
func (w *town) batch(c custody.Custodian, method payout.Method) (id payout.BatchID, request approval.ID) {
	w.t.Helper()
	on := w.on
	if !c.Calendar().Business(on) {
		on = c.Calendar().Next(on)
	}
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		id, request, err = payout.MakeBatch(ctx, tx, walk, payout.NewBatch{Custodian: c, Method: method, PayOn: on}, "What is due today.")
		return err
	})
	return id, request
}

func (w *town) sent(c custody.Custodian, method payout.Method) payout.BatchID {
	w.t.Helper()
	id, request := w.batch(c, method)
	w.must1(w.checker, request)
	return id
}

func (w *town) file(id payout.BatchID) (b payout.Batch, content []byte) {
	w.t.Helper()
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		b, content, err = payout.BatchFile(ctx, tx, walk, id)
		return err
	})
	return b, content
}

func (w *town) payments(id payout.BatchID) (all []payout.Payment) {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		all, err = payout.PaymentsIn(ctx, tx, id)
		return err
	})
	return all
}

func (w *town) settle() {
	w.t.Helper()
	w.do(w.cli, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := fund.Settle(ctx, tx, w.cli, w.program, w.on, w.at)
		return err
	})
}

func (w *town) state(what string, id payout.ID, want payout.State) {
	w.t.Helper()
	if got := w.load(id).State; got != want {
		w.t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// returned has the bank send a payment back, in its own file, and answers it.
func (w *town) returned(c custody.Custodian, p payout.Payment, code string) (n int) {
	w.t.Helper()
	if in, err := custody.Take(w.t.Context(), w.db, w.maker.Who(), w.keys, w.program, c, "returns.ach", []byte(returnFile(p, code, w.at)), w.at); err != nil || in.NewReturns != 1 {
		w.t.Fatalf("the bank's file: %+v %v", in, err)
	}
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		n, err = payout.TakeReturns(ctx, tx, walk)
		return err
	})
	return n
}

// returnFile is what the network sends back for one payment.
func returnFile(p payout.Payment, code string, at time.Time) string {
	day := at.Format("060102")
	lines := []string{
		"101 091000019 091000019" + day + "0900A094101" + fmt.Sprintf("%-23s%-23s%8s", "CITY SAVES", "FIRST BANK", ""),
		"5200" + fmt.Sprintf("%-16s%20s", "CITY SAVES", "") + "1234567890" + "CCD" + fmt.Sprintf("%-10s", "SAVINGS") + day + day + "   109100001" + "0000001",
		"621091000019" + fmt.Sprintf("%-17s%010d%-15s%-22s  1", "123456789", p.Amount.Minor(), p.Withdrawal.String(), "RIVERBEND COLLEGE") + "091000010000001",
		"799" + code + p.Trace + "      " + "09100001" + strings.Repeat(" ", 44) + "091000010000001",
		"8200" + "000002" + "0009100001" + fmt.Sprintf("%012d%012d", 0, p.Amount.Minor()) + "1234567890" + strings.Repeat(" ", 25) + "09100001" + "0000001",
		"9000001000001" + "00000002" + "0009100001" + fmt.Sprintf("%012d%012d", 0, p.Amount.Minor()) + strings.Repeat(" ", 39),
	}
	for len(lines)%10 != 0 {
		lines = append(lines, strings.Repeat("9", 94))
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestABatchIsOneFileThatIsSentOnceAndClearsOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	c := w.bank()
	school := w.payee(college)
	id := w.approved(payout.Asking{Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "100.00"), Payee: school, Reference: "r1"})
	w.settle() // the custodian keeps the cash for what is owed
	w.holds("custodial cash", "-130.00", ledger.CustodialCash)
	batch, request := w.batch(c, payout.ByACH)
	w.state("in the batch", id, payout.Scheduled)
	wantError(t, "who made it approves", w.agree(w.maker, request), approval.ErrSamePerson)
	if _, _, err := w.again(c); !errors.Is(err, payout.ErrNothingDue) {
		t.Errorf("a second batch of the same: %v", err)
	}
	w.must1(w.checker, request)
	w.state("sent", id, payout.Sent)
	w.books("payment_issued", "2400 CITY -50.00", "2400 FAMILY -10.00", "2400 SMITH -40.00", "2410 CITY 50.00", "2410 FAMILY 10.00", "2410 SMITH 40.00") // P30
	b, content := w.file(batch)
	_, again := w.file(batch)
	if sum := sha256.Sum256(content); !bytes.Equal(content, again) || !bytes.Equal(b.SHA256, sum[:]) || b.AnswerBy != ledger.NewDate(2026, 9, 11) {
		t.Errorf("the file: %+v", b)
	}
	read, err := nacha.Read(bytes.NewReader(content), bankfile.Default)
	if err != nil || len(read.Differs) > 0 || !strings.Contains(string(content), "622091000019123456789        0000010000W-") {
		t.Errorf("the file: %v %+v\n%s", err, read, content)
	}
	w.later(48 * time.Hour)
	late := func() bool { b, _ := w.file(batch); return b.Late(w.on) }
	if !late() {
		t.Error("nobody misses the bank's answer")
	}
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		return payout.Acknowledge(ctx, tx, walk, batch, "ACK 77")
	})
	if late() {
		t.Error("the answer came")
	}
	for range 2 { // the bank's line comes twice
		w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
			return payout.Clear(ctx, tx, walk, []payout.PaymentID{w.payments(batch)[0].ID}, w.on, "line 4711")
		})
	}
	w.state("cleared", id, payout.Cleared)
	w.books("payment_cleared", "1100 CITY 50.00", "1100 FAMILY 10.00", "1100 SMITH 40.00", "2410 CITY -50.00", "2410 FAMILY -10.00", "2410 SMITH -40.00") // P31
	w.settle()
	w.holds("custodial cash", "-30.00", ledger.CustodialCash)
	w.holds("in transit", "0.00", ledger.WithdrawalsPayable, ledger.DisbursementsTransit)
	if journal := w.sound(); !strings.Contains(journal, "liabilities:transit:disbursements") {
		t.Error("hledger reads nothing of payments in transit")
	}
}

// again tries to make another batch of what is due.
func (w *town) again(c custody.Custodian) (id payout.BatchID, request approval.ID, err error) {
	err = w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
		id, request, err = payout.MakeBatch(ctx, tx, walk, payout.NewBatch{Custodian: c, Method: payout.ByACH, PayOn: w.on}, "Again.")
		return err
	})
	return id, request, err
}

func TestAReturnedPaymentOpensItsWithdrawalAgain(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	c := w.bank()
	school := w.payee(college)
	id := w.approved(payout.Asking{Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "90.00"), Payee: school, Reference: "r1"})
	first := w.sent(c, payout.ByACH)
	paid := w.payments(first)[0]
	if n := w.returned(c, paid, "R03"); n != 1 {
		t.Errorf("%d came back", n)
	}
	w.state("after the return", id, payout.Returned)
	w.books("payment_returned", "2400 CITY 50.00", "2400 SMITH 40.00", "2410 CITY -50.00", "2410 SMITH -40.00") // P32
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		n, err := payout.TakeReturns(ctx, tx, walk)
		if n != 0 {
			t.Errorf("the same return again: %d", n)
		}
		return err
	})
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		return payout.Reissue(ctx, tx, walk, id, "The school confirmed its account.")
	})
	w.state("to be paid anew", id, payout.Reissued)
	second := w.sent(c, payout.ByACH)
	if p := w.payments(second)[0]; p.Attempt != 2 || p.Trace == paid.Trace {
		t.Errorf("the second attempt: %+v", p)
	}
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		_, err := payout.ClearBatch(ctx, tx, walk, second, w.on, "line 2")
		return err
	})
	w.later(20 * 24 * time.Hour) // the network may take it back for weeks
	if n := w.returned(c, w.payments(second)[0], "R10"); n != 1 {
		t.Errorf("%d came back late", n)
	}
	w.state("after the late return", id, payout.Returned)
	w.books("payment_cleared.reversed", "1100 CITY -50.00", "1100 SMITH -40.00", "2410 CITY 50.00", "2410 SMITH 40.00")
	w.holds("owed again", "90.00", ledger.WithdrawalsPayable)
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		return payout.Cancel(ctx, tx, walk, id, "The school does not take it.")
	})
	w.holds("set aside again", "90.00", ledger.Designated()...)
	w.holds("owed to nobody", "0.00", ledger.WithdrawalsPayable, ledger.DisbursementsTransit)
	w.sound()
}

func TestARefusedFileAndATakenApartBatchPayNobody(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	c := w.bank()
	school := w.payee(college)
	id := w.approved(payout.Asking{Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "50.00"), Payee: school, Reference: "r1"})
	batch, request := w.batch(c, payout.ByACH)
	dissolve := func() error {
		return w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
			return payout.Dissolve(ctx, tx, walk, batch, "The day is wrong.")
		})
	}
	wantError(t, "while another is asked", dissolve(), approval.ErrOpen)
	w.do(w.maker.Who(), func(ctx context.Context, tx *sqlx.Tx) error {
		r, err := approval.Load(ctx, tx, request)
		if err != nil {
			return err
		}
		return approval.Close(ctx, tx, approval.Checker{Who: w.maker.Who(), Account: int64(w.maker.Account)}, request, r.Hash, approval.Withdrawn, "", w.at)
	})
	if err := dissolve(); err != nil {
		t.Fatal(err)
	}
	w.state("due again", id, payout.Approved)
	batch = w.sent(c, payout.ByACH)
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		return payout.RefusedByBank(ctx, tx, walk, batch, "wrong format")
	})
	w.state("the bank took nothing", id, payout.Returned)
	w.holds("owed", "50.00", ledger.WithdrawalsPayable)
	w.holds("in transit", "0.00", ledger.DisbursementsTransit)
	w.sound()
}

func TestACheckGoesStaleThenToTheStateAndComesBack(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	c := w.bank()
	mother := w.payee(payout.NewPayee{Kind: payout.Person, Child: w.ana, Name: "=Núñez", Route: payout.Route{Method: payout.ByCheck, Address: []string{"1 Main St", "Riverbend MN 55401"}, State: "MN"}})
	id := w.approved(payout.Asking{Purpose: payout.Nonqualified, Amount: money(t, "12.00"), Payee: mother, Reference: "r1"})
	batch := w.sent(c, payout.ByCheck)
	_, content := w.file(batch)
	want := "account,check_number,issue_date,amount,payee,void\n000012345678,1001,2026-09-10,12.00,NUNEZ,N\nTOTAL,1,,12.00,,\n"
	if string(content) != want {
		t.Errorf("what the bank is told:\n%s", content)
	}
	stale := func() (n int) {
		w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) (err error) {
			n, err = payout.GoStale(ctx, tx, walk)
			return err
		})
		return n
	}
	w.later(179 * 24 * time.Hour)
	if n := stale(); n != 0 {
		t.Errorf("a day early: %d", n)
	}
	w.later(24 * time.Hour)
	if n, again := stale(), stale(); n != 1 || again != 0 {
		t.Errorf("stale: %d, then %d", n, again)
	}
	w.state("after half a year", id, payout.Stale)
	w.books("check_stale", "2410 FAMILY -12.00", "2600 FAMILY 12.00") // P41
	remit := func() error {
		return w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
			return payout.Remit(ctx, tx, walk, []payout.PaymentID{w.payments(batch)[0].ID}, "MN 2029 report")
		})
	}
	wantError(t, "before its day", remit(), payout.ErrState)
	w.later(910 * 24 * time.Hour)
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		all, err := payout.Unclaimeds(ctx, tx, walk)
		if len(all) != 1 || all[0].GoesOn != ledger.NewDate(2029, 9, 10) {
			t.Errorf("unclaimed: %+v", all)
		}
		return err
	})
	w.later(10 * 24 * time.Hour)
	if err := remit(); err != nil {
		t.Fatal(err)
	}
	w.state("with the state", id, payout.Unclaimed)
	w.books("unclaimed_remitted", "1100 FAMILY 12.00", "2600 FAMILY -12.00") // P42
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		return payout.Reissue(ctx, tx, walk, id, "The state gave it back.")
	})
	w.books("unclaimed_reclaimed", "1100 FAMILY -12.00", "2400 FAMILY 12.00") // P43; the families' fund has no bank but the custodian
	second := w.sent(c, payout.ByCheck)
	if _, content := w.file(second); !strings.Contains(string(content), ",1002,") {
		t.Errorf("a check number twice:\n%s", content)
	}
	w.sound()
}

func TestATransferToAnOwnPlanIsOneExpenseOfTheFundersMoney(t *testing.T) {
	t.Parallel()
	w := newTown(t, schoolRules)
	c := w.bank()
	plan := w.payee(payout.NewPayee{Kind: payout.Plan, Child: w.ana, Name: "Ana's mother", Route: payout.Route{Method: payout.ByPlan, Plan: "State 529", Account: "AB-77", Address: []string{"PO Box 1", "Springfield IL 62701"}}})
	wantError(t, "school money to a plan", w.walk(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		_, err := payout.Ask(ctx, tx, walk, payout.Asking{Child: w.ana, Purpose: payout.Qualified, Expense: "tuition", Amount: money(t, "1.00"), Payee: plan, Reference: "x"})
		return err
	}), payout.ErrPayeeKind)
	id := w.approved(payout.Asking{Purpose: payout.Transfer, Payee: plan, Reference: "r1"}) // all there is
	w.books("transfer_own", "2100 FAMILY -40.00", "2420 FAMILY 40.00")                      // P34
	w.books("transfer_program", "2420 CITY 50.00", "2420 SMITH 40.00", "3151 CITY -50.00", "3152 SMITH -40.00",
		"4900 CITY 50.00", "4900 SMITH 40.00", "5100 CITY -50.00", "5110 SMITH -40.00")
	batch := w.sent(c, payout.ByPlan)
	w.must(w.maker, func(ctx context.Context, tx *sqlx.Tx, walk enroll.Walk) error {
		_, err := payout.ClearBatch(ctx, tx, walk, batch, w.on, "line 9")
		return err
	})
	w.state("with the plan", id, payout.Cleared)
	w.books("transfer_cleared", "1100 CITY 50.00", "1100 FAMILY 40.00", "1100 SMITH 40.00", "2420 CITY -50.00", "2420 FAMILY -40.00", "2420 SMITH -40.00")
	w.holds("nothing is left", "0.00", append(ledger.Designated(), ledger.FamilyPrincipal, ledger.TransfersTransit)...)
	w.sound()
}
