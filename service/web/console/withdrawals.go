package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/payout"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// outPerPage is how many withdrawals a page lists, and mostOut how many a file.
const (
	outPerPage = 50
	mostOut    = 50_000
)

// outGroups are the states that people ask for together.
var outGroups = []struct {
	name   string
	states []payout.State
}{
	{"open", []payout.State{payout.Requested, payout.DocsPending, payout.Reviewed, payout.Approved, payout.Scheduled, payout.Sent, payout.Returned, payout.Reissued, payout.Stale}},
	{"review", []payout.State{payout.Requested, payout.DocsPending}},
	{"pay", []payout.State{payout.Approved, payout.Reissued}},
	{"all", nil},
}

// outSearch is the list's address, read.
type outSearch struct {
	payout.Filter
	state, purpose string
}

func readOut(f *web.Form) (s outSearch, err error) {
	var names []string
	for _, g := range outGroups {
		names = append(names, g.name)
	}
	for _, one := range payout.States {
		names = append(names, string(one))
	}
	s.state = "open"
	if f.Optional("state") != "" {
		s.state = f.Choice("state", names...)
	}
	s.States = []payout.State{payout.State(s.state)}
	for _, g := range outGroups {
		if g.name == s.state {
			s.States = g.states
		}
	}
	if s.purpose = f.Optional("purpose"); s.purpose != "" {
		s.Purpose = payout.Purpose(f.Choice("purpose", purposeNames()...))
	}
	if f.Optional("before") != "" {
		s.Before = payout.ID(f.Int("before", 1, 1<<62))
	}
	return s, f.Err()
}

func purposeNames() (out []string) {
	for _, p := range append(slices.Clone(payout.Purposes), payout.OnExit) {
		out = append(out, string(p))
	}
	return out
}

// address is the list's, with the filters in force.
func (s outSearch) address(v visit, ending string) string {
	q := url.Values{}
	if s.state != "open" {
		q.Set("state", s.state)
	}
	if s.purpose != "" {
		q.Set("purpose", s.purpose)
	}
	if to := v.base() + "/withdrawals" + ending; len(q) == 0 {
		return to
	} else {
		return to + "?" + q.Encode()
	}
}

func withdrawalPath(v visit, id payout.ID) string {
	return v.base() + "/withdrawals/" + strconv.FormatInt(int64(id), 10)
}

func outState(w *i18n.Words, s payout.State) parts.Status {
	tone := parts.Info
	switch s {
	case payout.Cleared:
		tone = parts.Good
	case payout.Returned, payout.Stale, payout.DocsPending:
		tone = parts.Caution
	case payout.Refused, payout.Cancelled, payout.Unclaimed:
		tone = parts.Quiet
	}
	return parts.Status{Text: w.T("payments.out.is." + string(s)), Tone: tone}
}

// withdrawals lists what goes out.
func (c *Console) withdrawals(g *gin.Context, v visit) error {
	s, err := readOut(web.ReadQuery(g))
	if err != nil {
		return err
	}
	s.Limit = outPerPage + 1
	var all []payout.Withdrawal
	var counts map[payout.State]int
	people := map[family.ChildID]family.Child{}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if all, err = payout.List(ctx, q, v.program.ID, s.Filter); err != nil {
			return err
		}
		if counts, err = payout.Counts(ctx, q, v.program.ID); err != nil {
			return err
		}
		people, err = c.whosePeople(ctx, q, v, all)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "child.listed", idsOf(people)); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("payments.out.title"))
	p.Lead = v.words.T("payments.out.lead")
	return c.show(g, pages.WithdrawalsPage(p, s.view(v, all, counts, people)))
}

// whosePeople opens whose the withdrawals are.
func (c *Console) whosePeople(ctx context.Context, q sqlx.QueryerContext, v visit, all []payout.Withdrawal) (map[family.ChildID]family.Child, error) {
	out := map[family.ChildID]family.Child{}
	var ids []family.ChildID
	for _, o := range all {
		if _, met := out[o.Child]; !met {
			out[o.Child], ids = family.Child{}, append(ids, o.Child)
		}
	}
	people, err := family.Load(ctx, q, v.Who(), c.Keys, ids)
	for _, one := range people {
		out[one.ID] = one
	}
	return out, err
}

func idsOf(people map[family.ChildID]family.Child) (out []family.ChildID) {
	for id := range people {
		out = append(out, id)
	}
	return out
}

func personName(v visit, c family.Child) string {
	return listName(v, enroll.Row{Person: c.Person, Erased: c.Erased})
}

