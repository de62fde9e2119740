package console

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// The fields that a second factor comes in, on every page that asks for one.
const (
	codeField    = "one_time_code"
	passkeyField = "passkey_answer"
	maxAnswer    = 20_000
)

// site is where passkeys belong to: the address from the settings, or localhost
// as the browser calls it. A number, or a name that only the browser vouches
// for, has none.
func (c *Console) site(g *gin.Context) (auth.Site, bool) {
	origin := c.Origin
	if origin == "" {
		origin = "http://" + g.Request.Host
	}
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" || net.ParseIP(u.Hostname()) != nil || c.Origin == "" && u.Hostname() != "localhost" {
		return auth.Site{}, false
	}
	return auth.Site{Name: u.Hostname(), Origin: u.Scheme + "://" + u.Host}, true
}

// lacking leads who has only half signed in to the other half; done reports
// that it did.
func (c *Console) lacking(g *gin.Context, r route, v visit) (done bool, err error) {
	due, next := v.Due(v.at), ""
	if r.method == get {
		next = "?next=" + url.QueryEscape(g.Request.URL.RequestURI())
	}
	switch {
	case r.may == auth.ProveSelf, due == auth.DueNothing, due == auth.DueEnrol && r.may == auth.ManageFactors:
		return false, nil
	case due == auth.DueFactor:
		return true, web.See(g, "/sign-in/code"+next, "", 0)
	}
	return true, web.See(g, "/account/app"+next, "", 0)
}

// askCode finishes signing in.
func (c *Console) askCode(g *gin.Context, v visit) error {
	if v.Due(v.at) != auth.DueFactor {
		return web.See(g, web.Within(g.Query("next"), "/"), "", 0)
	}
	next := parts.Carried{Name: "next", Value: web.Within(g.Query("next"), "/")}
	return c.showCode(g, v, http.StatusOK, pages.Code{Post: "/sign-in/code", Carry: []parts.Carried{next}}, nil)
}

func (c *Console) showCode(g *gin.Context, v visit, status int, view pages.Code, problems []parts.Problem) error {
	view.App = v.App
	if s, ok := c.site(g); ok && v.Passkey {
		err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
			view.Ask, err = auth.AskOwnPasskey(ctx, q, c.Keys, v.Principal, s, v.at)
			return err
		})
		if err != nil {
			return err
		}
	}
	view.Again = !v.App && !v.Passkey
	if _, ok := c.elsewhere(v); ok && view.Again {
		view.Over = "/sign-in/provider?anew=yes"
		for _, carried := range view.Carry {
			if carried.Name == "next" {
				view.Over += "&next=" + url.QueryEscape(carried.Value)
			}
		}
	}
	p := c.hall.Page(g, v.words.T("console.code.title"))
	p.Lead, p.Problems = v.words.T("console.code.lead"), problems
	if v.Due(v.at) == auth.DueNothing {
		p.Title, p.Lead = v.words.T("console.step_up.title"), v.words.T("console.step_up.lead")
		if view.Again {
			p.Lead = v.words.T("console.step_up.lead_elsewhere")
		}
	}
	return c.hall.Show(g, status, pages.CodePage(p, view))
}

