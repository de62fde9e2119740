package rules

import (
	"slices"

	"seedbook/ledger"
)

// Standing is what is on a child's account on a day, and what left it: what
// came in is what is there and what left, to the cent.
type Standing struct {
	On    ledger.Date
	State State
	// Family, Program and Earnings are there, and together all that is. Vested
	// is the part of Program that cannot be lost any more.
	Family   ledger.Amount
	Program  ledger.Amount
	Vested   ledger.Amount
	Earnings ledger.Amount
	// Holdings say what is there by benefit and fund, in the order of the book.
	Holdings []Holding
	// CameIn is all that ever came in, by the same owners; a deposit that the
	// bank took back never did.
	CameIn     CameIn
	Departures []Departure
	// Unpaid are withdrawals that were not paid, or not in full.
	Unpaid []Unpaid
	// ExpiresOn is the last day on which what is there can be used, or no day.
	ExpiresOn ledger.Date
	// NextOn is the next day on which a deadline may move money though nothing is
	// learned of the child, or no day. What benefits give may change before: see
	// Next.
	NextOn ledger.Date
}

// State is what a child is to the program.
type State string

// The states.
const (
	StateWaiting  State = "waiting" // has not joined, or may still refuse
	StateActive   State = "active"
	StateLeft     State = "left"
	StateFrozen   State = "frozen" // left, and the program's money cannot be used
	StateClosed   State = "closed"
	StateExpired  State = "expired"
	StateDeceased State = "deceased"
	StateOptedOut State = "opted_out"
)

var states = []State{StateWaiting, StateActive, StateLeft, StateFrozen, StateClosed, StateExpired, StateDeceased, StateOptedOut}

// Holding is what is there of one benefit from one fund; with no benefit, of
// the family.
type Holding struct {
	Benefit  string
	Fund     string
	Amount   ledger.Amount
	Earnings ledger.Amount // on it, beside Amount
	Vested   ledger.Amount // of Amount
}

// CameIn is what came in, by whose it was.
type CameIn struct {
	Family   ledger.Amount
	Program  ledger.Amount
	Earnings ledger.Amount
}

// Departure is money that left the account.
type Departure struct {
	// Payment numbers the payments of an account: what has one number leaves in
	// one payment.
	Payment int
	On      ledger.Date
	Owner   Owner // whose it was; what is vested is the family's
	To      Destination
	Amount  ledger.Amount // above zero, earnings included
	Parts   []Leaving     // they sum to Amount
	Why     DepartureReason
	Event   string // the Key of the event that moved it, if one did
}

// Leaving is the part of a departure that came from one fund.
type Leaving struct {
	Benefit  string // "" for the family's money
	Fund     string
	Amount   ledger.Amount
	Earnings ledger.Amount // of Amount
}

// Destination is where money goes.
type Destination string

// The destinations.
const (
	ToPool    Destination = "pool"    // back to the funds that it came from, for other children
	ToFunder  Destination = "funder"  // back to who gave the funds
	ToState   Destination = "state"   // unclaimed property
	ToFamily  Destination = "family"  // paid out to the family
	ToPayee   Destination = "payee"   // used: paid to an institution or the beneficiary
	ToOwn529  Destination = "own_529" // an account of the family's own
	ToEstate  Destination = "estate"
	ToOwner   Destination = "owner"
	ToSibling Destination = "sibling"
	ToChild   Destination = "child" // it became the child's own
)

// DepartureReason says why money left.
type DepartureReason string

// The reasons of departures, beside the words that an exit is on.
const (
	LeftByWithdrawal DepartureReason = "withdrawal"
	LeftUndone       DepartureReason = "undone" // the child is entitled to less than it was given
	LeftExpired      DepartureReason = "expired"
	LeftUnclaimed    DepartureReason = "unclaimed"
	LeftChosen       DepartureReason = "chosen"
	LeftDormant      DepartureReason = "dormant" // nobody answered
)

// Unpaid is what of a withdrawal was not paid.
type Unpaid struct {
	Event  string
	On     ledger.Date
	Amount ledger.Amount
	Why    UnpaidReason
}

// UnpaidReason says why a withdrawal was not paid in full.
type UnpaidReason string