func (s outSearch) view(v visit, all []payout.Withdrawal, counts map[payout.State]int, people map[family.ChildID]family.Child) pages.Withdrawals {
	w := v.words
	view := pages.Withdrawals{To: v.base() + "/withdrawals", State: s.state, Purpose: s.purpose, Filtered: s.state != "open" || s.purpose != "",
		Purposes: []parts.Choice{{Text: w.T("payments.out.any_purpose")}}, Children: parts.Link{Text: w.T("payments.out.begin"), To: v.base() + "/children"},
		Payee: parts.Link{Text: w.T("payments.payee.title"), To: v.base() + "/payees"}, Payments: parts.Link{Text: w.T("payments.pay.title"), To: v.base() + "/payments"}}
	for _, g := range outGroups {
		view.States = append(view.States, parts.Choice{Value: g.name, Text: w.T("payments.out.group." + g.name)})
	}
	for _, one := range payout.States {
		view.States = append(view.States, parts.Choice{Value: string(one), Text: w.T("payments.out.is." + string(one))})
	}
	for _, name := range purposeNames() {
		view.Purposes = append(view.Purposes, parts.Choice{Value: name, Text: w.T("payments.out.for." + name)})
	}
	if s.purpose != "" {
		without := s
		without.purpose = ""
		view.Chips = append(view.Chips, parts.Link{Text: w.T("payments.out.for." + s.purpose), To: without.address(v, "")})
	}
	figure := func(name string, states ...payout.State) {
		n := 0
		for _, one := range states {
			n += counts[one]
		}
		view.Figures = append(view.Figures, parts.Figure{Label: w.T("payments.out.count." + name), Value: w.Int(n), To: v.base() + "/withdrawals?state=" + map[string]string{"review": "review", "approve": "reviewed", "pay": "pay", "out": "sent", "back": "returned"}[name]})
	}
	figure("review", payout.Requested, payout.DocsPending)
	figure("approve", payout.Reviewed)
	figure("pay", payout.Approved, payout.Reissued)
	figure("out", payout.Sent)
	figure("back", payout.Returned)
	view.Table = outTable(v, all, people)
	if len(all) > outPerPage {
		view.Table.Rows = view.Table.Rows[:outPerPage]
		next, _ := url.Parse(s.address(v, "")) // our own
		q := next.Query()
		q.Set("before", strconv.FormatInt(int64(all[outPerPage-1].ID), 10))
		view.Table.Next = next.Path + "?" + q.Encode()
	}
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		view.Files = append(view.Files, parts.Link{Text: w.T("payments.out.as." + string(f)), To: s.address(v, "."+string(f))})
	}
	return view
}

func outTable(v visit, all []payout.Withdrawal, people map[family.ChildID]family.Child) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("payments.out.caption"), Columns: []parts.Column{
		{Name: w.T("payments.out.no")}, {Name: w.T("payments.out.child")}, {Name: w.T("payments.out.purpose")}, {Name: w.T("payments.out.asked")}, {Name: w.T("payments.out.state")}, {Name: w.T("console.child.amount"), Number: true}}}
	for _, o := range all {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{
			parts.Linked(o.ID.String(), withdrawalPath(v, o.ID)), parts.Linked(personName(v, people[o.Child]), childPath(v, o.Child)),
			{Text: w.T("payments.out.for." + string(o.Purpose)), Note: expenseName(v, o.Expense)}, parts.Text(w.DateShort(v.program.Day(o.AskedAt))), parts.Tagged(outState(w, o.State)), parts.Text(w.Money(o.Amount))}})
	}
	return t
}

// expenseName is an expense in our words, else by the rule book's code.
func expenseName(v visit, code string) string {
	if code == "" {
		return ""
	}
	return named(v, "payments.out.expense.", code)
}

