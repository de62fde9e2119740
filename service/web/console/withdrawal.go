package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/payout"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// parcelFile is everything a withdrawal's page is made of.
type parcelFile struct {
	payout.Withdrawal
	walk      enroll.Walk
	child     family.Child
	effect    payout.Effect
	stuck     string // why it cannot be paid as it is asked for
	papers    []payout.Paper
	documents []family.Document
	steps     []payout.Step
	taken     []payout.Taken
	payments  []payout.Payment
	payees    []payout.Payee
	request   approval.Request
	decisions []approval.Decision
	funds     map[string]fund.Fund
}

func outID(g *gin.Context) (payout.ID, error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, web.ErrNoPage
	}
	return payout.ID(id), nil
}

// withdrawal shows one withdrawal.
func (c *Console) withdrawal(g *gin.Context, v visit) error {
	return c.showParcel(g, v, http.StatusOK, nil, nil)
}

func (c *Console) showParcel(g *gin.Context, v visit, status int, problems []parts.Problem, typed *web.Form) error {
	id, err := outID(g)
	if err != nil {
		return err
	}
	var f parcelFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error { return c.openParcel(ctx, q, v, id, &f) })
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "child.viewed", []family.ChildID{f.Child}); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("payments.out.name", i18n.Args{"no": f.ID.String()}), parts.Link{Text: v.words.T("payments.out.title"), To: v.base() + "/withdrawals"})
	p.Problems, p.Lead = problems, personName(v, f.child)
	return c.hall.Show(g, status, pages.ParcelPage(p, f.view(v, typed)))
}

func (c *Console) openParcel(ctx context.Context, q sqlx.QueryerContext, v visit, id payout.ID, f *parcelFile) (err error) {
	if f.Withdrawal, err = payout.Load(ctx, q, v.program.ID, id); err != nil {
		return err
	}
	if f.walk, err = c.walk(ctx, q, v); err != nil {
		return err
	}
	people, err := family.Load(ctx, q, v.Who(), c.Keys, []family.ChildID{f.Child})
	if err != nil {
		return err
	}
	f.child = people[0]
	if f.State.Before() {
		if f.effect, err = f.Effect(ctx, q, f.walk); err == nil {
			err = f.effect.Payable(ctx, q, f.Child)
		}
		if x, ok := fault.Of(err); ok {
			f.stuck, err = v.words.Fault(x), nil
		}
		if err != nil {
			return err
		}
		if f.papers, err = payout.Papers(ctx, q, id); err != nil {
			return err
		}
		if f.documents, err = family.DocumentsOf(ctx, q, v.Who(), c.Keys, f.Child); err != nil {
			return err
		}
	}
	if f.steps, err = payout.Steps(ctx, q, id); err != nil {
		return err
	}
	if f.taken, err = payout.TakenBy(ctx, q, id); err != nil {
		return err
	}
	if f.payments, err = payout.PaymentsOf(ctx, q, id); err != nil {
		return err
	}
	if f.payees, err = payout.Payees(ctx, q, v.Who(), c.Keys, v.program.ID, f.Child); err != nil {
		return err
	}
	if f.Approval != 0 {
		if f.request, err = approval.Load(ctx, q, f.Approval); err != nil {
			return err
		}
		if f.decisions, err = approval.Decisions(ctx, q, f.Approval); err != nil {
			return err
		}
	}
	f.funds, err = fundsByCode(ctx, q, v.program.ID)
	return err
}

func (f *parcelFile) payee() (payout.Payee, bool) {
	for _, p := range f.payees {
		if p.ID == f.Payee {
			return p, true
		}
	}
	return payout.Payee{}, false
}

func (f *parcelFile) view(v visit, typed *web.Form) pages.Parcel {
	w := v.words
	view := pages.Parcel{State: outState(w, f.State), Stands: w.T("payments.out.stands." + string(f.State)), Track: f.track(v), Facts: f.facts(v)}
	if f.stuck != "" {
		view.Alerts = append(view.Alerts, f.stuck)
	}
	own, program := f.Own, f.Program()
	if f.CountsOn.IsZero() {
		own, program = f.effect.Own, f.Amount.Sub(f.effect.Own)
	}
	view.Figures = []parts.Figure{{Label: w.T("payments.out.paid"), Value: w.Money(f.Amount), Major: true}, {Label: w.T("payments.out.whose.family"), Value: w.Money(own)}, {Label: w.T("payments.out.whose.program"), Value: w.Money(program)}}
	if f.State.Before() {
		view.Says = effectSays(v, f.walk, f.effect, f.Purpose)
		tables := effectTables(v, f.walk, f.effect)
		view.Parts = tables[0]
		if len(tables) > 1 {
			view.Back = tables[1]
		}
		f.paperwork(v, &view, typed)
	} else {
		view.Parts = f.takenTable(v)
	}
	if f.Origin == payout.ByExit && (f.State == payout.Approved || f.State == payout.Reissued) && v.May(auth.AskWithdrawals) {
		f.choosePayee(v, &view)
	}
	f.acts(v, &view, typed)
	view.Tries, view.Steps = f.tries(v), f.stepTable(v)
	return view
}

