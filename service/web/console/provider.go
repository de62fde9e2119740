package console

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"seedbook/service/auth"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
	"seedbook/service/web/provider"
)

// SignInElsewhere is an organization's own sign-in.
type SignInElsewhere struct {
	*provider.Provider
	Of auth.Tenant // whose staff it lets in, and nobody else's
}

// AnswerPath is where a browser comes back to from an organization's own sign-in.
const AnswerPath = "/sign-in/provider/answer"

// away is what a browser keeps, sealed, while somebody signs in elsewhere.
type away struct {
	provider.Begun
	Next string         `json:"next"`
	For  auth.SessionID `json:"for,omitempty"` // the session whose account is to be connected; 0: none, it is a sign-in
}

// awayCookie keeps away; awayPlace binds its seal to this use.
const (
	awayCookie = "csa-away"
	awayPlace  = "console|away"
)

// goOver sends somebody to the organization's own sign-in.
func (c *Console) goOver(g *gin.Context, a away, anew bool) error {
	address, begun, err := c.Elsewhere.Begin(g.Request.Context(), anew, c.Now())
	if err != nil {
		c.hall.Log().Warn("the organization's sign-in does not answer", "error", err)
		return err
	}
	a.Begun = begun
	raw, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("keep what was begun: %w", err)
	}
	c.hall.SetCookie(g, awayCookie, base64.RawURLEncoding.EncodeToString(c.Keys.Seal(awayPlace, raw)), provider.Life)
	g.Redirect(http.StatusSeeOther, address)
	return nil
}

// awayOf opens what a browser kept, once.
func (c *Console) awayOf(g *gin.Context) (a away, err error) {
	sealed, err := base64.RawURLEncoding.DecodeString(c.hall.Cookie(g, awayCookie))
	c.hall.DropCookie(g, awayCookie)
	if err != nil {
		return a, provider.ErrAnswer
	}
	raw, err := c.Keys.Open(awayPlace, sealed)
	if err != nil || json.Unmarshal(raw, &a) != nil {
		return a, errors.Join(provider.ErrAnswer, errors.New("the browser kept nothing of ours"))
	}
	first, err := auth.AnswerOnce(g.Request.Context(), c.DB, c.Keys, a.State, web.Network(g), a.At.Add(provider.Life), c.Now())
	if err == nil && !first {
		err = errors.Join(provider.ErrAnswer, errors.New("the answer was given before"))
	}
	return a, err
}

// beginElsewhere leads to the organization's own sign-in.
func (c *Console) beginElsewhere(g *gin.Context) error {
	if c.Elsewhere == nil {
		return web.ErrNoPage
	}
	next := web.Within(g.Query("next"), "/")
	err := c.goOver(g, away{Next: next}, g.Query("anew") == "yes")
	if problems := web.Problems(c.hall.Words(g), err); problems != nil {
		return c.showSignIn(g, web.Status(err), pages.SignIn{Next: next}, problems)
	}
	return err
}

// comeBack lets in whom the organization's own sign-in let in.
//
// A browser that comes from another site brings none of our cookies along
// (SameSite=Strict), so the first visit answers with a page that leads here
// again, from here.
func (c *Console) comeBack(g *gin.Context) error {
	if c.Elsewhere == nil {
		return web.ErrNoPage
	}
	if g.Query("here") != "yes" {
		return c.bounce(g)
	}
	a, err := c.awayOf(g)
	var who auth.Identity
	if err == nil {
		who, err = c.Elsewhere.Finish(g.Request.Context(), a.Begun, g.Request.URL.Query(), c.Now())
	}
	if err == nil && a.For != 0 {
		err = c.connectTo(g, a.For, who)
	} else if err == nil {
		var s auth.SignedIn
		if s, err = auth.SignInByProvider(g.Request.Context(), c.DB, c.Keys, c.Elsewhere.Of.ID, who, c.Now()); err == nil {
			return c.enter(g, s, web.Within(a.Next, "/"))
		}
	}
	if problems := web.Problems(c.hall.Words(g), err); problems != nil {
		c.hall.Log().Warn("a sign-in elsewhere was refused", "error", err)
		return c.showSignIn(g, web.Status(err), pages.SignIn{Next: web.Within(a.Next, "/")}, problems)
	}
	return err
}

func (c *Console) bounce(g *gin.Context) error {
	q := g.Request.URL.Query()
	q.Set("here", "yes")
	to := AnswerPath + "?" + q.Encode()
	g.Header("Refresh", "0; url="+to)
	p := c.hall.Page(g, c.hall.Words(g).T("console.bounce.title"))
	p.Lead = c.hall.Words(g).T("console.bounce.lead")
	return c.hall.Show(g, http.StatusOK, pages.BouncePage(p, to))
}

// connectTo links who came back to the account of the session that went away.
func (c *Console) connectTo(g *gin.Context, session auth.SessionID, who auth.Identity) error {
	p, err := auth.Session(g.Request.Context(), c.DB, c.Keys, c.hall.Cookie(g, sessionCookie), c.Now())
	if err != nil {
		return err
	}
	if p.Session != session || p.Tenant != c.Elsewhere.Of.ID {
		return auth.ErrSignedOut
	}
	web.SetActor(g, p.Who().Actor)
	if err := auth.Connect(g.Request.Context(), c.DB, c.Keys, p, who, c.Now()); err != nil {
		return err
	}
	return web.See(g, "/account/security", "provider_connected", 0)
}

// elsewhere is the organization's own sign-in, if the visitor's has one.
func (c *Console) elsewhere(v visit) (name string, ok bool) {
	if c.Elsewhere == nil || c.Elsewhere.Of.ID != v.Tenant {
		return "", false
	}
	return c.Elsewhere.Of.Name, true
}

// connectElsewhere leads there, to connect who comes back with the account.
func (c *Console) connectElsewhere(g *gin.Context, v visit) error {
	if _, ok := c.elsewhere(v); !ok {
		return web.See(g, "/account/security", "", 0)
	}
	return c.goOver(g, away{Next: "/account/security", For: v.Session}, true)
}

// disconnectElsewhere ends that.
func (c *Console) disconnectElsewhere(g *gin.Context, v visit) error {
	if err := auth.Disconnect(g.Request.Context(), c.DB, v.Principal, v.at); err != nil {
		return err
	}
	return web.See(g, "/account/security", "provider_removed", 0)
}

// waysElsewhere are the sign-ins that the sign-in page offers beside its own.
func (c *Console) waysElsewhere(next string) []parts.Link {
	if c.Elsewhere == nil {
		return nil
	}
	to := "/sign-in/provider"
	if next != "" {
		to += "?next=" + url.QueryEscape(next)
	}
	return []parts.Link{{Text: c.Elsewhere.Of.Name, To: to}}
}
