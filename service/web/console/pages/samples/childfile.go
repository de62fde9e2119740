package samples

import (
	"github.com/a-h/templ"

	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

const childBase = base + "/children/4"

func childFrame(p *parts.Page, here string) pages.ChildFrame {
	var f pages.ChildFrame
	for _, t := range []struct{ name, to string }{{"child", ""}, {"family", "/family"}, {"file", "/file"}, {"timeline", "/timeline"}} {
		f.Tabs = append(f.Tabs, parts.Link{Text: p.T("childfile.tab." + t.name), To: childBase + t.to, Current: t.to == here})
	}
	return f
}

// heldFrame is that of a child on hold.
func heldFrame(p *parts.Page, here string) pages.ChildFrame {
	f := childFrame(p, here)
	f.Holds = []string{p.T("childfile.hold_alert", map[string]any{"kind": p.T("childfile.hold.custody"), "blocks": blocked(p)})}
	return f
}

func blocked(p *parts.Page) string {
	return p.T("childfile.blocks", map[string]any{"acts": p.List([]string{p.T("childfile.act.change"), p.T("childfile.act.withdraw")})})
}

func childCommands(p *parts.Page) (all []pages.Command) {
	for _, what := range []string{"edit", "guardian", "transfer", "leaves_school", "leaves_area", "opt_out", "left", "death", "come_back", "settle", "rename", "adoption", "placement", "placement_ends", "homeless", "housed", "custody"} {
		c := pages.Command{Text: p.T("childfile.do." + what + ".name"), To: childBase + "/do/" + what, Why: p.T("childfile.do." + what + ".what")}
		switch what {
		case "come_back":
			c.To, c.Why = "", p.T("enroll.there")
		case "settle":
			c.To, c.Why = "", p.T("enroll.nothing_to_settle")
		case "placement_ends":
			c.To, c.Why = "", p.T("childfile.not_in_care")
		}
		all = append(all, c)
	}
	return all
}

func childFunds(p *parts.Page) parts.Table {
	t := parts.Table{Caption: p.T("childfile.funds"), Columns: []parts.Column{{Name: p.T("childfile.owner")}, {Name: p.T("childfile.fund")}, {Name: p.T("childfile.state")}, {Name: p.T("console.child.amount"), Number: true}}}
	for _, r := range [][4]string{{"family", "Families' own money", "there", "62.00"}, {"program", "City seed fund", "there", "50.00"}, {"program", "Match fund", "there", "31.00"}, {"program", "Match fund", "coming", "19.00"}} {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(p.T("childfile.owners." + r[0])), parts.Text(r[1]), parts.Text(p.T("childfile.states." + r[2])), p.MoneyCell(money(r[3]))}})
	}
	return t
}

// ofChild dresses a page below a child's.
func ofChild(p *parts.Page, title string) {
	in(p, "children", title)
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.children"), To: base + "/children"}, parts.Link{Text: "María José García López", To: childBase})
}

func childFamily(p *parts.Page) templ.Component {
	ofChild(p, p.T("childfile.tab.family"))
	p.Lead = "María José García López"
	rights := func(may ...bool) (all []pages.Box) {
		for i, r := range []string{"view", "deposit", "notify", "request", "change"} {
			all = append(all, pages.Box{Text: p.T("childfile.right." + r), Checked: may[i]})
		}
		return all
	}
	choices := []parts.Choice{{Value: "0", Text: p.T("childfile.nobody_knows")}, {Value: "1", Text: "Carmen López"}, {Value: "2", Text: "Hugo García"}}
	v := pages.Household{ChildFrame: heldFrame(p, "/family"), Add: childBase + "/family/new",
		Adults: []pages.AdultCard{
			{Name: "Carmen López", Edit: childBase + "/family/1", Rights: rights(true, true, true, true, true), Since: []string{p.T("childfile.rights_by_school")},
				Facts: []parts.Row{{Term: p.T("childfile.field.relationship"), Value: "mother"}, {Term: p.T("childfile.field.phone"), Value: "503-555-0100"}, {Term: p.T("childfile.field.language"), Value: "español"}}},
			{Name: "Hugo García", Edit: childBase + "/family/2", Rights: rights(true, true, false, false, false),
				Since: []string{p.T("childfile.rights_from", map[string]any{"from": day("2026-10-01"), "what": p.T("childfile.right.view")}) + " " + p.T("childfile.order", map[string]any{"order": "FC-2026-118"})},
				Facts: []parts.Row{{Term: p.T("childfile.field.email"), Value: "hugo.garcia.with.a.very.long.address@example.org"}}},
		},
		Access: []pages.AccessLine{
			{ID: "7", Who: "Carmen López", Note: p.T("childfile.since", map[string]any{"on": day("2026-09-03"), "by": p.T("childfile.granted.letter")}), State: parts.Status{Text: p.T("childfile.sees"), Tone: parts.Good}, Post: childBase + "/access/7", Adults: choices, Value: "1"},
			{ID: "9", Who: p.T("childfile.account", map[string]any{"no": "9"}), Note: p.T("childfile.since", map[string]any{"on": day("2026-09-09"), "by": p.T("childfile.granted.facts")}), State: parts.Status{Text: p.T("childfile.unknown"), Tone: parts.Caution}, Post: childBase + "/access/9", Adults: choices, Value: "0"},
		},
		Siblings: []parts.Row{{Term: p.Date(day("2019-02-11")), Value: "Diego García López", To: base + "/children/3"}},
		Former:   []parts.Row{{Term: p.T("childfile.until", map[string]any{"day": day("2026-06-30")}), Value: "María López"}},
		Schools:  parts.Table{Caption: p.T("childfile.schools"), Columns: []parts.Column{{Name: p.T("childfile.field.school")}, {Name: p.T("childfile.field.grade")}, {Name: p.T("childfile.from")}, {Name: p.T("childfile.to_day")}}},
	}
	v.Schools.Rows = []parts.TableRow{
		{Cells: []parts.Cell{parts.Text("Lincoln Elementary"), parts.Text("1"), parts.Text(p.DateShort(day("2026-09-01"))), {}}},
		{Cells: []parts.Cell{parts.Text("Harbor View"), parts.Text(p.T("console.grade.kg")), parts.Text(p.DateShort(day("2025-09-01"))), parts.Text(p.DateShort(day("2026-08-31")))}},
	}
	return pages.HouseholdPage(p, v)
}

