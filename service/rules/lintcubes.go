package rules

import "slices"

// cube is one way in which a condition can hold: every thing that it names lies
// in its set. A condition is the union of its cubes.
type cube map[string]restricted

// restricted is a thing and the set in which it lies.
type restricted struct {
	values set
	atom   *atom
}

// maxCubes bounds the ways of one condition; with more it is not compared.
const maxCubes = 128

// always is the condition that nothing restricts.
var always = []cube{{}}

// expand lists the ways in which a formula holds, or in which it does not. It
// reports false where there are too many. No way at all means that it cannot.
func (l *linter) expand(f *formula, holds bool) ([]cube, bool) {
	switch f.op {
	case opTrue, opFalse:
		if (f.op == opTrue) == holds {
			return always, true
		}
		return nil, true
	case opNot:
		return l.expand(f.kids[0], !holds)
	case opAtom:
		return f.atom.cubes(holds), true
	}
	a, ok := l.expand(f.kids[0], holds)
	if !ok {
		return nil, false
	}
	b, ok := l.expand(f.kids[1], holds)
	if !ok {
		return nil, false
	}
	if (f.op == opAnd) == holds {
		return l.both(a, b)
	}
	return l.either(a, b)
}

func (a atom) cubes(holds bool) []cube {
	if !holds {
		a = a.opposite()
	}
	if a.values.empty() {
		return nil
	}
	c := cube{a.about: {a.values, &a}}
	for _, name := range a.known {
		c["known("+name+")"] = restricted{between(1, 1), &atom{about: "known(" + name + ")", domain: between(0, 1), values: between(1, 1), steady: a.steady}}
	}
	return []cube{c}
}

// both is where two conditions hold.
func (l *linter) both(a, b []cube) ([]cube, bool) {
	var out []cube
	for _, x := range a {
		for _, y := range b {
			l.work -= 1 + len(x) + len(y)
			if l.work <= 0 {
				return nil, false
			}
			if z, possible := x.and(y); possible {
				out = append(out, z)
			}
			if len(out) > 4*maxCubes {
				return nil, false
			}
		}
	}
	return l.tidy(out)
}

func (l *linter) either(a, b []cube) ([]cube, bool) { return l.tidy(slices.Concat(a, b)) }

// tidy leaves out what lies within another way.
func (l *linter) tidy(all []cube) ([]cube, bool) {
	var out []cube
	for i, x := range all {
		l.work -= len(all) * (1 + len(x))
		if l.work <= 0 {
			return nil, false
		}
		covered := func(j int) bool { return x.within(all[j]) && (j < i || !all[j].within(x)) }
		inside := false
		for j := range all {
			inside = inside || j != i && covered(j)
		}
		if !inside {
			out = append(out, x)
		}
	}
	return out, len(out) <= maxCubes
}

// and is where both hold, or false where they cannot.
func (c cube) and(d cube) (cube, bool) {
	out := make(cube, len(c)+len(d))
	for name, r := range c {
		out[name] = r
	}
	for name, r := range d {
		if have, both := out[name]; both {
			r.values = have.values.common(r.values)
			if r.values.empty() {
				return nil, false
			}
		}
		out[name] = r
	}
	return out, true
}

// within reports that wherever c holds, d does.
func (c cube) within(d cube) bool {
	for name, r := range d {
		have, restricts := c[name]
		if !restricts || !have.values.within(r.values) {
			return false
		}
	}
	return true
}

// lasting is what of the ways stays true while a child takes part.
func (l *linter) lasting(all []cube) ([]cube, bool) {
	var out []cube
	for _, c := range all {
		d := cube{}
		for name, r := range c {
			if r.atom.steady {
				d[name] = r
			}
		}
		out = append(out, d)
	}
	return l.tidy(out)
}

// ways is expand for a condition that may be absent.
func (l *linter) ways(text string, holds bool) ([]cube, bool) {
	if text == "" {
		if holds {
			return always, true
		}
		return nil, true
	}
	f := l.formula(text)
	if f == nil {
		return nil, false
	}
	return l.expand(f, holds)
}
