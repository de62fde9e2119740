// Package savings is every movement of a child's money: what families deposit,
// what programs award, what comes back.
//
// Each movement is a ledger transaction and a row that explains it, made in
// one SQL transaction. Entitlement is computed by service/rules; this room
// compares it with what was given and posts the difference. It knows children
// only by number, and enrolls nobody.
package savings

import (
	"strconv"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
)

// Faults of this room.
var (
	// ErrReferenceUsed reports a deposit reference that stands for another deposit.
	ErrReferenceUsed = fault.New(fault.Conflict, "savings.reference_used")
	// ErrNoDeposit reports a deposit that the program does not have.
	ErrNoDeposit = fault.New(fault.NotFound, "savings.no_deposit")
	// ErrDepositState reports a deposit that is no longer, or not yet, in the
	// state that the step needs.
	ErrDepositState = fault.New(fault.Conflict, "savings.deposit_state")
	// ErrAmount reports an amount that is not above zero.
	ErrAmount = fault.New(fault.Invalid, "savings.amount")
	// ErrReference reports a deposit without a reference.
	ErrReference = fault.New(fault.Invalid, "savings.reference")
	// ErrNoChild reports a deposit for a child that does not take part in the
	// program.
	ErrNoChild = fault.New(fault.NotFound, "savings.no_child")
	// ErrDay reports something said to have happened to a deposit before its
	// own day.
	ErrDay = fault.New(fault.Invalid, "savings.day")
	// ErrClosed reports a day in a closed period.
	ErrClosed = fault.New(fault.Conflict, "savings.period_closed")
	// ErrSpent reports a deposit taken back by the bank that the child's own
	// money no longer covers.
	ErrSpent = fault.New(fault.Limit, "savings.spent")
	// ErrSamePerson reports a decision by whoever found what is to be decided.
	ErrSamePerson = fault.New(fault.Denied, "savings.same_person")
	// ErrNoExcess reports an excess that is not open.
	ErrNoExcess = fault.New(fault.NotFound, "savings.no_excess")
)

// key joins the parts of an idempotency key.
func key(kind string, p program.ID, parts ...string) string {
	k := kind + "/" + strconv.FormatInt(int64(p), 10)
	for _, part := range parts {
		k += "/" + part
	}
	return k
}

func number(child family.ChildID) string { return strconv.FormatInt(int64(child), 10) }

// familyAccount is where a child's own money is.
func familyAccount(fund ledger.FundID, child family.ChildID) ledger.Account {
	return ledger.Account{Chart: ledger.FamilyPrincipal, Fund: fund, Child: int64(child)}
}

// suspenseAccount is where a custodian's unidentified money is.
func suspenseAccount(fund ledger.FundID, custodian int32) ledger.Account {
	return ledger.Account{Chart: ledger.Suspense, Fund: fund, Custodian: custodian}
}
