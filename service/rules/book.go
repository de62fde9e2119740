package rules

import (
	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// Book is a rule book that was read and checked, ready to evaluate. It is
// immutable and safe for concurrent use; nobody changes what its fields hold.
type Book struct {
	Program     Program
	Calendar    Calendar
	Versions    []Version
	Facts       []FactDecl
	Events      []EventDecl
	Tables      []Table
	Eligibility []Requirement
	Enrollment  Enrollment
	Account     Account
	// Benefits are the terms of the latest version; see Terms for the others.
	Benefits   []Benefit
	SharedCaps []SharedCap
	Withdrawal *WithdrawalRules
	Expiry     []Expiry
	Exit       []Exit
	Examples   []Example

	mayLapse bool // some benefit is lost where too little is saved in time
	hash     string
	normal   []byte
	facts    *vocabulary
	moments  []*moment    // every day by which something turns, each once
	gates    []gate       // the requirements, compiled
	plans    []plan       // the benefits, compiled, in the book's order
	bounds   []*predicate // of the shared caps: whom each bounds; nil for everybody
	pooled   evaluators   // reused working memory
}

// Program says whose rules these are.
type Program struct {
	ID       string
	Name     string
	Currency string
	TimeZone string
	Rounding ledger.Rounding
	// LeapDay is where a birthday of 29 February falls in common years.
	LeapDay LeapDay
}

// LeapDay is the rule for birthdays on 29 February.
type LeapDay string

// The leap-day rules.
const (
	February28 LeapDay = "feb_28"
	March1     LeapDay = "mar_1"
)

// MonthDay is a day of every year: "07-01".
type MonthDay struct{ Month, Day int }

// Calendar says where the program's years begin.
type Calendar struct {
	SchoolYear  MonthDay
	FiscalYear  MonthDay
	BenefitYear MonthDay
	CensusDay   CensusDay
}

// Version is a span of days in which terms hold, both ends included; no last
// day means that it holds until further notice.
type Version struct {
	ID            string
	EffectiveFrom ledger.Date
	EffectiveTo   ledger.Date
	SelectedBy    Selector
	Note          string
}

// Selector is the day by which a version selects itself.
type Selector string

// The selectors.
const (
	EventDate   Selector = "event_date"   // the day of the event that earns
	CohortDate  Selector = "cohort_date"  // the child's day of birth
	PeriodStart Selector = "period_start" // the first day of the benefit's period
	PaymentDate Selector = "payment_date" // the day on which it is payable by the terms of the event's day
)

// Text is what people read, in the languages of the program.
type Text struct {
	En string
	Es string
}

// FactDecl declares a fact that predicates may read.
type FactDecl struct {
	Name  string
	Type  FactType
	OneOf []string
	Says  Text
}

// EventDecl declares a milestone of the program's own.
type EventDecl struct {
	Name EventKind
	Says Text
}

// Requirement is one condition of eligibility; all must hold.
type Requirement struct {
	ID   string
	When string // CEL
	Says Text
}

// Enrollment says how children come to take part.
type Enrollment struct {
	Mode       string
	OptOutDays int
	OnOptOut   string
	Claim      *Claim
}

// Benefit is one award rule in the terms of one version.
type Benefit struct {
	ID         string
	Kind       Kind
	Says       Text
	Trigger    Trigger
	Basis      Basis
	Base       Base
	Streak     *Streak
	Amount     Formula
	Caps       Caps
	Carry      *Carry
	PhaseOut   *PhaseOut
	Period     PeriodKind
	When       string // CEL
	EligibleAt string
	Pay        Pay
	Funding    Funding
	Undo       Undo
	Vesting    Vesting
	// Versions are those in which the benefit stands; none named means all.
	Versions []string
	// Conflict says which of a child's accounts has what two of them earn, and
	// OncePer who is given a fixed amount once: child, account or household.
	Conflict string
	OncePer  string
}

// Base says which part of the family's deposits counts.
type Base struct {
	MinSingle *ledger.Amount
	MinPeriod *ledger.Amount
	CapPeriod *ledger.Amount
	CapLife   *ledger.Amount
	Channels  []string
	Exclude   []string
}

// Formula turns a base into an amount; exactly one is set.
type Formula struct {
	Fixed     *ledger.Amount
	Ratio     *decimal.Decimal
	Threshold *Threshold
	Step      *Stairs
	Series    []ledger.Amount
	Split     *Split
	Table     *AmountTable
}

// Streak is a run of months or quarters in each of which enough is saved.
type Streak struct {
	Unit   PeriodKind
	Least  ledger.Amount
	Length int
}

// Carry is room that grows by an amount each period and is kept until used.
type Carry struct {
	Accrual     ledger.Amount
	AccruesFrom string
	// StopsAt is the day after which no period adds room that begins after it.
	StopsAt Moment
	from    int // the slot of AccruesFrom where that is a fact, or −1
	stops   *moment
}

// PhaseOut lowers an amount evenly while a fact of money goes from one value to
// another: all of it up to From, nothing from To on.
type PhaseOut struct {
	Fact     string
	From, To ledger.Amount
}

// Threshold pays an amount once the base reaches another.
type Threshold struct {
	At  ledger.Amount
	Pay ledger.Amount
}

// Stairs pay an amount for each full step of the base.
type Stairs struct {
	Per ledger.Amount
	Pay ledger.Amount
}

// Caps bound what a benefit gives; nil is no bound.
type Caps struct {
	PerEvent  *ledger.Amount
	PerPeriod *ledger.Amount
	Lifetime  *ledger.Amount
	Within    []Within
}

// Within bounds what a benefit gives over a longer period than its own.
type Within struct {
	Period PeriodKind
	Max    ledger.Amount
}

// SharedCap bounds what several benefits give together; the earlier benefit of
// the book has the room first.
type SharedCap struct {
	ID       string
	Benefits []string
	Period   PeriodKind
	Max      ledger.Amount
	When     string // CEL: whom it bounds; "" for everybody
}

// Pay says when an amount is payable.
type Pay struct {
	When    string
	LagDays int
}

// Funding says who pays.
type Funding struct {
	Sources        []Source
	WhileFundsLast bool
	OnShortfall    string
}

// Source is a fund that may be asked, and whom it may serve.
type Source struct {
	Fund     string
	When     string // CEL
	Priority int
}

// Undo says what becomes of an award when its deposit goes away.
type Undo struct {
	OnReturn     string
	OnWithdrawal string
	// Withdrawals says which of them: all, or nonqualified ones alone.
	Withdrawals string
	// OnIneligible is what becomes of an award whose child is found never to
	// have been eligible.
	OnIneligible string
}

// touches reports whether a withdrawal undoes anything.
func (u *Undo) touches(ev *Event) bool {
	return ev.From != OwnProgram && (u.Withdrawals != string(Nonqualified) || ev.Purpose == Nonqualified)
}
