package family

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"seedbook/ledger"
	"seedbook/service/likeness"
	"seedbook/service/vault"
)

// term is one thing that somebody knows of the child they look for: a word of a
// name, a day of birth, a telephone number or an e-mail address. One of them is
// set.
type term struct {
	word  string        // folded
	born  []ledger.Date // the days that what was typed may mean
	phone string        // digits
	email string
}

// maxTerms bounds a search: nobody knows more of a child at once.
const maxTerms = 8

// sought reads what somebody typed into the search: names in any order, a birth
// date as 2019-09-01 or 9/1/2019, a telephone number, an e-mail address.
func sought(text string) (out []term) {
	if phone := phoneDigits(text); phone != "" && len(possibleDays(strings.TrimSpace(text))) == 0 {
		return []term{{phone: phone}}
	}
	for _, field := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }) {
		switch born := possibleDays(field); {
		case strings.Contains(field, "@"):
			out = append(out, term{email: foldEmail(field)})
		case len(born) > 0:
			out = append(out, term{born: born})
		default:
			for _, w := range vault.Words(vault.Fold(field)) {
				out = append(out, term{word: w})
			}
		}
	}
	return out[:min(len(out), maxTerms)]
}

var (
	isoDay   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	plainDay = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$`)
)

// possibleDays are the days that a text may mean. Forms of the United States write the
// month first; families from elsewhere write the day first.
func possibleDays(text string) (out []ledger.Date) {
	if m := isoDay.FindStringSubmatch(text); m != nil {
		return realDay(nil, m[1], m[2], m[3])
	}
	if m := plainDay.FindStringSubmatch(text); m != nil {
		out = realDay(out, m[3], m[1], m[2])
		if m[1] != m[2] {
			out = realDay(out, m[3], m[2], m[1])
		}
	}
	return out
}

func realDay(out []ledger.Date, y, m, d string) []ledger.Date {
	year, _ := strconv.Atoi(y) // digits only
	month, _ := strconv.Atoi(m)
	dom, _ := strconv.Atoi(d)
	date := ledger.NewDate(year, time.Month(month), dom)
	if date.Year() == year && int(date.Month()) == month && date.Day() == dom {
		return append(out, date)
	}
	return out
}

// phoneDigits is a text as a telephone number of North America, or "": ten
// digits, or the seven that people remember.
func phoneDigits(text string) string {
	var digits strings.Builder
	for _, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !strings.ContainsRune(" ()+-./", r):
			return ""
		}
	}
	out := digits.String()
	if len(out) == 11 {
		out = strings.TrimPrefix(out, "1")
	}
	if len(out) != 10 && len(out) != 7 {
		return ""
	}
	return out
}

// foldEmail is an address as addresses are compared.
func foldEmail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// nameWords are the words of a name, folded, and what it would be written
// together: "de la Cruz" is found as "delacruz".
func nameWords(parts ...string) []string {
	var out []string
	for _, part := range parts {
		words := vault.Words(vault.Fold(part))
		out = append(out, words...)
		if len(words) > 1 {
			out = append(out, strings.Join(words, ""))
		}
	}
	return out
}

func (p Person) words() []string   { return nameWords(p.Given, p.Middle, p.Family, p.Preferred) }
func (g Guardian) words() []string { return nameWords(g.Given, g.Family) }

// closeness is how well a child answers a search: 0 where every word begins one
// of the names, more for every slip, and no answer where a term is missing.
func closeness(terms []term, c Child, adults []Guardian) (slips int, ok bool) {
	words := c.Person.words()
	for _, g := range adults {
		words = append(words, g.words()...)
	}
	for _, t := range terms {
		n, ok := t.farFrom(words, c.Person, adults)
		if !ok {
			return 0, false
		}
		slips += n
	}
	return slips, true
}

func (t term) farFrom(words []string, p Person, adults []Guardian) (int, bool) {
	if t.word != "" {
		return wordDistance(t.word, words)
	}
	for _, born := range t.born {
		if p.BornOn == born {
			return 0, true
		}
	}
	for _, g := range adults {
		if t.phone != "" && strings.HasSuffix(phoneDigits(g.Phone), t.phone) || t.email != "" && foldEmail(g.Email) == t.email {
			return 0, true
		}
	}
	return 0, false
}

// wordDistance is the fewest slips between a word and the beginning of a name:
// none, as many as a person may make in a word of that length, or more where both
// sound alike.
func wordDistance(word string, names []string) (best int, ok bool) {
	for _, n := range names {
		d := 0
		if !strings.HasPrefix(n, word) {
			d = likeness.Slips(n, word)
			alike := len(word) > 2 && likeness.Sound(n) == likeness.Sound(word)
			if d > len([]rune(word))/3 && !alike {
				continue
			}
		}
		if !ok || d < best {
			best, ok = d, true
		}
	}
	return best, ok
}
