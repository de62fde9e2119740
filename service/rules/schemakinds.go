package rules

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// shape is one sort of mapping as the published schema has it: its keys in the
// order in which people write them, and what stands behind each.
type shape struct {
	keys   []string
	behind map[string]string // key → the sort of its mapping, or of its list's items
	each   map[string]bool   // key → its mapping's keys are names, and the sort is that of their values
}

// shapes reads the schema once. It is embedded: that it cannot be read is a bug
// of this build.
var shapes = sync.OnceValue(func() map[string]*shape {
	var doc struct {
		Defs map[string]struct {
			Properties json.RawMessage `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(schema, &doc); err != nil {
		panic(err)
	}
	out := make(map[string]*shape, len(doc.Defs))
	for kind, def := range doc.Defs {
		out[kind] = &shape{behind: map[string]string{}, each: map[string]bool{}}
		out[kind].read(def.Properties)
	}
	return out
})

// read takes properties in the order in which the schema has them.
func (s *shape) read(properties json.RawMessage) {
	if properties == nil {
		return
	}
	d := json.NewDecoder(bytes.NewReader(properties))
	token := func() json.Token {
		t, err := d.Token()
		if err != nil {
			panic(err)
		}
		return t
	}
	token() // the opening brace
	for d.More() {
		key := token().(string)
		var p json.RawMessage
		if err := d.Decode(&p); err != nil {
			panic(err)
		}
		s.keys = append(s.keys, key)
		s.behind[key], s.each[key] = sortBehind(p)
	}
}

// sortBehind is the sort of mapping that a property holds, itself, in a list,
// or under names of the author's own.
func sortBehind(property json.RawMessage) (sort string, underNames bool) {
	var p struct {
		Ref   string            `json:"$ref"`
		Items json.RawMessage   `json:"items"`
		Each  json.RawMessage   `json:"additionalProperties"`
		AnyOf []json.RawMessage `json:"anyOf"`
		OneOf []json.RawMessage `json:"oneOf"`
	}
	if json.Unmarshal(property, &p) != nil { // "additionalProperties": false
		return "", false
	}
	if p.Ref != "" {
		return strings.TrimPrefix(p.Ref, "#/$defs/"), false
	}
	if sort, _ := sortBehind(p.Each); sort != "" {
		return sort, true
	}
	for _, part := range slices.Concat([]json.RawMessage{p.Items}, p.AnyOf, p.OneOf) {
		if sort, under := sortBehind(part); sort != "" {
			return sort, under
		}
	}
	return "", false
}

// order sorts a mapping's keys as the reference has them; keys that it does not
// know keep their order, at the end.
func (s *shape) order(keys []keyed) []keyed {
	if s == nil || len(s.keys) == 0 {
		return keys
	}
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, func(a, b keyed) int { return s.place(a.key.text) - s.place(b.key.text) })
	return keys
}

func (s *shape) place(key string) int {
	if i := slices.Index(s.keys, key); i >= 0 {
		return i
	}
	return len(s.keys)
}
