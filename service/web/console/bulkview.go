package console

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/bulk"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/imports"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// bulkTyped is what somebody typed on an action's page.
type bulkTyped struct {
	do      string // what is to be done
	fields  map[string]string
	number  string
	reason  string
	undoWhy string
}

// bulkFile is what an action's page is made of.
type bulkFile struct {
	bulk.Bulk
	typed   bulkTyped
	who     []enroll.Row
	matches int // that the filters let through; 0: not asked
	alone   bool
	request approval.Request
	schools []program.School
	funds   map[string]fund.Fund
	book    *rules.Book
}

// shownWho is how many children a page shows of an action.
const shownWho = 10

// names reads what orders are told by.
func (f *bulkFile) names(ctx context.Context, q sqlx.QueryerContext, v visit) (err error) {
	if f.schools, err = program.Schools(ctx, q); err != nil {
		return err
	}
	f.book, err = rulesOrNone(ctx, q, v)
	return err
}

func (c *Console) openBulk(ctx context.Context, q sqlx.QueryerContext, v visit, id bulk.ID, f *bulkFile) (err error) {
	if f.Bulk, err = bulk.Load(ctx, q, v.program.ID, id); err != nil {
		return err
	}
	if err = f.names(ctx, q, v); err != nil {
		return err
	}
	if f.funds, err = fundsByCode(ctx, q, v.program.ID); err != nil {
		return err
	}
	if f.request, err = openRequest(ctx, q, id); err != nil {
		return err
	}
	if f.State == bulk.Drawn {
		if f.alone, err = bulk.Alone(ctx, q, c.bulkDesk(v), f.Bulk); err != nil {
			return err
		}
	}
	if f.State == bulk.Chosen && !f.Every && !wasSearched(f.Filter) {
		s, err := readSearch(web.FormOf(f.Filter))
		if err != nil {
			return err
		}
		if f.matches, err = enroll.CountAll(ctx, q, v.program.ID, s.Filter); err != nil {
			return err
		}
	}
	rows, err := bulk.Rows(ctx, q, id, f.first(), 0, shownWho)
	if err != nil {
		return err
	}
	f.who, err = c.bulkRowsOf(ctx, q, v, rows)
	return err
}

// first is the outcome whose children a page shows.
func (f *bulkFile) first() bulk.Outcome {
	switch f.State {
	case bulk.Drawn, bulk.Running:
		return bulk.Ready
	case bulk.Done, bulk.Stopped, bulk.Undoing:
		return bulk.WasDone
	case bulk.Undone:
		return bulk.TakenOff
	}
	return ""
}

func bulkTag(v visit, s bulk.State) parts.Status {
	tone := map[bulk.State]parts.Tone{bulk.Chosen: parts.Quiet, bulk.Drawn: parts.Info, bulk.Running: parts.Caution, bulk.Stopped: parts.Caution, bulk.Done: parts.Good, bulk.Undoing: parts.Caution}[s]
	return parts.Status{Text: v.words.T("bulk.states." + string(s)), Tone: cmp.Or(tone, parts.Quiet)}
}

// says is an order in a few words.
func (f *bulkFile) says(v visit, o bulk.Order) string {
	return v.words.T("bulk.says."+string(o.Action), i18n.Args{"what": f.what(v, o)})
}

// what an order is about, in words.
func (f *bulkFile) what(v visit, o bulk.Order) string {
	w := v.words
	yes := "no"
	if o.Yes {
		yes = "yes"
	}
	switch o.Action {
	case bulk.Event:
		return factName(v, f.book, o.What)
	case bulk.Fact:
		return factName(v, f.book, o.What) + ": " + w.T("bulk.fact."+yes)
	case bulk.Consent:
		return w.T("childfile.purposes."+o.What) + ": " + w.T("bulk.consent."+yes)
	case bulk.Hold, bulk.Lift:
		return holdName(v, family.HoldKind(o.What))
	}
	for _, s := range f.schools {
		if s.ID == o.School {
			return s.Name
		}
	}
	return strconv.FormatInt(int64(o.School), 10)
}

