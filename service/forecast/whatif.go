package forecast

import (
	"fmt"
	"slices"
	"time"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// Saving is what a child would have if its family saved the same every month.
type Saving struct {
	Monthly ledger.Amount
	Months  int
	Last    ledger.Date   // the day of the last deposit
	Saved   ledger.Amount // by the family, on top of what is there
	Earned  ledger.Amount // by the program, on top of what comes in any case
	Earns   []Earning     // benefit by benefit, in the book's order
}

// Earning is what one benefit would give more.
type Earning struct {
	Benefit string
	Says    rules.Text
	Amount  ledger.Amount
}

// IfSaved works out what a deposit on the same day of each of the coming months
// would earn a child, by the engine that pays: what the rules give with those
// deposits less what they give without, on the day of the last one.
func IfSaved(b *rules.Book, c rules.Child, monthly ledger.Amount, months int, on ledger.Date) Saving {
	s := Saving{Monthly: monthly, Months: months}
	saving := c
	saving.Events = slices.Clone(c.Events)
	for i := range months {
		s.Last = monthOn(on, i)
		s.Saved = s.Saved.Add(monthly)
		saving.Events = append(saving.Events, rules.Event{Key: fmt.Sprintf("what-if-%02d", i), Kind: rules.Deposit, On: s.Last, Seq: 1 << 61, Amount: monthly})
	}
	without := map[string]ledger.Amount{}
	for _, e := range rules.Evaluate(b, c, s.Last) {
		without[e.Benefit+"/"+e.Period] = e.Amount
	}
	for _, e := range rules.Evaluate(b, saving, s.Last) {
		more := e.Amount.Sub(without[e.Benefit+"/"+e.Period])
		if more.Sign() == 0 {
			continue
		}
		s.Earned = s.Earned.Add(more)
		i := slices.IndexFunc(s.Earns, func(x Earning) bool { return x.Benefit == e.Benefit })
		if i < 0 {
			known, _ := b.Benefit(e.Benefit)
			s.Earns, i = append(s.Earns, Earning{Benefit: e.Benefit, Says: known.Says}), len(s.Earns)
		}
		s.Earns[i].Amount = s.Earns[i].Amount.Add(more)
	}
	return s
}

// monthOn is the same day so many months later, or the month's last where it has
// no such day.
func monthOn(on ledger.Date, months int) ledger.Date {
	first := ledger.NewDate(on.Year(), on.Month()+time.Month(months), 1)
	last := ledger.NewDate(first.Year(), first.Month()+1, 1).AddDays(-1)
	return ledger.NewDate(first.Year(), first.Month(), min(on.Day(), last.Day()))
}
