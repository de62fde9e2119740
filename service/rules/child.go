package rules

import "seedbook/ledger"

// Child is what is known about one child. Nothing in it is a name.
type Child struct {
	ID     int64
	BornOn ledger.Date // no day where it is not known
	Facts  []Fact
	Events []Event
}

// Fact is something true of a child from a day on, until a later Fact of the
// same name.
type Fact struct {
	Name string
	// Value is a string, int, bool, ledger.Amount or ledger.Date, as the book
	// declares the fact. A grade is a CEDS code ("PK", "KG", "01" … "12").
	// A value of another type, like nil, means that the fact is not known.
	Value any
	// From is the day from which it is true; no day means always.
	From ledger.Date
	// Known is the day on which the program learned it; no day means always.
	Known ledger.Date
}

// EventKind says what happened. Beside the kinds below, a book declares its
// own (milestones) under events.
type EventKind string

// The kinds that mean something to the engine.
const (
	Enrolled   EventKind = "enrolled"   // became a participant
	Deposit    EventKind = "deposit"    // the family paid in
	Withdrawal EventKind = "withdrawal" // the family took its own money out
	Return     EventKind = "return"     // the bank took a deposit back
	Claimed    EventKind = "claimed"    // the family activated the account
	OptedOut   EventKind = "opted_out"  // refused to take part: nothing is owed
	Left       EventKind = "left"       // took part until this day
	Death      EventKind = "death"      // the child died: it took part until this day
	Interest   EventKind = "interest"   // earnings were credited to the account
	Chosen     EventKind = "chosen"     // the family or an administrator chose
)

// The kinds that end participation where the book's exit says so.
const (
	LeavesSchool       EventKind = "leaves_school"
	LeavesArea         EventKind = "leaves_area"
	AccountClosed      EventKind = "account_closed"
	BeneficiaryChanged EventKind = "beneficiary_changed"
)

// Purpose is what a withdrawal is for.
type Purpose string

// The purposes. No purpose means qualified. An emergency is neither qualified
// nor held against the child: what a book says of nonqualified withdrawals is
// not meant for it.
const (
	Qualified    Purpose = "qualified"
	Nonqualified Purpose = "nonqualified"
	Emergency    Purpose = "emergency"
)

// Owner says whose a part of a child's money is.
type Owner string

// The owners.
const (
	OwnFamily  Owner = "family"
	OwnProgram Owner = "program"
)

// Event is one dated thing that happened to a child.
type Event struct {
	// Key is unique among the child's events.
	Key  string
	Kind EventKind
	On   ledger.Date // the day it counts
	// Seq orders events of one day; Key decides between equal ones.
	Seq int64
	// Amount is the money of a deposit, withdrawal, return or interest, above
	// zero, or what an event of the book's own carries.
	Amount ledger.Amount
	// Of is the Key of the deposit that a Return undoes. A return of a part
	// undoes that part.
	Of string
	// Channel is how a deposit came: "cash", "ach", …
	Channel string
	// Account is which of the child's accounts it concerns, where a child may
	// have several; "" otherwise.
	Account string
	// Purpose is what a withdrawal is for.
	Purpose Purpose
	// From is whose money a withdrawal asks for: no owner leaves it to the
	// book's order. One from the program's money does not lower the family's
	// savings.
	From Owner
	// Choice is what was chosen: "transfer", "return", "donate", …
	Choice string
}
