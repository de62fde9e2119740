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

// course follows a child from the next day on which something may change, as
// rules.Look tells it, up to another, and reports every rise of an award on the
// day on which it is earned.
func course(book *rules.Book, c rules.Child, ls *levels, next, to ledger.Date, rise func(e *rules.Entitlement, on ledger.Date, by ledger.Amount)) {
	for day := next; !day.IsZero() && !day.After(to); day = next {
		var all []rules.Entitlement
		all, next = rules.Look(book, c, day)
		for i := range all {
			e := &all[i]
			if by := ls.raise(award{e.Benefit, e.Period}, e.Amount); by.Sign() > 0 {
				rise(e, day, by)
			}
		}
	}
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
