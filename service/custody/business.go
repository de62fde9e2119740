package custody

import (
	"time"

	"seedbook/ledger"
)

// Calendar says on which days a custodian works.
type Calendar struct {
	Federal bool                 // closed when the Federal Reserve is
	Closed  map[ledger.Date]bool // its own days besides
}

// Business reports a day on which the custodian works.
func (c Calendar) Business(d ledger.Date) bool {
	switch d.Time().Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	return !c.Closed[d] && !(c.Federal && FederalHoliday(d))
}

// Next is the first business day behind a day.
func (c Calendar) Next(d ledger.Date) ledger.Date { return c.step(d, 1) }

// Last is the last business day before a day.
func (c Calendar) Last(d ledger.Date) ledger.Date { return c.step(d, -1) }

// Add moves by business days.
func (c Calendar) Add(d ledger.Date, n int) ledger.Date {
	for range n {
		d = c.Next(d)
	}
	return d
}

// step walks to the next business day. A custodian that is closed for a month
// is a mistake in its calendar, which must not stop anything.
func (c Calendar) step(d ledger.Date, by int) ledger.Date {
	for range 31 {
		if d = d.AddDays(by); c.Business(d) {
			return d
		}
	}
	return d
}

// Days counts the business days in (from, to].
func (c Calendar) Days(from, to ledger.Date) (n int) {
	for d := from.AddDays(1); !d.After(to); d = d.AddDays(1) {
		if c.Business(d) {
			n++
		}
	}
	return n
}

// Counts is the day for which something handed in at an instant counts: a
// business day itself before the cut-off, the next one behind it.
func (c Calendar) Counts(at time.Time, zone *time.Location, cutOff string) ledger.Date {
	local := at.In(zone)
	d := ledger.DateOf(local)
	if c.Business(d) && local.Format("15:04") <= cutOff {
		return d
	}
	return c.Next(d)
}

// FederalHoliday reports a holiday of the Federal Reserve Banks. One that falls
// on a Sunday is kept on Monday; one on a Saturday is not kept, so that banks
// work on the Friday before.
func FederalHoliday(d ledger.Date) bool {
	if fixed(d) || d.Time().Weekday() == time.Monday && fixed(d.AddDays(-1)) {
		return true
	}
	weekday, nth := d.Time().Weekday(), (d.Day()-1)/7+1
	last := d.AddDays(7).Month() != d.Month()
	switch d.Month() {
	case time.January: // Martin Luther King
		return weekday == time.Monday && nth == 3 && d.Year() >= 1986
	case time.February: // Presidents
		return weekday == time.Monday && nth == 3
	case time.May: // Memorial Day
		return weekday == time.Monday && last
	case time.September: // Labor Day
		return weekday == time.Monday && nth == 1
	case time.October: // Columbus and Indigenous Peoples
		return weekday == time.Monday && nth == 2
	case time.November: // Thanksgiving
		return weekday == time.Thursday && nth == 4
	}
	return false
}

// fixed reports a holiday of a fixed date: New Year, Juneteenth, Independence,
// Veterans, Christmas.
func fixed(d ledger.Date) bool {
	switch m, day := d.Month(), d.Day(); {
	case m == time.January && day == 1, m == time.July && day == 4, m == time.November && day == 11, m == time.December && day == 25:
		return true
	case m == time.June && day == 19:
		return d.Year() >= 2021
	}
	return false
}
