package browser_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/console/pages/samples"
	"seedbook/service/web/parts"
)

// gallery serves every page filled with samples: /gallery/<name>?lang=es.
func gallery(t *testing.T) *httptest.Server {
	t.Helper()
	h, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: vault.Random()})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range samples.Pages {
		h.Get("/gallery/"+page.Name, func(g *gin.Context) error {
			frame := h.Page(g, "")
			fresh := samples.Frame(h.Lang(g), frame.Assets)
			return h.Show(g, http.StatusOK, page.Fill(fresh))
		})
	}
	// What the pages' own links poll.
	h.Get("/p/*any", func(g *gin.Context) error {
		frame := h.Page(g, "")
		return h.Show(g, http.StatusOK, parts.Progress(frame, parts.Work{ID: "work", Label: "Done", Done: 1, Of: 1, Says: "All done"}))
	})
	s := httptest.NewServer(h.Handler())
	t.Cleanup(s.Close)
	return s
}

// script runs one of the node scripts of this folder.
func script(t *testing.T, name string, args ...string) {
	t.Helper()
	chromium := browser(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", append([]string{name}, args...)...)
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// browser finds Chromium, the test packages and the built design system. Where
// one is missing the test fails in CI and is skipped elsewhere.
func browser(t *testing.T) string {
	t.Helper()
	missing := ""
	chromium := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		missing = "Chromium: apt-get install chromium"
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing = "node: apt-get install nodejs"
	}
	for _, path := range []string{"node_modules/playwright-core", "service/web/static/built/seedbook.css"} {
		if _, err := os.Stat(filepath.Join("../../..", path)); err != nil {
			missing = path + ": make design"
		}
	}
	if missing == "" {
		return chromium
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("browser tests need %s", missing)
	}
	t.Skipf("browser tests need %s", missing)
	return ""
}

// names are the gallery's pages as arguments of a script; ONLY names some, for
// whoever works on them.
func names() []string {
	only := os.Getenv("ONLY")
	var out []string
	for _, p := range samples.Pages {
		if only == "" || slices.Contains(strings.Split(only, ","), p.Name) {
			out = append(out, p.Name)
		}
	}
	return out
}

func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		t.Skip("set SCREENSHOTS to a folder to look at every page")
	}
	s := gallery(t)
	script(t, "shots.mjs", append([]string{s.URL, dir}, names()...)...)
	fmt.Println("look at", dir)
}

// consolePage is what a console page may weigh on a first visit, in bytes as
// they travel.
const consolePage = "150000"

func TestPagesAreAccessibleFitPhonesAndKeepThePolicy(t *testing.T) {
	s := gallery(t)
	script(t, "pages.mjs", append([]string{s.URL, consolePage}, names()...)...)
}
