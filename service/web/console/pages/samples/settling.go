package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func inRoster(p *parts.Page, title string) {
	in(p, "rosters", title)
	p.Trail = []parts.Link{{Text: p.T("console.nav.home"), To: base}, {Text: p.T("console.nav.rosters"), To: base + "/rosters"},
		{Text: "riverbend-2026.csv", To: base + "/rosters/4"}}
}

func doubts(p *parts.Page) templ.Component {
	inRoster(p, p.T("settling.title"))
	p.Lead = p.T("settling.lead")
	self := base + "/rosters/4/doubts"
	return pages.DoubtsPage(p, pages.Doubts{Self: self, Open: 3, Settled: 1, Begin: self + "/7", Next: self + "?after=41", Rows: []pages.DoubtLine{
		{Name: "García López, María José", To: self + "/7", Line: 12, School: "Elm Street School", Why: p.T("roster.reason.alike")},
		{Name: "Lind, Noa", To: self + "/19", Line: 31, School: "Elm Street School", Why: p.T("roster.problem.birth_missing")},
		{Name: "Nguyễn, Linh", To: self + "/41", Line: 77, School: "Oak School", Why: p.T("roster.reason.student")},
	}})
}

func doubtsSettled(p *parts.Page) templ.Component {
	inRoster(p, p.T("settling.title"))
	self := base + "/rosters/4/doubts"
	return pages.DoubtsPage(p, pages.Doubts{Self: self, Open: 2, Settled: 1, ShowSettled: true, Rows: []pages.DoubtLine{
		{Name: "Park, Leo", To: self + "/9", Line: 14, School: "Elm Street School", Why: p.T("roster.reason.alike"), By: "Olive Operator, " + p.Time(noon),
			Answer: parts.Status{Text: p.T("settling.answers.same"), Tone: parts.Good}},
	}})
}

func aDoubt(p *parts.Page) pages.Doubt {
	self := base + "/rosters/4/doubts/7"
	says := func(level, weight string) string {
		return p.T("settling.says", map[string]any{"level": p.T("duplicate.level." + level), "weight": p.T("duplicate.weight." + weight)})
	}
	v := pages.Doubt{Self: self, List: base + "/rosters/4/doubts", Skip: base + "/rosters/4/doubts/19", Seen: "0", May: true, MayNew: true,
		Summary: p.T("settling.count", map[string]any{"n": 1, "of": 4}), Why: p.T("roster.reason.alike"),
		Candidates: []pages.DoubtCandidate{
			{Name: "Garcia, Maria 00000091", To: base + "/children/9", Value: "9", Likely: likelihood(p, "very", parts.Info)},
			{Name: "García López, María Inés 00000018", To: base + "/children/1", Value: "1", Likely: likelihood(p, "possible", parts.Quiet)},
		},
		Caution: []string{"García López, María Inés 00000018: " + p.T("duplicate.caution.twin")},
		Fields: []pages.DoubtField{
			{Name: p.T("duplicate.field.given"), Row: "María José", Cells: []pages.DoubtCell{{Text: "Maria", Says: says("short", "for")}, {Text: "María Inés", Says: says("similar", "against")}}},
			{Name: p.T("duplicate.field.born"), Row: p.Date(day("2021-03-14")), Cells: []pages.DoubtCell{{Text: p.Date(day("2021-03-14")), Says: says("same", "strong")}, {Text: p.Date(day("2021-03-14")), Says: says("same", "for")}}},
			{Name: p.T("console.child.own"), Cells: []pages.DoubtCell{{Text: p.Money(money("25.00"))}, {Text: p.Money(money("0.00"))}}},
		},
	}
	for _, o := range []string{"twice", "not_ours", "wrong", "something"} {
		v.Outs = append(v.Outs, parts.Choice{Value: o, Text: p.T("settling.outs." + o)})
	}
	return v
}

func inDoubt(p *parts.Page) {
	inRoster(p, p.T("settling.one_title", map[string]any{"line": 12, "file": "riverbend-2026.csv"}))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("settling.title"), To: base + "/rosters/4/doubts"})
}

func doubt(p *parts.Page) templ.Component {
	inDoubt(p)
	return pages.DoubtPage(p, aDoubt(p))
}

// doubtMeanwhile is the page of who was too late.
func doubtMeanwhile(p *parts.Page) templ.Component {
	inDoubt(p)
	p.Problems = []parts.Problem{{Text: p.T("roster.settled_meanwhile")}}
	v := aDoubt(p)
	v.Settled = p.T("settling.told", map[string]any{"answer": p.T("settling.answers.new"), "by": "Olive Operator", "at": noon})
	v.Back, v.Seen, v.MayNew, v.NotNew = true, "1", false, p.T("roster.not_new")
	return pages.DoubtPage(p, v)
}
