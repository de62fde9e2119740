package ledger

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// ErrAmount reports text that is not an amount of money. The text itself is
// not repeated: it may come from a file with personal data in the wrong column.
var ErrAmount = errors.New(`not an amount: write digits with at most two decimals, like 25 or 25.00, and no currency sign or thousands separator`)

// Amount is money in the currency of its book, exact to the minor unit (a cent
// of a dollar). Its zero value is 0.00. Amounts compare with ==.
type Amount struct{ minor int64 }

// maxMinor bounds every Amount, in minor units: what numeric(18,2) can hold,
// and a ninth of int64, so that no sum of two can wrap unseen.
const maxMinor = 999_999_999_999_999_999

// amountText is the only form in which money may enter: reliability of parsing
// rests on refusing exponents, signs of currency, separators and NaN before
// any library sees them.
var amountText = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,2})?$`)

// ParseAmount reads "25", "25.5" or "-25.00". Anything else is ErrAmount:
// spaces, plus signs, a minus before zero, thousands separators, exponents,
// NaN, non-ASCII digits.
func ParseAmount(s string) (Amount, error) {
	if !amountText.MatchString(s) {
		return Amount{}, ErrAmount
	}
	a, err := parsePlain(s)
	if err == nil && a.minor == 0 && s[0] == '-' {
		return Amount{}, ErrAmount // a debt of nothing is a slip of somebody's pen
	}
	return a, err
}

// parsePlain reads what amountText or numeric(18,2) has vouched for.
func parsePlain(s string) (Amount, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, cents, _ := strings.Cut(digits, ".")
	for len(cents) < 2 {
		cents += "0"
	}
	if strings.Trim(cents[2:], "0") != "" {
		return Amount{}, ErrAmount
	}
	n, err := strconv.ParseInt(whole+cents[:2], 10, 64)
	if err != nil || n < 0 || n > maxMinor {
		return Amount{}, ErrAmount
	}
	if negative {
		n = -n
	}
	return Amount{n}, nil
}

// Minor returns an amount of n minor units: Minor(2500) is 25.00. It panics
// beyond numeric(18,2).
func Minor(n int64) Amount {
	if n > maxMinor || n < -maxMinor {
		panic(fmt.Sprintf("amount of %d minor units is beyond numeric(18,2)", n))
	}
	return Amount{n}
}

// Minor is the amount in minor units, negative for a negative amount.
func (a Amount) Minor() int64 { return a.minor }

// Add returns a + b. It panics where the sum leaves numeric(18,2), which no
// program reaches: a wrapped sum would be worse than a stopped request.
func (a Amount) Add(b Amount) Amount { return Minor(a.minor + b.minor) }

// Sub returns a − b.
func (a Amount) Sub(b Amount) Amount { return a.Add(b.Neg()) }

// Neg returns −a.
func (a Amount) Neg() Amount { return Amount{-a.minor} }

// Abs returns a without its sign.
func (a Amount) Abs() Amount {
	if a.minor < 0 {
		return a.Neg()
	}
	return a
}

// Sign is −1, 0 or 1.
func (a Amount) Sign() int {
	switch {
	case a.minor < 0:
		return -1
	case a.minor > 0:
		return 1
	}
	return 0
}

// IsZero reports 0.00.
func (a Amount) IsZero() bool { return a.minor == 0 }

// Cmp is −1 where a < b, 0 where equal, 1 where a > b.
func (a Amount) Cmp(b Amount) int {
	switch {
	case a.minor < b.minor:
		return -1
	case a.minor > b.minor:
		return 1
	}
	return 0
}

// Less reports a < b.
func (a Amount) Less(b Amount) bool { return a.minor < b.minor }

// Min is the smaller of the two.
func (a Amount) Min(b Amount) Amount {
	if b.minor < a.minor {
		return b
	}
	return a
}

// Max is the larger of the two.
func (a Amount) Max(b Amount) Amount {
	if b.minor > a.minor {
		return b
	}
	return a
}

// Sum adds amounts.
func Sum(amounts ...Amount) Amount {
	var total Amount
	for _, a := range amounts {
		total = total.Add(a)
	}
	return total
}

// Rounding is a program's named policy for results that fall between cents.
type Rounding string

// The rounding policies a rule book may name (domain/rulebooks.md, program.rounding).
const (
	HalfUp   Rounding = "half_up"   // 16.675 → 16.68, −16.675 → −16.68: away from zero at the half
	HalfEven Rounding = "half_even" // 16.665 → 16.66, 16.675 → 16.68
	Down     Rounding = "down"      // towards zero
)

// Valid reports a policy this package knows.
func (r Rounding) Valid() bool { return r == HalfUp || r == HalfEven || r == Down }

// Round brings an exact decimal to whole minor units. It is the only place
// where Seedbook rounds money. It panics for an unknown policy, which a rule
// book cannot carry past its loading, and for a result beyond numeric(18,2).
func Round(d decimal.Decimal, r Rounding) Amount {
	var rounded decimal.Decimal
	switch r {
	case HalfUp:
		rounded = d.Round(2)
	case HalfEven:
		rounded = d.RoundBank(2)
	case Down:
		rounded = d.Truncate(2)
	default:
		panic("unknown rounding policy " + string(r))
	}
	minor := rounded.Shift(2).BigInt()
	if !minor.IsInt64() {
		panic("amount beyond numeric(18,2)")
	}
	return Minor(minor.Int64())
}

// Decimal is the amount as an exact decimal, for multiplication by a rate.
func (a Amount) Decimal() decimal.Decimal { return decimal.New(a.minor, -2) }

// Times multiplies by a rate and rounds by the program's policy.
func (a Amount) Times(rate decimal.Decimal, r Rounding) Amount {
	return Round(a.Decimal().Mul(rate), r)
}

// String is the amount with two decimals and no separators, as it travels
// through every door: "-1234.50".
func (a Amount) String() string { return string(a.Append(nil)) }

// Append writes String's form to b without allocating.
func (a Amount) Append(b []byte) []byte {
	n := a.minor
	u := uint64(n)
	if n < 0 {
		b = append(b, '-')
		u = uint64(-n)
	}
	whole, cents := bits.Div64(0, u, 100)
	b = strconv.AppendUint(b, whole, 10)
	return append(b, '.', byte('0'+cents/10), byte('0'+cents%10))
}

// MarshalText writes String's form: in JSON an amount is a string.
func (a Amount) MarshalText() ([]byte, error) { return a.Append(nil), nil }

// UnmarshalText reads what ParseAmount reads.
func (a *Amount) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAmount(string(b))
	return err
}

// UnmarshalJSON reads a JSON string. A JSON number has passed through someone's
// floating point and null says nothing, so both are refused.
func (a *Amount) UnmarshalJSON(b []byte) error {
	s, err := strconv.Unquote(string(b))
	if err != nil || len(b) == 0 || b[0] != '"' {
		return fmt.Errorf("money is a JSON string like \"25.00\": %w", ErrAmount)
	}
	return a.UnmarshalText([]byte(s))
}

// Scan reads numeric(18,2), and sums of it. NULL is an error: use COALESCE.
func (a *Amount) Scan(src any) (err error) {
	switch v := src.(type) {
	case []byte:
		*a, err = parsePlain(string(v))
	case string:
		*a, err = parsePlain(v)
	case int64:
		if v > maxMinor/100 || v < -maxMinor/100 {
			return ErrAmount
		}
		*a = Amount{v * 100}
	default:
		return fmt.Errorf("scan %T: %w", src, ErrAmount)
	}
	return err
}

// Value writes the amount as numeric text.
func (a Amount) Value() (driver.Value, error) { return a.String(), nil }
