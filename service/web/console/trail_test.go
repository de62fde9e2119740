package console

import (
	"encoding/csv"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/auth"
	"seedbook/service/i18n"
)

func TestTheTrailTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	b.post(riverbend+"/children/views", "name", "First", "query", "")
	b.get(riverbend + "/children.csv?state=enrolled&col=total")
	if a := b.get("/trail"); a.status == http.StatusOK {
		t.Error("an operator reads the trail")
	}
	auditor := o.signedIn(t, auth.Auditor)
	page := auditor.get("/trail?what=child.list_exported")
	if page.status != http.StatusOK || !strings.Contains(page.body, "List of children taken out") || !strings.Contains(page.body, "<td data-label=\"Who\"") || !strings.Contains(page.body, "Rosa Delgado") {
		t.Errorf("the trail of downloads: %d", page.status)
	}
	if !strings.Contains(page.body, "<code>columns</code>") || !strings.Contains(page.body, "reference") {
		t.Error("the trail does not say what was taken out, or from where")
	}
	if a := auditor.get("/trail?what=child.list_exported&until=2026-10-04"); !strings.Contains(a.body, "Nothing matches") {
		t.Error("the day before, something was taken out")
	}
	if a := auditor.get("/trail?from=yesterday"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %d", a.status)
	}
	seen := map[string]bool{}
	for to := "/trail?what=child.exported"; to != ""; {
		page := auditor.get(to)
		for _, m := range regexp.MustCompile(`>Child (\d+)<`).FindAllStringSubmatch(page.body, -1) {
			if seen[m[1]] {
				t.Errorf("child %s is on two pages", m[1])
			}
			seen[m[1]] = true
		}
		to = ""
		if next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page.body); next != nil {
			to = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(auditor.get("/trail.csv?what=child.exported").body, "\ufeff"))).ReadAll()
	if err != nil || len(rows)-1 != len(seen) || len(seen) == 0 {
		t.Errorf("%d rows in the file, %v, %d children on the pages", len(rows), err, len(seen))
	}
	if a := auditor.get("/trail?what=trail.exported"); !strings.Contains(a.body, "Trail taken out") {
		t.Error("that the trail was taken out is not in it")
	}
}

// TestEveryVerbHasWords reads the verbs from the source.
func TestEveryVerbHasWords(t *testing.T) {
	t.Parallel()
	literal := regexp.MustCompile(`(?:Verb: |viewed\(g, [a-z], )"([a-z]+\.[a-z_]+)"`)
	found := map[string]bool{}
	for _, root := range []string{"../../../service", "../../../jobs", "../../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range literal.FindAllStringSubmatch(string(source), -1) {
				found[m[1]] = !strings.HasSuffix(m[1], "_")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 30 {
		t.Fatalf("only %d verbs were found", len(found))
	}
	for _, lang := range i18n.Languages {
		words := i18n.For(lang.Code)
		for verb, whole := range found {
			if whole && !words.Has("trail.verb."+strings.ReplaceAll(verb, ".", "_")) {
				t.Errorf("%s: no words for %s", lang.Code, verb)
			}
		}
	}
}
