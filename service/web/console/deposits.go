package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errNoAccount reports an account number that this program does not have.
var errNoAccount = fault.New(fault.Invalid, "console.owner.no_account")

// heldPerPage is how many deposits without an owner a page shows.
const heldPerPage = 50

// deposits shows the money whose owner nobody knows. Files of deposits come in as
// imports do.
func (c *Console) deposits(g *gin.Context, v visit) error {
	after, err := strconv.ParseInt(g.DefaultQuery("after", "0"), 10, 64)
	if err != nil || after < 0 {
		return web.ErrNoPage
	}
	view := pages.Deposits{Base: v.base(), May: v.May(auth.ImportDeposits)}
	var held []savings.DepositState
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if held, err = savings.InSuspense(ctx, q, v.program.ID, savings.DepositID(after), heldPerPage+1); err != nil {
			return err
		}
		view.Count, view.Held, err = savings.SuspenseTotal(ctx, q, v.program.ID)
		return err
	})
	if err != nil {
		return err
	}
	if len(held) == 0 && after != 0 { // the last ones of the list have found their owners
		return web.See(g, v.base()+"/deposits", "", 0)
	}
	if len(held) > heldPerPage {
		held = held[:heldPerPage]
		view.Next = v.base() + "/deposits?after=" + strconv.FormatInt(int64(held[heldPerPage-1].ID), 10)
	}
	if after != 0 {
		view.First = v.base() + "/deposits"
	}
	for _, d := range held {
		line := pages.SuspenseLine{Reference: d.Reference, On: d.On, Channel: channel(v, d.Channel), Amount: d.Amount}
		if view.May {
			line.To = depositPath(v, d.ID)
		}
		view.Suspense = append(view.Suspense, line)
	}
	p := c.page(g, v, v.words.T("console.deposits.title"))
	return c.show(g, pages.DepositsPage(p, view))
}

func depositPath(v visit, id savings.DepositID) string {
	return v.base() + "/deposits/" + strconv.FormatInt(int64(id), 10)
}

// channel is how a deposit came, in words.
func channel(v visit, code string) string { return named(v, "console.channel.", code) }

// held finds the deposit of the address among those in suspense.
func (c *Console) held(g *gin.Context, v visit) (d savings.DepositState, err error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return d, web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		d, err = savings.DepositByID(ctx, q, v.program.ID, savings.DepositID(id))
		return err
	})
	if errors.Is(err, savings.ErrNoDeposit) || err == nil && d.State != string(savings.Suspense) {
		return d, web.ErrNoPage
	}
	return d, err
}

// askOwner asks whose a deposit is.
func (c *Console) askOwner(g *gin.Context, v visit) error {
	d, err := c.held(g, v)
	if err != nil {
		return err
	}
	return c.showOwner(g, v, http.StatusOK, d, pages.Owner{On: v.today()}, nil)
}

func (c *Console) showOwner(g *gin.Context, v visit, status int, d savings.DepositState, view pages.Owner, problems []parts.Problem) error {
	p := c.page(g, v, v.words.T("console.owner.title", map[string]any{"reference": d.Reference}), parts.Link{Text: v.words.T("console.nav.deposits"), To: v.base() + "/deposits"})
	p.Problems = problems
	view.Post = depositPath(v, d.ID)
	view.Deposit = pages.SuspenseLine{Reference: d.Reference, On: d.On, Channel: channel(v, d.Channel), Amount: d.Amount}
	return c.hall.Show(g, status, pages.OwnerPage(p, view))
}

// identify moves a deposit from suspense to the child it belongs to.
func (c *Console) identify(g *gin.Context, v visit) error {
	d, err := c.held(g, v)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.Owner{Account: f.Text("account"), On: v.today()}
	if err = f.Err(); err == nil {
		err = c.identifyAs(g, v, d.ID, view.Account, view.On)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showOwner(g, v, web.Status(err), d, view, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/deposits", "deposit_identified", 0)
}

func (c *Console) identifyAs(g *gin.Context, v visit, id savings.DepositID, number string, on ledger.Date) error {
	account, err := savings.ParseAccount(number)
	if err != nil {
		return savings.ErrAccountNo.At("account")
	}
	return c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		children, err := savings.Holders(ctx, tx, v.program.ID, []savings.Account{account})
		if err != nil {
			return err
		}
		if children[0] == 0 {
			return errNoAccount.At("account")
		}
		return savings.Identify(ctx, tx, v.Who(), v.program, savings.Identification{Deposit: id, Child: family.ChildID(children[0]), On: on}, v.at)
	})
}
