package savings

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Faults of corrections.
var (
	// ErrNothingWrong reports a correction that changes nothing.
	ErrNothingWrong = fault.New(fault.Invalid, "savings.nothing_wrong")
	// ErrNotOurs reports a posting that is not corrected by hand.
	ErrNotOurs = fault.New(fault.Conflict, "savings.not_corrected_by_hand")
)

// Mistake is what was wrong with a deposit as booked.
type Mistake string

// The mistakes.
const (
	WrongChild  Mistake = "wrong_child"
	WrongAmount Mistake = "wrong_amount"
	WrongDate   Mistake = "wrong_date"
)

// Mistakes are all of them, in the order people are offered them.
var Mistakes = []Mistake{WrongChild, WrongAmount, WrongDate}

// Correction says how a deposit should have been booked.
type Correction struct {
	Deposit DepositID      `json:"deposit"`
	Mistake Mistake        `json:"mistake"`
	Child   family.ChildID `json:"child"` // 0: nobody knows whose it is
	Amount  ledger.Amount  `json:"amount"`
	On      ledger.Date    `json:"on"`
}

// DepositOf returns the deposit that a transaction booked or identified, or
// ErrNotOurs where it did something else.
func DepositOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, m ledger.Movement) (d DepositState, err error) {
	reference, ok := strings.CutPrefix(m.Key, key("deposit", p.ID, ""))
	if !ok {
		reference, ok = strings.CutPrefix(m.Key, key("identify", p.ID, ""))
	}
	if !ok || m.Reverses != 0 {
		return d, ErrNotOurs
	}
	id, err := DepositByReference(ctx, q, p.ID, reference)
	if err != nil {
		return d, err
	}
	return DepositByID(ctx, q, p.ID, id)
}

// DepositByID returns a deposit, or ErrNoDeposit.
func DepositByID(ctx context.Context, q sqlx.QueryerContext, p program.ID, id DepositID) (d DepositState, err error) {
	const query = `SELECT ` + depositColumns + ` FROM deposits WHERE program_id = $1 AND id = $2`
	err = sqlx.GetContext(ctx, q, &d, query, p, id)
	if errors.Is(err, sql.ErrNoRows) {
		return d, ErrNoDeposit
	}
	if err != nil {
		return d, fmt.Errorf("deposit %d: %w", id, err)
	}
	return d, nil
}

// Check refuses a correction that cannot be made: of a deposit that the bank
// took back or that was corrected before, that changes nothing, or for a child
// that does not take part. It returns the deposit as booked.
func (c Correction) Check(ctx context.Context, q sqlx.QueryerContext, p program.Program) (DepositState, error) {
	d, err := DepositByID(ctx, q, p.ID, c.Deposit)
	switch {
	case err != nil:
		return d, err
	case d.State != "posted" && d.State != "suspense":
		return d, ErrDepositState.With(map[string]any{"State": d.State})
	case c.Amount.Sign() <= 0:
		return d, ErrAmount.At("amount").With(map[string]any{"Reference": d.Reference})
	case c.Child == d.Child && c.Amount == d.Amount && c.On == d.On:
		return d, ErrNothingWrong
	case c.Child == 0:
		return d, nil
	}
	known, err := participants(ctx, q, p.ID, []family.ChildID{c.Child})
	if err == nil && known[0] == 0 {
		err = ErrNoChild.At("account")
	}
	return d, err
}

// Corrected are children as their deposits would be after a correction. They
// carry their deposits as booked (WithDeposits).
func (c Correction) Corrected(children []rules.Child) []rules.Child {
	gone := "deposit/" + strconv.FormatInt(int64(c.Deposit), 10)
	out := slices.Clone(children)
	for i, child := range out {
		channel := ""
		child.Events = slices.DeleteFunc(slices.Clone(child.Events), func(e rules.Event) bool {
			if e.Key == gone {
				channel = e.Channel
			}
			return e.Key == gone
		})
		if child.ID == int64(c.Child) {
			child.Events = append(child.Events, rules.Event{Key: gone + "/corrected", Kind: rules.Deposit, Seq: int64(c.Deposit), On: c.On, Amount: c.Amount, Channel: channel})
		}
		out[i] = child
	}
	return out
}

