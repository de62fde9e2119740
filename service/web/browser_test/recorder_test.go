package browser_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// recorder keeps every page that a walk was shown, so that all of them can be
// looked at afterwards as the gallery's pages are.
type recorder struct {
	next  http.Handler
	mu    sync.Mutex
	pages map[string]recorded // by address and what came of it
}

type recorded struct {
	header http.Header
	body   []byte
}

func record(next http.Handler) *recorder { return &recorder{next: next, pages: map[string]recorded{}} }

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	seen := httptest.NewRecorder()
	r.next.ServeHTTP(seen, q)
	for name, values := range seen.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(seen.Code)
	_, _ = w.Write(seen.Body.Bytes()) // a reader that went away is seen in the script
	if strings.HasPrefix(seen.Header().Get("Content-Type"), "text/html") && seen.Body.Len() > 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		page := plain(seen)
		name := fmt.Sprintf("%s-%d-%s", q.URL.Path, seen.Code, lang(string(page)))
		r.pages[strings.NewReplacer("/", "_", ".", "_").Replace(name)] = recorded{seen.Header().Clone(), page}
	}
}

// plain is an answer's page as it was before it was packed for the way; nothing
// where that cannot be read, which the names of pages show.
func plain(seen *httptest.ResponseRecorder) []byte {
	if seen.Header().Get("Content-Encoding") != "gzip" {
		return seen.Body.Bytes()
	}
	r, err := gzip.NewReader(bytes.NewReader(seen.Body.Bytes()))
	if err != nil {
		return nil
	}
	page, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	return page
}

func lang(page string) string {
	_, rest, _ := strings.Cut(page, `<html lang="`)
	code, _, _ := strings.Cut(rest, `"`)
	return code
}

// names are the recorded pages'.
func (r *recorder) names() (out []string) {
	for name := range r.pages {
		out = append(out, name)
	}
	return out
}

// look judges the recorded pages as those of the gallery are judged.
func (r *recorder) look(t *testing.T, least int) {
	t.Helper()
	if len(r.pages) < least {
		t.Errorf("only %d pages were seen", len(r.pages))
	}
	dir := t.TempDir()
	for name, page := range r.pages {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), page.body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script(t, "validate.mjs", dir)
	again := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		page, ok := r.pages[strings.TrimPrefix(q.URL.Path, "/gallery/")]
		if !ok {
			r.next.ServeHTTP(w, q)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", page.header.Get("Content-Security-Policy"))
		_, _ = w.Write(page.body)
	}))
	t.Cleanup(again.Close)
	script(t, "manners.mjs", append([]string{again.URL}, r.names()...)...)
}
