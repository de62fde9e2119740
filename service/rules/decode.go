package rules

import (
	"slices"
	"strings"
)

// decoder turns a tree into data and gathers every problem on the way. It
// never stops at the first: a director mends a book in one go.
type decoder struct {
	problems Problems
	// keys records the keys that each kind of mapping may have, for the test
	// that holds the published schema and the reference against the decoder.
	keys map[string][]string
}

func (d *decoder) report(n *node, code string, args map[string]any) {
	p := Problem{Code: code, Args: args}
	if n != nil {
		p.Line, p.Column, p.Path = n.line, n.column, n.path
	}
	d.problems = append(d.problems, p)
}

// object is a mapping being read. Every key must be asked for once; what was
// not asked for is unknown.
type object struct {
	d     *decoder
	n     *node
	kind  string
	known []string
}

// object begins to read a mapping; kind names its sort in the schema.
func (d *decoder) object(n *node, kind string) *object {
	if n != nil && n.kind != mapping {
		d.report(n, "not_mapping", nil)
	}
	return &object{d: d, n: n, kind: kind}
}

// may returns the value of a key, or nil where it is absent.
func (o *object) may(key string) *node {
	o.known = append(o.known, key)
	if o.n == nil {
		return nil
	}
	v := o.n.get(key)
	if v != nil && v.kind == nothing {
		o.d.report(v, "no_value", map[string]any{"key": key})
		return nil
	}
	return v
}

// must is may for a key that has to be there.
func (o *object) must(key string) *node {
	v := o.may(key)
	if v == nil && o.n != nil && o.n.kind == mapping && o.n.get(key) == nil {
		o.d.report(o.n, "missing_key", map[string]any{"key": key})
	}
	return v
}

// done reports the keys that nobody asked for.
func (o *object) done() {
	if o.d.keys != nil {
		o.d.keys[o.kind] = o.known
	}
	if o.n == nil {
		return
	}
	for _, k := range o.n.keys {
		if !slices.Contains(o.known, k.key.text) {
			o.d.report(k.key, "unknown_key", map[string]any{
				"key": clip(k.key.text), "nearest": nearest(k.key.text, o.known), "allowed": strings.Join(o.known, ", "),
			})
		}
	}
}

// each calls read for every item of a list.
func (d *decoder) each(n *node, read func(item *node)) {
	if n == nil {
		return
	}
	if n.kind != list {
		d.report(n, "not_list", nil)
		return
	}
	for _, item := range n.items {
		if item.kind == nothing {
			d.report(item, "no_value", map[string]any{"key": "-"})
			continue
		}
		read(item)
	}
}

// nearest is the candidate that somebody meant who wrote word: its usual other
// name, or what needs the fewest changes to become it; "" where none is near.
// A wrong guess misleads more than none.
func nearest(word string, candidates []string) string {
	word = strings.ToLower(clip(word))
	for _, c := range otherNames[word] {
		if slices.Contains(candidates, c) {
			return c
		}
	}
	best, least := "", len(word)/2+1
	for _, c := range candidates {
		n := distance(word, strings.ToLower(c))
		if len(word) > 1 && strings.Contains(c, word) {
			n = min(n, len(word)/2)
		}
		if n < least {
			best, least = c, n
		}
	}
	return best
}

// otherNames are words that people use for ours, by the word.
var otherNames = map[string][]string{
	"kindergarten": {"KG"}, "prekindergarten": {"PK"}, "preschool": {"PK"},
	"yes": {"true"}, "no": {"false"}, "on": {"true"}, "off": {"false"}, "boolean": {"yes_no"}, "bool": {"yes_no"},
	"currency": {"money"}, "string": {"text"}, "integer": {"number"}, "int": {"number"}, "decimal": {"money"},
	"yearly": {"calendar_year"}, "annual": {"calendar_year"}, "annually": {"calendar_year"}, "year": {"calendar_year"},
	"monthly": {"month", "next_month"}, "quarterly": {"quarter", "quarter_end"}, "ever": {"once"}, "lifetime": {"once"},
	"wait": {"queue"}, "waitlist": {"queue"}, "reject": {"refuse", "deny"}, "paid": {"given"}, "pending": {"on_the_way"},
	"market": {"nav_units"}, "investment": {"nav_units"}, "automatic": {"auto_opt_out"}, "auto": {"auto_opt_out"},
	"approved": {"given"}, "pool": {"to_pool"}, "keep": {"keep", "none"}, "school": {"institution"},
	"enrol": {"enrolled"}, "joined": {"enrolled"}, "enrolment": {"enrolled", "enrollment"}, "died": {"death"},
	"age": {"age_on"}, "today": {"day"}, "now": {"day"}, "birthdate": {"born_on"}, "birth_date": {"born_on"}, "dob": {"born_on"},
	"max": {"lifetime"}, "percent": {"ratio"}, "rate": {"ratio"}, "cap": {"caps"}, "condition": {"when"}, "if": {"when"},
	"timezone": {"time_zone"}, "tz": {"time_zone"}, "source": {"sources"}, "start": {"effective_from"}, "end": {"effective_to"},
}

// distance is Levenshtein's, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// clip keeps what somebody else wrote from flooding a report.
func clip(s string) string {
	const limit = 60
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
