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

// expectAccount reads what an expectation says of the child's account.
func (d *decoder) expectAccount(o *object, want *Expectation) {
	for _, key := range screenKeys {
		if a := d.amount(o.may(key)); a != nil {
			want.OnAccount = append(want.OnAccount, ExpectedAmount{key, *a})
		}
	}
}

// askAccount adds what a child's account took of the deposits so far. The
// child's deposits are those that came, screened or not.
func (a *answer) askAccount(b *Book, c Child, want *Expectation) {
	if !slices.ContainsFunc(want.OnAccount, func(x ExpectedAmount) bool { return slices.Contains(screenKeys, x.Key) }) {
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
	return out
}
