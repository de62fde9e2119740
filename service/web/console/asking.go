package console

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/service/approval"
	"seedbook/service/fund"
	"seedbook/service/roster"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// askRoster has applying a large roster wait for another person.
func (c *Console) askRoster(g *gin.Context, v visit) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	var request approval.ID
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		request, err = roster.ProposeCommit(ctx, tx, v.Who(), v.program, id, v.words.T("console.preview.ask_reason"), v.at)
		return err
	})
	if err != nil {
		return err
	}
	return web.See(g, requestPath(request), "request_asked", 0)
}

// rosterApproval is what a staged roster needs of other people: nothing, a
// request that waits already, or one to be made.
type rosterApproval struct {
	alone   bool
	request approval.Request
}

func (c *Console) rosterApproval(ctx context.Context, q sqlx.QueryerContext, v visit, b roster.Batch, later int) (a rosterApproval, err error) {
	if b.State != roster.Staged && later == 0 {
		return rosterApproval{alone: true}, nil
	}
	a.alone, err = roster.CommitAlone(ctx, q, v.Who(), v.program, b.ID)
	if errors.Is(err, roster.ErrStale) {
		return rosterApproval{alone: true}, nil // applying it says so
	}
	if err != nil || a.alone {
		return a, err
	}
	a.request, err = approval.Open(ctx, q, approval.Roster, roster.Subject(b.ID))
	if errors.Is(err, approval.ErrNone) {
		err = nil
	}
	return a, err
}

// askRun has a large run by hand wait for another person.
func (c *Console) askRun(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	name, asOf, reason := f.Text("job"), f.Date("as_of"), f.Block("reason", 4000)
	if err = f.Err(); err == nil && c.Jobs == nil {
		err = web.ErrNoPage
	}
	var request approval.ID
	if err == nil {
		request, err = c.orderApproval(g, v, jobs.Order{AsOf: asOf}, name, reason)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showRuns(g, v, web.Status(err), problems, typedRun{name, asOf.String(), true})
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(request), "request_asked", 0)
}

func (c *Console) orderApproval(g *gin.Context, v visit, o jobs.Order, name, reason string) (id approval.ID, err error) {
	if o.Job, err = c.Jobs.Job(name); err != nil {
		return 0, err
	}
	o.Program = jobs.Of(v.Tenant, v.program)
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err = jobs.ProposeRun(ctx, tx, v.Who(), o, reason, v.at)
		return err
	})
	return id, err
}

// promises are the kinds of receipt, in the order people are offered them.
var promises = []fund.Promise{fund.Grant, fund.Pledge, fund.PledgePayment}

// askReceipt asks for a funder's promise or payment.
func (c *Console) askReceipt(g *gin.Context, v visit) error {
	return c.showReceipt(g, v, http.StatusOK, pages.FundForm{On: v.today().String()}, nil)
}

func (c *Console) showReceipt(g *gin.Context, v visit, status int, view pages.FundForm, problems []parts.Problem) error {
	var funds []fund.Fund
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		funds, err = fund.All(ctx, q, v.program.ID)
		return err
	})
	if err != nil {
		return err
	}
	view.Post = v.base() + "/funds/receive"
	view.Attach = view.Post + "/paper"
	for _, f := range funds {
		if f.Kind != fund.Family {
			view.Funds = append(view.Funds, parts.Choice{Value: f.Code, Text: f.Name})
		}
	}
	for _, kind := range promises {
		view.Kinds = append(view.Kinds, parts.Choice{Value: string(kind), Text: v.words.T("console.receipt.kinds." + string(kind))})
	}
	p := c.page(g, v, v.words.T("console.receipt.title"), parts.Link{Text: v.words.T("console.nav.funds"), To: v.base() + "/funds"})
	p.Lead, p.Problems = v.words.T("console.receipt.lead"), problems
	return c.hall.Show(g, status, pages.ReceiptPage(p, view))
}

// receiveFunds has a receipt wait for another person.
func (c *Console) receiveFunds(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.FundForm{Amount: f.Optional("amount"), On: f.Optional("on")}
	view.Fund, view.Reference, view.Reason = f.Text("fund"), f.Text("reference"), f.Block("reason", 4000)
	view.Kind = f.Choice("kind", string(fund.Grant), string(fund.Pledge), string(fund.PledgePayment))
	e := fund.Entering{Fund: view.Fund, Kind: fund.Promise(view.Kind), Amount: f.Amount("amount"), On: f.Date("on"), Reference: view.Reference}
	if e.On.After(v.today()) {
		f.Fail("on", errFutureDay)
	}
	view.Document, e.Document = fundDocument(f)
	return c.ask(g, v, f, func(status int, problems []parts.Problem) error { return c.showReceipt(g, v, status, view, problems) },
		func(ctx context.Context, tx *sqlx.Tx) (approval.ID, error) {
			return fund.ProposeReceipt(ctx, tx, v.Who(), v.program, e, view.Reason, v.at)
		})
}

// askFund asks for a funder's fund and its restriction.
func (c *Console) askFund(g *gin.Context, v visit) error {
	return c.showNewFund(g, v, http.StatusOK, pages.FundForm{}, nil)
}

func (c *Console) showNewFund(g *gin.Context, v visit, status int, view pages.FundForm, problems []parts.Problem) error {
	view.Post = v.base() + "/funds/new"
	view.Attach = view.Post + "/paper"
	p := c.page(g, v, v.words.T("console.new_fund.title"), parts.Link{Text: v.words.T("console.nav.funds"), To: v.base() + "/funds"})
	p.Lead, p.Problems = v.words.T("console.new_fund.lead"), problems
	return c.hall.Show(g, status, pages.NewFundPage(p, view))
}

// addFund has a new fund wait for another person.
func (c *Console) addFund(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.FundForm{Code: f.Text("code"), Name: f.Text("name"), Funder: f.Text("funder"), Purpose: f.Block("purpose", 4000), Reason: f.Block("reason", 4000)}
	o := fund.Opening{Code: view.Code, Name: view.Name, Funder: view.Funder, Purpose: view.Purpose}
	view.Document, o.Document = fundDocument(f)
	return c.ask(g, v, f, func(status int, problems []parts.Problem) error { return c.showNewFund(g, v, status, view, problems) },
		func(ctx context.Context, tx *sqlx.Tx) (approval.ID, error) {
			return fund.ProposeFund(ctx, tx, v.Who(), v.program, o, view.Reason, v.at)
		})
}

// ask has what a form asks for wait for another person, or shows the form again
// with what is wrong.
func (c *Console) ask(g *gin.Context, v visit, f *web.Form, again func(status int, problems []parts.Problem) error, propose func(ctx context.Context, tx *sqlx.Tx) (approval.ID, error)) error {
	var id approval.ID
	err := f.Err()
	if err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			id, err = propose(ctx, tx)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return again(web.Status(err), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(id), "request_asked", 0)
}
