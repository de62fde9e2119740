package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/auth"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// askSignIn shows the sign-in page.
func (c *Console) askSignIn(g *gin.Context) error {
	return c.showSignIn(g, http.StatusOK, pages.SignIn{Next: web.Within(g.Query("next"), "")}, nil)
}

func (c *Console) showSignIn(g *gin.Context, status int, v pages.SignIn, problems []parts.Problem) error {
	if s, ok := c.site(g); ok {
		var err error
		if v.Ask, err = auth.AskPasskey(c.Keys, s, c.Now()); err != nil {
			return err
		}
	}
	v.Providers = c.waysElsewhere(v.Next)
	w := c.hall.Words(g)
	p := c.hall.Page(g, w.T("console.sign_in.title"))
	p.Lead, p.Problems = w.T("console.sign_in.lead"), problems
	return c.hall.Show(g, status, pages.SignInPage(p, v))
}

// signIn opens a session with a password.
func (c *Console) signIn(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	v := pages.SignIn{Email: f.Text("email"), Next: web.Within(f.Optional("next"), "")}
	secret := f.Secret("password")
	err = f.Err()
	var s auth.SignedIn
	if err == nil {
		s, err = auth.SignIn(g.Request.Context(), c.DB, c.Keys, auth.Credentials{
			Email: v.Email, Password: secret, Network: web.Network(g), Device: c.hall.Cookie(g, deviceCookie),
		}, c.Now())
	}
	if problems := web.Problems(c.hall.Words(g), err); problems != nil {
		return c.showSignIn(g, web.Status(err), v, problems)
	}
	if err != nil {
		return err
	}
	c.hall.SetCookie(g, deviceCookie, s.Device, deviceLife)
	return c.enter(g, s, web.Within(v.Next, "/"))
}

// enter gives the browser its session and leads on. A session that the browser
// may have brought along is ended, so that nobody rides on it.
func (c *Console) enter(g *gin.Context, s auth.SignedIn, to string) error {
	if old, err := auth.Session(g.Request.Context(), c.DB, c.Keys, c.hall.Cookie(g, sessionCookie), c.Now()); err == nil {
		if err := auth.SignOut(g.Request.Context(), c.DB, old, c.Now()); err != nil {
			return err
		}
	}
	web.SetActor(g, s.Who().Actor)
	c.hall.SetCookie(g, sessionCookie, s.Token, 0)
	return web.See(g, to, "", 0)
}

// askLink shows the page behind a one-time link.
func (c *Console) askLink(g *gin.Context) error {
	p := c.hall.Page(g, c.hall.Words(g).T("console.link.title"))
	return c.hall.Show(g, http.StatusOK, pages.LinkPage(p, pages.Link{Token: g.Param("token")}))
}

// redeemLink opens a session with a one-time link.
func (c *Console) redeemLink(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	s, err := auth.RedeemOneTime(g.Request.Context(), c.DB, c.Keys, f.Optional("token"), c.LinkGrace, c.Now())
	if problems := web.Problems(c.hall.Words(g), err); problems != nil {
		return c.showSignIn(g, web.Status(err), pages.SignIn{}, problems)
	}
	if err != nil {
		return err
	}
	return c.enter(g, s, "/")
}

// signOut ends the session and clears what the browser kept.
func (c *Console) signOut(g *gin.Context, v visit) error {
	if err := auth.SignOut(g.Request.Context(), c.DB, v.Principal, v.at); err != nil {
		return err
	}
	c.hall.DropCookie(g, sessionCookie)
	g.Header("Clear-Site-Data", `"cache", "storage"`)
	return web.See(g, "/sign-in", "signed_out", 0)
}
