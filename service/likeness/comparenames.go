package likeness

import (
	"slices"
	"strings"
)

// compareNames compares given with given and family with family name, or
// crosswise where that fits better.
func (c Caseload) compareNames(a, b Profile) (levels []finding, crossed bool) {
	straight := []finding{shared(Given, compareGiven(a, b), a.given), shared(Family, compareWords(a.family, b.family), a.family)}
	across := []finding{shared(Given, compareWords(a.given, b.family), a.given), shared(Family, compareWords(a.family, b.given), a.family)}
	order, _ := c.against(finding{Order, Different, ""})
	if c.total(across)+order > c.total(straight) && agree(across) {
		straight, crossed = across, true
	}
	return append(straight, finding{Middle, compareMiddle(a.middle, b.middle), ""}), crossed
}

// shared is the finding of a name that may be shared.
func shared(f Field, l Level, words []string) finding {
	if l != Same {
		return finding{f, l, ""}
	}
	return finding{f, l, nameOf(f, words)}
}

// agree reports that no name contradicts: exchanged names are both exchanged.
func agree(names []finding) bool {
	n := 0
	for _, f := range names {
		switch f.level {
		case Same, Near, Short:
			n++
		case Different:
			return false
		}
	}
	return n > 0
}

func (c Caseload) total(levels []finding) (sum int) {
	for _, f := range levels {
		w, _ := c.against(f)
		sum += w
	}
	return sum
}

// compareGiven also looks at the name a child goes by and at a first name that
// one record splits in two.
func compareGiven(a, b Profile) Level {
	level := compareWords(a.given, b.given)
	if level == Same || level == Missing {
		return level
	}
	if len(a.middle)+len(b.middle) > 0 && strings.Join(append(slices.Clone(a.given), a.middle...), "") == strings.Join(append(slices.Clone(b.given), b.middle...), "") {
		return Same
	}
	if level == Near && rhyming(a.given, b.given) {
		level = Similar
	}
	for _, x := range [][]string{a.given, a.preferred} {
		for _, y := range [][]string{b.given, b.preferred} {
			if len(x) > 0 && len(y) > 0 && (slices.Equal(x, y) || nicknamed(x[0], y[0])) {
				return Short
			}
		}
	}
	return level
}

// rhyming reports names of which a word rhymes with its counterpart.
func rhyming(a, b []string) bool {
	if len(a) != len(b) {
		return rhymes(strings.Join(a, ""), strings.Join(b, ""))
	}
	for i := range a {
		if a[i] != b[i] && rhymes(a[i], b[i]) {
			return true
		}
	}
	return false
}

// rhymes reports names of brothers and sisters rather than slips of the hand:
// another first letter (Jayden, Kayden), where people seldom slip, or an ending
// that makes a boy's name a girl's (Daniel, Daniela; Andrés, Andrea).
func rhymes(a, b string) bool {
	if a[0] != b[0] {
		return len(a) < 2 || len(b) < 2 || a[0] != b[1] || a[1] != b[0]
	}
	x, y := stem(a), stem(b)
	return x == y || len(x) != len(y) && (len(a) == len(b)) && a[:len(a)-1] == b[:len(b)-1]
}

// stem is a name without a vowel at its end.
func stem(name string) string {
	if n := len(name) - 1; strings.ContainsRune("aeioy", rune(name[n])) {
		return name[:n]
	}
	return name
}

func compareMiddle(a, b []string) Level {
	if len(a) == 0 || len(b) == 0 {
		return Missing
	}
	if x, y := a[0], b[0]; x != y && (len(x) == 1 || len(y) == 1) {
		if x[0] == y[0] {
			return Short
		}
		return Different
	}
	return compareWords(a, b)
}

// compareWords compares two names word by word, in any order.
func compareWords(a, b []string) Level {
	if len(a) == 0 || len(b) == 0 {
		return Missing
	}
	x, y := strings.Join(a, ""), strings.Join(b, "")
	if x == y || equalSets(a, b) {
		return Same
	}
	if len(a) != len(b) && subset(a, b) {
		return Short
	}
	level := compareText(x, y)
	if len(a) > 1 || len(b) > 1 {
		if l := compareAligned(a, b); rank(l) < rank(level) {
			level = l
		}
	}
	return level
}

func equalSets(a, b []string) bool {
	return len(a) == len(b) && slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// subset reports that every word of the shorter name is one of the longer.
func subset(a, b []string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for _, w := range a {
		if !slices.Contains(b, w) {
			return false
		}
	}
	return true
}

// compareAligned finds for every word of the shorter name its likest in the
// longer one; the name is no more alike than the worst of them.
func compareAligned(a, b []string) Level {
	if len(a) > len(b) {
		a, b = b, a
	}
	worst := Same
	for _, w := range a {
		best := Different
		for _, v := range b {
			if l := compareText(w, v); rank(l) < rank(best) {
				best = l
			}
		}
		if rank(best) > rank(worst) {
			worst = best
		}
	}
	if worst == Same || worst == Near && len(a) != len(b) {
		return Near
	}
	return worst
}

// levels and fields are how many there are.
const (
	levels = 6
	fields = 11
)
