// Package likeness says how likely it is that two records are about one child,
// and why. It is pure arithmetic: it reads nothing, stores nothing and decides
// nothing, and no id number takes part.
//
// The weights are those of Fellegi and Sunter (A theory for record linkage,
// JASA 1969): each field adds the logarithm of how much more often it looks
// like this between two records of one child than between two children. Two
// children may be strangers or brothers and sisters, who share a surname, a
// home and a telephone; a pair is measured against the likelier of the two, so
// that a shared household alone never makes one child of two, and twins stay
// two. Weights and scores are whole hundredths of a bit.
package likeness

import (
	"slices"
	"strings"

	"seedbook/ledger"
	"seedbook/service/vault"
)

// Person is what is known of a child; what is not known says nothing.
type Person struct {
	Given, Middle, Family, Preferred string
	BornOn                           ledger.Date
	Street, City, ZIP                string
	Guardians                        []string // full names
	Phones, Emails                   []string
}

// Field is a part of a record that is compared.
type Field string

// The fields, in the order in which evidence is shown.
const (
	Given      Field = "given"
	Middle     Field = "middle"
	Family     Field = "family"
	Order      Field = "order" // given and family name stand in each other's place
	Generation Field = "generation"
	Born       Field = "born"
	Street     Field = "street"
	Place      Field = "place" // ZIP
	City       Field = "city"
	Guardian   Field = "guardian"
	Contact    Field = "contact" // telephone or e-mail of a guardian
)

// Level is how a field of two records compares.
type Level string

// The levels, the most alike first. A field that one record lacks is Missing
// and weighs nothing.
const (
	Same      Level = "same"
	Short     Level = "short"   // a nickname, a short form, one of two names
	Near      Level = "near"    // one slip of the hand apart
	Similar   Level = "similar" // more than one slip apart, or the same by ear
	Different Level = "different"
	Missing   Level = "missing"
)

// Evidence is what one field says.
type Evidence struct {
	Field  Field
	Level  Level
	Weight int // hundredths of a bit against the likelier way to be two children
}

// Caution is why a pair, however alike, may well be two children.
type Caution string

// The cautions.
const (
	None   Caution = ""
	Twin   Caution = "twin"   // the same birth date, another first name
	Junior Caution = "junior" // Jr., III: a name that goes on in a family
)

// Likeness is the comparison of two records.
type Likeness struct {
	// Score is the logarithm of the odds that both are one child: 0 is even,
	// 1000 is a thousand to one.
	Score    int
	Caution  Caution
	Evidence []Evidence
}

// Proposed is the score from which a pair is shown to people: one in four. A
// look costs a minute; a child on record twice costs a second seed.
const Proposed = -158

// certain is the score from which nothing but a caution leaves room for doubt:
// a thousand to one.
const certain = 1000

// Worthy reports that people should look at the pair.
func (l Likeness) Worthy() bool { return l.Score >= Proposed }

// Certain reports a pair that nobody would take for two children. Twins and
// juniors never are, whatever their score.
func (l Likeness) Certain() bool { return l.Score >= certain && l.Caution == None }

// level is how a field compares.
func (l Likeness) level(f Field) Level {
	for _, e := range l.Evidence {
		if e.Field == f {
			return e.Level
		}
	}
	return Missing
}

// Profile is a person made ready for comparison.
type Profile struct {
	given, middle, family, preferred []string
	generation                       string
	born                             ledger.Date
	numbers, street                  []string // of the address
	city, zip                        string
	guardians                        [][]string
	contacts                         []string
}

