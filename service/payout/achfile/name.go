package achfile

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Name is a name in the letters that the network carries: capitals without
// marks. Of one in another script nothing is left, and the payment's own number
// has to do.
func Name(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,-&/'", r)):
			b.WriteRune(unicode.ToUpper(r))
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		}
	}
	if name := strings.Join(strings.Fields(b.String()), " "); name != "" {
		return name
	}
	return "PAYEE"
}
