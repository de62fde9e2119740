package console

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// shownChildren is how many children a page of an undo lists of each kind.
const shownChildren = 50

// askRosterUndo shows what undoing a roster would do.
func (c *Console) askRosterUndo(g *gin.Context, v visit) error {
	return c.showRosterUndo(g, v, http.StatusOK, "", nil)
}

func (c *Console) showRosterUndo(g *gin.Context, v visit, status int, reason string, problems []parts.Problem) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	var b roster.Batch
	var u roster.Undoing
	var f undoFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if b, err = roster.Load(ctx, q, v.program.ID, id); err != nil {
			return err
		}
		if u, err = roster.UndoOf(ctx, q, v.program, id, v.at); err != nil {
			return err
		}
		f, err = c.openUndo(ctx, q, v, u)
		return err
	})
	if err == nil {
		err = c.viewed(g, v, "roster.undo_viewed", f.shown)
	}
	if err != nil {
		return err
	}
	view := f.view(v, u)
	view.Reason, view.Back = reason, rosterPath(v, id)
	if u.Content.Affected > 0 && v.May(auth.CommitRosters) {
		view.Post = rosterPath(v, id) + "/undo"
	}
	p := c.page(g, v, v.words.T("rosterundo.title"), rosterTrail(v, b)...)
	p.Lead, p.Problems = v.words.T("rosterundo.lead", i18n.Args{"until": roster.UndoUntil(v.program, b.AppliedAt)}), problems
	return c.hall.Show(g, status, pages.UndoRosterPage(p, view))
}

// undoFile is what a page of an undo needs beside it.
type undoFile struct {
	shown  []family.ChildID // the children whom the page names
	rows   map[family.ChildID]enroll.Row
	people map[family.ChildID]family.Child
	funds  map[string]fund.Fund
	book   *rules.Book
}

func (c *Console) openUndo(ctx context.Context, q sqlx.QueryerContext, v visit, u roster.Undoing) (f undoFile, err error) {
	all := append(append([]family.ChildID{}, u.Fresh...), u.Known...)
	f.shown = all[:min(len(all), shownChildren)]
	n := map[roster.Stay]int{}
	for _, s := range u.Staying {
		if n[s.Why]++; n[s.Why] <= shownChildren {
			f.shown = append(f.shown, s.Child)
		}
	}
	if f.rows, err = c.rowsOf(ctx, q, v, f.shown); err != nil {
		return f, err
	}
	loaded, err := family.Load(ctx, q, v.Who(), c.Keys, f.shown)
	if err != nil {
		return f, err
	}
	f.people = make(map[family.ChildID]family.Child, len(loaded))
	for _, one := range loaded {
		f.people[one.ID] = one
	}
	if f.funds, err = fundsByCode(ctx, q, v.program.ID); err != nil {
		return f, err
	}
	f.book, err = program.RulesOn(ctx, q, v.program.ID, v.today())
	return f, err
}

func (f undoFile) link(v visit, id family.ChildID) parts.Link {
	l := parts.Link{Text: recordName(v, f.people[id]), To: childPath(v, id)}
	if r, ok := f.rows[id]; ok {
		l.Text += " " + r.ID.Account().String()
	}
	return l
}

func (f undoFile) view(v visit, u roster.Undoing) pages.UndoRoster {
	w := v.words
	view := pages.UndoRoster{Figures: []parts.Figure{
		{Label: w.T("rosterundo.back_n"), Value: w.Int(len(u.Fresh) + len(u.Known)), Major: true},
		{Label: w.T("rosterundo.amount"), Value: w.Money(u.Content.Total)},
		{Label: w.T("rosterundo.restored"), Value: w.Int(len(u.Restored)), Note: w.T("rosterundo.restored_note")},
		{Label: w.T("rosterundo.named"), Value: w.Int(len(u.Back))},
		{Label: w.T("rosterundo.staying"), Value: w.Int(len(u.Staying))},
	}}
	for _, h := range u.Holdings {
		view.Holdings = append(view.Holdings, pages.CostLine{Benefit: benefitName(v, f.book, h.Benefit), Fund: cmp.Or(f.funds[h.Fund].Name, h.Fund),
			Children: h.Children, Amount: h.Posted, Left: h.Promised})
	}
	all := append(append([]family.ChildID{}, u.Fresh...), u.Known...)
	for _, id := range all[:min(len(all), shownChildren)] {
		view.Going = append(view.Going, f.link(v, id))
	}
	view.More = len(all) - len(view.Going)
	for _, why := range roster.Stays {
		group := pages.StayGroup{Why: w.T("rosterundo.stays." + string(why))}
		for _, s := range u.Staying {
			if s.Why != why {
				continue
			}
			if group.N++; group.N <= shownChildren {
				group.Children = append(group.Children, f.link(v, s.Child))
			}
		}
		if group.More = group.N - len(group.Children); group.N > 0 {
			view.Staying = append(view.Staying, group)
		}
	}
	return view
}

// undoRoster has undoing a roster wait for another person.
func (c *Console) undoRoster(g *gin.Context, v visit) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	reason := form.Block("reason", 4000)
	var request approval.ID
	if err = form.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			request, err = roster.ProposeUndo(ctx, tx, v.Who(), v.program, id, reason, v.at)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showRosterUndo(g, v, web.Status(err), reason, problems)
	}
	if f, ok := fault.Of(err); ok && (f.Is(roster.ErrUndoNothing) || f.Is(approval.ErrOpen)) {
		return c.showRosterUndo(g, v, web.Status(err), reason, []parts.Problem{{Text: v.words.Fault(f)}})
	}
	if err != nil {
		return err
	}
	return web.See(g, requestPath(request), "request_asked", 0)
}

// addUndo leads to the undo of an applied roster as long as there is one, or to the
// request that waits about it.
func addUndo(v visit, view *pages.Preview, b roster.Batch, request approval.Request) {
	until := roster.UndoUntil(v.program, b.AppliedAt)
	switch {
	case b.State != roster.Applied || !v.May(auth.CommitRosters):
	case request.ID != 0:
		view.Undo = parts.Link{Text: requestName(v, request), To: requestPath(request.ID)}
	case !b.Purged && !v.today().After(until):
		view.Undo = parts.Link{Text: v.words.T("rosterundo.offer", i18n.Args{"until": until}), To: rosterPath(v, b.ID) + "/undo"}
	}
}

// undoneFacts tell what a request to undo a roster says.
func (f *requestFile) undoneFacts(v visit, add func(key, value, to string)) {
	var u roster.Retraction
	if json.Unmarshal(f.says.Details, &u) != nil || u.Roster == 0 {
		return
	}
	w := v.words
	add("roster", w.Int(int(u.Roster)), rosterPath(v, u.Roster))
	add("undo_back", w.Int(u.Back), rosterPath(v, u.Roster)+"/undo")
	add("undo_restored", w.Int(u.Restored), "")
	add("undo_named", w.Int(u.Named), "")
	add("undo_staying", w.Int(u.Staying), "")
	add("file", u.SHA256[:12], "")
}
