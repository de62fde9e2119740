// Package console is the staff's door: sign-in, and the pages with which a
// program is run.
//
// A handler decodes, calls one use case and answers. Who may come to a page
// stands beside its path in routes.go and nowhere else. The console decides
// nothing about children or money and reads the clock for the rooms below.
package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/report"
	"seedbook/service/roster"
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
	Jobs *jobs.Runner     // does what staff ask for by hand
	// Origin is the address that browsers know the console by, like
	// https://csa.example.org; "" where that is not settled. Passkeys and the
	// organizations' own sign-ins need it; localhost does without.
	Origin string
	// LinkGrace is how long a one-time link of the server's owner stands for a
	// second factor that is not set up; 0: it does not.
	LinkGrace time.Duration
	// Elsewhere is an organization's own sign-in; nil: none has one.
	Elsewhere *SignInElsewhere

	hall        *web.Hall
	busy        sync.WaitGroup       // work that outlives its request
	work        web.Working[thing]   // rosters being applied
	imported    web.Working[thing]   // files of other kinds
	bulkWork    web.Working[thing]   // one thing done with many children
	trials      trials               // of rule books
	rosterFiles shelf[roster.Upload] // whose columns nobody has explained yet
	tokens      shelf[madeKey]       // keys that were just made, until their page is seen
	letterFiles shelf[activation.Printed]
}

// visit is one request of someone signed in.
type visit struct {
	auth.Principal
	at      time.Time // in the program's zone, where there is a program
	words   *i18n.Words
	program program.Program   // the one in the address, or the only one
	all     []program.Program // of the organization
	inbox   int               // what waits for the visitor's decision
}

// base is where the program's pages are.
func (v visit) base() string { return "/p/" + url.PathEscape(v.program.Code) }

// today is the day it is in the program.
func (v visit) today() ledger.Date { return v.program.Day(v.at) }

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

// Wait returns when what goes on behind requests has come to its end.
func (c *Console) Wait() { c.busy.Wait() }

// admit lets someone signed in, with the capability the route asks for, to its
// page. Who is signed out is sent to sign in and comes back.
func (c *Console) admit(g *gin.Context, r route) error {
	v, err := c.visitOf(g)
	if f, ok := fault.Of(err); ok && f.Kind == fault.SignedOut && r.method == get {
		return web.See(g, "/sign-in?next="+url.QueryEscape(g.Request.URL.RequestURI()), "", 0)
	}
	if err != nil {
		return err
	}
	web.Dress(g, func(page *parts.Page) { dress(page, v, g.Request.URL.Path) })
	if done, err := c.lacking(g, r, v); done || err != nil {
		return err
	}
	// What is not for somebody looks like what is not there.
	if !v.May(r.may) {
		return web.ErrNoPage
	}
	if code := g.Param("program"); code != "" && v.program.Code != code {
		return program.ErrNone
	}
	if r.may.StepUp() {
		return c.freshly(g, r, v)
	}
	return r.do(c, g, v)
}

// visitOf finds who asks, in which program, and what waits for them: all of it in
// one transaction, since every page begins with it.
func (c *Console) visitOf(g *gin.Context) (v visit, err error) {
	v.at = c.Now()
	ctx := g.Request.Context()
	v.Principal, err = auth.Enter(ctx, c.DB, c.Keys, c.hall.Cookie(g, sessionCookie), v.at, func(q sqlx.QueryerContext, p auth.Principal) (err error) {
		web.SetActor(g, p.Who().Actor)
		c.hall.PreferLang(g, p.Lang)
		if v.all, err = program.All(ctx, q); err != nil || !p.May(auth.DecideRequests) {
			return err
		}
		v.inbox, err = report.Inbox(ctx, q, p.Who(), p.Programs, duties(p))
		return err
	})
	if err != nil {
		return v, err
	}
	v.words = c.hall.Words(g)
	v.place(g.Param("program"))
	return v, nil
}

// place finds the program that the address names, or the only one there is.
func (v *visit) place(code string) {
	v.all = slices.DeleteFunc(v.all, func(p program.Program) bool { return !v.Within(int64(p.ID)) })
	for _, p := range v.all {
		if p.Code == code || code == "" && len(v.all) == 1 {
			v.program, v.at = p, v.at.In(p.Zone())
		}
	}
}

// read runs fn in a read-only transaction of the visitor's organization.
func (c *Console) read(g *gin.Context, v visit, fn func(ctx context.Context, q sqlx.QueryerContext) error) error {
	ctx := g.Request.Context()
	return c.DB.Read(ctx, v.Who(), func(q sqlx.QueryerContext) error { return fn(ctx, q) })
}

// write runs fn in a transaction of the visitor's organization.
func (c *Console) write(g *gin.Context, v visit, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	ctx := g.Request.Context()
	return c.DB.InTx(ctx, v.Who(), func(tx *sqlx.Tx) error { return fn(ctx, tx) })
}

// dress adds what every page of someone signed in has.
func dress(p *parts.Page, v visit, path string) {
	p.Organization, p.Person, p.Program = v.Organization, v.Name, v.program.Name
	p.Help, p.Out, p.Me, p.Keys = "/help", "/sign-out", "/account", "/help/keyboard"
	p.Nav = sectionsFor(p, v, path)
}

// page is a page's frame with its way back home.
func (c *Console) page(g *gin.Context, v visit, title string, trail ...parts.Link) *parts.Page {
	p := c.hall.Page(g, title)
	p.Trail = append([]parts.Link{{Text: p.T("console.nav.home"), To: p.Nav[0].To}}, trail...)
	return p
}

// show sends a page.
func (c *Console) show(g *gin.Context, page templ.Component) error {
	return c.hall.Show(g, http.StatusOK, page)
}
