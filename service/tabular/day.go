package tabular

import (
	"strings"
	"time"

	"seedbook/ledger"
)

// DateFormat is how a file writes days, declared by a person. The zero value
// is ISO alone. A day is never guessed: 4/2/2000 is no day until somebody says
// which number is the month.
type DateFormat string

// DateFormats are the formats a mapping may declare. Single letters take one
// digit or two; years have four.
var DateFormats = []DateFormat{"YYYY-MM-DD", "M/D/YYYY", "D/M/YYYY", "YYYYMMDD", "YYYY/M/D", "M-D-YYYY", "D-M-YYYY", "D.M.YYYY"}

var layouts = map[DateFormat]string{
	"":           time.DateOnly,
	"YYYY-MM-DD": time.DateOnly,
	"M/D/YYYY":   "1/2/2006",
	"D/M/YYYY":   "2/1/2006",
	"YYYYMMDD":   "20060102",
	"YYYY/M/D":   "2006/1/2",
	"M-D-YYYY":   "1-2-2006",
	"D-M-YYYY":   "2-1-2006",
	"D.M.YYYY":   "2.1.2006",
}

// Valid reports a format that we read.
func (f DateFormat) Valid() bool {
	_, ok := layouts[f]
	return ok
}

// Parse reads a day as year-month-day or in the format. Anything else is
// ledger.ErrDate.
func (f DateFormat) Parse(s string) (ledger.Date, error) {
	if d, err := ledger.ParseDate(s); err == nil || f == "" || f == "YYYY-MM-DD" {
		return d, err
	}
	layout, ok := layouts[f]
	if !ok || strings.ContainsAny(s, "+ ") {
		return ledger.Date{}, ledger.ErrDate
	}
	day, err := time.Parse(layout, s)
	if err != nil {
		return ledger.Date{}, ledger.ErrDate
	}
	// ParseDate holds the bounds within which a day makes sense.
	return ledger.ParseDate(day.Format(time.DateOnly))
}

// FormatsOf lists the formats in which every one of the values is a day. A
// person chooses where there are several; ISO is never in doubt.
func FormatsOf(values []string) []DateFormat {
	if len(values) == 0 {
		return nil
	}
	if DateFormats[0].readsAll(values) {
		return DateFormats[:1]
	}
	var fit []DateFormat
	for _, f := range DateFormats[1:] {
		if f.readsAll(values) {
			fit = append(fit, f)
		}
	}
	return fit
}

func (f DateFormat) readsAll(values []string) bool {
	for _, v := range values {
		if _, err := f.Parse(v); err != nil {
			return false
		}
	}
	return true
}