// Prepare makes a person ready: accents, case, order, particles and
// punctuation are gone.
func Prepare(p Person) Profile {
	var out Profile
	var g1, g2 string
	out.given, g1 = nameWords(p.Given)
	out.family, g2 = nameWords(p.Family)
	out.generation = g1 + g2
	out.middle, _ = nameWords(p.Middle)
	out.preferred, _ = nameWords(p.Preferred)
	out.born = p.BornOn
	out.numbers, out.street = addressWords(p.Street)
	out.city, out.zip = squeeze(p.City), digitsOrLetters(p.ZIP)
	for _, g := range p.Guardians {
		if w, _ := nameWords(g); len(w) > 0 {
			out.guardians = append(out.guardians, w)
		}
	}
	for _, t := range p.Phones {
		if d := lastDigits(t); d != "" {
			out.contacts = append(out.contacts, d)
		}
	}
	for _, e := range p.Emails {
		if e = strings.ToLower(strings.TrimSpace(clip(e))); e != "" {
			out.contacts = append(out.contacts, e)
		}
	}
	return out
}

// particles are words of names that come and go between records.
var particles = []string{"de", "del", "la", "las", "los", "el", "al", "y", "da", "das", "do", "dos", "van", "von", "der", "den", "bin", "ibn"}

// nameWords are the words of a name without particles and generation.
func nameWords(name string) (words []string, generation string) {
	all := vault.Words(vault.Fold(clip(name)))
	for i, w := range all {
		switch g := generationOf(w); {
		case g != "" && (i > 0 || len(all) == 1):
			generation = g
		case slices.Contains(particles, w) && len(all) > 1:
		default:
			words = append(words, w)
		}
	}
	if words == nil && generation == "" {
		words = all // a name of nothing but particles
	}
	return words, generation
}

// generationOf is which of a line of the same name a word says: "jr", "iii".
func generationOf(word string) string {
	switch word {
	case "jr", "junior", "ii", "2nd":
		return "2"
	case "iii", "3rd", "tercero":
		return "3"
	case "iv", "4th":
		return "4"
	case "sr", "senior":
		return "1"
	}
	return ""
}

// streetKinds are words that say what kind of street it is: written in many
// ways, and no help in telling streets apart.
var streetKinds = []string{
	"st", "street", "ave", "av", "avenue", "rd", "road", "dr", "drive", "ln", "lane", "ct", "court", "pl", "place", "blvd", "boulevard",
	"cir", "circle", "circuit", "crescent", "cres", "close", "way", "pkwy", "parkway", "ter", "terrace", "hwy", "highway", "calle", "avenida",
	"apt", "apartment", "unit", "ste", "suite", "no", "n", "s", "e", "w", "north", "south", "east", "west",
}

// addressWords tells the numbers of an address from its names.
func addressWords(street string) (numbers, words []string) {
	for _, w := range vault.Words(vault.Fold(clip(street))) {
		switch {
		case strings.ContainsAny(w, "0123456789"):
			numbers = append(numbers, w)
		case !slices.Contains(streetKinds, w):
			words = append(words, unglued(w))
		}
	}
	return numbers, words
}

// unglued is the name of a street that was written in one word with its kind.
func unglued(w string) string {
	for _, kind := range streetKinds {
		if len(kind) >= 5 && len(w) > len(kind)+2 && strings.HasSuffix(w, kind) {
			return strings.TrimSuffix(w, kind)
		}
	}
	return w
}

// clip bounds the work: comparing two names takes as long as the product of
// their lengths, and no name that people have is longer.
func clip(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most]
	}
	return s
}

// squeeze is a folded text without spaces: slips of the hand move them.
func squeeze(s string) string { return strings.ReplaceAll(vault.Fold(clip(s)), " ", "") }

// digitsOrLetters is a postal code as far as people agree on it: five digits of
// an American one.
func digitsOrLetters(zip string) string {
	z := squeeze(zip)
	if len(z) == 9 && onlyDigits(z) {
		return z[:5]
	}
	return z
}

func onlyDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

// lastDigits are the ten digits that tell telephones apart; seven will do where
// the area was left out.
func lastDigits(phone string) string {
	d := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	if len(d) > 10 {
		d = d[len(d)-10:]
	}
	if len(d) < 7 || strings.Trim(d, d[:1]) == "" {
		return "" // 000-0000 is how forms are filled in
	}
	return d
}
