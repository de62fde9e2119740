package pages

import "seedbook/service/web/parts"

// Doubts are the rows of a roster that wait for a person, or were settled.
type Doubts struct {
	Self          string
	Open, Settled int
	ShowSettled   bool
	Rows          []DoubtLine
	Begin         string // to the first row that waits; "" for none
	Next          string
	Masked        bool
}

// DoubtLine is one of them.
type DoubtLine struct {
	Name, To, School, Why string
	Line                  int
	Answer                parts.Status
	By                    string
}

// Doubt is one row beside the children whom it may be about.
type Doubt struct {
	Self       string
	Summary    string // where it stands, and how many are left
	Why        string
	Caution    []string
	Masked     bool
	Candidates []DoubtCandidate
	Fields     []DoubtField
	Settled    string // what was said, by whom and when; "" for nothing
	Seen       string
	May        bool
	MayNew     bool
	NotNew     string // why it cannot be a new child
	Back       bool   // the answer can be taken back
	Outs       []parts.Choice
	Out, Note  string
	Account    string
	Skip       string // to the next row that waits; "" for none
	List       string
}

// DoubtCandidate is a child on record.
type DoubtCandidate struct {
	Name, To, Value string
	Likely          parts.Status
}

// DoubtField is one detail of the row and of each candidate, with how they compare.
type DoubtField struct {
	Name, Row string
	Cells     []DoubtCell
}

// DoubtCell is a candidate's.
type DoubtCell struct {
	Text, Says string
}
