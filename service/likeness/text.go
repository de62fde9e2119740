package likeness

import (
	"strings"
	"unicode/utf8"
)

// Slips is how many slips of the hand lead from one word to the other: letters
// added, dropped, changed, or two that changed places (Damerau, CACM 1964).
func Slips(a, b string) int { return slips(a, b) }

func slips(a, b string) int {
	var mine, other [letters]rune
	x, y := runes(mine[:0], a), runes(other[:0], b)
	var rows [3][letters + 1]int
	before, last, row := rows[0][:], rows[1][:], rows[2][:]
	if len(y) > letters {
		before, last, row = make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	}
	for j := range len(y) + 1 {
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

// letters is how long a word may be to be compared without asking for memory.
const letters = 32

func runes(into []rune, s string) []rune {
	for _, r := range s {
		into = append(into, r)
	}
	return into
}

// jaroWinkler is the likeness of two words in thousandths (Winkler, 1990):
// common letters in about the same place, and more for a common beginning,
// where people seldom slip.
func jaroWinkler(a, b string) int {
	var mine, other, met [letters]rune
	var took [letters]bool
	x, y := runes(mine[:0], a), runes(other[:0], b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	reach := max(max(len(x), len(y))/2-1, 0)
	taken, common := took[:min(len(y), letters)], met[:0]
	if len(y) > letters {
		taken = make([]bool, len(y))
	}
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

// heard are groups of letters as they are heard.
func heard(word string) (as string, letters int) {
	if len(word) >= 3 && word[:3] == "sch" {
		return "s", 3
	}
	if len(word) >= 2 {
		switch word[:2] {
		case "ph":
			return "f", 2
		case "ch", "sh":
			return "x", 2
		case "ck", "qu":
			return "k", 2
		case "gu":
			return "g", 2
		case "ce":
			return "se", 2
		case "ci":
			return "si", 2
		case "ge":
			return "je", 2
		case "gi":
			return "ji", 2
		case "wr":
			return "r", 2
		case "kn":
			return "n", 2
		}
	}
	if word[0] == 'h' {
		return "", 1
	}
	_, n := utf8.DecodeRuneInString(word)
	return word[:n], n
}

// Sound is how a folded word sounds to English and Spanish ears alike: b is v, s
// is z and soft c, h is silent, ll at the beginning is y, vowels behind the first
// letter are dropped. Five letters of it are kept.
func Sound(word string) string { return sound(word) }

func sound(word string) string {
	if rest, ok := strings.CutPrefix(word, "ll"); ok {
		word = "y" + rest
	}
	var room [8]rune
	out := room[:0]
	for len(word) > 0 {
		as, n := heard(word)
		word = word[n:]
		for _, r := range as {
			r = alike(r)
			if len(out) > 0 && (strings.ContainsRune("aeouy", r) || out[len(out)-1] == r) {
				continue
			}
			if out = append(out, r); len(out) == 5 {
				return string(out)
			}
		}
	}
	return string(out)
}

// alike is the letter that stands for all that sound like it.
func alike(r rune) rune {
	switch r {
	case 'v', 'w', 'p':
		return 'b'
	case 'z':
		return 's'
	case 'c', 'q':
		return 'k'
	case 'i':
		return 'y'
	case 'm':
		return 'n'
	case 'd':
		return 't'
	case 'j':
		return 'g'
	}
	return r
}