// checkCode finishes signing in, or proves once more who is there, and leads on.
func (c *Console) checkCode(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	next := web.Within(f.Optional("next"), "/")
	_, err = c.prove(g, v, f)
	if problems := web.Problems(v.words, err); problems != nil {
		view := pages.Code{Post: "/sign-in/code", Carry: []parts.Carried{{Name: "next", Value: next}}}
		return c.showCode(g, v, web.Status(err), view, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, next, "", 0)
}

// prove checks the second factor in a form and gives the browser the session's
// new token.
func (c *Console) prove(g *gin.Context, v visit, f *web.Form) (s auth.SignedIn, err error) {
	ctx, proof := g.Request.Context(), c.proof(g, f)
	answer := f.Block(passkeyField, maxAnswer)
	switch site, ok := c.site(g); {
	case answer != "" && ok:
		s, err = auth.ProveByPasskey(ctx, c.DB, c.Keys, v.Principal, site, answer, proof, v.at)
	case proof.Code == "":
		f.Text(codeField)
		return s, f.Err()
	default:
		s, err = auth.ProveByCode(ctx, c.DB, c.Keys, v.Principal, proof, v.at)
	}
	if err == nil {
		c.hall.SetCookie(g, sessionCookie, s.Token, 0)
	}
	return s, err
}

func (c *Console) proof(g *gin.Context, f *web.Form) auth.Proof {
	code := strings.ReplaceAll(f.Peek(codeField), " ", "")
	return auth.Proof{Code: code, Network: web.Network(g), Device: c.hall.Cookie(g, deviceCookie)}
}

// freshly lets somebody on who has shown a second factor within minutes, and
// asks for one otherwise. What was typed is carried along and done afterwards.
func (c *Console) freshly(g *gin.Context, r route, v visit) error {
	if v.Due(v.at) != auth.DueNothing || v.Fresh(v.at) {
		return r.do(c, g, v)
	}
	if r.method == get {
		next := parts.Carried{Name: "next", Value: g.Request.URL.RequestURI()}
		return c.showCode(g, v, http.StatusForbidden, pages.Code{Post: "/sign-in/code", Carry: []parts.Carried{next}}, nil)
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.Code{Post: g.Request.URL.RequestURI(), Carry: f.Carry(codeField, passkeyField, "password", "again"), Cancel: "/"}
	if !f.Has(codeField) && !f.Has(passkeyField) {
		return c.showCode(g, v, http.StatusForbidden, view, nil)
	}
	s, err := c.prove(g, v, f)
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showCode(g, v, web.Status(err), view, problems)
	}
	if err != nil {
		return err
	}
	v.Principal = s.Principal
	return r.do(c, g, v)
}

// security shows where password, app and passkeys are kept.
func (c *Console) security(g *gin.Context, v visit) error {
	return c.showSecurity(g, v, http.StatusOK, pages.Security{}, nil)
}

func (c *Console) showSecurity(g *gin.Context, v visit, status int, view pages.Security, problems []parts.Problem) error {
	view.App = v.App
	view.Nowhere = v.words.T("console.passkey.nowhere")
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if name, ok := c.elsewhere(v); ok {
			on, err := auth.Connected(ctx, q, v.Principal)
			if err != nil {
				return err
			}
			view.Provider = pages.Connection{Name: name, On: on}
		}
		all, err := auth.Passkeys(ctx, q, c.Keys, v.Principal)
		for _, k := range all {
			view.Passkeys = append(view.Passkeys, pages.Passkey{ID: k.ID, Name: k.Name, Added: k.AddedAt.In(v.at.Location()), Used: k.UsedAt})
		}
		if s, ok := c.site(g); ok && err == nil {
			view.Offer, err = auth.OfferPasskey(ctx, q, c.Keys, v.Principal, s, v.at)
		}
		return err
	})
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("console.security.title"), parts.Link{Text: v.words.T("console.account.title"), To: "/account"})
	p.Lead, p.Problems = v.words.T("console.security.lead"), problems
	return c.hall.Show(g, status, pages.SecurityPage(p, view))
}

// askApp shows an app's secret to be scanned.
func (c *Console) askApp(g *gin.Context, v visit) error {
	if v.App {
		return web.See(g, "/account/security", "", 0)
	}
	return c.showEnrol(g, v, http.StatusOK, pages.Enrol{Next: web.Within(g.Query("next"), "")}, nil)
}

