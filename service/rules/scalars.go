package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"seedbook/ledger"
)

// maxRatio bounds a ratio: no known program gives more than 10 for 1, and a
// mistyped one must not empty a fund.
var maxRatio = decimal.NewFromInt(100)

// maxAmount bounds every amount in a book.
var maxAmount = ledger.Minor(1_000_000_000_00)

// Longest texts.
const (
	maxText = 2_000
	maxName = 200
)

var ratioText = regexp.MustCompile(`^([0-9]{1,3})(\.[0-9]{1,8})?(%?)$`)

// plain is a scalar's text, or "" after a report.
func (d *decoder) plain(n *node) (string, bool) {
	if n == nil {
		return "", false
	}
	if n.kind != scalar {
		d.report(n, "not_scalar", nil)
		return "", false
	}
	return n.text, true
}

// text reads words for people.
func (d *decoder) text(n *node, limit int) string {
	s, ok := d.plain(n)
	if !ok {
		return ""
	}
	if s = strings.TrimSpace(s); s == "" || len(s) > limit {
		d.report(n, "text_length", map[string]any{"limit": limit})
	}
	n.text = s
	return s
}

// name reads an identifier of the book's own.
func (d *decoder) name(n *node) string {
	s, ok := d.plain(n)
	if ok && !isIdent(s) {
		d.report(n, "not_name", map[string]any{"value": clip(s)})
	}
	return s
}

var codeText = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$`)

// code reads somebody else's identifier: a fund, a school, a channel.
func (d *decoder) code(n *node) string {
	s, ok := d.plain(n)
	if ok && !codeText.MatchString(s) {
		d.report(n, "not_code", map[string]any{"value": clip(s)})
	}
	return s
}

func (d *decoder) codes(n *node) (out []string) {
	d.each(n, func(item *node) {
		c := d.code(item)
		if slices.Contains(out, c) {
			d.report(item, "twice", map[string]any{"value": c})
		}
		out = append(out, c)
	})
	return out
}

// choice reads one of a few words.
func choice[T ~string](d *decoder, n *node, allowed ...T) T {
	s, ok := d.plain(n)
	if !ok {
		return ""
	}
	if !slices.Contains(allowed, T(s)) {
		d.unknown(n, s, asStrings(allowed))
	}
	return T(s)
}

// unknown reports a word that is none of those allowed.
func (d *decoder) unknown(n *node, word string, allowed []string) {
	d.report(n, "unknown_value", map[string]any{
		"value": clip(word), "nearest": nearest(word, allowed), "allowed": strings.Join(allowed, ", "),
	})
}

func asStrings[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// amount reads money from its text: it never was a number. It is not negative.
func (d *decoder) amount(n *node) *ledger.Amount {
	s, ok := d.plain(n)
	if !ok {
		return nil
	}
	a, err := ledger.ParseAmount(s)
	if err != nil {
		d.report(n, "not_amount", map[string]any{"value": clip(s)})
		return nil
	}
	if a.Sign() < 0 || maxAmount.Less(a) {
		d.report(n, "amount_range", map[string]any{"value": a, "limit": maxAmount})
		return nil
	}
	n.text = a.String()
	return &a
}

// positive is amount for one that must be above zero.
func (d *decoder) positive(n *node) *ledger.Amount {
	a := d.amount(n)
	if a != nil && a.IsZero() {
		d.report(n, "not_positive", nil)
	}
	return a
}

// value is the amount that was read, zero where none was.
func (d *decoder) value(a *ledger.Amount) ledger.Amount {
	if a == nil {
		return ledger.Amount{}
	}
	return *a
}

// ratio reads "0.5" or "50%" exactly.
func (d *decoder) ratio(n *node) *decimal.Decimal {
	s, ok := d.plain(n)
	if !ok {
		return nil
	}
	m := ratioText.FindStringSubmatch(s)
	if m == nil {
		d.report(n, "not_ratio", map[string]any{"value": clip(s)})
		return nil
	}
	r := decimal.RequireFromString(m[1] + m[2]) // the pattern vouches for it
	if m[3] != "" {
		r = r.Shift(-2)
	}
	if !r.IsPositive() || r.GreaterThan(maxRatio) {
		d.report(n, "ratio_range", map[string]any{"value": s, "limit": maxRatio.String()})
		return nil
	}
	n.text = r.String()
	return &r
}

func (d *decoder) date(n *node) ledger.Date {
	s, ok := d.plain(n)
	if !ok {
		return ledger.Date{}
	}
	day, err := ledger.ParseDate(s)
	if err != nil {
		d.report(n, "not_date", map[string]any{"value": clip(s)})
	}
	return day
}

var wholeText = regexp.MustCompile(`^[0-9]{1,9}$`)

func (d *decoder) whole(n *node, least, most int) int {
	s, ok := d.plain(n)
	if !ok {
		return 0
	}
	i, _ := strconv.Atoi(s)
	if !wholeText.MatchString(s) || i < least || i > most {
		d.report(n, "not_whole", map[string]any{"value": clip(s), "least": least, "most": most})
		return 0
	}
	n.text = strconv.Itoa(i)
	return i
}

func (d *decoder) flag(n *node) bool {
	return choice(d, n, "true", "false") == "true"
}

var monthDayText = regexp.MustCompile(`^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`)

// monthDay reads a day that every year has.
func (d *decoder) monthDay(n *node) MonthDay {
	s, ok := d.plain(n)
	if !ok {
		return MonthDay{}
	}
	if _, err := ledger.ParseDate("2027-" + s); err != nil || !monthDayText.MatchString(s) {
		d.report(n, "not_month_day", map[string]any{"value": clip(s)})
		return MonthDay{}
	}
	month, _ := strconv.Atoi(s[:2])
	day, _ := strconv.Atoi(s[3:])
	return MonthDay{month, day}
}

// says reads a text in both languages.
func (d *decoder) says(n *node) Text {
	if n == nil {
		return Text{}
	}
	o := d.object(n, "text")
	t := Text{En: d.text(o.must("en"), maxName), Es: d.text(o.must("es"), maxName)}
	o.done()
	return t
}
