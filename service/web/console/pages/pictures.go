package pages

import "seedbook/service/web/parts"

// Pictures is a program as pictures: how far children have come, what they have,
// what it may still cost, and when families pay in.
type Pictures struct {
	PictureFilters
	Says      string // as of when
	Figures   []parts.Figure
	Funnel    parts.Ladder
	Savings   parts.Chart
	Moved     parts.Table // beside it: what moved in each month
	Funds     parts.Ladder
	FundsNone string // why there is none; "" for there is
	FundsTo   parts.Link
	Activity  parts.YearMap
	Measures  parts.Table
	Equity    string // where the page for others is
	Files     []parts.Link
	None      bool // nobody counted yet
	Jobs      string
}

// PictureFilters are what of the program is looked at, as in the address.
type PictureFilters struct {
	Self                       string
	From, Until                string
	Cohort, School, Channel    string
	Cohorts, Schools, Channels []parts.Choice
	Filtered                   bool
}

// PictureEquity tells groups of children apart, and nothing of small ones.
type PictureEquity struct {
	Self   string
	Rate   string // which one is drawn
	Rates  []parts.Choice
	Says   string
	Rule   string // what is hidden
	Method string // how intervals are made
	Cuts   []EquityCut
	Files  []parts.Link
	None   bool
	Back   string
}

// EquityCut is one way to tell children apart.
type EquityCut struct {
	Title string
	None  string // why there is none; "" for there is
	Drawn parts.Ladder
	Table parts.Table
}
