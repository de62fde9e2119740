package console

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// naughty are the strings of fixtures/hostile.
func naughty(t *testing.T) (out []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "hostile", "naughty_strings.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &out); err != nil || len(out) < 500 {
		t.Fatalf("%d strings: %v", len(out), err)
	}
	return out
}

// heaps are the strings in few pieces of text, so that all of them go through
// every field: a field takes 4000 characters. What no field takes, because of a
// character that cannot be typed, is a heap of its own.
func heaps(all []string) (out []string) {
	var heap, refused strings.Builder
	for _, s := range all {
		s = strings.TrimSpace(s)
		if strings.ContainsFunc(s, unicode.IsControl) {
			refused.WriteString(s + " ")
			continue
		}
		if heap.Len() > 0 && len([]rune(heap.String()+s)) > 3900 {
			out = append(out, heap.String())
			heap.Reset()
		}
		if heap.Len() > 0 {
			heap.WriteString(" ¦ ")
		}
		heap.WriteString(s)
	}
	return append(out, heap.String(), refused.String())
}

// page is a parsed answer.
func page(t *testing.T, a answer) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// every are the elements of a page that are named so; no name: all of them.
func every(doc *html.Node, names ...string) (out []*html.Node) {
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && (len(names) == 0 || slices.Contains(names, n.Data)) {
			out = append(out, n)
		}
	}
	return out
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// ours are the only elements that a page of the console is made of; what else
// is there came out of somebody's text.
var ours = strings.Fields(`html head body meta link title script header nav main footer section article aside h1 h2 h3 h4 p a ul ol li dl dt dd div span
	strong em b i small sub sup abbr bdi time code pre kbd mark del ins hr br table caption thead tbody tfoot tr th td colgroup col
	iframe form fieldset legend label input textarea select option optgroup button details summary progress output figure figcaption img
	svg g rect path line text tspan circle polyline polygon defs desc use symbol noscript template data`)

// escaped fails where a page holds anything that a browser would do because of
// what somebody typed.
func escaped(t *testing.T, where string, doc *html.Node) {
	t.Helper()
	for _, n := range every(doc) {
		if !slices.Contains(ours, n.Data) {
			t.Errorf("%s: a page holds <%s>", where, n.Data)
		}
		if src := attr(n, "src"); n.Data == "script" && (!strings.HasPrefix(src, "/static/") || textOf(n) != "") || n.Data == "img" && !strings.HasPrefix(src, "/static/") || n.Data == "iframe" && !strings.HasPrefix(src, "/help/") {
			t.Errorf("%s: a page holds a %s of %q", where, n.Data, src)
		}
		for _, a := range n.Attr {
			to := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			case slices.Contains([]string{"href", "src", "action", "formaction", "xlink:href"}, a.Key) && (strings.HasPrefix(to, "javascript:") || strings.HasPrefix(to, "data:") || strings.HasPrefix(to, "//")):
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			}
		}
	}
}

// form is a form of some page, with what it would send if nobody typed.
type form struct {
	at, action, method string
	file               bool
	fixed              url.Values
	typed              []string // its fields for text
	plain              []string // of them, those that are filled in as they should be
}

// ends is 1 for a form after which others are not there any more.
func (f form) ends() int {
	for _, last := range []string{"/submit", "/withdraw", "/approve", "/return", "/refuse", "/join", "/disable"} {
		if strings.HasSuffix(f.action, last) {
			return 1
		}
	}
	return 0
}

func (f form) name() string {
	return f.method + " " + numbers.ReplaceAllString(f.action, "N") + " (" + strings.Join(f.typed, ",") + ")"
}

var numbers = regexp.MustCompile(`\d+|[a-z0-9]{26}`)

