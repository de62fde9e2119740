package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/imports"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// sources lists who sends files, and by which agreement.
func (c *Console) sources(g *gin.Context, v visit) error {
	return c.showSources(g, v, http.StatusOK, pages.Sources{}, false, nil)
}

func (c *Console) showSources(g *gin.Context, v visit, status int, view pages.Sources, meanwhile bool, problems []parts.Problem) error {
	var all []imports.Source
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		all, err = imports.Sources(ctx, q, v.program.ID)
		return err
	})
	if err != nil {
		return err
	}
	if v.May(auth.ImportFiles) {
		view.Post = v.base() + "/imports/sources"
	}
	for _, s := range all {
		line := pages.SenderLine{Name: s.Name, Agreement: s.Agreement, Until: s.Until, State: sourceState(v, s)}
		if s.ID != 0 && s.Agreement != "" {
			line.By, line.At = actor(v, s.NotedBy), s.NotedAt.In(v.at.Location())
		}
		view.Sources = append(view.Sources, line)
	}
	p := c.page(g, v, v.words.T("console.sources.title"), importsLink(v))
	p.Lead, p.Problems = v.words.T("console.sources.lead"), problems
	view.Shown = sourceSeals(v, all)
	if i := slices.IndexFunc(all, func(s imports.Source) bool { return s.Name == view.Source }); meanwhile && i >= 0 {
		typed := imports.Source{Agreement: view.Agreement}
		typed.Until, _ = ledger.ParseDate(view.Until) // read before
		p.Meanwhile = sourceShown(v, all[i]).beside(sourceShown(v, typed).now)
	}
	return c.hall.Show(g, status, pages.SourcesPage(p, view))
}

// soonDays is how long before its end an agreement is told on home.
const soonDays = 60

func sourceState(v visit, s imports.Source) parts.Status {
	switch {
	case s.Agreement == "":
		return parts.Status{Text: v.words.T("console.sources.not_noted"), Tone: parts.Caution}
	case s.Expired(v.today()):
		return parts.Status{Text: v.words.T("console.sources.ended"), Tone: parts.Bad}
	case !s.Until.IsZero() && s.Until.Before(v.today().AddDays(soonDays)):
		return parts.Status{Text: v.words.T("console.sources.soon"), Tone: parts.Caution}
	}
	return parts.Status{Text: v.words.T("console.sources.in_force"), Tone: parts.Good}
}

// sourceShown is what is noted of a source, as people read it.
func sourceShown(v visit, s imports.Source) (out shown) {
	out.add(v.words.T("console.sources.agreement"), s.Agreement)
	out.add(v.words.T("console.sources.until"), dateOr(v, s.Until))
	return out
}

// sourceSeals are the seals of sources: the form is about the one that is named
// in it.
func sourceSeals(v visit, all []imports.Source) (out string) {
	for _, s := range all {
		out += s.Name + ":" + sourceShown(v, s).seal() + ";"
	}
	return out
}

// noteAgreement notes by which agreement a source sends files.
func (c *Console) noteAgreement(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.Sources{Source: f.Text("source"), Agreement: f.Text("agreement"), Until: f.Optional("until"), Shown: f.Peek(sealName)}
	var until ledger.Date
	if view.Until != "" {
		until = f.Date("until")
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			all, err := imports.Sources(ctx, tx, v.program.ID)
			if err != nil {
				return err
			}
			if i := slices.IndexFunc(all, func(s imports.Source) bool { return s.Name == view.Source }); i >= 0 && view.Shown != "" && !strings.Contains(view.Shown, sourceSeals(v, all[i:i+1])) {
				return errMeanwhile
			}
			return imports.NoteAgreement(ctx, tx, c.importing(v), view.Source, view.Agreement, until)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showSources(g, v, web.Status(err), view, errors.Is(err, errMeanwhile), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/imports/sources", "agreement_noted", 0)
}