// stations are those of a parcel that goes well.
var stations = []payout.State{payout.Requested, payout.Reviewed, payout.Approved, payout.Scheduled, payout.Sent, payout.Cleared}

// track is how far the parcel is, with the day of each station.
func (f *parcelFile) track(v visit) (out []pages.TrackStep) {
	at := map[payout.State]string{}
	for _, s := range f.steps {
		at[s.State] = v.words.DateShort(v.program.Day(s.At))
	}
	place, on := -1, f.State
	switch on {
	case payout.DocsPending:
		on = payout.Requested
	case payout.Reissued:
		on = payout.Approved
	case payout.Returned, payout.Stale, payout.Unclaimed:
		on = payout.Sent
	}
	for i, s := range stations {
		if s == on {
			place = i
		}
	}
	for i, s := range stations {
		step := pages.TrackStep{Name: v.words.T("payments.out.is." + string(s)), State: "to_come"}
		switch {
		case i < place || place < 0 && at[s] != "" || f.State == payout.Cleared:
			step.State, step.At = "done", at[s]
		case i == place && f.State != s && s == payout.Sent:
			step.State, step.At, step.Name = "off", at[f.State], v.words.T("payments.out.is."+string(f.State))
		case i == place:
			step.State, step.At = "here", at[s]
		case place < 0:
			step.State = "off"
		}
		out = append(out, step)
	}
	return out
}

func (f *parcelFile) facts(v visit) []parts.Row {
	w := v.words
	rows := []parts.Row{{Term: w.T("payments.out.child"), Value: personName(v, f.child), To: childPath(v, f.Child)}, {Term: w.T("payments.out.purpose"), Value: strings.TrimSuffix(w.T("payments.out.for."+string(f.Purpose))+" · "+expenseName(v, f.Expense), " · ")},
		{Term: w.T("payments.out.asked"), Value: w.Time(f.AskedAt.In(v.at.Location())) + ", " + actor(v, f.AskedBy) + " · " + w.T("payments.out.by."+string(f.Origin))}}
	if p, ok := f.payee(); ok {
		now, _ := p.Now()
		rows = append(rows, parts.Row{Term: w.T("payments.out.pay_to"), Value: p.Name + " · " + w.T("payments.payee.by."+string(now.Method)) + ends(now.Ends), To: payeePath(v, p.ID)})
	}
	if f.Approval != 0 {
		rows = append(rows, parts.Row{Term: w.T("payments.out.approval"), Value: w.T("console.approvals.states."+string(f.request.State)) + " · " + w.T("console.approval.of", i18n.Args{"given": f.request.Given, "needed": f.request.Needed}), To: requestPath(f.Approval)})
		for _, d := range f.decisions {
			rows = append(rows, parts.Row{Term: w.T("console.approval.step_of." + d.Decision), Value: strings.TrimSuffix(actor(v, d.Actor())+", "+w.Time(d.At.In(v.at.Location()))+": "+d.Reason, ": ")})
		}
	}
	if !f.CountsOn.IsZero() {
		rows = append(rows, parts.Row{Term: w.T("payments.out.counts_on"), Value: w.Date(f.CountsOn)})
	}
	return rows
}

func ends(s string) string {
	if s == "" {
		return ""
	}
	return " …" + s
}

