// Package rulebook turns rule books into what people read and fill in: the
// rules in plain words, what differs between two books, and the form for the
// common cases.
//
// It works on the book's own text and normal form, so whatever the grammar has
// is shown: what there are no words for yet is shown as it is written. It knows
// no database and decides nothing about anybody's money.
package rulebook

import (
	"encoding/json"
	"slices"

	"seedbook/service/rules"
)

// Names are what the program calls things that a book names by their codes. A
// code without a name goes by itself.
type Names struct {
	Funds   map[string]string
	Schools map[string]string
}

func named(names map[string]string, code string) string {
	if name := names[code]; name != "" {
		return name
	}
	return code
}

// Section is one part of a book in words.
type Section struct {
	ID      string // "who", or a benefit's id behind "benefit/"
	Title   string
	Clauses []Clause
}

// Clause is one thing that a book says.
type Clause struct {
	Key   string // where in the section: "caps.per_period"
	Term  string
	Value string
	Code  bool // Value is as written in the book, not in words
}

// object is a mapping of a book's normal form.
type object map[string]any

// tree is a book's normal form, read.
func tree(b *rules.Book) object {
	var o object
	if err := json.Unmarshal(b.Normal(), &o); err != nil {
		panic(err) // rules wrote it
	}
	return o
}

// text is a scalar below a key, or "".
func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

// sub is a mapping below a key; nil for none.
func (o object) sub(key string) object {
	m, _ := o[key].(map[string]any)
	return m
}

// list is a list below a key; nil for none.
func (o object) list(key string) []any {
	l, _ := o[key].([]any)
	return l
}

// objects is a list of mappings below a key.
func (o object) objects(key string) (out []object) {
	for _, item := range o.list(key) {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts is a list of scalars below a key.
func (o object) texts(key string) (out []string) {
	for _, item := range o.list(key) {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// either is a list of scalars, or the one scalar that stands in its place.
func (o object) either(key string) []string {
	if one := o.text(key); one != "" {
		return []string{one}
	}
	return o.texts(key)
}

// all is a list of mappings, or the one mapping that stands in its place.
func (o object) all(key string) []object {
	if one := o.sub(key); one != nil {
		return []object{one}
	}
	return o.objects(key)
}

// keys are a mapping's keys in order.
func (o object) keys() []string {
	out := make([]string, 0, len(o))
	for key := range o {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}
