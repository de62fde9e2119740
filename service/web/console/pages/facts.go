package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Facts is what agencies and families report, and what is asked for.
type Facts struct {
	Base    string
	May     bool // the reader may import
	Asked   []FactAsked
	Reports []FactReport
}

// FactAsked is a fact that the rule book reads and no roster brings.
type FactAsked struct {
	Name, Code, Kind string
	Reports          int
	LastKnown        ledger.Date
}

// FactReport is what one source reported under one name.
type FactReport struct {
	Name, Code, Source    string
	Event                 bool
	Reports, Children     int
	FirstFrom, LastFrom   ledger.Date
	FirstKnown, LastKnown ledger.Date
	By                    string
	At                    time.Time
}

// FactFile is a file of facts, before and after it is recorded.
type FactFile struct {
	Base     string
	State    parts.Status
	Done     string // what was recorded; "" where nothing was yet
	Figures  []parts.Figure
	Names    []FactCount
	Problems []ProblemLine
	More     int         // problems that are not shown
	Rows     string      // every row with what becomes of it, as a file
	Record   string      // where recording posts to; "" where it cannot be
	Confirm  string      // what the button promises
	Work     *parts.Work // while it is recorded
}

// FactCount is one fact or event of a file.
type FactCount struct {
	Name      string
	Rows, New int
}

// ChildFacts is what the rule book reads about a child.
type ChildFacts struct {
	Facts  []ChildFact
	Masked bool
}

// ChildFact is one value of a fact.
type ChildFact struct {
	Name, Value, Source string
	From, Known         ledger.Date
	Unknown             bool // nothing was ever reported
}