// The reasons.
const (
	UnpaidMoney      UnpaidReason = "not_enough"  // there is no more
	UnpaidNotAllowed UnpaidReason = "not_allowed" // for this purpose
	UnpaidOwn        UnpaidReason = "own_only"    // it asked for the family's own money, and there is no more
	UnpaidYoung      UnpaidReason = "too_young"
	UnpaidUnclaimed  UnpaidReason = "unclaimed"
	UnpaidFrozen     UnpaidReason = "frozen"
)

// StandingOf replays a child's account to the end of a day. Each amount is
// taken to be paid on the day on which it is due, from the first fund that may
// pay for the child, and to be taken back once the child is not entitled to it
// any more. Events and facts are those of Evaluate.
func StandingOf(b *Book, c Child, asOf ledger.Date) Standing {
	r := newReplay(b, &c, asOf)
	defer b.giveBack(r.e)
	r.run()
	return r.standing()
}

// Paid is what a program paid on a day for one benefit and period from one
// fund; an amount below zero was taken back.
type Paid struct {
	On      ledger.Date
	Benefit string
	Period  string
	Fund    string
	Amount  ledger.Amount
}

// StandingPaid is StandingOf where it is known what was really paid, and taken
// back, and from which funds: what is due and what is not does not matter then.
func StandingPaid(b *Book, c Child, paid []Paid, asOf ledger.Date) Standing {
	r := newReplay(b, &c, asOf)
	defer b.giveBack(r.e)
	r.known, r.ledger = true, slices.Clone(paid)
	slices.SortStableFunc(r.ledger, func(x, y Paid) int { return x.On.Cmp(y.On) })
	r.run()
	return r.standing()
}

// PayOut is how a withdrawal would be paid: what leaves, and what is not paid.
func PayOut(b *Book, c Child, w Event) ([]Departure, []Unpaid) {
	c.Events = append(slices.Clip(c.Events), w)
	s := StandingOf(b, c, w.On)
	paid := slices.DeleteFunc(s.Departures, func(d Departure) bool { return d.Event != w.Key || d.Why != LeftByWithdrawal })
	return paid, slices.DeleteFunc(s.Unpaid, func(u Unpaid) bool { return u.Event != w.Key })
}

// standing sums up what the replay left.
func (r *replay) standing() Standing {
	s := Standing{On: r.asOf, State: r.shownState(), CameIn: r.cameIn, Departures: r.out, Unpaid: r.unpaid, ExpiresOn: r.expiresOn()}
	_, s.NextOn = r.nextBell()
	s.Family, s.Earnings = r.family.money, r.family.earned
	if r.family.total().Sign() > 0 {
		s.Holdings = append(s.Holdings, Holding{Amount: r.family.money, Earnings: r.family.earned})
	}
	for i := range r.pots {
		p := &r.pots[i]
		s.Program, s.Earnings = s.Program.Add(p.money), s.Earnings.Add(p.earned)
		if p.vested {
			s.Vested = s.Vested.Add(p.money)
		}
		s.hold(p)
	}
	return s
}

func (s *Standing) hold(p *pot) {
	if p.total().IsZero() {
		return
	}
	h := Holding{Benefit: p.benefit, Fund: p.fund}
	i := slices.IndexFunc(s.Holdings, func(g Holding) bool { return g.Benefit == h.Benefit && g.Fund == h.Fund })
	if i < 0 {
		i, s.Holdings = len(s.Holdings), append(s.Holdings, h)
	}
	g := &s.Holdings[i]
	g.Amount, g.Earnings = g.Amount.Add(p.money), g.Earnings.Add(p.earned)
	if p.vested {
		g.Vested = g.Vested.Add(p.money)
	}
}

// shownState is the state as of the end: a child whose family may still refuse
// is waiting.
func (r *replay) shownState() State {
	if n := r.b.Enrollment.OptOutDays; n > 0 && r.state == StateActive && !r.asOf.After(r.enrolled.AddDays(n)) {
		return StateWaiting
	}
	return r.state
}

// expiresOn is the earliest day of an expiry that is still to come, or else the
// latest that is past.
func (r *replay) expiresOn() (on ledger.Date) {
	for _, last := range r.expires {
		switch past := last.Before(r.asOf); {
		case last.IsZero():
		case on.IsZero(), past && on.Before(last) && on.Before(r.asOf), !past && (on.Before(r.asOf) || last.Before(on)):
			on = last
		}
	}
	return on
}
