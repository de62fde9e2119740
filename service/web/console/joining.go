package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// pairDesk is the visitor at the desk of duplicates.
func (c *Console) pairDesk(v visit) duplicate.Desk {
	return duplicate.Desk{Who: v.Who(), Keys: c.Keys, At: v.at}
}

// joinForm is what somebody sent, or nothing.
type joinForm struct {
	keep      family.ChildID
	why, seen string
	sure      bool
}

// askJoin shows what joining the records of a pair does.
func (c *Console) askJoin(g *gin.Context, v visit) error {
	f := web.ReadQuery(g)
	var sent joinForm
	if f.Optional("keep") != "" {
		sent.keep = family.ChildID(f.Int("keep", 1, 1<<62))
	}
	if err := f.Err(); err != nil {
		return err
	}
	return c.showJoin(g, v, http.StatusOK, sent, nil)
}

// showJoin previews a join: the one that waits, or the one that is asked for.
func (c *Console) showJoin(g *gin.Context, v visit, status int, sent joinForm, problems []parts.Problem) error {
	var pair pairFile
	var effect duplicate.Effect
	var waiting family.Join
	err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if pair, err = c.openPair(ctx, tx, g, v); err != nil {
			return err
		}
		on, off, err := pair.sides(sent.keep)
		if err != nil {
			return err
		}
		if pair.State == duplicate.Waiting {
			if waiting, err = family.JoinByID(ctx, tx, pair.Join); err != nil {
				return err
			}
			effect, err = duplicate.PreviewWaiting(ctx, tx, c.pairDesk(v), waiting)
			return err
		}
		effect, err = duplicate.PreviewJoin(ctx, tx, c.pairDesk(v), on, off)
		return err
	})
	if x, ok := fault.Of(err); ok && x.Kind == fault.Conflict && len(problems) == 0 {
		return c.showPair(g, v, web.Status(err), []parts.Problem{{Text: v.words.Fault(x)}})
	}
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "duplicate.viewed", []family.ChildID{pair.Low, pair.High}); err != nil {
		return err
	}
	view := c.joining(v, effect)
	view.Caution, view.Self = caution(v, pair.Caution), pairPath(v, pair.Pair)+"/join"
	view.Why, view.Sure, view.Keep = sent.why, sent.sure, strconv.FormatInt(int64(effect.Survivor), 10)
	if waiting.ID != 0 {
		view.Waits = v.words.T("duplicate.page.proposed", map[string]any{"by": actor(v, waiting.ProposedBy), "at": waiting.ProposedAt.In(v.at.Location()), "why": waiting.Why})
		view.Own = waiting.ProposedBy == v.Who().Actor
		view.Approve = !view.Own && v.May(auth.ApproveMoney)
	} else {
		view.May = v.May(auth.ChangeChildren)
	}
	p := c.page(g, v, v.words.T("duplicate.page.join_title"), parts.Link{Text: v.words.T("duplicate.page.title"), To: v.base() + "/duplicates"},
		parts.Link{Text: v.words.T("duplicate.page.pair"), To: pairPath(v, pair.Pair)})
	p.Lead = v.words.T("duplicate.page.join_lead", map[string]any{"on": pair.head(v, effect.Survivor).Name, "off": pair.head(v, effect.Absorbed).Name})
	p.Problems = problems
	return c.hall.Show(g, status, pages.JoiningPage(p, view))
}

// sides are which record of a pair goes on and which is absorbed.
func (f pairFile) sides(keep family.ChildID) (on, off family.ChildID, err error) {
	switch keep {
	case f.Low:
		return f.Low, f.High, nil
	case f.High:
		return f.High, f.Low, nil
	case 0:
		better := f.better()
		return better[0], better[1], nil
	}
	return 0, 0, web.ErrNoPage
}

