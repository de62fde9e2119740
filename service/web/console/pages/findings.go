package pages

import (
	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Findings is what deriving everything anew found.
type Findings struct {
	Post       string // where the list is chosen
	Jobs       string // where the run is ordered
	Run        string // as chosen; "" where none ran yet
	RunTo      string
	Runs       []parts.Choice
	Kind       string
	Kinds      []parts.Choice
	Says       string
	State      parts.Status // of the run
	Unfinished bool         // it may find more
	Waiting    string       // children who were not compared, "" for none
	Count      int          // found in all
	Rows       []FindingLine
	First      string
	Next       string
	File       string // the list as a file; "" for nothing in it
}

// FindingLine is one difference.
type FindingLine struct {
	Child, Account, ChildTo string
	Benefit, Period         string
	Explain                 string // where the award is laid open; "" where it is not about one award
	Kind                    parts.Status
	Means                   string
	Derived, Stored         ledger.Amount
}
