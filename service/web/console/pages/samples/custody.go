package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/i18n"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func inCustody(p *parts.Page) {
	in(p, "custody", p.T("console.custody.title"))
	p.Lead = p.T("console.custody.lead")
}

func custody(p *parts.Page) templ.Component {
	inCustody(p)
	good, late := parts.Status{Text: p.T("console.custody.current"), Tone: parts.Good}, parts.Status{Text: p.N("console.custody.missing", 2), Tone: parts.Caution}
	file := func(id, name, format, became string, tone parts.Tone, lines, fresh, aside int) pages.BankFileLine {
		return pages.BankFileLine{Name: name, To: base + "/custody/files/" + id, Custodian: "First Bank", Format: p.T("console.custody.format." + format), At: noon,
			State: parts.Status{Text: p.T("console.custody.became." + became), Tone: tone}, Lines: lines, New: fresh, Aside: aside}
	}
	return pages.CustodyPage(p, pages.Custody{Upload: base + "/custody", Add: base + "/custody/new", Lines: base + "/custody/lines",
		Choices: []parts.Choice{{Value: "first", Text: "First Bank"}, {Value: "bright", Text: "Bright Start 529"}},
		Accounts: []pages.CustodyAccount{
			{Custodian: "First Bank", To: base + "/custody/days/first", Kind: p.T("console.custody.is.omnibus"), Ends: "5678", Stated: day("2026-10-02"), Balance: money("184210.44"), Transit: money("1250.00"), State: good},
			{Custodian: "Bright Start 529", Kind: p.T("console.custody.is.master"), Ends: "0417", State: late},
		},
		Gaps: []pages.CustodyGap{{Custodian: "First Bank", Ends: "5678", After: day("2026-09-30"), Day: day("2026-10-02"), Said: money("184210.44"), Found: money("184180.44"), Apart: money("30.00")}},
		Files: []pages.BankFileLine{
			file("3", "20261002.bai", "bai2", "taken", parts.Good, 412, 412, 1), file("2", "20261001.bai", "bai2", "held", parts.Caution, 380, 0, 0), file("1", "returns.ach", "nacha", "refused", parts.Quiet, 0, 0, 0),
		}})
}

func custodyNone(p *parts.Page) templ.Component {
	inCustody(p)
	return pages.CustodyPage(p, pages.Custody{})
}

func bankFileHeld(p *parts.Page) templ.Component {
	in(p, "custody", "20261001.bai")
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.custody.title"), To: base + "/custody"})
	p.Problems = []parts.Problem{{Field: "reason", Text: p.T("custody.reason")}}
	args := map[string]any{"line": 384, "field": "49", "said": "18421044", "found": "18418044"}
	return pages.BankFilePage(p, pages.BankFile{State: parts.Status{Text: p.T("console.custody.became.held"), Tone: parts.Caution}, Why: p.T("console.custody.why.held"),
		Facts: []parts.Row{{Term: p.T("console.custody.custodian"), Value: "first"}, {Term: p.T("console.custody.form"), Value: "BAI2"}, {Term: p.T("console.custody.lines"), Value: "380"}},
		Problems: []pages.ProblemLine{
			{Line: 384, Column: "49", Text: p.T("bankfile.differs.total", args), Status: p.T("console.custody.found_as.differs"), Tone: parts.Caution},
			{Line: 12, Column: "5679", Text: p.T("custody.problem.account", map[string]any{"line": 12, "field": "5679"}), Status: p.T("console.custody.found_as.aside"), Tone: parts.Caution},
		}, Release: base + "/custody/files/2/release"})
}

func custodianNew(p *parts.Page) templ.Component {
	in(p, "custody", p.T("console.custody.add"))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.custody.title"), To: base + "/custody"})
	p.Problems = []parts.Problem{{Field: "cut_off", Text: p.T("custody.field", map[string]any{"field": i18n.Key("custody.setting.cut_off")})}}
	f := pages.NewCustodian{Post: base + "/custody/new", Name: "First Bank", Code: "first", Currency: "USD", CutOff: "5pm", Days: "1", Federal: true}
	for _, k := range []string{"omnibus", "master", "individual", "linked"} {
		f.Kinds = append(f.Kinds, parts.Choice{Value: k, Text: p.T("console.custody.is." + k)})
	}
	for _, k := range []string{"bai2", "camt053", "ofx", "nacha"} {
		f.Formats = append(f.Formats, parts.Choice{Value: k, Text: p.T("console.custody.format." + k)})
	}
	for _, k := range []string{"business_day", "month", "on_event"} {
		f.Rhythms = append(f.Rhythms, parts.Choice{Value: k, Text: p.T("console.custody.each." + k)})
	}
	return pages.NewCustodianPage(p, f)
}
