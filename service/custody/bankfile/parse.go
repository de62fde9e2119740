package bankfile

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"seedbook/ledger"
)

// mostMinor bounds one figure of a file, in minor units, so that no sum over
// Default.Lines of them can leave an Amount.
const mostMinor = 899_999_999_999

// Bounded reports a figure that may be summed.
func Bounded(a ledger.Amount) bool { return a.Minor() <= mostMinor && a.Minor() >= -mostMinor }

// Whole reads digits with an optional sign, as control totals are written.
func Whole(s string) (int64, bool) {
	digits := strings.TrimPrefix(s, "+")
	if digits == s {
		digits = strings.TrimPrefix(s, "-")
	}
	if len(digits) == 0 || len(digits) > 18 || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if s[0] == '-' {
		n = -n
	}
	return n, err == nil
}

// Exponent is how many digits of a currency stand behind the point where a
// file writes no point.
func Exponent(currency string) int {
	switch currency {
	case "JPY", "KRW", "CLP", "ISK", "VND", "PYG", "XAF", "XOF", "XPF", "UGX", "RWF", "KMF", "GNF", "DJF", "BIF", "VUV":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// Minor reads an amount written without a point, in a currency's own digits.
func Minor(s, currency string) (ledger.Amount, bool) {
	n, ok := Whole(s)
	if !ok || n > mostMinor || n < -mostMinor {
		return ledger.Amount{}, false
	}
	switch Exponent(currency) {
	case 0:
		n *= 100
	case 3:
		if n%10 != 0 {
			return ledger.Amount{}, false // a tenth of a cent has no place in the books
		}
		n /= 10
	}
	a := ledger.Minor(n)
	return a, Bounded(a)
}

// Decimal reads an amount with a point, and with a comma in its place where
// comma is set. Digits beyond the cent must be zeros. Signs of currency,
// thousands and exponents are no amounts.
func Decimal(s string, comma bool) (ledger.Amount, bool) {
	if comma && strings.Count(s, ",") == 1 && !strings.Contains(s, ".") {
		s = strings.Replace(s, ",", ".", 1)
	}
	unsigned := strings.TrimPrefix(s, "+")
	if unsigned == s {
		unsigned = strings.TrimPrefix(s, "-")
	}
	whole, cents, _ := strings.Cut(unsigned, ".")
	for len(cents) > 2 && cents[len(cents)-1] == '0' {
		cents = cents[:len(cents)-1]
	}
	if len(whole)+len(cents) == 0 || len(cents) > 2 {
		return ledger.Amount{}, false
	}
	n, ok := Whole("0" + whole + (cents + "00")[:2])
	if !ok || n > mostMinor {
		return ledger.Amount{}, false
	}
	if s[0] == '-' {
		n = -n
	}
	return ledger.Minor(n), true
}

// Day reads a day in one of time's layouts, whole.
func Day(layout, s string) (ledger.Date, bool) {
	t, err := time.Parse(layout, s)
	if err != nil || len(s) != len(layout) {
		return ledger.Date{}, false
	}
	d, err := ledger.ParseDate(t.Format(time.DateOnly))
	return d, err == nil
}

// ShortDay reads YYMMDD; years from 80 on are of the last century.
func ShortDay(s string) (ledger.Date, bool) {
	if len(s) != 6 || strings.Trim(s, "0123456789") != "" {
		return ledger.Date{}, false
	}
	century := "20"
	if s >= "80" {
		century = "19"
	}
	return Day("20060102", century+s)
}

// mostText is how much of a description is kept, in bytes.
const mostText = 1000

// Text is what a file says in words, fit to be stored and shown: white space
// joined, control characters dropped, bytes that are no UTF-8 read as Latin-1.
func Text(s string) string {
	if plain(s) {
		return s
	}
	if !utf8.ValidString(s) {
		var b strings.Builder
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		s = b.String()
	}
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
	if len(s) > mostText {
		s = strings.ToValidUTF8(s[:mostText], "")
	}
	return strings.TrimSpace(s)
}

// plain reports text that is fit as it is, as most is.
func plain(s string) bool {
	if len(s) > mostText || len(s) > 0 && (s[0] == ' ' || s[len(s)-1] == ' ') {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && s[i-1] == ' ' {
			return false
		}
	}
	return true
}

// mostReference is how long a reference may be, in bytes.
const mostReference = 120

// Ref is a reference fit to be kept for ever.
func Ref(s string) string {
	s = Text(s)
	if len(s) > mostReference {
		s = strings.ToValidUTF8(s[:mostReference], "")
	}
	return s
}
