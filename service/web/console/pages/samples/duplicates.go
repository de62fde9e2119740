package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func inDuplicates(p *parts.Page, title string) {
	in(p, "home", p.T("duplicate.page."+title))
	p.Trail = []parts.Link{{Text: p.T("console.nav.home"), To: base}}
	if title != "title" {
		p.Trail = append(p.Trail, parts.Link{Text: p.T("duplicate.page.title"), To: base + "/duplicates"})
	}
}

func pairStates(p *parts.Page) (out []parts.Choice) {
	for _, s := range []string{"open", "later", "waiting", "distinct", "joined"} {
		out = append(out, parts.Choice{Value: s, Text: p.T("duplicate.state." + s)})
	}
	return out
}

func likelihood(p *parts.Page, level string, tone parts.Tone) parts.Status {
	return parts.Status{Text: p.T("duplicate.likely." + level), Tone: tone}
}

func duplicates(p *parts.Page) templ.Component {
	inDuplicates(p, "title")
	p.Lead = p.T("duplicate.page.lead")
	says := func(field, level string) string {
		return p.T("duplicate.field."+field) + ": " + p.T("duplicate.level."+level)
	}
	return pages.DuplicatesPage(p, pages.Duplicates{Base: base, State: "open", States: pairStates(p), Next: "?after=x", Rows: []pages.PairLine{
		{Names: "García López, María José · Garcia, Maria", To: base + "/duplicates/1-9", Likely: likelihood(p, "certain", parts.Good), Found: p.Time(noon),
			Says: []string{says("contact", "same"), says("born", "same"), says("family", "short")}},
		{Names: "Nguyen, Anh · Nguyen, Anh Jr.", To: base + "/duplicates/2-8", Likely: likelihood(p, "likely", parts.Caution), Caution: p.T("duplicate.caution.junior"), Found: p.Time(noon),
			Says: []string{says("given", "same"), says("born", "different")}},
	}})
}

func duplicatesNone(p *parts.Page) templ.Component {
	inDuplicates(p, "title")
	return pages.DuplicatesPage(p, pages.Duplicates{Base: base, State: "later", States: pairStates(p)})
}

func aPair(p *parts.Page) pages.Pair {
	field := func(name, first, second, level, weight string) pages.PairField {
		return pages.PairField{Name: p.T("duplicate.field." + name), First: first, Second: second, Level: p.T("duplicate.level." + level), Weight: p.T("duplicate.weight." + weight)}
	}
	return pages.Pair{
		Base: base, Self: base + "/duplicates/1-9", Likely: likelihood(p, "certain", parts.Good),
		First: pages.RecordHead{Name: "García López, María José 00000018", To: base + "/children/1"}, Second: pages.RecordHead{Name: "Garcia, Maria 00000091", To: base + "/children/9"},
		Fields: []pages.PairField{
			field("given", "María José", "Maria", "short", "for"), field("family", "García López", "Garcia", "short", "for"),
			field("born", p.Date(day("2021-03-14")), p.Date(day("2021-03-14")), "same", "strong"), field("street", "12 Oak Street, Apartment 4", "99 Elm St", "different", "against"),
			{Name: p.T("console.child.own"), First: p.Money(money("120.00")), Second: p.Money(money("25.00"))},
		},
	}
}

func pair(p *parts.Page) templ.Component {
	inDuplicates(p, "pair")
	v := aPair(p)
	v.May, v.Caution = true, p.T("duplicate.caution.twin")
	v.Keep = []parts.Choice{{Value: "1", Text: v.First.Name}, {Value: "9", Text: v.Second.Name}}
	return pages.PairPage(p, v)
}

func pairWaiting(p *parts.Page) templ.Component {
	inDuplicates(p, "pair")
	v := aPair(p)
	v.Masked, v.State, v.Review = true, p.T("duplicate.state.waiting"), base+"/duplicates/1-9/join"
	return pages.PairPage(p, v)
}

