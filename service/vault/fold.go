package vault

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold brings a name to the form in which spellings of the same name meet:
// letters without accents, lower case, words separated by one space, no
// punctuation. "Núñez-García, José" and "NUNEZ GARCIA JOSE" fold alike; order
// is kept. ʻOkina and apostrophes vanish, so O’Brien and OBrien meet.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r) || isApostrophe(r):
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			foldLetter(&b, r)
		default:
			space = true
		}
	}
	return b.String()
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʻ', 'ʼ', '`', '´':
		return true
	}
	return false
}

// foldLetter writes the lower-case base letter; letters that do not decompose
// but are commonly typed without their stroke are spelled out.
func foldLetter(b *strings.Builder, r rune) {
	switch r {
	case 'ß', 'ẞ':
		b.WriteString("ss")
	case 'æ', 'Æ':
		b.WriteString("ae")
	case 'œ', 'Œ':
		b.WriteString("oe")
	case 'ø', 'Ø':
		b.WriteByte('o')
	case 'ł', 'Ł':
		b.WriteByte('l')
	case 'đ', 'Đ', 'ð', 'Ð':
		b.WriteByte('d')
	case 'ı', 'İ':
		b.WriteByte('i')
	default:
		b.WriteRune(unicode.ToLower(r))
	}
}

// Words splits a folded name into its words.
func Words(folded string) []string { return strings.Fields(folded) }
