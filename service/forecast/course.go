package forecast

import (
	"slices"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// level is how much of an award a child has been given or promised.
type level struct {
	award
	amount ledger.Amount
}

// levels are a child's. They rise and never fall: what was given is not taken
// back without somebody's decision, and a forecast decides nothing.
type levels []level

// raise brings an award to an amount and returns by how much it rose.
func (ls *levels) raise(a award, to ledger.Amount) ledger.Amount {
	for i := range *ls {
		if l := &(*ls)[i]; l.award == a {
			by := to.Sub(l.amount)
			if by.Sign() <= 0 {
				return ledger.Amount{}
			}
			l.amount = to
			return by
		}
	}
	if to.Sign() > 0 {
		*ls = append(*ls, level{a, to})
	}
	return to
}

// course follows a child through the days after one, up to another, and reports
// every rise of an award on the day on which it is earned. The events of those
// days are in c, sorted.
func course(book *rules.Book, c rules.Child, ls *levels, from, to ledger.Date, rise func(e *rules.Entitlement, on ledger.Date, by ledger.Amount)) {
	for _, day := range stops(book, &c, from, to) {
		for _, e := range rules.Evaluate(book, c, day) {
			if by := ls.raise(award{e.Benefit, e.Period}, e.Amount); by.Sign() > 0 {
				rise(&e, day, by)
			}
		}
	}
}

// stops are the days after one, up to another, on which what a child is entitled
// to may change: something happens or is found out, a month begins or ends, a
// birthday comes, or a version of the book takes over.
func stops(book *rules.Book, c *rules.Child, from, to ledger.Date) []ledger.Date {
	days := make([]ledger.Date, 0, 40)
	add := func(d ledger.Date) {
		if d.After(from) && !d.After(to) {
			days = append(days, d)
		}
	}
	for i := range c.Events {
		add(c.Events[i].On)
	}
	for i := range c.Facts {
		add(c.Facts[i].From)
		add(c.Facts[i].Known)
	}
	for i := range book.Versions {
		add(book.Versions[i].EffectiveFrom)
		add(book.Versions[i].EffectiveTo.AddDays(1))
	}
	for first := ledger.NewDate(from.Year(), from.Month(), 1); !first.After(to); first = first.AddMonths(1) {
		add(first)
		add(first.AddMonths(1).AddDays(-1))
	}
	if !c.BornOn.IsZero() {
		for year := from.Year(); year <= to.Year(); year++ {
			birthday := c.BornOn.AddYears(year - c.BornOn.Year())
			add(birthday)
			add(birthday.AddDays(1)) // 29 February, where the book says March 1
		}
	}
	slices.SortFunc(days, ledger.Date.Cmp)
	return slices.Compact(days)
}

// repeated are a child's events with the deposits of the last twelve months
// once more in the twelve months after a day, those that the bank took back
// aside.
func repeated(c rules.Child, day ledger.Date) rules.Child {
	back := map[string]bool{}
	for i := range c.Events {
		if c.Events[i].Kind == rules.Return {
			back[c.Events[i].Of] = true
		}
	}
	events := slices.Clone(c.Events)
	for _, e := range c.Events {
		on := e.On.AddMonths(horizon)
		if e.Kind != rules.Deposit || back[e.Key] || !on.After(day) || e.On.After(day) {
			continue
		}
		e.Key, e.On, e.Seq = "again/"+e.Key, on, e.Seq+again
		events = append(events, e)
	}
	sortEvents(events)
	c.Events = events
	return c
}

// again keeps repeated deposits behind the real ones of their day.
const again = 1 << 50
