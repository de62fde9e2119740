package console

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// formKey names a form, so that sending it twice does it once.
func formKey() string { return strings.ToLower(rand.Text()) }

// frame is what every page about a child begins with. here is the page's own
// name: "", family, file, timeline.
func (f *childFile) frame(v visit, here string) pages.ChildFrame {
	path := childPath(v, f.Child)
	out := pages.ChildFrame{Tabs: []parts.Link{
		{Text: v.words.T("childfile.tab.child"), To: path, Current: here == ""},
		{Text: v.words.T("childfile.tab.family"), To: path + "/family", Current: here == "family"},
	}}
	if v.May(auth.SeeProtected) {
		out.Tabs = append(out.Tabs, parts.Link{Text: v.words.T("childfile.tab.file"), To: path + "/file", Current: here == "file"})
	}
	out.Tabs = append(out.Tabs, parts.Link{Text: v.words.T("childfile.tab.timeline"), To: path + "/timeline", Current: here == "timeline"})
	for _, h := range f.holds {
		if h.Open() {
			out.Holds = append(out.Holds, v.words.T("childfile.hold_alert", i18n.Args{"kind": holdName(v, h.Kind), "blocks": blocks(v, h.Kind)}))
		}
	}
	return out
}

func holdName(v visit, k family.HoldKind) string { return v.words.T("childfile.hold." + string(k)) }

// blocks says what a hold keeps from being done.
func blocks(v visit, k family.HoldKind) string {
	var acts []string
	for _, a := range k.Blocks() {
		acts = append(acts, v.words.T("childfile.act."+string(a)))
	}
	return v.words.T("childfile.blocks", i18n.Args{"acts": v.words.List(acts)})
}

// under is a page's frame below the child's own.
func (c *Console) under(v visit, f *childFile) []parts.Link {
	return []parts.Link{{Text: v.words.T("console.nav.children"), To: v.base() + "/children"}, {Text: f.title(v), To: childPath(v, f.Child)}}
}

// openFrame reads what every page about a child needs.
func (c *Console) openFrame(ctx context.Context, q sqlx.QueryerContext, v visit, id family.ChildID, f *childFile) (err error) {
	if f.Enrollment, err = enroll.Of(ctx, q, v.program.ID, id); err != nil {
		return err
	}
	people, err := family.Load(ctx, q, v.Who(), c.Keys, []family.ChildID{id})
	if err != nil {
		return err
	}
	f.Person, f.Erased, f.language, f.version = people[0].Person, people[0].Erased, people[0].Language, people[0].Version
	f.holds, err = family.HoldsOf(ctx, q, v.Who(), c.Keys, id)
	return err
}

// fundLines are the child's money by owner and fund.
func (c *Console) fundLines(ctx context.Context, q sqlx.QueryerContext, v visit, f *childFile) (t parts.Table, err error) {
	w := v.words
	t = parts.Table{Caption: w.T("childfile.funds"), Columns: []parts.Column{{Name: w.T("childfile.owner")}, {Name: w.T("childfile.fund")}, {Name: w.T("childfile.state")}, {Name: w.T("console.child.amount"), Number: true}}}
	balances, err := ledger.Balances(ctx, q, v.program.Book, ledger.Query{Children: []int64{int64(f.Child)}})
	if err != nil {
		return t, err
	}
	all, err := fund.All(ctx, q, v.program.ID)
	if err != nil {
		return t, err
	}
	names := map[ledger.FundID]string{}
	for _, one := range all {
		names[one.ID] = one.Name
	}
	for _, b := range balances {
		owner, state := "program", "there"
		switch {
		case b.Amount.IsZero():
			continue
		case b.Chart == ledger.Accrued:
			state = "coming"
		case b.Chart.Layer() == ledger.LayerFamily:
			owner = "family"
		case b.Chart.Layer() == "":
			continue
		}
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{
			parts.Text(w.T("childfile.owners." + owner)), parts.Text(names[b.Fund]), parts.Text(w.T("childfile.states." + state)), parts.Text(w.Money(b.Amount))}})
	}
	return t, nil
}

// doings are the commands about a child, in the order people are offered them.
var doings = []string{"transfer", "leaves_school", "leaves_area", "opt_out", "left", "death", "come_back", "settle", "rename", "adoption", "placement", "placement_ends", "homeless", "housed", "custody"}

// protected are the commands of which only who needs to know may learn.
var protected = map[string]bool{"adoption": true, "placement": true, "placement_ends": true, "homeless": true, "housed": true}

