package pages

import "seedbook/service/web/parts"

// BulkChoice is how children of a list are chosen for something that is done
// with all of them.
type BulkChoice struct {
	Post   string // "" for who may not
	List   string // what was done in bulk; "" for who does not see it
	Key    string // names the form
	Filter string // the list's, without what was searched for
	Shown  []string
	Page   string // in words, what the box for the whole page chooses
}

// pick is the name of the rows' boxes.
func (b BulkChoice) pick() string {
	if b.Post == "" {
		return ""
	}
	return "child"
}

// Bulks are a program's bulk actions.
type Bulks struct {
	Lines []BulkLine
	Next  string
	Back  string
}

// BulkLine is one of them.
type BulkLine struct {
	Name, To, By, At string
	Children, Done   int
	State            parts.Status
}

// Bulk is one action, from the choice of children to its undoing.
type Bulk struct {
	State   parts.Status
	Summary string // whom it is for
	Filter  []string

	// Of children that were just chosen.
	All     string // where all that match are taken to; "" where that is not offered
	AllText string
	AllWhy  string
	Doings  []BulkDoing
	Form    *BulkForm

	// Of what is shown.
	Facts    []parts.Row
	Figures  []parts.Figure
	Cost     []CostLine
	Total    string
	Unpriced bool
	Reasons  []BulkReason
	Who      parts.Table

	// What can be done now; "" where it cannot.
	Do, DoText     string
	Typed          string // what has to be typed; "" for nothing
	TypedText      string
	TypedWrong     string
	Ask, Reason    string
	Request        parts.Link
	Change         string
	Discard        string
	Work           *parts.Work
	Stop           string
	Resume         string
	Interrupted    string
	Undo, UndoText string
	UndoWhy        string
	Done           string
	Rows           []parts.Link
	Back           parts.Link
}

// BulkDoing is something that can be done with all of them.
type BulkDoing struct {
	parts.Link
	Why string
}

// BulkForm asks what exactly is done.
type BulkForm struct {
	Post   string
	Action string
	Title  string
	Fields []FormField
	Submit string
}

// BulkReason is why something is not done, or not taken back, and with how many.
type BulkReason struct {
	Outcome, Text string
	Children      int
}
