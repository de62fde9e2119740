package rules

import (
	"encoding/json"
	"fmt"

	"seedbook/ledger"
)

// Reason is the code of what decided an entitlement; rules.reason in the
// catalogues phrases it.
type Reason string

// The reasons of an amount. A cap is named where it cut the amount, down to
// nothing if there was no room.
const (
	ReasonAwarded     Reason = "awarded"
	ReasonBaseCap     Reason = "base_cap"     // only a part of the deposits counts
	ReasonEventCap    Reason = "event_cap"    // a deposit earned more than one may
	ReasonPeriodCap   Reason = "period_cap"   // the period's most was reached
	ReasonWithinCap   Reason = "within_cap"   // the most of a longer period was reached
	ReasonLifetimeCap Reason = "lifetime_cap" // the most for ever was reached
	ReasonSharedCap   Reason = "shared_cap"   // the most of several benefits together was reached
	ReasonRoom        Reason = "room"         // the room carried forward was used up
)

// The reasons of nothing.
const (
	ReasonNotEnrolled    Reason = "not_enrolled"
	ReasonIneligible     Reason = "ineligible"      // Requirement says which condition failed
	ReasonMissingFact    Reason = "missing_fact"    // Missing says what would have to be known
	ReasonOptedOut       Reason = "opted_out"       // the family refused
	ReasonLeft           Reason = "left"            // no longer takes part
	ReasonDeceased       Reason = "deceased"        // the child died
	ReasonNotYet         Reason = "not_yet"         // no version is in effect before Until
	ReasonEnded          Reason = "ended"           // no version is in effect any more
	ReasonNotOffered     Reason = "not_offered"     // the version has no such benefit
	ReasonCondition      Reason = "condition"       // the benefit's own condition does not hold
	ReasonNoEvent        Reason = "no_event"        // what it rewards has not happened
	ReasonCensus         Reason = "census"          // the census day is Until, or was missed
	ReasonNoRow          Reason = "no_row"          // the table of amounts has none for the child
	ReasonTooYoung       Reason = "too_young"       // the birthday is on Until
	ReasonNoDeposits     Reason = "no_deposits"     // nothing was deposited
	ReasonSmall          Reason = "small_deposits"  // no deposit reached the least that counts
	ReasonSmallAmounts   Reason = "small_amounts"   // no event carried the least that counts
	ReasonChannel        Reason = "channel"         // no deposit came a way that counts
	ReasonBelowMinimum   Reason = "below_minimum"   // Need is missing to the least of a period
	ReasonBelowThreshold Reason = "below_threshold" // Need is missing to the threshold or the first step
	ReasonBelowCount     Reason = "below_count"     // it has to happen Times more
	ReasonNoStreak       Reason = "no_streak"       // at least Need was not saved Times in a row
	ReasonWindowOpen     Reason = "window_open"     // what is saved on Until counts
	ReasonPhasedOut      Reason = "phased_out"      // the family's income is above what this is for
	ReasonReturned       Reason = "returned"        // the bank took the deposits back
	ReasonWithdrawn      Reason = "withdrawn"       // as much was taken out as was put in
	ReasonUnclaimed      Reason = "unclaimed"       // the account was not claimed yet, or not in time
	ReasonNotVested      Reason = "not_vested"      // too little was saved in time to keep it
	ReasonRepaid         Reason = "repaid"          // it went back because money was taken out
	ReasonNoFund         Reason = "no_fund"         // no fund may pay for this child
	ReasonNotNamed       Reason = "not_named"       // the child is not in the class
	ReasonChoose         Reason = "choose"          // two accounts came on one day: somebody has to choose
	ReasonHousehold      Reason = "household"       // another child of the household has it
)

// ReasonEligible is Eligible's yes.
const ReasonEligible Reason = "eligible"

// Outcome sorts reasons by what a family may expect.
type Outcome string

// The outcomes.
const (
	Given    Outcome = "given"      // there is an amount, all of it payable
	OnTheWay Outcome = "on_the_way" // there is an amount, a part of it payable later
	Open     Outcome = "open"       // nothing yet, but it can still be earned
	Nothing  Outcome = "nothing"    // nothing, and no more to do
)

// Wait says why an amount is payable later.
type Wait string

// The waits.
const (
	WaitDay         Wait = "day"          // paid the next day
	WaitMonth       Wait = "month"        // paid at the beginning of the next month
	WaitQuarter     Wait = "quarter"      // paid at the end of the quarter
	WaitWindow      Wait = "window"       // paid at the end of the benefit's period
	WaitJudged      Wait = "judged"       // paid on the day by which the condition is judged
	WaitLag         Wait = "lag"          // paid some days after it is earned
	WaitOptOut      Wait = "opt_out"      // the family may still say no
	WaitNotEnrolled Wait = "not_enrolled" // paid from the day of enrollment
)

