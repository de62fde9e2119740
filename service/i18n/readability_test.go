package i18n

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// audience is who reads a part of the catalogues, and how hard it may be.
type audience struct {
	name  string
	parts []string // beginnings of keys, a longer one before a shorter
	not   []string
	// most is the Flesch-Kincaid grade of the English; least is Fernández-Huerta's
	// ease of the Spanish. Of one text alone a little more is allowed: a formula
	// made for pages is coarse on a sentence.
	most, least           float64
	mostAlone, leastAlone float64
}

// Families: sixth grade, which is 70 on Fernández-Huerta's scale (70 to 80: "fairly
// easy, sixth grade"). Staff: seventh grade, in both languages 70 or easier.
var audiences = []audience{
	{"families", []string{"portal.", "activation.", "statement.", "letters.", "rules.reason.", "rules.open.", "rules.open_until.", "rules.wait.", "rules.wait_part.", "rules.gives.", "rules.line.", "web."},
		[]string{"letters.console."}, 6, 70, 10, 50},
	{"staff: help", []string{"guide.", "console.help."}, nil, 7, 70, 12, 40},
	{"staff", []string{""}, nil, 7, 70, 15, 30},
}

func TestTextsAreAsEasyAsTheirReadersNeed(t *testing.T) {
	for _, l := range Languages {
		grade := map[string]measureOf{"en": english, "es": spanish}[l.Code]
		if grade == nil {
			t.Errorf("nobody measures how hard %s is", l.Name)
			continue
		}
		phrases := catalogues()[l.Code].phrases
		taken := map[string]bool{}
		for _, a := range audiences {
			var all reading
			for _, key := range slices.Sorted(maps.Keys(phrases)) {
				if taken[key] || !a.reads(key) {
					continue
				}
				taken[key] = true
				one := read(phrases[key].other.sample(), l.Code)
				if one.words < 4 {
					continue // a label
				}
				all.add(one)
				if score, tooHard := grade(one, a.mostAlone, a.leastAlone); one.words >= 8+len(phrases[key].other)/2 && tooHard {
					t.Errorf("%s, %s: %s is hard (%.1f): %s", a.name, l.Code, key, score, phrases[key].other.sample())
				}
			}
			score, tooHard := grade(all, a.most, a.least)
			t.Logf("%s, %s: %.1f (%d words, %d sentences)", a.name, l.Code, score, all.words, all.sentences)
			if tooHard || all.words < 300 {
				t.Errorf("%s, %s: %.1f over %d words", a.name, l.Code, score, all.words)
			}
		}
	}
}

func (a audience) reads(key string) bool {
	begins := func(s string) bool { return strings.HasPrefix(key, s) }
	return slices.ContainsFunc(a.parts, begins) && !slices.ContainsFunc(a.not, begins)
}

// sample is a text with its placeholders filled with something easy.
func (t text) sample() string {
	var b strings.Builder
	for i, part := range t {
		if i%2 == 0 {
			b.WriteString(part)
		} else {
			b.WriteString("money") // two syllables in either language
		}
	}
	return b.String()
}

// reading is what the formulas ask of a text.
type reading struct{ words, sentences, syllables int }

func (r *reading) add(o reading) {
	r.words += o.words
	r.sentences += o.sentences
	r.syllables += o.syllables
}

func read(s, lang string) (r reading) {
	for _, line := range strings.Split(s, "\n") {
		for _, sentence := range strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(".!?", c) }) {
			n := 0
			for _, word := range strings.FieldsFunc(sentence, func(c rune) bool { return !unicode.IsLetter(c) && c != '\'' && c != '’' }) {
				n++
				if lang == "es" {
					r.syllables += spanishSyllables(word)
				} else {
					r.syllables += englishSyllables(word)
				}
			}
			if n > 0 {
				r.words += n
				r.sentences++
			}
		}
	}
	return r
}

// measureOf is how hard a text is, and whether that is too hard.
type measureOf func(r reading, most, least float64) (score float64, tooHard bool)

// english is Flesch and Kincaid's grade (1975).
func english(r reading, most, _ float64) (float64, bool) {
	score := 0.39*float64(r.words)/float64(r.sentences) + 11.8*float64(r.syllables)/float64(r.words) - 15.59
	return score, score > most
}

