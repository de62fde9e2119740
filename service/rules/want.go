package rules

import "seedbook/ledger"

// Want is what an award still asks of funds on a day, or false where it asks
// for nothing: what it is entitled to less what was given and what fell away
// for good before. What is shared among all who ask (pro_rata) is asked for on
// the day on which it is payable, not before: only then is known who asks.
//
// An award of a household that was given asks as well, for nothing: Fund keeps
// its place. Whoever asks for one child of a household has to ask for all.
func (b *Book) Want(child int64, e Entitlement, asOf ledger.Date, given, refused ledger.Amount) (Want, bool) {
	w := Want{
		Child: child, Benefit: e.Benefit, Order: b.order(e.Benefit), Period: e.Period,
		Amount: e.Amount, On: e.EarnedOn, Seq: e.EarnedSeq, OnShortfall: e.OnShortfall,
	}
	if e.OnShortfall == shortProRata {
		w.Amount, w.On = e.Due, asOf
	}
	for _, f := range e.Funds {
		if f.Allowed {
			w.Funds = append(w.Funds, f.Code)
		}
	}
	w.Household, w.Held = e.Household, given.Sign() > 0
	w.Amount = w.Amount.Sub(given).Sub(refused).Max(ledger.Amount{})
	return w, w.Amount.Sign() > 0 || w.Held && w.Household != ""
}

// order is a benefit's place in the book.
func (b *Book) order(benefit string) int {
	for i := range b.plans {
		if b.plans[i].id == benefit {
			return i
		}
	}
	return len(b.plans)
}
