package ledger

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lib/pq"
)

// What the strongroom refuses. Each arrives as a typed error that says which
// posting or account; errors.Is finds the sentinel in it. Whatever was refused
// has changed nothing, but the database transaction it ran in is spent: the
// caller rolls back.
var (
	ErrInvalid         = errors.New("not a valid posting")
	ErrUnbalanced      = errors.New("entries do not balance in every fund")
	ErrUnknownBook     = errors.New("no such book")
	ErrUnknownAccount  = errors.New("no such account in the book")
	ErrKeyReused       = errors.New("key was used before for something else")
	ErrOverdrawn       = errors.New("account would fall below its floor")
	ErrPeriodClosed    = errors.New("the day lies in a closed period")
	ErrAlreadyReversed = errors.New("transaction is reversed already")
	ErrNotReversible   = errors.New("nothing to reverse: no such transaction, or it is a reversal itself")
	ErrNoFloor         = errors.New("account may go below zero: nothing to hold")
	ErrUnknownHold     = errors.New("no such hold")
	ErrHoldEnded       = errors.New("hold has ended")
	ErrPeriodOrder     = errors.New("a period closes after the last closed day and reopens before it")
	ErrTooLarge        = errors.New("amount beyond what the books can hold")
	ErrLogMoved        = errors.New("the log was sealed by someone else meanwhile")
)

// Invalid reports a posting, hold or query that could never be right.
type Invalid struct {
	Posting int    // its place in what was given, from 0
	Key     string // its key
	Reason  string
}

func (e *Invalid) Error() string {
	return fmt.Sprintf("posting %d (%s): %s", e.Posting, e.Key, e.Reason)
}
func (e *Invalid) Unwrap() error { return ErrInvalid }

// Unbalanced reports a posting whose entries do not sum to zero in a fund.
type Unbalanced struct {
	Posting int
	Key     string
	Fund    FundID
	By      Amount // the sum that should be zero
}

func (e *Unbalanced) Error() string {
	return fmt.Sprintf("posting %d (%s): entries of fund %d sum to %s", e.Posting, e.Key, e.Fund, e.By)
}
func (e *Unbalanced) Unwrap() error { return ErrUnbalanced }

// UnknownAccount reports an entry on an account that the book does not have.
type UnknownAccount struct {
	Posting int
	Key     string
	Account AccountID
}

func (e *UnknownAccount) Error() string {
	return fmt.Sprintf("posting %d (%s): no account %d in the book", e.Posting, e.Key, e.Account)
}
func (e *UnknownAccount) Unwrap() error { return ErrUnknownAccount }

// KeyReused reports a key that an earlier posting used to move other money.
type KeyReused struct {
	Posting int
	Key     string
	No      TxNo // the earlier transaction; 0 where both are in one batch
}

func (e *KeyReused) Error() string {
	return fmt.Sprintf("posting %d: key %s belongs to another posting (transaction %d)", e.Posting, e.Key, e.No)
}
func (e *KeyReused) Unwrap() error { return ErrKeyReused }

// Overdrawn reports the first entry that would take an account below its floor
// or below what is on hold.
type Overdrawn struct {
	Posting int
	Key     string
	Account AccountID
	Balance Amount // what the account would hold
	Floor   Amount // the least it may hold: its floor and its holds
}

func (e *Overdrawn) Error() string {
	return fmt.Sprintf("posting %d (%s): account %d would hold %s, below %s", e.Posting, e.Key, e.Account, e.Balance, e.Floor)
}
func (e *Overdrawn) Unwrap() error { return ErrOverdrawn }

// PeriodClosed reports an effective day up to which the book is closed.
type PeriodClosed struct {
	Posting int
	Key     string
	Through Date // the last closed day
}

func (e *PeriodClosed) Error() string {
	return fmt.Sprintf("posting %d (%s): the book is closed through %s", e.Posting, e.Key, e.Through)
}
func (e *PeriodClosed) Unwrap() error { return ErrPeriodClosed }

// AlreadyReversed reports a second reversal of a transaction.
type AlreadyReversed struct {
	Posting int
	Key     string
	Of, By  TxNo // By is 0 where both reversals are in one batch
}

func (e *AlreadyReversed) Error() string {
	return fmt.Sprintf("posting %d (%s): transaction %d is reversed by %d", e.Posting, e.Key, e.Of, e.By)
}
func (e *AlreadyReversed) Unwrap() error { return ErrAlreadyReversed }

// NotReversible reports a reversal of a transaction that does not exist, is a
// reversal itself, or is not its exact contra.
type NotReversible struct {
	Posting int
	Key     string
	Of      TxNo
}

func (e *NotReversible) Error() string {
	return fmt.Sprintf("posting %d (%s): transaction %d cannot be reversed so", e.Posting, e.Key, e.Of)
}
func (e *NotReversible) Unwrap() error { return ErrNotReversible }

// HoldEnded reports a hold that is no longer open.
type HoldEnded struct {
	Hold HoldNo
	Act  string // "capture", "release" or "expire"
	No   TxNo   // the transaction that captured it
}

func (e *HoldEnded) Error() string { return fmt.Sprintf("hold %d has ended: %s", e.Hold, e.Act) }
func (e *HoldEnded) Unwrap() error { return ErrHoldEnded }

// why is the JSON detail of an error raised by the ledger's SQL functions.
type why struct {
	Posting int       `json:"posting"`
	Account AccountID `json:"account"`
	Tx      TxNo      `json:"tx"`
	By      TxNo      `json:"by"`
	Hold    HoldNo    `json:"hold"`
	Fund    FundID    `json:"fund"`
	Amount  Amount    `json:"amount"`
	Balance Amount    `json:"balance"`
	Floor   Amount    `json:"floor"`
	Closed  Date      `json:"closed"`
}

// refusal translates an error of the ledger's SQL functions; name gives the key
// of a posting by its place in the call. Other errors pass unchanged.
func refusal(err error, name func(posting int) (int, string)) error {
	pe, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return err
	}
	var w why
	if pe.Code.Class() == "LE" && pe.Detail != "" {
		if jsonErr := json.Unmarshal([]byte(pe.Detail), &w); jsonErr != nil {
			return fmt.Errorf("%w (detail %q: %v)", err, pe.Detail, jsonErr)
		}
	}
	place, key := name(w.Posting)
	switch pe.Code {
	case "LE001":
		return &KeyReused{place, key, w.Tx}
	case "LE002":
		return &Overdrawn{place, key, w.Account, w.Balance, w.Floor}
	case "LE003":
		return &Unbalanced{place, key, w.Fund, w.Amount}
	case "LE004":
		return &UnknownAccount{place, key, w.Account}
	case "LE005":
		return &PeriodClosed{place, key, w.Closed}
	case "LE006":
		return &AlreadyReversed{place, key, w.Tx, w.By}
	case "LE007":
		return &NotReversible{place, key, w.Tx}
	case "LE008":
		return ErrUnknownBook
	case "LE009":
		return fmt.Errorf("account %d: %w", w.Account, ErrNoFloor)
	case "LE010":
		return fmt.Errorf("hold %d: %w", w.Hold, ErrUnknownHold)
	case "LE011":
		return fmt.Errorf("closed through %s: %w", w.Closed, ErrPeriodOrder)
	case "LE012":
		return ErrLogMoved
	case "22003":
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	return err
}

// unnamed is for calls whose errors concern no single posting.
func unnamed(posting int) (int, string) { return posting, "" }
