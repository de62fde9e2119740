package activation

import (
	"crypto/rand"
	"strings"
)

// crockford are the signs of a code: no I, L, O and U, so that nobody misreads
// one and no word appears.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// A code is twelve signs: four that name its place and eight that are secret.
const (
	selectorSize = 4
	secretSize   = 8
	codeSize     = selectorSize + secretSize
)

// signs are n random signs.
func signs(n int) string {
	raw := make([]byte, n)
	rand.Read(raw) // never fails
	for i := range raw {
		raw[i] = crockford[raw[i]%32] // 256 is a multiple of 32: no sign is likelier
	}
	return string(raw)
}

// digits are n random digits.
func digits(n int) string {
	out := make([]byte, 0, n)
	var raw [1]byte
	for len(out) < n {
		rand.Read(raw[:])   // never fails
		if raw[0] < 10*25 { // above, some digits would be likelier
			out = append(out, '0'+raw[0]%10)
		}
	}
	return string(out)
}

// shown is a code as letters print it: XXXX-XXXX-XXXX.
func shown(code string) string { return code[:4] + "-" + code[4:8] + "-" + code[8:] }

// misread are what people read for a sign that is none.
var misread = strings.NewReplacer("O", "0", "I", "1", "L", "1", "-", "", " ", "", "\u00a0", "", "–", "", "—", "", ".", "", "_", "")

// parseCode reads a code as people type it: in any case, with or without
// hyphens. What is no code gives two parts that open nothing.
func parseCode(typed string) (selector, secret string) {
	code := misread.Replace(strings.ToUpper(strings.TrimSpace(typed)))
	if len(code) != codeSize || strings.Trim(code, crockford) != "" {
		return "", ""
	}
	return code[:selectorSize], code[selectorSize:]
}

// onlyDigits is a typed number without what people put between digits.
func onlyDigits(typed string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, typed)
}
