// Package payout is how money leaves: what is asked for, whom it goes to, who
// agreed, and what became of each payment.
//
// A withdrawal is a parcel that everybody concerned can follow. The rule book
// says what may be paid and from whose money, in which order, and what it costs
// of the matches; a person sees that before anybody agrees, and an approval is of
// exactly that. This room posts what was agreed and keeps each step. It talks to
// no bank: it writes the files that people hand in, and takes back what
// service/custody read of the bank's answers.
package payout

import (
	"strconv"

	"seedbook/service/fault"
	"seedbook/service/program"
)

// Faults of this room.
var (
	// ErrNone reports a withdrawal that the program does not have.
	ErrNone = fault.New(fault.NotFound, "payout.none")
	// ErrField reports something of a form that is missing or malformed.
	ErrField = fault.New(fault.Invalid, "payout.field")
	// ErrReferenceUsed reports a reference that stands for another withdrawal.
	ErrReferenceUsed = fault.New(fault.Conflict, "payout.reference_used")
	// ErrNotPaid reports that the rule book or the account does not give what is
	// asked for: why, and what could be paid.
	ErrNotPaid = fault.New(fault.Limit, "payout.not_paid")
	// ErrExpense reports an expense that the rule book does not pay for.
	ErrExpense = fault.New(fault.Invalid, "payout.expense")
	// ErrPayeeKind reports a payee to whom the rule book does not pay this.
	ErrPayeeKind = fault.New(fault.Invalid, "payout.payee_kind")
	// ErrPapers reports evidence that nobody has seen yet.
	ErrPapers = fault.New(fault.Conflict, "payout.papers")
	// ErrState reports a step that the withdrawal does not take from where it is.
	ErrState = fault.New(fault.Conflict, "payout.state")
	// ErrDiffers reports an account whose books do not hold what the rules say.
	ErrDiffers = fault.New(fault.Conflict, "payout.differs")
	// ErrReason reports a missing reason.
	ErrReason = fault.New(fault.Invalid, "payout.reason")
	// ErrClosed reports a day in a closed period.
	ErrClosed = fault.New(fault.Conflict, "payout.period_closed")

	// ErrNoPayee reports a payee that the program does not have.
	ErrNoPayee = fault.New(fault.NotFound, "payout.no_payee")
	// ErrPayeeThere reports a payee of that name.
	ErrPayeeThere = fault.New(fault.Conflict, "payout.payee_there")
	// ErrPayeeOpen reports details that wait for a second person already.
	ErrPayeeOpen = fault.New(fault.Conflict, "payout.payee_open")
	// ErrPayeeUnready reports a payee that cannot be paid yet.
	ErrPayeeUnready = fault.New(fault.Conflict, "payout.payee_unready")
	// ErrRouting reports a routing number with a typing error in it.
	ErrRouting = fault.New(fault.Invalid, "payout.routing")

	// ErrNoPayer reports a custodian of whom nobody said how it pays.
	ErrNoPayer = fault.New(fault.Conflict, "payout.no_payer")
	// ErrNoBatch reports a batch that the program does not have.
	ErrNoBatch = fault.New(fault.NotFound, "payout.no_batch")
	// ErrNothingDue reports that there is nothing to put into a batch.
	ErrNothingDue = fault.New(fault.Conflict, "payout.nothing_due")
	// ErrNoFile reports a batch whose file is not written yet.
	ErrNoFile = fault.New(fault.NotFound, "payout.no_file")
)

// ID identifies a withdrawal within its organization.
type ID int64

// String is the number as people quote it.
func (id ID) String() string { return "W-" + strconv.FormatInt(int64(id), 10) }

func field(name string) error { return ErrField.At(name).With(map[string]any{"field": name}) }

// key joins the parts of an idempotency key.
func key(kind string, p program.ID, id ID, more ...string) string {
	k := kind + "/" + strconv.FormatInt(int64(p), 10) + "/" + strconv.FormatInt(int64(id), 10)
	for _, m := range more {
		k += "/" + m
	}
	return k
}
