package rules

import (
	"strconv"
	"strings"
	"time"

	"seedbook/ledger"
)

// birthday is the day on which someone born on a day turns so many years old,
// by the book's leap-day rule.
func birthday(born ledger.Date, years int, leap LeapDay) ledger.Date {
	d := born.AddYears(years)
	if leap == March1 && born.Month() == time.February && born.Day() == 29 && d.Day() != 29 {
		return d.AddDays(1)
	}
	return d
}

// ageOn counts the birthdays had by a day.
func ageOn(born, on ledger.Date, leap LeapDay) int {
	age := on.Year() - born.Year()
	if on.Before(birthday(born, age, leap)) {
		age--
	}
	return age
}

// yearStart is where a kind of period's years begin, and whether the book says
// it. Kinds that are no year begin in January as far as anyone asks.
func (c Calendar) yearStart(kind PeriodKind) (MonthDay, bool) {
	start := MonthDay{1, 1}
	switch kind {
	case SchoolYear:
		start = c.SchoolYear
	case FiscalYear:
		start = c.FiscalYear
	case BenefitYear:
		start = c.BenefitYear
	}
	return start, start != MonthDay{}
}

// forever is the period of what happens once.
var forever = ledger.Period{First: ledger.NewDate(1850, 1, 1), Last: ledger.NewDate(2300, 12, 31)}

// periodOf is the period of a kind in which a day lies.
func (c Calendar) periodOf(kind PeriodKind, day ledger.Date) ledger.Period {
	y, m, _ := day.Time().Date()
	switch kind {
	case Once:
		return forever
	case Monthly:
		return ledger.Period{First: ledger.NewDate(y, m, 1), Last: ledger.NewDate(y, m+1, 0)}
	case Quarterly:
		m = (m-1)/3*3 + 1
		return ledger.Period{First: ledger.NewDate(y, m, 1), Last: ledger.NewDate(y, m+3, 0)}
	}
	start, _ := c.yearStart(kind)
	first := ledger.NewDate(y, time.Month(start.Month), start.Day)
	if day.Before(first) {
		y--
		first = ledger.NewDate(y, time.Month(start.Month), start.Day)
	}
	return ledger.Period{First: first, Last: ledger.NewDate(y+1, time.Month(start.Month), start.Day).AddDays(-1)}
}

// window is the run of months, counted from a day on, in which another day
// lies. What was before the first belongs to it.
func window(from ledger.Date, months int, day ledger.Date) ledger.Period {
	k := 0
	if day.After(from) {
		k = (12*(day.Year()-from.Year()) + int(day.Month()) - int(from.Month())) / months
	}
	if k > 0 && day.Before(from.AddMonths(k*months)) {
		k--
	}
	return ledger.Period{First: from.AddMonths(k * months), Last: from.AddMonths((k + 1) * months).AddDays(-1)}
}

// label names a period as awards are keyed: "once", "2026-09", "2026-Q3",
// "2026" for a year from 1 January, "2026-27" for one that spans two, and
// "2026-09-14+24m" for a window of the child's own.
func label(kind PeriodKind, p ledger.Period) string {
	if n := kind.months(); n > 0 {
		return p.First.String() + "+" + strconv.Itoa(n) + "m"
	}
	var room [8]byte
	y, m, d := p.First.Time().Date()
	b := strconv.AppendInt(room[:0], int64(y), 10)
	switch kind {
	case Once:
		return "once"
	case Monthly:
		b = appendTwo(append(b, '-'), int(m))
	case Quarterly:
		b = append(b, '-', 'Q', byte('1'+(m-1)/3))
	default:
		if m != time.January || d != 1 {
			b = appendTwo(append(b, '-'), (y+1)%100)
		}
	}
	return string(b)
}

// label names a period of a benefit; a birthday year goes by the age: "age-5".
func (e *evaluator) label(p *plan, period ledger.Period) string {
	if p.period != BirthdayYear {
		return e.remember(p.period, period)
	}
	if period == forever {
		return "age-" // of a child whose birth date is not known
	}
	return "age-" + strconv.Itoa(ageOn(e.view.child.BornOn, period.First, e.book.Program.LeapDay))
}

// named is a period with its label. Most children of a night have the same few.
type named struct {
	kind  PeriodKind
	first ledger.Date
	label string
}

// remember is label, kept for the next child.
func (e *evaluator) remember(kind PeriodKind, period ledger.Period) string {
	if kind == Once {
		return "once"
	}
	at := &e.names[uint(period.First.DaysSince(forever.First))%uint(len(e.names))]
	if at.first != period.First || at.kind != kind || at.label == "" {
		*at = named{kind, period.First, label(kind, period)}
	}
	return at.label
}

func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func earlier(a, b ledger.Date) ledger.Date {
	if b.Before(a) {
		return b
	}
	return a
}

// Span is the run of days that a period's label means for a benefit, or false
// for a label that is none of its periods, and for a birthday year, which is
// another for each child. What is given once runs for ever.
func (b *Book) Span(benefit, period string) (ledger.Period, bool) {
	p := b.plan(benefit)
	if p == nil {
		return ledger.Period{}, false
	}
	if p.period == Once {
		return forever, period == "once"
	}
	day, ok := b.Calendar.firstDay(p, period)
	if !ok || p.period == BirthdayYear {
		return ledger.Period{}, false
	}
	span := b.Calendar.periodOf(p.period, day)
	if p.months > 0 {
		span = window(day, p.months, day)
	}
	return span, label(p.period, span) == period
}

// firstDay is the day on which a labelled period begins.
func (c Calendar) firstDay(p *plan, period string) (ledger.Date, bool) {
	text := period
	switch {
	case p.months > 0:
		text, _, _ = strings.Cut(period, "+")
	case p.period == Monthly:
		text += "-01"
	case p.period == Quarterly:
		year, quarter, _ := strings.Cut(period, "-Q")
		month := map[string]string{"1": "01", "2": "04", "3": "07", "4": "10"}[quarter]
		text = year + "-" + month + "-01"
	default:
		start, _ := c.yearStart(p.period)
		year, _, _ := strings.Cut(period, "-")
		text = string(appendTwo(append(appendTwo(append([]byte(year), '-'), start.Month), '-'), start.Day))
	}
	day, err := ledger.ParseDate(text)
	return day, err == nil
}
