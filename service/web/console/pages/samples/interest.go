package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func interest(p *parts.Page) templ.Component {
	bankLinesFrame(p, p.T("lines.interest_title", map[string]any{"amount": money("312.44"), "custodian": "First Bank"}))
	p.Lead = p.T("lines.interest_lead")
	group := func(layer, fund, amount string, n int) pages.InterestGroup {
		return pages.InterestGroup{Layer: p.T("lines.layer." + layer), Fund: fund, Shares: n, Amount: money(amount)}
	}
	return pages.InterestPage(p, pages.Interest{Self: base + "/custody/interest/7", First: "2026-09-01", Last: "2026-09-30", Policy: "child",
		Policies: []parts.Choice{{Value: "child", Text: p.T("lines.policies.child")}, {Value: "program", Text: p.T("lines.policies.program")}},
		Figures: []parts.Figure{{Label: p.T("lines.interest_sum"), Value: p.Money(money("312.44")), Major: true}, {Label: p.T("lines.children"), Value: "3,120"},
			{Label: p.T("lines.average"), Value: p.Money(money("183406.44")), Note: p.N("lines.days", 30)}, {Label: p.T("lines.apy"), Value: "2.09 %"}},
		Groups: []pages.InterestGroup{group("family", "Families' own money", "70.21", 812), group("seed", "City", "212.13", 3120), group("match", "Smith", "30.05", 640), group("fund", "Smith", "0.05", 1)},
		Total:  money("312.44"), Sentence: p.T("lines.share_sentence", map[string]any{"amount": money("312.44")})})
}