func childFile(p *parts.Page) templ.Component {
	ofChild(p, p.T("childfile.tab.file"))
	p.Lead = "María José García López"
	v := pages.File{ChildFrame: heldFrame(p, "/file"), Key: "k", Today: day("2026-10-05"), HoldPost: childBase + "/holds", ConsentPost: childBase + "/consents", UploadPost: childBase + "/documents", NotePost: childBase + "/notes",
		Closed: []parts.Row{{Term: p.T("childfile.fact.foster"), Value: p.T("childfile.fact_yes", map[string]any{"on": day("2026-09-20")})}},
		Holds: []pages.HoldLine{
			{ID: "2", Kind: p.T("childfile.hold.custody"), Blocks: blocked(p), Why: "Both parents claim the account. Order FC-2026-118 is awaited.", By: "Tom Baker", At: noon, Lift: childBase + "/holds/2"},
			{ID: "1", Kind: p.T("childfile.hold.legal"), Blocks: blocked(p), Why: "Subpoena 44.", By: "Ana Ruiz", At: noon.AddDate(0, -2, 0), Lifted: p.T("childfile.lifted_by", map[string]any{"by": "Tom Baker", "at": p.Time(noon.AddDate(0, -1, 0)), "why": "withdrawn"})},
		},
		HoldKinds: []parts.Choice{{Value: "legal", Text: p.T("childfile.hold.legal")}, {Value: "death", Text: p.T("childfile.hold.death")}},
		Purposes:  []parts.Choice{{Value: "photo", Text: p.T("childfile.purposes.photo")}}, Says: []parts.Choice{{Value: "yes", Text: p.T("childfile.agrees")}, {Value: "no", Text: p.T("childfile.agrees_not")}},
		Kinds:     []parts.Choice{{Value: "court_order", Text: p.T("childfile.document_kinds.court_order")}},
		Documents: []pages.DocumentLine{{Title: "Order of the Family Court of Riverbend", Kind: p.T("childfile.document_kinds.court_order"), Note: "Ana Ruiz, " + p.Time(noon), To: childBase + "/documents/1"}},
		Notes:     []pages.NoteLine{{Text: "The mother called. She will send the order by Friday.", By: "Ana Ruiz", At: noon}},
		Consents:  parts.Table{Caption: p.T("childfile.consents"), Columns: []parts.Column{{Name: p.T("childfile.purpose")}, {Name: p.T("childfile.consent_says")}, {Name: p.T("childfile.from")}, {Name: p.T("childfile.by")}}},
	}
	v.Consents.Rows = []parts.TableRow{
		{Cells: []parts.Cell{parts.Text(p.T("childfile.purposes.free_lunch")), parts.Tagged(parts.Status{Text: p.T("childfile.agrees"), Tone: parts.Good}), parts.Text(p.DateShort(day("2026-09-01"))), parts.Text("Ana Ruiz")}},
		{Cells: []parts.Cell{parts.Text(p.T("childfile.purposes.photo")), parts.Text(p.T("childfile.not_asked")), {}, {}}},
	}
	return pages.FilePage(p, v)
}

