package forecast

import (
	"time"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/rules"
)

// TryOptions say how a draft is tried.
type TryOptions struct {
	AsOf     ledger.Date // both books are asked about this day
	At       time.Time   // the instant, for money of funds that is held
	Largest  int         // how many children who gain and who lose are shown, with reasons
	Workers  int         // children evaluated at a time; 0 is one a core
	Progress Progress
}

// Trial is the difference that a draft makes on a live caseload.
//
// The two books are compared by what they entitle the same children to as of
// the same day. A child of whom both say the same is not mentioned, whatever
// either said on the way.
type Trial struct {
	AsOf     ledger.Date
	Approved string // hash of the book in effect
	Draft    string // hash of the book on trial
	Children int    // looked at
	Before   ledger.Amount
	After    ledger.Amount

	ByBenefit []Difference // in the draft's order, then what only the approved book has
	BySchool  []Difference // Name is the school's code, "" for none; Label its name
	ByFund    []Difference // the fund asked first
	ByMonth   []Difference // Name is "2026-09": the month in which it was earned
	Gain      Affected     // children entitled to more in all
	Lose      Affected     // children entitled to less in all

	Eligibility Eligibility
	Now         Run       // what the first run after the approval would do
	Otherwise   Run       // what the next run would do under the approved book
	FirstYear   Year      // of the draft, from the day after AsOf
	SameYear    Year      // of the approved book, for comparison
	FullCaps    Most      // of the draft, were everyone to do all that it rewards
	Funds       []FundRun // in the order of their codes
}

// Difference is what the draft changes for one benefit, school, fund or month.
type Difference struct {
	Name     string
	Label    string // what people call it; "" where the name is all there is
	Children int    // for whom it is another amount
	Before   ledger.Amount
	After    ledger.Amount
	Gained   ledger.Amount // the rises alone
	Lost     ledger.Amount // the falls alone, as a positive amount
}

// Net is what the draft costs more, or less.
func (d Difference) Net() ledger.Amount { return d.After.Sub(d.Before) }

// Affected are the children on one side of the difference.
type Affected struct {
	Children int
	Amount   ledger.Amount // positive on both sides
	Largest  []ChildChange // the largest first; equals by child number
}

// ChildChange is what the draft changes for one child.
type ChildChange struct {
	Pupil
	School string // code
	Before ledger.Amount
	After  ledger.Amount
	Awards []AwardChange
}

// Net is what the child gets more, or less.
func (c ChildChange) Net() ledger.Amount { return c.After.Sub(c.Before) }

// AwardChange is an award of another amount, with the reasons of both books.
type AwardChange struct {
	Benefit   string
	Period    string
	Before    ledger.Amount
	After     ledger.Amount
	WhyBefore rules.Why // zero where the approved book does not mention the award
	WhyAfter  rules.Why // zero where the draft does not
}

// Eligibility is who may take part under one book and not under the other.
type Eligibility struct {
	Admitted Changed // known and not taking part; would join on AsOf
	Excluded Changed // taking part; by the draft they could not have joined
	Flagged  Changed // taking part; by the draft no longer eligible on AsOf: somebody decides
	Cleared  Changed // flagged under the approved book, eligible under the draft
}

// Changed are children of whom something changes.
type Changed struct {
	Children int
	First    []Answer // in the order of their numbers
}

// Answer is the draft's answer about one child's eligibility.
type Answer struct {
	Pupil
	State enroll.State
	Why   rules.Why
}

// Run is what a night's run would do, were it to happen on AsOf.
type Run struct {
	Children  int           // who get or lose something
	Posted    ledger.Amount // missing and due: on accounts at once
	Promised  ledger.Amount // missing and due later
	Queued    ledger.Amount // missing, and no fund has it
	Refused   ledger.Amount // missing, no fund has it, and the benefit does not let it wait
	Cancelled ledger.Amount // promised and not owed any more: back to the funds
	Excess    ledger.Amount // on accounts and not owed: proposed, and a second person decides
	Excesses  int           // how many awards that is
}

// Year is what a book gives in the twelve months after a day, whether or not the
// funds have it: what is missing on that day and what is earned later, were
// every family to pay in what it paid in over the last twelve months, on the
// same days. Grades, schools and homes stay as they are.
type Year struct {
	In        ledger.Period
	Cost      ledger.Amount
	ByBenefit []Cost
	ByFund    []Cost // the fund asked first
}

// Cost is one benefit's or fund's part of a cost.
type Cost struct {
	Name   string
	Amount ledger.Amount
}

// Most is the most that a year can cost: every family saves every month more
// than any rule counts, and every milestone happens every month.
type Most struct {
	In        ledger.Period
	Cost      ledger.Amount // of the benefits that have a limit
	ByBenefit []Cost
	ByFund    []Cost
	NoLimit   []string // benefits that grow without end; they are not in Cost
}

// FundRun is one fund's year under both books.
type FundRun struct {
	Code      string
	Name      string
	Available ledger.Amount // on AsOf
	Before    FundYear      // under the approved book
	After     FundYear      // under the draft
}

// FundYear is what becomes of a fund's money, with no new money coming in.
type FundYear struct {
	Drawn ledger.Amount
	Left  ledger.Amount
	Short ledger.Amount // asked for when the fund was empty: the next fund pays, or it waits
	DryOn ledger.Date   // the first day on which it cannot give what is asked; no day: it lasts
}
