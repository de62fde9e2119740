package rules

import (
	"math"
	"slices"

	"seedbook/ledger"
)

// Chance is what a family would get for saving more: one benefit of one period.
type Chance struct {
	Benefit string
	Kind    Kind
	Says    Text
	Period  string
	Deposit ledger.Amount // the least that, paid in now, earns something more
	Earns   ledger.Amount // what that deposit earns
	Most    ledger.Amount // the most that can still be earned in the period; zero where nothing limits it
	By      ledger.Date   // the last day on which the same deposit earns it; no day: for two years at least
}

// NextDollar is what the next deposit would earn a child, benefit by benefit in
// the book's order. It is found by asking Evaluate about the child with one
// more deposit, so it cannot promise what a run would not give. What only the
// end of a period decides, or only a deposit of a named channel earns, is no
// chance here: the reason of such an amount says what to do.
func NextDollar(b *Book, c Child, asOf ledger.Date) (out []Chance) {
	w := whatIf{b, c}
	now := w.amounts(asOf, ledger.Amount{})
	dollar := w.amounts(asOf, ledger.Minor(100))
	more := Evaluate(b, w.with(asOf, plenty), asOf)
	twice := w.amounts(asOf, plenty.Add(plenty))
	for _, e := range more {
		key := gainKey{e.Benefit, e.Period}
		gain := e.Amount.Sub(now[key])
		if gain.Sign() <= 0 {
			continue
		}
		ch := Chance{Benefit: e.Benefit, Kind: e.Kind, Period: e.Period, Deposit: ledger.Minor(100)}
		if twice[key] == e.Amount {
			ch.Most = gain
		}
		if ch.Earns = dollar[key].Sub(now[key]); ch.Earns.Sign() <= 0 {
			ch.Deposit, ch.Earns = w.least(asOf, key, now[key], gain)
		}
		benefit, _ := b.Benefit(e.Benefit)
		ch.Says, ch.By = benefit.Says, w.lastDay(asOf, key, ch.Deposit)
		out = append(out, ch)
	}
	return out
}

// plenty is more than any family pays in at once.
var plenty = ledger.Minor(100_000_00)

// horizon is how far NextDollar looks where a benefit has no period's end.
const horizon = 730

// gainKey is one benefit of one period.
type gainKey struct{ benefit, period string }

// whatIf asks about a child as if it paid in more.
type whatIf struct {
	book  *Book
	child Child
}

// with is the child with one more deposit on a day, after all else of the day.
func (w whatIf) with(on ledger.Date, amount ledger.Amount) Child {
	c := w.child
	if amount.Sign() > 0 {
		c.Events = append(slices.Clip(c.Events), Event{Key: "what-if", Kind: Deposit, On: on, Seq: math.MaxInt64, Amount: amount})
	}
	return OnlyTaken(w.book, c)
}

func (w whatIf) amounts(on ledger.Date, deposit ledger.Amount) map[gainKey]ledger.Amount {
	out := map[gainKey]ledger.Amount{}
	for _, e := range Evaluate(w.book, w.with(on, deposit), on) {
		out[gainKey{e.Benefit, e.Period}] = e.Amount
	}
	return out
}

// least is the smallest deposit that earns something, to the cent, and what it
// earns. Whoever asks knows that plenty does.
func (w whatIf) least(on ledger.Date, key gainKey, has, most ledger.Amount) (deposit, earns ledger.Amount) {
	none, some := int64(0), plenty.Minor()
	earns = most
	for some-none > 1 {
		middle := none + (some-none)/2
		gain := w.amounts(on, ledger.Minor(middle))[key].Sub(has)
		if gain.Sign() > 0 {
			some, earns = middle, gain
		} else {
			none = middle
		}
	}
	return ledger.Minor(some), earns
}

// lastDay is the last day on which a deposit earns something for the same
// period; no day where it does so as far as we look.
func (w whatIf) lastDay(asOf ledger.Date, key gainKey, deposit ledger.Amount) ledger.Date {
	last := asOf.AddDays(horizon)
	if span, ok := w.book.Span(key.benefit, key.period); ok && span.Last.Before(last) {
		last = span.Last
	}
	if w.earns(last, key, deposit) {
		if last == asOf.AddDays(horizon) {
			return ledger.Date{}
		}
		return last
	}
	yes, no := 0, last.DaysSince(asOf)
	for no-yes > 1 {
		middle := yes + (no-yes)/2
		if w.earns(asOf.AddDays(middle), key, deposit) {
			yes = middle
		} else {
			no = middle
		}
	}
	return asOf.AddDays(yes)
}

func (w whatIf) earns(on ledger.Date, key gainKey, deposit ledger.Amount) bool {
	return w.amounts(on, ledger.Amount{})[key].Less(w.amounts(on, deposit)[key])
}