// effectSays is what the rule book says of a withdrawal, and what it costs.
func effectSays(v visit, walk enroll.Walk, e payout.Effect, purpose payout.Purpose) (out []string) {
	w := v.words
	order := "family_first"
	if r := walk.Rules.Withdrawal; r != nil && (purpose == payout.Qualified || purpose == payout.Transfer) {
		order = r.Order
	}
	out = append(out, w.T("payments.out.order."+order))
	if e.Approvals > 1 {
		out = append(out, w.N("payments.out.approvals", e.Approvals))
	}
	if len(e.Evidence) > 0 {
		out = append(out, w.N("payments.out.evidence", len(e.Evidence)))
	}
	for _, b := range e.Back {
		out = append(out, w.T("payments.out.costs", i18n.Args{"what": benefitName(v, walk.Rules, b.What), "amount": b.Before.Sub(b.After)}))
	}
	for _, b := range e.Stops {
		out = append(out, w.T("payments.out.stops", i18n.Args{"what": benefitName(v, walk.Rules, b.What), "amount": b.Before.Sub(b.After)}))
	}
	if len(e.Back)+len(e.Stops)+len(e.Lost) == 0 {
		out = append(out, w.T("payments.out.costs_nothing"))
	}
	return out
}

// effectTables are whose money is paid, and what goes back to funds.
func effectTables(v visit, walk enroll.Walk, e payout.Effect) []parts.Table {
	w := v.words
	columns := []parts.Column{{Name: w.T("childfile.owner")}, {Name: w.T("console.child.what")}, {Name: w.T("childfile.fund")}, {Name: w.T("console.child.amount"), Number: true}}
	paid := parts.Table{Caption: w.T("payments.out.from"), Columns: columns}
	row := func(p payout.Part) parts.TableRow {
		what := w.T("childfile.deposits")
		if p.Benefit != "" {
			what = benefitName(v, walk.Rules, p.Benefit)
		}
		return parts.TableRow{Cells: []parts.Cell{parts.Text(w.T("childfile.owners." + string(p.Owner))), parts.Text(what), parts.Text(p.Fund), parts.Text(w.Money(p.Amount))}}
	}
	for _, p := range e.Parts {
		paid.Rows = append(paid.Rows, row(p))
	}
	paid.Foot = []parts.TableRow{{Strong: true, Cells: []parts.Cell{parts.Text(w.T("console.total")), {}, {}, parts.Text(w.Money(e.Amount))}}}
	tables := []parts.Table{paid}
	back := parts.Table{Caption: w.T("payments.out.back"), Columns: []parts.Column{{Name: w.T("console.child.what")}, {Name: w.T("console.approval.before"), Number: true}, {Name: w.T("console.approval.after"), Number: true}}}
	for _, b := range e.Back {
		back.Rows = append(back.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(benefitName(v, walk.Rules, b.What) + ", " + periodName(v, b.Period)), parts.Text(w.Money(b.Before)), parts.Text(w.Money(b.After))}})
	}
	for _, p := range e.Lost {
		back.Rows = append(back.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(benefitName(v, walk.Rules, p.Benefit)), parts.Text(w.Money(p.Amount)), parts.Text(w.Money(p.Amount.Sub(p.Amount)))}})
	}
	if len(back.Rows) > 0 {
		tables = append(tables, back)
	}
	return tables
}

// takenTable is what came from which account, with the transaction that took it.
func (f *parcelFile) takenTable(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("payments.out.from"), Columns: []parts.Column{{Name: w.T("money.column.account")}, {Name: w.T("childfile.fund")}, {Name: w.T("money.column.no")}, {Name: w.T("console.child.amount"), Number: true}}}
	names := map[int32]string{}
	for _, one := range f.funds {
		names[int32(one.ID)] = one.Name
	}
	for _, x := range f.taken {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(chartName(v, x.Chart)), parts.Text(names[int32(x.Fund)]), parts.Linked(strconv.FormatInt(int64(x.Tx), 10), txPath(v, x.Tx)), parts.Text(w.Money(x.Amount))}})
	}
	return t
}

// paperwork is what is needed before a withdrawal is reviewed.
func (f *parcelFile) paperwork(v visit, view *pages.Parcel, typed *web.Form) {
	path := withdrawalPath(v, f.ID)
	open := (f.State == payout.Requested || f.State == payout.DocsPending) && v.May(auth.AskWithdrawals)
	for _, code := range f.effect.Evidence {
		line := pages.PaperLine{Name: named(v, "payments.out.evidence_of.", code), Code: code, Documents: []parts.Choice{{Value: "0", Text: v.words.T("payments.out.no_document")}}}
		for _, p := range f.papers {
			if p.Evidence == code {
				line.Seen = strings.TrimSuffix(actor(v, p.SeenBy)+" · "+p.Note, " · ")
			}
		}
		for _, d := range f.documents {
			line.Documents = append(line.Documents, parts.Choice{Value: strconv.FormatInt(int64(d.ID), 10), Text: d.Title})
		}
		if open {
			line.Post = path + "/paper"
		}
		if typed != nil {
			line.Note = typed.Peek("note-" + code)
		}
		view.Papers = append(view.Papers, line)
	}
	if open {
		f.choosePayee(v, view)
	}
}

