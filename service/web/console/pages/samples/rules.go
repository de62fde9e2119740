package samples

import (
	"strings"

	"github.com/a-h/templ"

	"seedbook/service/rulebook"
	"seedbook/service/rules"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// citySource is a rule book of the common kind.
const citySource = `program:
  id: riverbend
  name: Riverbend Children's Savings
  currency: USD
  time_zone: America/New_York
  rounding: half_up
  leap_day: feb_28

calendar:
  school_year: 07-01

versions:
  - {id: start, effective_from: 2026-07-01, note: The council's resolution of May 2026.}

eligibility:
  - id: residence
    when: city == "Riverbend"
    says: {en: lives in Riverbend, es: vive en Riverbend}
  - {id: grade, when: grade >= KG && grade <= 5}
  - id: school
    when: known(school) && !(school in ["R01"])

enrollment: {mode: auto_opt_out, opt_out_days: 30}

benefits:
  - id: seed
    kind: seed
    says: {en: City seed deposit, es: Depósito inicial de la ciudad}
    trigger: event(enrolled)
    amount: {fixed: 50.00}
    period: once
    funding: {sources: [{fund: CITY}], while_funds_last: true, on_shortfall: queue}
  - id: match
    kind: match
    says: {en: Savings match, es: Aporte igual a sus ahorros}
    basis: gross_deposits
    base: {min_single: 5.00}
    amount: {ratio: 1.00}
    caps: {per_period: 100.00, lifetime: 500.00}
    period: school_year
    funding:
      sources:
        - {fund: SMITH, when: 'school in ["R07", "R09"]', priority: 1}
        - {fund: CITY-MATCH, priority: 2}
      on_shortfall: queue
    undo: {on_return: reverse_full}
`

// cityNames are what the program calls its funds and schools.
var cityNames = rulebook.Names{
	Funds:   map[string]string{"CITY": "City seed fund", "SMITH": "Smith Family Fund", "CITY-MATCH": "City match fund"},
	Schools: map[string]string{"R07": "Harbor View Elementary", "R09": "Mill Creek Elementary"},
}

// cityBook is the rule book, read.
func cityBook() (*rules.Book, string) {
	book, err := rules.Parse([]byte(citySource))
	if err != nil {
		panic(err)
	}
	return book, citySource
}

func ruleState(p *parts.Page, state string, tone parts.Tone) parts.Status {
	return parts.Status{Text: p.T("console.rules.states." + state), Tone: tone}
}

func ruleBooks(p *parts.Page) templ.Component {
	in(p, "rules", p.T("console.rules.title"))
	name := func(no int) string { return p.T("console.rules.name", map[string]any{"no": no}) }
	args := map[string]any{"on": day("2026-07-01"), "by": "Ana Ruiz", "at": noon, "note": "The council doubles the match for children in kindergarten, from January on."}
	return pages.RuleBooksPage(p, pages.RuleBooks{
		Classes: base + "/classes",
		Begin:   base + "/rules",
		Starts:  []parts.Choice{{Value: "book:2", Text: p.T("console.rules.from_effective", map[string]any{"book": name(2)})}, {Value: "empty", Text: p.T("console.rules.from_empty")}},
		Books: []pages.RuleLine{
			{Name: name(4), To: base + "/rules/4", State: ruleState(p, "draft", parts.Info), Says: p.T("console.rules.stands.draft", args), By: "Ana Ruiz", At: noon},
			{Name: name(3), To: base + "/rules/3", State: ruleState(p, "submitted", parts.Caution), Says: p.T("console.rules.stands.submitted", args), By: "Ana Ruiz", At: noon},
			{Name: name(2), To: base + "/rules/2", State: ruleState(p, "effective", parts.Good), Says: p.T("console.rules.stands.effective", args), By: "Tom Baker", At: noon.AddDate(0, -3, 0)},
			{Name: name(1), To: base + "/rules/1", State: ruleState(p, "superseded", parts.Quiet), Says: p.T("console.rules.stands.superseded", args), By: "Tom Baker", At: noon.AddDate(-1, 0, 0)},
		},
	})
}

func ruleBooksNone(p *parts.Page) templ.Component {
	in(p, "rules", p.T("console.rules.title"))
	return pages.RuleBooksPage(p, pages.RuleBooks{Classes: base + "/classes"})
}

func sourceLines(source string, bad ...int) []pages.SourceLine {
	var out []pages.SourceLine
	for i, text := range strings.Split(strings.TrimSuffix(source, "\n"), "\n") {
		l := pages.SourceLine{No: i + 1, Text: text}
		for _, no := range bad {
			l.Faulty = l.Faulty || no == l.No
		}
		out = append(out, l)
	}
	return out
}

func ruleView(p *parts.Page) pages.RuleBook {
	book, source := cityBook()
	v := pages.RuleBook{Source: sourceLines(source), Download: base + "/rules/3/rules.yaml", Checks: pages.RuleChecks{Checked: true, Passed: 11},
		Steps: []pages.RuleStep{
			{What: p.T("console.rules.steps.submitted"), By: "Ana Ruiz", Note: "The council doubles the match.", At: noon, Hash: p.T("console.rules.hash", map[string]any{"hash": "3f0a1c22b9de"})},
			{What: p.T("console.rules.steps.saved"), By: "Ana Ruiz", At: noon.AddDate(0, 0, -1)},
			{What: p.T("console.rules.steps.drafted"), By: "Ana Ruiz", At: noon.AddDate(0, 0, -2)},
		},
		Changes: &pages.RuleChanges{Against: p.T("console.rules.name", map[string]any{"no": 2}), To: base + "/rules/2", Rows: []pages.RuleChange{
			{Section: "Savings match", Term: p.T("rulebook.term.amount"), Before: "50%", After: "100%"},
			{Section: "Savings match", Term: p.T("rulebook.term.caps_lifetime"), Before: "", After: p.Money(money("500.00"))},
		}},
	}
	for _, s := range rulebook.Describe(p.Words, book, cityNames) {
		section := pages.RuleSection{Title: s.Title}
		for _, c := range s.Clauses {
			section.Rows = append(section.Rows, pages.RuleClause{Term: c.Term, Value: c.Value, Code: c.Code})
		}
		v.Sections = append(v.Sections, section)
	}
	return v
}

func inRules(p *parts.Page, title string) {
	in(p, "rules", title)
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.rules"), To: base + "/rules"})
}

func ruleDraft(p *parts.Page) templ.Component {
	inRules(p, p.T("console.rules.name", map[string]any{"no": 4}))
	p.Problems = []parts.Problem{{Field: "submit_note", Text: p.T("program.note")}}
	v := ruleView(p)
	v.State, v.Says = ruleState(p, "draft", parts.Info), p.T("console.rules.stands.draft", map[string]any{"by": "Ana Ruiz", "at": noon})
	v.EditText = base + "/rules/4/text"
	v.Checks.Failed = []pages.FailedExample{{Says: p.T("rules.test.failure", map[string]any{"line": 41, "example": "A kindergartner", "what": "amount", "benefit": "seed", "on": day("2026-09-01"), "got": "50.00", "want": "51.00"}), Why: []string{p.T("rules.gives.awarded", map[string]any{"amount": money("50.00")})}}}
	v.Submit = &pages.Decision{Post: base + "/rules/4/submit", Key: "submit", Revision: 3, Needs: true}
	v.Withdraw = &pages.Decision{Post: base + "/rules/4/withdraw", Key: "withdraw"}
	return pages.RuleBookPage(p, v)
}

func ruleSubmitted(p *parts.Page) templ.Component {
	inRules(p, p.T("console.rules.name", map[string]any{"no": 3}))
	v := ruleView(p)
	v.State = ruleState(p, "submitted", parts.Caution)
	v.Says = p.T("console.rules.stands.submitted", map[string]any{"by": "Ana Ruiz", "at": noon, "note": "The council doubles the match."})
	v.Approve = &pages.Decision{Post: base + "/rules/3/approve", Key: "approve", Hash: "3f0a", On: "2026-10-05"}
	v.Return = &pages.Decision{Post: base + "/rules/3/return", Key: "return", Hash: "3f0a", Needs: true}
	return pages.RuleBookPage(p, v)
}

func ruleText(p *parts.Page) templ.Component {
	_, source := cityBook()
	inRules(p, p.T("console.rules.editing", map[string]any{"book": p.T("console.rules.name", map[string]any{"no": 4})}))
	p.Problems = []parts.Problem{{Field: "L34", Text: p.T("rules.problem.unknown_key", map[string]any{"line": 34, "key": "ammount", "nearest": "amount", "allowed": "amount, base, basis"})}}
	return pages.RuleTextPage(p, pages.RuleText{Post: base + "/rules/4/text", Text: source, Revision: 3, Book: base + "/rules/4", Source: sourceLines(source, 34), Problems: 1})
}

func ruleTextStale(p *parts.Page) templ.Component {
	inRules(p, p.T("console.rules.editing", map[string]any{"book": p.T("console.rules.name", map[string]any{"no": 4})}))
	p.Problems = []parts.Problem{{Text: p.T("program.stale")}}
	return pages.RuleTextPage(p, pages.RuleText{Post: base + "/rules/4/text", Text: "benefits: []\n", Revision: 4, Book: base + "/rules/4", By: "Tom Baker", At: noon,
		Theirs: []pages.DiffLine{{Sign: " ", Text: "benefits:"}, {Sign: "-", Text: "  - id: seed"}, {Sign: "+", Text: "  - id: start"}}})
}

func ruleForm(p *parts.Page) templ.Component {
	inRules(p, p.T("console.rules.editing", map[string]any{"book": p.T("console.rules.name", map[string]any{"no": 4})}))
	p.Problems = []parts.Problem{{Field: "match_ratio", Text: p.T("console.ruleform.ratio_fault")}}
	return pages.RuleFormPage(p, pages.RuleForm{Post: base + "/rules/4/form", Text: base + "/rules/4/text", Revision: 3, Who: true, Joining: true, MostFunds: 3,
		Values: map[string]string{"cities": "Riverbend", "grade_from": "KG", "grade_to": "5", "seed_amount": "50.00", "seed_fund": "CITY", "match_ratio": "11",
			"match_period": "school_year", "match_period_cap": "100.00", "match_fund_1": "SMITH", "match_schools_1": "R07, R09"},
		Funds: choices("City seed fund", "Smith Family Fund"), Grades: choices(p.T("rulebook.grade.kg"), "1", "5"), Periods: choices(p.T("rulebook.each.school_year"), p.T("rulebook.each.once")),
		Schools: []string{"R07 Harbor View Elementary", "R09 Mill Creek Elementary"}, Others: p.T("console.ruleform.others", map[string]any{"benefits": "birthday"})})
}

func trial(p *parts.Page) templ.Component {
	inRules(p, p.T("console.trial.title", map[string]any{"book": p.T("console.rules.name", map[string]any{"no": 4})}))
	p.Lead = p.T("console.trial.lead")
	rows := []pages.TrialRow{{Name: "City seed deposit", Before: money("97350.00"), After: money("97350.00")}, {Name: "Savings match", Children: 312, Before: money("25820.00"), After: money("38730.00")}}
	return pages.TrialPage(p, pages.Trial{Post: base + "/rules/4/try", Says: p.T("console.trial.says", map[string]any{"by": "Ana Ruiz", "at": noon, "on": day("2026-10-05")}), Old: p.T("console.trial.old"),
		Figures: []parts.Figure{{Label: p.T("console.trial.difference"), Value: p.Money(money("12910.00")), Note: p.N("console.trial.children", 1947), Major: true},
			{Label: p.T("console.trial.gain"), Value: p.Money(money("12910.00")), Note: p.N("console.trial.children", 312)}, {Label: p.T("console.trial.lose"), Value: p.Money(money("0.00")), Note: p.N("console.trial.children", 0)}},
		Tables: []pages.TrialTable{{Caption: p.T("console.trial.by_benefit"), Rows: rows}},
		Funds:  []pages.TrialFund{{Name: "City seed fund", Available: money("76830.00"), Drawn: money("3200.00"), Left: money("73630.00")}, {Name: "City match fund", Available: money("8214.25"), Drawn: money("8214.25"), Short: money("4695.75"), DryOn: day("2027-02-03"), DryBefore: day("2027-05-20")}}})
}

func trialRunning(p *parts.Page) templ.Component {
	inRules(p, p.T("console.trial.title", map[string]any{"book": p.T("console.rules.name", map[string]any{"no": 4})}))
	p.Reload = 3
	return pages.TrialPage(p, pages.Trial{Cancel: base + "/rules/4/try/cancel", Work: &parts.Work{ID: "work", Label: p.T("console.trial.working"), Done: 812, Of: 1947, Running: true, Watch: base + "/rules/4/try",
		Says: p.T("console.jobs.progress", map[string]any{"done": 812, "of": 1947})}})
}
