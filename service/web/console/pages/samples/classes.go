package samples

import (
	"strings"

	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

var classHash = strings.Repeat("3f0a1c22b9de4077", 4)

func classes(p *parts.Page) templ.Component {
	inRules(p, p.T("console.classes.title"))
	p.Lead = p.T("console.classes.lead")
	return pages.ClassesPage(p, pages.Classes{Rules: base + "/rules",
		Named: []pages.ClassLine{{Name: "Astoria Houses scholarship", To: base + "/classes/astoria/2026-09-11", On: day("2026-09-11"), Members: 31, Waits: 2,
			Sum: money("31000.00"), Given: money("29000.00"), Waiting: money("2000.00"), Hash: classHash}},
		Coming: []parts.Row{{Term: "Class of 2027 prize", Value: p.T("console.classes.on", map[string]any{"on": day("2027-05-30")})}}})
}

func classesNone(p *parts.Page) templ.Component {
	inRules(p, p.T("console.classes.title"))
	p.Lead = p.T("console.classes.lead")
	return pages.ClassesPage(p, pages.Classes{Rules: base + "/rules"})
}

func classView(p *parts.Page) pages.Class {
	inRules(p, p.T("console.classes.name", map[string]any{"benefit": "Astoria Houses scholarship", "on": day("2026-09-11")}))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.classes.title"), To: base + "/classes"})
	path := base + "/classes/astoria/2026-09-11"
	return pages.Class{Hash: classHash, Sound: true, Text: path + "/list.txt", All: path, WaitingTo: path + "?show=waiting",
		Figures: []parts.Figure{{Label: p.T("console.classes.members"), Value: p.Int(31), Major: true}, {Label: p.T("console.classes.sum"), Value: p.Money(money("31000.00"))},
			{Label: p.T("console.classes.given"), Value: p.Money(money("29000.00"))}, {Label: p.T("console.classes.waiting"), Value: p.Money(money("2000.00")), Note: p.N("console.trial.children", 2)}},
		Lists: []pages.ClassList{
			{N: 1, Members: 29, AsOf: day("2026-09-11"), By: p.T("console.actor.system"), At: noon.AddDate(0, 0, -24), Hash: strings.Repeat("9b77e01d55aa2c4f", 4), Rule: strings.Repeat("71c2", 16), Sound: true},
			{N: 2, Members: 31, AsOf: day("2026-10-05"), By: p.T("console.actor.system"), At: noon, Hash: classHash, Rule: strings.Repeat("71c2", 16), Sound: true}},
		Rows: []pages.ClassMember{
			{Child: "Nguyen, Anh", Account: "10-0004-7", ChildTo: base + "/children/4", On: day("2026-09-11"), Amount: money("1000.00"), Given: money("1000.00"), Explain: base + "/children/4/awards/astoria/once"},
			{Child: "García Ruiz, María", Account: "10-0011-2", ChildTo: base + "/children/11", On: day("2026-10-05"), Later: true, Amount: money("1000.00"), Waiting: money("1000.00"), Explain: base + "/children/11/awards/astoria/once"}},
		Next: path + "?after=11"}
}

func class(p *parts.Page) templ.Component { return pages.ClassPage(p, classView(p)) }

func classUnsound(p *parts.Page) templ.Component {
	v := classView(p)
	v.Sound, v.Lists[1].Sound, v.Waiting, v.Rows, v.Next = false, false, true, nil, ""
	return pages.ClassPage(p, v)
}
