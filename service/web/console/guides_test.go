package console

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"seedbook/service/web/console/pages/samples"
	"seedbook/service/web/parts"
)

// TestGuidesShowTheRealPages: every picture of every guide is a page that there
// is, framed by us alone, and no other sample is served.
func TestGuidesShowTheRealPages(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	pictures := 0
	for _, one := range guides {
		page := b.get("/help/guides/" + one.name)
		if page.status != http.StatusOK || !strings.Contains(page.header.Get("Content-Security-Policy"), "frame-src 'self'") {
			t.Fatalf("%s: %d, %s", one.name, page.status, page.header.Get("Content-Security-Policy"))
		}
		for _, m := range regexp.MustCompile(`<iframe src="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
			pictures++
			picture := b.get(m[1])
			policy := picture.header.Get("Content-Security-Policy")
			if picture.status != http.StatusOK || !strings.Contains(policy, "frame-ancestors 'self'") || strings.Contains(policy, "'none'; object") {
				t.Errorf("%s: %d, %s", m[1], picture.status, policy)
			}
		}
	}
	if pictures < 15 {
		t.Errorf("%d pictures in all guides", pictures)
	}
	for _, page := range samples.Pages {
		if a := b.get("/help/pictures/" + page.Name); (a.status == http.StatusOK) != inGuides(page.Name) {
			t.Errorf("the sample %s: %d", page.Name, a.status)
		}
	}
	if a := b.get("/help/guides/nobody"); a.status != http.StatusNotFound {
		t.Errorf("a guide for nobody: %d", a.status)
	}
	if ordinary := b.get("/help"); !strings.Contains(ordinary.header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Error("an ordinary page may be framed")
	}
}

// TestEveryLetterLeadsToOnePlace: no two places have the same key.
func TestEveryLetterLeadsToOnePlace(t *testing.T) {
	seen := map[string]string{"h": "home"}
	for _, s := range navigation {
		for _, at := range s.places {
			if other, taken := seen[at.key]; at.key != "" && (taken || len(at.key) != 1) {
				t.Errorf("%q leads to %s and to %s", at.key, at.name, other)
			}
			seen[at.key] = at.name
		}
	}
}

// TestTheNavigationAsksForWhatItsPagesAskFor: nobody is led to a page that
// refuses, and each page lights up its own place.
func TestTheNavigationAsksForWhatItsPagesAskFor(t *testing.T) {
	if n := len(navigation); n > 9 {
		t.Errorf("%d sections are more than one sees at a glance", n)
	}
	for _, s := range navigation {
		for _, at := range s.places {
			path := "/p/:program" + at.path
			if at.office {
				path = at.path
			}
			i := slices.IndexFunc(routes, func(r route) bool { return r.method == get && r.path == path })
			if i < 0 || routes[i].may != at.may {
				t.Errorf("%s leads to %s and does not ask for what that asks for", at.name, path)
			}
		}
	}
}

func TestAPageLightsUpItsOwnPlace(t *testing.T) {
	for path, want := range map[string]string{
		"/p/x/children/7/family": "children", "/p/x/children/new": "children/new", "/p/x/pictures/equity": "pictures/equity",
		"/p/x/pictures/files/a.csv": "pictures", "/p/x/childrens": "", "/elsewhere": "",
	} {
		nav := []parts.Section{
			{Places: []parts.Link{{Text: "children", To: "/p/x/children"}, {Text: "children/new", To: "/p/x/children/new"}}},
			{Places: []parts.Link{{Text: "pictures", To: "/p/x/pictures"}, {Text: "pictures/equity", To: "/p/x/pictures/equity"}}},
		}
		mark(nav, path)
		got, sections := "", 0
		for _, s := range nav {
			if s.Current {
				sections++
			}
			for _, l := range s.Places {
				if l.Current {
					got += l.Text
				}
			}
		}
		if got != want || sections != min(len(want), 1) {
			t.Errorf("%s lights up %q in %d sections, want %q", path, got, sections, want)
		}
	}
}
