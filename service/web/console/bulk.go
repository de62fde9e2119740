package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/bulk"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errTyped reports a number of children that was not typed as it is; argument n.
var errTyped = fault.New(fault.Invalid, "bulk.typed_wrong")

// bulkDesk is where somebody acts in bulk.
func (c *Console) bulkDesk(v visit) bulk.Desk {
	return bulk.Desk{Who: v.Who(), Keys: c.Keys, Program: v.program, At: v.at}
}

func bulkPath(v visit, id bulk.ID) string {
	return v.base() + "/bulk/" + strconv.FormatInt(int64(id), 10)
}

func bulkID(g *gin.Context) (bulk.ID, error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, web.ErrNoPage
	}
	return bulk.ID(id), nil
}

// shownBulks is how many actions a page lists.
const shownBulks = 50

// bulks lists what was done in bulk.
func (c *Console) bulks(g *gin.Context, v visit) error {
	before, _ := strconv.ParseInt(g.Query("before"), 10, 64) // none: from the newest
	var all []bulk.Bulk
	f := bulkFile{}
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if all, err = bulk.List(ctx, q, v.program.ID, bulk.ID(before), shownBulks); err != nil {
			return err
		}
		return f.names(ctx, q, v)
	})
	if err != nil {
		return err
	}
	view := pages.Bulks{Back: v.base() + "/children"}
	for _, b := range all {
		view.Lines = append(view.Lines, pages.BulkLine{Name: f.says(v, b.Order), To: bulkPath(v, b.ID), By: actor(v, b.DrawnBy), At: v.words.Time(b.ChosenAt.In(v.at.Location())),
			Children: b.Total, State: bulkTag(v, b.State)})
	}
	if len(all) == shownBulks {
		view.Next = v.base() + "/bulk?before=" + strconv.FormatInt(int64(all[len(all)-1].ID), 10)
	}
	p := c.page(g, v, v.words.T("bulk.title"), parts.Link{Text: v.words.T("console.nav.children"), To: v.base() + "/children"})
	p.Lead = v.words.T("bulk.lead")
	return c.show(g, pages.BulksPage(p, view))
}

// chooseBulk begins an action with the children chosen on a list.
func (c *Console) chooseBulk(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	query := f.Block("filter", 2000)
	choosing := bulk.Choosing{Key: f.Text("key"), Filter: viewQuery(query)}
	if web.FormOf(query).Peek("q") != "" {
		choosing.Filter = searched(choosing.Filter)
	}
	chosen := f.All("child")
	if f.Checked("page") {
		chosen = f.All("shown")
	}
	for _, text := range chosen {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			choosing.IDs = append(choosing.IDs, family.ChildID(id))
		}
	}
	var id bulk.ID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			id, err = bulk.Choose(ctx, tx, c.bulkDesk(v), choosing)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		s, bad := readSearch(web.FormOf(query))
		if bad != nil {
			return err
		}
		return c.showChildren(g, v, s, web.Status(err), "", problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, bulkPath(v, id), "", 0)
}

// searched notes that the list was of a search by words, which are not kept.
func searched(filter string) string { return strings.TrimPrefix(filter+"&searched=yes", "&") }

func wasSearched(filter string) bool { return web.FormOf(filter).Peek("searched") != "" }

// takeAllBulk takes all children that the list's filters let through.
func (c *Console) takeAllBulk(g *gin.Context, v visit) error {
	return c.stepBulk(g, v, func(ctx context.Context, tx *sqlx.Tx, b bulk.Bulk) error {
		s, err := readSearch(web.FormOf(b.Filter))
		if err != nil {
			return err
		}
		if wasSearched(b.Filter) {
			return bulk.ErrSearched
		}
		return bulk.TakeAll(ctx, tx, c.bulkDesk(v), b.ID, s.Filter)
	})
}

// stepBulk does a step of an action and shows it again.
func (c *Console) stepBulk(g *gin.Context, v visit, do func(ctx context.Context, tx *sqlx.Tx, b bulk.Bulk) error) error {
	id, err := bulkID(g)
	if err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		b, err := c.reachBulk(ctx, tx, v, id)
		if err != nil {
			return err
		}
		return do(ctx, tx, b)
	})
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showBulk(g, v, web.Status(err), bulkTyped{}, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, bulkPath(v, id), "", 0)
}

