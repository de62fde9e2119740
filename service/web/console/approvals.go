package console

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/countersign"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/report"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// requestsPerPage is how many requests a page of the queue shows.
const requestsPerPage = 30

// desk is where the visitor decides.
func (c *Console) desk(v visit) countersign.Desk {
	return countersign.Desk{Principal: v.Principal, Keys: c.Keys, Jobs: c.Jobs, At: v.at}
}

// queue is a list of requests as its address asks for it.
type queue struct {
	approval.Filter
	to   string
	show string
}

// readQueue reads the filters. What waits for the reader comes first; who decides
// nothing sees what they asked for, and who asks for nothing sees all.
func readQueue(g *gin.Context, v visit) (q queue, err error) {
	q.to = "/approvals"
	if g.Param("program") != "" {
		q.to, q.Program = v.base()+"/approvals", int64(v.program.ID)
	}
	q.Within = v.Programs
	shows := []string{"asked", "mine", "all"}
	switch {
	case v.May(auth.DecideRequests):
		q.show = "asked"
	case v.May(auth.AskApproval):
		q.show = "mine"
	default:
		q.show = "all"
	}
	if chosen := g.Query("show"); slices.Contains(shows, chosen) {
		q.show = chosen
	}
	if kind := approval.Kind(g.Query("kind")); slices.Contains(approval.Kinds, kind) {
		q.Kind = kind
	}
	if state := approval.State(g.Query("state")); slices.Contains(approval.States, state) {
		q.State = state
	}
	switch q.show {
	case "asked":
		q.Asked = int64(v.Staff)
	case "mine":
		q.Maker = int64(v.Staff)
	}
	before, err := strconv.ParseInt(g.DefaultQuery("before", "0"), 10, 64)
	if err != nil || before < 0 {
		return q, web.ErrNoPage
	}
	q.Before, q.Limit = approval.ID(before), requestsPerPage+1
	return q, nil
}

// address is the list's own with its filters, for a page behind a request.
func (q queue) address(before approval.ID) string {
	values := url.Values{"show": {q.show}}
	for name, value := range map[string]string{"kind": string(q.Kind), "state": string(q.State)} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if before != 0 {
		values.Set("before", strconv.FormatInt(int64(before), 10))
	}
	return q.to + "?" + values.Encode()
}

// approvals lists what waits for a second person, in one program or in all.
func (c *Console) approvals(g *gin.Context, v visit) error {
	f, err := readQueue(g, v)
	if err != nil {
		return err
	}
	var all []approval.Request
	var pending []report.Pending
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if all, err = approval.List(ctx, q, f.Filter); err != nil || !v.May(auth.DecideRequests) || f.show != "asked" {
			return err
		}
		pending, err = report.PendingFor(ctx, q, v.Who(), program.ID(f.Program), v.Programs, duties(v.Principal))
		return err
	})
	if err != nil {
		return err
	}
	view := queueView(v, f)
	for _, p := range pending {
		view.Pending = append(view.Pending, pendingRow(v, p))
	}
	if len(all) > requestsPerPage {
		all = all[:requestsPerPage]
		view.Next = f.address(all[requestsPerPage-1].ID)
	}
	for _, r := range all {
		view.Rows = append(view.Rows, requestLine(v, r))
	}
	p := c.page(g, v, v.words.T("console.approvals.title"))
	p.Lead = v.words.T("console.approvals.lead")
	return c.show(g, pages.ApprovalsPage(p, view))
}

func queueView(v visit, f queue) pages.Approvals {
	w := v.words
	view := pages.Approvals{To: f.to, Show: f.show, Kind: string(f.Kind), State: string(f.State), Limits: "/approvals/limits",
		Filtered: f.Kind != "" || f.State != "" || f.Before != 0,
		Kinds:    []parts.Choice{{Text: w.T("console.approvals.any_kind")}}, States: []parts.Choice{{Text: w.T("console.approvals.any_state")}}}
	for _, show := range []string{"asked", "mine", "all"} {
		view.Shows = append(view.Shows, parts.Choice{Value: show, Text: w.T("console.approvals.shows." + show)})
	}
	for _, kind := range approval.Kinds {
		view.Kinds = append(view.Kinds, parts.Choice{Value: string(kind), Text: kindName(v, kind)})
	}
	for _, state := range approval.States {
		view.States = append(view.States, parts.Choice{Value: string(state), Text: requestState(v, state).Text})
	}
	if f.Before != 0 {
		view.First = f.address(0)
	}
	return view
}

// pendingRow leads to what is decided on a page of its own.
func pendingRow(v visit, p report.Pending) parts.Row {
	at := inProgram(v, int64(p.Program))
	if p.Kind == "staff" {
		return parts.Row{Term: v.Organization, Value: v.words.N("console.approvals.staff", p.N), To: "/staff"}
	}
	if p.Kind == "rules" {
		return parts.Row{Term: at.program.Name, Value: v.words.T("console.approvals.rules", i18n.Args{"book": bookName(v, program.BookNo(p.No))}), To: bookPath(at, program.BookNo(p.No))}
	}
	if p.Kind == "merge" {
		return parts.Row{Term: at.program.Name, Value: v.words.N("duplicate.page.task_waiting", p.N), To: at.base() + "/duplicates?state=waiting"}
	}
	return parts.Row{Term: at.program.Name, Value: v.words.N("console.approvals.excess", p.N, i18n.Args{"amount": p.Amount}), To: at.base() + "/excesses"}
}

// inProgram is the visit as if to a program of the organization.
func inProgram(v visit, id int64) visit {
	for _, p := range v.all {
		if int64(p.ID) == id {
			v.program, v.at = p, v.at.In(p.Zone())
		}
	}
	return v
}

func requestPath(id approval.ID) string { return "/approvals/" + strconv.FormatInt(int64(id), 10) }

func kindName(v visit, kind approval.Kind) string {
	return v.words.T("console.approvals.kinds." + string(kind))
}

// requestName is what a request asks for, with the number of what it is about.
func requestName(v visit, r approval.Request) string {
	return v.words.T("console.approvals.name", i18n.Args{"kind": kindName(v, r.Kind), "no": strconv.FormatInt(int64(r.ID), 10)})
}

func requestState(v visit, s approval.State) parts.Status {
	tone := map[approval.State]parts.Tone{approval.Waiting: parts.Caution, approval.Approved: parts.Info, approval.Executed: parts.Good, approval.Refused: parts.Bad}[s]
	if tone == "" {
		tone = parts.Quiet
	}
	return parts.Status{Text: v.words.T("console.approvals.states." + string(s)), Tone: tone}
}

func requestLine(v visit, r approval.Request) pages.RequestLine {
	at := inProgram(v, r.Program)
	line := pages.RequestLine{What: requestName(v, r), To: requestPath(r.ID), By: actor(v, r.MakerWho(v.Tenant).Actor), At: r.MadeAt.In(at.at.Location()),
		Total: r.Total, Affected: r.Affected, State: requestState(v, r.State)}
	if r.Program != 0 {
		line.Program = at.program.Name
	}
	return line
}

// duties are what somebody may decide, by the table of capabilities.
func duties(p auth.Principal) (out []report.Duty) {
	for _, d := range []struct {
		may  auth.Capability
		duty report.Duty
	}{{auth.DecideRequests, report.Requests}, {auth.ApproveRules, report.Rules}, {auth.ApproveMoney, report.Money}, {auth.ApproveStaff, report.Roles}, {auth.ApproveRecovery, report.Recovery}} {
		if p.May(d.may) {
			out = append(out, d.duty)
		}
	}
	return out
}
