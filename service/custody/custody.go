// Package custody is the bank's side of a program's money: who holds it, what
// their files say of it, and, day by day, what the bank had.
//
// What a bank says is kept apart from what the books say. This room takes files
// in (each once, in any order, kept as they came) and answers what the bank's
// balance was, where a statement is missing and what waits for a person. It
// moves no money: that is service/savings and the ledger below it. Account
// numbers, names and remittance texts are sealed.
package custody

import (
	"seedbook/service/fault"
)

// Faults of this room.
var (
	// ErrNone reports a custodian that the program does not have.
	ErrNone = fault.New(fault.NotFound, "custody.none")
	// ErrCodeTaken reports a second custodian of one code.
	ErrCodeTaken = fault.New(fault.Conflict, "custody.code_taken")
	// ErrField reports a setting that is missing or malformed; Field names it.
	ErrField = fault.New(fault.Invalid, "custody.field")
	// ErrAccountTaken reports an account that the custodian has already.
	ErrAccountTaken = fault.New(fault.Conflict, "custody.account_taken")
	// ErrFormat reports a file in none of the formats that the custodian gives.
	ErrFormat = fault.New(fault.Invalid, "custody.format")
	// ErrNoFile reports a file that is not this program's.
	ErrNoFile = fault.New(fault.NotFound, "custody.no_file")
	// ErrNotHeld reports a file that waits for nobody.
	ErrNotHeld = fault.New(fault.Conflict, "custody.not_held")
	// ErrSamePerson reports a file that its bringer would let in.
	ErrSamePerson = fault.New(fault.Denied, "custody.same_person")
	// ErrReason reports a decision without a reason.
	ErrReason = fault.New(fault.Invalid, "custody.reason")
)

// ID identifies a custodian within its organization; also the dimension of its
// ledger accounts.
type ID int32

// FileID identifies a file that a custodian sent.
type FileID int64

// AccountID identifies an account at a custodian.
type AccountID int64
