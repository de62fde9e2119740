package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func factsView(p *parts.Page) pages.Facts {
	in(p, "facts", p.T("console.facts.title"))
	p.Lead = p.T("console.facts.lead")
	return pages.Facts{Base: base, May: true}
}

func facts(p *parts.Page) templ.Component {
	v := factsView(p)
	v.Asked = []pages.FactAsked{{Name: "yearly income", Code: "income", Kind: p.T("console.facts.types.money"), Reports: 1841, LastKnown: day("2026-09-30")},
		{Name: "foster care", Code: "foster", Kind: p.T("console.facts.types.yes_no")}}
	v.Reports = []pages.FactReport{
		{Name: "yearly income", Code: "income", Source: "county-2026-09.csv", Reports: 1841, Children: 1839, FirstFrom: day("2026-01-01"), LastFrom: day("2026-08-01"), FirstKnown: day("2026-09-30"), LastKnown: day("2026-09-30"), By: "Ana Ruiz", At: noon.AddDate(0, 0, -5)},
		{Name: "viewed_online", Code: "viewed_online", Event: true, Source: "portal-2026-09.csv", Reports: 402, Children: 402, FirstFrom: day("2026-09-01"), LastFrom: day("2026-09-30"), By: "Ana Ruiz", At: noon.AddDate(0, 0, -4)}}
	return pages.FactsPage(p, v)
}

func factsNone(p *parts.Page) templ.Component {
	v := factsView(p)
	v.May = false
	return pages.FactsPage(p, v)
}

func childFactsView(p *parts.Page, value string, masked bool) templ.Component {
	in(p, "children", p.T("console.facts.child_title"))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.children"), To: base + "/children"}, parts.Link{Text: "Anh Nguyen", To: base + "/children/4"})
	p.Lead = p.T("console.facts.child_lead")
	return pages.ChildFactsPage(p, pages.ChildFacts{Masked: masked, Facts: []pages.ChildFact{
		{Name: "yearly income", Value: value, From: day("2026-08-01"), Known: day("2026-09-30"), Source: "county-2026-09.csv"},
		{Name: "yearly income", Value: value, From: day("2026-01-01"), Known: day("2026-03-02"), Source: "county-2026-02.csv"},
		{Name: "foster care", Unknown: true},
		{Name: "grade", Value: "KG", Source: p.T("console.facts.roster")},
	}})
}

func childFacts(p *parts.Page) templ.Component {
	return childFactsView(p, p.Money(money("31200.00")), false)
}

func childFactsMasked(p *parts.Page) templ.Component {
	return childFactsView(p, p.T("console.facts.hidden"), true)
}
