// Package imports takes in files that people send, of every kind: it keeps a
// file sealed while it is looked at, says what each row would do and what is
// wrong with which cell, applies what is good, and undoes all of it as long as
// nothing later depends on it.
//
// Reading and recording are other rooms' (roster, savings, enroll); this one
// knows who sends files and by which agreement, which column of theirs is what,
// and what became of each file. The list it gives holds rosters, too. It never
// applies what nobody has looked at: where a file would do something else by
// now, it is shown again.
package imports

import (
	"strconv"
	"strings"
	"time"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/tabular"
	"seedbook/service/vault"
)

// Faults of this room.
var (
	// ErrNone reports a file that the program does not have.
	ErrNone = fault.New(fault.NotFound, "imports.none")
	// ErrState reports a step that the file is not ready for, or past.
	ErrState = fault.New(fault.Conflict, "imports.state")
	// ErrSame reports a file that is here already; argument id.
	ErrSame = fault.New(fault.Conflict, "imports.same")
	// ErrExpired reports a source whose agreement has ended; arguments agreement
	// and until.
	ErrExpired = fault.New(fault.Denied, "imports.expired")
	// ErrStale reports a file that would do something else than what was shown:
	// it has been checked again.
	ErrStale = fault.New(fault.Conflict, "imports.stale")
	// ErrPurged reports a file of which the rows are gone.
	ErrPurged = fault.New(fault.Conflict, "imports.purged")
	// ErrNothing reports a file without a row that could be applied.
	ErrNothing = fault.New(fault.Conflict, "imports.nothing")
	// ErrDepended reports a file that something later depends on.
	ErrDepended = fault.New(fault.Conflict, "imports.depended")
	// ErrSource reports a name of a source that is empty or too long.
	ErrSource = fault.New(fault.Invalid, "imports.source")
	// ErrMapping reports a mapping without a column that the kind needs.
	ErrMapping = fault.New(fault.Invalid, "imports.mapping")
)

// ID identifies a file within its organization.
type ID int64

// Subject is what a request about a file is about.
func (id ID) Subject() string { return "import/" + strconv.FormatInt(int64(id), 10) }

// IsSubject reports a request that is about a file of this room.
func IsSubject(subject string) bool { return strings.HasPrefix(subject, "import/") }

// Kind is what files of an import say.
type Kind string

// The kinds.
const (
	Rosters  Kind = "rosters"
	Births   Kind = "births"
	Deposits Kind = "deposits"
	Evidence Kind = "evidence"
	Facts    Kind = "facts"
)

// Kinds are all kinds, in the order people are offered them.
var Kinds = []Kind{Rosters, Births, Deposits, Evidence, Facts}

// Staged reports a kind whose files are staged as rosters are.
func (k Kind) Staged() bool { return k == Rosters || k == Births }

// State is how far a file is.
type State string

// The states.
const (
	Received  State = "received" // nobody has said which column is what
	Checked   State = "checked"
	Applying  State = "applying"
	Applied   State = "applied"
	Discarded State = "discarded"
	Undone    State = "undone"
)

// Outcome is what a row does, or did.
type Outcome string

// The outcomes.
const (
	New      Outcome = "new"
	Suspense Outcome = "suspense" // money of which nobody knows whose it is
	Known    Outcome = "known"    // on record already with the same content
	Rejected Outcome = "rejected"
)

// Outcomes are all outcomes, in the order people are shown them.
var Outcomes = []Outcome{New, Suspense, Known, Rejected}

// Desk is where somebody imports: who, in which program, and when.
type Desk struct {
	store.Who
	Keys    *vault.Keyring
	Program program.Program
	At      time.Time
}

// today is the day it is in the program.
func (d Desk) today() ledger.Date { return d.Program.Day(d.At) }

// Counts account for every row of a file, and say what it comes to.
type Counts struct {
	Rows     int             `json:"rows"`
	By       map[Outcome]int `json:"by,omitempty"`
	Children int             `json:"children"` // of new rows
	// Sums are the money of deposits, by outcome.
	Sums map[Outcome]ledger.Amount `json:"sums,omitempty"`
	What map[string]int            `json:"what,omitempty"` // new rows by fact and event
	// Cost is what the children would be entitled to beyond what they are now.
	Cost  []enroll.Cost     `json:"cost,omitempty"`
	Funds map[string]string `json:"funds,omitempty"` // available, by code
	// Unpriced says that there were too many children to work out the cost.
	Unpriced bool              `json:"unpriced,omitempty"`
	Notes    []tabular.Problem `json:"notes,omitempty"`
}

// Row is what became of one row, or would.
type Row struct {
	Line      int
	Outcome   Outcome
	Child     family.ChildID
	What      string // the fact or event
	Reference string
	Amount    ledger.Amount
	Problems  []tabular.Problem
}
