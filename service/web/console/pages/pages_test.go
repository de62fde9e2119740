package pages_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"seedbook/service/i18n"
	"seedbook/service/web/console/pages/samples"
	"seedbook/service/web/parts"
)

var update = flag.Bool("update", false, "write golden files")

func render(t *testing.T, page samples.Page, lang string) (*html.Node, string) {
	t.Helper()
	var b bytes.Buffer
	frame := samples.Frame(lang, parts.Assets{Style: "/s.css", Mark: "/m.svg", Scripts: []string{"/h.js"}})
	if err := page.Fill(frame).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	return root, b.String()
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// all returns every element of a page.
func all(root *html.Node) []*html.Node {
	var out []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			out = append(out, n)
		}
	}
	return out
}

// words is the text that a person reads within a node.
func words(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestEveryPageIsWhole(t *testing.T) {
	for _, page := range samples.Pages {
		for _, l := range i18n.Languages {
			t.Run(page.Name+"/"+l.Code, func(t *testing.T) {
				root, _ := render(t, page, l.Code)
				count := map[string]int{}
				ids := map[string]int{}
				labels := map[string]bool{}
				for _, n := range all(root) {
					count[n.Data]++
					if id := attr(n, "id"); id != "" {
						ids[id]++
					}
					if n.Data == "label" {
						labels[attr(n, "for")] = true
					}
				}
				if count["h1"] != 1 || count["main"] != 1 || count["title"] != 1 {
					t.Errorf("h1 %d, main %d, title %d; want one of each", count["h1"], count["main"], count["title"])
				}
				for id, n := range ids {
					if n > 1 {
						t.Errorf("id %q stands %d times", id, n)
					}
				}
				for _, n := range all(root) {
					checkElement(t, n, l.Code, labels, ids)
				}
			})
		}
	}
}

func checkElement(t *testing.T, n *html.Node, lang string, labels map[string]bool, ids map[string]int) {
	t.Helper()
	switch n.Data {
	case "html":
		if attr(n, "lang") != lang {
			t.Errorf("lang is %q", attr(n, "lang"))
		}
	case "input", "select", "textarea":
		if kind := attr(n, "type"); kind != "hidden" && !labels[attr(n, "id")] {
			t.Errorf("the %s %q has no label", n.Data, attr(n, "name"))
		}
	case "a":
		if attr(n, "href") == "" || words(n) == "" {
			t.Errorf("a link to %q says %q", attr(n, "href"), words(n))
		}
		if to, ok := strings.CutPrefix(attr(n, "href"), "#"); ok && to != "en" && to != "es" && ids[to] == 0 && to != "" {
			t.Errorf("a link to #%s, which is not there", to)
		}
	case "button", "th", "caption", "summary", "legend", "dt":
		if words(n) == "" {
			t.Errorf("an empty %s", n.Data)
		}
	case "table":
		if !slices.ContainsFunc(all(n), func(c *html.Node) bool { return c.Data == "caption" }) {
			t.Error("a table without caption")
		}
	case "form":
		if method := attr(n, "method"); method != "post" && method != "get" || attr(n, "action") == "" {
			t.Errorf("a form with method %q and action %q", method, attr(n, "action"))
		}
	case "img":
		if !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "alt" }) {
			t.Error("an image without alt")
		}
	}
	for _, name := range []string{"aria-describedby", "aria-labelledby"} {
		for _, id := range strings.Fields(attr(n, name)) {
			if ids[id] == 0 {
				t.Errorf("%s names %q, which is not there", name, id)
			}
		}
	}
}

// What staff read, in both languages, for whoever reviews the words.
func TestTheWordsOfEveryPageGolden(t *testing.T) {
	for _, page := range samples.Pages {
		for _, l := range i18n.Languages {
			root, _ := render(t, page, l.Code)
			var b strings.Builder
			lines(&b, root)
			compare(t, "testdata/"+page.Name+"."+l.Code+".golden", b.String())
		}
	}
}

// lines writes a page's words, a block a line.
func lines(b *strings.Builder, n *html.Node) {
	if n.Type == html.ElementNode {
		if attr(n, "class") == "sb-nav" {
			return // the same on every page: the console's own tests read it
		}
		switch n.Data {
		case "script", "style", "svg", "noscript":
			return
		case "title", "h1", "h2", "h3", "p", "a", "button", "label", "dt", "dd", "th", "td", "caption", "li", "summary", "option", "figcaption":
			if !slices.ContainsFunc(all(n), isBlock) {
				if text := words(n); text != "" {
					b.WriteString(n.Data + ": " + text + "\n")
				}
				return
			}
		}
	}
	for c := range n.ChildNodes() {
		lines(b, c)
	}
}

func isBlock(n *html.Node) bool {
	return slices.Contains([]string{"p", "h2", "h3", "li", "dl", "form", "div", "table"}, n.Data)
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

// A name that is markup, a script or a formula is shown as it is.
func TestNaughtyWordsStayWords(t *testing.T) {
	for _, naughty := range []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", "=1+1", "{{.n}}", "\u202egnp.exe"} {
		frame := samples.Frame("en", parts.Assets{})
		var b bytes.Buffer
		if err := samples.Named(frame, naughty).Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range all(root) {
			if n.Data == "script" || attr(n, "onerror") != "" || strings.HasPrefix(attr(n, "href"), "javascript:") {
				t.Errorf("%q became %s", naughty, n.Data)
			}
		}
		if !strings.Contains(words(root), strings.Join(strings.Fields(naughty), " ")) {
			t.Errorf("%q is not shown as it is", naughty)
		}
	}
}
