package samples

import (
	"github.com/a-h/templ"

	"seedbook/ledger"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func explanation(p *parts.Page) templ.Component {
	in(p, "children", p.T("console.explain.title", map[string]any{"benefit": "Savings match", "period": "2026-27"}))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.children"), To: base + "/children"}, parts.Link{Text: "María José García López", To: base + "/children/1"})
	return pages.ExplanationPage(p, pages.Explanation{
		AsOf: p.T("console.explain.as_of", map[string]any{"on": day("2026-10-05")}),
		Why:  p.T("rules.gives.period_cap", map[string]any{"amount": money("100.00")}),
		Figures: []parts.Figure{
			{Label: p.T("console.explain.entitled"), Value: p.Money(money("100.00")), Note: p.T("console.explain.entitled_note", map[string]any{"on": day("2026-10-05")}), Major: true},
			{Label: p.T("console.explain.given"), Value: p.Money(money("60.00"))},
			{Label: p.T("console.explain.coming"), Value: p.Money(money("40.00")), Note: p.Date(day("2026-11-01"))},
			{Label: p.T("console.explain.queued"), Value: p.Money(ledger.Amount{})},
		},
		Steps: []string{
			p.N("rules.line.deposits", 3, map[string]any{"base": money("120.00")}),
			p.T("rules.line.ratio", map[string]any{"base": money("120.00"), "rate": "1", "amount": money("120.00")}),
			p.T("rules.line.period_cap", map[string]any{"limit": money("100.00"), "amount": money("100.00")}),
		},
		Funds: []parts.Row{
			{Term: "Smith Family Fund", Value: p.T("console.explain.may_not_pay") + " " + p.T("console.explain.only", map[string]any{"condition": p.T("rulebook.condition.schools", map[string]any{"schools": "Harbor View"})})},
			{Term: "City match fund", Value: p.T("console.explain.gave_and_holds", map[string]any{"gave": money("60.00"), "holds": money("40.00")})},
		},
		Facts: []string{p.T("rules.fact.known", map[string]any{"fact": p.T("rules.name.school"), "from": day("2026-08-15"), "known": day("2026-09-01")})},
		Rule:  []parts.Row{{Term: p.T("console.explain.book"), Value: p.T("console.rules.name", map[string]any{"no": 2}), To: base + "/rules/2"}, {Term: p.T("console.explain.fingerprint"), Value: "3f0a1c22b9de"}},
		Moves: []pages.AwardMove{
			{On: day("2026-09-15"), What: p.T("console.explain.moves.award"), Fund: "City match fund", Amount: money("60.00"), No: 1204, Rule: p.T("console.rules.hash", map[string]any{"hash": "3f0a1c22b9de"})},
			{On: day("2026-10-01"), What: p.T("console.explain.moves.accrue"), Fund: "City match fund", Amount: money("40.00"), No: 1388, Rule: p.T("console.rules.hash", map[string]any{"hash": "3f0a1c22b9de"})},
		},
		Excess: base + "/excesses",
	})
}

func inExcesses(p *parts.Page) {
	in(p, "", p.T("console.excesses.title"))
	p.Lead = p.T("console.excesses.lead")
}

func excesses(p *parts.Page) templ.Component {
	inExcesses(p)
	line := pages.ExcessLine{Child: "García López, María José", ChildTo: base + "/children/1", Benefit: "Savings match", Period: "2026-27", Amount: money("31.00"),
		Why: []string{p.T("rules.reason.returned")}, Explain: base + "/children/1/awards/match/2026-27", FoundBy: p.T("console.actor.system"), FoundAt: noon, Post: base + "/excesses/7"}
	own := line
	own.Post, own.Refused, own.Child, own.FoundBy = "", p.T("savings.same_person"), "Nguyen, Anh", "Ana Ruiz"
	return pages.ExcessesPage(p, pages.Excesses{Rows: []pages.ExcessLine{line, own}, May: true, More: 3})
}

func excessesNone(p *parts.Page) templ.Component {
	inExcesses(p)
	return pages.ExcessesPage(p, pages.Excesses{})
}
