// Package roster takes in what schools send: it stages a file, compares it
// with what is known, shows what applying it would do and cost, and applies it
// when somebody says so.
//
// Reading the file itself is rosterfile's work. This package never guesses who
// a child is: what it is not sure of goes to people, and a child that a roster
// no longer names is a question, not an exit.
package roster

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/roster/rosterfile"
)

// Faults of this room.
var (
	// ErrNone reports a batch that the program does not have.
	ErrNone = fault.New(fault.NotFound, "roster.none")
	// ErrState reports a batch that was discarded, or applied by someone else meanwhile.
	ErrState = fault.New(fault.Conflict, "roster.state")
	// ErrStale reports a batch that was compared before another one of its
	// source was applied: what was previewed is no longer what would happen.
	ErrStale = fault.New(fault.Conflict, "roster.stale")
	// ErrUnfinished reports that another batch of the source is half applied.
	ErrUnfinished = fault.New(fault.Conflict, "roster.unfinished")
)

// ID identifies a staged file within its organization.
type ID int64

// Kinds of what is staged.
const (
	OfSchools = "rosters"
	OfBirths  = "births"
)

// Finding is what the comparison found about a row.
type Finding string

// The findings.
const (
	New       Finding = "new"
	Changed   Finding = "changed"
	Unchanged Finding = "unchanged"
	Gone      Finding = "gone"     // known from this source, and no longer named: a candidate for leaving
	Doubtful  Finding = "doubtful" // another child on record has the same name and birth date
	Review    Finding = "review"   // something that we need is missing, such as the birth date
)

// State is how far a batch is.
type State string

// The states.
const (
	Staged    State = "staged"   // validated and compared; nothing is applied
	Applying  State = "applying" // begun, and resumable
	Applied   State = "applied"
	Discarded State = "discarded"
	Undone    State = "undone"
)

// Counts accounts for every row of the persons in a file.
type Counts struct {
	Rows        int             `json:"rows"`
	Adults      int             `json:"adults"`
	Quarantined int             `json:"quarantined"`
	Children    int             `json:"children"`
	By          map[Finding]int `json:"by"`
	// Settled are the doubtful rows that people settled, by what they said.
	Settled map[Answer]int `json:"settled,omitempty"`
}

// Open is how many rows wait for a person.
func (c Counts) Open() int {
	return c.By[Doubtful] + c.By[Review] - c.Settled[Same] - c.Settled[Fresh] - c.Settled[Out]
}

// Preview is what applying a batch would do.
type Preview struct {
	Schools []SchoolLine `json:"schools"`
	// Eligible and Ineligible split the children who do not take part yet, new
	// ones and known ones, by the rule book.
	Eligible   int               `json:"eligible"`
	Ineligible int               `json:"ineligible"`
	Reasons    map[string]int    `json:"reasons"`
	Cost       []CostLine        `json:"cost"`
	Funds      map[string]string `json:"funds,omitempty"` // available, by fund code
	// Clocks are of birth records: they are to come within 90 days of the birth,
	// and parents are to be told within 90 days of that.
	Clocks *Clocks `json:"clocks,omitempty"`
}

// Clocks are the two clocks of birth records (domain/regulation.md, L2).
type Clocks struct {
	Late     int         `json:"late"`   // records that came more than 90 days after the birth
	Oldest   ledger.Date `json:"oldest"` // birth among the new ones
	TellBy   ledger.Date `json:"tell_by"`
	Children int         `json:"children"` // new ones, whose parents are to be told
	Died     int         `json:"died"`
}

// clockDays is how long each of the two clocks runs.
const clockDays = 90

// SchoolLine is one school's part of a batch.
type SchoolLine struct {
	Code      string `json:"code"`
	Name      string `json:"name"`
	District  string `json:"district,omitempty"`
	Children  int    `json:"children"`
	New       int    `json:"new"`
	Changed   int    `json:"changed"`
	Unchanged int    `json:"unchanged"`
	Open      int    `json:"open"` // doubtful or to be reviewed
}

// CostLine is what the eligible children would be awarded at once by one benefit
// from the fund that comes first.
type CostLine struct {
	Benefit  string        `json:"benefit"`
	Fund     string        `json:"fund"` // "" where no fund may pay
	Children int           `json:"children"`
	Amount   ledger.Amount `json:"amount"`
}

// Batch is a file as it stands.
type Batch struct {
	ID         ID
	Kind       string // "rosters" or "births"
	Source     string
	FileName   string
	SHA256     []byte
	Mode       string
	State      State
	Counts     Counts
	Preview    Preview
	Groups     int
	DoneGroups int
	EnrollOn   ledger.Date
	ReceivedBy string
	ReceivedAt time.Time
	AppliedBy  string
	AppliedAt  time.Time // zero until applied
	Purged     bool      // what its rows say is gone
}

// Row is one child of a staged file.
type Row struct {
	N       int
	File    string
	Line    int
	Finding Finding
	Reason  string // why it is doubtful or to be reviewed: a catalogue key
	Child   family.ChildID
	School  string
	Grade   string
	Name    string
	BornOn  ledger.Date
	Said    rosterfile.Child // the row as the file has it
	Settled Settled
}

// Problem is a row or a remark that somebody should look at; it holds no text
// of any cell.
type Problem = rosterfile.Problem
