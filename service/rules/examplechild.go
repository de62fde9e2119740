package rules

import (
	"regexp"
	"slices"
	"strconv"

	"seedbook/ledger"
)

// maxChildren bounds the children of one example.
const maxChildren = 200

// ExampleChild is one of the children of an example.
type ExampleChild struct {
	Child
	Name string // "" where the example has one child
	// received are the days on which the program heard of the events, for those
	// of which it heard later.
	received map[string]ledger.Date
}

// knownBy is the child without the events of which the program had not heard
// on a day.
func (c *ExampleChild) knownBy(on ledger.Date) Child {
	out := c.Child
	if len(c.received) > 0 {
		out.Events = slices.DeleteFunc(slices.Clone(out.Events), func(e Event) bool { return c.received[e.Key].After(on) })
	}
	return out
}

// days of an instant are far more than a day's seconds and a second's events.
const (
	secondsOfDay   = 24 * 60 * 60
	eventsOfSecond = 100_000
)

// place gives an event its instant: the day on which the program heard of it,
// the time of that day, and its place among the child's events of that moment.
// One without a time of its own comes with the one before it.
func (c *ExampleChild) place(e *Event, second int, received ledger.Date) {
	heard := e.On
	if !received.IsZero() {
		heard = received
		if c.received == nil {
			c.received = map[string]ledger.Date{}
		}
		c.received[e.Key] = received
	}
	midnight := int64(heard.DaysSince(ledger.Date{})) * secondsOfDay
	at, n := midnight+int64(second), int64(0)
	for i := range c.Events {
		before := c.Events[i].Seq / eventsOfSecond
		if second < 0 && before >= midnight && before < midnight+secondsOfDay {
			at = max(at, before)
		}
	}
	at = max(at, midnight)
	for i := range c.Events {
		if c.Events[i].Seq/eventsOfSecond == at {
			n++
		}
	}
	e.Seq = at*eventsOfSecond + n
}

// childOf reads what is known of a child and what happened to it, from the
// example itself or from one of its children.
func (d *decoder) childOf(b *Book, o *object) ExampleChild {
	c := ExampleChild{Child: Child{ID: 1, BornOn: d.date(o.may("born_on")), Facts: d.startingFacts(b, o.may("facts"))}}
	d.each(o.may("changes"), func(item *node) {
		c.Facts = append(c.Facts, d.change(b, item))
	})
	d.each(o.may("events"), func(item *node) { d.event(b, item, &c) })
	return c
}

// children reads the children of an example, in the order of their numbers.
func (d *decoder) children(b *Book, n *node) (out []ExampleChild) {
	d.each(n, func(item *node) {
		o := d.object(item, "example_child")
		name := d.code(o.must("id"))
		c := d.childOf(b, o)
		o.done()
		c.ID, c.Name = int64(len(out)+1), name
		if slices.ContainsFunc(out, func(e ExampleChild) bool { return e.Name == name }) {
			d.report(item, "twice", map[string]any{"value": clip(name)})
		}
		out = append(out, c)
	})
	if len(out) == 0 || len(out) > maxChildren {
		d.report(n, "item_count", map[string]any{"least": 1, "most": maxChildren})
		return []ExampleChild{{}}
	}
	return out
}

// onlyChildren refuses an example that tells of one child and of several.
func (d *decoder) onlyChildren(n *node) {
	for _, key := range []string{"born_on", "facts", "changes", "events"} {
		if n.get(key) != nil {
			d.report(n.get(key), "with_children", map[string]any{"key": key})
		}
	}
}

var clockText = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])(:([0-5][0-9]))?$`)

// clock reads a time of day as seconds since midnight; −1 where there is none.
func (d *decoder) clock(n *node) int {
	s, ok := d.plain(n)
	if !ok {
		return -1
	}
	m := clockText.FindStringSubmatch(s)
	if m == nil {
		d.report(n, "not_clock", map[string]any{"value": clip(s)})
		return -1
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	seconds, _ := strconv.Atoi(m[4])
	return 3600*hours + 60*minutes + seconds
}

// child is the place of a child in the example, or −1.
func (x *Example) child(name string) int {
	return slices.IndexFunc(x.Children, func(c ExampleChild) bool { return c.Name == name })
}

func (x *Example) names() (out []string) {
	for _, c := range x.Children {
		out = append(out, c.Name)
	}
	return out
}