// exportWithdrawals takes the list out as a file, without names.
func exportWithdrawals(format sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error {
		s, err := readOut(web.ReadQuery(g))
		if err != nil {
			return err
		}
		w := v.words
		columns := []sheet.Column{{Name: w.T("payments.out.no")}, {Name: w.T("payments.out.child"), Kind: sheet.Number}, {Name: w.T("payments.out.purpose")}, {Name: w.T("payments.out.asked"), Kind: sheet.Day}, {Name: w.T("payments.out.state")},
			{Name: w.T("payments.out.whose.family"), Kind: sheet.Money}, {Name: w.T("payments.out.whose.program"), Kind: sheet.Money}, {Name: w.T("console.child.amount"), Kind: sheet.Money}}
		return web.Stream(g, format.Type(), "withdrawals-"+v.program.Code+"."+string(format), func(to io.Writer) error {
			out, err := sheet.New(to, format, w.T("payments.out.title"), columns)
			if err != nil {
				return err
			}
			s.Limit = 2000
			for n := 0; n < mostOut; n += s.Limit {
				var all []payout.Withdrawal
				err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
					all, err = payout.List(ctx, q, v.program.ID, s.Filter)
					return err
				})
				if err != nil {
					return err
				}
				for _, o := range all {
					var own, program any
					if !o.CountsOn.IsZero() {
						own, program = o.Own, o.Program()
					}
					if err := out.Row(o.ID.String(), int64(o.Child), w.T("payments.out.for."+string(o.Purpose)), v.program.Day(o.AskedAt), w.T("payments.out.is."+string(o.State)), own, program, o.Amount); err != nil {
						return err
					}
				}
				if len(all) < s.Limit {
					break
				}
				s.Before = all[len(all)-1].ID
			}
			return out.Close()
		})
	}
}

// askWithdrawal begins a withdrawal for a child, on behalf of its family.
func (c *Console) askWithdrawal(g *gin.Context, v visit) error {
	id, err := strconv.ParseInt(g.Query("child"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	n := &newOut{Asking: payout.Asking{Child: family.ChildID(id)}, key: formKey(), typed: map[string]string{"purpose": string(payout.Qualified)}}
	if err := c.openNewOut(g, v, n); err != nil {
		return err
	}
	return c.showNewOut(g, v, http.StatusOK, n, nil, nil)
}

// newOut is a withdrawal as it was typed.
type newOut struct {
	payout.Asking
	key    string
	typed  map[string]string
	file   childFile
	money  enroll.Money
	payees []payout.Payee
	walk   enroll.Walk
}

func (c *Console) openNewOut(g *gin.Context, v visit, n *newOut) error {
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if err := c.openFrame(ctx, q, v, n.Child, &n.file); err != nil {
			return err
		}
		money, err := enroll.MoneyOf(ctx, q, v.program, []family.ChildID{n.Child})
		if err != nil {
			return err
		}
		n.money = money[n.Child]
		if n.walk, err = c.walk(ctx, q, v); err != nil {
			return err
		}
		n.payees, err = payout.Payees(ctx, q, v.Who(), c.Keys, v.program.ID, n.Child)
		return err
	})
	if err != nil {
		return err
	}
	return c.viewed(g, v, "child.viewed", []family.ChildID{n.Child})
}

// newWithdrawal shows what a withdrawal would do, and asks for it once it is
// confirmed.
func (c *Console) newWithdrawal(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	n := &newOut{key: f.Text("key"), typed: map[string]string{}}
	n.Child = family.ChildID(f.Int("child", 1, 1<<62))
	if err := f.Err(); err != nil {
		return web.ErrNoPage
	}
	if err := c.openNewOut(g, v, n); err != nil {
		return err
	}
	n.read(f)
	var effect payout.Effect
	var id payout.ID
	err = f.Err()
	switch {
	case err != nil:
	case f.Peek("step") == "do":
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			if err == nil {
				id, err = payout.Ask(ctx, tx, w, n.Asking)
			}
			return err
		})
	default:
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
			if effect, err = payout.Foresee(ctx, q, n.walk, n.Asking); err == nil {
				err = effect.Payable(ctx, q, n.Child)
			}
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showNewOut(g, v, web.Status(err), n, problems, nil)
	}
	if err != nil {
		return err
	}
	if id != 0 {
		return web.See(g, withdrawalPath(v, id), "withdrawal_asked", 0)
	}
	return c.showNewOut(g, v, http.StatusOK, n, nil, &effect)
}

// read takes the fields of the form.
func (n *newOut) read(f *web.Form) {
	for _, name := range []string{"purpose", "expense", "amount", "payee", "why"} {
		n.typed[name] = f.Peek(name)
	}
	var offered []string
	for _, p := range payout.Purposes {
		offered = append(offered, string(p))
	}
	n.Origin, n.Purpose = payout.ByStaff, payout.Purpose(f.Choice("purpose", offered...))
	if n.Purpose == payout.Qualified {
		n.Expense = f.Optional("expense")
	}
	if n.typed["amount"] != "" {
		if n.Amount = f.Amount("amount"); n.Amount.Sign() <= 0 {
			f.Fail("amount", payout.ErrField.With(i18n.Args{"field": "amount"}))
		}
	}
	if n.typed["payee"] != "" && n.typed["payee"] != "0" {
		n.Payee = payout.PayeeID(f.Int("payee", 1, 1<<62))
	}
	n.Why = f.Block("why", 500)
	n.Reference = "console " + n.key
}

