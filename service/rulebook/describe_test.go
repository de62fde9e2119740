package rulebook

import (
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"seedbook/service/i18n"
	"seedbook/service/rules"
)

var update = flag.Bool("update", false, "write golden files")

func pack(t *testing.T, name string) *rules.Book {
	t.Helper()
	source, err := rules.Pack(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(source))
}

func parse(t *testing.T, source string) *rules.Book {
	t.Helper()
	book, err := rules.Parse([]byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return book
}

var names = Names{
	Funds:   map[string]string{"CITY": "City seed fund", "SMITH": "Smith Family Fund"},
	Schools: map[string]string{"R07": "Harbor View", "R09": "Mill Creek"},
}

// What every book that we have says, for whoever reviews the words.
func TestEveryBookInPlainWordsGolden(t *testing.T) {
	for name, source := range everyBook(t) {
		book := parse(t, source)
		for _, l := range i18n.Languages {
			compare(t, "testdata/"+name+"."+l.Code+".golden", told(Describe(i18n.For(l.Code), book, names)))
		}
	}
}

// everyBook is every book that ships with Seedbook and every one that the
// engine is tested with.
func everyBook(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range rules.Packs() {
		source, err := rules.Pack(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(source)
	}
	files, err := filepath.Glob("../rules/testdata/books/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no books: %v", err)
	}
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all["books/"+strings.TrimSuffix(filepath.Base(f), ".yaml")] = string(source)
	}
	all["rare"] = rare
	return all
}

// rare says what no other book says.
const rare = `
program: {id: rare, name: Rare, currency: USD, time_zone: America/New_York, rounding: half_up}
versions:
  - {id: v1, effective_from: 2026-07-01, effective_to: 2027-06-30}
  - {id: v2, effective_from: 2027-07-01}
account:
  deposits:
    channels: [cash, employer]
    by_channel:
      - {channels: [employer], max_day: 10.00, max_month: 20.00, max_lifetime: 500.00}
benefits:
  - id: match
    kind: match
    basis: gross_deposits
    amount: {ratio: 0.5}
    period: once
    funding: {sources: [{fund: CITY}], while_funds_last: false}
    vesting: {match_by: age(18), saved: 10.00, last_day: excluded}
    by_version:
      v2: {basis: net_deposits, when: grade == 3, eligible_at: payment_date}
  - id: gift
    kind: seed
    trigger: event(enrolled)
    amount: {fixed: 5.00}
    period: once
    funding: {sources: [{fund: CITY}]}
    by_version:
      v2: {trigger: event(claimed)}
withdrawal: {evidence: [invoice, photo], approvals: 2}
`

func told(sections []Section) string {
	var b strings.Builder
	for _, s := range sections {
		b.WriteString("# " + s.Title + "\n")
		for _, c := range s.Clauses {
			mark := ": "
			if c.Code {
				mark = ": as written: "
			}
			b.WriteString(c.Term + mark + c.Value + "\n")
		}
	}
	return b.String()
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if that is meant, run with -update:\n%s", file, got)
	}
}

// Whatever is changed in a book, its description changes: nothing is left out,
// and nothing is shown as it is written.
func TestNothingThatABookSaysIsLeftOut(t *testing.T) {
	seen := map[string]bool{}
	for name, source := range everyBook(t) {
		o := tree(parse(t, source))
		inWords := func() (all string) {
			for _, l := range i18n.Languages {
				all += told(describe(i18n.For(l.Code), o, Names{}))
			}
			return all
		}
		before := inWords()
		if strings.Contains(before, ": as written: ") {
			t.Errorf("%s has something without words:\n%s", name, before)
		}
		eachLeaf(t, "book", map[string]any(o), func(key string, set func(value string)) {
			if seen[key] = true; wordless[key] != "" || isEvidence(key) {
				return
			}
			set("zz9")
			if inWords() == before {
				t.Errorf("%s: %s is another, and the words are the same", name, key)
			}
			set("")
		})
	}
	for kind, keys := range schemaKeys(t) {
		for key, behind := range keys {
			if behind == "" && !seen[kind+"."+key] && !slices.Contains(evidence, kind) {
				t.Errorf("no book has %s.%s, so nobody knows whether it is told", kind, key)
			}
		}
	}
}

// wordless are the keys of a book that need no words of their own, and why.
var wordless = map[string]string{
	"version.selected_by": "all versions say the same, and the first that says it is told",
	"book.examples":       "they prove what the rest says, and are counted",
}

// evidence are the sorts of mapping that only examples have.
var evidence = []string{"example", "example_child", "example_event", "change", "receipt", "expectation"}

func isEvidence(key string) bool {
	kind, _, _ := strings.Cut(key, ".")
	return kind == "" || slices.Contains(evidence, kind) // facts by their names have no sort
}

// eachLeaf visits every scalar of a tree under the sort of its mapping and its
// key. set changes it, and gives it back its own value for "".
func eachLeaf(t *testing.T, kind string, o map[string]any, visit func(key string, set func(string))) {
	keys := schemaKeys(t)[kind]
	for key, value := range o {
		behind := keys[key]
		switch v := value.(type) {
		case string:
			visit(kind+"."+key, func(to string) { o[key] = cmp.Or(to, v) })
		case []any:
			for i, item := range v {
				switch item := item.(type) {
				case string:
					visit(kind+"."+key, func(to string) { v[i] = cmp.Or(to, item) })
				case map[string]any:
					eachLeaf(t, behind, item, visit)
				}
			}
		case map[string]any:
			if key == "by_version" {
				for _, change := range v {
					eachLeaf(t, behind, change.(map[string]any), visit)
				}
				continue
			}
			eachLeaf(t, behind, v, visit)
		}
	}
}

// schemaKeys are the keys of each sort of mapping, and the sort of mapping that
// stands behind each: "" for a scalar.
var schemaKeys = func() func(t *testing.T) map[string]map[string]string {
	var all map[string]map[string]string
	return func(t *testing.T) map[string]map[string]string {
		if all != nil {
			return all
		}
		var doc struct {
			Defs map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"$defs"`
		}
		if err := json.Unmarshal(rules.Schema(), &doc); err != nil {
			t.Fatal(err)
		}
		all = map[string]map[string]string{}
		for kind, def := range doc.Defs {
			for key, property := range def.Properties {
				if all[kind] == nil {
					all[kind] = map[string]string{}
				}
				text, _ := json.Marshal(property)
				for _, m := range regexp.MustCompile(`#/\$defs/([a-z_]+)`).FindAllSubmatch(text, -1) {
					if doc.Defs[string(m[1])].Properties != nil {
						all[kind][key] = string(m[1])
					}
				}
				if all[kind][key] == "" {
					all[kind][key] = ""
				}
			}
		}
		return all
	}
}()

func TestNoKeyIsShownForAPhrase(t *testing.T) {
	for name, source := range everyBook(t) {
		for _, l := range i18n.Languages {
			if missing := missingKey(told(Describe(i18n.For(l.Code), parse(t, source), Names{}))); missing != "" {
				t.Errorf("%s in %s shows the key %s", name, l.Code, missing)
			}
		}
	}
}

func missingKey(text string) string {
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "rulebook.") {
			return word
		}
	}
	return ""
}