// Why is the reason of an amount, zero included, as data that Explain phrases.
type Why struct {
	Reason      Reason
	Outcome     Outcome
	Amount      ledger.Amount
	Due         ledger.Amount // the part of Amount that is payable
	PayOn       ledger.Date   // when the rest is
	Wait        Wait          // why not before
	Rule        string        // the benefit, or "" for eligibility
	Version     string
	Requirement string        // the condition of eligibility that failed
	Event       EventKind     // what did not happen
	Says        Text          // the book's own words for either, if it has some
	Missing     []FactRead    // facts that were not known
	Need        ledger.Amount // what is missing to the minimum or threshold
	Times       int           // how often it has to happen more
	Until       ledger.Date   // the day until or from which the reason holds
	Fund        string        // the fund asked first
	Lines       []Line
	Facts       []FactRead
}

// Line is one step of the arithmetic. Which fields it uses depends on Op.
type Line struct {
	Op     Op
	N      int           // how many
	Base   ledger.Amount // what it starts from
	Limit  ledger.Amount // a minimum, threshold or cap
	Room   ledger.Amount // what a cap leaves
	Amount ledger.Amount // what comes out
	Rate   string        // a ratio, exactly
	Raw    string        // a product before rounding, exactly
	Ref    string        // a rounding policy, fund, period, version or shared cap
}

// Op names a step; rules.line in the catalogues phrases it.
type Op string

// The steps, in the order in which they are taken.
const (
	OpDeposits   Op = "deposits"    // N deposits count: Base together
	OpReturned   Op = "returned"    // N deposits were taken back: Base together
	OpSmall      Op = "small"       // N deposits under Limit do not count
	OpSmallMoney Op = "small_money" // N events with less than Limit do not count
	OpChannel    Op = "channel"     // N deposits came by a way that does not count
	OpCondition  Op = "condition"   // N did not meet the condition
	OpWithdrawn  Op = "withdrawn"   // Base was taken out
	OpNet        Op = "net"         // Base is the most that was saved
	OpSaved      Op = "saved"       // Base of what is saved counts
	OpEvents     Op = "events"      // N events count
	OpStreaks    Op = "streaks"     // at least Limit was paid in Ref times in a row, N times
	OpBaseCap    Op = "base_cap"    // of Base, Limit counts
	OpVersion    Op = "version"     // version Ref counts Base
	OpTier       Op = "tier"        // tier Ref counts Base
	OpFixed      Op = "fixed"       // Amount
	OpRatio      Op = "ratio"       // Base × Rate = Amount
	OpPhaseOut   Op = "phase_out"   // only the share Rate of it is left
	OpSeries     Op = "series"      // the N-th time: Amount
	OpRounded    Op = "rounded"     // Raw is rounded to Amount by Ref
	OpThreshold  Op = "threshold"   // Base reached Limit: Amount
	OpReached    Op = "reached"     // amounts of Base reached Limit: Amount
	OpTable      Op = "table"       // the table of amounts gives Amount
	OpTableBase  Op = "table_base"  // Base lies in the row from Limit on: Amount
	OpAmounts    Op = "amounts"     // N events count: Base together
	OpStep       Op = "step"        // N steps of Limit: Amount
	OpCount      Op = "count"       // it happened N times, which gives Amount
	OpEventCap   Op = "event_cap"   // N deposits earn the most, Limit each
	OpPeriodCap  Op = "period_cap"  // at most Limit a period: Amount
	OpWithinCap  Op = "within_cap"  // at most Limit in Ref, Room was left: Amount
	OpRoom       Op = "room"        // Limit was gathered so far, Room was left: Amount
	OpLifeCap    Op = "life_cap"    // at most Limit for ever, Room was left: Amount
	OpSharedCap  Op = "shared_cap"  // at most Limit with others, Room was left: Amount
	OpVesting    Op = "vesting"     // Limit must be saved by Ref, a day, to keep it: Base is so far
	OpRepaid     Op = "repaid"      // Amount goes back because money was taken out
	OpSplit      Op = "split"       // the class shares Limit: this child's part is Amount
	OpShare      Op = "share"       // the child's account Ref receives Amount
	OpFundPasses Op = "fund_passes" // fund Ref may not pay for this child
)

// FactRead is a fact that a decision could depend on.
type FactRead struct {
	Name  string
	Says  Text // the book's own words for it, if it has some
	Value any  // as predicates read it; never stored
	From  ledger.Date
	Known ledger.Date
}

// ParseWhy reads what JSON wrote.
func ParseWhy(text string) (Why, error) {
	var w storedWhy
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return Why{}, fmt.Errorf("read the reason of an award: %w", err)
	}
	return w.why(), nil
}