// spanish is Fernández-Huerta's ease (1959), with the sentence's length as it was
// corrected: words a sentence.
func spanish(r reading, _, least float64) (float64, bool) {
	score := 206.84 - 60*float64(r.syllables)/float64(r.words) - 1.02*float64(r.words)/float64(r.sentences)
	return score, score < least
}

func englishSyllables(word string) int {
	w := strings.ToLower(strings.Trim(word, "'’"))
	w = strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s")
	n, before := 0, false
	for _, c := range w {
		vowel := strings.ContainsRune("aeiouy", c)
		if vowel && !before {
			n++
		}
		before = vowel
	}
	silent := strings.HasSuffix(w, "e") && !strings.HasSuffix(w, "le") && !strings.HasSuffix(w, "ee") ||
		strings.HasSuffix(w, "ed") && !strings.HasSuffix(w, "ted") && !strings.HasSuffix(w, "ded") ||
		strings.HasSuffix(w, "es") && !strings.HasSuffix(w, "ses") && !strings.HasSuffix(w, "ces") && !strings.HasSuffix(w, "ges") && !strings.HasSuffix(w, "hes") && !strings.HasSuffix(w, "zes") && !strings.HasSuffix(w, "ees") && !strings.HasSuffix(w, "xes")
	if silent {
		n--
	}
	for _, two := range []string{"ia", "io", "ua", "eo", "iu"} { // as in "trial", but not in "nation"
		n += strings.Count(w, two)
	}
	for _, one := range []string{"tion", "sion", "cial", "tial", "gion", "cious", "qua", "gua"} {
		n -= strings.Count(w, one)
	}
	return max(n, 1)
}

// spanishSyllables counts vowels that make a syllable: two strong ones are two, a
// weak one beside another is none unless it is stressed.
func spanishSyllables(word string) int {
	n := 0
	var before rune
	w := strings.NewReplacer("que", "ke", "qui", "ki", "gue", "ge", "gui", "gi", "qué", "ké", "quí", "kí", "gué", "gé", "guí", "gí").Replace(strings.ToLower(word))
	for _, c := range w {
		if c == 'y' {
			c = 'i'
		}
		strong, stressed, weak := strings.ContainsRune("aeoáéó", c), strings.ContainsRune("íú", c), strings.ContainsRune("iuü", c)
		switch {
		case !strong && !stressed && !weak:
			c = 0
		case before == 0, stressed:
			n++
		case strong && strings.ContainsRune("aeoáéóíú", before):
			n++
		}
		before = c
	}
	return max(n, 1)
}

func TestHowHardATextIsAgreesWithCountingByHand(t *testing.T) {
	for word, want := range map[string]int{"savings": 2, "money": 2, "made": 1, "table": 2, "closed": 1, "wanted": 2, "trial": 2, "nation": 2, "matches": 2, "the": 1, "family": 3, "amount": 2, "child's": 1, "account": 2} {
		if got := englishSyllables(word); got != want {
			t.Errorf("%s has %d syllables, want %d", word, got, want)
		}
	}
	for word, want := range map[string]int{"niño": 2, "ahorro": 3, "cuenta": 2, "todavía": 4, "dinero": 3, "guía": 2, "línea": 3, "ciudad": 2, "quiere": 2, "y": 1, "leer": 2, "muy": 1} {
		if got := spanishSyllables(word); got != want {
			t.Errorf("%s tiene %d sílabas, son %d", word, got, want)
		}
	}
	easy, _ := english(read("The bank sent the money back. We took it off the account.", "en"), 0, 0)
	hard, tooHard := english(read("Notwithstanding the aforementioned provisions, beneficiaries demonstrating noncompliance forfeit accumulated entitlements immediately.", "en"), 6, 0)
	if easy > 4 || hard < 16 || !tooHard {
		t.Errorf("easy is %.1f, hard %.1f", easy, hard)
	}
	easy, _ = spanish(read("El banco devolvió el dinero. Lo sacamos de la cuenta.", "es"), 0, 0)
	hard, tooHard = spanish(read("Independientemente de las disposiciones precedentemente mencionadas, los beneficiarios incumplidores perderán inmediatamente sus derechos acumulados.", "es"), 0, 70)
	if easy < 85 || hard > 20 || !tooHard {
		t.Errorf("fácil es %.1f, difícil %.1f", easy, hard)
	}
}