// forms are those of a page into which somebody can type.
func forms(at string, doc *html.Node) (out []form) {
	for _, n := range every(doc, "form") {
		f := form{at: at, action: attr(n, "action"), method: strings.ToUpper(attr(n, "method")), fixed: url.Values{}, file: attr(n, "enctype") == "multipart/form-data"}
		if f.action == "" {
			f.action = at
		}
		for _, e := range every(n, "input", "textarea", "select", "button") {
			f.add(e)
		}
		if len(f.typed) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func (f *form) add(e *html.Node) {
	name := attr(e, "name")
	kind := attr(e, "type")
	switch {
	case name == "":
	case e.Data == "textarea", e.Data == "input" && slices.Contains([]string{"", "text", "search", "email", "tel", "url", "password", "number", "date"}, kind):
		f.typed = append(f.typed, name)
	case e.Data == "select":
		for i, o := range every(e, "option") {
			if has(o, "selected") || i == 0 || f.fixed.Get(name) == "" {
				f.fixed.Set(name, attr(o, "value"))
			}
		}
	case e.Data == "button":
		if f.fixed.Get(name) == "" {
			f.fixed.Set(name, attr(e, "value"))
		}
	case kind == "hidden", kind == "checkbox" && has(e, "checked"), kind == "radio" && f.fixed.Get(name) == "":
		f.fixed.Add(name, attr(e, "value"))
	case kind == "checkbox" && f.fixed.Get(name) == "":
		f.fixed.Set(name, attr(e, "value"))
	}
}

// again is the form as its page has it by now: other hidden numbers, perhaps.
func (b *browser) again(f *form) {
	for _, n := range forms(f.at, page(b.t, b.get(f.at))) {
		if n.name() == f.name() {
			f.fixed = n.fixed
		}
	}
}

// submit sends a form with one text in every field.
func (b *browser) submit(f form, text string) answer {
	b.t.Helper()
	v := url.Values{}
	for name, values := range f.fixed {
		v[name] = values
	}
	for _, name := range f.typed {
		v.Set(name, text)
	}
	if f.method != "POST" {
		return b.get(f.action + "?" + v.Encode())
	}
	var pairs []string
	for name := range v {
		pairs = append(pairs, name, v.Get(name))
	}
	if f.file {
		return b.send(f.action, text, []byte("Given,Family,Born\n\""+strings.ReplaceAll(text, `"`, `""`)+"\",García,2021-03-14\n"), pairs...)
	}
	return b.post(f.action, pairs...)
}

// stays fails where an answer that refuses a form has lost what was typed, or
// does not say which field is meant.
func stays(t *testing.T, f form, text string, doc *html.Node) {
	t.Helper()
	if strings.ContainsFunc(text, unicode.IsControl) {
		return
	}
	if !slices.ContainsFunc(every(doc, "div"), func(n *html.Node) bool { return attr(n, "id") == "errors" && len(every(n, "li")) > 0 }) {
		t.Errorf("%s: a refusal does not say what is wrong", f.name())
	}
	for _, e := range every(doc, "input", "textarea") {
		if !slices.Contains(f.typed, attr(e, "name")) || slices.Contains([]string{"password", "number", "date", "hidden", "checkbox", "radio"}, attr(e, "type")) {
			continue
		}
		got := attr(e, "value")
		if e.Data == "textarea" {
			got = textOf(e)
		}
		if strings.TrimSpace(got) != strings.TrimSpace(text) {
			t.Errorf("%s: %s came back as %.80q, not %.80q", f.name(), attr(e, "name"), got, text)
		}
	}
}

// walk follows the console's links and gathers the forms with fields for text,
// each once, from at most so many pages of a kind.
func (b *browser) walk(from []string, ofAKind int) (found []form, said string) {
	b.t.Helper()
	seen, kinds, have := map[string]bool{}, map[string]int{}, map[string]bool{}
	var all strings.Builder
	for len(from) > 0 {
		path := from[0]
		from = from[1:]
		plain, _, _ := strings.Cut(path, "#")
		kind, _, _ := strings.Cut(numbers.ReplaceAllString(plain, "N"), "?")
		if seen[plain] || kinds[kind] >= ofAKind || strings.Contains(kind, "/static/") {
			continue
		}
		seen[plain] = true
		kinds[kind]++
		a := b.get(plain)
		if a.status == http.StatusSeeOther {
			from = append(from, a.to)
			continue
		}
		if a.status >= 500 {
			b.t.Errorf("GET %s: %d", plain, a.status)
		}
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			continue
		}
		doc := page(b.t, a)
		escaped(b.t, "GET "+plain, doc)
		all.WriteString(textOf(doc) + "\n")
		for _, f := range forms(plain, doc) {
			if !have[f.name()] {
				have[f.name()] = true
				found = append(found, f)
			}
		}
		for _, n := range every(doc, "a") {
			if to := attr(n, "href"); strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
				from = append(from, to)
			}
		}
	}
	return found, all.String()
}

