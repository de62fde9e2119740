package ledger

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// ErrDate reports text that is not a calendar day.
var ErrDate = errors.New("not a date: write year-month-day, like 2026-09-01")

// Date is a calendar day in the program's time zone. Its zero value means "no
// day". Dates compare with == and order with Before and After.
type Date struct{ n int32 } // days since 0001-01-01, which itself stands for "no day"

const isoDay = "2006-01-02"

var dayZero = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// The years a program can mean. Outside them a date is a typing error.
const (
	minYear = 1850
	maxYear = 2300
)

// NewDate returns a day. Days past the month's end run on, as time.Date has it.
func NewDate(year int, month time.Month, day int) Date {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return Date{int32(t.Unix()/86400 - dayZero.Unix()/86400)}
}

// ParseDate reads "2026-09-01" and nothing else; the day must exist and lie
// between 1850 and 2300.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(isoDay, s)
	if err != nil || len(s) != len(isoDay) || t.Year() < minYear || t.Year() > maxYear {
		return Date{}, ErrDate
	}
	return DateOf(t), nil
}

// DateOf is the day that t's own clock shows: convert t to the program's zone
// first.
func DateOf(t time.Time) Date { return NewDate(t.Date()) }

// DateIn is the day it is in a zone at an instant.
func DateIn(t time.Time, zone *time.Location) Date { return DateOf(t.In(zone)) }

// Time is midnight UTC of the day, for formatting. It is not an instant.
func (d Date) Time() time.Time { return dayZero.AddDate(0, 0, int(d.n)) }

// Year, Month and Day are the parts of the calendar day.
func (d Date) Year() int         { return d.Time().Year() }
func (d Date) Month() time.Month { return d.Time().Month() }
func (d Date) Day() int          { return d.Time().Day() }

// IsZero reports "no day".
func (d Date) IsZero() bool { return d.n == 0 }

// Before reports d < e.
func (d Date) Before(e Date) bool { return d.n < e.n }

// After reports d > e.
func (d Date) After(e Date) bool { return d.n > e.n }

// Cmp is −1, 0 or 1, for sorting.
func (d Date) Cmp(e Date) int {
	switch {
	case d.n < e.n:
		return -1
	case d.n > e.n:
		return 1
	}
	return 0
}

// AddDays moves by days; n may be negative.
func (d Date) AddDays(n int) Date { return Date{d.n + int32(n)} }

// DaysSince is d − e in days.
func (d Date) DaysSince(e Date) int { return int(d.n - e.n) }

// AddMonths moves by whole months and clamps to the month's end: 31 January
// plus one month is 28 or 29 February. (time.AddDate would say 3 March.)
func (d Date) AddMonths(n int) Date {
	y, m, day := d.Time().Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return NewDate(first.Year(), first.Month(), min(day, last))
}

// AddYears moves by whole years; 29 February becomes 28 February in a year
// without one. A program that means 1 March says so in its rule book.
func (d Date) AddYears(n int) Date { return d.AddMonths(12 * n) }

// AgeOn is the number of birthdays someone born on d has had by a day, a
// birthday of 29 February being kept on 28 February in common years.
func (d Date) AgeOn(day Date) int {
	age := day.Year() - d.Year()
	if day.Before(d.AddYears(age)) {
		age--
	}
	return age
}

// String is "2026-09-01", or "" for no day.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format(isoDay)
}

// MarshalText writes String's form.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads; empty text is no day.
func (d *Date) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = ParseDate(string(b))
	return err
}

// Scan reads a date column; NULL is no day. The driver's time carries an
// unnamed zone, so only its clock face counts.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
	case time.Time:
		*d = DateOf(v)
	case []byte:
		return d.UnmarshalText(v)
	case string:
		return d.UnmarshalText([]byte(v))
	default:
		return fmt.Errorf("scan %T: %w", src, ErrDate)
	}
	return nil
}

// Value writes the day, or NULL for no day.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Period is a run of days, both ends included.
type Period struct {
	First, Last Date
}

// Contains reports whether a day lies in the period.
func (p Period) Contains(d Date) bool { return !d.Before(p.First) && !d.After(p.Last) }

// String is "2026-07-01..2026-09-30".
func (p Period) String() string { return p.First.String() + ".." + p.Last.String() }
