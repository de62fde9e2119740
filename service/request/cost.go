package request

import (
	"slices"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// Cost is what taking money out would do, by the engine that pays.
type Cost struct {
	Own     ledger.Amount      // paid of the family's own money
	Program ledger.Amount      // paid of the program's
	Unpaid  ledger.Amount      // what of it could not be paid
	Why     rules.UnpaidReason // why not
	Loses   []Loss             // what the child would be entitled to no more
}

// Loss is what a benefit would give less.
type Loss struct {
	Benefit, Period string
	Says            rules.Text
	Amount          ledger.Amount
}

// Lost is the sum of what would be given less.
func (c Cost) Lost() (sum ledger.Amount) {
	for _, l := range c.Loses {
		sum = sum.Add(l.Amount)
	}
	return sum
}

// CostOf works out what taking money out on a day would cost a child: which
// money would be paid, and what its benefits would give less.
func CostOf(b *rules.Book, child rules.Child, k Kind, amount ledger.Amount, on ledger.Date) (c Cost) {
	w := rules.Event{Key: "request", Kind: rules.Withdrawal, On: on, Seq: 1 << 62, Amount: amount, Purpose: rules.Qualified}
	if k == Emergency {
		w.Purpose, w.From = rules.Emergency, rules.OwnFamily
	}
	paid, unpaid := rules.PayOut(b, child, w)
	for _, d := range paid {
		if d.Owner == rules.OwnFamily {
			c.Own = c.Own.Add(d.Amount)
		} else {
			c.Program = c.Program.Add(d.Amount)
		}
	}
	for _, u := range unpaid {
		c.Unpaid, c.Why = c.Unpaid.Add(u.Amount), u.Why
	}
	if c.Own.Sign() > 0 {
		after := child
		w.Amount, w.From = c.Own, rules.OwnFamily
		after.Events = append(slices.Clone(child.Events), w)
		c.Loses = losses(b, child, after, on)
	}
	return c
}

func losses(b *rules.Book, before, after rules.Child, on ledger.Date) (out []Loss) {
	type place struct{ benefit, period string }
	then := map[place]ledger.Amount{}
	for _, e := range rules.Evaluate(b, after, on) {
		then[place{e.Benefit, e.Period}] = e.Amount
	}
	for _, e := range rules.Evaluate(b, before, on) {
		less := e.Amount.Sub(then[place{e.Benefit, e.Period}])
		if less.Sign() > 0 {
			says, _ := b.Benefit(e.Benefit)
			out = append(out, Loss{e.Benefit, e.Period, says.Says, less})
		}
	}
	return out
}
