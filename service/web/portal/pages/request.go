package pages

import (
	"time"

	"seedbook/service/web/parts"
)

// Asks is what a family may ask for.
type Asks struct {
	Given string
	Kinds []AskKind
	Open  []Ask // what is asked already
	All   string
}

// AskKind is one thing to ask for.
type AskKind struct{ Name, What, To string }

// Ask is a request in a list.
type Ask struct {
	What, For, To string
	State         parts.Status
	At            time.Time
}

// AskForm is the form of a request.
type AskForm struct {
	Post, Key string
	Notes     []string // what happens when it is sent
	Fields    []AskField
	Submit    string
}

// AskField is a field with how it is shown: line, block, choice, or a day.
type AskField struct {
	parts.Field
	As      string
	Choices []parts.Choice
}

// Signing shows what a request does and takes the signature.
type Signing struct {
	Post      string
	Figures   []parts.Figure
	Says      []string
	Facts     []parts.Row
	Agreement string
	Name      string
	Hidden    []parts.Carried
}

// Track is one request on its way.
type Track struct {
	State   parts.Status
	Stages  []Stage
	Due     string
	Message string // what the staff said last, to be answered
	Answer  string // typed before
	Facts   []parts.Row
	Signed  []parts.Row
	Papers  []parts.Row
	Needs   string // the paper that is missing
	Steps   []TrackStep
	// Where forms go; "" where there is nothing to do.
	ToAnswer, ToWithdraw, ToPaper string
}

// Stage is a part of the way.
type Stage struct {
	Name string
	When string
	How  string // done, now, next
	Says string // how, in words
}

// TrackStep is something that happened, with what was said.
type TrackStep struct {
	What  string
	At    time.Time
	Words string
}
