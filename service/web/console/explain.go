package console

import (
	"cmp"
	"context"
	"net/url"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/forecast"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rulebook"
	"seedbook/service/rules"
	"seedbook/service/savings"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// explained is one award of a child with everything behind it.
type explained struct {
	childFile
	forecast.Explanation
	award  forecast.Award
	moves  []savings.Moved
	funds  map[ledger.FundID]fund.Fund
	names  rulebook.Names
	rule   program.RuleBook // in effect
	past   bool             // the award is what a run of an earlier day found
	excess int64            // the open proposal to take a part back; 0 for none
}

// awardPath is where an award is explained.
func awardPath(v visit, child family.ChildID, benefit, period string) string {
	return childPath(v, child) + "/awards/" + url.PathEscape(benefit) + "/" + url.PathEscape(period)
}

// explainAward lays open one amount of a child, paid or not: the rule, the
// arithmetic, what was looked at, the funds, and what was given of it.
func (c *Console) explainAward(g *gin.Context, v visit) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	var x explained
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		return c.openAward(ctx, q, v, id, g.Param("benefit"), g.Param("period"), &x)
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "award.viewed", []family.ChildID{id}); err != nil {
		return err
	}
	child, name := x.title(v), x.benefitName(v)
	p := c.page(g, v, v.words.T("console.explain.title", i18n.Args{"benefit": name, "period": periodName(v, x.award.Period)}),
		parts.Link{Text: v.words.T("console.nav.children"), To: v.base() + "/children"}, parts.Link{Text: child, To: childPath(v, id)})
	return c.show(g, pages.ExplanationPage(p, x.view(v)))
}

func (c *Console) openAward(ctx context.Context, q sqlx.QueryerContext, v visit, id family.ChildID, benefit, period string, x *explained) (err error) {
	if err := c.open(ctx, q, v, id, &x.childFile); err != nil {
		return err
	}
	if x.Explanation, err = forecast.Explain(ctx, q, v.Who(), c.Keys, v.program, id, v.today()); err != nil {
		return err
	}
	if !x.find(benefit, period) {
		return web.ErrNoPage
	}
	if x.moves, err = savings.MovesOf(ctx, q, v.program.ID, id, benefit, period); err != nil {
		return err
	}
	if x.rule, err = program.RuleBookOn(ctx, q, v.program.ID, v.today()); err != nil {
		return err
	}
	proposals, err := savings.Excesses(ctx, q, v.program.ID)
	for _, e := range proposals {
		if e.Child == id && e.Benefit == benefit && e.Period == period {
			x.excess = e.ID
		}
	}
	if err != nil {
		return err
	}
	return x.openFunds(ctx, q, v.program.ID)
}

// find looks for an award in what the rules say today, and then in what a run
// of an earlier day found: an amount of nothing in a period that is over.
func (x *explained) find(benefit, period string) bool {
	for _, a := range x.Explanation.Awards {
		if a.Benefit == benefit && a.Period == period {
			x.award = a
			return true
		}
	}
	for _, s := range x.awards {
		if s.Benefit == benefit && s.Period == period {
			x.award = foundBefore(x.book, s)
			x.award.Gone = false // nothing was given that the rules no longer mention
			x.past = true
			return true
		}
	}
	return false
}

func (x *explained) openFunds(ctx context.Context, q sqlx.QueryerContext, id program.ID) error {
	var f bookFile
	if err := f.openNames(ctx, q, id); err != nil {
		return err
	}
	x.names, x.funds = f.names, map[ledger.FundID]fund.Fund{}
	for _, one := range f.funds {
		x.funds[one.ID] = one
	}
	return nil
}

func (x *explained) benefitName(v visit) string {
	if says := x.award.Says.In(v.words.Lang()); says != "" {
		return says
	}
	return x.award.Benefit
}

