package likeness

import (
	"cmp"
	"slices"
	"strings"
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