func (n *newOut) fields(v visit) []pages.FormField {
	w := v.words
	purpose := pages.FormField{As: "select", Field: parts.Field{Name: "purpose", Label: w.T("payments.out.purpose"), Value: n.typed["purpose"]}}
	for _, p := range payout.Purposes {
		purpose.Choices = append(purpose.Choices, parts.Choice{Value: string(p), Text: w.T("payments.out.for." + string(p))})
	}
	out := []pages.FormField{purpose}
	if rules := n.walk.Rules.Withdrawal; rules != nil && len(rules.Qualified) > 0 {
		expense := pages.FormField{As: "select", Field: parts.Field{Name: "expense", Label: w.T("payments.out.expense_of"), Hint: w.T("payments.out.expense_hint"), Value: n.typed["expense"]}}
		for _, code := range rules.Qualified {
			expense.Choices = append(expense.Choices, parts.Choice{Value: code, Text: expenseName(v, code)})
		}
		out = append(out, expense)
	}
	payee := pages.FormField{As: "select", Field: parts.Field{Name: "payee", Label: w.T("payments.out.pay_to"), Hint: w.T("payments.out.pay_to_hint"), Value: n.typed["payee"]}, Choices: payeeChoices(v, n.payees)}
	return append(out,
		pages.FormField{Field: parts.Field{Name: "amount", Label: w.T("console.child.amount"), Hint: w.T("payments.out.amount_hint", i18n.Args{"own": n.money.Own, "program": n.money.Program}), Value: n.typed["amount"], InputMode: "decimal", Optional: true, MaxLength: 20}},
		payee,
		pages.FormField{As: "area", Field: parts.Field{Name: "why", Label: w.T("payments.out.note"), Hint: w.T("payments.out.note_hint"), Value: n.typed["why"], Optional: true, MaxLength: 500}})
}

func payeeChoices(v visit, all []payout.Payee) []parts.Choice {
	out := []parts.Choice{{Value: "0", Text: v.words.T("payments.out.payee_later")}}
	for _, p := range all {
		text := p.Name
		if now, ok := p.Now(); ok {
			text += " · " + v.words.T("payments.payee.by."+string(now.Method))
			if !now.Ready(v.at) {
				text += " · " + v.words.T("payments.payee.not_ready")
			}
		}
		out = append(out, parts.Choice{Value: strconv.FormatInt(int64(p.ID), 10), Text: text})
	}
	return out
}

func (c *Console) showNewOut(g *gin.Context, v visit, status int, n *newOut, problems []parts.Problem, e *payout.Effect) error {
	p := c.page(g, v, v.words.T("payments.out.new"), c.under(v, &n.file)...)
	p.Lead, p.Problems = v.words.T("payments.out.new_lead"), problems
	path := childPath(v, n.Child)
	view := pages.Form{ChildFrame: pages.ChildFrame{Holds: n.file.frame(v, "").Holds}, Post: v.base() + "/withdrawals/new", Fields: n.fields(v), Submit: v.words.T("childfile.look"),
		Back: parts.Link{Text: v.words.T("childfile.back_to", i18n.Args{"child": n.file.title(v)}), To: path}}
	view.Hidden = []parts.Carried{{Name: "key", Value: n.key}, {Name: "child", Value: strconv.FormatInt(int64(n.Child), 10)}}
	if e != nil {
		view.Submit = v.words.T("payments.out.ask")
		for _, f := range view.Fields {
			view.Hidden = append(view.Hidden, parts.Carried{Name: f.Name, Value: f.Value})
		}
		view.Preview = &pages.Outcome{Facts: []parts.Row{{Term: v.words.T("payments.out.paid"), Value: v.words.Money(e.Amount)},
			{Term: v.words.T("payments.out.whose.family"), Value: v.words.Money(e.Own)}, {Term: v.words.T("payments.out.whose.program"), Value: v.words.Money(e.Amount.Sub(e.Own))}},
			Says: effectSays(v, n.walk, *e, n.Purpose), Tables: effectTables(v, n.walk, *e)}
	}
	return c.hall.Show(g, status, pages.FormPage(p, view))
}
