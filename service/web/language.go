package web

import (
	"net/http"
	"net/url"
	"time"

	"github.com/gin-gonic/gin"

	"seedbook/service/i18n"
	"seedbook/service/web/parts"
)

const keyLang = "web.lang"

// langCookie remembers the language someone chose; a year.
const (
	langCookie = "lang"
	langLife   = 365 * 24 * time.Hour
)

// Lang is the language this request is answered in: the one asked for in the
// address, the one chosen before, the reader's own, the browser's.
func (h *Hall) Lang(g *gin.Context) string {
	if lang := g.GetString(keyLang); lang != "" {
		return lang
	}
	lang := h.chosenLang(g)
	if lang == "" {
		lang = i18n.Match(g.GetHeader("Accept-Language"))
	}
	return lang
}

func (h *Hall) chosenLang(g *gin.Context) string {
	if lang := g.Query("lang"); i18n.Speaks(lang) {
		if lang != h.Cookie(g, langCookie) && !g.Writer.Written() {
			h.SetCookie(g, langCookie, lang, langLife)
		}
		g.Set(keyLang, lang)
		return lang
	}
	if lang := h.Cookie(g, langCookie); i18n.Speaks(lang) {
		return lang
	}
	return ""
}

// PreferLang is the signed-in reader's own language, for who has chosen no
// other in this browser.
func (h *Hall) PreferLang(g *gin.Context, lang string) {
	if h.chosenLang(g) == "" && i18n.Speaks(lang) {
		g.Set(keyLang, lang)
	}
}

func (h *Hall) words(g *gin.Context) *i18n.Words { return i18n.For(h.Lang(g)) }

// Words are the words of the reader's language.
func (h *Hall) Words(g *gin.Context) *i18n.Words { return h.words(g) }

// otherLanguages lead to this same page. Where a form was sent and came back,
// they lead to the form.
func (h *Hall) otherLanguages(g *gin.Context) []parts.LanguageLink {
	var links []parts.LanguageLink
	now := h.Lang(g)
	for _, l := range i18n.Languages {
		if l.Code == now {
			continue
		}
		u := url.URL{Path: g.Request.URL.Path}
		q := url.Values{}
		if g.Request.Method == http.MethodGet {
			q = g.Request.URL.Query()
			q.Del("done")
			q.Del("n")
		}
		q.Set("lang", l.Code)
		u.RawQuery = q.Encode()
		links = append(links, parts.LanguageLink{Code: l.Code, Name: l.Name, To: u.String()})
	}
	return links
}
