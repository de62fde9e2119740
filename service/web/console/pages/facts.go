package pages

import (
	"time"

	"seedbook/ledger"
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
