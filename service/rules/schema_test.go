package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// published is the schema as a test needs it.
type published struct {
	Defs map[string]definition `json:"$defs"`
}

type definition struct {
	Required   []string            `json:"required"`
	Properties map[string]property `json:"properties"`
}

type property struct {
	Description string `json:"description"`
	Enum        []any  `json:"enum"`
	Ref         string `json:"$ref"`
	Items       struct {
		Ref string `json:"$ref"`
	} `json:"items"`
}

func readSchema(t testing.TB) published {
	t.Helper()
	var p published
	if err := json.Unmarshal(Schema(), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rulebook.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rulebook.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// everyBook is every rule book that this package has.
func everyBook(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{"good": good}
	for _, name := range Packs() {
		src, err := Pack(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(src)
	}
	files, _ := filepath.Glob("testdata/books/*.yaml")
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[f] = string(src)
	}
	return all
}

// asJSON is what an editor hands to a schema: YAML's own numbers and flags.
func asJSON(src string) (any, error) {
	text, err := yaml.YAMLToJSON([]byte(src))
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// passes reports whether a schema takes a rule book.
func passes(s *jsonschema.Schema, src string) error {
	doc, err := asJSON(src)
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

func TestTheSchemaTakesEveryBookAndItsNormalForm(t *testing.T) {
	s := compileSchema(t)
	for name, src := range everyBook(t) {
		if err := passes(s, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := passes(s, string(mustParse(t, src).Normal())); err != nil {
			t.Errorf("the normal form of %s: %v", name, err)
		}
	}
}

// TestTheSchemaRefusesWhatItCanSee: the shape, not the sense. YAML's own
// numbers lose how they were written, so some amounts pass that Parse refuses.
func TestTheSchemaRefusesWhatItCanSee(t *testing.T) {
	s := compileSchema(t)
	shape := []string{
		"unknown_key", "missing_key", "not_mapping", "not_list", "amount_range", "not_amount", "ratio_range", "one_formula", "not_name",
	}
	sense := []string{"key=on_withdrawal", "key=until", "key=amount", "key=of", "key=stops_at", "key=benefit", "key=child", "1_000", "0x32", "5e1", "50.005"}
	for _, test := range spoilt {
		if !slices.Contains(shape, test.code) || slices.ContainsFunc(sense, func(w string) bool { return strings.Contains(test.at, w) }) {
			continue
		}
		if passes(s, strings.Replace(good, test.old, test.by, 1)) == nil {
			t.Errorf("%s by %q passes", test.code, test.by)
		}
	}
}

// askedFor is what the decoder asks of each kind of mapping, gathered from
// every book we have.
func askedFor(t testing.TB) map[string][]string {
	t.Helper()
	d := &decoder{keys: map[string][]string{}}
	for _, src := range everyBook(t) {
		root, _ := readYAML([]byte(src))
		d.book(root)
	}
	return d.keys
}

func TestTheSchemaHasExactlyTheKeysThatAreRead(t *testing.T) {
	p := readSchema(t)
	asked := askedFor(t)
	for kind, def := range p.Defs {
		if len(def.Properties) == 0 {
			continue
		}
		want, got := slices.Sorted(slices.Values(asked[kind])), sortedKeys(def.Properties)
		if !slices.Equal(want, got) {
			t.Errorf("%s: the schema has %v, the decoder reads %v", kind, got, want)
		}
		for key, prop := range def.Properties {
			if prop.Description == "" {
				t.Errorf("%s.%s has no description", kind, key)
			}
		}
	}
	for kind := range asked {
		if _, ok := p.Defs[kind]; !ok {
			t.Errorf("the schema has no %s", kind)
		}
	}
}

func TestTheSchemaHasExactlyTheWordsThatAreRead(t *testing.T) {
	p := readSchema(t)
	for _, test := range []struct {
		kind, key string
		want      []string
	}{
		{"benefit", "kind", asStrings(benefitKinds)},
		{"fact", "type", asStrings(factTypes)},
		{"shared_cap", "period", asStrings(periodKinds)},
		{"within", "period", asStrings(periodKinds)},
		{"program", "currency", currencies},
	} {
		if got := fmt.Sprint(p.Defs[test.kind].Properties[test.key].Enum); got != fmt.Sprint(test.want) {
			t.Errorf("%s.%s: the schema has %s, the decoder reads %s", test.kind, test.key, got, test.want)
		}
	}
	// The rest by trying: each word of the schema is read, and no other.
	for kind, def := range p.Defs {
		for key, prop := range def.Properties {
			for _, word := range prop.Enum {
				tryWord(t, kind, key, fmt.Sprint(word))
			}
		}
	}
}

// tryWord reads a mapping of a kind with one word in it.
func tryWord(t *testing.T, kind, key, word string) {
	t.Helper()
	read := map[string]func(d *decoder, c *compiler, b *Book, n *node){
		"program":       func(d *decoder, _ *compiler, _ *Book, n *node) { d.program(n) },
		"version":       func(d *decoder, _ *compiler, _ *Book, n *node) { d.versions(&node{kind: list, items: []*node{n}}) },
		"fact":          func(d *decoder, _ *compiler, _ *Book, n *node) { d.facts(&node{kind: list, items: []*node{n}}) },
		"enrollment":    func(_ *decoder, c *compiler, b *Book, n *node) { c.enrollment(b, n) },
		"claim":         func(_ *decoder, c *compiler, b *Book, n *node) { c.claim(b, n) },
		"vesting":       func(_ *decoder, c *compiler, b *Book, n *node) { c.vesting(b, n) },
		"tier":          func(_ *decoder, c *compiler, b *Book, n *node) { c.terms(b, n) },
		"benefit":       func(_ *decoder, c *compiler, b *Book, n *node) { c.terms(b, n) },
		"within":        func(d *decoder, _ *compiler, b *Book, n *node) { d.caps(b, wrap("within", wrapList(n))) },
		"pay":           func(d *decoder, _ *compiler, _ *Book, n *node) { d.pay(n) },
		"undo":          func(d *decoder, _ *compiler, _ *Book, n *node) { d.undo(n) },
		"funding":       func(_ *decoder, c *compiler, _ *Book, n *node) { c.funding(&terms{}, n) },
		"streak":        func(d *decoder, _ *compiler, _ *Book, n *node) { d.streak(n) },
		"carry_forward": func(_ *decoder, c *compiler, b *Book, n *node) { c.carry(b, n) },
		"shared_cap":    func(_ *decoder, c *compiler, b *Book, n *node) { c.sharedCaps(b, wrapList(n)) },
		"expiry":        func(_ *decoder, c *compiler, b *Book, n *node) { c.expiry(b, n) },
		"table":         func(d *decoder, _ *compiler, b *Book, n *node) { d.tables(b, wrapList(n)) },
		"table_key":     func(d *decoder, _ *compiler, _ *Book, n *node) { d.tableKeys(&Table{}, wrapList(n)) },
		"amount_row":    func(_ *decoder, c *compiler, _ *Book, n *node) { c.rowFrom(n.get("from"), gradeFact) },
		"expectation":   func(d *decoder, _ *compiler, b *Book, n *node) { d.expectation(b, n, &Example{}) },
		"exit":          func(d *decoder, _ *compiler, b *Book, n *node) { d.exits(b, wrapList(n)) },
		"account":       func(_ *decoder, c *compiler, b *Book, n *node) { c.account(b, n) },
		"title":         func(_ *decoder, c *compiler, b *Book, n *node) { c.account(b, wrap("title", n)) },
		"deposits":      func(_ *decoder, c *compiler, b *Book, n *node) { c.depositLimits(b, n) },
		"withdrawal":    func(d *decoder, _ *compiler, _ *Book, n *node) { d.withdrawal(n) },
		"exit_choice":   func(d *decoder, _ *compiler, _ *Book, n *node) { d.exitChoice(n) },
		"dormancy":      func(d *decoder, _ *compiler, _ *Book, n *node) { d.dormancy(n) },
		"example_event": func(d *decoder, _ *compiler, b *Book, n *node) { d.event(b, n, &ExampleChild{}) },
	}[kind]
	if read == nil {
		if kind != "benefit_change" { // the same keys as benefit
			t.Errorf("nobody tries the words of %s.%s", kind, key)
		}
		return
	}
	b := mustParse(t, good)
	d := &decoder{}
	read(d, &compiler{decoder: d, words: b.facts, done: map[string]*predicate{}}, b, wrap(key, &node{kind: scalar, text: word, path: key}))
	for _, problem := range d.problems {
		if problem.Path == key && (problem.Code == "unknown_value" || problem.Code == "unknown_key") {
			t.Errorf("%s.%s: %v", kind, key, problem)
		}
	}
}

func wrap(key string, value *node) *node {
	return &node{kind: mapping, keys: []keyed{{&node{kind: scalar, text: key}, value}}}
}

func wrapList(n *node) *node { return &node{kind: list, items: []*node{n}} }
