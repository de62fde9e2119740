package console

import (
	"context"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/report"
	"seedbook/service/statement"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// quarters is how many quarters the funds' page offers, this one included.
const quarters = 8

// funds follows the funds through a quarter.
func (c *Console) funds(g *gin.Context, v visit) error {
	span := statement.QuarterOf(v.today())
	view := pages.Funds{Base: v.base(), May: v.May(auth.ManageFunds)}
	for i := range quarters {
		s := statement.QuarterOf(span.First.AddMonths(-3 * i))
		view.Periods = append(view.Periods, parts.Choice{Value: s.Name, Text: statement.PeriodName(v.words, s)})
	}
	if chosen := g.Query("period"); chosen != "" {
		var err error
		if span, err = statement.ParseSpan(chosen); err != nil {
			return err
		}
	}
	view.Period, view.In = span.Name, span.Period
	var rolled []report.RollForward
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		rolled, err = report.RollForwards(ctx, q, v.program, span.Period)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range rolled {
		view.Funds = append(view.Funds, rollForward(v, r))
	}
	return c.show(g, pages.FundsPage(c.page(g, v, v.words.T("console.funds.title")), view))
}

func rollForward(v visit, r report.RollForward) pages.RollForward {
	w := v.words
	return pages.RollForward{
		Name: r.Fund.Name, To: fundPath(v, r.Fund), Funder: r.Fund.Funder, Purpose: r.Fund.Purpose,
		Opening: r.Opening, Received: r.Received, Awarded: r.Awarded, GivenBack: r.GivenBack, Other: r.Other, Closing: r.Closing,
		Position: []parts.Row{
			{Term: w.T("console.funds.on_accounts"), Value: w.Money(r.Designated)},
			{Term: w.T("console.funds.promised"), Value: w.Money(r.Promised)},
			{Term: w.T("console.funds.cash"), Value: w.Money(r.Cash)},
			{Term: w.T("console.funds.custodied"), Value: w.Money(r.Custodied)},
			{Term: w.T("console.funds.receivable"), Value: w.Money(r.Receivable)},
		},
	}
}

func fundPath(v visit, f fund.Fund) string {
	return v.base() + "/funds/" + url.PathEscape(f.Code)
}
