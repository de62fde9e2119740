package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// ChildFrame is what every page about one child begins with.
type ChildFrame struct {
	Tabs  []parts.Link
	Holds []string // what is on hold, in a sentence each
}

// Command is something that can be done for a child, or why it cannot.
type Command struct {
	Text string
	To   string // "" where it cannot be done
	Why  string // what it is for, or why it cannot be done
}

// Form is a page to fill in, and before it is sent for good what would come of it.
type Form struct {
	ChildFrame
	Post   string
	Fields []FormField
	Hidden []parts.Carried
	Submit string
	Back   parts.Link
	// Refused says why it cannot be done; then there is no form.
	Refused string
	// Preview says what would come of it; the form is then sent by one button.
	Preview *Outcome
	Danger  bool
}

// Outcome is what would come of a form.
type Outcome struct {
	Facts  []parts.Row
	Tables []parts.Table
	Says   []string
}

// FormField is one field of a form.
type FormField struct {
	parts.Field
	As      string // "", "area", "select", "boxes", "check" or "upload"
	Choices []parts.Choice
	Boxes   []Box
	Accept  string
}

// encoding is how the form is sent: with files only where it takes one.
func (f Form) encoding() string {
	for _, field := range f.Fields {
		if field.As == "upload" {
			return "multipart/form-data"
		}
	}
	return "application/x-www-form-urlencoded"
}

// Household is who belongs to a child, and who may do what.
type Household struct {
	ChildFrame
	Masked   bool
	Adults   []AdultCard
	Add      string // to add another adult; "" for who may not
	Access   []AccessLine
	Siblings []parts.Row
	Schools  parts.Table
	Former   []parts.Row // names before, for who needs to know
}

// AdultCard is a guardian.
type AdultCard struct {
	Name   string
	Facts  []parts.Row
	Rights []Box // checked: it may
	Since  []string
	Edit   string
}

// AccessLine is an account of the families' pages that sees the child.
type AccessLine struct {
	Shown  string // seal of what is decided about it
	Who    string
	Note   string
	State  parts.Status
	Post   string // "" for who may not decide
	ID     string
	Adults []parts.Choice
	Value  string
}

// File is what is kept of a child on paper and in notes.
type File struct {
	ChildFrame
	Closed      []parts.Row // what only who needs to know sees
	Holds       []HoldLine
	HoldPost    string // "" for who may not
	HoldKinds   []parts.Choice
	Typed       map[string]string
	Key         string // names the forms
	Shown       string // seal of what the family agrees to
	Consents    parts.Table
	ConsentPost string
	Purposes    []parts.Choice
	Says        []parts.Choice
	Documents   []DocumentLine
	UploadPost  string
	OnFile      []parts.Choice // documents that a hold or consent may rest on, and none
	Kinds       []parts.Choice
	Notes       []NoteLine
	NotePost    string
	Today       ledger.Date
}

// HoldLine is a hold.
type HoldLine struct {
	ID     string
	Kind   string
	Blocks string
	Why    string
	By     string
	At     time.Time
	Lifted string // by whom, when and why; "" while it holds
	Lift   string // where it is lifted; "" where the reader may not
	Cannot string // why the reader may not
}

// DocumentLine is a paper.
type DocumentLine struct {
	Title, Kind, Note, To string
}

// NoteLine is a note.
type NoteLine struct {
	Text, By string
	At       time.Time
	Closed   bool
}

// Timeline is what happened to a child, newest first.
type Timeline struct {
	ChildFrame
	Table parts.Table
}

// ConsentFrom is the day that the form for consents says: as typed, or today.
func (f File) ConsentFrom() string {
	if f.Typed["purpose"] != "" {
		return f.Typed["consent_from"]
	}
	return f.Today.String()
}
