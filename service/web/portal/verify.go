package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/statement"
	"seedbook/service/store"
	"seedbook/service/web"
	"seedbook/service/web/parts"
	"seedbook/service/web/portal/pages"
)

// errNotConfirmed reports a code that no statement of ours has.
var errNotConfirmed = fault.New(fault.Invalid, "portal.verify.no")

func (p *Portal) askVerify(g *gin.Context) error {
	return p.showVerify(g, http.StatusOK, pages.Verify{}, nil)
}

func (p *Portal) showVerify(g *gin.Context, status int, v pages.Verify, problems []parts.Problem) error {
	page := p.frame(g, "portal.verify.title")
	page.Lead, page.Problems = page.T("portal.verify.lead"), problems
	return p.hall.Show(g, status, pages.VerifyPage(page, v))
}

// verify tells anybody who holds a statement whether it is one of ours, and the
// figures that it must show. It names no child.
func (p *Portal) verify(g *gin.Context) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	v := pages.Verify{Code: f.Text("code")}
	var found statement.Confirmed
	if err = f.Err(); err == nil {
		found, err = p.confirm(g, v.Code)
	}
	if err != nil {
		if problems := web.Problems(p.hall.Words(g), err); problems != nil {
			return p.showVerify(g, web.Status(err), v, problems)
		}
		return err
	}
	w := p.hall.Words(g)
	v.Confirmed = []parts.Row{
		{Term: w.T("portal.verify.program"), Value: found.Program.Name},
		{Term: w.T("portal.verify.period"), Value: statement.PeriodName(w, found.Span())},
		{Term: w.T("statement.closing", i18n.Args{"last": found.Last}), Value: w.Money(found.Closing())},
		{Term: w.T("statement.closing_own"), Value: w.Money(found.ClosingOwn)},
		{Term: w.T("statement.closing_given"), Value: w.Money(found.ClosingProgram)},
		{Term: w.T("portal.verify.issued"), Value: w.Time(found.IssuedAt.In(found.Program.Zone()))},
		{Term: w.T("portal.explain.entry"), Value: w.Int(int(found.Known))},
	}
	return p.showVerify(g, http.StatusOK, v, nil)
}

// confirm asks every organization of this installation.
func (p *Portal) confirm(g *gin.Context, code string) (found statement.Confirmed, err error) {
	ctx := g.Request.Context()
	if err := activation.MayVerify(ctx, p.DB, p.Keys, web.Peer(g), p.Now()); err != nil {
		return found, err
	}
	all, err := auth.Tenants(ctx, p.DB)
	if err != nil {
		return found, err
	}
	confirmed := false
	for _, t := range all {
		who := store.Who{Tenant: t.ID, Actor: "verify"}
		err := p.DB.Read(ctx, who, func(q sqlx.QueryerContext) error { return confirmIn(ctx, q, p, who, code, &found, &confirmed) })
		if err != nil {
			return found, err
		}
	}
	if !confirmed {
		return found, errNotConfirmed.At("code")
	}
	return found, nil
}

func confirmIn(ctx context.Context, q sqlx.QueryerContext, p *Portal, who store.Who, code string, found *statement.Confirmed, confirmed *bool) error {
	c, err := statement.Confirm(ctx, q, who, p.Keys, code)
	if errors.Is(err, statement.ErrNone) {
		return nil
	}
	if err == nil {
		*found, *confirmed = c, true
	}
	return err
}