// Correct reverses what booked a deposit and books it as it should have been
// (A14): the wrong one stays on record, the right one says which it stands for.
// What lies in a closed period is reversed and booked on the first open day and
// names its true one. A child's money that is gone already is ErrSpent. Whoever
// calls it has the approval (ref) of another person, and sees to the awards.
func Correct(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, c Correction, ref string, at time.Time) error {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return fmt.Errorf("correct deposit %d: %w", c.Deposit, err)
	}
	d, err := c.Check(ctx, tx, p)
	if err != nil {
		return err
	}
	if err := unbook(ctx, tx, who, p, d, ref, at); err != nil {
		return translate(fmt.Errorf("correct deposit %d: %w", c.Deposit, err))
	}
	const wrong = `UPDATE deposits SET state = 'corrected' WHERE id = $1`
	if _, err := tx.ExecContext(ctx, wrong, d.ID); err != nil {
		return fmt.Errorf("correct deposit %d: %w", c.Deposit, err)
	}
	right := Deposit{Reference: d.Reference + " ~" + strconv.FormatInt(int64(d.ID), 10), Child: c.Child, Amount: c.Amount, On: c.On, Channel: d.Channel, Custodian: d.Custodian, corrects: d.ID}
	posted, err := postDeposits(ctx, tx, who, p, []Deposit{right}, ref, at)
	if err != nil {
		return err
	}
	if err := insertDeposits(ctx, tx, who, p.ID, []Deposit{right}, posted, 0, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "savings.deposit_corrected", Kind: "deposit", Subject: int64(d.ID), Program: int32(p.ID),
		Before: map[string]any{"child": d.Child, "amount": d.Amount, "on": d.On},
		After:  map[string]any{"child": c.Child, "amount": c.Amount, "on": c.On, "mistake": c.Mistake, "tx": posted[0].No, "approval": ref},
	}}, at)
}

// unbook reverses the transactions that brought a deposit to where it is, the
// newest first, each as of its own day.
func unbook(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, d DepositState, ref string, at time.Time) error {
	const query = `SELECT tx_no FROM deposits WHERE id = $1`
	var booked ledger.TxNo
	if err := tx.GetContext(ctx, &booked, query, d.ID); err != nil {
		return err
	}
	numbers := []ledger.TxNo{booked}
	identified, ok, err := ledger.TransactionByKey(ctx, tx, p.Book, key("identify", p.ID, d.Reference))
	if err != nil {
		return err
	}
	if ok {
		numbers = []ledger.TxNo{identified, booked}
	}
	reversals := make([]ledger.Reversal, len(numbers))
	for i, no := range numbers {
		entries, err := ledger.Transaction(ctx, tx, p.Book, no)
		if err != nil || len(entries) == 0 {
			return fmt.Errorf("transaction %d: %w", no, cmpNone(err))
		}
		on := entries[0].Effective
		if concerns := entries[0].Concerns; !concerns.IsZero() {
			on = concerns
		}
		reversals[i] = ledger.Reversal{Key: key("correct", p.ID, strconv.FormatInt(int64(no), 10)), Of: no, Effective: on,
			Maker: who.Actor, Approval: ref, Reason: d.Channel + " " + d.Reference}
	}
	_, err = ledger.ReverseAll(ctx, tx, p.Book, at, reversals)
	return err
}

func cmpNone(err error) error {
	if err != nil {
		return err
	}
	return ErrNoDeposit
}

// Affordable refuses a correction that would take more off a child's account
// than its own money there. The books refuse it too, when it comes to that; this
// tells whoever asks for it.
func (c Correction) Affordable(ctx context.Context, q sqlx.QueryerContext, p program.Program, d DepositState) error {
	if d.Child == 0 {
		return nil
	}
	own, err := fund.ByCode(ctx, q, p.ID, fund.FamilyCode)
	if err != nil {
		return err
	}
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Charts: []ledger.Chart{ledger.FamilyPrincipal}, Fund: own.ID, Children: []int64{int64(d.Child)}})
	if err != nil {
		return err
	}
	var has ledger.Amount
	for _, b := range balances {
		has = has.Add(b.Amount)
	}
	if has.Less(d.Amount) {
		return ErrSpent
	}
	return nil
}

// OpenExcesses are the open proposals about some children, by child, benefit
// and period.
func OpenExcesses(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID) (map[family.ChildID][]Excess, error) {
	all, err := Excesses(ctx, q, p)
	if err != nil {
		return nil, err
	}
	out := map[family.ChildID][]Excess{}
	for _, x := range all {
		if slices.Contains(children, x.Child) {
			out[x.Child] = append(out[x.Child], x)
		}
	}
	return out, nil
}