// reachBulk is an action that the visitor may have done: what it does with each
// child they may do with one.
func (c *Console) reachBulk(ctx context.Context, q sqlx.QueryerContext, v visit, id bulk.ID) (bulk.Bulk, error) {
	b, err := bulk.Load(ctx, q, v.program.ID, id)
	if err == nil && b.Order.Action != "" && !v.May(b.Order.Action.Needs()) {
		err = web.ErrNoPage
	}
	return b, err
}

// discardBulk puts an action aside.
func (c *Console) discardBulk(g *gin.Context, v visit) error {
	return c.stepBulk(g, v, func(ctx context.Context, tx *sqlx.Tx, b bulk.Bulk) error {
		return bulk.Discard(ctx, tx, c.bulkDesk(v), b.ID)
	})
}

// stopBulk ends an action with the batch that is being done.
func (c *Console) stopBulk(g *gin.Context, v visit) error {
	return c.stepBulk(g, v, func(ctx context.Context, tx *sqlx.Tx, b bulk.Bulk) error {
		return bulk.Stop(ctx, tx, c.bulkDesk(v), b.ID)
	})
}

// orderBulk works out what would be done with every child.
func (c *Console) orderBulk(g *gin.Context, v visit) error {
	id, err := bulkID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := bulkTyped{do: f.Choice("action", texts(bulk.Actions)...), fields: map[string]string{}}
	for _, name := range []string{"what", "yes", "on", "school", "why"} {
		typed.fields[name] = f.Peek(name)
	}
	if typed.do != "" && !v.May(bulk.Action(typed.do).Needs()) {
		return web.ErrNoPage
	}
	o := readOrder(f, bulk.Action(typed.do))
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			if _, err := c.reachBulk(ctx, tx, v, id); err != nil {
				return err
			}
			return bulk.Draw(ctx, tx, c.bulkDesk(v), id, o)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showBulk(g, v, web.Status(err), typed, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, bulkPath(v, id), "", 0)
}

func readOrder(f *web.Form, a bulk.Action) bulk.Order {
	o := bulk.Order{Action: a}
	switch a {
	case bulk.Hold, bulk.Lift:
		o.What, o.Why = f.Text("what"), f.Block("why", 4000)
		return o
	case bulk.Transfer:
		o.School = program.SchoolID(f.Int("school", 1, 1<<31-1))
	case bulk.Fact, bulk.Consent:
		o.What, o.Yes = f.Text("what"), f.Choice("yes", "yes", "no") == "yes"
	default:
		o.What = f.Text("what")
	}
	o.On = f.Date("on")
	return o
}

// askBulk has an action wait for another person.
func (c *Console) askBulk(g *gin.Context, v visit) error {
	id, err := bulkID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	reason := f.Block("reason", 4000)
	var request approval.ID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			if _, err := c.reachBulk(ctx, tx, v, id); err != nil {
				return err
			}
			request, err = bulk.Propose(ctx, tx, c.bulkDesk(v), id, reason)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showBulk(g, v, web.Status(err), bulkTyped{reason: reason}, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(request), "request_asked", 0)
}

// doBulk does what was shown, or goes on with it. What takes longer than a
// moment goes on behind the page, which shows how far it is.
func (c *Console) doBulk(g *gin.Context, v visit) error {
	id, err := bulkID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := bulkTyped{number: f.Optional("typed")}
	var b bulk.Bulk
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		b, err = c.reachBulk(ctx, q, v, id)
		return err
	})
	if err == nil && b.State == bulk.Drawn && b.Total >= bulk.Large && !sameNumber(typed.number, b.Total) {
		err = errTyped.With(map[string]any{"n": b.Total}).At("typed")
	}
	if err == nil {
		err = c.applyBulk(g, v, id)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showBulk(g, v, web.Status(err), typed, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, bulkPath(v, id), "", 0)
}

