package fund

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
)

// ErrNoFee reports a refund or repayment of more than operations owes for fees.
var ErrNoFee = fault.New(fault.Limit, "fund.no_fee")

// Fee is what a bank took off an account that holds money for others.
type Fee struct {
	Custodian int32         // the dimension of its accounts
	Reference string        // names it for ever
	Amount    ledger.Amount // positive
	On        ledger.Date
}

// feeKind is what happens to a fee.
type feeKind string

const (
	feeCharged  feeKind = "bank_fee"        // P24: operations bears it, and owes it to the account
	feeRefunded feeKind = "bank_fee_refund" // the bank gives it back
	feeRepaid   feeKind = "fees_repaid"     // P49: operations pays what it owes
)

// ChargeFee books a bank's fee (P24): operations bears it. The account from which
// the bank took it holds families' money, so operations owes the account as much;
// no child bears anything. It may be repeated with its reference.
func ChargeFee(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, f Fee, at time.Time) (ledger.TxNo, error) {
	return postFee(ctx, tx, who, p, f, feeCharged, at)
}

// RefundFee books a fee that the bank gave back. More than operations owes is
// ErrNoFee.
func RefundFee(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, f Fee, at time.Time) (ledger.TxNo, error) {
	return postFee(ctx, tx, who, p, f, feeRefunded, at)
}

// RepayFees books what operations paid into the account for fees (P49). More than
// it owes is ErrNoFee.
func RepayFees(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, f Fee, at time.Time) (ledger.TxNo, error) {
	return postFee(ctx, tx, who, p, f, feeRepaid, at)
}

// postFee books a fee on both sides: what the account is owed, and what operations
// owes. A charge takes from the account, the others give.
func postFee(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, f Fee, kind feeKind, at time.Time) (ledger.TxNo, error) {
	if f.Amount.Sign() <= 0 {
		return 0, ErrField.At("amount")
	}
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return 0, fmt.Errorf("fee %s: %w", f.Reference, err)
	}
	own, err := ByCode(ctx, tx, p.ID, FamilyCode)
	if err != nil {
		return 0, err
	}
	ops, err := ByCode(ctx, tx, p.ID, OperationsCode)
	if err != nil {
		return 0, err
	}
	bears := ledger.Fees
	if kind == feeRepaid {
		bears = ledger.OperatingCash
	}
	ids, err := ledger.EnsureAccounts(ctx, tx, p.Book, []ledger.Account{
		{Chart: ledger.CustodialCash, Fund: own.ID, Custodian: f.Custodian}, {Chart: ledger.DueFromFunds, Fund: own.ID},
		{Chart: ledger.DueToFunds, Fund: ops.ID}, {Chart: bears, Fund: ops.ID}})
	if err != nil {
		return 0, fmt.Errorf("fee %s: %w", f.Reference, err)
	}
	days, err := OpenDays(ctx, tx, p)
	if err != nil {
		return 0, err
	}
	effective, concerns := days.Place(f.On)
	in := f.Amount
	if kind != feeCharged {
		in = in.Neg()
	}
	posted, err := ledger.Post(ctx, tx, p.Book, at, []ledger.Posting{{
		Key: string(kind) + "/" + p.Code + "/" + f.Reference, Kind: string(kind), Effective: effective, Concerns: concerns, Maker: who.Actor, Source: f.Reference,
		Entries: []ledger.Entry{{Account: ids[0], Amount: in}, {Account: ids[1], Amount: in.Neg()}, {Account: ids[2], Amount: in}, {Account: ids[3], Amount: in.Neg()}},
	}})
	if errors.Is(err, ledger.ErrOverdrawn) {
		return 0, ErrNoFee.At("amount")
	}
	if err != nil || posted[0].Replayed {
		return firstNo(posted), err
	}
	return posted[0].No, audit.Record(ctx, tx, who, []audit.Event{{Verb: "fund.fee_booked", Kind: "program", Subject: int64(p.ID), Program: int32(p.ID),
		After: map[string]any{"kind": kind, "amount": f.Amount, "on": f.On, "tx": posted[0].No}}}, at)
}

func firstNo(posted []ledger.Posted) ledger.TxNo {
	if len(posted) == 0 {
		return 0
	}
	return posted[0].No
}
