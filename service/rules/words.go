package rules

import (
	"strconv"
	"strings"

	"seedbook/ledger"
)

// PeriodKind is how long a benefit's base and cap run before they start anew.
type PeriodKind string

// The kinds of period. The years begin where the book's calendar says.
const (
	Once         PeriodKind = "once"
	Monthly      PeriodKind = "month"
	Quarterly    PeriodKind = "quarter"
	CalendarYear PeriodKind = "calendar_year"
	SchoolYear   PeriodKind = "school_year"
	FiscalYear   PeriodKind = "fiscal_year"
	BenefitYear  PeriodKind = "benefit_year"
	// From one birthday to the day before the next.
	BirthdayYear PeriodKind = "birthday_year"
	// "months(24)" runs from the day the child joined.
)

// months is how many months a window of the child's own has, 0 for the other
// kinds of period.
func (k PeriodKind) months() int {
	name, args, ok := call(string(k))
	if !ok || name != "months" || len(args) != 1 || !isNumber(args[0], 600) {
		return 0
	}
	n, _ := strconv.Atoi(args[0])
	return n
}

var periodKinds = []PeriodKind{Once, Monthly, Quarterly, CalendarYear, SchoolYear, FiscalYear, BenefitYear, BirthdayYear}

var benefitKinds = []Kind{Seed, Match, Incentive, Periodic, Community, Prize, Bond}

// FactType is the type of a declared fact.
type FactType string

// The types of facts.
const (
	TextFact   FactType = "text"
	NumberFact FactType = "number"
	YesNoFact  FactType = "yes_no"
	MoneyFact  FactType = "money"
	DateFact   FactType = "date"
	gradeFact  FactType = "grade" // text outside, a number in predicates: see gradeNumber
)

var factTypes = []FactType{TextFact, NumberFact, YesNoFact, MoneyFact, DateFact}

// Measure is what of the family's money, or of what happened, a benefit counts
// (domain/money.md, "Match bases defined").
type Measure string

// The measures.
const (
	NoBasis       Measure = "none"           // the trigger alone
	GrossDeposits Measure = "gross_deposits" // the sum of deposits
	NetDeposits   Measure = "net_deposits"   // the high-water mark of deposits less withdrawals
	CountEvents   Measure = "count"          // how many events of a kind
	EventAmounts  Measure = "amounts"        // the sum of what events of a kind carry
	// How often, one after the other, a month or quarter reached a least saved.
	Streaks Measure = "streak"
	// What the end of each month was above the end of the month before.
	MonthEndIncrease Measure = "month_end_increase"
	// How far the most ever saved passed the most of earlier periods.
	HighestBalance Measure = "highest_balance"
	// What is saved on the period's last day.
	ContributionBalance Measure = "contribution_balance"
)

// measures are those that a basis names by their word alone.
var measures = []Measure{NoBasis, GrossDeposits, NetDeposits, Streaks, MonthEndIncrease, HighestBalance, ContributionBalance}

// counts reports a measure that gives a number of times and not money.
func (m Measure) counts() bool { return m == CountEvents || m == Streaks }

// balance reports a measure that looks at what is saved and not at deposits
// one by one.
func (m Measure) balance() bool {
	return m == MonthEndIncrease || m == HighestBalance || m == ContributionBalance
}

// ofEvents reports a measure of the events of one kind.
func (m Measure) ofEvents() bool { return m == CountEvents || m == EventAmounts }

// sums reports a measure that adds up amounts one by one as they come.
func (m Measure) sums() bool { return m == GrossDeposits || m == EventAmounts }

// Basis is a measure and, for count and amounts, of what: "count(deposit)".
type Basis struct {
	Measure Measure
	Event   EventKind
}

// TriggerKind says what a benefit waits for.
type TriggerKind string

// The triggers.
const (
	OnEvent TriggerKind = "event"
	AtAge   TriggerKind = "age"
	// Every period, from the one of the child's birth or of its joining.
	EachPeriod TriggerKind = "each_period"
	// The census day of a school year.
	OnCensus TriggerKind = "census_day"
	// Being named in a class on a day.
	OnClass TriggerKind = "class"
)

// Trigger is what a benefit without a basis waits for: "event(enrolled)",
// "age(5)", "each_period(birth)", "census_day" or "class(2026-10-01)".
type Trigger struct {
	Kind  TriggerKind
	Event EventKind
	Years int
	On    ledger.Date // of a class
	From  string      // fromBirthday, fromJoining or a fact of a day
	from  int         // the slot of that fact, or −1
}

// From where periods and room begin to count.
const (
	fromBirthday = "birth"
	fromJoining  = "enrolled"
)

// The days by which a benefit's predicate is judged.
const (
	eligibleAtEvent       = "event_date"
	eligibleAtPeriodStart = "period_start"
	eligibleAtPeriodEnd   = "period_end"
	eligibleAtCensus      = "census_day"
	eligibleAtPayment     = "payment_date"
)

// When an amount is payable.
const (
	payImmediate   = "immediate"    // the day it is earned
	payDaily       = "daily"        // the day after
	payNextMonth   = "next_month"   // the first day of the next month
	payQuarterEnd  = "quarter_end"  // the last day of the calendar quarter
	payWindowClose = "window_close" // the last day of the benefit's period
)

// What becomes of an award whose deposit went away.
const (
	undoReverse = "reverse_full" // taken back without asking
	undoPropose = "propose"      // taken back once a second person agrees
	undoNone    = "none"         // kept

	undoRatio = "reverse_ratio" // of a withdrawal: the award follows the net deposits down
	// Of a withdrawal: the share A/B × C goes back, A of what was given, B of the
	// deposits behind it and C of those taken out (CES Regulations s.11(1)).
	undoShare   = "repay_share"
	undoForfeit = "forfeit" // of a withdrawal: all of it goes back
	undoKeep    = "keep"    // of a child found not to be eligible: what was given is kept
)

// Which withdrawals undo an award.
const withdrawalsAll = "all"

// How children come to take part.
const (
	autoOptOut  = "auto_opt_out"
	optIn       = "opt_in"
	checkbox    = "checkbox"
	application = "application"
)

// engineEvents are the kinds of event that every book knows.
var engineEvents = []EventKind{
	Enrolled, Deposit, Withdrawal, Return, Claimed, OptedOut, Left, Death, Interest, Chosen,
	LeavesSchool, LeavesArea, AccountClosed, BeneficiaryChanged,
}

// unfit are the events that no benefit can wait for: they take away, or end.
var unfit = []EventKind{
	Return, OptedOut, Left, Death, Interest, Chosen, LeavesSchool, LeavesArea, AccountClosed, BeneficiaryChanged,
}

// call reads "name(argument, …)" and "name" alone.
func call(text string) (name string, args []string, ok bool) {
	name, rest, open := strings.Cut(strings.TrimSpace(text), "(")
	if !open {
		return name, nil, isIdent(name)
	}
	inside, ok := strings.CutSuffix(rest, ")")
	if !ok || !isIdent(name) {
		return "", nil, false
	}
	for _, a := range strings.Split(inside, ",") {
		args = append(args, strings.TrimSpace(a))
	}
	return name, args, true
}

// isIdent reports a name of ours: lower-case letters, digits and underscores,
// beginning with a letter, at most 40 long.
func isIdent(s string) bool {
	for i, r := range s {
		if !(r >= 'a' && r <= 'z' || i > 0 && (r >= '0' && r <= '9' || r == '_')) {
			return false
		}
	}
	return s != "" && len(s) <= 40
}
