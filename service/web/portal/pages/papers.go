package pages

import (
	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Ownership is the letter for a benefits office.
type Ownership struct {
	Name, Account, On string
	Rows              [][3]string
	Says              []string
	PDFs              []parts.Link
}

// TaxYear is what an account did in a calendar year.
type TaxYear struct {
	Own, Program           []YearRow
	OwnTotal, ProgramTotal ledger.Amount
}

// YearRow is the sum of one kind of line.
type YearRow struct {
	What   string
	Lines  int
	Amount ledger.Amount
}

// WhatIf is what saving would bring.
type WhatIf struct {
	To, Monthly, Months string
	Choices             []parts.Choice
	Figures             []parts.Figure
	Earns               []string
	Until               string
}

// GiftLink is a guardian's link for relatives; Link is "" before it is made.
type GiftLink struct{ To, Link string }

// Gift is what a relative sees.
type Gift struct{ Number string }

// GoalForm is what a family saves for.
type GoalForm struct{ To, What, Amount, By string }
