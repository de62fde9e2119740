package console

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/countersign"
	"seedbook/service/i18n"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// limits shows who may do and approve how much.
func (c *Console) limits(g *gin.Context, v visit) error {
	return c.showLimits(g, v, http.StatusOK, nil, "", pages.LimitTyped{}, false)
}

func (c *Console) showLimits(g *gin.Context, v visit, status int, problems []parts.Problem, chosen string, typed pages.LimitTyped, meanwhile bool) error {
	var all []approval.Limit
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		all, err = approval.LimitsNow(ctx, q)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Limits{Limit: chosen, Typed: typed, Shown: limitsShown(v, all).seal()}
	if v.May(auth.AskApproval) {
		view.Post = "/approvals/limits"
	}
	for _, l := range all {
		line := pages.LimitLine{Kind: kindName(v, l.Kind), Role: v.words.T("console.role." + l.Role), Duty: v.words.T("console.limits.duties." + l.Duty),
			Children: limitChildren(v, l.Children), Amount: limitAmount(v, l.Amount, "any"), Double: limitAmount(v, l.DoubleAbove, "never"),
			From: parts.Link{Text: v.words.T("console.limits.delivered")}}
		if l.Request != 0 {
			line.From = parts.Link{Text: strconv.FormatInt(int64(l.Request), 10), To: requestPath(l.Request)}
		}
		view.Rows = append(view.Rows, line)
		view.Choices = append(view.Choices, parts.Choice{Value: limitValue(l), Text: limitName(v, l)})
	}
	p := c.page(g, v, v.words.T("console.limits.title"), parts.Link{Text: v.words.T("console.nav.approvals"), To: "/approvals"})
	p.Lead, p.Problems = v.words.T("console.limits.lead"), problems
	if meanwhile {
		i := slices.IndexFunc(all, func(l approval.Limit) bool { return limitValue(l) == chosen })
		p.Meanwhile = limitsShown(v, all[i:i+1]).beside(func(string) string { return limitTyped(v, typed) })
	}
	return c.hall.Show(g, status, pages.LimitsPage(p, view))
}

func limitName(v visit, l approval.Limit) string {
	return v.words.T("console.limits.name", i18n.Args{"kind": kindName(v, l.Kind), "role": v.words.T("console.role." + l.Role), "duty": v.words.T("console.limits.duties." + l.Duty)})
}

func limitChildren(v visit, n *int) string {
	if n == nil {
		return v.words.T("console.limits.any")
	}
	return v.words.Int(*n)
}

func limitAmount(v visit, a *ledger.Amount, none string) string {
	if a == nil {
		return v.words.T("console.limits." + none)
	}
	return v.words.Money(*a)
}

// limitValue names a limit in a form: what it is about, and not its place in a
// list that others may change.
func limitValue(l approval.Limit) string { return string(l.Kind) + "/" + l.Role + "/" + l.Duty }

// limitsShown are limits as people read them.
func limitsShown(v visit, all []approval.Limit) (s shown) {
	for _, l := range all {
		s.add(limitName(v, l), v.words.T("console.limits.says", i18n.Args{"children": limitChildren(v, l.Children), "amount": limitAmount(v, l.Amount, "any"), "double": limitAmount(v, l.DoubleAbove, "never")}))
	}
	return s
}

// limitTyped is a limit as it was typed.
func limitTyped(v visit, t pages.LimitTyped) string {
	any, never := v.words.T("console.limits.any"), v.words.T("console.limits.never")
	return v.words.T("console.limits.says", i18n.Args{"children": cmp.Or(t.Children, any), "amount": cmp.Or(t.Amount, any), "double": cmp.Or(t.Double, never)})
}

// askLimit has another limit wait for approval.
func (c *Console) askLimit(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	chosen := f.Text("limit")
	typed := pages.LimitTyped{Children: f.Optional("children"), Amount: f.Optional("amount"), Double: f.Optional("double"), Reason: f.Block("reason", 4000)}
	var children *int
	var amount, double *ledger.Amount
	if typed.Children != "" {
		n := f.Int("children", 0, 1_000_000)
		children = &n
	}
	if typed.Amount != "" {
		a := f.Amount("amount")
		amount = &a
	}
	if typed.Double != "" {
		a := f.Amount("double")
		double = &a
	}
	var id approval.ID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			all, err := approval.LimitsNow(ctx, tx)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(all, func(l approval.Limit) bool { return limitValue(l) == chosen })
			if i < 0 {
				return web.ErrNoPage
			}
			if err := limitsShown(v, all).check(f); err != nil {
				return err
			}
			l := all[i]
			l.Children, l.Amount, l.DoubleAbove = children, amount, double
			id, err = countersign.ProposeLimit(ctx, tx, v.Who(), l, typed.Reason, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showLimits(g, v, web.Status(err), problems, chosen, typed, errors.Is(err, errMeanwhile))
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(id), "request_asked", 0)
}
