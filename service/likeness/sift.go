package likeness

// Pair is two records by number, and how alike they are.
type Pair struct {
	A, B int64
	Likeness
}

// Sift keeps the worthy pairs of a set, without those of twins that a better
// pair explains: a record that is surely one twin's is not the other's as well,
// however carelessly it is written. Pairs keep their order.
func Sift(pairs []Pair) []Pair {
	worthy := map[[2]int64]bool{}
	best := map[int64]match{}
	for _, p := range pairs {
		if !p.Worthy() {
			continue
		}
		worthy[[2]int64{p.A, p.B}], worthy[[2]int64{p.B, p.A}] = true, true
		if p.Caution == None {
			best[p.A] = best[p.A].or(match{p.B, p.Score, true})
			best[p.B] = best[p.B].or(match{p.A, p.Score, true})
		}
	}
	explained := func(p Pair, id, other int64) bool {
		m := best[id]
		return m.met && m.score > p.Score && !worthy[[2]int64{m.with, other}]
	}
	var out []Pair
	for _, p := range pairs {
		if p.Worthy() && (!p.twins() || !explained(p, p.A, p.B) && !explained(p, p.B, p.A)) {
			out = append(out, p)
		}
	}
	return out
}

// twins reports a pair whose first names contradict each other and that does not
// share its home, its telephone or its guardian any more: what makes such a pair
// worthy is that one of the two moved, as a twin's second record may have. A
// record that lacks a first name contradicts nobody.
func (p Pair) twins() bool {
	if p.Caution != Twin || p.level(Given) == Missing {
		return false
	}
	for _, f := range []Field{Street, Place, Guardian, Contact} {
		if p.level(f) == Different {
			return true
		}
	}
	return false
}

// match is the likest record of another.
type match struct {
	with  int64
	score int
	met   bool
}

func (m match) or(n match) match {
	if m.met && m.score >= n.score {
		return m
	}
	return n
}
