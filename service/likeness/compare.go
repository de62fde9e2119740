package likeness

import (
	"cmp"
	"slices"
	"strings"

	"seedbook/ledger"
)

// Compare says how alike two records of a caseload are. It says the same
// whichever comes first.
func Compare(a, b Profile, in Caseload) Likeness {
	l, _ := in.compare(a, b, false)
	return l
}

// Alike is Compare for a search, in which most pairs are of strangers or of
// brothers and sisters: it leaves off, and says no, as soon as nothing that is
// still to be compared can make people look at the pair.
func Alike(a, b Profile, in Caseload) (Likeness, bool) {
	l, whole := in.compare(a, b, true)
	return l, whole && l.Worthy()
}

// compare compares field by field, the cheapest first. In a hurry it stops where
// the pair cannot be worthy any more, and reports that it is not whole.
func (c Caseload) compare(a, b Profile, hurry bool) (l Likeness, whole bool) {
	if a.order(b) > 0 {
		a, b = b, a
	}
	t := tally{Caseload: c, strangers: c.prior(), siblings: siblingPrior, left: most}
	t.add(finding{Born, compareDates(a.born, b.born), ""})
	t.add(finding{Place, compareZIP(a.zip, b.zip), ""})
	t.add(finding{City, compareCity(a.city, b.city), ""})
	t.add(finding{Contact, compareContacts(a.contacts, b.contacts), ""})
	for _, dear := range []func(){
		func() { t.names(a, b) },
		func() { t.add(finding{Street, compareStreets(a, b), ""}) },
		func() { t.add(finding{Guardian, compareGuardians(a.guardians, b.guardians), ""}) },
	} {
		if hurry && t.hopeless() {
			return Likeness{}, false
		}
		dear()
	}
	l = t.sum()
	l.Caution = caution(a, b, t.found[:])
	return l, true
}

// order puts two records in an order of their own.
func (p Profile) order(q Profile) int {
	return cmp.Or(slices.Compare(p.given, q.given), slices.Compare(p.family, q.family), slices.Compare(p.street, q.street),
		slices.Compare(p.numbers, q.numbers), slices.Compare(p.middle, q.middle), slices.Compare(p.preferred, q.preferred),
		strings.Compare(p.city, q.city), slices.Compare(p.contacts, q.contacts),
		slices.CompareFunc(p.guardians, q.guardians, slices.Compare[[]string]))
}

// finding is the level of one field.
type finding struct {
	field Field
	level Level
	name  string // the name that both bear, as a caseload counts it
}

func same(yes bool) Level {
	if yes {
		return Same
	}
	return Different
}

// tally adds up what the fields say, against strangers and against brothers and
// sisters.
type tally struct {
	Caseload
	found               [fields]finding // in the order in which evidence is shown
	strangers, siblings int
	left                limits // what the fields not yet compared can say at most
}

func (t *tally) add(f finding) {
	s, b := t.against(f)
	t.strangers, t.siblings = t.strangers+s, t.siblings+b
	at := place(f.field)
	t.found[at] = f
	t.left.strangers, t.left.siblings = t.left.strangers-best[at].strangers, t.left.siblings-best[at].siblings
}

// hopeless reports that one way to be two children will stay too likely.
func (t *tally) hopeless() bool {
	return min(t.strangers+t.left.strangers, t.siblings+t.left.siblings) < Proposed
}

// sum keeps the likelier way to be two children.
func (t *tally) sum() Likeness {
	out := Likeness{Score: min(t.strangers, t.siblings)}
	for _, f := range t.found {
		if f.field == "" {
			continue
		}
		w, b := t.against(f)
		if t.siblings < t.strangers {
			w = b
		}
		out.Evidence = append(out.Evidence, Evidence{f.field, f.level, w})
	}
	return out
}

// names compares all that is written in a name.
func (t *tally) names(a, b Profile) {
	names, crossed := t.compareNames(a, b)
	for _, f := range names {
		t.add(f)
	}
	if crossed {
		t.add(finding{Order, Different, ""})
	}
	if a.generation != "" && b.generation != "" {
		t.add(finding{Generation, same(a.generation == b.generation), ""})
	}
}

// caution looks for what makes two children look like one: twins share all but
// the first name, juniors all but the generation.
func caution(a, b Profile, levels []finding) Caution {
	level := map[Field]Level{}
	for _, f := range levels {
		level[f.field] = f.level
	}
	switch {
	case a.generation != b.generation:
		return Junior
	case level[Born] != Same && level[Born] != Near:
		return None
	case level[Given] == Different || level[Given] == Similar || level[Given] == Missing:
		return Twin
	}
	return None
}

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

// rank is a level's place from the most alike to the least.
func rank(l Level) int {
	switch l {
	case Same:
		return 0
	case Short:
		return 1
	case Near:
		return 2
	case Similar:
		return 3
	case Different:
		return 4
	}
	return 5
}

