package forecast

import (
	"slices"
	"strconv"

	"seedbook/ledger"
	"seedbook/service/rules"
)

// plenty is more than any family saves in a month, and more than any cap of a
// base counts.
var plenty = ledger.Minor(1_000_000_00)

// saturated is a child who does from a day on all that a book can reward, once a
// month or more often: pays in plenty by every way that the book names and by
// none in particular, and has every milestone.
func saturated(book *rules.Book, c rules.Child, day, until ledger.Date, often int) rules.Child {
	events := slices.Clone(c.Events)
	kinds := []rules.EventKind{rules.Claimed}
	for _, e := range book.Events {
		kinds = append(kinds, e.Name)
	}
	channels := channelsOf(book)
	n := 0
	add := func(e rules.Event) {
		n++
		e.Key, e.Seq = "most/"+strconv.Itoa(n), again+int64(n)
		events = append(events, e)
	}
	for on := day.AddDays(1); !on.After(until); on = ledger.NewDate(on.Year(), on.Month()+1, 1) {
		for range often {
			for _, ch := range channels {
				add(rules.Event{Kind: rules.Deposit, On: on, Amount: plenty, Channel: ch})
			}
			for _, k := range kinds {
				add(rules.Event{Kind: k, On: on})
			}
		}
	}
	sortEvents(events)
	c.Events = events
	return c
}

// channelsOf are the ways of paying in that a book tells apart, "" for the
// others.
func channelsOf(book *rules.Book) []string {
	out := []string{""}
	for _, b := range book.Benefits {
		for _, ch := range b.Base.Channels {
			if !slices.Contains(out, ch) {
				out = append(out, ch)
			}
		}
	}
	return out
}
