// Package bulk does one thing with many children: children are chosen, what
// would be done with each of them is worked out and shown with what it costs,
// and then it is done in batches that can be stopped, gone on with, and taken
// back child by child with what changed since left alone.
//
// What is done is other rooms' (family, enroll); this one knows whom it is done
// with, what became of each, and who has to agree: beyond the limits of who asks
// it waits for another person. No money moves here: what children earn by it the
// next run gives, and what an undo takes from under it that run proposes to take
// back. A child's leaving is no bulk action; it is looked at child by child.
package bulk

import (
	"strconv"
	"time"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of this room.
var (
	// ErrNone reports a bulk action that the program does not have.
	ErrNone = fault.New(fault.NotFound, "bulk.none")
	// ErrNobody reports that nobody was chosen, or nobody is left to do it with.
	ErrNobody = fault.New(fault.Invalid, "bulk.nobody")
	// ErrTooMany reports more children than one bulk action takes; argument n.
	ErrTooMany = fault.New(fault.TooLarge, "bulk.too_many")
	// ErrState reports a step that the action is not ready for, or past.
	ErrState = fault.New(fault.Conflict, "bulk.state_wrong")
	// ErrStale reports that something else would be done by now than what was
	// shown: it is worked out anew.
	ErrStale = fault.New(fault.Conflict, "bulk.stale")
	// ErrOrder reports something that cannot be done in bulk.
	ErrOrder = fault.New(fault.Invalid, "bulk.order_wrong")
	// ErrLate reports an undo that comes too late; argument n, in days.
	ErrLate = fault.New(fault.Conflict, "bulk.late")
	// ErrSearched reports all of a search by text, which is not chosen as a whole.
	ErrSearched = fault.New(fault.Invalid, "bulk.searched")
)

const (
	// Most bounds the children of one action.
	Most = 100_000
	// mostPriced bounds the children for whom the cost is worked out.
	mostPriced = 30_000
	// batch is how many children one transaction is done with.
	batch = 500
	// UndoDays is how long an action can be undone.
	UndoDays = 30
	// Large is from how many children on the number has to be typed.
	Large = 500
)

// ID identifies a bulk action within its organization.
type ID int64

// Subject is what a request about an action is about, and what rooms keep as the
// source of what it did.
func (id ID) Subject() string { return SubjectPrefix + strconv.FormatInt(int64(id), 10) }

// SubjectPrefix begins what rooms keep as the source of what was done in bulk.
const SubjectPrefix = "bulk/"

// Action is what is done with every child.
type Action string

// The actions.
const (
	Event    Action = "event"    // something happened: a milestone of the rule book
	Fact     Action = "fact"     // something is true, or is not
	Consent  Action = "consent"  // the family agreed to something, or agrees no more
	Hold     Action = "hold"     // a hold is placed
	Lift     Action = "lift"     // holds of a kind are lifted
	Transfer Action = "transfer" // to another school; the grade stays
)

// Actions are all of them, in the order people are offered them.
var Actions = []Action{Event, Fact, Consent, Transfer, Hold, Lift}

// Needs is what somebody has to be allowed for each child.
func (a Action) Needs() auth.Capability {
	switch a {
	case Event, Fact:
		return auth.ImportFacts
	case Hold, Lift:
		return auth.HoldAccounts
	}
	return auth.ChangeChildren
}

// Holds are the kinds that are placed and lifted in bulk: a child's death is
// looked at by itself.
var Holds = []family.HoldKind{family.LegalHold, family.CustodyHold, family.FraudHold}

// Order is what is done with each child.
type Order struct {
	Action Action           `json:"action"`
	What   string           `json:"what,omitempty"`  // the event or fact, the purpose, or the kind of hold
	Yes    bool             `json:"yes,omitempty"`   // of a fact or consent
	On     ledger.Date      `json:"on"`              // from when it is so; no day for holds
	School program.SchoolID `json:"school,omitzero"` // of a transfer
	Why    string           `json:"why,omitempty"`   // of holds; it names nobody
}

// State is how far an action is.
type State string

// The states.
const (
	Chosen    State = "chosen" // nobody has said what is done
	Drawn     State = "drawn"  // what would be done is shown
	Running   State = "running"
	Stopped   State = "stopped" // at the end of a batch
	Done      State = "done"
	Undoing   State = "undoing"
	Undone    State = "undone"
	Discarded State = "discarded"
)

// Outcome is what is done with a child, or was.
type Outcome string

// The outcomes.
const (
	Ready    Outcome = "ready"
	Known    Outcome = "known"   // it is so already
	Refused  Outcome = "refused" // something keeps it from being done
	WasDone  Outcome = "done"
	TakenOff Outcome = "undone"
	Kept     Outcome = "kept" // it was done, and what changed since keeps it from being taken back
)

// Outcomes are those that people are told, in their order.
var Outcomes = []Outcome{Ready, WasDone, Known, Refused, TakenOff, Kept}

// Counts are children by what becomes of them, and what it costs.
type Counts struct {
	By  map[Outcome]int `json:"by,omitempty"`
	Why map[string]int  `json:"why,omitempty"` // "refused/gone": 3
	// Cost is what the children would be entitled to beyond what they are now.
	Cost     []enroll.Cost     `json:"cost,omitempty"`
	Funds    map[string]string `json:"funds,omitempty"` // available, by code
	Unpriced bool              `json:"unpriced,omitempty"`
	// Whom is a hash of the children who are ready.
	Whom string `json:"whom,omitempty"`
}

// Total is what it costs in all.
func (c Counts) Total() (sum ledger.Amount) {
	for _, cost := range c.Cost {
		sum = sum.Add(cost.Amount)
	}
	return sum
}

// Desk is where somebody acts: who, in which program, and when.
type Desk struct {
	store.Who
	Keys    *vault.Keyring
	Program program.Program
	At      time.Time
}

// today is the day it is in the program.
func (d Desk) today() ledger.Date { return d.Program.Day(d.At) }

// Row is a child of an action.
type Row struct {
	Child   family.ChildID `db:"child_id"`
	Outcome Outcome        `db:"outcome"`
	Why     string         `db:"why"` // catalogue key below bulk.why
	Before  int64          `db:"before"`
}

// Bulk is an action as it stands.
type Bulk struct {
	ID       ID
	Filter   string // of the list, as in its address
	Every    bool   // all that the filter let through
	Order    Order
	State    State
	Counts   Counts
	Chosen   int
	Total    int // children it is done with, or taken back from
	Done     int // so far
	ChosenBy string
	ChosenAt time.Time
	DrawnBy  string
	Ref      string // the approval, where one was needed
	ClosedAt time.Time
	UndoWhy  string
	UndoneBy string
	UndoneAt time.Time
}

// UndoUntil is the last instant at which an action can be undone.
func (b Bulk) UndoUntil() time.Time { return b.ClosedAt.AddDate(0, 0, UndoDays) }
