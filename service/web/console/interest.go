package console

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/reconcile"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func interestPath(v visit, line string) string { return v.base() + "/custody/interest/" + line }

// interest shows how a line's interest would be shared out.
func (c *Console) interest(g *gin.Context, v visit) error {
	return c.showInterest(g, v, http.StatusOK, g.Query("first"), g.Query("last"), g.Query("policy"), nil)
}

func (c *Console) showInterest(g *gin.Context, v visit, status int, first, last, policy string, problems []parts.Problem) error {
	var one reconcile.Custodian
	var i savings.Interest
	var a savings.Allocation
	var funds []fund.Fund
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		w, err := c.walk(ctx, q, v)
		if err != nil {
			return err
		}
		if one, i, err = reconcile.InterestOf(ctx, q, w, custody.LineID(number64(g.Param("line")))); err != nil {
			return err
		}
		chosenDays(&i, first, last, policy)
		if funds, err = fund.All(ctx, q, v.program.ID); err != nil {
			return err
		}
		a, err = savings.Allocate(ctx, q, v.program, i)
		return err
	})
	if found := web.Problems(v.words, err); found != nil && !i.On.IsZero() {
		problems, err, a = append(problems, found...), nil, savings.Allocation{}
		if status == http.StatusOK {
			status = http.StatusUnprocessableEntity
		}
	}
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("lines.interest_title", i18n.Args{"amount": i.Amount, "custodian": one.Name}),
		parts.Link{Text: v.words.T("console.custody.title"), To: v.base() + "/custody"}, parts.Link{Text: v.words.T("lines.title"), To: linesPath(v, "")})
	p.Lead, p.Problems = v.words.T("lines.interest_lead"), problems
	return c.hall.Show(g, status, pages.InterestPage(p, interestView(v, g.Param("line"), i, a, funds)))
}

// chosenDays puts what somebody chose in place of what is offered.
func chosenDays(i *savings.Interest, first, last, policy string) {
	if d, err := ledger.ParseDate(first); err == nil {
		i.In.First = d
	}
	if d, err := ledger.ParseDate(last); err == nil {
		i.In.Last = d
	}
	if slices.Contains(savings.Policies, savings.Policy(policy)) {
		i.Policy = savings.Policy(policy)
	}
}

func interestView(v visit, line string, i savings.Interest, a savings.Allocation, funds []fund.Fund) pages.Interest {
	w := v.words
	view := pages.Interest{Self: interestPath(v, line), First: i.In.First.String(), Last: i.In.Last.String(), Policy: string(i.Policy)}
	for _, p := range savings.Policies {
		view.Policies = append(view.Policies, parts.Choice{Value: string(p), Text: w.T("lines.policies." + string(p))})
	}
	if len(a.Shares) == 0 {
		return view
	}
	names := map[ledger.FundID]string{}
	for _, f := range funds {
		names[f.ID] = f.Name
	}
	place := map[[2]string]int{}
	children := map[int64]bool{}
	for _, s := range a.Shares {
		layer := strings.TrimSpace(string(s.Layer))
		if s.Child == 0 {
			layer = "fund"
		} else {
			children[int64(s.Child)] = true
		}
		k := [2]string{layer, names[s.Fund]}
		n, met := place[k]
		if !met {
			n = len(view.Groups)
			place[k] = n
			view.Groups = append(view.Groups, pages.InterestGroup{Layer: w.T("lines.layer." + layer), Fund: names[s.Fund]})
		}
		view.Groups[n].Shares++
		view.Groups[n].Amount = view.Groups[n].Amount.Add(s.Amount)
		view.Total = view.Total.Add(s.Amount)
	}
	view.Figures = []parts.Figure{{Label: w.T("lines.interest_sum"), Value: w.Money(i.Amount), Major: true}, {Label: w.T("lines.children"), Value: w.Int(len(children))}}
	if !a.Average.IsZero() {
		view.Figures = append(view.Figures, parts.Figure{Label: w.T("lines.average"), Value: w.Money(a.Average), Note: w.N("lines.days", i.Days())},
			parts.Figure{Label: w.T("lines.apy"), Value: savings.APY(i.Amount, a.Average, i.Days()).StringFixed(2) + " %"})
	}
	view.Sentence = w.T("lines.share_sentence", i18n.Args{"amount": i.Amount})
	return view
}

// shareOut shares a line's interest out.
func (c *Console) shareOut(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	first, last, policy := f.Optional("first"), f.Optional("last"), f.Optional("policy")
	line := custody.LineID(number64(g.Param("line")))
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err != nil {
				return err
			}
			_, i, err := reconcile.InterestOf(ctx, tx, w, line)
			if err != nil {
				return err
			}
			chosenDays(&i, first, last, policy)
			return reconcile.ShareOut(ctx, tx, w, line, i.In, i.Policy)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil && web.Status(err) == http.StatusUnprocessableEntity {
		return c.showInterest(g, v, web.Status(err), first, last, policy, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, linesPath(v, ""), "interest_shared", 0)
}
