package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func asks(p *parts.Page) templ.Component {
	in(p, "", p.T("request.desk.title"))
	p.Lead = p.T("request.desk.lead")
	v := askList(p)
	name := func(kind, no string) string {
		return p.T("request.desk.name", map[string]any{"what": p.T("request.kind." + kind), "no": no})
	}
	v.Rows = []pages.AskLine{
		{What: name("dispute", "3"), To: base + "/requests/3", Child: "20014", ToChild: base + "/children/14", Asked: noon.AddDate(0, 0, -12), Due: day("2026-10-03"), State: parts.Status{Text: p.T("request.desk.late"), Tone: parts.Bad}},
		{What: name("school", "7"), To: base + "/requests/7", Child: "20031", ToChild: base + "/children/31", Amount: p.Money(money("450.00")), Asked: noon, Due: day("2026-10-26"), State: parts.Status{Text: p.T("request.shows.asked"), Tone: parts.Caution}},
	}
	return pages.AsksPage(p, v)
}

func askList(p *parts.Page) pages.Asks {
	v := pages.Asks{To: base + "/requests", Show: "open", Kinds: []parts.Choice{{Text: p.T("request.desk.any")}}}
	for _, show := range []string{"open", "late", "all"} {
		v.Shows = append(v.Shows, parts.Choice{Value: show, Text: p.T("request.shows." + show)})
	}
	return v
}

func asksNone(p *parts.Page) templ.Component {
	in(p, "", p.T("request.desk.title"))
	p.Lead = p.T("request.desk.lead")
	return pages.AsksPage(p, askList(p))
}

func askOne(p *parts.Page) templ.Component {
	in(p, "", p.T("request.desk.name", map[string]any{"what": p.T("request.kind.school"), "no": "7"}))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("request.desk.title"), To: base + "/requests"})
	return pages.AskPage(p, pages.Ask{State: parts.Status{Text: p.T("request.shows.asked"), Tone: parts.Caution}, Post: base + "/requests/7",
		Waits:  p.T("request.desk.waits", map[string]any{"at": noon.AddDate(0, 0, 3)}),
		Facts:  []parts.Row{{Term: p.T("request.desk.child"), Value: "20031", To: base + "/children/31"}, {Term: p.T("request.desk.guardian"), Value: "Rosa Peña"}, {Term: p.T("request.desk.due"), Value: p.Date(day("2026-10-26"))}},
		Said:   []parts.Row{{Term: p.T("request.field.institution"), Value: "State College"}, {Term: p.T("request.field.amount"), Value: p.Money(money("450.00"))}},
		Signed: []parts.Row{{Term: p.T("request.page.signature"), Value: "Rosa Peña"}},
		Papers: []parts.Row{{Term: "bill.pdf", Value: p.Time(noon), To: base + "/children/31/documents/4"}},
		Acts:   []parts.Choice{{Value: "back", Text: p.T("request.act.back")}, {Value: "refused", Text: p.T("request.act.refused")}},
		Steps:  []pages.RequestStep{{What: p.T("request.step.asked"), By: "Rosa Peña", At: noon}},
	})
}
