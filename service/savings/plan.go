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
	row             *awardRow // as stored; nil before the first evaluation
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
}

// purses is what each fund can still give. It shrinks as a batch is planned,
// child by child, so that the order of the caseload decides who comes first.
type purses map[ledger.FundID]ledger.Amount

// outcome is what is to be done about one entitlement.
type outcome struct {
	moves  []move
	queued ledger.Amount // entitled, but no fund has it
	excess ledger.Amount // posted beyond the entitlement: to be proposed
}

// settle compares an entitlement with what was given and returns the moves
// that close the difference. It draws on the purses and is pure otherwise.
//
// Where too much was promised, promises are cancelled; where too much is on the
// child's account, the excess is reported and stays. Promises that are due are
// paid; what is missing is drawn from the funds in their order, to the account
// as far as it is due and as a promise for the rest.
func settle(e rules.Entitlement, g given, funds []ledger.FundID, purse purses) outcome {
	promised, posted := g.sum(g.accrued), g.sum(g.posted)
	missing := e.Amount.Sub(promised).Sub(posted)
	var o outcome
	if missing.Sign() < 0 {
		back := missing.Neg().Min(promised)
		o.moves = takeFrom(g.accrued, back, cancel)
		for _, m := range o.moves { // whoever comes next may have it, in whatever batch
			purse[m.fund] = purse[m.fund].Add(m.amount)
		}
		o.excess = missing.Neg().Sub(back)
		promised = promised.Sub(back)
	}
	due := e.Due.Sub(posted).Max(ledger.Amount{})
	paid := due.Min(promised)
	o.moves = append(o.moves, payPromised(g.accrued, o.moves, paid)...)
	if missing.Sign() > 0 {
		now := missing.Min(due.Sub(paid))
		var short ledger.Amount
		o.moves, short = draw(o.moves, now, funds, purse, award)
		o.moves, o.queued = draw(o.moves, missing.Sub(now), funds, purse, accrue)
		o.queued = o.queued.Add(short)
	}
	return o
}

// draw takes an amount from funds in their order, each as far as it goes.
func draw(moves []move, missing ledger.Amount, funds []ledger.FundID, purse purses, kind moveKind) ([]move, ledger.Amount) {
	for _, f := range funds {
		part := missing.Min(purse[f])
		if part.Sign() <= 0 {
			continue
		}
		purse[f] = purse[f].Sub(part)
		missing = missing.Sub(part)
		moves = append(moves, move{kind: kind, fund: f, amount: part})
	}
	return moves, missing
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
