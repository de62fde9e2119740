package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/web/console/pages/samples"
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
	seen := map[string]string{"h": "home", "a": "approvals"}
	for _, at := range append(append([]place{}, places...), offices...) {
		if other, taken := seen[at.key]; taken || len(at.key) != 1 {
			t.Errorf("%q leads to %s and to %s", at.key, at.name, other)
		}
		seen[at.key] = at.name
	}
}
