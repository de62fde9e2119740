package pages

import "seedbook/service/web/parts"

// Trail is the page of who did or saw what.
type Trail struct {
	Who, What, Kind, Subject, Request string
	From, Until                       string // days as a browser's date field has them
	People, Verbs, Kinds              []parts.Choice
	Rows                              []parts.TableRow
	First, Next                       string
	CSV, Workbook                     string
	Filtered                          bool
}

// Difference is one field of an event: what it was and what it became.
type Difference struct{ Name, Before, After string }
