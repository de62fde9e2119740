package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/payout"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

func payeePath(v visit, id payout.PayeeID) string {
	return v.base() + "/payees/" + strconv.FormatInt(int64(id), 10)
}

// payeeState is where a payee stands: ready, cooling off, or waiting for somebody.
func payeeState(v visit, p payout.Payee) parts.Status {
	w := v.words
	now, ok := p.Now()
	switch {
	case !ok:
		return parts.Status{Text: w.T("payments.payee.refused"), Tone: parts.Quiet}
	case now.State == "waiting":
		return parts.Status{Text: w.T("payments.payee.waiting"), Tone: parts.Caution}
	case !now.Ready(v.at):
		return parts.Status{Text: w.T("payments.payee.cooling"), Tone: parts.Caution}
	}
	return parts.Status{Text: w.T("payments.payee.ready"), Tone: parts.Good}
}

// payees lists whom money goes to.
func (c *Console) payees(g *gin.Context, v visit) error {
	var all []payout.Payee
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		all, err = payout.Payees(ctx, q, v.Who(), c.Keys, v.program.ID, 0)
		return err
	})
	if err != nil {
		return err
	}
	var children []family.ChildID
	for _, p := range all {
		if p.Child != 0 {
			children = append(children, p.Child)
		}
	}
	if err := c.viewed(g, v, "payee.listed", children); err != nil {
		return err
	}
	w := v.words
	view := pages.Payees{Table: parts.Table{Caption: w.T("payments.payee.caption"), Columns: []parts.Column{{Name: w.T("payments.payee.name")}, {Name: w.T("payments.payee.kind")}, {Name: w.T("payments.payee.how")}, {Name: w.T("payments.out.state")}}}}
	for _, p := range all {
		now, _ := p.Now()
		how := ""
		if now.Method != "" {
			how = w.T("payments.payee.by."+string(now.Method)) + ends(now.Ends)
		}
		view.Table.Rows = append(view.Table.Rows, parts.TableRow{Cells: []parts.Cell{parts.Linked(p.Name, payeePath(v, p.ID)), parts.Text(w.T("payments.payee.is." + string(p.Kind))), parts.Text(how), parts.Tagged(payeeState(v, p))}})
	}
	if v.May(auth.ManagePayees) {
		view.Add = v.base() + "/payees/new"
	}
	p := c.page(g, v, w.T("payments.payee.title"))
	p.Lead = w.T("payments.payee.lead")
	return c.show(g, pages.PayeesPage(p, view))
}

func (c *Console) payeeOf(g *gin.Context, v visit) (p payout.Payee, err error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil {
		return p, web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		w, err := c.walk(ctx, q, v)
		if err == nil {
			p, err = payout.PayeeByID(ctx, q, w, payout.PayeeID(id))
		}
		return err
	})
	if err == nil && p.Child != 0 {
		err = c.viewed(g, v, "child.viewed", []family.ChildID{p.Child})
	}
	return p, err
}

// payee shows one payee with every entry of how it is paid.
func (c *Console) payee(g *gin.Context, v visit) error {
	one, err := c.payeeOf(g, v)
	if err != nil {
		return err
	}
	w := v.words
	view := pages.PayeeFile{State: payeeState(v, one), Facts: []parts.Row{{Term: w.T("payments.payee.kind"), Value: w.T("payments.payee.is." + string(one.Kind))}, {Term: w.T("payments.payee.entered"), Value: actor(v, one.AddedBy)}}}
	if one.Child != 0 {
		view.Facts = append(view.Facts, parts.Row{Term: w.T("payments.out.child"), Value: w.T("childfile.tab.child"), To: childPath(v, one.Child)})
	}
	if now, ok := one.Now(); ok && now.State == "verified" && !now.Ready(v.at) {
		view.Stands = w.T("payments.payee.usable", i18n.Args{"at": w.Time(now.UsableAt.In(v.at.Location()))})
	}
	view.Table = parts.Table{Caption: w.T("payments.payee.entries"), Columns: []parts.Column{{Name: w.T("payments.payee.n")}, {Name: w.T("payments.payee.how")}, {Name: w.T("payments.payee.entered")}, {Name: w.T("payments.payee.usable_at")}, {Name: w.T("payments.out.state")}}}
	for _, d := range one.Details {
		state := parts.Status{Text: w.T("payments.payee.entry." + d.State), Tone: parts.Quiet}
		view.Table.Rows = append(view.Table.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(w.Int(d.N)), parts.Text(w.T("payments.payee.by."+string(d.Method)) + ends(d.Ends)),
			{Text: w.Time(d.EnteredAt.In(v.at.Location())), Note: actor(v, d.EnteredBy)}, parts.Text(w.Time(d.UsableAt.In(v.at.Location()))), parts.Tagged(state)}})
	}
	if v.May(auth.ManagePayees) {
		view.Change = payeePath(v, one.ID) + "/change"
	}
	p := c.page(g, v, one.Name, parts.Link{Text: w.T("payments.payee.title"), To: v.base() + "/payees"})
	return c.show(g, pages.PayeePage(p, view))
}

// payeeForm is a payee as it was typed.
type payeeForm struct {
	payout.NewPayee
	of     payout.Payee // whose entry it changes
	typed  map[string]string
	reason string
}

// askPayee asks for a new payee.
func (c *Console) askPayee(g *gin.Context, v visit) error {
	n := &payeeForm{typed: map[string]string{"child": g.Query("child")}}
	if g.Query("child") != "" {
		n.typed["kind"] = string(payout.Person)
	}
	return c.showPayeeForm(g, v, http.StatusOK, n, nil)
}

