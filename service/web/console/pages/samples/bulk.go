package samples

import (
	"github.com/a-h/templ"

	"seedbook/ledger"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func bulkIn(p *parts.Page, title string) {
	in(p, "children", title)
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.children"), To: base + "/children"}, parts.Link{Text: p.T("bulk.title"), To: base + "/bulk"})
}

func bulkTag(p *parts.Page, state string, tone parts.Tone) parts.Status {
	return parts.Status{Text: p.T("bulk.states." + state), Tone: tone}
}

func bulkSays(p *parts.Page) string {
	return p.T("bulk.says.event", map[string]any{"what": "Family savings workshop"})
}

func bulkList(p *parts.Page) templ.Component {
	in(p, "children", p.T("bulk.title"))
	p.Lead = p.T("bulk.lead")
	return pages.BulksPage(p, pages.Bulks{Back: base + "/children", Next: base + "/bulk?before=3", Lines: []pages.BulkLine{
		{Name: bulkSays(p), To: base + "/bulk/7", By: "Ana Ruiz", At: p.Time(noon), Children: 5000, State: bulkTag(p, "done", parts.Good)},
		{Name: p.T("bulk.says.transfer", map[string]any{"what": "Cesar Chavez Elementary"}), To: base + "/bulk/6", By: "Tom Okafor", At: p.Time(noon.AddDate(0, 0, -2)), Children: 84, State: bulkTag(p, "undone", parts.Quiet)},
	}})
}

func bulkNone(p *parts.Page) templ.Component {
	in(p, "children", p.T("bulk.title"))
	return pages.BulksPage(p, pages.Bulks{Back: base + "/children"})
}

func bulkWho(p *parts.Page, n int) parts.Table {
	t := parts.Table{Caption: p.N("bulk.who", n, map[string]any{"shown": 3}), Columns: []parts.Column{{Name: p.T("console.children.name")}, {Name: p.T("childlist.column.account")}, {Name: p.T("childlist.column.school")}, {Name: p.T("childlist.column.grade")}}}
	for i, name := range []string{"García López, María José", "Nguyen, Anh", "Washington-Okonkwo, Chukwuemeka"} {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Linked(name, base+"/children/"+string(rune('1'+i))), parts.Text("0000012" + string(rune('1'+i))), parts.Text("Lincoln Elementary"), parts.Text("K")}})
	}
	return t
}

func bulkChosen(p *parts.Page) templ.Component {
	bulkIn(p, p.T("bulk.new"))
	v := pages.Bulk{State: bulkTag(p, "chosen", parts.Quiet), Summary: p.N("bulk.summary", 25), All: base + "/bulk/7/all", AllText: p.N("bulk.take_all", 12431),
		AllWhy: p.N("bulk.all_why", 12431, map[string]any{"chosen": 25}), Who: bulkWho(p, 25), Discard: base + "/bulk/7/discard", Back: parts.Link{Text: p.T("bulk.back"), To: base + "/children"},
		Form: &pages.BulkForm{Post: base + "/bulk/7/order", Action: "event", Title: p.T("bulk.does.event"), Submit: p.T("bulk.look"), Fields: []pages.FormField{
			{As: "select", Field: parts.Field{Name: "what", Label: p.T("bulk.field.event_what")}, Choices: []parts.Choice{{Value: "workshop", Text: "Family savings workshop"}}},
			{Field: parts.Field{Name: "on", Type: "date", Label: p.T("bulk.field.on"), Value: "2026-10-05"}}}}}
	p.Problems = []parts.Problem{{Field: "on", Text: p.T("bulk.order_wrong")}}
	for _, a := range []string{"event", "fact", "consent", "transfer", "hold", "lift"} {
		v.Doings = append(v.Doings, pages.BulkDoing{Link: parts.Link{Text: p.T("bulk.does." + a), To: base + "/bulk/7?do=" + a, Current: a == "event"}, Why: p.T("bulk.does_why." + a)})
	}
	return pages.BulkPage(p, v)
}

// bulkShown is an action that is drawn up.
func bulkShown(p *parts.Page) pages.Bulk {
	bulkIn(p, bulkSays(p))
	v := pages.Bulk{State: bulkTag(p, "drawn", parts.Info), Summary: p.N("bulk.summary_all", 5012), Filter: []string{"Lincoln Elementary", "Kindergarten"}, Who: bulkWho(p, 5000),
		Back: parts.Link{Text: p.T("bulk.back"), To: base + "/children"}, Total: p.T("bulk.total", map[string]any{"amount": ledger.Minor(100_000_00)}),
		Facts:   []parts.Row{{Term: p.T("bulk.what"), Value: bulkSays(p)}, {Term: p.T("bulk.field.on"), Value: p.Date(day("2026-10-03"))}, {Term: p.T("bulk.by"), Value: "Ana Ruiz"}},
		Figures: []parts.Figure{{Label: p.T("bulk.outcomes.ready"), Value: p.Int(5000), Major: true}, {Label: p.T("bulk.outcomes.known"), Value: p.Int(9)}, {Label: p.T("bulk.outcomes.refused"), Value: p.Int(3)}},
		Cost:    []pages.CostLine{{Benefit: "Workshop bonus", Fund: "City seed fund", Children: 5000, Amount: ledger.Minor(100_000_00), Left: ledger.Minor(-12_000_00), Short: true}},
		Reasons: []pages.BulkReason{{Outcome: p.T("bulk.outcomes.known"), Text: p.T("bulk.why.happened"), Children: 9}, {Outcome: p.T("bulk.outcomes.refused"), Text: p.T("bulk.why.gone"), Children: 3}},
	}
	for _, kind := range []string{"csv", "xlsx"} {
		v.Rows = append(v.Rows, parts.Link{Text: p.T("bulk.rows." + kind), To: base + "/bulk/7/rows." + kind})
	}
	return v
}

func bulkConfirm(p *parts.Page) templ.Component {
	v := bulkShown(p)
	v.Do, v.DoText, v.Typed, v.TypedText, v.TypedWrong = base+"/bulk/7/do", p.N("bulk.do", 5000), "5000", p.T("bulk.type", map[string]any{"n": 5000}), "500"
	v.Change, v.Discard = base+"/bulk/7?do=event", base+"/bulk/7/discard"
	p.Problems = []parts.Problem{{Field: "typed", Text: p.T("bulk.typed_wrong", map[string]any{"n": 5000})}}
	return pages.BulkPage(p, v)
}

func bulkAsks(p *parts.Page) templ.Component {
	v := bulkShown(p)
	v.Ask, v.Change, v.Discard = base+"/bulk/7/ask", base+"/bulk/7?do=event", base+"/bulk/7/discard"
	return pages.BulkPage(p, v)
}

func bulkRunning(p *parts.Page) templ.Component {
	v := bulkShown(p)
	v.State, v.Stop = bulkTag(p, "running", parts.Caution), base+"/bulk/7/stop"
	v.Work = &parts.Work{ID: "work", Label: p.T("bulk.states.running"), Done: 2000, Of: 5000, Running: true, Watch: base + "/bulk/7", Says: p.T("bulk.progress", map[string]any{"done": 2000, "of": 5000})}
	return pages.BulkPage(p, v)
}

func bulkDone(p *parts.Page) templ.Component {
	v := bulkShown(p)
	v.State, v.Done = bulkTag(p, "done", parts.Good), p.N("bulk.done", 5000)+" "+p.T("bulk.next_run")
	v.Undo, v.UndoText = base+"/bulk/7/undo", p.T("bulk.undo_until", map[string]any{"on": day("2026-11-04")})
	return pages.BulkPage(p, v)
}
