package savings

import (
	"maps"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/rules"
)

// awardKey names one award: what a benefit gives a child for a period.
type awardKey struct {
	child   family.ChildID
	benefit string
	period  string
}

// given is what was given of an award so far, by fund.
type given struct {
	accrued, posted map[ledger.FundID]ledger.Amount
	moves           int
	row             *awardRow     // as stored; nil before the first evaluation
	elsewhere       []awardKey    // the same award under other records of the child
	there           ledger.Amount // posted under those
	keptThere       ledger.Amount
	deniedThere     ledger.Amount
}

// known reports an award that was evaluated, under whichever record.
func (g given) known() bool { return g.row != nil || len(g.elsewhere) > 0 }

// onAccounts is what is on the child's accounts.
func (g given) onAccounts() ledger.Amount { return g.sum(g.posted).Add(g.there) }

// kept is what somebody decided to leave beyond the entitlement.
func (g given) kept() ledger.Amount {
	if g.row == nil {
		return g.keptThere
	}
	return g.row.Kept.Add(g.keptThere)
}

func (g given) sum(parts map[ledger.FundID]ledger.Amount) (total ledger.Amount) {
	for _, a := range parts {
		total = total.Add(a)
	}
	return total
}

// moveKind says which way an award's money goes.
type moveKind string

const (
	accrue  moveKind = "accrue"  // P14: fund → promised
	pay     moveKind = "pay"     // P15: promised → the child's account
	award   moveKind = "award"   // P7, P18: fund → the child's account at once
	cancel  moveKind = "cancel"  // promised → fund
	reverse moveKind = "reverse" // P21: the child's account → fund
)

// move is one movement of an award.
type move struct {
	key    awardKey
	kind   moveKind
	fund   ledger.FundID
	amount ledger.Amount
	n      int
	why    string // JSON of the evaluation that justifies it
	rule   string // hash of the rule book
	chart  ledger.Chart
	other  family.ChildID // the record to or from which a promise goes; 0 for all other moves
}

// outcome is what is to be done about one entitlement.
type outcome struct {
	moves  []move
	excess ledger.Amount // posted beyond the entitlement: to be proposed
}

// settle compares an entitlement with what was given and returns the moves that
// need no fund's money. What is missing is asked of the funds afterwards, with
// everybody else's (see Draw).
//
// Where too much was promised, promises are cancelled; where too much is on the
// child's account, the excess is reported and stays. Promises that are due are
// paid.
func settle(e rules.Entitlement, g given) outcome {
	promised, posted := g.sum(g.accrued), g.onAccounts()
	var o outcome
	if beyond := promised.Add(posted).Sub(e.Amount); beyond.Sign() > 0 {
		back := beyond.Min(promised)
		o.moves = takeFrom(g.accrued, back, cancel)
		o.excess = beyond.Sub(back)
		promised = promised.Sub(back)
	}
	due := e.Due.Sub(posted).Max(ledger.Amount{})
	o.moves = append(o.moves, payPromised(g.accrued, o.moves, due.Min(promised))...)
	return o
}

// payPromised moves an amount of the promises that are not being cancelled to
// the child, first fund first.
func payPromised(accrued map[ledger.FundID]ledger.Amount, cancelled []move, amount ledger.Amount) []move {
	left := maps.Clone(accrued)
	for _, m := range cancelled {
		left[m.fund] = left[m.fund].Sub(m.amount)
	}
	var out []move
	for _, f := range fundsOf(left) {
		if part := amount.Min(left[f]); part.Sign() > 0 {
			amount = amount.Sub(part)
			out = append(out, move{kind: pay, fund: f, amount: part})
		}
	}
	return out
}

// takeFrom takes an amount back from the funds that gave it, last fund first.
func takeFrom(parts map[ledger.FundID]ledger.Amount, amount ledger.Amount, kind moveKind) []move {
	var out []move
	funds := fundsOf(parts)
	for i := len(funds) - 1; i >= 0 && amount.Sign() > 0; i-- {
		part := amount.Min(parts[funds[i]])
		if part.Sign() <= 0 {
			continue
		}
		amount = amount.Sub(part)
		out = append(out, move{kind: kind, fund: funds[i], amount: part})
	}
	return out
}
