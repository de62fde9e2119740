package console

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/forecast"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errChangeValue reports a new value that the rule book does not take.
var errChangeValue = fault.New(fault.Invalid, "console.forecast.value_fault")

// term is one number of a rule book that may be changed to ask what it costs.
type term struct {
	path  string // as forecast.Edit has it
	key   string // of its name
	id    string // of the benefit or shared cap
	ratio *decimal.Decimal
	money *ledger.Amount // both nil: the book sets no such bound
}

// termsOf are the ratios, fixed amounts and caps of a book.
func termsOf(book *rules.Book) []term {
	var out []term
	seen := map[string]bool{}
	for _, b := range book.Benefits {
		if seen[b.ID] {
			continue // the same benefit in another version: a change goes into all
		}
		seen[b.ID] = true
		if b.Amount.Ratio != nil {
			out = append(out, term{path: b.ID + ".amount.ratio", key: "ratio", id: b.ID, ratio: b.Amount.Ratio})
		}
		if b.Amount.Fixed != nil {
			out = append(out, term{path: b.ID + ".amount.fixed", key: "fixed", id: b.ID, money: b.Amount.Fixed})
		}
		for _, bound := range []struct {
			key  string
			most *ledger.Amount
		}{{"per_event", b.Caps.PerEvent}, {"per_period", b.Caps.PerPeriod}, {"lifetime", b.Caps.Lifetime}} {
			if bound.most != nil || b.Amount.Ratio != nil && bound.key != "per_event" {
				out = append(out, term{path: b.ID + ".caps." + bound.key, key: bound.key, id: b.ID, money: bound.most})
			}
		}
	}
	for _, s := range book.SharedCaps {
		out = append(out, term{path: s.ID + ".max", key: "shared", id: s.ID, money: &s.Max})
	}
	return out
}

// terms offers what may be changed, each with its value of now.
func terms(v visit, book *rules.Book) []parts.Choice {
	var out []parts.Choice
	for _, t := range termsOf(book) {
		now := v.words.T("console.forecast.unbounded")
		switch {
		case t.ratio != nil:
			now = v.words.Percent(*t.ratio)
		case t.money != nil:
			now = v.words.Money(*t.money)
		}
		out = append(out, parts.Choice{Value: t.path, Text: v.words.T("console.forecast.term_now", i18n.Args{"term": t.name(v, book), "now": now})})
	}
	return out
}

func (t term) name(v visit, book *rules.Book) string {
	return v.words.T("console.forecast.term."+t.key, i18n.Args{"benefit": benefitName(v, book, t.id)})
}

// changeName is a change in words: "Savings match, ratio: 75%". What the book
// of now does not have stands as it was asked.
func changeName(v visit, book *rules.Book, change string) string {
	e, err := forecast.ParseEdit(change)
	if err != nil || book == nil {
		return change
	}
	for _, t := range termsOf(book) {
		if t.path != e.Path {
			continue
		}
		value := e.Value
		if ratio, err := decimal.NewFromString(e.Value); err == nil && t.ratio != nil {
			value = v.words.Percent(ratio)
		} else if money, err := ledger.ParseAmount(e.Value); err == nil && t.ratio == nil {
			value = v.words.Money(money)
		}
		return v.words.T("console.forecast.change_says", i18n.Args{"term": t.name(v, book), "value": value})
	}
	return change
}

// costedLine is a change in the list of those with their cost.
func costedLine(v visit, book *rules.Book, row program.Foreseen) (pages.CostedChange, bool) {
	var x forecast.Exposure
	if err := json.Unmarshal([]byte(row.Found), &x); err != nil || len(x.Marginal) == 0 {
		return pages.CostedChange{}, false
	}
	more := x.Marginal[0].Total
	return pages.CostedChange{Says: changeName(v, book, row.Change), To: forecastPath(v, row.Change), AsOf: row.AsOf, Low: more.P10, Middle: more.P50, High: more.P90}, true
}

