package pages

import (
	"seedbook/service/web/parts"
)

// Withdrawals is the queue of money that goes out.
type Withdrawals struct {
	To              string // the list's own address
	State, Purpose  string // as chosen
	States          []parts.Choice
	Purposes        []parts.Choice
	Chips           []parts.Link
	Figures         []parts.Figure
	Table           parts.Table
	Filtered        bool
	Files           []parts.Link
	Children        parts.Link // where a new one begins: a child's page
	Payments, Payee parts.Link
}

// Parcel is one withdrawal on its way.
type Parcel struct {
	State   parts.Status
	Stands  string
	Alerts  []string // holds, and what keeps it from going on
	Figures []parts.Figure
	Track   []TrackStep
	Facts   []parts.Row
	Says    []string // what the rule book says, and what it costs
	Parts   parts.Table
	Back    parts.Table
	Papers  []PaperLine
	Payee   *Choosing
	Acts    []ActForm
	Tries   parts.Table // attempts to pay it
	Steps   parts.Table
}

// TrackStep is a station of a parcel's way.
type TrackStep struct {
	Name  string
	At    string // when, or "" where it is still to come
	State string // done, here, to_come or off: another way was taken
}

// PaperLine is evidence that a rule book asks for.
type PaperLine struct {
	Name, Code string
	Seen       string // by whom and where; "": nobody saw it
	Post       string // "" where it cannot be noted now
	Documents  []parts.Choice
	Note       string
}

// Choosing chooses a payee.
type Choosing struct {
	Post    string
	Choices []parts.Choice
	Value   string
	Add     string
	Submit  string
}

// ActForm is something that can be done, with its reason.
type ActForm struct {
	Title, Lead, Post, What, Field, Label, Hint, Value, Button string
	Quiet, Short                                               bool
	On                                                         string // a day, where one is asked for
	OnLabel                                                    string
}

// Payees is whom money goes to.
type Payees struct {
	Table parts.Table
	Add   string
}

// PayeeFile is one payee with each entry of how it is paid.
type PayeeFile struct {
	State  parts.Status
	Stands string
	Facts  []parts.Row
	Table  parts.Table
	Change string
}

// Payments is what is due and what went out.
type Payments struct {
	Due     parts.Table
	Stopped parts.Table
	Make    *BatchForm
	Batches parts.Table
	Next    string
	Payers  parts.Table
	Stale   parts.Table
	Remit   *ActForm
}

// BatchForm puts what is due into a batch.
type BatchForm struct {
	Post       string
	Methods    []parts.Choice
	Custodians []parts.Choice
	Typed      map[string]string
}

// BatchFile is one batch: its file, how far it is, and what is in it.
type BatchFile struct {
	State   parts.Status
	Stands  string
	Late    string
	Figures []parts.Figure
	Work    parts.Work
	Facts   []parts.Row
	File    parts.Link
	Acts    []ActForm
	Table   parts.Table
}
