package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/tabular"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func importsTrail(p *parts.Page) {
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.imports"), To: base + "/imports"})
}

func importTag(p *parts.Page, state string, tone parts.Tone) parts.Status {
	return parts.Status{Text: p.T("console.imports.states." + state), Tone: tone}
}

func importList(p *parts.Page) templ.Component {
	in(p, "imports", p.T("console.imports.title"))
	p.Lead = p.T("console.imports.lead")
	v := pages.Imports{Base: base, Kinds: []parts.Choice{{Text: p.T("console.imports.all_kinds")}}, States: []parts.Choice{{Text: p.T("console.imports.all_states")}}}
	for _, k := range []string{"rosters", "births", "deposits", "evidence", "facts"} {
		name := p.T("console.imports.kinds." + k)
		v.Kinds = append(v.Kinds, parts.Choice{Value: k, Text: name})
		v.Begin = append(v.Begin, parts.Link{Text: name, To: base + "/imports/new/" + k})
	}
	v.Lines = []pages.ImportLine{
		{Name: "bank-2026-10-04.xlsx", To: base + "/imports/files/7", Kind: p.T("console.imports.kinds.deposits"), Source: "First Riverbend Bank", Agreement: "DSA-2026-014",
			By: "Ana Ruiz", State: importTag(p, "checked", parts.Info), Rows: 412, New: 398, Rejected: 3, At: noon},
		{Name: "births-2026-09.csv", To: base + "/rosters/6", Kind: p.T("console.imports.kinds.births"), Source: "State vital records", Agreement: "VR-118", Ended: true,
			By: "Ana Ruiz", State: importTag(p, "applied", parts.Good), Rows: 214, New: 209, Open: 4, At: noon.AddDate(0, 0, -3)},
		{Name: "portal-2026-09.csv", To: base + "/imports/files/5", Kind: p.T("console.imports.kinds.evidence"), Source: "Family portal",
			By: "Tom Okafor", State: importTag(p, "undone", parts.Quiet), Rows: 88, New: 88, At: noon.AddDate(0, 0, -4)},
	}
	v.Next = base + "/imports?before=2026-10-01"
	return pages.ImportsPage(p, v)
}

func importListNone(p *parts.Page) templ.Component {
	in(p, "imports", p.T("console.imports.title"))
	return pages.ImportsPage(p, pages.Imports{Base: base})
}

func newImport(p *parts.Page) templ.Component {
	in(p, "imports", p.T("console.imports.new_title", map[string]any{"kind": p.T("console.imports.kinds.deposits")}))
	importsTrail(p)
	p.Lead = p.T("console.imports.leads.deposits")
	p.Problems = []parts.Problem{{Field: "source", Text: p.T("imports.expired", map[string]any{"agreement": "DSA-2026-014", "source": "First Riverbend Bank", "until": day("2026-09-30")})}}
	v := pages.NewImport{Post: base + "/imports/new/deposits", Hint: p.T("console.imports.hints.deposits"), Accept: ".csv,.xlsx,.zip,text/csv", Source: "First Riverbend Bank",
		Sources: []string{"First Riverbend Bank", "Riverbend district"},
		Samples: []parts.Link{{Text: p.T("console.imports.sample_as.csv"), To: base + "/imports/sample/deposits.csv"}, {Text: p.T("console.imports.sample_as.xlsx"), To: base + "/imports/sample/deposits.xlsx"}}}
	for _, f := range []string{"reference", "account", "student", "date", "amount", "channel"} {
		v.Columns = append(v.Columns, parts.Row{Term: f, Value: p.T("console.imports.fields." + f)})
	}
	return pages.NewImportPage(p, v)
}

func importView(p *parts.Page) pages.Import {
	in(p, "imports", "bank-2026-10-04.xlsx")
	importsTrail(p)
	path := base + "/imports/files/7"
	return pages.Import{
		State:   importTag(p, "checked", parts.Info),
		Summary: p.N("console.imports.summary", 412, map[string]any{"kind": p.T("console.imports.kinds.deposits"), "source": "First Riverbend Bank"}),
		About: []parts.Row{{Term: p.T("console.imports.source"), Value: "First Riverbend Bank"}, {Term: p.T("console.sources.agreement"), Value: p.T("console.sources.holds", map[string]any{"agreement": "DSA-2026-014", "until": day("2027-06-30")})},
			{Term: p.T("console.imports.format"), Value: p.T("console.imports.format_is", map[string]any{"format": "xlsx", "encoding": "UTF-8"})},
			{Term: p.T("console.files.received"), Value: p.Time(noon) + " · Ana Ruiz"}, {Term: "SHA-256", Value: "9f2c4e1ab0d35577"}},
		Figures: []parts.Figure{{Label: p.T("console.imports.outcomes.new"), Value: p.Int(398), Note: "$6,210.00", Major: true},
			{Label: p.T("console.imports.outcomes.suspense"), Value: p.Int(5), Note: "$75.00"}, {Label: p.T("console.imports.outcomes.known"), Value: p.Int(6), Note: "$90.00"},
			{Label: p.T("console.imports.outcomes.rejected"), Value: p.Int(3)}, {Label: p.T("console.preview.children"), Value: p.Int(371)}},
		Cost: []pages.CostLine{{Benefit: "Savings match", Fund: "Community foundation", Children: 340, Amount: money("2980.00"), Left: money("14020.00")}},
		Problems: []pages.ImportProblem{{Line: 18, Column: "Amount", Text: p.T("depositfile.problem.amount_unreadable")},
			{Line: 44, Column: "Date", Text: p.T("depositfile.problem.date_unreadable")}, {Line: 205, Column: "reference", Text: p.T("imports.problem.clash")}},
		Notes: []pages.ProblemLine{{Line: 1, Text: p.T(tabular.NoteConverted, tabular.Problem{What: "Windows-1252"}.Args()), Status: p.T("console.severity.note"), Tone: parts.Quiet}},
		Apply: path + "/post", Confirm: p.N("console.deposits.confirm", 403, map[string]any{"amount": money("6285.00")}), Discard: path + "/discard", Columns: path + "/columns",
		Rows: []parts.Link{{Text: p.T("console.imports.rows_as.csv"), To: path + "/rows.csv"}, {Text: p.T("console.imports.rows_as.xlsx"), To: path + "/rows.xlsx"}},
		Rejected: []parts.Link{{Text: p.T("console.imports.rejected_as.csv"), To: path + "/rejected.csv"},
			{Text: p.T("console.imports.rejected_as.xlsx"), To: path + "/rejected.xlsx"}},
		Again: base + "/imports/new/deposits", Another: base + "/imports/new/deposits",
	}
}

