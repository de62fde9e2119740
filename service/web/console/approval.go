package console

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/bulk"
	"seedbook/service/countersign"
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

// wordsFrom is the total from which an amount stands in words, too.
var wordsFrom = ledger.Minor(10_000_00)

// requestFile is everything a request's page is made of.
type requestFile struct {
	approval.Request
	says      approval.Content
	decisions []approval.Decision
	people    map[family.ChildID]family.Child
	funds     map[string]fund.Fund
	book      *rules.Book
	schools   []program.School // of a bulk action
	reissue   []parts.Link
	stale     string
}

// typedDecision is what a form of the page was sent with.
type typedDecision struct{ note, reason string }

// approval shows one request.
func (c *Console) approval(g *gin.Context, v visit) error {
	return c.showRequest(g, v, http.StatusOK, nil, typedDecision{}, false)
}

func requestID(g *gin.Context) (approval.ID, error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, web.ErrNoPage
	}
	return approval.ID(id), nil
}

func (c *Console) showRequest(g *gin.Context, v visit, status int, problems []parts.Problem, typed typedDecision, renewed bool) error {
	id, err := requestID(g)
	if err != nil {
		return err
	}
	var f requestFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if f.Request, err = approval.Load(ctx, q, id); err != nil {
			return err
		}
		if f.Program != 0 && !v.Within(f.Program) {
			return approval.ErrNone
		}
		v = inProgram(v, f.Program)
		return c.openRequest(ctx, q, v, &f)
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "approval.viewed", f.children()); err != nil {
		return err
	}
	p := c.page(g, v, requestName(v, f.Request), parts.Link{Text: v.words.T("console.nav.approvals"), To: "/approvals"})
	p.Problems = problems
	if f.Program != 0 {
		p.Lead = v.program.Name
	}
	view := f.view(v, typed)
	view.Renewed = renewed
	return c.hall.Show(g, status, pages.RequestPage(p, view))
}

// children are whom the request names.
func (f *requestFile) children() []family.ChildID {
	var ids []family.ChildID
	for id := range f.people {
		ids = append(ids, id)
	}
	return ids
}

func (c *Console) openRequest(ctx context.Context, q sqlx.QueryerContext, v visit, f *requestFile) (err error) {
	if f.says, err = f.Says(); err != nil {
		return err
	}
	if f.decisions, err = approval.Decisions(ctx, q, f.ID); err != nil {
		return err
	}
	if f.people, err = c.peopleIn(ctx, q, v, f.says.Effects); err != nil || f.Program == 0 {
		return err
	}
	if f.funds, err = fundsByCode(ctx, q, v.program.ID); err != nil {
		return err
	}
	if f.book, err = rulesOrNone(ctx, q, v); err != nil {
		return err
	}
	if f.Kind == approval.Bulk {
		if f.schools, err = program.Schools(ctx, q); err != nil {
			return err
		}
	}
	if f.Kind == approval.Correction {
		if f.reissue, err = c.reissue(ctx, q, v, f.says); err != nil {
			return err
		}
	}
	if f.State == approval.Waiting {
		f.stale, err = c.stale(ctx, q, v, f.Request)
	}
	return err
}

// stale says why a request cannot be done as it stands; "" where it can.
func (c *Console) stale(ctx context.Context, q sqlx.QueryerContext, v visit, r approval.Request) (string, error) {
	fresh, err := countersign.Stale(ctx, q, c.desk(v), r)
	if x, ok := fault.Of(err); ok {
		return v.words.Fault(x), nil
	}
	if err != nil {
		return "", err
	}
	same, err := r.Same(fresh)
	if err != nil || same {
		return "", err
	}
	return v.words.T("console.approval.stale_note"), nil
}

func (c *Console) peopleIn(ctx context.Context, q sqlx.QueryerContext, v visit, effects []approval.Effect) (map[family.ChildID]family.Child, error) {
	out := map[family.ChildID]family.Child{}
	var ids []family.ChildID
	for _, e := range effects {
		if id := family.ChildID(e.Child); e.Child != 0 {
			if _, ok := out[id]; !ok {
				out[id], ids = family.Child{}, append(ids, id)
			}
		}
	}
	people, err := family.Load(ctx, q, v.Who(), c.Keys, ids)
	for _, one := range people {
		out[one.ID] = one
	}
	return out, err
}

