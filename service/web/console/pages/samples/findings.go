package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func inFindings(p *parts.Page) pages.Findings {
	in(p, "jobs", p.T("console.findings.title"))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.jobs"), To: base + "/jobs"})
	p.Lead = p.T("console.findings.lead")
	return pages.Findings{Post: base + "/findings", Jobs: base + "/jobs"}
}

func ranFindings(p *parts.Page, n int) pages.Findings {
	v := inFindings(p)
	v.Run, v.RunTo, v.State = "41", base+"/jobs/41", parts.Status{Text: p.T("console.run_state.done"), Tone: parts.Good}
	v.Says = p.T("console.findings.says", map[string]any{"period": p.Month(day("2026-10-02")), "at": noon, "done": 9431})
	v.Runs = []parts.Choice{{Value: "41", Text: p.T("console.findings.run_of", map[string]any{"period": p.Month(day("2026-10-02")), "n": n})}}
	v.Kinds, v.Count = []parts.Choice{{Text: p.T("console.findings.any")}}, n
	return v
}

func findings(p *parts.Page) templ.Component {
	v := ranFindings(p, 32)
	v.Waiting = p.N("console.findings.waiting", 12)
	for _, f := range []struct {
		child, benefit, period, kind, derived, stored string
		tone                                          parts.Tone
	}{
		{"Nguyen, Anh", "Savings match", "2026–2027", "overpaid", "40.00", "55.00", parts.Bad},
		{"García Ruiz, María", "City seed deposit", "", "ledger", "50.00", "0.00", parts.Bad},
		{"Okafor, Chidi", "Savings match", "2026–2027", "underpaid", "25.00", "20.00", parts.Caution},
		{"Smith, Jordan", "City seed deposit", p.T("console.award_period.once"), "reason", "50.00", "50.00", parts.Quiet},
	} {
		line := pages.FindingLine{Child: f.child, Account: "10-0004-7", ChildTo: base + "/children/4", Benefit: f.benefit, Period: f.period,
			Kind: parts.Status{Text: p.T("console.findings.kinds." + f.kind), Tone: f.tone}, Means: p.T("console.findings.means." + f.kind), Derived: money(f.derived), Stored: money(f.stored)}
		if f.period != "" {
			line.Explain = base + "/children/4/awards/match/2026-07-01"
		}
		v.Rows = append(v.Rows, line)
	}
	v.Next, v.File = base+"/findings?after=25", base+"/findings/findings.csv"
	return pages.FindingsPage(p, v)
}

func findingsClean(p *parts.Page) templ.Component {
	v := ranFindings(p, 0)
	v.Unfinished, v.State = true, parts.Status{Text: p.T("console.run_state.running"), Tone: parts.Info}
	return pages.FindingsPage(p, v)
}

func findingsNever(p *parts.Page) templ.Component { return pages.FindingsPage(p, inFindings(p)) }
