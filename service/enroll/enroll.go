// Package enroll is the child's path through a program: known, eligible,
// enrolled, gone.
//
// It gathers what is known about children into the facts that rule books read,
// and asks service/savings to award. It reads no file and moves no money
// itself.
package enroll

import (
	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/savings"
)

// ErrNone reports a child that does not take part in the program.
var ErrNone = fault.New(fault.NotFound, "enroll.none")

// ID identifies an enrollment within its organization.
type ID int64

// State is where a child stands in a program (domain/people.md, child
// participation).
type State string

// The states.
const (
	Ineligible State = "ineligible" // known to the program, not a participant
	Enrolled   State = "enrolled"
	Left       State = "left"
	OptedOut   State = "opted_out"
	Joined     State = "joined" // the record is another one's child: it takes part under that
	Undone     State = "undone" // what enrolled it was taken back
)

// States are all states in the order a list offers them.
var States = []State{Enrolled, Ineligible, Left, OptedOut, Joined, Undone}

// Enrollment is a child's participation in a program.
type Enrollment struct {
	ID         ID             `db:"id"`
	Child      family.ChildID `db:"child_id"`
	State      State          `db:"state"`
	EnrolledOn ledger.Date    `db:"enrolled_on"`
	EndedOn    ledger.Date    `db:"ended_on"`
	EndedBy    string         `db:"ended_by"` // kind of the child's own event that ended it; "": none
	// Flagged says that the last check found an enrolled child no longer
	// eligible. Somebody decides; nothing ends by itself.
	Flagged bool   `db:"flagged"`
	Reason  string `db:"reason"` // code of the last eligibility evaluation
	Why     string `db:"why"`    // JSON of it
}

// Account is the number that families write on deposits.
func (id ID) Account() savings.Account { return savings.Account(id) }