func (f *requestFile) view(v visit, typed typedDecision) pages.Request {
	w := v.words
	view := pages.Request{State: requestState(v, f.State), Stands: f.stands(v), Reason: f.Reason, Stale: f.stale, Hash: hex.EncodeToString(f.Hash),
		Reissue: f.reissue, Facts: f.facts(v), Note: typed.note, Why: typed.reason, Effects: effectLines(v, f.says.Effects, f.people, f.funds, f.book)}
	view.Figures = []parts.Figure{
		{Label: w.T("console.approval.total"), Value: w.Money(f.Total), Note: w.T("console.approval.total_note"), Major: true},
		{Label: w.T("console.approval.difference"), Value: w.Money(f.Difference), Note: w.T("console.approval.difference_note")},
		{Label: w.T("console.approval.affected"), Value: w.Int(f.Affected)},
		{Label: w.T("console.approval.approvals"), Value: w.T("console.approval.of", i18n.Args{"given": f.Given, "needed": f.Needed})},
	}
	if !f.Total.Less(wordsFrom) {
		view.InWords = w.T("console.approval.in_words", i18n.Args{"words": w.Spell(f.Total)})
	}
	view.Steps = f.steps(v)
	f.offer(v, &view)
	return view
}

// stands is where the request stands, in a sentence.
func (f *requestFile) stands(v visit) string {
	return v.words.T("console.approval.stands." + string(f.State))
}

// offer says what the reader may do with the request, and why not.
func (f *requestFile) offer(v visit, view *pages.Request) {
	path := requestPath(f.ID)
	own := f.Maker == int64(v.Staff)
	if f.State == approval.Approved {
		view.Go = f.goOn(v)
	}
	switch {
	case f.ClosedAt != nil:
	case own && v.May(auth.AskApproval):
		view.Refused, view.Withdraw = v.words.T("console.approval.own"), path+"/withdraw"
	case own:
		view.Refused = v.words.Fault(approval.ErrSamePerson)
	case f.State == approval.Waiting && v.May(auth.DecideRequests) && f.approvedBy(v):
		view.Refused = v.words.Fault(approval.ErrTwice)
	case f.State == approval.Waiting && v.May(auth.DecideRequests):
		view.Approve, view.Return, view.Refuse = path+"/approve", path+"/return", path+"/refuse"
	case f.State == approval.Waiting:
		view.Refused = v.words.T("console.approval.not_yours")
	}
}

func (f *requestFile) approvedBy(v visit) bool {
	for _, d := range f.decisions {
		if d.Decision == "approved" && d.Staff == int64(v.Staff) && bytes.Equal(d.Hash, f.Hash) {
			return true
		}
	}
	return false
}

// goOn leads to what is approved and still to be begun.
func (f *requestFile) goOn(v visit) parts.Link {
	if f.Kind == approval.Roster {
		return parts.Link{Text: v.words.T("console.approval.to_roster"), To: rosterPath(v, roster.ID(f.Number()))}
	}
	if f.Kind == approval.Bulk {
		return parts.Link{Text: v.words.T("bulk.to_action"), To: bulkPath(v, bulk.ID(f.Number()))}
	}
	return parts.Link{}
}

func (f *requestFile) steps(v visit) []pages.RequestStep {
	zone := v.at.Location()
	out := []pages.RequestStep{{What: v.words.T("console.approval.step_of.requested"), By: actor(v, f.MakerWho(v.Tenant).Actor), At: f.MadeAt.In(zone)}}
	for _, d := range f.decisions {
		step := pages.RequestStep{What: v.words.T("console.approval.step_of." + d.Decision), By: actor(v, d.Actor()), At: d.At.In(zone), Note: d.Reason}
		if d.Decision == "approved" && !bytes.Equal(d.Hash, f.Hash) {
			step.What = v.words.T("console.approval.step_of.lapsed")
		}
		out = append(out, step)
	}
	if f.State == approval.Executed && f.ClosedAt != nil {
		out = append(out, pages.RequestStep{What: v.words.T("console.approval.step_of.executed"), By: v.words.T("console.actor.system"), At: f.ClosedAt.In(zone)})
	}
	return out
}

