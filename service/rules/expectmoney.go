package rules

import (
	"slices"

	"seedbook/ledger"
)

// ExpectedAmount is what an expectation says of one figure of a child's
// account, by its key.
type ExpectedAmount struct {
	Key    string
	Amount ledger.Amount
}

// What of the deposits the account took.
const (
	keyTaken   = "taken"
	keyParked  = "parked"
	keyRefused = "refused"
)

var screenKeys = []string{keyTaken, keyParked, keyRefused}

// What is on the account, and what left it.
const (
	keyFamily      = "family"
	keyProgram     = "program"
	keyVested      = "vested"
	keyEarnings    = "earnings"
	keyForfeited   = "forfeited"
	keyTransferred = "transferred"
	keyReturned    = "returned"
	keyUsed        = "used"
)

var standingKeys = []string{keyFamily, keyProgram, keyVested, keyEarnings, keyForfeited, keyTransferred, keyReturned, keyUsed}

// leftAs is the key under which a destination is expected.
var leftAs = map[Destination]string{
	ToPool: keyForfeited, ToFunder: keyForfeited, ToState: keyForfeited, ToOwn529: keyTransferred, ToSibling: keyTransferred,
	ToChild: keyTransferred, ToFamily: keyReturned, ToEstate: keyReturned, ToOwner: keyReturned, ToPayee: keyUsed,
}

// expectAccount reads what an expectation says of the child's account.
func (d *decoder) expectAccount(o *object, want *Expectation, several bool) {
	for _, key := range slices.Concat(screenKeys, standingKeys) {
		if a := d.amount(o.may(key)); a != nil {
			want.OnAccount = append(want.OnAccount, ExpectedAmount{key, *a})
		}
	}
	want.State = choice(d, o.may("state"), states...)
	want.ExpiresOn = d.date(o.may("expires_on"))
	if several && want.Child == "" && (want.State != "" || !want.ExpiresOn.IsZero()) {
		d.report(o.n, "missing_key", map[string]any{"key": "child"})
	}
}

func (x *Expectation) asks(keys []string) bool {
	return slices.ContainsFunc(x.OnAccount, func(w ExpectedAmount) bool { return slices.Contains(keys, w.Key) })
}

// askScreen adds what a child's account took of the deposits so far. The
// child's deposits are those that came, screened or not.
func (a *answer) askScreen(b *Book, c Child, want *Expectation) {
	if !want.asks(screenKeys) {
		return
	}
	for _, s := range Screen(b, c) {
		if s.On.After(want.On) {
			continue
		}
		a.add(keyTaken, s.Taken)
		a.add(keyParked, s.Parked)
		a.add(keyRefused, s.Refused)
		a.screened = append(a.screened, s)
	}
}

// askStanding adds what is on a child's account and what left it.
func (a *answer) askStanding(b *Book, c Child, want *Expectation) {
	if !want.asks(standingKeys) && want.State == "" && want.ExpiresOn.IsZero() {
		return
	}
	s := StandingOf(b, c, want.On)
	a.state, a.expiresOn = s.State, s.ExpiresOn
	a.standings = append(a.standings, s)
	a.add(keyFamily, s.Family) // no benefit has a part of it
	if want.Benefit != "" {
		a.addBenefit(&s, want.Benefit)
		return
	}
	a.add(keyProgram, s.Program)
	a.add(keyVested, s.Vested)
	a.add(keyEarnings, s.Earnings)
	for _, d := range s.Departures {
		a.add(leftAs[d.To], d.Amount)
	}
}

// addBenefit adds one benefit's part of a standing; what left is without its
// earnings.
func (a *answer) addBenefit(s *Standing, benefit string) {
	for _, h := range s.Holdings {
		if h.Benefit == benefit {
			a.add(keyProgram, h.Amount)
			a.add(keyVested, h.Vested)
			a.add(keyEarnings, h.Earnings)
		}
	}
	for _, d := range s.Departures {
		for _, p := range d.Parts {
			if p.Benefit == benefit {
				a.add(leftAs[d.To], p.Amount.Sub(p.Earnings))
			}
		}
	}
}

func (a *answer) add(key string, amount ledger.Amount) {
	if a.onAccount == nil {
		a.onAccount = map[string]ledger.Amount{}
	}
	a.onAccount[key] = a.onAccount[key].Add(amount)
}

func (a *answer) compareAccount(x *Expectation) (out []comparison) {
	for _, want := range x.OnAccount {
		out = append(out, comparison{want.Key, want.Amount.String(), a.onAccount[want.Key].String()})
	}
	if x.State != "" {
		out = append(out, comparison{"state", string(x.State), string(a.state)})
	}
	if !x.ExpiresOn.IsZero() {
		got := ""
		if !a.expiresOn.IsZero() {
			got = a.expiresOn.String()
		}
		out = append(out, comparison{"expires_on", x.ExpiresOn.String(), got})
	}
	return out
}
