package console

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/console/pages/samples"
	"seedbook/service/web/parts"
)

// guide is one of the guides: its name and its chapters in order, each with the
// page that is its picture; "" for none.
type guide struct {
	name     string
	words    string // the beginning of its phrases' keys
	chapters [][2]string
}

// guides are written for the people of domain/people.md. A picture is the real
// page filled with samples, in the reader's language: it cannot be out of date.
var guides = []guide{
	{"administrator", "guide.administrator.", [][2]string{
		{"day", "home"}, {"roster", "preview"}, {"duplicates", "pair"}, {"find", "children"}, {"many", "bulk-asks"}, {"child", "child"}, {"why", "explanation"},
		{"deposits", "deposits"}, {"correct", "correct-preview"}, {"rules", "rule-form"}, {"try", "trial"}, {"runs", "jobs"}, {"letters", "letters"},
	}},
	{"approver", "guide.approver.", [][2]string{
		{"inbox", "approvals"}, {"request", "request"}, {"rules", "rule-submitted"}, {"excess", "excesses"}, {"staff", "member"}, {"limits", "limits"},
	}},
	{"system", "guide.system.", [][2]string{
		{"start", ""}, {"database", ""}, {"secrets", ""}, {"mail", ""}, {"staff", "staff"}, {"runs", "run"}, {"keys", "keys"}, {"proof", "books-verified"}, {"trail", "trail"}, {"trouble", ""},
	}},
}

// help leads to the guides and explains the words.
func (c *Console) help(g *gin.Context, v visit) error {
	p := c.page(g, v, v.words.T("console.help.title"))
	p.Lead = v.words.T("console.help.lead")
	var links []parts.Link
	for _, one := range guides {
		links = append(links, parts.Link{Text: v.words.T(one.words + "title"), To: "/help/guides/" + one.name})
	}
	return c.show(g, pages.HelpPage(p, append(links, parts.Link{Text: v.words.T("guide.keyboard.title"), To: "/help/keyboard"})))
}

// showGuide shows a guide with pictures of the real pages.
func (c *Console) showGuide(g *gin.Context, v visit) error {
	for _, one := range guides {
		if one.name == g.Param("guide") {
			p := c.page(g, v, v.words.T(one.words+"title"), parts.Link{Text: v.words.T("console.help.title"), To: "/help"})
			p.Lead = v.words.T(one.words + "lead")
			web.Frames(g)
			return c.show(g, pages.GuidePage(p, one.view(v)))
		}
	}
	return web.ErrNoPage
}

func (one guide) view(v visit) (out pages.Guide) {
	for _, chapter := range one.chapters {
		key := one.words + chapter[0]
		ch := pages.Chapter{ID: chapter[0], Title: v.words.T(key + "_title"), Steps: strings.Split(strings.TrimSpace(v.words.T(key)), "\n")}
		if chapter[1] != "" {
			ch.Picture = "/help/pictures/" + chapter[1]
		}
		out.Chapters = append(out.Chapters, ch)
	}
	return out
}

// picture is a page filled with samples, to be looked at and not used.
func (c *Console) picture(g *gin.Context, v visit) error {
	for _, page := range samples.Pages {
		if page.Name == g.Param("name") && inGuides(page.Name) {
			web.Framed(g)
			frame := c.hall.Page(g, "")
			return c.hall.Show(g, http.StatusOK, page.Fill(samples.Frame(v.words.Lang(), frame.Assets)))
		}
	}
	return web.ErrNoPage
}

// inGuides reports a page that a guide shows: no other sample is served.
func inGuides(name string) bool {
	for _, one := range guides {
		for _, chapter := range one.chapters {
			if chapter[1] == name {
				return true
			}
		}
	}
	return false
}

// keyboard lists what single keys do, and lets them be switched off.
func (c *Console) keyboard(g *gin.Context, v visit) error {
	p := c.page(g, v, v.words.T("guide.keyboard.title"), parts.Link{Text: v.words.T("console.help.title"), To: "/help"})
	p.Lead = v.words.T("guide.keyboard.lead")
	view := pages.Keyboard{}
	for _, k := range [][2]string{{"/", "search"}, {"j", "down"}, {"k", "up"}, {"x", "choose"}, {"b", "bulk"}, {"a", "decide"}, {"?", "help"}, {"g h", "home"}} {
		view.Keys = append(view.Keys, parts.Row{Term: k[0], Value: v.words.T("guide.keyboard." + k[1])})
	}
	for _, s := range navigation {
		for _, at := range s.places {
			if at.key != "" && v.May(at.may) {
				view.Keys = append(view.Keys, parts.Row{Term: "g " + at.key, Value: v.words.T("console.nav." + at.name)})
			}
		}
	}
	return c.show(g, pages.KeyboardPage(p, view))
}
