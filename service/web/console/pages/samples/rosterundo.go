package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func undoRoster(p *parts.Page) templ.Component {
	inRoster(p, p.T("rosterundo.title"))
	p.Lead = p.T("rosterundo.lead", map[string]any{"until": day("2026-11-04")})
	self := base + "/rosters/4"
	return pages.UndoRosterPage(p, pages.UndoRoster{Post: self + "/undo", Back: self, Figures: []parts.Figure{
		{Label: p.T("rosterundo.back_n"), Value: p.Int(942), Major: true}, {Label: p.T("rosterundo.amount"), Value: p.Money(money("47100.00"))},
		{Label: p.T("rosterundo.restored"), Value: p.Int(11), Note: p.T("rosterundo.restored_note")}, {Label: p.T("rosterundo.named"), Value: p.Int(3)},
		{Label: p.T("rosterundo.staying"), Value: p.Int(3)}},
		Holdings: []pages.CostLine{{Benefit: "Seed", Fund: "City seed fund", Children: 942, Amount: money("47100.00")}},
		Going:    []parts.Link{{Text: "García López, María José 00000018", To: base + "/children/1"}, {Text: "Nguyễn, Linh 00000026", To: base + "/children/2"}}, More: 940,
		Staying: []pages.StayGroup{
			{Why: p.T("rosterundo.stays.money"), N: 2, Children: []parts.Link{{Text: "Park, Leo 00000034", To: base + "/children/3"}, {Text: "Sato, Mia 00000042", To: base + "/children/4"}}},
			{Why: p.T("rosterundo.stays.changed"), N: 1, Children: []parts.Link{{Text: "Horn, Ivo 00000059", To: base + "/children/5"}}},
		}})
}

func undoRosterNothing(p *parts.Page) templ.Component {
	inRoster(p, p.T("rosterundo.title"))
	p.Problems = []parts.Problem{{Text: p.T("roster.undo_nothing")}}
	return pages.UndoRosterPage(p, pages.UndoRoster{Back: base + "/rosters/4", Figures: []parts.Figure{
		{Label: p.T("rosterundo.back_n"), Value: p.Int(0), Major: true}, {Label: p.T("rosterundo.amount"), Value: p.Money(money("0.00"))}}})
}
