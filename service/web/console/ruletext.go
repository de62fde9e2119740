package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/program"
	"seedbook/service/rulebook"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// maxBookText bounds the text of a rule book in the editor, in characters: a
// form of ours takes a megabyte, and every character may take three bytes there.
const maxBookText = 300_000

// ruleText is the editor of a draft's text.
func (c *Console) ruleText(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	if refused := f.notDraft(); refused != nil {
		return refused
	}
	return c.showRuleText(g, v, f, http.StatusOK, nil, pages.RuleText{Text: f.Source, Revision: f.Revision})
}

func (c *Console) showRuleText(g *gin.Context, v visit, f *bookFile, status int, problems []parts.Problem, view pages.RuleText) error {
	title := v.words.T("console.rules.editing", map[string]any{"book": bookName(v, f.No)})
	p := c.page(g, v, title, parts.Link{Text: v.words.T("console.nav.rules"), To: v.base() + "/rules"}, parts.Link{Text: bookName(v, f.No), To: bookPath(v, f.No)})
	p.Problems = append(problems, f.textProblems(v)...)
	view.Post, view.Book = bookPath(v, f.No)+"/text", bookPath(v, f.No)
	if f.parsed != nil && view.FormNote == "" {
		view.Form = bookPath(v, f.No) + "/form"
	}
	view.Source, view.Problems = f.lines(view.Text), len(f.problems)
	return c.hall.Show(g, status, pages.RuleTextPage(p, view))
}

// saveRuleText keeps a draft's text as it was typed, a rule book or not. Where
// somebody else saved meanwhile, both are shown and nothing is lost.
func (c *Console) saveRuleText(g *gin.Context, v visit) error {
	f, err := c.openBook(g, v)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	text, then := form.Block("source", maxBookText), form.Choice("then", "stay", "book")
	revision := form.Int("revision", 1, 1<<31-1)
	if err = form.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := program.Save(ctx, tx, v.Who(), v.program.ID, f.No, revision, text, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil && f.State == program.Drafted {
		view := pages.RuleText{Text: text, Revision: revision}
		if errors.Is(err, program.ErrStale) {
			// Saving once more puts this text in the place of theirs, knowingly.
			view.Revision, view.Theirs = f.Revision, diffLines(f.Source, text)
			view.By, view.At = actor(v, f.LastBy), f.LastAt.In(v.at.Location())
		}
		f.parse(text)
		return c.showRuleText(g, v, f, web.Status(err), problems, view)
	}
	if err != nil {
		return err
	}
	to := bookPath(v, f.No)
	if then == "stay" {
		to += "/text"
	}
	return web.See(g, to, "rules_saved", 0)
}

func diffLines(theirs, mine string) []pages.DiffLine {
	var out []pages.DiffLine
	for _, l := range rulebook.DiffText(theirs, mine) {
		out = append(out, pages.DiffLine{Sign: string(l.Sign), Text: l.Text})
	}
	return out
}