func aJoining(p *parts.Page) pages.Joining {
	line := func(account, state, own, program, coming string) pages.AccountLine {
		return pages.AccountLine{Account: account, State: state, Own: p.Money(money(own)), Program: p.Money(money(program)), Coming: p.Money(money(coming)), Queued: p.Money(money("0.00"))}
	}
	first, second := line("00000018", p.T("console.participation.enrolled"), "120.00", "170.00", "10.00"), line("00000091", p.T("console.participation.enrolled"), "25.00", "75.00", "25.00")
	first.ComingAfter = p.T("duplicate.page.then", map[string]any{"what": money("35.00")})
	second.StateAfter = p.T("duplicate.page.then", map[string]any{"what": p.T("console.participation.joined")})
	second.ComingAfter = p.T("duplicate.page.then", map[string]any{"what": money("0.00")})
	return pages.Joining{
		Sight: []string{p.N("duplicate.page.seers", 2, map[string]any{"account": "SB-1"}), p.T("duplicate.page.sight_joined")},

		Self: base + "/duplicates/1-9/join", Keep: "1", Seen: "x", Money: true,
		Programs: []pages.JoiningProgram{{
			Name: "Riverbend Saves", Joined: true, Accounts: []pages.AccountLine{first, second},
			Before: line(p.T("duplicate.page.before"), "", "145.00", "245.00", "35.00"), After: line(p.T("duplicate.page.after"), "", "145.00", "245.00", "35.00"),
			Reversals: []string{p.T("duplicate.page.reversal", map[string]any{"amount": money("50.00"), "benefit": "seed", "period": p.T("console.award_period.once")})},
		}},
		Conflicts: []parts.Row{{Term: p.T("duplicate.conflict.address"), Value: p.List([]string{"99 Elm St, Riverbend", "12 Oak Street, Apartment 4, Riverbend"})}},
	}
}

func joinAsk(p *parts.Page) templ.Component {
	inDuplicates(p, "join_title")
	p.Lead = p.T("duplicate.page.join_lead", map[string]any{"on": "García López, María José 00000018", "off": "Garcia, Maria 00000091"})
	v := aJoining(p)
	v.May, v.Caution = true, p.T("duplicate.caution.twin")
	p.Problems = []parts.Problem{{Field: "why", Text: p.T("duplicate.why")}}
	return pages.JoiningPage(p, v)
}

func joinApprove(p *parts.Page) templ.Component {
	inDuplicates(p, "join_title")
	v := aJoining(p)
	v.Approve = true
	v.Waits = p.T("duplicate.page.proposed", map[string]any{"by": "Ana Ruiz", "at": noon, "why": "Same guardian, and she says so."})
	return pages.JoiningPage(p, v)
}

func joinOwn(p *parts.Page) templ.Component {
	inDuplicates(p, "join_title")
	v := aJoining(p)
	v.Own = true
	v.Waits = p.T("duplicate.page.proposed", map[string]any{"by": "Ana Ruiz", "at": noon, "why": "Same guardian, and she says so."})
	return pages.JoiningPage(p, v)
}

func partAsk(p *parts.Page) templ.Component {
	inDuplicates(p, "part_title")
	p.Lead = p.T("duplicate.page.part_lead")
	v := aJoining(p)
	v.Part, v.May, v.Conflicts, v.Money = true, true, nil, false
	v.Programs[0].Reversals = nil
	v.Programs[0].Since = []string{p.N("duplicate.page.posted_since", 1, map[string]any{"account": "00000018"}), p.N("duplicate.page.posted_since", 0, map[string]any{"account": "00000091"})}
	return pages.JoiningPage(p, v)
}

func childJoined(p *parts.Page) templ.Component {
	in(p, "children", "García López, María José")
	return pages.ChildPage(p, pages.Child{
		Name: "García López, María José", State: parts.Status{Text: p.T("console.participation.enrolled"), Tone: parts.Good}, Own: money("145.00"), Awarded: money("245.00"),
		FactsTo: base + "/children/1/facts",
		Records: []string{p.T("duplicate.page.also", map[string]any{"account": "00000091"})},
		Pairs:   parts.Link{Text: p.N("duplicate.page.may_be", 1), To: base + "/duplicates"},
		History: []pages.JoinLine{{Text: p.T("duplicate.page.joined_by", map[string]any{"by": "Ana Ruiz", "second": "Tom Baker", "at": noon, "why": "Same guardian"}), Part: parts.Link{Text: p.T("duplicate.page.part"), To: base + "/children/1/records/3"}}},
		Lines:   []pages.MoneyLine{{On: day("2026-10-02"), What: p.T("console.move.deposit"), Note: "ach 8841", Account: "00000091", Amount: money("25.00"), After: money("390.00")}},
	})
}
