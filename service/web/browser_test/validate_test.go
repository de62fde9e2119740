package browser_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"seedbook/service/i18n"
	"seedbook/service/web/console/pages/samples"
	"seedbook/service/web/parts"
)

func TestPagesAreValidHTML(t *testing.T) {
	dir := t.TempDir()
	keep := func(name string, body []byte) {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	assets := parts.Assets{Style: "/s.css", Mark: "/m.svg", Scripts: []string{"/h.js"}}
	for _, l := range i18n.Languages {
		for _, page := range samples.Pages {
			var b bytes.Buffer
			if err := page.Fill(samples.Frame(l.Code, assets)).Render(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			keep(page.Name+"."+l.Code, b.Bytes())
		}
	}
	s := manners(t)
	for name := range refused {
		for _, l := range i18n.Languages {
			keep(name+"."+l.Code, fetched(t, s.URL+"/gallery/"+name+"?lang="+l.Code))
		}
	}
	script(t, "validate.mjs", dir)
}

func fetched(t *testing.T, address string) []byte {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// node runs a script of this folder, wherever there is what it needs.
func node(t *testing.T, args ...string) ([]byte, error) {
	t.Helper()
	browser(t)
	return exec.CommandContext(t.Context(), "node", args...).CombinedOutput()
}

func TestAMistakeInHTMLIsFound(t *testing.T) {
	dir := t.TempDir()
	wrong := `<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><main><h1>x</h1><p><div id="a"></div></p><label for="b">b</label></main></body></html>`
	if err := os.WriteFile(filepath.Join(dir, "wrong.html"), []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := node(t, "validate.mjs", dir); err == nil || !bytes.Contains(out, []byte("no-implicit-close")) {
		t.Errorf("%v: %s", err, out)
	}
}
