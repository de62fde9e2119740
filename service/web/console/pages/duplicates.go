package pages

import "seedbook/service/web/parts"

// Duplicates are pairs of records that may be one child.
type Duplicates struct {
	Base        string
	State       string
	States      []parts.Choice
	Rows        []PairLine
	First, Next string
}

// PairLine is a pair in the list.
type PairLine struct {
	Names   string
	To      string
	Likely  parts.Status
	Caution string   // why they may well be two; "" for nothing
	Says    []string // what speaks most, for and against
	Found   string
}

// Pair is two records side by side.
type Pair struct {
	Base, Self string
	Likely     parts.Status
	Caution    string
	State      string // what was decided; "" while it is open
	First      RecordHead
	Second     RecordHead
	Fields     []PairField
	Masked     bool
	May        bool           // decide
	Review     string         // to the join that waits for a second person, or was done
	Keep       []parts.Choice // which record may go on
}

// RecordHead names a record.
type RecordHead struct {
	Name, To string
}

// PairField is one detail of both records.
type PairField struct {
	Name, First, Second string
	Level, Weight       string // in words; "" where it is not compared
}

// Joining is what joining or parting two records does.
type Joining struct {
	Part      bool // they are parted
	Programs  []JoiningProgram
	Conflicts []parts.Row
	Sight     []string // who sees what, now and afterwards
	Caution   string
	Waits     string // who proposed it and why, where it waits
	Own       bool   // the reader proposed it
	Money     bool   // a second person has to agree
	Self      string // where the forms go
	Keep      string
	Seen      string // hash of what is shown
	Why       string
	Sure      bool
	May       bool // propose, or part
	Approve   bool // decide about what somebody proposed
}

// JoiningProgram is the effect in one program.
type JoiningProgram struct {
	Name      string
	Joined    bool
	Accounts  []AccountLine
	Before    AccountLine
	After     AccountLine
	Reversals []string
	Since     []string // what was posted since, by account
}

// AccountLine is one record's account, or a sum.
type AccountLine struct {
	Account, State                 string
	Own, Program, Coming, Queued   string
	StateAfter, ComingAfter, Waits string
}
