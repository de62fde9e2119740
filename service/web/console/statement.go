package console

import (
	"bytes"
	"context"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/statement"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// drawn reads a child's statement with everything on it, and notes who did.
func (c *Console) drawn(g *gin.Context, v visit) (d statement.Drawn, err error) {
	id, err := childID(g)
	if err != nil {
		return d, err
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		issued, err := statement.Find(ctx, q, v.program.ID, id, g.Param("period"))
		if err != nil {
			return err
		}
		all, err := statement.Draw(ctx, q, v.Who(), c.Keys, v.program, []statement.Issued{issued})
		if err != nil {
			return err
		}
		d = all[0]
		return nil
	})
	if err != nil {
		return d, err
	}
	if !v.May(auth.SeeNames) {
		d.Person = family.Person{Given: masked(d.Person)}
	}
	return d, c.viewed(g, v, "statement.viewed", []family.ChildID{id})
}

// statement shows a statement as a page.
func (c *Console) statement(g *gin.Context, v visit) error {
	d, err := c.drawn(g, v)
	if err != nil {
		return err
	}
	w := v.words
	name := d.Person.DisplayName()
	if d.Erased {
		name = w.T("statement.erased")
	}
	p := c.page(g, v, w.T("statement.heading", i18n.Args{"period": statement.PeriodName(w, d.Span())}),
		parts.Link{Text: w.T("console.nav.children"), To: v.base() + "/children"}, parts.Link{Text: name, To: childPath(v, d.Child)})
	view := pages.Statement{
		Name: name, Account: w.T("statement.account", i18n.Args{"account": d.Account.String(), "first": d.First, "last": d.Last}),
		Figures: []parts.Figure{
			{Label: w.T("statement.closing", i18n.Args{"last": d.Last}), Value: w.Money(d.Closing()), Major: true},
			{Label: w.T("statement.opening", i18n.Args{"first": d.First}), Value: w.Money(d.Opening())},
			{Label: w.T("statement.closing_own"), Value: w.Money(d.ClosingOwn)},
			{Label: w.T("statement.closing_given"), Value: w.Money(d.ClosingProgram), Note: w.T("statement.use")},
		},
		Own: statementLines(w, d.Own), Given: statementLines(w, d.Given),
		Code: w.T("statement.checked", i18n.Args{"code": d.Code, "no": int64(d.Known)}),
	}
	for _, r := range statement.AccountRows(w, d) {
		view.Accounts = append(view.Accounts, parts.Row{Term: r[0], Value: r[1]})
	}
	for _, coming := range d.Coming {
		view.Coming = append(view.Coming, parts.Row{Term: w.Money(coming.Amount), Value: statement.ComingText(w, coming)})
	}
	return c.show(g, pages.StatementPage(p, view))
}

func statementLines(w *i18n.Words, lines []statement.Line) []pages.MoneyLine {
	out := make([]pages.MoneyLine, len(lines))
	for i, l := range lines {
		out[i] = pages.MoneyLine{On: l.On, What: statement.LineName(w, l), Note: strings.Join(statement.LineNotes(w, l), " "), Amount: l.Amount}
	}
	return out
}

// statementPDF sends a statement as a PDF in one of our languages.
func (c *Console) statementPDF(g *gin.Context, v visit) error {
	lang := g.Param("lang")
	if !i18n.Speaks(lang) {
		return web.ErrNoPage
	}
	d, err := c.drawn(g, v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := statement.WritePDF(&b, d, lang); err != nil {
		return err
	}
	return web.Download(g, "application/pdf", "statement-"+d.Account.String()+"-"+d.Period+"-"+lang+".pdf", b.Bytes())
}
