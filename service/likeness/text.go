package likeness

import "strings"

// Slips is how many slips of the hand lead from one word to the other: letters
// added, dropped, changed, or two that changed places (Damerau, CACM 1964).
func Slips(a, b string) int { return slips(a, b) }

func slips(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// jaroWinkler is the likeness of two words in thousandths (Winkler, 1990):
// common letters in about the same place, and more for a common beginning,
// where people seldom slip.
func jaroWinkler(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	reach := max(max(len(x), len(y))/2-1, 0)
	taken := make([]bool, len(y))
	var common []rune
	for i, r := range x {
		for j := max(0, i-reach); j < min(len(y), i+reach+1); j++ {
			if !taken[j] && y[j] == r {
				taken[j] = true
				common = append(common, r)
				break
			}
		}
	}
	m := len(common)
	if m == 0 {
		return 0
	}
	moved, k := 0, 0
	for j, t := range taken {
		if t {
			if y[j] != common[k] {
				moved++
			}
			k++
		}
	}
	jaro := (1000*m/len(x) + 1000*m/len(y) + 1000*(m-moved/2)/m) / 3
	prefix := 0
	for prefix < min(4, len(x), len(y)) && x[prefix] == y[prefix] {
		prefix++
	}
	return jaro + prefix*(1000-jaro)/10
}

// heard spells a word as it is heard.
var heard = strings.NewReplacer("ph", "f", "sch", "s", "ch", "x", "sh", "x", "ck", "k", "qu", "k", "gu", "g",
	"ce", "se", "ci", "si", "ge", "je", "gi", "ji", "wr", "r", "kn", "n", "h", "")

// Sound is how a folded word sounds to English and Spanish ears alike: b is v, s
// is z and soft c, h is silent, ll at the beginning is y, vowels behind the first
// letter are dropped. Five letters of it are kept.
func Sound(word string) string { return sound(word) }

func sound(word string) string {
	if rest, ok := strings.CutPrefix(word, "ll"); ok {
		word = "y" + rest
	}
	word = heard.Replace(word)
	var out []rune
	for _, r := range word {
		switch r {
		case 'v', 'w', 'p':
			r = 'b'
		case 'z':
			r = 's'
		case 'c', 'q':
			r = 'k'
		case 'i':
			r = 'y'
		case 'm':
			r = 'n'
		case 'd':
			r = 't'
		case 'j':
			r = 'g'
		}
		if len(out) > 0 && (strings.ContainsRune("aeouy", r) || out[len(out)-1] == r) {
			continue
		}
		out = append(out, r)
		if len(out) == 5 {
			break
		}
	}
	return string(out)
}
