package pages

import (
	"time"

	"seedbook/service/web/parts"
)

// Periods is the months of a program's books, one of them with its checklist.
type Periods struct {
	Months []PeriodLine
	Month  string // the one shown
	Closed bool
	Points []PeriodPoint
	Open   []parts.Choice // points to explain
	Locks  []PeriodLock
	Waits  parts.Link // the request that waits about it
	May    bool

	Explain, Close, Reopen string // where the forms post to; "" where they do not
	Item, Note, Reason     string // as typed
}

// PeriodLine is a month in the list.
type PeriodLine struct {
	Name, To string
	Current  bool
	State    parts.Status
}

// PeriodPoint is a point of the checklist.
type PeriodPoint struct {
	Name, To     string
	State        parts.Status
	Says, Amount string
	Note         string
}

// PeriodLock is a close or a re-opening of the past.
type PeriodLock struct {
	Act, Through, By, Reason string
	At                       time.Time
	Approval                 parts.Link
}