func (x *explained) view(v visit) pages.Explanation {
	w, a := v.words, x.award
	out := pages.Explanation{
		Figures: []parts.Figure{
			{Label: w.T("console.explain.entitled"), Value: w.Money(a.Entitled), Note: w.T("console.explain.entitled_note", i18n.Args{"on": x.AsOf}), Major: true},
			{Label: w.T("console.explain.given"), Value: w.Money(a.OnAccount)},
			{Label: w.T("console.explain.coming"), Value: w.Money(a.OnTheWay), Note: w.Date(a.PayOn)},
			{Label: w.T("console.explain.queued"), Value: w.Money(a.Queued)},
		},
		Funds: x.fundRows(v), Rule: x.ruleRows(v), Moves: x.moveLines(v), Gone: a.Gone,
	}
	if out.AsOf = w.T("console.explain.as_of", i18n.Args{"on": x.AsOf}); x.past || a.Gone {
		out.AsOf = w.T("console.explain.as_of_run", i18n.Args{"on": a.EvaluatedOn})
		out.Figures[0].Note = w.T("console.explain.entitled_note", i18n.Args{"on": a.EvaluatedOn})
	} else if s := standing(v, a); s != "" {
		out.AsOf += " " + s
	}
	if x.excess != 0 {
		out.Excess = v.base() + "/excesses"
	}
	if a.Why.Reason != "" {
		// The fund, the version and what was looked at have places of their own.
		reckoned := a.Why
		reckoned.Facts, reckoned.Fund, reckoned.Version = nil, "", ""
		said, all := rules.Explain(w, reckoned), rules.Explain(w, a.Why)
		out.Why, out.Steps, out.Facts = said[0], said[1:], all[len(all)-len(a.Why.Facts):]
	}
	return out
}

// fundRows are the funds in the order in which they are asked, and why each
// pays or does not.
func (x *explained) fundRows(v visit) (rows []parts.Row) {
	w := v.words
	for _, f := range x.award.Funds {
		says := w.T("console.explain.may_pay")
		switch {
		case f.Gave.Sign() > 0 && f.Holds.Sign() > 0:
			says = w.T("console.explain.gave_and_holds", i18n.Args{"gave": f.Gave, "holds": f.Holds})
		case f.Gave.Sign() > 0:
			says = w.T("console.explain.gave", i18n.Args{"gave": f.Gave})
		case f.Holds.Sign() > 0:
			says = w.T("console.explain.holds", i18n.Args{"holds": f.Holds})
		case !f.Allowed:
			says = w.T("console.explain.may_not_pay")
		}
		if f.When != "" {
			says += " " + w.T("console.explain.only", i18n.Args{"condition": rulebook.Say(w, x.book, f.When, x.names)})
		}
		name := cmp.Or(f.Name, x.names.Funds[f.Code], f.Code)
		rows = append(rows, parts.Row{Term: name, Value: says})
	}
	return rows
}

func (x *explained) ruleRows(v visit) []parts.Row {
	w := v.words
	rows := []parts.Row{{Term: w.T("console.explain.book"), Value: bookName(v, x.rule.No), To: bookPath(v, x.rule.No)}}
	if x.award.Why.Version != "" {
		rows = append(rows, parts.Row{Term: w.T("console.explain.version"), Value: x.award.Why.Version})
	}
	rows = append(rows, parts.Row{Term: w.T("console.explain.fingerprint"), Value: x.Book[:12]})
	run := w.T("console.explain.no_run")
	if !x.award.EvaluatedOn.IsZero() {
		run = w.Date(x.award.EvaluatedOn)
		if x.award.EvaluatedBy != x.Book {
			run += " " + w.T("console.explain.other_book", i18n.Args{"hash": x.award.EvaluatedBy[:12]})
		}
	}
	return append(rows, parts.Row{Term: w.T("console.explain.last_run"), Value: run})
}

func (x *explained) moveLines(v visit) (out []pages.AwardMove) {
	for _, m := range x.moves {
		amount := m.Amount
		if m.Kind == "cancel" || m.Kind == "reverse" {
			amount = amount.Neg()
		}
		out = append(out, pages.AwardMove{On: m.On, What: v.words.T("console.explain.moves." + m.Kind), Fund: x.funds[m.Fund].Name, Amount: amount, No: int64(m.Tx),
			Rule: v.words.T("console.rules.hash", i18n.Args{"hash": m.Rule[:12]})})
	}
	return out
}
