package rules

import (
	"slices"

	"seedbook/ledger"
)

// keep gives a child that was found never to have been eligible what it was
// entitled to before that was known, under the benefits that let it be kept.
func (e *evaluator) keep(refused []Entitlement, why Why) []Entitlement {
	if why.Reason != ReasonIneligible || !e.book.keeps() {
		return refused
	}
	until := e.eligibleUntil()
	if until.IsZero() {
		return refused
	}
	out := slices.DeleteFunc(refused, func(r Entitlement) bool { return e.book.keepsBenefit(r.Benefit) })
	for _, given := range Evaluate(e.book, *e.view.child, until) {
		if e.book.keepsBenefit(given.Benefit) && given.Due.Sign() > 0 {
			given.Amount, given.Why.Amount = given.Due, given.Due
			given.Why.Outcome, given.Why.Wait = Given, ""
			out = append(out, given)
		}
	}
	return out
}

// keepsBenefit reports a benefit that is kept by a child found not to be
// eligible.
func (b *Book) keepsBenefit(id string) bool {
	t, _ := b.Benefit(id)
	return t.Undo.OnIneligible == undoKeep
}

func (b *Book) keeps() bool {
	return slices.ContainsFunc(b.Benefits, func(t Benefit) bool { return t.Undo.OnIneligible == undoKeep })
}

// eligibleUntil is the last day by whose knowledge the child was eligible, or
// no day.
func (e *evaluator) eligibleUntil() ledger.Date {
	var learned []ledger.Date
	for _, f := range e.view.child.Facts {
		if f.Known.After(e.enrolled) && !f.Known.After(e.asOf) {
			learned = append(learned, f.Known)
		}
	}
	slices.SortFunc(learned, func(a, b ledger.Date) int { return b.Cmp(a) })
	child, enrolled := *e.view.child, e.enrolled
	for _, day := range slices.Compact(learned) {
		until := day.AddDays(-1)
		sub := e.book.borrow(&child, until)
		yes := sub.eligible(enrolled).Reason == ReasonEligible
		e.book.giveBack(sub)
		if yes {
			return until
		}
	}
	return ledger.Date{}
}