// choosePayee offers the payees of the child.
func (f *parcelFile) choosePayee(v visit, view *pages.Parcel) {
	view.Payee = &pages.Choosing{Post: withdrawalPath(v, f.ID) + "/payee", Choices: payeeChoices(v, f.payees), Value: strconv.FormatInt(int64(f.Payee), 10), Submit: v.words.T("payments.out.choose")}
	if v.May(auth.ManagePayees) {
		view.Payee.Add = v.base() + "/payees/new?child=" + strconv.FormatInt(int64(f.Child), 10)
	}
}

// acts are what can be done with a withdrawal where it is.
func (f *parcelFile) acts(v visit, view *pages.Parcel, typed *web.Form) {
	if !v.May(auth.AskWithdrawals) {
		return
	}
	w, path := v.words, withdrawalPath(v, f.ID)
	why := ""
	add := func(what string, quiet bool) {
		if typed != nil && typed.Peek("what") == what {
			why = typed.Peek("why-" + what)
		}
		post := path + "/act"
		if what == "review" {
			post = path + "/review"
		}
		view.Acts = append(view.Acts, pages.ActForm{Title: w.T("payments.out.act." + what + ".title"), Lead: w.T("payments.out.act." + what + ".lead"), Post: post, What: what, Field: "why-" + what,
			Label: w.T("payments.out.reason"), Hint: w.T("payments.out.reason_hint"), Value: why, Button: w.T("payments.out.act." + what + ".do"), Quiet: quiet})
		why = ""
	}
	waits := f.Approval != 0 && f.request.ClosedAt == nil
	if f.State.Before() && !waits && f.Origin != payout.ByExit {
		if f.State != payout.Requested && f.State != payout.DocsPending || len(f.effect.Missing(f.papers)) == 0 && f.Payee != 0 && f.stuck == "" {
			add("review", false)
		}
		if f.State == payout.Reviewed {
			add("send_back", true)
		}
		add("refuse", true)
	}
	if f.State != payout.Stale && f.State != payout.Unclaimed && f.State.Goes(payout.Reissued) && f.State != payout.Scheduled || f.State == payout.Stale || f.State == payout.Unclaimed {
		add("reissue", false)
	}
	if f.State.Goes(payout.Cancelled) && !waits {
		add("cancel", true)
	}
}

func (f *parcelFile) tries(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("payments.out.tries"), Columns: []parts.Column{{Name: w.T("payments.out.attempt")}, {Name: w.T("payments.pay.batch")}, {Name: w.T("payments.pay.trace")}, {Name: w.T("payments.pay.sent_on")}, {Name: w.T("payments.out.state")}, {Name: w.T("console.child.amount"), Number: true}}}
	for _, p := range f.payments {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(w.Int(p.Attempt)), parts.Linked(w.T("payments.pay.no", i18n.Args{"no": int64(p.Batch)}), batchPath(v, p.Batch)), parts.Text(p.Trace), dayCell(v, p), paymentState(v, p), parts.Text(w.Money(p.Amount))}})
	}
	return t
}

func dayCell(v visit, p payout.Payment) parts.Cell {
	if p.SentOn.IsZero() {
		return parts.Cell{}
	}
	return parts.Text(v.words.DateShort(p.SentOn))
}

func paymentState(v visit, p payout.Payment) parts.Cell {
	tone := map[string]parts.Tone{"cleared": parts.Good, "returned": parts.Caution, "stale": parts.Caution}[p.State]
	if tone == "" {
		tone = parts.Info
	}
	cell := parts.Tagged(parts.Status{Text: v.words.T("payments.pay.is." + p.State), Tone: tone})
	cell.Note = p.Code
	return cell
}

func (f *parcelFile) stepTable(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("console.approval.steps"), Columns: []parts.Column{{Name: w.T("console.approval.step")}, {Name: w.T("console.approval.by")}, {Name: w.T("console.approval.at")}, {Name: w.T("console.approval.note")}}}
	for _, s := range f.steps {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(w.T("payments.out.is." + string(s.State))), parts.Text(actor(v, s.By)), parts.Text(w.Time(s.At.In(v.at.Location()))), parts.Text(s.Why)}})
	}
	return t
}