// effectLines are the figures before and after, with whom and why.
func effectLines(v visit, effects []approval.Effect, people map[family.ChildID]family.Child, funds map[string]fund.Fund, book *rules.Book) []pages.EffectLine {
	out := make([]pages.EffectLine, len(effects))
	for i, e := range effects {
		line := pages.EffectLine{Before: e.Before, After: e.After}
		switch {
		case e.Child != 0:
			id := family.ChildID(e.Child)
			line.Who, line.To = listName(v, enroll.Row{Person: people[id].Person, Erased: people[id].Erased}), childPath(v, id)
		case e.Fund != "" && e.What == "fund":
			line.Who, line.To = funds[e.Fund].Name, v.base()+"/funds"
		default:
			line.Who = v.words.N("console.approval.children", e.Children)
		}
		switch {
		case e.What == "own" || e.What == "fund" || e.What == "run":
			line.What = v.words.T("console.approval.effect." + e.What)
		case e.Child != 0:
			line.What = benefitName(v, book, e.What) + ", " + periodName(v, e.Period)
			line.Explain = awardPath(v, family.ChildID(e.Child), e.What, e.Period)
		default:
			line.What = benefitName(v, book, e.What) + " · " + funds[e.Fund].Name
		}
		out[i] = line
	}
	return out
}

// approve approves a request, and has it done where enough people did.
func (c *Console) approve(g *gin.Context, v visit) error {
	id, f, err := readDecision(g)
	if err != nil {
		return err
	}
	hash, typed := readHash(f), typedDecision{note: f.Block("note", 4000)}
	var done countersign.Done
	var r approval.Request
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			if done, err = countersign.Approve(ctx, tx, c.desk(v), id, hash, typed.note); err != nil {
				return err
			}
			r, err = approval.Load(ctx, tx, id)
			return err
		})
	}
	if handled, err := c.refusedDecision(g, v, err, typed); handled || err != nil {
		return err
	}
	if done.Outcome == approval.Renewed {
		return c.showRequest(g, v, http.StatusConflict, nil, typed, true)
	}
	if done.Later {
		return c.beginLater(g, inProgram(v, r.Program), r)
	}
	if done.Outcome == approval.Enough && r.Kind == approval.Run && c.Jobs != nil {
		c.tick(g)
	}
	return web.See(g, requestPath(id), "request_"+string(done.Outcome), 0)
}

// beginLater begins with an approved roster or bulk action. Should the program
// stop before it has begun, its page offers to.
func (c *Console) beginLater(g *gin.Context, v visit, r approval.Request) error {
	begin := func() error { return c.applyRoster(g, v, roster.ID(r.Number())) }
	if r.Kind == approval.Bulk {
		begin = func() error { return c.applyBulk(g, v, bulk.ID(r.Number())) }
	}
	if err := begin(); err != nil {
		return err
	}
	return web.See(g, requestPath(r.ID), "request_enough", 0)
}

func readDecision(g *gin.Context) (approval.ID, *web.Form, error) {
	id, err := requestID(g)
	if err != nil {
		return 0, nil, err
	}
	f, err := web.ReadForm(g)
	return id, f, err
}

func readHash(f *web.Form) []byte {
	hash, err := hex.DecodeString(f.Optional("hash"))
	if err != nil {
		return nil // of nothing that was ever shown
	}
	return hash
}

// refusedDecision shows the request again, with why it was not decided.
func (c *Console) refusedDecision(g *gin.Context, v visit, err error, typed typedDecision) (bool, error) {
	x, ok := fault.Of(err)
	if !ok {
		return false, err
	}
	if errors.Is(err, approval.ErrNone) || x.Kind == fault.NotFound {
		return false, err
	}
	problems := []parts.Problem{{Field: x.Field, Text: v.words.Fault(x)}}
	if list := web.Problems(v.words, err); list != nil {
		problems = list
	}
	return true, c.showRequest(g, v, web.Status(err), problems, typed, false)
}

func (c *Console) returnRequest(g *gin.Context, v visit) error {
	return c.closeRequest(g, v, approval.Returned)
}

func (c *Console) refuseRequest(g *gin.Context, v visit) error {
	return c.closeRequest(g, v, approval.Refused)
}

func (c *Console) withdrawRequest(g *gin.Context, v visit) error {
	return c.closeRequest(g, v, approval.Withdrawn)
}

func (c *Console) closeRequest(g *gin.Context, v visit, to approval.State) error {
	id, f, err := readDecision(g)
	if err != nil {
		return err
	}
	hash, typed := readHash(f), typedDecision{reason: f.Block("reason", 4000)}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return countersign.Close(ctx, tx, c.desk(v), id, hash, to, typed.reason)
		})
	}
	if handled, err := c.refusedDecision(g, v, err, typed); handled || err != nil {
		return err
	}
	return web.See(g, requestPath(id), "request_"+string(to), 0)
}
