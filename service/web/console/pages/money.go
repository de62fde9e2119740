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

// Fund is one fund through a period.
type Fund struct {
	Self     string
	From, To string
	In       ledger.Period
	Purpose  string
	Rolled   []parts.Row
	Position []parts.Row
	Receipts []FundReceipt
	Given    []FundGiven
}

// FundReceipt is a promise or a payment.
type FundReceipt struct {
	Reference, To, Kind, By string
	Amount                  ledger.Amount
	On                      ledger.Date
}

// FundGiven is what is set aside for children by a benefit.
type FundGiven struct {
	Benefit, Account, To string
	Children             int
	Amount               ledger.Amount
}
