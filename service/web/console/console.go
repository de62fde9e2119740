// Package console is the staff's door: sign-in, and the pages with which a
// program is run.
//
// A handler decodes, calls one use case and answers. Who may come to a page
// stands beside its path in routes.go and nowhere else. The console decides
// nothing about children or money and reads the clock for the rooms below.
package console

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/parts"
)

// Console is the staff's door.
type Console struct {
	DB   *store.DB
	Keys *vault.Keyring
	Now  func() time.Time // the clock; tests have their own

	hall *web.Hall
}

// visit is one request of someone signed in.
type visit struct {
	auth.Principal
	at    time.Time
	words *i18n.Words
}

// Cookies of the console: the session, and the browser's own budget of tries.
const (
	sessionCookie = "csa"
	deviceCookie  = "csa-device"
	deviceLife    = 365 * 24 * time.Hour
)

// Mount adds the console's pages to a hall.
func Mount(h *web.Hall, c *Console) {
	c.hall = h
	for _, r := range open {
		c.add(r.method, r.path, false, func(g *gin.Context) error { return r.do(c, g) })
	}
	for _, r := range routes {
		c.add(r.method, r.path, r.file, func(g *gin.Context) error { return c.admit(g, r) })
	}
}

func (c *Console) add(method, path string, file bool, fn web.Handler) {
	switch {
	case method == http.MethodGet:
		c.hall.Get(path, fn)
	case file:
		c.hall.PostFile(path, fn)
	default:
		c.hall.Post(path, fn)
	}
}

// admit lets someone signed in, with the capability the route asks for, to its
// page. Who is signed out is sent to sign in and comes back.
func (c *Console) admit(g *gin.Context, r route) error {
	at := c.Now()
	p, err := auth.Session(g.Request.Context(), c.DB, c.Keys, c.hall.Cookie(g, sessionCookie), at)
	if f, ok := fault.Of(err); ok && f.Kind == fault.SignedOut && r.method == http.MethodGet {
		return web.See(g, "/sign-in?next="+url.QueryEscape(g.Request.URL.RequestURI()), "", 0)
	}
	if err != nil {
		return err
	}
	web.SetActor(g, p.Who().Actor)
	c.hall.PreferLang(g, p.Lang)
	v := visit{p, at, c.hall.Words(g)}
	web.Dress(g, func(page *parts.Page) { dress(page, v, g.Request.URL.Path) })
	if err := p.Check(r.may); err != nil {
		return err
	}
	return r.do(c, g, v)
}

// dress adds what every page of someone signed in has.
func dress(p *parts.Page, v visit, path string) {
	p.Organization, p.Person = v.Organization, v.Name
	p.Help, p.Out, p.Me = "/help", "/sign-out", "/account"
	p.Nav = []parts.Link{{Text: p.T("console.nav.home"), To: "/", Current: path == "/"}}
}

// page is a page's frame with its way back home.
func (c *Console) page(g *gin.Context, title string, trail ...parts.Link) *parts.Page {
	p := c.hall.Page(g, title)
	p.Trail = append([]parts.Link{{Text: p.T("console.nav.home"), To: "/"}}, trail...)
	return p
}
