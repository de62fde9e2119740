// Package portal is the families' door: the way in, and the pages on which a
// family sees what its children have, whose it is, what comes next and why.
//
// A handler decodes, calls one use case and answers. A guardian reaches a child
// only through the list of those it has proven (activation.Guardian.Sees), so
// that another family's child, statement or award is a page that does not exist.
// The portal decides nothing about money and reads the clock for the rooms below.
package portal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/parts"
)

// Portal is the families' door.
type Portal struct {
	DB   *store.DB
	Keys *vault.Keyring
	Now  func() time.Time // the clock; tests have their own

	hall *web.Hall
}

// visit is one request of a guardian who is signed in.
type visit struct {
	activation.Guardian
	at       time.Time
	words    *i18n.Words
	programs map[program.ID]program.Program
}

// today is the day it is in a program.
func (v visit) today(p program.Program) ledger.Date { return p.Day(v.at) }

// Cookies of the portal: the session, the way in, and the remembered browser.
const (
	sessionCookie = "family"
	entryCookie   = "family-entry"
	deviceCookie  = "family-device"
)

// home is where a family's pages begin.
const home = "/family/home"

// asked is where a family's requests are.
const asked = "/family/requests"

// Mount adds the families' pages to a hall.
func Mount(h *web.Hall, p *Portal) {
	p.hall = h
	for _, r := range open {
		p.add(r.method, r.path, func(g *gin.Context) error {
			web.Dress(g, dressStranger)
			return r.do(p, g)
		})
	}
	for _, r := range routes {
		p.add(r.method, r.path, func(g *gin.Context) error { return p.admit(g, r) })
	}
}

func (p *Portal) add(method, path string, fn web.Handler) {
	if method == http.MethodGet {
		p.hall.Get(path, fn)
		return
	}
	if files[path] {
		p.hall.PostFile(path, fn)
		return
	}
	p.hall.Post(path, fn)
}

// admit lets a guardian who is signed in to the page. Who is signed out is sent
// to sign in.
func (p *Portal) admit(g *gin.Context, r route) error {
	web.Dress(g, dressStranger)
	at := p.Now()
	guardian, err := p.guardian(g, at)
	if f, ok := fault.Of(err); ok && f.Kind == fault.SignedOut && r.method == get {
		return web.See(g, "/family/sign-in", "", 0)
	}
	if err != nil {
		return err
	}
	v := visit{Guardian: guardian, at: at}
	if lang := g.Query("lang"); i18n.Speaks(lang) && lang != guardian.Lang {
		if err := activation.SpeakTo(g.Request.Context(), p.DB, guardian, lang); err != nil {
			return err
		}
	}
	p.hall.PreferLang(g, guardian.Lang)
	v.words = p.hall.Words(g)
	web.Dress(g, func(page *parts.Page) { dress(page, v, g.Request.URL.Path) })
	if err := p.openPrograms(g, &v); err != nil {
		return err
	}
	if g.Param("account") == "" {
		return r.do(p, g, v, activation.Held{})
	}
	account, err := savings.ParseAccount(g.Param("account"))
	if err != nil {
		return activation.ErrNotYours
	}
	held, err := v.Sees(account)
	if err != nil {
		return err
	}
	return r.do(p, g, v, held)
}

// guardian is whose session the browser has.
func (p *Portal) guardian(g *gin.Context, at time.Time) (activation.Guardian, error) {
	guardian, err := activation.Session(g.Request.Context(), p.DB, p.hall.Cookie(g, sessionCookie), at)
	if err == nil {
		web.SetActor(g, guardian.Who().Actor)
	}
	return guardian, err
}

func (p *Portal) openPrograms(g *gin.Context, v *visit) error {
	v.programs = map[program.ID]program.Program{}
	return p.read(g, *v, func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := program.All(ctx, q)
		for _, one := range all {
			v.programs[one.ID] = one
		}
		return err
	})
}

// read runs fn in a read-only transaction of the guardian's organization.
func (p *Portal) read(g *gin.Context, v visit, fn func(ctx context.Context, q sqlx.QueryerContext) error) error {
	ctx := g.Request.Context()
	return p.DB.Read(ctx, v.Who(), func(q sqlx.QueryerContext) error { return fn(ctx, q) })
}

// dressStranger is the frame of who is not signed in.
func dressStranger(p *parts.Page) { p.Home, p.Light = "/family", true }

// dress adds what every page of a guardian has.
func dress(p *parts.Page, v visit, path string) {
	p.Home, p.Help, p.Out, p.Me = home, "/family/help", "/family/sign-out", "/family/account"
	p.Organization, p.Person, p.Light = v.Organization, p.T("portal.account.title"), true
	p.Nav = []parts.Section{{Link: parts.Link{Text: p.T("portal.home.title"), To: home, Current: path == home}},
		{Link: parts.Link{Text: p.T("request.page.title"), To: asked, Current: strings.HasPrefix(path, asked)}}}
}

// page is a page's frame, with the way back to all children where it is not that.
func (p *Portal) page(g *gin.Context, title string, trail ...parts.Link) *parts.Page {
	page := p.hall.Page(g, title)
	if title != page.T("portal.home.title") {
		page.Trail = append([]parts.Link{{Text: page.T("portal.home.title"), To: home}}, trail...)
	}
	return page
}

// write runs fn in a transaction of the guardian's organization.
func (p *Portal) write(g *gin.Context, v visit, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	ctx := g.Request.Context()
	return p.DB.InTx(ctx, v.Who(), func(tx *sqlx.Tx) error { return fn(ctx, tx) })
}

// show sends a page.
func (p *Portal) show(g *gin.Context, page templ.Component) error {
	return p.hall.Show(g, http.StatusOK, page)
}