func TestHostileTextInEveryFieldOfEveryForm(t *testing.T) {
	if raced {
		t.Skip("one request after the other, thousands of them: make test runs it once more without race detection")
	}
	t.Parallel()
	o, b := city(t)
	there := things(t, o, b)
	maker, checker := o.signedIn(t, auth.TenantAdmin, auth.ProgramManager, auth.Operator), o.signedIn(t, auth.Approver)
	// A draft, so that there is something to write in.
	if a := maker.post(riverbend+"/rules", "from", "pack:city", "then", "text"); a.status != http.StatusSeeOther {
		t.Fatalf("a draft: %d", a.status)
	}
	from := []string{"/", riverbend}
	for _, to := range addresses {
		to = strings.ReplaceAll(to, "{p}", riverbend)
		for name, id := range there {
			to = strings.ReplaceAll(to, "{"+name+"}", id)
		}
		from = append(from, to)
	}
	slices.Sort(from)
	texts := heaps(naughty(t)) // one by one below, where the other fields are right
	taken := map[string][]string{}
	for _, person := range []*browser{maker, checker} {
		all, _ := person.walk(from, 3)
		if len(all) < 5 {
			t.Fatalf("found only %d forms", len(all))
		}
		// What ends something comes last.
		slices.SortStableFunc(all, func(a, b form) int { return cmp.Compare(a.ends(), b.ends()) })
		for _, f := range all {
			for _, text := range texts {
				person.attack(&f, text, taken)
			}
			// Its fields for numbers and days filled in as they should be.
			f.plain = f.typed
			f.fill()
			for _, text := range dangerous {
				person.attack(&f, text, taken)
			}
		}
	}
	// Everything that was stored is on some page, whole, and harmless there.
	_, said := maker.walk(from, 40)
	_, more := checker.walk(from, 40)
	said = squeeze(said + more)
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		lost := 0
		for _, text := range taken[name] {
			if !strings.Contains(said, squeeze(text)) {
				lost++
			}
		}
		t.Logf("%s: taken %d times, %d of them on no page", name, len(taken[name]), lost)
		// Of a rule book's text the last one stands.
		if lost > 0 && !strings.Contains(name, "/rules/N/text") {
			t.Errorf("%s: %d of %d texts are lost", name, lost, len(taken[name]))
		}
	}
	if len(taken) < 10 {
		t.Errorf("only %d forms took a text: %v", len(taken), slices.Sorted(maps.Keys(taken)))
	}
}

// addNaughty puts children on record whose names are the strings, as far as
// somebody could be called so, and returns the names.
func (o *office) addNaughty(t *testing.T) (called []string) {
	t.Helper()
	var families []family.New
	for _, s := range naughty(t) {
		s = strings.TrimSpace(s)
		if s == "" || strings.ContainsFunc(s, unicode.IsControl) {
			continue
		}
		called = append(called, s)
		families = append(families, family.New{
			Children:  []family.NewChild{{Person: family.Person{Given: s, Family: "García", BornOn: ledger.NewDate(2019, 3, 14)}}},
			Guardians: []family.Guardian{{Given: "María", Family: s, Phone: "+16145550000"}},
		})
	}
	book, err := rules.Parse([]byte(`
program: {id: open, name: Open, currency: USD, time_zone: America/New_York, rounding: half_up}
versions: [{id: v1, effective_from: 2000-01-01}]
enrollment: {mode: auto_opt_out}
benefits:
  - {id: seed, kind: seed, trigger: event(enrolled), amount: {fixed: 50.00}, period: once, funding: {sources: [{fund: CITY}]}}
`))
	if err != nil {
		t.Fatal(err)
	}
	err = o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		p, err := program.ByCode(t.Context(), tx, "riverbend")
		if err != nil {
			return err
		}
		added, err := family.Add(t.Context(), tx, o.who, o.keys, families, o.clock)
		if err != nil {
			return err
		}
		var applications []enroll.Application
		for _, children := range added {
			applications = append(applications, enroll.Application{Child: children[0], On: ledger.NewDate(2026, 10, 1)})
		}
		_, err = enroll.Admit(t.Context(), tx, o.who, o.keys, p, book, applications, o.clock)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return called
}

