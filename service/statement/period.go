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
	first, months := 1, 12
	if m[2] != "" {
		first, _ = strconv.Atoi(m[2])
		months = 1
	}
	if m[3] != "" {
		quarter, _ := strconv.Atoi(m[3])
		first, months = 3*quarter-2, 3
	}
	from := ledger.NewDate(year, time.Month(first), 1)
	return Span{name, ledger.Period{First: from, Last: from.AddMonths(months).AddDays(-1)}}, nil
}

// MonthOf is the calendar month of a day.
func MonthOf(d ledger.Date) Span {
	s, err := ParseSpan(fmt.Sprintf("%04d-%02d", d.Year(), d.Month()))
	if err != nil {
		panic(err) // every day of our calendar has a month
	}
	return s
}

// QuarterOf is the calendar quarter of a day.
func QuarterOf(d ledger.Date) Span {
	s, err := ParseSpan(fmt.Sprintf("%04d-Q%d", d.Year(), (int(d.Month())+2)/3))
	if err != nil {
		panic(err) // every day of our calendar has a quarter
	}
	return s
}
