// Package pages is what families read: one component and one view a page.
//
// A view holds plain values, phrased already where they are sentences; money and
// days are written in the reader's language by the page. pages knows no room, no
// request and no session; the portal fills the views. Every page works without
// JavaScript and fits a phone of 320 pixels.
package pages

import (
	"strconv"
	"time"

	"seedbook/ledger"
	"seedbook/service/web/parts"
)

// Welcome is the first page, for who is not signed in.
type Welcome struct{ Programs []string }

// Letter is the form of a letter's code.
type Letter struct {
	Code, Month, Year string // as typed before
}

// Facts is the form of who has no letter.
type Facts struct {
	Programs                                []parts.Choice // to choose from, where there are several
	Program, Month, Day, Year, ZIP, Student string
}

// Entry is a step on the way in.
type Entry struct {
	Given, School string
	Contact       string // where the code went, or as typed before
	Own           bool   // the PIN is the one of an account that is there already
}

// SignIn is the second step of signing in.
type SignIn struct{ Code bool } // whether a code is asked for beside the PIN

// Home is all children of a guardian.
type Home struct {
	Children []Child
	AsOf     string
	Add      string
}

// Child is what a child has, as its family sees it.
type Child struct {
	Name, Program string
	Given         string // the first name alone
	Account       string
	To            string // its own page
	Total         ledger.Amount
	Own, Awarded  ledger.Amount
	Coming        ledger.Amount
	OnTheWay      []Coming
	Next          []Next
	Left          string // a sentence where the child takes part no more
}

// Coming is money on its way, and why it is not there yet.
type Coming struct {
	Amount ledger.Amount
	What   string
	To     string
}

// Next is what the next dollar or step would bring.
type Next struct {
	What string // the benefit
	Says string // the sentence
}

// Line is a line of the history.
type Line struct {
	On     ledger.Date
	What   string
	Note   string
	Amount ledger.Amount
	After  ledger.Amount
	To     string
}

// History is a child's own page.
type History struct {
	Child
	Lines      []Line
	Awards     []Award
	Statements []Statement
	Invite     string
	Papers     []parts.Link // and numbers
	Goal       string       // how far it is; "" for none
	ToGoal     string
	Ask        string
	Guardians  int
}

// Award is an award in a list, paid or not.
type Award struct {
	What, Period, Why string
	Amount            ledger.Amount
	To                string
}

// Statement is a statement in a list.
type Statement struct {
	Name string
	To   string
	PDFs []parts.Link
}

// Explanation lays an amount open.
type Explanation struct {
	Why     string
	Figures []parts.Figure
	Steps   []string
	Facts   []string
	Payers  []parts.Row
	Proof   []parts.Row
	Award   parts.Link // where the whole award is explained
	Dispute string     // where to say that it is not right
}

// Paper is a statement as a page.
type Paper struct {
	Name, Account string
	Accounts      []parts.Row // of a child on record more than once
	Figures       []parts.Figure
	Own, Given    []Line
	Coming        []parts.Row
	Code          string
	PDFs          []parts.Link
}

// Account is the guardian's own page.
type Account struct{ Children []parts.Row }

// Invitation is a code for another adult; Code is "" before it is made.
type Invitation struct{ Given, Code, To string }

// Verify is the page that checks a statement's code.
type Verify struct {
	Code      string
	Confirmed []parts.Row // what a confirmed statement says; nil for none
}

func months(p *parts.Page) []parts.Choice {
	out := []parts.Choice{{Text: p.T("portal.facts.month_choose")}}
	for m := 1; m <= 12; m++ {
		out = append(out, parts.Choice{Value: strconv.Itoa(m), Text: p.MonthName(time.Month(m))})
	}
	return out
}

// signed is an amount with a sign where money went out.
func signed(p *parts.Page, a ledger.Amount) string {
	if a.Sign() > 0 {
		return "+" + p.Money(a)
	}
	return p.Money(a)
}
