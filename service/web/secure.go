package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// policy allows what our own pages load from our own address, and nothing
// inline, embedded, framed or evaluated. htmx is the one script that may turn
// text into markup.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; " +
	"require-trusted-types-for 'script'; trusted-types seedbook"

// secure sets the headers that every answer carries (reliability.md §4.8).
func (h *Hall) secure(g *gin.Context) {
	header := g.Writer.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
	header.Set("Cache-Control", "no-store")
	if h.cfg.Secure {
		header.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
	if g.Request.Context().Value(crossSite{}) != nil {
		h.answer(g, ErrCrossSite)
		g.Abort()
		return
	}
	g.Next()
}

// cookieName carries the prefix that ties a cookie to this very host and to
// TLS, where there is TLS.
func (h *Hall) cookieName(name string) string {
	if h.cfg.Secure {
		return "__Host-" + name
	}
	return name
}

// SetCookie gives the browser a cookie for this host only, out of reach of
// scripts and of other sites. A life of 0 ends with the browser.
func (h *Hall) SetCookie(g *gin.Context, name, value string, life time.Duration) {
	http.SetCookie(g.Writer, &http.Cookie{
		Name: h.cookieName(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: h.cfg.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// Cookie returns a cookie's value, or "".
func (h *Hall) Cookie(g *gin.Context, name string) string {
	c, err := g.Request.Cookie(h.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// DropCookie makes the browser forget a cookie.
func (h *Hall) DropCookie(g *gin.Context, name string) {
	http.SetCookie(g.Writer, &http.Cookie{
		Name: h.cookieName(name), Path: "/", MaxAge: -1,
		Secure: h.cfg.Secure, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
}

// framing is the policy of a page that shows our own pages in frames, and framed
// that of the pages shown there. Nobody else's page may frame either.
const (
	framing = policy + "; frame-src 'self'"
	framed  = "frame-ancestors 'self'"
)

// Frames lets the page that is answered show pages of ours in frames.
func Frames(g *gin.Context) { g.Header("Content-Security-Policy", framing) }

// Framed lets the page that is answered be shown in a frame of ours.
func Framed(g *gin.Context) {
	g.Header("Content-Security-Policy", strings.Replace(policy, "frame-ancestors 'none'", framed, 1))
}