func (c *Console) bulkView(v visit, f *bulkFile) pages.Bulk {
	w, path := v.words, bulkPath(v, f.ID)
	view := pages.Bulk{State: bulkTag(v, f.State), Back: parts.Link{Text: w.T("bulk.back"), To: childrenAddress(v.base(), f.Filter)}, Reason: f.typed.reason, UndoWhy: f.typed.undoWhy}
	view.Summary = w.N("bulk.summary", f.Chosen)
	if f.Every {
		view.Summary = w.N("bulk.summary_all", f.Chosen)
		if s, err := readSearch(web.FormOf(f.Filter)); err == nil {
			for _, chip := range s.chips(v, f.schools) {
				view.Filter = append(view.Filter, chip.Text)
			}
		}
	}
	if f.Order.Action != "" {
		view.Facts = f.facts(v)
		view.Figures, view.Reasons = f.figures(v), f.reasons(v)
		view.Cost = importCost(v, imports.Counts{Cost: f.Counts.Cost, Funds: f.Counts.Funds}, f.funds, f.book)
		view.Unpriced = f.Counts.Unpriced
		view.Total = w.T("bulk.total", i18n.Args{"amount": f.Counts.Total()})
		for _, kind := range []string{"csv", "xlsx"} {
			view.Rows = append(view.Rows, parts.Link{Text: w.T("bulk.rows." + kind), To: path + "/rows." + kind})
		}
	}
	view.Who = f.whoTable(v)
	if v.May(auth.ActInBulk) && (f.Order.Action == "" || v.May(f.Order.Action.Needs())) {
		c.bulkDecision(v, f, &view)
	}
	if f.request.ID != 0 {
		view.Request = parts.Link{Text: requestName(v, f.request), To: requestPath(f.request.ID)}
		view.Ask, view.Do = "", ""
	}
	f.tellWork(c, v, &view)
	return view
}

// facts are what is done, and who ordered and undid it.
func (f *bulkFile) facts(v visit) []parts.Row {
	w, o, zone := v.words, f.Order, v.at.Location()
	out := []parts.Row{{Term: w.T("bulk.what"), Value: f.says(v, o)}}
	if !o.On.IsZero() {
		out = append(out, parts.Row{Term: w.T("bulk.field.on"), Value: w.Date(o.On)})
	}
	if o.Why != "" {
		out = append(out, parts.Row{Term: w.T("bulk.field.why"), Value: o.Why})
	}
	out = append(out, parts.Row{Term: w.T("bulk.by"), Value: actor(v, f.DrawnBy)})
	if !f.ClosedAt.IsZero() {
		out = append(out, parts.Row{Term: w.T("bulk.states.done"), Value: w.Time(f.ClosedAt.In(zone))})
	}
	if f.UndoneBy != "" {
		out = append(out, parts.Row{Term: w.T("bulk.states.undone"), Value: w.Time(f.UndoneAt.In(zone)) + " · " + actor(v, f.UndoneBy)}, parts.Row{Term: w.T("bulk.undo_why"), Value: f.UndoWhy})
	}
	return out
}

func (f *bulkFile) figures(v visit) (out []parts.Figure) {
	for _, o := range bulk.Outcomes {
		if n := f.Counts.By[o]; n > 0 || o == bulk.Ready && f.State == bulk.Drawn {
			out = append(out, parts.Figure{Label: v.words.T("bulk.outcomes." + string(o)), Value: v.words.Int(n), Major: o == f.first()})
		}
	}
	return out
}

func (f *bulkFile) reasons(v visit) (out []pages.BulkReason) {
	for _, key := range slices.Sorted(maps.Keys(f.Counts.Why)) {
		outcome, why, _ := strings.Cut(key, "/")
		out = append(out, pages.BulkReason{Outcome: v.words.T("bulk.outcomes." + outcome), Text: v.words.T("bulk.why." + why), Children: f.Counts.Why[key]})
	}
	return out
}