func TestChildrenMayBeCalledAnything(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	called := o.addNaughty(t)
	if len(called) < 450 {
		t.Fatalf("only %d children", len(called))
	}
	var said strings.Builder
	for next, n := riverbend+"/children", 0; next != "" && n < 50; n++ {
		doc := page(t, b.get(next))
		escaped(t, next, doc)
		said.WriteString(textOf(doc) + "\n")
		next = ""
		for _, a := range every(doc, "a") {
			to := attr(a, "href")
			if strings.Contains(to, "after=") {
				next = to
			}
			if n%5 == 0 && regexp.MustCompile(`/children/\d+$`).MatchString(to) {
				escaped(t, to, page(t, b.get(to)))
			}
		}
	}
	all := squeeze(said.String())
	for i, s := range called {
		if !strings.Contains(all, squeeze(s)) {
			t.Errorf("nobody is called %q", s)
		}
		if i%4 != 0 {
			continue
		}
		a := b.get(riverbend + "/children?q=" + url.QueryEscape(s))
		doc := page(t, a)
		escaped(t, "search", doc)
		if a.status != http.StatusOK {
			t.Errorf("searching for %q: %d", s, a.status)
		}
		for _, e := range every(doc, "input") {
			if attr(e, "name") == "q" && attr(e, "value") != s {
				t.Errorf("searching for %q: the field says %q", s, attr(e, "value"))
			}
		}
	}
	for _, file := range []string{"children.csv", "children.xlsx"} {
		if a := b.get(riverbend + "/" + file); a.status != http.StatusOK {
			t.Errorf("%s: %d", file, a.status)
		}
	}
}

// squeeze is a text as a page shows it, whatever the spaces.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// usual are answers to fields that are not for free text.
var usual = map[string]string{
	"amount": "1.00", "double": "1.00", "children": "3", "on": "2026-10-01", "as_of": "2026-10-05", "enroll_on": "2026-10-01", "from": "2026-10-01", "until": "2026-10-02",
	"effective_on": "2027-01-01", "seed": "7", "email": "new.person@riverbend.test", "networks": "10.0.0.0/8", "value": "1.00", "subject": "1", "revision": "1",
}

// fill leaves only fields of free text to be filled in.
func (f *form) fill() {
	f.fixed = maps.Clone(f.fixed)
	f.typed = slices.DeleteFunc(slices.Clone(f.typed), func(name string) bool { return usual[name] != "" })
	for _, name := range f.plain {
		if usual[name] != "" {
			f.fixed.Set(name, usual[name])
		}
	}
}

// attack sends a form with a text in all its fields.
func (b *browser) attack(f *form, text string, taken map[string][]string) {
	t := b.t
	t.Helper()
	if strings.HasPrefix(f.action, "/sign-") || strings.HasPrefix(f.action, "/account/") || len(f.typed) == 0 {
		return // of one's own session and secrets: in their own tests
	}
	a := b.submit(*f, text)
	doc := page(t, a)
	escaped(t, f.name(), doc)
	switch {
	case a.status >= 500:
		t.Errorf("%s: %d for %.60q", f.name(), a.status, text)
	case a.status == http.StatusUnprocessableEntity && f.method == "POST":
		stays(t, *f, text, doc)
	case a.status == http.StatusSeeOther:
		taken[f.name()] = append(taken[f.name()], text)
		escaped(t, f.name()+", and then", page(t, b.get(a.to)))
		b.again(f)
	}
}

// dangerous are those that fit a short field.
var dangerous = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' OR 1=1 --`, `javascript:alert(1)`, `=HYPERLINK("x")`,
	"\u202etest\u202c", "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮", "👩🏽‍👩🏽", "{{7*7}}${7*7}", "&lt;&amp;#60;", "NULL", "表ポあA鷗", "\ufeffname", "x' AND pg_sleep(1) --", "../../etc/passwd", "%00%0d%0a",
}
