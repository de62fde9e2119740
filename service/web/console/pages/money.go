package pages

import (
	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Journal is the lines of a book that an address asks for.
type Journal struct {
	Base  string
	Typed map[string]string // each filter as it was typed

	Charts, Funds, Kinds, Makers, Reversals []parts.Choice

	Chips      []parts.Link
	Totals     []parts.Figure // of all lines, where they are known
	Columns    []parts.Column
	AllColumns []Box
	Rows       []parts.TableRow
	First      string
	Next       string
	Further    string // where a search that was broken off goes on
	Back       string // the transaction that it came to
	Files      []parts.Link
	Views      []ViewLink
	ViewQuery  string
	ViewName   string // as typed, where it was refused
}

// Ledger is the accounts that a line of the trial balance is the sum of.
type Ledger struct {
	Moment string // as of when, in words
	Facts  []parts.Row
	Rows   []LedgerAccount
	First  string
	Next   string
	Lines  string // of all of them together
}

// LedgerAccount is one account with its balance.
type LedgerAccount struct {
	Name, To      string
	Holder        string // the child's account number, with where it leads
	HolderTo      string
	Debit, Credit ledger.Amount
}

// Fund is one fund: what it is for, what came and went, what is asked of it.
type Fund struct {
	Self     string
	From, To string
	In       ledger.Period
	Purpose  string
	Paper    string        // the document that it rests on
	Paid     []FundPayment // what the rules in effect let it pay
	Rules    string        // where the rule book is; "" for no rules in effect
	Benefits []string      // names, in the order of FundMonth.Used
	Months   []FundMonth
	Whole    FundMonth
	Ties     bool // the months agree with the books
	Position []parts.Row
	Receipts []FundReceipt
	Given    []FundGiven

	Runway   string // how long it lasts at its pace
	Foreseen *FundForecast
	Says     string // who made the forecast, when, from which seed
	Old      string
	Forecast string // where forecasts are

	Queue     []FundWaiting
	QueueSays string // how many wait for how much
	First     string
	Next      string
	Files     []parts.Link
}

// FundPayment is something that the rules let a fund pay.
type FundPayment struct {
	Benefit, Within, Turn, Whom string
}

// FundMonth is a month of a fund.
type FundMonth struct {
	Name, To                                     string
	Opening, Received, GivenBack, Other, Closing ledger.Amount
	Used                                         []ledger.Amount // by benefit
}

// FundWaiting is an award that waits for the fund.
type FundWaiting struct {
	N                                 string
	Account, To, Benefit, Award, Note string
	Amount                            ledger.Amount
	Since                             ledger.Date
}

// FundReceipt is a promise or a payment.
type FundReceipt struct {
	Reference, To, Kind, By string
	Paper                   string // the document that it rests on
	Amount                  ledger.Amount
	On                      ledger.Date
}

// FundGiven is what is set aside for children by a benefit.
type FundGiven struct {
	Benefit, Account, To string
	Children             int
	Amount               ledger.Amount
}
