package reconcile

import (
	"regexp"
	"slices"
	"strings"

	"seedbook/service/savings"
)

// digitRun is digits as people write account numbers: with spaces or hyphens.
var digitRun = regexp.MustCompile(`[0-9](?:[ -]?[0-9]){7,29}`)

// accountsIn are the account numbers that words of a bank's line hold, each once:
// as they are written on deposit slips, with all their zeros and a check digit
// that is right. Other numbers of eight digits pass one time in ten; whose
// account it is only the program knows.
func accountsIn(words []string) (out []savings.Account) {
	add := func(text string) {
		a, err := savings.ParseAccount(text)
		digits := strings.NewReplacer(" ", "", "-", "").Replace(text)
		if err == nil && a.String() == digits && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	for _, w := range words {
		for _, run := range digitRun.FindAllString(w, -1) {
			add(run)
			for _, piece := range strings.Fields(run) {
				add(piece)
			}
		}
	}
	return out
}

// nearAccounts are numbers that differ from digits of the words by one slip of a
// finger: a wrong digit, two neighbors swapped, one left out or one too many. The
// check digit lets one in ten of them be a number at all.
func nearAccounts(words []string) (out []savings.Account) {
	seen := map[string]bool{}
	for _, w := range words {
		for _, run := range digitRun.FindAllString(w, -1) {
			for _, piece := range append(strings.Fields(run), run) {
				digits := strings.NewReplacer(" ", "", "-", "").Replace(piece)
				if len(digits) < 7 || len(digits) > 12 || seen[digits] {
					continue
				}
				seen[digits] = true
				for _, slip := range slips(digits) {
					if a, err := savings.ParseAccount(slip); err == nil && a.String() == slip && !slices.Contains(out, a) {
						out = append(out, a)
					}
				}
			}
		}
	}
	return out
}

// slips are all texts that one slip makes of digits.
func slips(digits string) (out []string) {
	for i := range digits {
		for d := byte('0'); d <= '9'; d++ {
			if d != digits[i] {
				out = append(out, digits[:i]+string(d)+digits[i+1:])
			}
			out = append(out, digits[:i]+string(d)+digits[i:])
		}
		out = append(out, digits[:i]+digits[i+1:])
		if i > 0 && digits[i] != digits[i-1] {
			out = append(out, digits[:i-1]+string(digits[i])+string(digits[i-1])+digits[i+1:])
		}
	}
	for d := byte('0'); d <= '9'; d++ {
		out = append(out, digits+string(d))
	}
	return out
}