// proposeJoin says that a pair is one child: it is done at once where no money is
// concerned, or waits for a second person.
func (c *Console) proposeJoin(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	sent := joinForm{keep: family.ChildID(f.Int("keep", 1, 1<<62)), why: f.Peek("why"), seen: f.Optional("seen"), sure: f.Checked("sure")}
	if err := f.Err(); err != nil {
		return err
	}
	waits := false
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		pair, err := c.openPair(ctx, tx, g, v)
		if err != nil {
			return err
		}
		on, off, err := pair.sides(sent.keep)
		if err != nil {
			return err
		}
		if pair.Caution != "" && !sent.sure {
			return errNotSure.At("sure")
		}
		waits, err = duplicate.ProposeJoin(ctx, tx, c.pairDesk(v), on, off, sent.why, sent.seen)
		return err
	})
	if x, ok := fault.Of(err); ok && (x.Kind == fault.Invalid || x.Kind == fault.Conflict) {
		return c.showJoin(g, v, web.Status(err), sent, []parts.Problem{{Field: x.Field, Text: v.words.Fault(x)}})
	}
	if err != nil {
		return err
	}
	notice := "pair_joined"
	if waits {
		notice = "pair_waits"
	}
	return web.See(g, v.base()+"/duplicates", notice, 0)
}

// errNotSure reports twins or juniors whom nobody said to have told apart.
var errNotSure = fault.New(fault.Invalid, "duplicate.not_sure")

// decideJoin approves or refuses what somebody else proposed.
func (c *Console) decideJoin(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	decision := f.Choice("decision", "approve", "refuse")
	if err := f.Err(); err != nil {
		return err
	}
	return c.onWaiting(g, v, "pair_"+decision, func(ctx context.Context, tx *sqlx.Tx, id family.JoinID) error {
		if decision == "refuse" {
			return duplicate.RefuseJoin(ctx, tx, c.pairDesk(v), id)
		}
		return duplicate.ApproveJoin(ctx, tx, c.pairDesk(v), id)
	})
}

// withdrawJoin takes one's own proposal back.
func (c *Console) withdrawJoin(g *gin.Context, v visit) error {
	return c.onWaiting(g, v, "pair_refuse", func(ctx context.Context, tx *sqlx.Tx, id family.JoinID) error {
		return duplicate.RefuseJoin(ctx, tx, c.pairDesk(v), id)
	})
}

// onWaiting does something about the join of a pair that waits.
func (c *Console) onWaiting(g *gin.Context, v visit, notice string, do func(ctx context.Context, tx *sqlx.Tx, id family.JoinID) error) error {
	err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		pair, err := c.openPair(ctx, tx, g, v)
		if err != nil {
			return err
		}
		if pair.State != duplicate.Waiting {
			return family.ErrNoJoin
		}
		return do(ctx, tx, pair.Join)
	})
	if x, ok := fault.Of(err); ok && x.Kind != fault.NotFound {
		return c.showJoin(g, v, web.Status(err), joinForm{}, []parts.Problem{{Text: v.words.Fault(x)}})
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/duplicates", notice, 0)
}

// joining is an effect in words.
func (c *Console) joining(v visit, e duplicate.Effect) pages.Joining {
	view := pages.Joining{Money: e.Waits(), Sight: sight(v, e), Seen: e.Hash()}
	for _, p := range e.Programs {
		line := pages.JoiningProgram{Name: p.Program.Name, Joined: p.Joined}
		for i, a := range p.Before {
			row, after := accountLine(v, a), p.After[i]
			if after.State != a.State {
				row.StateAfter = v.words.T("duplicate.page.then", map[string]any{"what": v.words.T("console.participation." + string(after.State))})
			}
			if after.Money.Coming != a.Money.Coming {
				row.ComingAfter = v.words.T("duplicate.page.then", map[string]any{"what": after.Money.Coming})
			}
			if after.Queued != a.Queued {
				row.Waits = v.words.T("duplicate.page.then", map[string]any{"what": after.Queued})
			}
			line.Accounts = append(line.Accounts, row)
			if !e.Since.IsZero() {
				line.Since = append(line.Since, v.words.N("duplicate.page.posted_since", after.Since, map[string]any{"account": a.No.String()}))
			}
		}
		before, after := p.Sum()
		line.Before, line.After = accountLine(v, before), accountLine(v, after)
		line.Before.Account, line.After.Account = v.words.T("duplicate.page.before"), v.words.T("duplicate.page.after")
		for _, x := range p.Reversals {
			line.Reversals = append(line.Reversals, v.words.T("duplicate.page.reversal", map[string]any{"amount": x.Amount, "benefit": x.Benefit, "period": periodName(v, x.Period)}))
		}
		view.Programs = append(view.Programs, line)
	}
	if v.May(auth.SeeNames) {
		for _, conflict := range e.Conflicts {
			view.Conflicts = append(view.Conflicts, parts.Row{Term: v.words.T("duplicate.conflict." + conflict.Field), Value: v.words.List(conflict.Values)})
		}
	}
	return view
}

