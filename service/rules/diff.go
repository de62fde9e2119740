package rules

import (
	"bytes"
	"slices"
	"strings"
)

// ChangeKind says what became of something.
type ChangeKind string

// The kinds of change.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
	Moved   ChangeKind = "moved" // the same things in another order
)

// About says what a change touches.
type About string

// What a change can touch.
const (
	Terms    About = "terms"    // who receives what
	Wording  About = "wording"  // what people read
	Evidence About = "examples" // what the book proves of itself
)

// Change is one difference between two rule books.
type Change struct {
	Kind  ChangeKind
	About About
	// Path is where it is, things by their names: benefits.match.caps.per_period.
	Path string
	// From and To are the values in the grammar's own writing; "" where there
	// is none.
	From, To string

	steps []step
}

// step is one part of a path: a key, or a thing of a list by its name.
type step struct {
	kind string // the sort of mapping in which the key stands, or of the thing
	key  string // "" for a thing
	name string
}

// Diff lists what is different in the book b from the book a, in the
// reference's order. It is empty exactly where both say the same, whatever
// their layout.
func Diff(a, b *Book) []Change {
	if a.hash == b.hash {
		return nil
	}
	from, _ := readYAML(a.normal)
	to, _ := readYAML(b.normal)
	var d differ
	d.mappings(nil, "book", false, from, to)
	return d.changes
}

type differ struct{ changes []Change }

// values compares two values, of which either may be absent.
func (d *differ) values(at []step, kind string, under bool, a, b *node) {
	switch {
	case a == nil:
		d.add(Added, at, kind, nil, b)
	case b == nil:
		d.add(Removed, at, kind, a, nil)
	case bytes.Equal(appendNormal(nil, a), appendNormal(nil, b)):
	case a.kind == mapping && b.kind == mapping && !otherFormula(kind, a, b):
		d.mappings(at, kind, under, a, b)
	case a.kind == list && b.kind == list:
		d.lists(at, kind, a, b)
	default:
		d.add(Changed, at, kind, a, b)
	}
}

// otherFormula reports an amount that comes about in another way: its parts
// have nothing to do with each other.
func otherFormula(kind string, a, b *node) bool {
	return kind == "amount" && a.keys[0].key.text != b.keys[0].key.text
}

func (d *differ) mappings(at []step, kind string, under bool, a, b *node) {
	s := shapes()[kind]
	keys := slices.Clone(a.keys)
	for _, k := range b.keys {
		if a.get(k.key.text) == nil {
			keys = append(keys, k)
		}
	}
	if !under {
		keys = s.order(keys)
	}
	for _, k := range keys {
		behind, names, next := "", false, step{kind: kind, key: k.key.text}
		switch {
		case under: // a version's name
			behind, next = kind, step{kind: kind, name: k.key.text}
		case s != nil:
			behind, names = s.behind[k.key.text], s.each[k.key.text]
		}
		d.values(append(slices.Clip(at), next), behind, names, a.get(k.key.text), b.get(k.key.text))
	}
}

// lists compares things by their names, and what has none by what it says.
func (d *differ) lists(at []step, kind string, a, b *node) {
	x, named := namesOf(kind, a)
	y, both := namesOf(kind, b)
	if !named || !both {
		x, y = textsOf(a), textsOf(b)
	}
	for i, name := range x {
		next := append(slices.Clip(at), step{kind: kind, name: name})
		switch j := slices.Index(y, name); {
		case j < 0:
			d.add(Removed, next, kind, a.items[i], nil)
		case named && both:
			d.values(next, kind, false, a.items[i], b.items[j])
		}
	}
	for j, name := range y {
		if !slices.Contains(x, name) {
			d.add(Added, append(slices.Clip(at), step{kind: kind, name: name}), kind, nil, b.items[j])
		}
	}
	d.order(at, kind, x, y)
}

// order notes things that both lists have, in another order.
func (d *differ) order(at []step, kind string, x, y []string) {
	only := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(n string) bool { return !slices.Contains(other, n) })
	}
	before, after := only(x, y), only(y, x)
	if slices.Equal(before, after) {
		return
	}
	if len(before) != len(after) { // some stand more than once
		d.put(Change{Kind: Changed, From: clipLong(strings.Join(x, ", ")), To: clipLong(strings.Join(y, ", "))}, at)
		return
	}
	d.put(Change{Kind: Moved, From: clipLong(strings.Join(before, ", ")), To: clipLong(strings.Join(after, ", "))}, at)
}

// namesOf are the names of a list's things, or false where they have none of
// their own.
func namesOf(kind string, n *node) (names []string, ok bool) {
	key := map[string]string{
		"source": "fund", "exit": "on", "within": "period", "exit_choice": "choice", "fact": "name", "event": "name", "table": "name",
		"table_key": "name", "example": "name",
	}[kind]
	if s := shapes()[kind]; key == "" && s != nil && slices.Contains(s.keys, "id") && kind != "example_event" {
		key = "id"
	}
	if key == "" {
		return nil, false
	}
	for _, item := range n.items {
		v := item.value(key)
		if v == nil || v.kind != scalar || slices.Contains(names, v.text) {
			return nil, false
		}
		names = append(names, v.text)
	}
	return names, true
}

func textsOf(n *node) []string {
	out := make([]string, len(n.items))
	for i, item := range n.items {
		out[i] = string(appendNormal(nil, item))
	}
	return out
}

func (d *differ) add(what ChangeKind, at []step, kind string, a, b *node) {
	d.put(Change{Kind: what, From: written(a, kind), To: written(b, kind)}, at)
}

func (d *differ) put(c Change, at []step) {
	c.steps, c.About = slices.Clone(at), aboutOf(at)
	var path []string
	for _, s := range at {
		path = append(path, clip(s.key+s.name))
	}
	c.Path = strings.Join(path, ".")
	d.changes = append(d.changes, c)
}

// aboutOf tells terms from words and examples by where they stand.
func aboutOf(at []step) About {
	if at[0].key == "examples" {
		return Evidence
	}
	for _, s := range at {
		if s.key == "says" || s.key == "note" || s.kind == "program" && s.key == "name" {
			return Wording
		}
	}
	return Terms
}

// written is a value in the grammar's own writing, on one line.
func written(n *node, kind string) string {
	if n == nil {
		return ""
	}
	if n.kind == scalar {
		return clipLong(n.text)
	}
	var f formatter
	return clipLong(f.flow(n, kind, false))
}

// clipLong keeps what somebody wrote from flooding a page.
func clipLong(s string) string {
	const limit = 300
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// Where says in a language where the change is.
func (c Change) Where(w Words) string {
	var where []string
	for i, s := range c.steps {
		if s.key != "" && i+1 < len(c.steps) && c.steps[i+1].key == "" {
			continue // the thing itself says which list it is of
		}
		where = append(where, s.phrase(w))
	}
	return strings.Join(where, " › ")
}

// phrase is a step in a language. A key without words of its own goes by its
// name.
func (s step) phrase(w Words) string {
	has := func(key string) bool {
		h, ok := w.(interface{ Has(key string) bool })
		return ok && h.Has(key)
	}
	if s.key != "" {
		for _, key := range []string{"rules.key." + s.kind + "_" + s.key, "rules.key." + s.key} {
			if has(key) {
				return w.T(key)
			}
		}
		return s.key
	}
	if key := "rules.thing." + s.kind; has(key) && !strings.HasPrefix(s.name, "{") && !strings.HasPrefix(s.name, `"`) {
		return w.T(key, map[string]any{"name": s.name})
	}
	return clip(strings.Trim(s.name, `"`))
}
