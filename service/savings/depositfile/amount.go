package depositfile

import (
	"regexp"
	"strings"
	"unicode"

	"seedbook/ledger"
)

var (
	grouped  = regexp.MustCompile(`^[-+(]?[0-9]{1,3}([,.' ][0-9]{3})+([.,][0-9]*)?\)?$`)
	exponent = regexp.MustCompile(`^[-+]?[0-9.]+[eE][-+]?[0-9]+$`)
	decimals = regexp.MustCompile(`^-?[0-9]+\.[0-9]{3,}$`)
	negative = regexp.MustCompile(`^(\(.*\)|.*-|-[0-9.]+)$`)
	most     = mustAmount(maxAmount)
)

func mustAmount(s string) ledger.Amount {
	a, err := ledger.ParseAmount(s)
	if err != nil {
		panic(err)
	}
	return a
}

// parseAmount reads what ledger.ParseAmount reads, if it is above zero, or
// returns the code that says best what is wrong. The cell is not tidied first:
// money is written exactly, or not read.
func parseAmount(s string) (ledger.Amount, string) {
	a, err := ledger.ParseAmount(s)
	switch {
	case err != nil:
		return ledger.Amount{}, whyNoAmount(s)
	case a.Sign() <= 0:
		return ledger.Amount{}, amountNotPositive
	case most.Less(a):
		return ledger.Amount{}, amountLarge
	}
	return a, ""
}

func whyNoAmount(s string) string {
	switch trimmed := strings.TrimSpace(s); {
	case trimmed == "":
		return amountMissing
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Sc, r) }), strings.Contains(strings.ToUpper(s), "USD"):
		return amountCurrency
	case exponent.MatchString(trimmed):
		return amountExponent
	case decimals.MatchString(trimmed):
		return amountDecimals
	case grouped.MatchString(trimmed):
		return amountGrouped
	case negative.MatchString(trimmed):
		return amountNotPositive
	case strings.Contains(s, ","):
		return amountComma
	case trimmed != s:
		return amountSpaces
	}
	return amountUnreadable
}
