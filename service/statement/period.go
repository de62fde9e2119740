package statement

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"seedbook/ledger"
)

// Span is a period that statements are made for, by its name: "2026-09" is a
// month, "2026-Q3" a quarter, "2026" a year.
type Span struct {
	Name string
	ledger.Period
}

var spanName = regexp.MustCompile(`^([0-9]{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?$`)

// ParseSpan reads a period's name, or returns ErrPeriod.
func ParseSpan(name string) (Span, error) {
	m := spanName.FindStringSubmatch(name)
	if m == nil {
		return Span{}, ErrPeriod.At("period")
	}
	year, err := strconv.Atoi(m[1])
	if err != nil || year < 1990 || year > 2200 {
		return Span{}, ErrPeriod.At("period")
	}
	switch {
	case m[2] != "":
		month, _ := strconv.Atoi(m[2])
		return MonthOf(ledger.NewDate(year, time.Month(month), 1)), nil
	case m[3] != "":
		quarter, _ := strconv.Atoi(m[3])
		return QuarterOf(ledger.NewDate(year, time.Month(3*quarter), 1)), nil
	}
	return yearOf(year), nil
}

// span is a period of whole months from the first of one on.
func span(name string, year int, month time.Month, months int) Span {
	first := ledger.NewDate(year, month, 1)
	return Span{name, ledger.Period{First: first, Last: first.AddMonths(months).AddDays(-1)}}
}

// MonthOf is the calendar month of a day.
func MonthOf(d ledger.Date) Span {
	return span(fmt.Sprintf("%04d-%02d", d.Year(), d.Month()), d.Year(), d.Month(), 1)
}

// QuarterOf is the calendar quarter of a day.
func QuarterOf(d ledger.Date) Span {
	quarter := (int(d.Month()) + 2) / 3
	return span(fmt.Sprintf("%04d-Q%d", d.Year(), quarter), d.Year(), time.Month(3*quarter-2), 3)
}

func yearOf(year int) Span { return span(fmt.Sprintf("%04d", year), year, time.January, 12) }

// next is the period of the same length behind this one.
func (s Span) next() Span { return s.beside(s.Last.AddDays(1)) }

// previous is the period of the same length before this one.
func (s Span) previous() Span { return s.beside(s.First.AddDays(-1)) }

func (s Span) beside(d ledger.Date) Span {
	switch {
	case len(s.Name) == len("2026"):
		return yearOf(d.Year())
	case s.Name[len("2026-")] == 'Q':
		return QuarterOf(d)
	}
	return MonthOf(d)
}
