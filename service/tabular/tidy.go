package tabular

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Change says what Tidy did to a text, or found in it.
type Change uint8

// The changes, each with its note's catalogue key.
const (
	Trimmed  Change = 1 << iota // spaces around it were taken off
	Joined                      // line ends or tabs within it became spaces
	Stripped                    // invisible characters were taken out
	Unquoted                    // the quote that EscapeFormula puts was taken off
	Lost                        // it holds U+FFFD: a letter was lost before it came to us
)

// Tidy brings a cell to the form in which it is kept: without the quote that an
// export of ours put before a formula, without spaces around it, on one line,
// and without characters that only change how others are shown (marks of
// direction, zero-width spaces). Everything else stays byte for byte: accents,
// joiners and case are the writer's own.
func Tidy(s string) (string, Change) {
	if isTidy(s) {
		return s, 0
	}
	var done Change
	if u := UnescapeFormula(s); u != s {
		s, done = u, done|Unquoted
	}
	if u := strings.Map(visible, s); u != s {
		s, done = u, done|Stripped
	}
	if u := strings.TrimSpace(s); u != s {
		s, done = u, done|Trimmed
	}
	if strings.ContainsFunc(s, breaksLine) {
		s, done = strings.Join(strings.FieldsFunc(s, breaksLine), " "), done|Joined
	}
	if strings.ContainsRune(s, utf8.RuneError) {
		done |= Lost
	}
	return s, done
}

// isTidy finds quickly that a cell of plain text needs nothing done.
func isTidy(s string) bool {
	if s == "" {
		return true
	}
	if s[0] == ' ' || s[0] == '\'' || s[len(s)-1] == ' ' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible drops characters that are never seen and can hide or reorder others.
// Joiners stay: Persian and Indic names, and emoji, are spelled with them.
func visible(r rune) rune {
	switch {
	case r == '\u00ad', r == '\u061c', r == '\u180e', r == '\u200b', r == '\u200e', r == '\u200f', r == '\ufeff',
		'\u202a' <= r && r <= '\u202e', '\u2060' <= r && r <= '\u206f':
		return -1
	}
	return r
}

func breaksLine(r rune) bool {
	return r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029'
}

// isControl reports a control character that has no place in a cell. Tabs and
// line ends are let through: Tidy makes them spaces.
func isControl(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r'
}

func codePoint(r rune) string { return fmt.Sprintf("U+%04X", r) }

// EscapeFormula puts a quote before text that a spreadsheet would take for a
// formula (OWASP; ASVS 1.2.10). Exports escape every text cell and no number:
// an amount below zero stays one.
func EscapeFormula(s string) string {
	if isFormula(s) {
		return "'" + s
	}
	return s
}

// UnescapeFormula takes off what EscapeFormula put on.
func UnescapeFormula(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && isFormula(rest) {
		return rest
	}
	return s
}

// isFormula looks behind spaces and quotes, which some spreadsheets skip, so
// that escaping what is escaped already adds a second quote and the round trip
// is exact.
func isFormula(s string) bool {
	for _, r := range s {
		switch r {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n':
			return true
		case ' ', '\'', '"', '\u00a0':
			continue
		}
		return false
	}
	return false
}
