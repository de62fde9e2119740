package console

import (
	"bytes"
	"context"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/savings"
	"seedbook/service/tabular"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// depositFile is a file of deposits that somebody has uploaded and not posted
// yet.
type depositFile struct {
	name string
	in   *savings.Import
}

// uploadDeposits reads a file and compares it with what is known; nothing is
// posted.
func (c *Console) uploadDeposits(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	content, name, err := f.File("file")
	if err != nil {
		return err
	}
	kept := depositFile{name: name}
	if err = f.Err(); err == nil {
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
			kept.in, err = savings.Preview(ctx, q, v.Who(), c.Keys, v.program, name, bytes.NewReader(content), v.today())
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showDeposits(g, v, web.Status(err), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/deposits/files/"+c.depositFiles.keep(v, kept), "", 0)
}

// depositFile shows what posting a file would do, or has done.
func (c *Console) showDepositFile(g *gin.Context, v visit) error {
	f, err := c.depositFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	p := c.page(g, v, f.name, parts.Link{Text: v.words.T("console.nav.deposits"), To: v.base() + "/deposits"})
	return c.show(g, pages.PreviewPage(p, depositView(v, f, g.Param("id"))))
}

func depositView(v visit, f depositFile, id string) pages.Preview {
	w, in := v.words, f.in
	view := pages.Preview{
		State:   parts.Status{Text: w.T("console.roster_state.staged"), Tone: parts.Info},
		Summary: w.T("console.deposits.summary", i18n.Args{"rows": in.File.Rows, "accepted": in.File.Accepted, "amount": in.File.Amount, "aside": in.File.Quarantined}),
	}
	for _, o := range []savings.Outcome{savings.Posted, savings.Suspense, savings.Repeated, savings.Clash} {
		view.Figures = append(view.Figures, parts.Figure{
			Label: w.T("console.outcome." + string(o)), Value: w.Money(in.Sums[o]), Note: w.N("console.deposits.count", in.By[o]), Major: o == savings.Posted,
		})
	}
	fresh, sum := in.By[savings.Posted]+in.By[savings.Suspense], ledger.Sum(in.Sums[savings.Posted], in.Sums[savings.Suspense])
	if fresh > 0 {
		view.Commit = v.base() + "/deposits/files/" + id
		view.Confirm = w.N("console.deposits.confirm", fresh, i18n.Args{"amount": sum})
	}
	for i, problem := range in.File.Problems {
		if i == shownProblems {
			break
		}
		view.Problems = append(view.Problems, problemLine(v, problem))
	}
	for i, o := range in.Outcomes {
		if o == savings.Clash && len(view.Problems) < 2*shownProblems {
			view.Problems = append(view.Problems, problemLine(v, tabular.Problem{Line: in.Lines[i], Code: "console.deposits.clash", Severity: tabular.Quarantine}))
		}
	}
	return view
}

// postDeposits posts a checked file. Posting it again changes nothing.
func (c *Console) postDeposits(g *gin.Context, v visit) error {
	f, err := c.depositFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	in := *f.in // posting notes its outcomes; the file stays as it was checked
	in.Outcomes = slices.Clone(in.Outcomes)
	if err := in.Post(g.Request.Context(), c.DB, v.Who(), v.program, v.at, func(int, int) {}); err != nil {
		return err
	}
	return web.See(g, v.base()+"/deposits", "deposits_posted", in.By[savings.Posted]+in.By[savings.Suspense])
}
