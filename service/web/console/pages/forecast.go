package pages

import (
	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Foreseeing is a forecast's state: while it runs, where it failed, and what it
// says of itself once it is there.
type Foreseeing struct {
	Work   *parts.Work // while it runs
	Cancel string
	Failed string // why the last one ended without an answer; "" for it did not
	Says   string // who made it, when, from which day on; "" for nobody yet
	Drawn  string // how many futures, of how many children, from which seed
	Old    string // why the answer may be another today; "" for it is of today
}

// Forecast is what funds will be asked for.
type Forecast struct {
	Foreseeing
	Post    string // where a forecast is begun; "" where the reader may not
	Months  string // as chosen
	Spans   []parts.Choice
	Seed    string // as typed
	Figures []parts.Figure
	Funds   []FundForecast
	NoLimit string         // benefits whose most is not counted; "" for none
	Terms   []parts.Choice // of the rule book that may be changed for a try; none where the reader may not
	Term    string         // as chosen
	Value   string         // as typed
	Cost    string         // where the cost of a change is asked
	Costed  []CostedChange
}

// FundForecast is one fund's.
type FundForecast struct {
	Name                        string
	Available, Promised, Queued ledger.Amount
	Most                        ledger.Amount
	Low, Middle, High           ledger.Amount // of all periods together
	Dry                         parts.Cell
	Chart                       parts.Range
}

// PeriodForecast is a period of a fund's forecast.
type PeriodForecast struct {
	Name                    string
	Promised, Most          ledger.Amount
	Low, Middle, High, Give ledger.Amount
}

// CostedChange is a change of the rules whose cost was asked.
type CostedChange struct {
	Says              string
	To                string
	AsOf              ledger.Date
	Low, Middle, High ledger.Amount
}

// Cost is what one change of the rules adds to the same futures.
type Cost struct {
	Foreseeing
	Change  string // in words
	Post    string // where it is asked anew; "" where the reader may not
	Term    string
	Value   string
	Figures []parts.Figure
	Funds   []FundCost
}

// FundCost is one fund's part.
type FundCost struct {
	Name              string
	Low, Middle, High ledger.Amount
	DryNow, DryThen   parts.Cell
}
