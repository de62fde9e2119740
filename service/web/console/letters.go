package console

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// runsShown is how many runs of letters the log shows.
const runsShown = 50

// letters asks for whom letters shall be printed, says how many that would be,
// and shows who printed which before.
func (c *Console) letters(g *gin.Context, v visit) error {
	f := web.ReadQuery(g)
	choice, asked := letterChoice(f), g.Query("language") != ""
	if !asked {
		choice, f = activation.Choice{Lang: i18n.Languages[0].Code}, web.ReadQuery(g)
	}
	err := f.Err()
	if asked && err != nil {
		return c.showLetters(g, v, web.Status(err), choice, false, web.Problems(v.words, err))
	}
	return c.showLetters(g, v, http.StatusOK, choice, asked, nil)
}

func letterChoice(f *web.Form) activation.Choice {
	var speaks []string
	for _, l := range i18n.Languages {
		speaks = append(speaks, l.Code)
	}
	c := activation.Choice{Lang: f.Choice("language", speaks...), Everybody: f.Checked("everybody")}
	if school := f.Optional("school"); school != "" {
		id, err := strconv.ParseInt(school, 10, 64)
		if err != nil {
			f.Choice("school") // none of those offered
		}
		c.School = program.SchoolID(id)
	}
	return c
}

func (c *Console) showLetters(g *gin.Context, v visit, status int, choice activation.Choice, count bool, problems []parts.Problem) error {
	view := pages.Letters{Base: v.base(), Lang: choice.Lang, Everybody: choice.Everybody, May: v.May(auth.PrintLetters), Count: -1,
		Schools: []parts.Choice{{Text: v.words.T("letters.console.all")}}}
	if choice.School != 0 {
		view.School = strconv.FormatInt(int64(choice.School), 10)
	}
	for _, l := range i18n.Languages {
		view.Languages = append(view.Languages, parts.Choice{Value: l.Code, Text: l.Name})
	}
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		schools, err := program.Schools(ctx, q)
		if err != nil {
			return err
		}
		for _, s := range schools {
			view.Schools = append(view.Schools, parts.Choice{Value: strconv.FormatInt(int64(s.ID), 10), Text: s.Name})
		}
		if count && view.May {
			if view.Count, err = activation.Count(ctx, q, v.program.ID, choice); err != nil {
				return err
			}
		}
		runs, err := activation.Runs(ctx, q, v.program.ID, runsShown)
		for _, r := range runs {
			view.Runs = append(view.Runs, letterRun(v, r))
		}
		return err
	})
	if err != nil {
		return err
	}
	view.Most = activation.MostLetters
	p := c.page(g, v, v.words.T("letters.console.title"))
	p.Lead, p.Problems = v.words.T("letters.console.lead"), problems
	return c.hall.Show(g, status, pages.LettersPage(p, view))
}

func letterRun(v visit, r activation.Run) pages.LetterRun {
	line := pages.LetterRun{At: r.At.In(v.at.Location()), By: actor(v, r.By), School: r.School, Language: languageName(r.Lang), Letters: r.Letters, File: r.SHA256[:12], Whom: v.words.T("letters.console.only_new")}
	if r.School == "" {
		line.School = v.words.T("letters.console.all")
	}
	if r.Everybody {
		line.Whom = v.words.T("letters.console.every")
	}
	return line
}

// printLetters makes the letters and keeps the file for whoever made them, until
// it is downloaded or pushed off the shelf.
func (c *Console) printLetters(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	choice := letterChoice(f)
	var out activation.Printed
	if err = f.Err(); err == nil {
		out, err = activation.Print(g.Request.Context(), c.DB, v.Who(), c.Keys, v.program, choice, c.families(g), v.at)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showLetters(g, v, web.Status(err), choice, false, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/letters/"+c.letterFiles.keep(v, out), "", 0)
}

// families is the address of the families' pages: the one that the installation
// is known by, or else the one by which this browser knows it.
func (c *Console) families(g *gin.Context) string {
	if c.Origin != "" {
		return c.Origin + "/family"
	}
	u := url.URL{Scheme: "http", Host: g.Request.Host, Path: "/family"}
	return u.String()
}

// lettersReady leads to the file.
func (c *Console) lettersReady(g *gin.Context, v visit) error {
	out, err := c.letterFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("letters.console.ready_title"), parts.Link{Text: v.words.T("letters.console.title"), To: v.base() + "/letters"})
	return c.show(g, pages.LettersReadyPage(p, pages.LettersReady{Letters: out.Letters, To: v.base() + "/letters/" + g.Param("id") + "/letters.pdf"}))
}

func (c *Console) lettersFile(g *gin.Context, v visit) error {
	out, err := c.letterFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	return web.Download(g, "application/pdf", "letters-"+v.program.Code+"-"+strconv.FormatInt(out.Run, 10)+".pdf", out.PDF)
}
