package pages

import (
	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Trial is what a rule book would do, tried on the live caseload.
type Trial struct {
	Post    string      // where a trial is begun; "" where the reader may not
	Work    *parts.Work // while it runs
	Cancel  string
	Failed  string // why the last one ended without an answer; "" for it did not
	Says    string // who tried it, when, for which day; "" for nobody yet
	Old     string // why the answer may be another today; "" for it is of today
	Figures []parts.Figure
	Tables  []TrialTable
	Funds   []TrialFund
}

// TrialTable is the difference by one thing.
type TrialTable struct {
	Caption string
	Rows    []TrialRow
}

// TrialRow is one line of it.
type TrialRow struct {
	Name          string
	Children      int
	Before, After ledger.Amount
}

// TrialFund is a fund's year under the draft.
type TrialFund struct {
	Name                          string
	Available, Drawn, Left, Short ledger.Amount
	DryOn                         ledger.Date // no day: it lasts
	DryBefore                     ledger.Date // the same under the book in effect
}
