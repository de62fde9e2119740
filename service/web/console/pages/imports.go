package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Imports is the list of everything that was ever imported.
type Imports struct {
	Base   string
	Begin  []parts.Link // a new import of each kind; none for who may not
	Kinds  []parts.Choice
	States []parts.Choice
	Kind   string
	State  string
	Lines  []ImportLine
	Next   string
}

// ImportLine is one import.
type ImportLine struct {
	Name, To, Kind, Source, Agreement, By string
	Ended                                 bool // the agreement has
	State                                 parts.Status
	Rows, New, Rejected, Open             int
	At                                    time.Time
}

// NewImport is the form that takes a file of one kind.
type NewImport struct {
	Post, Lead, Hint, Accept string
	Source                   string
	Sources                  []string
	EnrollOn                 string // "": the kind has no such day
	Samples                  []parts.Link
	Columns                  []parts.Row // what each column says
}

// Import is one file: what it would do, or did.
type Import struct {
	State     parts.Status
	Summary   string
	About     []parts.Row
	Figures   []parts.Figure
	Cost      []CostLine
	Unpriced  bool
	What      []FactCount
	Work      *parts.Work
	Apply     string // where applying posts to; "" where it cannot be now
	Confirm   string
	Discard   string
	Columns   string // where columns are explained; "" where that is past
	NoColumns bool   // somebody has to
	Undo      string
	Request   parts.Link
	Problems  []ImportProblem
	More      int
	Notes     []ProblemLine
	Rows      []parts.Link // files of all rows
	Rejected  []parts.Link // files of the rejected rows, to mend and send again
	Again     string       // where a mended file goes
	Done      string
	Another   string
}

// ImportProblem is one thing wrong with one cell.
type ImportProblem struct {
	Line         int
	Column, Text string
}

// ImportColumns asks which column of a file is what.
type ImportColumns struct {
	Post        string
	Shown       string
	Fields      []ColumnField
	DateFormat  string
	DateFormats []parts.Choice
	Header      []string
	Sample      [][]string
}

// UndoImport shows what undoing an import would do.
type UndoImport struct {
	Post      string // "" where something is in the way
	Money     bool   // another person has to agree
	Reason    string
	Confirm   string
	Facts     []parts.Row
	Obstacles []ImportObstacle
	Back      string
}

// ImportObstacle is something later that depends on an import.
type ImportObstacle struct {
	Text     string
	Children []parts.Link
	More     int
}

// Sources are those who send files, with their agreements.
type Sources struct {
	Post                     string // "" for who may not note agreements
	Sources                  []SenderLine
	Source, Agreement, Until string // as typed before
	Shown                    string // instant at which the page was made
}

// SenderLine is one of them.
type SenderLine struct {
	Name, Agreement, By string
	Until               ledger.Date
	State               parts.Status
	At                  time.Time
}