// sameNumber reports that a number was typed, with or without its separators.
func sameNumber(typed string, n int) bool {
	var digits []rune
	for _, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, r)
		case r != ',' && r != '.' && r != ' ' && r != '\u00a0' && r != '\u202f':
			return false
		}
	}
	return string(digits) == strconv.Itoa(n)
}

// applyBulk begins an action, or goes on with it, and returns its error where
// that comes within a moment.
func (c *Console) applyBulk(g *gin.Context, v visit, id bulk.ID) error {
	done := c.bulkWork.Start(&c.busy, thing{v.Tenant, int64(id)}, c.logged("bulk", int64(id), func() error {
		return bulk.Apply(context.WithoutCancel(g.Request.Context()), c.DB, c.bulkDesk(v), id)
	}))
	return within(done)
}

// undoBulk takes back what an action did.
func (c *Console) undoBulk(g *gin.Context, v visit) error {
	id, err := bulkID(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := bulkTyped{undoWhy: f.Block("why", 4000)}
	err = f.Err()
	if err == nil {
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
			_, err := c.reachBulk(ctx, q, v, id)
			return err
		})
	}
	if err == nil {
		done := c.bulkWork.Start(&c.busy, thing{v.Tenant, int64(id)}, c.logged("bulk", int64(id), func() error {
			return bulk.Undo(context.WithoutCancel(g.Request.Context()), c.DB, c.bulkDesk(v), id, typed.undoWhy)
		}))
		err = within(done)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showBulk(g, v, web.Status(err), typed, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, bulkPath(v, id), "", 0)
}

// bulkChoice is how children of a list are chosen.
func (c *Console) bulkChoice(v visit, s search, shown []family.ChildID) (out pages.BulkChoice) {
	if v.May(auth.SeeChildren) {
		out.List = v.base() + "/bulk"
	}
	if !v.May(auth.ActInBulk) || len(shown) == 0 {
		return out
	}
	out.Post, out.Key, out.Filter = v.base()+"/bulk", formKey(), s.filters().Encode()
	for _, id := range shown {
		out.Shown = append(out.Shown, strconv.FormatInt(int64(id), 10))
	}
	out.Page = v.words.N("bulk.page", len(shown))
	return out
}

// openRequest is the request about an action that still waits, if there is one.
func openRequest(ctx context.Context, q sqlx.QueryerContext, id bulk.ID) (approval.Request, error) {
	r, err := approval.Open(ctx, q, approval.Bulk, id.Subject())
	if errors.Is(err, approval.ErrNone) {
		err = nil
	}
	return r, err
}

// showBulk shows an action as it stands, at its one address.
func (c *Console) showBulk(g *gin.Context, v visit, status int, typed bulkTyped, problems []parts.Problem) error {
	id, err := bulkID(g)
	if err != nil {
		return err
	}
	f := bulkFile{typed: typed}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error { return c.openBulk(ctx, q, v, id, &f) })
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "child.listed", childrenOf(f.who)); err != nil {
		return err
	}
	title := v.words.T("bulk.new")
	if f.Order.Action != "" {
		title = f.says(v, f.Order)
	}
	p := c.page(g, v, title, parts.Link{Text: v.words.T("console.nav.children"), To: v.base() + "/children"}, parts.Link{Text: v.words.T("bulk.title"), To: v.base() + "/bulk"})
	p.Problems = problems
	view := c.bulkView(v, &f)
	if view.Work != nil && view.Work.Running {
		p.Reload = 3
		if g.GetHeader("HX-Request") == "true" {
			return c.show(g, parts.Progress(p, *view.Work))
		}
	}
	return c.hall.Show(g, status, pages.BulkPage(p, view))
}

// bulk shows an action.
func (c *Console) bulk(g *gin.Context, v visit) error {
	return c.showBulk(g, v, http.StatusOK, bulkTyped{do: g.Query("do")}, nil)
}

// bulkRowsOf are the children of an action as lists show them.
func (c *Console) bulkRowsOf(ctx context.Context, q sqlx.QueryerContext, v visit, rows []bulk.Row) ([]enroll.Row, error) {
	ids := make([]family.ChildID, len(rows))
	for i, r := range rows {
		ids[i] = r.Child
	}
	return enroll.Rows(ctx, q, v.Who(), c.Keys, v.program.ID, ids)
}
