package forecast

import (
	"time"

	"seedbook/ledger"
)

// ExposeOptions say how the future is drawn.
type ExposeOptions struct {
	AsOf     ledger.Date
	At       time.Time
	Months   int    // how far to look; 0 is twelve
	Seed     uint64 // the same seed gives the same numbers
	Paths    int    // futures drawn; 0 is 200
	Sample   int    // children drawn for, at most; 0 is 2,000
	Changes  []Edit // small changes of the book whose cost is asked
	Workers  int    // 0 is one a core
	Progress Progress
}

// Exposure is what a program's rule book may cost each fund, period by period.
type Exposure struct {
	In       ledger.Period
	Book     string // hash
	Seed     uint64
	Paths    int
	Children int // taking part
	Sampled  int // of them, drawn for; the rest is scaled up
	Savers   int // of all, paid in during the months the pattern is taken from
	History  ledger.Period
	Funds    []FundExposure
	Total    Spread // of all funds together over all of In
	Marginal []Marginal
	NoLimit  []string // benefits whose most is not in Maximum: they have none
}

// FundExposure is one fund's.
type FundExposure struct {
	Code      string
	Name      string
	Available ledger.Amount // not committed and not held
	Accrued   ledger.Amount // promised to children, not on their accounts yet
	Queued    ledger.Amount // what children wait for, where this fund is asked first
	Periods   []PeriodExposure
	Year      Spread // over all of In
	Dry       Dry
}

// PeriodExposure is what a fund may be asked for in a period.
type PeriodExposure struct {
	Name    string // "2026-Q4"
	In      ledger.Period
	Accrued ledger.Amount // promised, payable in this period
	Maximum ledger.Amount // the most the book's caps allow
	Spread
}

// Spread is how an amount is distributed over the drawn futures.
type Spread struct {
	Mean ledger.Amount
	P10  ledger.Amount
	P50  ledger.Amount
	P90  ledger.Amount
	// Error is the standard error that comes from drawing for a sample of the
	// children: two times in three the mean of all lies within it. Zero where
	// everyone was drawn for.
	Error ledger.Amount
}

// Dry says when a fund is first asked for more than it has, with no new money
// coming in. A day that is zero lies beyond the horizon: the fund lasts.
type Dry struct {
	Paths int         // futures in which it happens, of all
	P10   ledger.Date // in one future of ten it happens by this day
	P50   ledger.Date
	P90   ledger.Date
}

// Marginal is what a change of the book adds to the cost of the same futures.
type Marginal struct {
	Edit  Edit
	Book  string // hash of the changed book
	Funds []MarginalFund
	Total Spread // the difference in all; negative: the change saves money
}

// MarginalFund is one fund's part.
type MarginalFund struct {
	Code string
	More Spread
	Dry  Dry // under the changed book
}