// place is where a field stands in the evidence.
func place(f Field) int {
	switch f {
	case Given:
		return 0
	case Family:
		return 1
	case Middle:
		return 2
	case Born:
		return 3
	case Street:
		return 4
	case Place:
		return 5
	case City:
		return 6
	case Guardian:
		return 7
	case Contact:
		return 8
	case Order:
		return 9
	}
	return 10
}

// compareText compares two words. Short words are one slip from many others, so
// they need more to be near.
func compareText(a, b string) Level {
	if a == b {
		return Same
	}
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	if len(short) == 1 || len(short) >= 3 && len(long)-len(short) >= 2 && strings.HasPrefix(long, short) {
		if strings.HasPrefix(long, short) {
			return Short
		}
		return Different
	}
	d, jw := slips(a, b), jaroWinkler(a, b)
	switch { // what is heard comes last: it costs the most
	case d == 1 && len(short) >= 4, d <= 2 && len(short) >= 7, jw >= 930 && d <= 2:
		return Near
	case d == 1, jw >= 880, d <= 2 && len(short) >= 6, len(short) >= 4 && sound(a) == sound(b):
		return Similar
	}
	return Different
}

// compareDates looks for one digit that is wrong, two that changed places, and
// a day and month exchanged.
func compareDates(a, b ledger.Date) Level {
	if a.IsZero() || b.IsZero() {
		return Missing
	}
	if a == b {
		return Same
	}
	ay, am, ad, by, bm, bd := a.Year(), int(a.Month()), a.Day(), b.Year(), int(b.Month()), b.Day()
	x, y := strings.ReplaceAll(a.String(), "-", ""), strings.ReplaceAll(b.String(), "-", "")
	switch {
	case oneSlip(x, y), ay == by && am == bd && ad == bm:
		return Near
	case am == bm && ad == bd, ay == by && ad == bd, ay == by && am == bm, wrongDigits(x, y) <= 2:
		return Similar
	}
	return Different
}

// oneSlip reports texts of one length with one wrong character, or two
// neighbours that changed places.
func oneSlip(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	switch wrongDigits(a, b) {
	case 1:
		return true
	case 2:
		return slips(a, b) == 1
	}
	return false
}

// wrongDigits counts the places in which two texts of one length differ.
func wrongDigits(a, b string) (n int) {
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// compareStreets compares the names of streets first and then the numbers.
func compareStreets(a, b Profile) Level {
	if len(a.street)+len(a.numbers) == 0 || len(b.street)+len(b.numbers) == 0 {
		return Missing
	}
	if len(a.street) > 0 && len(b.street) > 0 && !sameStreet(a.street, b.street) {
		return Different
	}
	switch {
	case slices.Equal(a.numbers, b.numbers) && slices.Equal(a.street, b.street):
		return Same
	case !meet(a.numbers, b.numbers):
		if len(a.street) == 0 || len(b.street) == 0 {
			return Different
		}
		return Similar
	case len(a.street) == 0 || len(b.street) == 0:
		return Similar
	}
	return Near
}

// meet reports that two addresses share a number.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(n string) bool { return slices.Contains(b, n) })
}

// sameStreet reports that every name of the shorter address is in the longer,
// give or take slips and spaces.
func sameStreet(a, b []string) bool {
	x, y := strings.Join(a, ""), strings.Join(b, "")
	if jaroWinkler(x, y) >= 930 {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	met := 0
	for _, w := range a {
		if slices.ContainsFunc(b, func(v string) bool { return w == v || jaroWinkler(w, v) >= 900 }) {
			met++
		}
	}
	return met*3 >= len(a)*2
}

func compareZIP(a, b string) Level {
	switch {
	case a == "" || b == "":
		return Missing
	case a == b:
		return Same
	case oneSlip(a, b):
		return Near
	}
	return Different
}

func compareCity(a, b string) Level {
	if a == "" || b == "" {
		return Missing
	}
	if a != b && jaroWinkler(a, b) >= 900 {
		return Near
	}
	return same(a == b)
}

// compareGuardians looks for one guardian whom both records name.
func compareGuardians(a, b [][]string) Level {
	if len(a) == 0 || len(b) == 0 {
		return Missing
	}
	best := Different
	for _, x := range a {
		for _, y := range b {
			switch l := compareWords(x, y); {
			case l == Same:
				return Same
			case l == Near || l == Short && len(x) > 1 && len(y) > 1:
				best = Near
			}
		}
	}
	return best
}

// compareContacts looks for one telephone or e-mail that both records name.
func compareContacts(a, b []string) Level {
	if len(a) == 0 || len(b) == 0 {
		return Missing
	}
	best, comparable := Different, false
	for _, x := range a {
		for _, y := range b {
			mail := strings.Contains(x, "@")
			if mail != strings.Contains(y, "@") {
				continue
			}
			comparable = true
			switch {
			case x == y, !mail && len(x) != len(y) && (strings.HasSuffix(x, y) || strings.HasSuffix(y, x)):
				return Same
			case oneSlip(x, y), mail && slips(x, y) <= 1:
				best = Near
			}
		}
	}
	if !comparable {
		return Missing
	}
	return best
}
