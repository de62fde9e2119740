package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Classes lists the classes of a program.
type Classes struct {
	Rules  string // where rule books are
	Named  []ClassLine
	Coming []parts.Row // whose day is to come, or that the next run names
}

// ClassLine is a class in the list.
type ClassLine struct {
	Name                string
	To                  string // "" where the reader does not see children
	On                  ledger.Date
	Members, Waits      int
	Sum, Given, Waiting ledger.Amount
	Hash                string
}

// Class is one class with its members.
type Class struct {
	Figures   []parts.Figure
	Hash      string // of the newest list
	Sound     bool   // every list's hash is what its members give today
	Text      string // where what the hash is made of is downloaded
	Lists     []ClassList
	Waiting   bool // only who waits is shown
	All       string
	WaitingTo string
	Rows      []ClassMember
	First     string
	Next      string
}

// ClassList is the class as it was listed once.
type ClassList struct {
	N, Members int
	AsOf       ledger.Date
	By         string
	At         time.Time
	Hash, Rule string
	Sound      bool
}

// ClassMember is a child in a class.
type ClassMember struct {
	Child, Account, ChildTo        string
	On                             ledger.Date
	Later                          bool // was found after the class's day
	Amount, Given, Coming, Waiting ledger.Amount
	Explain                        string // where the award is laid open; "" where none was evaluated yet
}
