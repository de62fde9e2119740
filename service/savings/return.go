package savings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// record is a deposit as it is stored.
type record struct {
	ID        DepositID      `db:"id"`
	Reference string         `db:"reference"`
	Child     family.ChildID `db:"child_id"`
	Amount    ledger.Amount  `db:"amount"`
	On        ledger.Date    `db:"on_day"`
	Channel   string         `db:"channel"`
	Custodian int32          `db:"custodian_id"`
	State     string         `db:"state"`
	Tx        ledger.TxNo    `db:"tx_no"`
	Returned  ledger.Date    `db:"returned_on"`
	Code      string         `db:"return_code"`
}

const recordColumns = `id, reference, coalesce(child_id, 0) AS child_id, amount, on_day, channel, custodian_id, state, tx_no,
	returned_on, coalesce(return_code, '') AS return_code`

// lockDeposit takes the book's lock and then reads a deposit, so that two
// decisions about it come one after the other.
func lockDeposit(ctx context.Context, tx *sqlx.Tx, p program.Program, id DepositID) (d record, err error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return record{}, fmt.Errorf("deposit %d: %w", id, err)
	}
	const query = `SELECT ` + recordColumns + ` FROM deposits WHERE program_id = $1 AND id = $2`
	err = tx.GetContext(ctx, &d, query, p.ID, id)
	if errors.Is(err, sql.ErrNoRows) {
		return record{}, ErrNoDeposit
	}
	if err != nil {
		return record{}, fmt.Errorf("deposit %d: %w", id, err)
	}
	return d, nil
}

// DepositByReference returns the number of a deposit, or ErrNoDeposit.
func DepositByReference(ctx context.Context, q sqlx.QueryerContext, p program.ID, reference string) (id DepositID, err error) {
	const query = `SELECT id FROM deposits WHERE program_id = $1 AND reference = $2`
	err = sqlx.GetContext(ctx, q, &id, query, p, reference)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNoDeposit
	}
	if err != nil {
		return 0, fmt.Errorf("deposit by reference: %w", err)
	}
	return id, nil
}

// BankReturn is a deposit that the bank took back.
type BankReturn struct {
	Deposit DepositID
	On      ledger.Date // day the bank took it back
	Code    string      // the bank's reason, such as R01
}

// Return takes a deposit back from the child's account (P20). What the child's
// own money no longer covers becomes a returned-item receivable. One that nobody
// identified leaves suspense. It returns the child, 0 where there is none; recording the same return again changes nothing and returns 0.
//
// The awards that the deposit earned are a matter of the rule book: see
// TakeBack.
func Return(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, r BankReturn, at time.Time) (family.ChildID, error) {
	d, err := lockDeposit(ctx, tx, p, r.Deposit)
	if err != nil {
		return 0, err
	}
	if d.State == "returned" && d.Returned == r.On && d.Code == r.Code {
		return 0, nil
	}
	if d.State != "posted" && d.State != "suspense" {
		return 0, ErrDepositState.With(map[string]any{"State": d.State})
	}
	if r.On.Before(d.On) {
		return 0, ErrDay.At("on")
	}
	days, err := fund.OpenDays(ctx, tx, p)
	if err != nil {
		return 0, err
	}
	effective, concerns := days.Place(r.On)
	entries, err := returnEntries(ctx, tx, p, d)
	if err != nil {
		return 0, fmt.Errorf("return deposit %d: %w", r.Deposit, err)
	}
	posted, err := ledger.Post(ctx, tx, p.Book, at, []ledger.Posting{{
		Key:       key("return", p.ID, d.Reference),
		Kind:      "deposit_return",
		Effective: effective,
		Concerns:  concerns,
		Entries:   entries,
		Maker:     who.Actor,
		Source:    r.Code + " " + d.Channel + " " + d.Reference,
	}})
	if err != nil {
		return 0, translate(fmt.Errorf("return deposit %d: %w", r.Deposit, err))
	}
	const query = `
		UPDATE deposits SET state = 'returned', returned_on = $2, return_code = $3, return_tx_no = $4
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, r.Deposit, r.On, r.Code, posted[0].No); err != nil {
		return 0, fmt.Errorf("return deposit %d: %w", r.Deposit, err)
	}
	return d.Child, audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "savings.deposit_returned", Kind: "deposit", Subject: int64(r.Deposit), Program: int32(p.ID),
		Before: map[string]any{"state": d.State},
		After:  map[string]any{"state": "returned", "child": d.Child, "amount": d.Amount, "code": r.Code, "tx": posted[0].No},
	}}, at)
}

func returnEntries(ctx context.Context, tx *sqlx.Tx, p program.Program, d record) ([]ledger.Entry, error) {
	own, err := fund.ByCode(ctx, tx, p.ID, fund.FamilyCode)
	if err != nil {
		return nil, err
	}
	if d.Child == 0 {
		return suspenseReturn(ctx, tx, p, own.ID, d)
	}
	accounts, err := ledger.EnsureAccounts(ctx, tx, p.Book, []ledger.Account{
		familyAccount(own.ID, d.Child),
		{Chart: ledger.ReturnedReceivable, Fund: own.ID, Child: int64(d.Child)},
		{Chart: ledger.CustodialCash, Fund: own.ID, Custodian: d.Custodian},
	})
	if err != nil {
		return nil, err
	}
	balances, err := ledger.Balances(ctx, tx, p.Book, ledger.Query{Accounts: accounts[:1]})
	if err != nil {
		return nil, err
	}
	var has ledger.Amount
	if len(balances) == 1 {
		has = balances[0].Amount
	}
	covered := d.Amount.Min(has)
	entries := []ledger.Entry{{Account: accounts[2], Amount: d.Amount}}
	if covered.Sign() > 0 {
		entries = append(entries, ledger.Entry{Account: accounts[0], Amount: covered.Neg()})
	}
	if owed := d.Amount.Sub(covered); owed.Sign() > 0 {
		entries = append(entries, ledger.Entry{Account: accounts[1], Amount: owed.Neg()})
	}
	return entries, nil
}

// suspenseReturn takes back what nobody identified.
func suspenseReturn(ctx context.Context, tx *sqlx.Tx, p program.Program, own ledger.FundID, d record) ([]ledger.Entry, error) {
	a, err := ledger.EnsureAccounts(ctx, tx, p.Book, []ledger.Account{suspenseAccount(own, d.Custodian), {Chart: ledger.CustodialCash, Fund: own, Custodian: d.Custodian}})
	if err != nil {
		return nil, err
	}
	return []ledger.Entry{{Account: a[0], Amount: d.Amount.Neg()}, {Account: a[1], Amount: d.Amount}}, nil
}

// translate gives the ledger's refusals the words of this room; anything else
// stays internal.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrKeyReused):
		return fault.Because(ErrReferenceUsed, err)
	case errors.Is(err, ledger.ErrPeriodClosed):
		return fault.Because(ErrClosed, err)
	case errors.Is(err, ledger.ErrOverdrawn):
		return fault.Because(ErrSpent, err)
	}
	return err
}
