package typeset

import (
	"strings"
	"unicode/utf8"
)

// Clean returns the text as it can be shown and read: line ends of every kind
// become a newline, tabs a space, other control characters and invalid bytes
// the replacement character; byte order marks, which show nothing and mean
// nothing inside a text, go.
func Clean(text string) string {
	if isPlain(text) || utf8.ValidString(text) && strings.IndexFunc(text, isUnclean) < 0 {
		return text
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r >= '\v' && r <= '\r', r == 0x85, r == 0x2028, r == 0x2029:
			return '\n'
		case r == 0xFEFF:
			return -1
		case isUnclean(r):
			return utf8.RuneError
		}
		return r
	}, text)
}

// isPlain tells whether text is of printable ASCII and newlines, as most is.
func isPlain(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < 0x20 && c != '\n' || c >= 0x7F {
			return false
		}
	}
	return true
}

// isUnclean finds control characters, separators of lines and paragraphs, and
// the numbers that Unicode keeps from being characters.
func isUnclean(r rune) bool {
	return r < 0x20 && r != '\n' || r >= 0x7F && r < 0xA0 || r == 0x2028 || r == 0x2029 ||
		r == 0xFEFF || r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF
}
