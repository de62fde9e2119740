package rules

import (
	"slices"

	"seedbook/ledger"
)

// named is an example in which the book's classes have been named: on their
// days, and later whenever something became known of a child that was not in.
func (x *Example) named(b *Book) *Example {
	classes := b.Classes()
	if len(classes) == 0 || len(x.Expect) == 0 {
		return x
	}
	out := *x
	out.Children = slices.Clone(x.Children)
	last := slices.MaxFunc(x.Expect, func(p, q Expectation) int { return p.On.Cmp(q.On) }).On
	for _, class := range classes {
		for _, m := range x.members(b, class, last) {
			c := &out.Children[m.Child-1]
			c.Events = append(slices.Clip(c.Events), m.Event(class))
		}
	}
	return &out
}

// members are the children that a class has by a day.
func (x *Example) members(b *Book, class ClassDay, last ledger.Date) []Member {
	if last.Before(class.On) {
		return nil
	}
	named, err := NameClass(b, class, x.cast(b, class.On), nil, class.On)
	if err != nil {
		return nil // the class is the book's own, on its own day
	}
	for _, day := range x.newsAfter(class.On, last) {
		cast := slices.DeleteFunc(x.cast(b, day), func(c Child) bool {
			in := slices.ContainsFunc(named.Members, func(m Member) bool { return m.Child == c.ID })
			return !in && !x.Children[c.ID-1].hasNews(day)
		})
		if more, err := NameClass(b, class, cast, named.Members, day); err == nil {
			named = more
		}
	}
	return named.Members
}

// hasNews reports a day on which something becomes known of a child.
func (c *ExampleChild) hasNews(day ledger.Date) bool {
	return slices.ContainsFunc(c.Events, func(e Event) bool { return e.On == day || c.received[e.Key] == day }) ||
		slices.ContainsFunc(c.Facts, func(f Fact) bool { return f.From == day || f.Known == day })
}

// newsAfter are the days, after one and up to another, on which something
// becomes known.
func (x *Example) newsAfter(day, last ledger.Date) (days []ledger.Date) {
	consider := func(on ledger.Date) {
		if on.After(day) && !on.After(last) {
			days = append(days, on)
		}
	}
	for i := range x.Children {
		c := &x.Children[i]
		for _, e := range c.Events {
			consider(e.On)
			consider(c.received[e.Key])
		}
		for _, f := range c.Facts {
			consider(f.From)
			consider(f.Known)
		}
	}
	slices.SortFunc(days, ledger.Date.Cmp)
	return slices.Compact(days)
}