// askPayeeChange asks how a payee is paid from now on.
func (c *Console) askPayeeChange(g *gin.Context, v visit) error {
	one, err := c.payeeOf(g, v)
	if err != nil {
		return err
	}
	return c.showPayeeForm(g, v, http.StatusOK, &payeeForm{of: one, typed: map[string]string{}}, nil)
}

// read takes the fields of a payee.
func (n *payeeForm) read(f *web.Form) {
	for _, name := range []string{"kind", "child", "name", "method", "routing", "account", "account_type", "plan", "address", "state", "reason"} {
		n.typed[name] = f.Peek(name)
	}
	n.Kind = n.of.Kind
	if n.of.ID == 0 {
		n.Kind = payout.PayeeKind(f.Choice("kind", "institution", "person", "plan"))
		n.Name = f.Text("name")
		if n.typed["child"] != "" && n.Kind != payout.Institution {
			n.Child = family.ChildID(f.Int("child", 1, 1<<62))
		}
	}
	r := &n.Route
	r.Method = payout.Method(f.Choice("method", "ach", "check", "plan"))
	r.Routing, r.Account = strings.ReplaceAll(f.Optional("routing"), " ", ""), strings.ReplaceAll(f.Optional("account"), " ", "")
	r.Savings, r.Plan, r.State = f.Choice("account_type", "checking", "savings") == "savings", f.Optional("plan"), strings.ToUpper(f.Optional("state"))
	for _, line := range strings.Split(f.Block("address", 400), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			r.Address = append(r.Address, line)
		}
	}
	if n.reason = f.Block("reason", 500); n.reason == "" {
		f.Fail("reason", payout.ErrReason)
	}
}

func (n *payeeForm) fields(v visit) (out []pages.FormField) {
	w := v.words
	sel := func(name, prefix string, values ...string) {
		field := pages.FormField{As: "select", Field: parts.Field{Name: name, Label: w.T("payments.payee.field." + name), Value: n.typed[name]}}
		for _, value := range values {
			field.Choices = append(field.Choices, parts.Choice{Value: value, Text: w.T(prefix + value)})
		}
		out = append(out, field)
	}
	text := func(name string, optional bool, length int) {
		out = append(out, pages.FormField{Field: parts.Field{Name: name, Label: w.T("payments.payee.field." + name), Value: n.typed[name], Optional: optional, MaxLength: length}})
	}
	if n.of.ID == 0 {
		if n.typed["child"] == "" {
			sel("kind", "payments.payee.is.", "institution")
		} else {
			sel("kind", "payments.payee.is.", "person", "plan", "institution")
		}
		text("name", false, 100)
	}
	sel("method", "payments.payee.by.", "ach", "check", "plan")
	text("routing", true, 11)
	text("account", true, 40)
	sel("account_type", "payments.payee.type.", "checking", "savings")
	text("plan", true, 100)
	out = append(out, pages.FormField{As: "area", Field: parts.Field{Name: "address", Label: w.T("payments.payee.field.address"), Hint: w.T("payments.payee.address_hint"), Value: n.typed["address"], Optional: true, MaxLength: 400}})
	text("state", true, 2)
	return append(out, pages.FormField{As: "area", Field: parts.Field{Name: "reason", Label: w.T("payments.payee.field.reason"), Hint: w.T("payments.payee.reason_hint"), Value: n.typed["reason"], MaxLength: 500}})
}

func (c *Console) showPayeeForm(g *gin.Context, v visit, status int, n *payeeForm, problems []parts.Problem) error {
	w := v.words
	title, post := w.T("payments.payee.add"), v.base()+"/payees/new"
	if n.of.ID != 0 {
		title, post = w.T("payments.payee.change_of", i18n.Args{"name": n.of.Name}), payeePath(v, n.of.ID)+"/change"
	}
	p := c.page(g, v, title, parts.Link{Text: w.T("payments.payee.title"), To: v.base() + "/payees"})
	p.Lead, p.Problems = w.T("payments.payee.form_lead"), problems
	view := pages.Form{Post: post, Fields: n.fields(v), Submit: w.T("payments.payee.save"), Back: parts.Link{Text: w.T("payments.payee.title"), To: v.base() + "/payees"}, Hidden: []parts.Carried{{Name: "child", Value: n.typed["child"]}}}
	return c.hall.Show(g, status, pages.FormPage(p, view))
}

// addPayee enters a payee, and changePayee how one is paid from now on; another
// person looks at either.
func (c *Console) addPayee(g *gin.Context, v visit) error {
	return c.savePayee(g, v, &payeeForm{typed: map[string]string{}})
}

func (c *Console) changePayee(g *gin.Context, v visit) error {
	one, err := c.payeeOf(g, v)
	if err != nil {
		return err
	}
	return c.savePayee(g, v, &payeeForm{of: one, typed: map[string]string{}})
}

func (c *Console) savePayee(g *gin.Context, v visit, n *payeeForm) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	n.read(f)
	id := n.of.ID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			w, err := c.walk(ctx, tx, v)
			switch {
			case err != nil:
			case n.of.ID != 0:
				_, err = payout.ChangePayee(ctx, tx, w, n.of.ID, n.Route, n.reason)
			default:
				if n.Child != 0 {
					if _, err = enroll.Of(ctx, tx, v.program.ID, n.Child); err != nil {
						return err
					}
				}
				id, err = payout.AddPayee(ctx, tx, w, n.NewPayee, n.reason)
			}
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showPayeeForm(g, v, web.Status(err), n, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, payeePath(v, id), "payee_entered", 0)
}