func childTimeline(p *parts.Page) templ.Component {
	ofChild(p, p.T("childfile.timeline_of"))
	p.Lead = "María José García López"
	t := parts.Table{Caption: p.T("childfile.tab.timeline"), Next: childBase + "/timeline?before=x", Columns: []parts.Column{
		{Name: p.T("childfile.when")}, {Name: p.T("console.child.what")}, {Name: p.T("console.child.day")}, {Name: p.T("console.child.amount"), Number: true}, {Name: p.T("childfile.by")}}}
	for _, r := range []struct{ kind, note, amount, by string }{{"hold_placed", p.T("childfile.hold.custody"), "", "Tom Baker"}, {"deposit", "R-20261002-14 · " + p.T("console.channel.cash"), "12.00", ""}, {"award_pay", "Match · 2026", "31.00", p.T("console.actor.system")}, {"school", "Lincoln Elementary · 1", "", ""}, {"enrolled", "", "", ""}} {
		row := []parts.Cell{parts.Text(p.Time(noon)), {Text: p.T("childfile.happened." + r.kind), Note: r.note}, parts.Text(p.DateShort(day("2026-10-02"))), {}, parts.Text(r.by)}
		if r.amount != "" {
			row[3] = p.MoneyCell(money(r.amount))
		}
		t.Rows = append(t.Rows, parts.TableRow{Cells: row})
	}
	return pages.TimelinePage(p, pages.Timeline{ChildFrame: childFrame(p, "/timeline"), Table: t})
}

func optOut(p *parts.Page) pages.Form {
	ofChild(p, p.T("childfile.do.opt_out.name"))
	p.Lead = p.T("childfile.do.opt_out.what")
	return pages.Form{Post: childBase + "/do/opt_out", Submit: p.T("childfile.look"), Back: parts.Link{Text: p.T("childfile.back_to", map[string]any{"child": "María José García López"}), To: childBase},
		Hidden: []parts.Carried{{Name: "key", Value: "k"}, {Name: "version", Value: "3"}},
		Fields: []pages.FormField{{Field: parts.Field{Name: "on", Label: p.T("childfile.field.on"), Hint: p.T("childfile.on.last"), Type: "date", Value: "2026-10-05"}},
			{As: "area", Field: parts.Field{Name: "why", Label: p.T("childfile.field.why"), Hint: p.T("childfile.field.why_hint"), MaxLength: 4000}}}}
}

func childDo(p *parts.Page) templ.Component {
	v := optOut(p)
	p.Problems = []parts.Problem{{Field: "why", Text: p.T("family.reason")}}
	return pages.FormPage(p, v)
}

func childLook(p *parts.Page) templ.Component {
	v := optOut(p)
	v.Submit = p.T("childfile.confirm.exit")
	moves := parts.Table{Caption: p.T("childfile.moves"), Columns: []parts.Column{{Name: p.T("childfile.owner")}, {Name: p.T("console.child.what")}, {Name: p.T("childfile.where")}, {Name: p.T("console.child.amount"), Number: true}}}
	for _, r := range [][4]string{{"program", "Match · 2026", "pool", "31.00"}, {"program", "Seed", "pool", "50.00"}, {"family", p.T("childfile.deposits"), "family", "62.00"}} {
		moves.Rows = append(moves.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(p.T("childfile.owners." + r[0])), parts.Text(r[1]), parts.Text(p.T("childfile.to." + r[2])), p.MoneyCell(money(r[3]))}})
	}
	v.Preview = &pages.Outcome{Facts: []parts.Row{{Term: p.T("childfile.last_day"), Value: p.Date(day("2026-10-05"))}, {Term: p.T("console.child.own"), Value: p.Money(money("62.00"))}, {Term: p.T("console.child.awarded"), Value: p.Money(money("81.00"))}},
		Says: []string{p.T("childfile.effect.opt_out"), p.T("childfile.waits")}, Tables: []parts.Table{moves}}
	return pages.FormPage(p, v)
}

func childRefused(p *parts.Page) templ.Component {
	v := optOut(p)
	v.Refused = p.T("enroll.gone")
	return pages.FormPage(p, v)
}

func childRecord(p *parts.Page) templ.Component {
	in(p, "children", p.T("childfile.new_child"))
	p.Trail = append(p.Trail, parts.Link{Text: p.T("console.nav.children"), To: base + "/children"})
	p.Problems = []parts.Problem{{Field: "given", Text: p.T("childfile.alike")}}
	v := pages.Form{Post: base + "/children/new", Submit: p.T("childfile.save"), Back: parts.Link{Text: p.T("console.nav.children"), To: base + "/children"}}
	for _, name := range []string{"given", "surname", "born", "student"} {
		v.Fields = append(v.Fields, pages.FormField{Field: parts.Field{Name: name, Label: p.T("childfile.field." + name), Value: "", Optional: name == "student"}})
	}
	v.Fields[2].Type = "date"
	v.Fields = append(v.Fields,
		pages.FormField{As: "select", Field: parts.Field{Name: "school", Label: p.T("childfile.field.school"), Optional: true}, Choices: []parts.Choice{{Value: "0", Text: p.T("childfile.no_school")}}},
		pages.FormField{As: "boxes", Field: parts.Field{Name: "rights", Label: p.T("childfile.rights"), Hint: p.T("childfile.rights_hint")}, Boxes: []pages.Box{{Value: "view", Text: p.T("childfile.right.view"), Checked: true}, {Value: "deposit", Text: p.T("childfile.right.deposit")}}},
		pages.FormField{As: "check", Field: parts.Field{Name: "anyway", Label: p.T("childfile.anyway")}})
	return pages.FormPage(p, v)
}
