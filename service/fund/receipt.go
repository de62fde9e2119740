package fund

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Promise is what kind of receipt a row is.
type Promise string

// The kinds of receipt, with the posting of domain/money.md that each makes.
const (
	Pledge        Promise = "pledge"         // P1: unconditional promise to give
	Grant         Promise = "grant"          // cash that was not pledged before
	PledgePayment Promise = "pledge_payment" // P3: cash against a pledge
)

// Receipt is a promise or a payment of a funder.
type Receipt struct {
	Fund      Fund
	Kind      Promise
	Amount    ledger.Amount // positive
	On        ledger.Date
	Reference string     // the funder's or bank's own; unique in the fund, for ever
	Document  DocumentID // the letter or notice that it rests on; 0 for none
	Approval  string     // what it rests on, where a person entered it
}

// Receive records a pledge or a payment. Recording the same reference with the
// same content again changes nothing; with other content it is
// ErrReferenceUsed. A payment beyond what is pledged is ErrOverPledged. What a
// person enters by hand rests on another person's approval (approval.ErrNeeded).
//
// A contribution is closed into the fund's uncommitted net assets in the same
// transaction (P6): awards may use it at once, and account 4100 still shows
// every contribution in gross.
func Receive(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, r Receipt, at time.Time) error {
	r.Reference = strings.TrimSpace(r.Reference)
	if err := r.check(); err != nil {
		return err
	}
	if err := needsApproval(ctx, tx, who, approval.Receipt, r.Amount, r.Approval); err != nil {
		return err
	}
	accounts, err := ledger.EnsureAccounts(ctx, tx, p.Book, receiptAccounts(r))
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.Reference, err)
	}
	posted, err := ledger.Post(ctx, tx, p.Book, at, []ledger.Posting{{
		Key:       "receipt/" + strconv.Itoa(int(r.Fund.ID)) + "/" + r.Reference,
		Kind:      string(r.Kind),
		Effective: r.On,
		Entries:   receiptEntries(r, accounts),
		Maker:     who.Actor,
		Approval:  r.Approval,
		Source:    r.Reference,
	}})
	if errors.Is(err, ledger.ErrKeyReused) {
		return ErrReferenceUsed.With(map[string]any{"Reference": r.Reference})
	}
	if errors.Is(err, ledger.ErrPeriodClosed) {
		return fault.Because(ErrClosed, err)
	}
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.Reference, err)
	}
	if posted[0].Replayed {
		return nil
	}
	if r.Kind == PledgePayment {
		if err := withinPledge(ctx, tx, p, r, accounts[1]); err != nil {
			return err
		}
	}
	const query = `
		INSERT INTO fund_receipts (tenant_id, fund_id, reference, kind, amount, on_day, tx_no, entered_by, entered_at, document_id)
		VALUES ($1, $2, $3, $4, CAST($5 AS numeric), $6, $7, $8, $9, nullif(CAST($10 AS bigint), 0))`
	_, err = tx.ExecContext(ctx, query, who.Tenant, r.Fund.ID, r.Reference, string(r.Kind), r.Amount, r.On, posted[0].No, who.Actor, at, r.Document)
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.Reference, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "fund.received", Kind: "fund", Subject: int64(r.Fund.ID), Program: int32(p.ID),
		After: map[string]any{"kind": r.Kind, "amount": r.Amount, "on": r.On, "tx": posted[0].No},
	}}, at)
}

// check refuses a receipt that no program could record.
func (r Receipt) check() error {
	switch {
	case r.Amount.Sign() <= 0:
		return ErrField.At("amount")
	case strings.TrimSpace(r.Reference) == "":
		return ErrField.At("reference")
	case r.Fund.Kind == Family || r.Fund.ID == 0:
		return ErrField.At("fund")
	case r.Kind != Pledge && r.Kind != Grant && r.Kind != PledgePayment:
		return ErrField.At("kind")
	}
	return nil
}

// withinPledge refuses a payment, already posted, that leaves the fund with more
// paid than pledged: the rest is a gift of its own, with its own reference.
func withinPledge(ctx context.Context, q sqlx.QueryerContext, p program.Program, r Receipt, receivable ledger.AccountID) error {
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Accounts: []ledger.AccountID{receivable}})
	if err != nil {
		return fmt.Errorf("receipt %s: %w", r.Reference, err)
	}
	if over := balances[0].Amount; over.Sign() > 0 {
		return ErrOverPledged.At("amount").With(map[string]any{"Pledged": r.Amount.Sub(over)})
	}
	return nil
}

// receiptAccounts lists debit, income and net-asset account of a receipt; a
// payment against a pledge has no income.
func receiptAccounts(r Receipt) []ledger.Account {
	account := func(c ledger.Chart) ledger.Account { return ledger.Account{Chart: c, Fund: r.Fund.ID} }
	cash, income, net := ledger.RestrictedCash, ledger.Contributions, ledger.Uncommitted
	if r.Fund.Kind == Operations {
		cash, income, net = ledger.OperatingCash, ledger.Fundraising, ledger.Unrestricted
	}
	switch r.Kind {
	case Pledge:
		return []ledger.Account{account(ledger.PledgesReceivable), account(income), account(net)}
	case PledgePayment:
		return []ledger.Account{account(cash), account(ledger.PledgesReceivable)}
	default:
		return []ledger.Account{account(cash), account(income), account(net)}
	}
}

func receiptEntries(r Receipt, a []ledger.AccountID) []ledger.Entry {
	entries := []ledger.Entry{{Account: a[0], Amount: r.Amount.Neg()}, {Account: a[1], Amount: r.Amount}}
	if r.Kind == PledgePayment {
		return entries
	}
	return append(entries, ledger.Entry{Account: a[1], Amount: r.Amount.Neg()}, ledger.Entry{Account: a[2], Amount: r.Amount})
}