func (f *bulkFile) whoTable(v visit) parts.Table {
	w := v.words
	n := f.Chosen
	if o := f.first(); o != "" && len(f.Counts.By) > 0 {
		n = f.Counts.By[o]
	}
	t := parts.Table{Caption: w.N("bulk.who", n, i18n.Args{"shown": len(f.who)}), Columns: []parts.Column{{Name: w.T("console.children.name")}, {Name: w.T("childlist.column.account")}, {Name: w.T("childlist.column.school")}, {Name: w.T("childlist.column.grade")}}}
	for _, r := range f.who {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Linked(listName(v, r), childPath(v, r.Child)), parts.Text(r.ID.Account().String()), parts.Text(r.School), parts.Text(grade(v, r.Grade))}})
	}
	return t
}

// bulkDecision offers what can be done with an action now.
func (c *Console) bulkDecision(v visit, f *bulkFile, view *pages.Bulk) {
	w, path := v.words, bulkPath(v, f.ID)
	running := c.bulkWork.Running(thing{v.Tenant, int64(f.ID)})
	if f.State == bulk.Chosen || f.State == bulk.Drawn && f.typed.do != "" {
		f.ask(v, path, view)
		if f.State == bulk.Chosen {
			view.Discard = path + "/discard"
			return
		}
	}
	switch f.State {
	case bulk.Drawn:
		view.Discard = path + "/discard"
		if f.typed.do == "" {
			view.Change = path + "?do=" + string(f.Order.Action)
		}
		switch {
		case f.Total == 0 || view.Form != nil:
		case f.alone:
			view.Do, view.DoText, view.TypedWrong = path+"/do", w.N("bulk.do", f.Total), f.typed.number
			if f.Total >= bulk.Large {
				view.Typed, view.TypedText = strconv.Itoa(f.Total), w.T("bulk.type", i18n.Args{"n": f.Total})
			}
		default:
			view.Ask = path + "/ask"
		}
	case bulk.Running:
		if running {
			view.Stop = path + "/stop"
		} else {
			view.Resume, view.Interrupted = path+"/do", w.T("bulk.interrupted")
		}
	case bulk.Stopped:
		view.Resume = path + "/do"
	}
	if (f.State == bulk.Done || f.State == bulk.Stopped) && !v.at.After(f.UndoUntil()) || f.State == bulk.Undoing && !running {
		view.Undo = path + "/undo"
		view.UndoText = w.T("bulk.undo_until", i18n.Args{"on": v.program.Day(f.UndoUntil())})
	}
}

// ask offers what can be done, and asks for what was chosen of it.
func (f *bulkFile) ask(v visit, path string, view *pages.Bulk) {
	w := v.words
	if f.matches > f.Chosen {
		view.All, view.AllText = path+"/all", w.N("bulk.take_all", f.matches)
		view.AllWhy = w.N("bulk.all_why", f.matches, i18n.Args{"chosen": f.Chosen})
	}
	for _, a := range bulk.Actions {
		if !v.May(a.Needs()) || a == bulk.Event && len(bulk.Events(f.book)) == 0 || a == bulk.Fact && len(bulk.Facts(f.book)) == 0 {
			continue
		}
		here := f.typed.do == string(a)
		view.Doings = append(view.Doings, pages.BulkDoing{Link: parts.Link{Text: w.T("bulk.does." + string(a)), To: path + "?do=" + string(a), Current: here}, Why: w.T("bulk.does_why." + string(a))})
		if here {
			view.Form = &pages.BulkForm{Post: path + "/order", Action: string(a), Title: w.T("bulk.does." + string(a)), Submit: w.T("bulk.look"), Fields: f.fields(v, a)}
		}
	}
}

