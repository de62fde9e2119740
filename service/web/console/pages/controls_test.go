package pages_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"seedbook/service/web/console/pages/samples"
	"seedbook/service/web/parts"
)

// controls are the fields of a page that a person fills in, by name.
func controls(root *html.Node) map[string]*html.Node {
	out := map[string]*html.Node{}
	for _, n := range all(root) {
		name := attr(n, "name")
		if name == "" || !slices.Contains([]string{"input", "select", "textarea"}, n.Data) || slices.Contains([]string{"hidden", "checkbox", "radio"}, attr(n, "type")) || inSearch(n) {
			continue
		}
		out[name] = n
	}
	return out
}

// inSearch reports a field of a filter: what cannot be read of an address is
// answered with a page of its own.
func inSearch(n *html.Node) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "form" {
			return attr(p, "method") == "get"
		}
	}
	return false
}

// TestEveryFieldTellsItsOwnError: whichever field of whichever form is refused, the
// title says so, the summary leads to the field, and the field names its error.
func TestEveryFieldTellsItsOwnError(t *testing.T) {
	told := 0
	for _, page := range samples.Pages {
		before, _ := render(t, page, "en")
		for name := range controls(before) {
			const words = "This is what is wrong with it."
			frame := samples.Frame("en", parts.Assets{})
			frame.Problems = []parts.Problem{{Field: name, Text: words}}
			var b bytes.Buffer
			filled := page.Fill(frame)
			frame.Problems = []parts.Problem{{Field: name, Text: words}} // some samples bring their own
			if err := filled.Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			root, err := html.Parse(&b)
			if err != nil {
				t.Fatal(err)
			}
			told++
			checkRefused(t, page.Name+": "+name, root, controls(root)[name], words)
		}
	}
	if told < 100 {
		t.Errorf("only %d fields", told)
	}
}

func checkRefused(t *testing.T, where string, root, field *html.Node, words string) {
	t.Helper()
	if field == nil {
		t.Errorf("%s: is gone where it is refused", where)
		return
	}
	ids := map[string]*html.Node{}
	leads := false
	for _, n := range all(root) {
		if id := attr(n, "id"); id != "" {
			ids[id] = n
		}
		leads = leads || n.Data == "a" && attr(n, "href") == "#"+attr(field, "id")
		if n.Data == "title" && !strings.HasPrefix(text(n), "Error: ") {
			t.Errorf("%s: the title is %q", where, text(n))
		}
	}
	if !leads {
		t.Errorf("%s: the summary does not lead to it", where)
	}
	if attr(field, "aria-invalid") != "true" {
		t.Errorf("%s: is not marked as wrong", where)
	}
	said := false
	for _, id := range strings.Fields(attr(field, "aria-describedby")) {
		said = said || ids[id] != nil && strings.Contains(text(ids[id]), words)
	}
	if !said {
		t.Errorf("%s: its description does not say what is wrong", where)
	}
}

// text is all the text in a node, as it is.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// TestNobodyIsKeptFromPastingOrFillingIn: WCAG 3.3.8 and 1.3.5. A password manager
// and a telephone's keyboard know what belongs into a field of one's own.
func TestNobodyIsKeptFromPastingOrFillingIn(t *testing.T) {
	own := map[string][]string{"password": {"current-password", "new-password"}, "one_time_code": {"one-time-code"}}
	seen := map[string]int{}
	for _, page := range samples.Pages {
		root, _ := render(t, page, "en")
		for name, n := range controls(root) {
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: %s has a handler %s", page.Name, name, a.Key)
				}
			}
			if attr(n, "readonly") != "" {
				t.Errorf("%s: %s is shown as a field and cannot be filled in", page.Name, name)
			}
			kind := attr(n, "type")
			if kind == "password" {
				name = "password"
			}
			want, ok := own[name]
			if !ok {
				continue
			}
			seen[name]++
			if !slices.Contains(want, attr(n, "autocomplete")) {
				t.Errorf("%s: %s has autocomplete %q, want one of %v", page.Name, name, attr(n, "autocomplete"), want)
			}
		}
		if strings.HasPrefix(page.Name, "sign-in") {
			if email := controls(root)["email"]; email != nil && !strings.Contains(attr(email, "autocomplete"), "username") {
				t.Errorf("%s: the e-mail address has autocomplete %q", page.Name, attr(email, "autocomplete"))
			}
		}
	}
	if seen["password"] == 0 || seen["one_time_code"] == 0 {
		t.Errorf("saw %v", seen)
	}
}

// TestWhatHappensIsAnnounced: WCAG 4.1.3. What appears without a new page, and what
// was just done, stands where a screen reader listens.
func TestWhatHappensIsAnnounced(t *testing.T) {
	seen := map[string]int{}
	for _, page := range samples.Pages {
		frame := samples.Frame("en", parts.Assets{})
		filled := page.Fill(frame)
		frame.Notice = "It is done."
		var b bytes.Buffer
		if err := filled.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		root, err := html.Parse(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range all(root) {
			class := " " + attr(n, "class") + " "
			switch {
			case strings.Contains(class, " usa-alert "):
				if role := attr(n, "role"); role != "status" && role != "alert" {
					t.Errorf("%s: a message has role %q", page.Name, role)
				}
				seen["message"]++
			case strings.Contains(class, " sb-progress "):
				if !slices.ContainsFunc(all(n), func(c *html.Node) bool { return attr(c, "role") == "status" }) {
					t.Errorf("%s: progress is not announced", page.Name)
				}
				seen["progress"]++
			case attr(n, "data-passkey") != "":
				if !slices.ContainsFunc(all(n), func(c *html.Node) bool { return attr(c, "role") == "status" }) {
					t.Errorf("%s: what a passkey does is not announced", page.Name)
				}
				seen["passkey"]++
			}
		}
	}
	if seen["message"] < len(samples.Pages) || seen["progress"] == 0 || seen["passkey"] == 0 {
		t.Errorf("saw %v", seen)
	}
}

// TestEveryPageHasATitleOfItsOwn: of pages open side by side each is told apart by
// its title, which says where it is.
func TestEveryPageHasATitleOfItsOwn(t *testing.T) {
	titles := map[string]string{}
	for _, page := range samples.Pages {
		root, _ := render(t, page, "en")
		title, trail := "", []string{}
		for _, n := range all(root) {
			if n.Data == "title" {
				title = strings.TrimPrefix(text(n), "Error: ")
			}
			if strings.Contains(attr(n, "class"), "usa-breadcrumb__link") {
				trail = append(trail, words(n))
			}
		}
		// Several states of one page have one title.
		kind, _, _ := strings.Cut(page.Name, "-")
		if other, ok := titles[title]; ok && other != kind {
			t.Errorf("%s and %s are both called %q", page.Name, other, title)
		}
		titles[title] = kind
		if len(trail) > 1 && !strings.Contains(title, trail[len(trail)-1]) {
			t.Errorf("%s: %q does not say that it belongs to %q", page.Name, title, trail[len(trail)-1])
		}
	}
}