func importChecked(p *parts.Page) templ.Component { return pages.ImportPage(p, importView(p)) }

func importReceived(p *parts.Page) templ.Component {
	v := importView(p)
	v.State, v.NoColumns, v.Apply, v.Figures, v.Cost, v.Problems, v.Notes, v.Rows, v.Rejected = importTag(p, "received", parts.Caution), true, "", nil, nil, nil, nil, nil, nil
	return pages.ImportPage(p, v)
}

func importApplying(p *parts.Page) templ.Component {
	v := importView(p)
	p.Reload = 3
	v.State, v.Apply, v.Discard, v.Columns, v.Another = importTag(p, "applying", parts.Caution), "", "", "", ""
	v.Work = &parts.Work{ID: "work", Label: p.T("console.imports.applying"), Done: 200, Of: 412, Running: true, Watch: base + "/imports/files/7",
		Says: p.T("console.imports.progress", map[string]any{"done": 200, "of": 412})}
	return pages.ImportPage(p, v)
}

func importApplied(p *parts.Page) templ.Component {
	v := importView(p)
	v.State, v.Apply, v.Discard, v.Columns = importTag(p, "applied", parts.Good), "", "", ""
	v.Done, v.Undo = p.N("console.imports.done", 403), base+"/imports/files/7/undo"
	return pages.ImportPage(p, v)
}

func importColumns(p *parts.Page) templ.Component {
	in(p, "imports", p.T("console.columns.title"))
	importsTrail(p)
	p.Lead = p.T("console.columns.lead", map[string]any{"file": "bank.csv"})
	p.Problems = []parts.Problem{{Text: p.T("imports.mapping")}}
	v := pages.ImportColumns{Post: base + "/imports/files/8/columns", Header: []string{"No", "Acct", "Day", "USD"}, Sample: [][]string{{"K1", "10017", "9/3/2026", "25.00"}, {"K2", "10025", "9/3/2026", "10.50"}},
		DateFormat: "M/D/YYYY", DateFormats: []parts.Choice{{Value: "YYYY-MM-DD", Text: "YYYY-MM-DD"}, {Value: "M/D/YYYY", Text: "M/D/YYYY"}}}
	for i, f := range []string{"reference", "account", "student", "date", "amount", "channel"} {
		v.Fields = append(v.Fields, pages.ColumnField{Name: f, Label: p.T("console.imports.fields." + f), Column: []string{"No", "Acct", "", "Day", "", ""}[i]})
	}
	return pages.ImportColumnsPage(p, v)
}

func undoView(p *parts.Page) pages.UndoImport {
	in(p, "imports", p.T("console.imports.undo"))
	importsTrail(p)
	p.Lead = p.T("console.imports.undo_lead")
	return pages.UndoImport{Money: true, Back: base + "/imports/files/7", Facts: []parts.Row{{Term: p.T("console.files.rows"), Value: p.Int(403)},
		{Term: p.T("console.preview.children"), Value: p.Int(371)}, {Term: p.T("console.preview.amount"), Value: p.Money(money("6285.00"))}}}
}

func undoImport(p *parts.Page) templ.Component {
	v := undoView(p)
	v.Post, v.Confirm = base+"/imports/files/7/undo", p.T("console.imports.undo_ask")
	return pages.UndoImportPage(p, v)
}

func undoBlocked(p *parts.Page) templ.Component {
	v := undoView(p)
	v.Obstacles = []pages.ImportObstacle{
		{Text: p.N("console.imports.obstacles.returned", 1), Children: []parts.Link{{Text: p.T("console.imports.child", map[string]any{"no": 4}), To: base + "/children/4"}}},
		{Text: p.N("console.imports.obstacles.spent", 25), Children: []parts.Link{{Text: p.T("console.imports.child", map[string]any{"no": 9}), To: base + "/children/9"}}, More: 24},
	}
	return pages.UndoImportPage(p, v)
}

func sources(p *parts.Page) templ.Component {
	in(p, "imports", p.T("console.sources.title"))
	importsTrail(p)
	p.Lead = p.T("console.sources.lead")
	return pages.SourcesPage(p, pages.Sources{Post: base + "/imports/sources", Sources: []pages.SenderLine{
		{Name: "First Riverbend Bank", Agreement: "DSA-2026-014", Until: day("2027-06-30"), State: parts.Status{Text: p.T("console.sources.in_force"), Tone: parts.Good}, By: "Ana Ruiz", At: noon},
		{Name: "State vital records", Agreement: "VR-118", Until: day("2026-09-30"), State: parts.Status{Text: p.T("console.sources.ended"), Tone: parts.Bad}, By: "Ana Ruiz", At: noon},
		{Name: "Riverbend district", State: parts.Status{Text: p.T("console.sources.not_noted"), Tone: parts.Caution}},
	}})
}
