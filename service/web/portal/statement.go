package portal

import (
	"bytes"
	"cmp"
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/i18n"
	"seedbook/service/statement"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// drawn reads a child's statement with everything on it.
func (p *Portal) drawn(g *gin.Context, v visit, h activation.Held) (d statement.Drawn, err error) {
	in := v.programs[h.Program]
	err = p.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		issued, err := statement.Find(ctx, q, in.ID, h.Child, g.Param("period"))
		if err != nil {
			return err
		}
		if seen, err := statement.ForFamily(ctx, q, h.Child, []statement.Issued{issued}); err != nil || len(seen) == 0 {
			return cmp.Or(err, error(statement.ErrNone))
		}
		all, err := statement.Draw(ctx, q, v.Who(), p.Keys, in, []statement.Issued{issued})
		if err == nil {
			d = all[0]
		}
		return err
	})
	return d, err
}

// statement shows a statement as a page.
func (p *Portal) statement(g *gin.Context, v visit, h activation.Held) error {
	d, err := p.drawn(g, v, h)
	if err != nil {
		return err
	}
	w := v.words
	name := purse{person: d.Person, erased: d.Erased}.name(w)
	page := p.page(g, w.T("statement.heading", i18n.Args{"period": statement.PeriodName(w, d.Span())}), parts.Link{Text: name, To: childPath(h)})
	view := pages.Paper{
		Name: name, Account: w.T("statement.account", i18n.Args{"account": d.Account.String()}), Code: d.Code,
		Figures: []parts.Figure{
			{Label: w.T("statement.closing", i18n.Args{"last": d.Last}), Value: w.Money(d.Closing()), Major: true},
			{Label: w.T("statement.opening", i18n.Args{"first": d.First}), Value: w.Money(d.Opening())},
			{Label: w.T("statement.closing_own"), Value: w.Money(d.ClosingOwn)},
			{Label: w.T("statement.closing_given"), Value: w.Money(d.ClosingProgram), Note: w.T("statement.use")},
		},
		PDFs: pdfLinks(w, childPath(h)+"/statements/"+d.Period),
	}
	for _, r := range statement.AccountRows(w, d) {
		view.Accounts = append(view.Accounts, parts.Row{Term: r[0], Value: r[1]})
	}
	for _, l := range d.Own {
		view.Own = append(view.Own, moneyLine(w, l))
	}
	for _, l := range d.Given {
		view.Given = append(view.Given, moneyLine(w, l))
	}
	for _, c := range d.Coming {
		view.Coming = append(view.Coming, parts.Row{Term: w.Money(c.Amount), Value: statement.ComingText(w, c)})
	}
	return p.show(g, pages.PaperPage(page, view))
}

// statementPDF sends a statement as a PDF in one of our languages.
func (p *Portal) statementPDF(g *gin.Context, v visit, h activation.Held) error {
	lang := g.Param("lang")
	if !i18n.Speaks(lang) {
		return web.ErrNoPage
	}
	d, err := p.drawn(g, v, h)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := statement.WritePDF(&b, d, lang); err != nil {
		return err
	}
	return web.Download(g, "application/pdf", "statement-"+d.Account.String()+"-"+d.Period+"-"+lang+".pdf", b.Bytes())
}