// sight says who signs in and sees what, now and afterwards. It names nobody.
func sight(v visit, e duplicate.Effect) (said []string) {
	if len(e.Seers) == 0 {
		return nil
	}
	told := map[family.ChildID]bool{}
	for _, p := range e.Programs {
		for _, a := range p.Before {
			if !told[a.Child] {
				told[a.Child] = true
				said = append(said, v.words.N("duplicate.page.seers", len(e.Seers[a.Child]), map[string]any{"account": a.No.String()}))
			}
		}
	}
	key := "duplicate.page.sight_joined"
	if !e.Since.IsZero() {
		key = "duplicate.page.sight_parted"
	}
	return append(said, v.words.T(key))
}

func accountLine(v visit, a duplicate.Account) pages.AccountLine {
	line := pages.AccountLine{Own: v.words.Money(a.Money.Own), Program: v.words.Money(a.Money.Program), Coming: v.words.Money(a.Money.Coming), Queued: v.words.Money(a.Queued)}
	if a.No != 0 {
		line.Account, line.State = a.No.String(), participation(v, enroll.Enrollment{State: a.State}).Text
	}
	return line
}

// askPart shows what parting joined records does.
func (c *Console) askPart(g *gin.Context, v visit) error {
	return c.showPart(g, v, http.StatusOK, "", nil)
}

func (c *Console) showPart(g *gin.Context, v visit, status int, why string, problems []parts.Problem) error {
	child, id, err := joinParams(g)
	if err != nil {
		return err
	}
	var effect duplicate.Effect
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := enroll.Of(ctx, tx, v.program.ID, child); err != nil {
			return err
		}
		effect, err = duplicate.PreviewPart(ctx, tx, c.pairDesk(v), id)
		if err == nil && effect.Survivor != child && effect.Absorbed != child {
			err = family.ErrNoJoin
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "duplicate.viewed", []family.ChildID{effect.Survivor, effect.Absorbed}); err != nil {
		return err
	}
	view := c.joining(v, effect)
	view.Part, view.May, view.Money, view.Why, view.Self = true, true, false, why, g.Request.URL.Path
	p := c.page(g, v, v.words.T("duplicate.page.part_title"), parts.Link{Text: v.words.T("console.nav.children"), To: v.base() + "/children"},
		parts.Link{Text: v.words.T("duplicate.page.child"), To: childPath(v, child)})
	p.Lead, p.Problems = v.words.T("duplicate.page.part_lead"), problems
	return c.hall.Show(g, status, pages.JoiningPage(p, view))
}

func joinParams(g *gin.Context) (family.ChildID, family.JoinID, error) {
	child, err := childID(g)
	if err != nil {
		return 0, 0, err
	}
	id, err := strconv.ParseInt(g.Param("join"), 10, 64)
	if err != nil || id < 1 {
		return 0, 0, web.ErrNoPage
	}
	return child, family.JoinID(id), nil
}

// partJoin has joined records be two children again.
func (c *Console) partJoin(g *gin.Context, v visit) error {
	child, id, err := joinParams(g)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	why, seen, distinct := f.Peek("why"), f.Optional("seen"), f.Checked("distinct")
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := enroll.Of(ctx, tx, v.program.ID, child); err != nil {
			return err
		}
		return duplicate.PartJoin(ctx, tx, c.pairDesk(v), id, why, seen, distinct)
	})
	if x, ok := fault.Of(err); ok && (x.Kind == fault.Invalid || x.Kind == fault.Conflict) {
		return c.showPart(g, v, web.Status(err), why, []parts.Problem{{Field: x.Field, Text: v.words.Fault(x)}})
	}
	if err != nil {
		return err
	}
	return web.See(g, childPath(v, child), "pair_parted", 0)
}
