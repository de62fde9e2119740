package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/tabular"
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
	p.Problems = []parts.Problem{{Field: "file", Text: p.T("tabular.missing_column", map[string]any{"file": "county.csv", "column": "reference", "nearest": "ref no"})}}
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

func factFileView(p *parts.Page, fresh, known, wrong int) pages.FactFile {
	in(p, "facts", "county-2026-10.csv")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.facts"), To: base + "/facts"})
	return pages.FactFile{Base: base, State: parts.Status{Text: p.T("console.facts.states.checked"), Tone: parts.Info}, Rows: base + "/facts/files/x/rows.csv",
		Figures: []parts.Figure{{Label: p.T("console.facts.outcomes.new"), Value: p.Int(fresh), Major: true},
			{Label: p.T("console.facts.outcomes.known"), Value: p.Int(known), Note: p.T("console.facts.known_note")},
			{Label: p.T("console.facts.outcomes.wrong"), Value: p.Int(wrong)}},
		Names: []pages.FactCount{{Name: "income", Rows: fresh + known - 12, New: fresh - 12}, {Name: "claimed", Rows: 12, New: 12}}}
}

func factFile(p *parts.Page) templ.Component {
	v := factFileView(p, 318, 1523, 0)
	v.Record, v.Confirm = base+"/facts/files/x", p.N("console.facts.record", 318)
	return pages.FactFilePage(p, v)
}

func factFileRefused(p *parts.Page) templ.Component {
	v := factFileView(p, 318, 1521, 2)
	v.State = parts.Status{Text: p.T("console.facts.states.refused"), Tone: parts.Bad}
	for i, code := range []string{"factfile.problem.value_money", "factfile.problem.no_child"} {
		problem := tabular.Problem{Line: 14 + i, Column: []string{"value", ""}[i], Code: code}
		v.Problems = append(v.Problems, pages.ProblemLine{Line: problem.Line, Column: problem.Column, Text: p.T(code, problem.Args()), Tone: parts.Caution, Status: p.T("console.severity.quarantine")})
	}
	v.More, v.Figures[2].Note = 3, p.T("console.facts.wrong_note")
	return pages.FactFilePage(p, v)
}

func factFileRunning(p *parts.Page) templ.Component {
	v := factFileView(p, 318, 1523, 0)
	p.Reload = 3
	v.Work = &parts.Work{ID: "work", Label: p.T("console.facts.working"), Running: true, Watch: base + "/facts/files/x", Says: p.N("console.facts.rows", 1841)}
	return pages.FactFilePage(p, v)
}

func factFileDone(p *parts.Page) templ.Component {
	v := factFileView(p, 318, 1523, 0)
	v.State, v.Done = parts.Status{Text: p.T("console.facts.states.recorded"), Tone: parts.Good}, p.T("console.facts.done", map[string]any{"facts": 306, "events": 12, "known": 1523})
	return pages.FactFilePage(p, v)
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
