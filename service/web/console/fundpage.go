package console

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/report"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// fundFile is everything a fund's page is made of.
type fundFile struct {
	fund.Fund
	in       ledger.Period
	rolled   report.RollForward
	receipts []report.FundReceipt
	given    []report.Given
}

// fundPage follows one fund through a period of any days.
func (c *Console) fundPage(g *gin.Context, v visit) error {
	f := fundFile{in: ledger.Period{First: ledger.NewDate(v.today().Year(), 1, 1), Last: v.today()}}
	form := web.ReadQuery(g)
	for name, d := range map[string]*ledger.Date{"from": &f.in.First, "to": &f.in.Last} {
		if form.Optional(name) != "" {
			*d = form.Date(name)
		}
	}
	err := form.Err()
	if err == nil {
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error { return f.load(ctx, q, v, g.Param("fund")) })
	}
	if err != nil {
		return err
	}
	p := c.page(g, v, f.Name, parts.Link{Text: v.words.T("console.nav.funds"), To: v.base() + "/funds"})
	p.Lead = f.Funder
	return c.show(g, pages.FundPage(p, f.view(v)))
}

func (f *fundFile) load(ctx context.Context, q sqlx.QueryerContext, v visit, code string) (err error) {
	if f.Fund, err = fund.ByCode(ctx, q, v.program.ID, code); err != nil {
		return err
	}
	all, err := report.RollForwards(ctx, q, v.program, f.in)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Fund.ID == f.ID {
			f.rolled = r
		}
	}
	if f.receipts, err = report.FundReceipts(ctx, q, f.Fund); err != nil {
		return err
	}
	f.given, err = report.GivenBy(ctx, q, v.program, f.Fund)
	return err
}

// lines is where the lines of one line of the chart are, for who may see the books.
func (f fundFile) lines(v visit, chart ledger.Chart, in ledger.Period, kind string) string {
	if !v.May(auth.SeeBooks) {
		return ""
	}
	return linesOf(v, chart, f.ID, in, 0, kind)
}

func (f fundFile) view(v visit) pages.Fund {
	w, r, upTo := v.words, f.rolled, ledger.Period{Last: f.in.Last}
	view := pages.Fund{Self: fundPath(v, f.Fund), From: f.in.First.String(), To: f.in.Last.String(), Purpose: f.Purpose, In: f.in}
	row := func(key string, a ledger.Amount, to string) parts.Row {
		return parts.Row{Term: w.T("console.funds." + key), Value: w.Money(a), To: to}
	}
	moved := f.lines(v, ledger.Uncommitted, f.in, "")
	view.Rolled = []parts.Row{
		row("opening", r.Opening, f.lines(v, ledger.Uncommitted, ledger.Period{Last: f.in.First.AddDays(-1)}, "")), row("received", r.Received, f.lines(v, ledger.Contributions, f.in, "")),
		row("awarded", r.Awarded, moved), row("given_back", r.GivenBack, f.lines(v, ledger.Uncommitted, f.in, "reverse")), row("rest", r.Other, moved),
		row("closing", r.Closing, f.lines(v, ledger.Uncommitted, upTo, "")),
	}
	view.Position = []parts.Row{
		row("on_accounts", r.Designated, ""), row("promised", r.Promised, f.lines(v, ledger.Accrued, upTo, "")), row("cash", r.Cash, f.lines(v, ledger.RestrictedCash, upTo, "")),
		row("custodied", r.Custodied, f.lines(v, ledger.CustodialCash, upTo, "")), row("receivable", r.Receivable, f.lines(v, ledger.PledgesReceivable, upTo, "")),
	}
	for _, got := range f.receipts {
		line := pages.FundReceipt{Reference: got.Reference, Kind: w.T("console.receipt.kinds." + string(got.Kind)), Amount: got.Amount, On: got.On, By: actor(v, got.By)}
		if v.May(auth.SeeBooks) {
			line.To = txPath(v, got.No)
		}
		view.Receipts = append(view.Receipts, line)
	}
	for _, gave := range f.given {
		line := pages.FundGiven{Benefit: gave.Benefit, Account: chartName(v, gave.Chart), Children: gave.Children, Amount: gave.Amount}
		if v.May(auth.SeeBooks) {
			line.To = ledgerPath(v, gave.Chart, f.ID, stand{})
		}
		view.Given = append(view.Given, line)
	}
	return view
}
