package i18n

import (
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// minus is the sign U+2212: a hyphen is skipped by screen readers.
const minus = "\u2212"

// Money is an amount of US dollars: "$1,234.50", "−$5.00".
func (w *Words) Money(a ledger.Amount) string {
	var room [32]byte
	return string(w.AppendMoney(room[:0], a))
}

// AppendMoney writes Money's form to b without allocating.
func (w *Words) AppendMoney(b []byte, a ledger.Amount) []byte {
	n := a.Minor()
	if n < 0 {
		b, n = append(b, minus...), -n
	}
	b = appendGrouped(append(b, '$'), n/100)
	return append(b, '.', byte('0'+n%100/10), byte('0'+n%10))
}

// Date is a day: "September 1, 2026", "1 de septiembre de 2026"; "" for no day.
func (w *Words) Date(d ledger.Date) string {
	var room [40]byte
	return string(w.AppendDate(room[:0], d))
}

// AppendDate writes Date's form to b without allocating.
func (w *Words) AppendDate(b []byte, d ledger.Date) []byte {
	if d.IsZero() {
		return b
	}
	return w.language.day(b, w.language, d, false)
}

// DateShort is a day for a table's column: "Sep 1, 2026", "1 sep 2026".
func (w *Words) DateShort(d ledger.Date) string {
	if d.IsZero() {
		return ""
	}
	var room [24]byte
	return string(w.language.day(room[:0], w.language, d, true))
}

// Month is a day's month: "September 2026", "septiembre de 2026".
func (w *Words) Month(d ledger.Date) string {
	return string(w.language.month(nil, w.language, d))
}

// MonthShort is a day's month without its year, for charts: "Sep", "sep".
func (w *Words) MonthShort(d ledger.Date) string { return w.language.monthName(d.Month(), true) }

// MonthName is a month's name alone, for lists to choose from.
func (w *Words) MonthName(m time.Month) string { return w.language.monthName(m, false) }

// Period is a run of days: "July 1 – September 30, 2026".
func (w *Words) Period(p ledger.Period) string {
	var b []byte
	if p.First.Year() == p.Last.Year() {
		b = w.language.dayOfYear(b, w.language, p.First)
	} else {
		b = w.AppendDate(b, p.First)
	}
	return string(w.AppendDate(append(b, " – "...), p.Last))
}

// Time is an instant in its own zone, so convert it to the program's first:
// "September 1, 2026, 2:05 PM", "1 de septiembre de 2026, 2:05 p. m.".
func (w *Words) Time(t time.Time) string {
	return w.Date(ledger.DateOf(t)) + ", " + w.Clock(t)
}

// Clock is an instant's time of day in its own zone: "2:05 PM".
func (w *Words) Clock(t time.Time) string {
	half := w.language.am
	if t.Hour() >= 12 {
		half = w.language.pm
	}
	return t.Format("3:04") + "\u00a0" + half
}

// Int is a whole number with separators: "12,431".
func (w *Words) Int(n int) string { return string(w.appendInt(nil, int64(n))) }

func (w *Words) appendInt(b []byte, n int64) []byte {
	if n < 0 {
		b = append(b, minus...)
	}
	return appendGrouped(b, n)
}

// Decimal is an exact number with separators and every digit it has: "1,234.5".
func (w *Words) Decimal(d decimal.Decimal) string {
	s := d.Abs().String()
	whole, fraction, has := strings.Cut(s, ".")
	var b strings.Builder
	if d.Sign() < 0 {
		b.WriteString(minus)
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if has {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String()
}

// Percent is a ratio as a percentage: 0.125 is "12.5%", in Spanish "12.5 %".
func (w *Words) Percent(ratio decimal.Decimal) string {
	return w.Decimal(ratio.Shift(2)) + w.language.percent
}

// List joins words: "A, B and C".
func (w *Words) List(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := items[len(items)-1]
	and := w.language.and
	if and == "y" && soundsLikeI(last) {
		and = "e" // "padres e hijos"
	}
	return strings.Join(items[:len(items)-1], ", ") + " " + and + " " + last
}

// soundsLikeI reports a Spanish word before which "y" becomes "e".
func soundsLikeI(word string) bool {
	word = strings.ToLower(word)
	for _, start := range []string{"i", "í", "hi", "hí"} {
		if strings.HasPrefix(word, start) && !strings.HasPrefix(word, "hie") {
			return true
		}
	}
	return false
}

// appendGrouped writes |n| with a comma between thousands.
func appendGrouped(b []byte, n int64) []byte {
	var room [20]byte
	u := uint64(n)
	if n < 0 {
		u = -u
	}
	digits := strconv.AppendUint(room[:0], u, 10)
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, digit)
	}
	return b
}

func appendPlain(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }
