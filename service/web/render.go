package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"seedbook/service/web/parts"
)

// buffers are where pages are made before anything is sent, so that a page that
// fails to render is an error page and not half a page.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Show sends a page.
func (h *Hall) Show(g *gin.Context, status int, page templ.Component) error {
	b, _ := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := page.Render(g.Request.Context(), b); err != nil {
		return fmt.Errorf("render %s: %w", g.FullPath(), err)
	}
	g.Header("Content-Language", h.Lang(g))
	g.Data(status, "text/html; charset=utf-8", b.Bytes())
	return nil
}

// Page returns a page's frame in the reader's language.
func (h *Hall) Page(g *gin.Context, title string) *parts.Page {
	p := &parts.Page{Title: title}
	h.dress(g, p)
	return p
}

// dress gives a page what every page has.
func (h *Hall) dress(g *gin.Context, p *parts.Page) {
	p.Words = h.words(g)
	p.Assets = h.assets.addresses
	p.Switch = h.otherLanguages(g)
	p.Notice = notice(g, p)
	if p.Home == "" {
		p.Home = "/"
	}
	if dress, ok := g.Value(keyDress).(func(*parts.Page)); ok {
		dress(p)
	}
}

const keyDress = "web.dress"

// Dress has fn add to every page of this request what its door adds: who is
// signed in, and where they may go. Error pages have it too.
func Dress(g *gin.Context, fn func(*parts.Page)) { g.Set(keyDress, fn) }

// See answers a form that was sent: 303 to where the reader goes next, with
// what was done to be said there. done is the ending of a key "web.notice.…"
// or of the door's own, given whole; n is its count.
func See(g *gin.Context, to, done string, n int) error {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" {
		return fmt.Errorf("see %q: not an address of ours", to)
	}
	if done != "" {
		q := u.Query()
		q.Set("done", done)
		if n != 0 {
			q.Set("n", strconv.Itoa(n))
		}
		u.RawQuery = q.Encode()
	}
	g.Redirect(http.StatusSeeOther, u.String())
	return nil
}

// notice phrases what the address says was done: a key of ours and a count,
// so that nobody can make our pages say something else.
func notice(g *gin.Context, p *parts.Page) string {
	done := g.Query("done")
	if done == "" {
		return ""
	}
	for _, key := range []string{"web.notice." + done, "console.notice." + done, "portal.notice." + done} {
		if p.Has(key) {
			n, err := strconv.Atoi(g.Query("n"))
			if err != nil || n < 0 {
				n = 0
			}
			return p.N(key, n)
		}
	}
	return ""
}

// Within returns an address if it is one of ours, and otherwise another: where
// a sign-in leads must not be somebody else's site.
func Within(address, otherwise string) string {
	u, err := url.Parse(address)
	if err != nil || address == "" || u.IsAbs() || u.Host != "" || u.User != nil ||
		address[0] != '/' || len(address) > 1 && (address[1] == '/' || address[1] == '\\') {
		return otherwise
	}
	return address
}