// commands are what can be done for a child, with the refusal of what cannot.
func (c *Console) commands(ctx context.Context, q sqlx.QueryerContext, v visit, f *childFile) ([]pages.Command, error) {
	if !v.May(auth.ChangeChildren) || f.Erased {
		return nil, nil
	}
	path := childPath(v, f.Child)
	out := []pages.Command{
		{Text: v.words.T("childfile.do.edit.name"), To: path + "/edit", Why: v.words.T("childfile.do.edit.what")},
		{Text: v.words.T("childfile.do.guardian.name"), To: path + "/family/new", Why: v.words.T("childfile.do.guardian.what")},
	}
	if v.May(auth.AskWithdrawals) {
		out = append(out, pages.Command{Text: v.words.T("payments.out.new"), To: v.base() + "/withdrawals/new?child=" + strconv.FormatInt(int64(f.Child), 10), Why: v.words.T("payments.out.new_lead")})
	}
	for i, what := range []family.Act{family.ToChange, family.ToChange, family.ToWithdraw}[:len(out)] {
		if err := family.Permit(ctx, q, f.Child, what); err != nil {
			x, ok := fault.Of(err)
			if !ok {
				return nil, err
			}
			out[i].To, out[i].Why = "", v.words.Fault(x)
		}
	}
	for _, what := range doings {
		line := pages.Command{Text: v.words.T("childfile.do." + what + ".name"), To: path + "/do/" + what, Why: v.words.T("childfile.do." + what + ".what")}
		refused, err := c.refusal(ctx, q, v, f, what)
		if err != nil {
			return nil, err
		}
		if refused != nil {
			line.To, line.Why = "", v.words.Fault(refused)
		}
		out = append(out, line)
	}
	return out, nil
}

// Refusals of commands that no room makes.
var (
	errInCare    = fault.New(fault.Conflict, "childfile.in_care")
	errNotInCare = fault.New(fault.Conflict, "childfile.not_in_care")
	errHomeless  = fault.New(fault.Conflict, "childfile.is_homeless")
	errHoused    = fault.New(fault.Conflict, "childfile.is_housed")
)

// refusal is why a command cannot be done for a child now; nil where it can.
func (c *Console) refusal(ctx context.Context, q sqlx.QueryerContext, v visit, f *childFile, what string) (*fault.Fault, error) {
	gone := f.State == enroll.Left || f.State == enroll.OptedOut
	switch what {
	case "transfer", "leaves_school", "leaves_area", "opt_out", "left":
		if gone {
			return enroll.ErrGone, nil
		}
	case "death":
		if f.EndedBy == string(enroll.Died) {
			return enroll.ErrGone, nil
		}
	case "come_back":
		if !gone {
			return enroll.ErrThere, nil
		}
	case "settle":
		return c.unsettled(ctx, q, v, f)
	case "custody":
		for _, h := range f.holds {
			if h.Open() && h.Kind == family.CustodyHold {
				return family.ErrHoldThere, nil
			}
		}
	case "rename", "adoption":
		return asRefusal(family.Permit(ctx, q, f.Child, family.ToChange))
	case "placement", "placement_ends", "homeless", "housed":
		return c.circumstance(ctx, q, v, f, what)
	}
	return nil, nil
}

// asRefusal is a fault to be told, or an error of another kind.
func asRefusal(err error) (*fault.Fault, error) {
	if x, ok := fault.Of(err); ok {
		return x, nil
	}
	return nil, err
}

func (c *Console) unsettled(ctx context.Context, q sqlx.QueryerContext, v visit, f *childFile) (*fault.Fault, error) {
	if r, err := approval.Open(ctx, q, approval.Forfeiture, enroll.SettlingSubject(f.Child)); err == nil {
		return approval.ErrOpen.With(map[string]any{"id": int64(r.ID)}), nil
	} else if !errors.Is(err, approval.ErrNone) {
		return nil, err
	}
	w, err := c.walk(ctx, q, v)
	if err != nil {
		return nil, err
	}
	_, err = enroll.SettlingContent(ctx, q, w, f.Child)
	return asRefusal(err)
}

// circumstance refuses what is so already.
func (c *Console) circumstance(ctx context.Context, q sqlx.QueryerContext, v visit, f *childFile, what string) (*fault.Fault, error) {
	facts, err := family.FactsOf(ctx, q, v.Who(), c.Keys, []family.ChildID{f.Child})
	if err != nil {
		return nil, err
	}
	now := func(name string) bool {
		var newest family.Fact
		for _, x := range facts {
			if x.Name == name && !x.From.Before(newest.From) && !v.today().Before(x.From) {
				newest = x
			}
		}
		return newest.Value == true
	}
	foster, homeless := now(enroll.FosterFact), now(enroll.HomelessFact)
	switch {
	case what == "placement" && foster:
		return errInCare, nil
	case what == "placement_ends" && !foster:
		return errNotInCare, nil
	case what == "homeless" && homeless:
		return errHomeless, nil
	case what == "housed" && !homeless:
		return errHoused, nil
	}
	return nil, nil
}