// costChange asks what a change of the rules costs, behind the request.
func (c *Console) costChange(g *gin.Context, v visit) error {
	k, err := c.openForecast(g, v, "")
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.Forecast{Term: f.Optional("term"), Value: f.Optional("value")}
	change := ""
	if k.book == nil {
		err = errCannotForesee
	} else if change, err = readChange(f, k.book); err == nil {
		err = c.beginForecast(g, v, change, k.horizon())
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showForecast(g, v, web.Status(err), problems, view)
	}
	if err != nil {
		return err
	}
	return web.See(g, forecastPath(v, change), "", 0)
}

// readChange is the change that a form asks about, as forecast.Edit writes it:
// one change has one address, however it was typed.
func readChange(f *web.Form, book *rules.Book) (string, error) {
	all := termsOf(book)
	paths := make([]string, len(all))
	for i, t := range all {
		paths[i] = t.path
	}
	path := f.Choice("term", paths...)
	i := slices.Index(paths, path)
	if i < 0 {
		return "", f.Err()
	}
	if all[i].ratio == nil {
		most := f.Amount("value")
		if f.Err() == nil && most.Sign() <= 0 {
			return "", errChangeValue.At("value")
		}
		return path + "=" + most.String(), f.Err()
	}
	typed := f.Text("value")
	if err := f.Err(); err != nil {
		return "", err
	}
	number, percent := strings.CutSuffix(strings.TrimSpace(typed), "%")
	ratio, err := decimal.NewFromString(strings.TrimSpace(number))
	if err != nil || len(typed) > 20 || ratio.Exponent() < -9 || ratio.Exponent() > 3 {
		return "", errChangeValue.At("value")
	}
	if percent {
		ratio = ratio.Shift(-2)
	}
	if ratio.Sign() <= 0 || ratio.GreaterThan(mostRatio) {
		return "", errChangeValue.At("value")
	}
	return path + "=" + ratio.String(), nil
}

// mostRatio bounds a ratio that somebody asks about: ten dollars for each one is
// more than any program gives.
var mostRatio = decimal.New(10, 0)

// cost shows what a change of the rules would cost, or how far working it out
// is.
func (c *Console) cost(g *gin.Context, v visit) error {
	change := g.Param("change")
	e, err := forecast.ParseEdit(change)
	if err != nil || len(change) > maxChange || e.String() != change {
		return web.ErrNoPage
	}
	k, err := c.openForecast(g, v, change)
	if err != nil {
		return err
	}
	name := changeName(v, k.book, change)
	p := c.page(g, v, name, parts.Link{Text: v.words.T("console.nav.forecast"), To: forecastPath(v, "")})
	p.Lead = v.words.T("console.forecast.cost_lead")
	view := pages.Cost{Foreseeing: c.foreseeing(v, change, k), Change: name}
	if view.Work != nil {
		return c.showWork(g, p, *view.Work, pages.CostPage(p, view))
	}
	if v.May(auth.TryRules) && k.book != nil && slices.ContainsFunc(termsOf(k.book), func(t term) bool { return t.path == e.Path }) {
		view.Post, view.Term, view.Value = v.base()+"/forecast/changes", e.Path, e.Value
	}
	if k.there && len(k.found.Marginal) > 0 {
		k.costs(v, &view)
	}
	return c.hall.Show(g, http.StatusOK, pages.CostPage(p, view))
}

// maxChange bounds a change in an address.
const maxChange = 200

// costs says what a change adds, in all and fund by fund.
func (k kept) costs(v visit, view *pages.Cost) {
	w, m := v.words, k.found.Marginal[0]
	view.Figures = []parts.Figure{
		{Label: w.T("console.forecast.more"), Value: w.Money(m.Total.P50), Note: w.T("console.forecast.between", i18n.Args{"low": m.Total.P10, "high": m.Total.P90}), Major: true},
		{Label: w.T("console.forecast.without"), Value: w.Money(k.found.Total.P50), Note: w.T("console.forecast.between", i18n.Args{"low": k.found.Total.P10, "high": k.found.Total.P90})},
	}
	for _, f := range k.found.Funds {
		for _, part := range m.Funds {
			if part.Code == f.Code {
				view.Funds = append(view.Funds, pages.FundCost{Name: f.Name, Low: part.More.P10, Middle: part.More.P50, High: part.More.P90,
					DryNow: dryCell(v, f.Dry, k.found.Paths), DryThen: dryCell(v, part.Dry, k.found.Paths)})
			}
		}
	}
}
