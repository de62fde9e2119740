package i18n

import (
	"strings"
	"unicode"
)

// Stretched are the words of a language with every word longer by two fifths, for
// the test that looks whether pages have room for languages that are yet to come.
// No reader is ever shown them.
func Stretched(tag string) *Words {
	of := For(tag)
	longer := &Words{of.language, make(map[string]phrase, len(of.phrases))}
	for key, p := range of.phrases {
		q := phrase{other: p.other.stretched()}
		for form, t := range p.forms {
			if q.forms == nil {
				q.forms = map[string]text{}
			}
			q.forms[form] = t.stretched()
		}
		longer.phrases[key] = q
	}
	return longer
}

// stretched is a text with its literal words lengthened; placeholders stay.
func (t text) stretched() text {
	out := make(text, len(t))
	for i, part := range t {
		if out[i] = part; i%2 == 0 {
			out[i] = stretchWords(part)
		}
	}
	return out
}

// stretchWords repeats letters, two of every five, so that each word itself is
// longer: what breaks a narrow page is the longest word, not the longest text.
func stretchWords(s string) string {
	var b strings.Builder
	letters := 0
	for _, r := range s {
		b.WriteRune(r)
		if !unicode.IsLetter(r) {
			letters = 0
			continue
		}
		if letters++; letters%5 == 2 || letters%5 == 4 {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}
