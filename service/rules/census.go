package rules

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"seedbook/ledger"
)

// CensusDay is the day of a school year on which schools count their children:
// a day of the calendar, or a weekday of a month.
type CensusDay struct {
	Month   int
	Day     int // of the month; 0 where Nth says it
	Nth     int // 1 to 4, or 5 for the last
	Weekday time.Weekday
}

var (
	nths     = []string{"first", "second", "third", "fourth", "last"}
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

// censusDay reads 10-01 or first_wed(10).
func (d *decoder) censusDay(n *node) CensusDay {
	s, ok := d.plain(n)
	if !ok {
		return CensusDay{}
	}
	if monthDayText.MatchString(s) {
		m := d.monthDay(n)
		return CensusDay{Month: m.Month, Day: m.Day}
	}
	name, args, ok := call(s)
	nth, weekday, _ := strings.Cut(name, "_")
	i, j := slices.Index(nths, nth), slices.Index(weekdays, weekday)
	if !ok || i < 0 || j < 0 || len(args) != 1 || !isNumber(args[0], 12) || args[0] == "0" {
		d.unknown(n, s, []string{"10-01", "first_wed(10)", "last_fri(9)"})
		return CensusDay{}
	}
	month, _ := strconv.Atoi(args[0])
	return CensusDay{Month: month, Nth: i + 1, Weekday: time.Weekday(j)}
}

// in is the census day of a calendar year.
func (c CensusDay) in(year int) ledger.Date {
	month := time.Month(c.Month)
	if c.Day > 0 {
		return ledger.NewDate(year, month, c.Day)
	}
	if c.Nth == len(nths) {
		last := ledger.NewDate(year, month+1, 0)
		return last.AddDays(-(int(last.Time().Weekday()-c.Weekday) + 7) % 7)
	}
	first := ledger.NewDate(year, month, 1)
	return first.AddDays((int(c.Weekday-first.Time().Weekday())+7)%7 + 7*(c.Nth-1))
}

// censusOf is the census day of the school year in which a day lies, or no day
// where the book has none.
func (c Calendar) censusOf(day ledger.Date) ledger.Date {
	if c.CensusDay.Month == 0 || day.IsZero() {
		return ledger.Date{}
	}
	year := c.periodOf(SchoolYear, day)
	on := c.CensusDay.in(year.First.Year())
	if on.Before(year.First) {
		on = c.CensusDay.in(year.First.Year() + 1)
	}
	return on
}

// censusFrom is the first census day on or after a day.
func (c Calendar) censusFrom(day ledger.Date) ledger.Date {
	on := c.censusOf(day)
	if on.Before(day) {
		on = c.censusOf(c.periodOf(SchoolYear, day).Last.AddDays(1))
	}
	return on
}

// countCensus counts the first census day of a span on which the child took
// part and met the conditions.
func (e *evaluator) countCensus(s *span, until ledger.Date) {
	from := s.period.First
	if from.Before(e.enrolled) {
		from = e.enrolled
	}
	last := earlier(until, s.period.Last)
	for on := e.book.Calendar.censusFrom(from); s.counted == 0 && !on.After(last); on = e.book.Calendar.censusFrom(on.AddDays(1)) {
		v := e.versionFor(s.plan, on, s.period)
		if v < 0 || s.plan.in[v] == nil || s.plan.in[v].Trigger.Kind != OnCensus {
			continue
		}
		if !e.takesPart(on) {
			s.absent++
			continue
		}
		t, ok := e.tierOf(s, s.plan.in[v], on)
		if !ok {
			s.undecided++
			continue
		}
		ev := Event{On: on}
		if e.counts(s, t, &ev) {
			e.add(s, t, v, &ev, ledger.Minor(100))
		}
	}
}

// takesPart reports whether the child took part on a day: it had joined by
// then and had not left before, by whatever the book says ends taking part.
func (e *evaluator) takesPart(on ledger.Date) (in bool) {
	for i := range e.events {
		switch ev := &e.events[i]; {
		case ev.On.After(on):
			return in
		case ev.Kind == Enrolled:
			in = true
		case ev.On.Before(on) && e.book.ends(ev):
			in = false
		}
	}
	return in
}
