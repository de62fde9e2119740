package rules

import "seedbook/ledger"

// Kind is the ownership layer that an award belongs to.
type Kind string

// The kinds of benefit.
const (
	Seed      Kind = "seed"
	Match     Kind = "match"
	Incentive Kind = "incentive"
	Periodic  Kind = "periodic"
	Community Kind = "community"
	Prize     Kind = "prize"
	Bond      Kind = "bond"
)

// Entitlement is what one benefit gives one child for one period.
type Entitlement struct {
	Benefit string
	Kind    Kind
	// Period is "once", "2026", "2026-27", "2026-Q3" or "2026-09".
	Period string
	// Amount is the whole entitlement of the period as of the day asked for,
	// never negative: what was given before is not subtracted.
	Amount ledger.Amount
	// Due is the part of Amount that is payable by the day asked for.
	Due ledger.Amount
	// Vested is the part of Due that cannot be lost any more, and VestsOn the
	// day from which on it cannot; no day where that is open.
	Vested  ledger.Amount
	VestsOn ledger.Date
	// PayOn is the day on which the latest part is payable; no day where
	// Amount is zero.
	PayOn ledger.Date
	// EarnedOn is the day of the event with which it came to Amount, and EarnedSeq
	// that event's place in the day; no day where Amount is zero.
	EarnedOn  ledger.Date
	EarnedSeq int64
	// OnShortfall says what becomes of what no fund has: queue, pro_rata or
	// deny.
	OnShortfall string
	// Shares are what each of the child's accounts receives, where events name
	// accounts. They sum to Amount.
	Shares []Share
	// Household is whose award it is where the benefit comes once to a
	// household; "" otherwise. One child alone cannot tell who is first: Fund
	// does.
	Household string
	// Funds are the funds that may be asked, in order; those whose restriction
	// excludes the child are listed as not allowed.
	Funds []FundChoice
	Why   Why
}

// of is the amount, or what one account receives of it.
func (e *Entitlement) of(account string) (total ledger.Amount) {
	if account == "" {
		return e.Amount
	}
	for _, s := range e.Shares {
		if s.Account == account {
			total = total.Add(s.Amount)
		}
	}
	return total
}

// FundChoice is a fund that a benefit may draw on.
type FundChoice struct {
	Code     string
	Priority int  // lower is asked first
	Allowed  bool // the fund's restriction admits this child
}
