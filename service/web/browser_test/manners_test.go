package browser_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/console/pages/samples"
)

// refused are the pages of errors, by what a handler returned.
var refused = map[string]error{
	"error-403": fault.New(fault.Denied, "web.cross_site"),
	"error-404": web.ErrNoPage,
	"error-413": web.ErrTooLarge.With(i18n.Args{"n": 50}),
	"error-500": errors.New("the database is away"),
}

// wrongPage breaks every rule of manners.mjs once.
const wrongPage = `<!DOCTYPE html><html lang="en"><head><title>Wrong</title>
<style>.tiny { display: inline-block; font-size: 8px; height: 8px; width: 8px } .bare:focus { outline: none } .shut { height: 1.2em; overflow: hidden; width: 20em } .wide { width: 1100px } .up { display: flex; flex-direction: column-reverse }
@media (prefers-color-scheme: dark) { .dim { color: #222; background: #000 } } @media (max-width: 400px) { .long { white-space: nowrap; width: 340px } }</style></head>
<body><nav><a href="#a">Paper shows this</a></nav>
<main><h1>Wrong</h1><p class="shut">This text fits its box, and does so only while it has the size that it has.</p><p class="wide">Wide</p><p class="dim">Dim</p><p><a href="#a" class="tiny">x</a><a href="#b" class="tiny">y</a></p><p class="long">Long</p>
<div class="up"><a href="#a">First in the text, last on the page</a><a href="#b">Second in the text</a></div>
<button class="bare">No ring</button><input aria-label="Late" tabindex="2"><input aria-label="Early" tabindex="1">
<input aria-label="A trap" id="trap"><a href="#c">Never reached</a></main>
<script>document.querySelector("#trap").addEventListener("keydown", (e) => e.preventDefault())</script></body></html>`

// manners serves the gallery with the pages of errors, in longer words where they
// are asked for, and the page that is wrong.
func manners(t *testing.T) *httptest.Server {
	t.Helper()
	h, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: vault.Random()})
	if err != nil {
		t.Fatal(err)
	}
	stretched := i18n.Stretched("en")
	for _, page := range samples.Pages {
		h.Get("/gallery/"+page.Name, func(g *gin.Context) error {
			fresh := samples.Frame(h.Lang(g), h.Page(g, "").Assets)
			if g.Query("longer") != "" {
				fresh.Words = stretched
			}
			return h.Show(g, http.StatusOK, page.Fill(fresh))
		})
	}
	// What a page in progress asks for is gone, or its reader's session is.
	h.Get("/p/*any", func(g *gin.Context) error {
		if _, err := g.Cookie("ended"); err != nil {
			return web.ErrNoPage
		}
		g.Redirect(http.StatusSeeOther, "/gallery/sign-in")
		return nil
	})
	for name, err := range refused {
		h.Get("/gallery/"+name, func(*gin.Context) error { return err })
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/gallery/wrong" {
			h.Handler().ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(wrongPage)) // a reader that went away is seen in the script
	}))
	t.Cleanup(s.Close)
	return s
}

func TestPagesHaveManners(t *testing.T) {
	s := manners(t)
	all := append(names(), "wrong")
	for name := range refused {
		all = append(all, name)
	}
	script(t, "manners.mjs", append([]string{s.URL}, all...)...)
}
