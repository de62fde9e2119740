package pages

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Asks is the list of families' requests.
type Asks struct {
	To, Show, Kind string
	Shows, Kinds   []parts.Choice
	Filtered       bool
	Rows           []AskLine
	First, Next    string
}

// AskLine is a request in the list.
type AskLine struct {
	What, To       string
	Child, ToChild string
	Amount         string // "" where it is not about money
	Asked          time.Time
	Due            ledger.Date
	State          parts.Status
}

// Ask is a family's request and what may be done about it.
type Ask struct {
	State  parts.Status
	Waits  string // until when it is not agreed to
	Facts  []parts.Row
	Said   []parts.Row
	Hidden string // why nothing of what was written is shown
	Signed []parts.Row
	Papers []parts.Row
	Steps  []RequestStep
	Acts   []parts.Choice // none: nothing to do
	Words  string
	Go     parts.Link
	Post   string
}