func (c *Console) showEnrol(g *gin.Context, v visit, status int, view pages.Enrol, problems []parts.Problem) error {
	a, err := auth.BeginApp(g.Request.Context(), c.DB, c.Keys, v.Principal, v.at)
	if err != nil {
		return err
	}
	view.QR, view.Secret = parts.MakeQR(a.Address), fours(a.Secret)
	if s, ok := c.site(g); ok {
		err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
			view.Offer, err = auth.OfferPasskey(ctx, q, c.Keys, v.Principal, s, v.at)
			return err
		})
		if err != nil {
			return err
		}
	}
	p := c.hall.Page(g, v.words.T("console.enrol.title"))
	p.Lead, p.Problems = v.words.T("console.enrol.lead"), problems
	return c.hall.Show(g, status, pages.EnrolPage(p, view))
}

// fours writes a secret in groups, as people copy it.
func fours(s string) string {
	var groups []string
	for ; len(s) > 4; s = s[4:] {
		groups = append(groups, s[:4])
	}
	return strings.Join(append(groups, s), " ")
}

// confirmApp makes the app a second factor, by its first code.
func (c *Console) confirmApp(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	next, proof := web.Within(f.Optional("next"), "/account/security"), c.proof(g, f)
	var s auth.SignedIn
	if proof.Code == "" {
		f.Text(codeField)
	}
	if err = f.Err(); err == nil {
		s, err = auth.ConfirmApp(g.Request.Context(), c.DB, c.Keys, v.Principal, proof, v.at)
	}
	if problems := web.Problems(v.words, err); problems != nil && !v.App {
		return c.showEnrol(g, v, web.Status(err), pages.Enrol{Next: next}, problems)
	}
	if err != nil {
		return err
	}
	c.hall.SetCookie(g, sessionCookie, s.Token, 0)
	return web.See(g, next, "app_set", 0)
}

// removeApp makes the account forget its app.
func (c *Console) removeApp(g *gin.Context, v visit) error {
	if err := auth.RemoveApp(g.Request.Context(), c.DB, v.Principal, v.at); err != nil {
		return err
	}
	return web.See(g, "/account/security", "app_removed", 0)
}

// addPasskey registers what the browser made.
func (c *Console) addPasskey(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	next, name := web.Within(f.Optional("next"), "/account/security"), f.Optional("name")
	answer := f.Block(passkeyField, maxAnswer)
	s, ok := c.site(g)
	if !ok || answer == "" {
		f.Fail("", auth.ErrPasskey)
	}
	var signed auth.SignedIn
	if err = f.Err(); err == nil {
		signed, err = auth.AddPasskey(g.Request.Context(), c.DB, c.Keys, v.Principal, s, name, answer, v.at)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		if v.Due(v.at) == auth.DueEnrol {
			return c.showEnrol(g, v, web.Status(err), pages.Enrol{Next: next, Name: name}, problems)
		}
		return c.showSecurity(g, v, web.Status(err), pages.Security{Name: name}, problems)
	}
	if err != nil {
		return err
	}
	c.hall.SetCookie(g, sessionCookie, signed.Token, 0)
	return web.See(g, next, "passkey_added", 0)
}

// removePasskey makes a passkey worthless.
func (c *Console) removePasskey(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	id := f.Int("passkey", 1, 1<<62)
	if err := f.Err(); err != nil {
		return err
	}
	if err := auth.RemovePasskey(g.Request.Context(), c.DB, v.Principal, int64(id), v.at); err != nil {
		return err
	}
	return web.See(g, "/account/security", "passkey_removed", 0)
}

// signInByPasskey opens a session with a passkey alone: it is two factors.
func (c *Console) signInByPasskey(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	next, answer := web.Within(f.Optional("next"), "/"), f.Block(passkeyField, maxAnswer)
	site, ok := c.site(g)
	if !ok || answer == "" {
		f.Fail("", auth.ErrPasskey)
	}
	var s auth.SignedIn
	if err = f.Err(); err == nil {
		s, err = auth.SignInByPasskey(g.Request.Context(), c.DB, c.Keys, site, answer, c.Now())
	}
	if problems := web.Problems(c.hall.Words(g), err); problems != nil {
		return c.showSignIn(g, web.Status(err), pages.SignIn{Next: next}, problems)
	}
	if err != nil {
		return err
	}
	return c.enter(g, s, next)
}
