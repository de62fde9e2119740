package likeness

import (
	"slices"
	"strconv"
	"strings"
)

// Keys are the texts under which a record meets those that may be the same
// child: two records that share one are compared, others never. Every key
// survives some of the mistakes that people make, and none is so common that it
// gathers a caseload. Every key is a row to be written for each child, so none
// is there for what another one finds: who shares a home or a telephone meets
// whatever the names are. They are made to be hashed: each holds personal data.
func (p Profile) Keys() []string {
	var out []string
	add := func(kind string, parts ...string) {
		if slices.Contains(parts, "") {
			return
		}
		out = append(out, kind+"|"+strings.Join(parts, "|"))
	}
	words := p.sounds()
	pairs := couples(words)
	if !p.born.IsZero() {
		p.addDates(add, words, pairs)
	}
	for _, pair := range pairs {
		add("names", pair)
	}
	add("home", p.streetSound(), strings.Join(p.numbers, " "))
	for _, c := range p.contacts {
		add("contact", c)
	}
	for _, g := range p.guardians {
		sound := guardianSound(g)
		if len(g) > 1 {
			add("guardian", sound)
			continue
		}
		for _, w := range words { // of whom one name is known: many are called so
			add("guardian", w, sound)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// addDates makes keys of the birth date as it is, and of the half of it that is
// left after a slip in the year, or in the month and day.
func (p Profile) addDates(add func(string, ...string), words, pairs []string) {
	y, m, d := strconv.Itoa(p.born.Year()), strconv.Itoa(int(p.born.Month())), strconv.Itoa(p.born.Day())
	for _, w := range words {
		add("born", p.born.String(), w)
	}
	add("born_zip", p.born.String(), p.zip)
	add("born_home", p.born.String(), p.streetSound())
	for _, pair := range pairs {
		add("year", pair, y)
		add("day", pair, m, d)
	}
}

// sounds are the sounds of the words of a name, however they are ordered.
func (p Profile) sounds() []string {
	var out []string
	for _, words := range [][]string{p.given, p.family, p.preferred} {
		for _, w := range words {
			if s := sound(w); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out[:min(len(out), maxWords)]
}

// maxWords bounds the words of a name that make keys.
const maxWords = 6

// couples are all pairs of words: the order of names says nothing.
func couples(words []string) (out []string) {
	for i, a := range words {
		for _, b := range words[i+1:] {
			out = append(out, a+"+"+b)
		}
	}
	return out
}

// streetSound is the longest name in the address.
func (p Profile) streetSound() string {
	longest := ""
	for _, w := range p.street {
		if len(w) > len(longest) {
			longest = w
		}
	}
	return sound(longest)
}

func guardianSound(words []string) string {
	sounds := make([]string, len(words))
	for i, w := range words {
		sounds[i] = sound(w)
	}
	slices.Sort(sounds)
	return strings.Join(sounds, "+")
}

// MaxBlock is how many records may share a key before it says nothing: a school
// that gives its own address for a hundred children, a date that stands for
// "unknown".
const MaxBlock = 200

// Names are the child's names as a caseload counts them. Made to be hashed, as
// the keys are.
func (p Profile) Names() []string {
	var out []string
	for f, words := range map[Field][]string{Given: p.given, Family: p.family} {
		if len(words) > 0 {
			out = append(out, nameOf(f, words))
		}
	}
	slices.Sort(out)
	return out
}

func nameOf(f Field, words []string) string { return string(f) + "|" + strings.Join(words, " ") }