// fields are what an action asks for.
func (f *bulkFile) fields(v visit, a bulk.Action) (out []pages.FormField) {
	w := v.words
	value := func(name, otherwise string) string {
		if f.typed.fields != nil {
			return f.typed.fields[name]
		}
		return otherwise
	}
	choice := func(name, chosen string, offered []parts.Choice) {
		out = append(out, pages.FormField{As: "select", Field: parts.Field{Name: name, Label: w.T("bulk.field." + string(a) + "_" + name), Value: value(name, chosen)}, Choices: offered})
	}
	order := bulk.Order{}
	if f.Order.Action == a {
		order = f.Order
	}
	var whats []parts.Choice
	for _, code := range f.offered(a) {
		whats = append(whats, parts.Choice{Value: code, Text: f.offeredName(v, a, code)})
	}
	if a == bulk.Transfer {
		var schools []parts.Choice
		for _, s := range f.schools {
			schools = append(schools, parts.Choice{Value: strconv.FormatInt(int64(s.ID), 10), Text: s.Name})
		}
		choice("school", strconv.FormatInt(int64(order.School), 10), schools)
	} else {
		choice("what", order.What, whats)
	}
	if a == bulk.Fact || a == bulk.Consent {
		yes := "yes"
		if order.What != "" && !order.Yes {
			yes = "no"
		}
		choice("yes", yes, []parts.Choice{{Value: "yes", Text: w.T("bulk." + string(a) + ".yes")}, {Value: "no", Text: w.T("bulk." + string(a) + ".no")}})
	}
	if a == bulk.Hold || a == bulk.Lift {
		return append(out, pages.FormField{As: "area", Field: parts.Field{Name: "why", Label: w.T("bulk.field.why"), Hint: w.T("bulk.names_nobody"), Value: value("why", order.Why), MaxLength: 4000}})
	}
	on := v.today()
	if !order.On.IsZero() {
		on = order.On
	}
	return append(out, pages.FormField{Field: parts.Field{Name: "on", Type: "date", Label: w.T("bulk.field.on"), Value: value("on", on.String())}})
}

// offered are the codes that an action can be about.
func (f *bulkFile) offered(a bulk.Action) []string {
	switch a {
	case bulk.Event:
		return bulk.Events(f.book)
	case bulk.Fact:
		return bulk.Facts(f.book)
	case bulk.Consent:
		return texts(family.Purposes)
	case bulk.Hold, bulk.Lift:
		return texts(bulk.Holds)
	}
	return nil
}

func (f *bulkFile) offeredName(v visit, a bulk.Action, code string) string {
	switch a {
	case bulk.Consent:
		return v.words.T("childfile.purposes." + code)
	case bulk.Hold, bulk.Lift:
		return holdName(v, family.HoldKind(code))
	}
	return factName(v, f.book, code)
}

// tellWork tells how far an action is, and what came of it.
func (f *bulkFile) tellWork(c *Console, v visit, view *pages.Bulk) {
	w := v.words
	running := c.bulkWork.Running(thing{v.Tenant, int64(f.ID)})
	switch f.State {
	case bulk.Running, bulk.Stopped, bulk.Undoing:
		view.Work = &parts.Work{ID: "work", Label: view.State.Text, Done: f.Done, Of: f.Total, Running: running && f.State != bulk.Stopped, Watch: bulkPath(v, f.ID),
			Says: w.T("bulk.progress", i18n.Args{"done": f.Done, "of": f.Total})}
	case bulk.Done:
		view.Done = w.N("bulk.done", f.Counts.By[bulk.WasDone])
		if len(f.Counts.Cost) > 0 {
			view.Done += " " + w.T("bulk.next_run")
		}
	case bulk.Undone:
		view.Done = w.N("bulk.undone", f.Counts.By[bulk.TakenOff])
		if f.Counts.Total().Cmp(ledger.Amount{}) != 0 {
			view.Done += " " + w.T("bulk.next_run_takes")
		}
	}
}
