package console

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/service/auth"
	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/i18n"
	"seedbook/service/reconcile"
	"seedbook/service/report"
	"seedbook/service/roster"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// start leads to the organization's program, or offers all of them.
func (c *Console) start(g *gin.Context, v visit) error {
	if len(v.all) == 1 {
		return web.See(g, v.base(), "", 0)
	}
	var links []parts.Link
	for _, p := range v.all {
		links = append(links, parts.Link{Text: p.Name, To: visit{program: p}.base()})
	}
	return c.show(g, pages.ProgramsPage(c.hall.Page(g, v.words.T("console.programs.title")), links))
}

// home shows a program at a glance and what waits for somebody.
func (c *Console) home(g *gin.Context, v visit) error {
	var totals report.Totals
	var runs []jobs.Run
	var work report.Work
	var reviews []jobs.Run
	lines := 0            // of banks, to be cleared
	waiting := 0          // merges, for a second person
	overdue, soon := 0, 0 // newborns whose parents are to be told
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if totals, err = report.Overview(ctx, q, v.program); err != nil {
			return err
		}
		if runs, err = jobs.History(ctx, q, int64(v.program.ID), 0, 5); err != nil {
			return err
		}
		if reviews, err = jobs.RunsOf(ctx, q, int64(v.program.ID), jobs.Reperformance, 1); err != nil {
			return err
		}
		if waiting, err = duplicate.Count(ctx, q, v.program.ID, duplicate.Waiting); err != nil {
			return err
		}
		if overdue, soon, err = roster.Untold(ctx, q, v.program, v.today(), tellDays); err != nil {
			return err
		}
		if lines, err = reconcile.CountWaiting(ctx, q, v.program.ID); err != nil {
			return err
		}
		work, err = report.WorkFor(ctx, q, v.Who(), v.program, v.at)
		return err
	})
	if err != nil {
		return err
	}
	pay, err := c.payTasks(g, v)
	if err != nil {
		return err
	}
	view := pages.Home{
		Program: v.program.Name, Base: v.base(), Children: totals.Children[enroll.Enrolled], Savers: totals.Savers,
		Total: totals.Own.Add(totals.Program), Own: totals.Own, Awarded: totals.Program, Coming: totals.Coming,
		Work: append(tasks(v, work), pay...),
	}
	if v.May(auth.SeeRosters) {
		view.Work = append(view.Work, untoldTasks(v, overdue, soon)...)
	}
	if len(reviews) > 0 && differing(reviews[0]) > 0 && v.May(auth.SeeJobs) {
		view.Work = append(view.Work, pages.Task{Text: v.words.N("console.task.findings", differing(reviews[0])), To: v.base() + "/findings", Tone: parts.Bad})
	}
	if lines > 0 && v.May(auth.SeeCustody) {
		view.Work = append(view.Work, pages.Task{Text: v.words.N("console.task.lines", lines), To: v.base() + "/custody/lines", Tone: parts.Caution})
	}
	if waiting > 0 && v.May(auth.SeeChildren) {
		view.Work = append(view.Work, pages.Task{Text: v.words.N("duplicate.page.task_waiting", waiting), To: v.base() + "/duplicates?state=waiting", Tone: parts.Info})
	}
	held, err := c.heldTask(g, v)
	if err != nil {
		return err
	}
	view.Work = append(view.Work, held...)
	for _, f := range totals.Funds {
		view.Funds = append(view.Funds, pages.FundLine{Name: f.Name, Funder: f.Funder, To: v.base() + "/funds/" + url.PathEscape(f.Code), Available: f.Uncommitted, Designated: f.Designated})
	}
	if v.May(auth.SeeJobs) {
		view.Runs = runLines(v, runs)
	}
	p := c.hall.Page(g, v.program.Name)
	p.Lead = v.words.Time(v.at)
	return c.show(g, pages.HomePage(p, view))
}

// tellDays is how long before its end the time to tell parents is told.
const tellDays = 14

// untoldTasks are of newborns whose parents are to be told of the account.
func untoldTasks(v visit, overdue, soon int) (out []pages.Task) {
	if overdue > 0 {
		out = append(out, pages.Task{Text: v.words.N("births.task_overdue", overdue), Note: v.words.T("births.task_note"), To: v.base() + "/rosters", Tone: parts.Bad})
	}
	if soon > 0 {
		out = append(out, pages.Task{Text: v.words.N("births.task_soon", soon), Note: v.words.T("births.task_note"), To: v.base() + "/rosters", Tone: parts.Caution})
	}
	return out
}

// inRoster leads to a page of the roster that a task is about, or to all of them.
func inRoster(id int64, page string) string {
	if id == 0 {
		return "/rosters"
	}
	return "/rosters/" + strconv.FormatInt(id, 10) + page
}

// tasks are what waits for somebody, as far as the visitor may see it.
func tasks(v visit, k report.Work) []pages.Task {
	var out []pages.Task
	w := v.words
	add := func(n int, key, path string, may auth.Capability, tone parts.Tone, note string) {
		if n > 0 && v.May(may) {
			out = append(out, pages.Task{Text: w.N("console.task."+key, n), Note: note, To: v.base() + path, Tone: tone})
		}
	}
	add(k.Requests, "requests", "/approvals?show=asked", auth.DecideRequests, parts.Caution, "")
	add(k.Submitted, "submitted", "/rules", auth.ApproveRules, parts.Caution, "")
	add(k.Returned, "returned", "/approvals?show=mine&state=returned", auth.AskApproval, parts.Caution, "")
	add(k.Late, "asks_late", "/requests?show=late", auth.SeeRequests, parts.Bad, "")
	add(k.Asked, "asks", "/requests", auth.SeeRequests, parts.Info, "")
	if k.Missed > 0 && v.May(auth.SeeNotices) {
		out = append(out, pages.Task{Text: w.N("console.task.missed", k.Missed), To: "/notices?state=missed", Tone: parts.Bad})
	}
	add(k.Failed, "failed", "/jobs", auth.SeeJobs, parts.Bad, "")
	add(k.Stuck, "stuck", "/jobs", auth.SeeJobs, parts.Bad, "")
	add(k.Staged, "staged", "/rosters", auth.SeeRosters, parts.Info, "")
	add(k.Begun, "begun", "/rosters", auth.SeeRosters, parts.Caution, "")
	add(k.Doubtful, "doubtful", inRoster(k.DoubtfulIn, "/doubts"), auth.SeeRosters, parts.Caution, "")
	add(k.Settled, "settled", inRoster(k.SettledIn, ""), auth.CommitRosters, parts.Caution, "")
	if k.Suspense > 0 {
		days := v.today().DaysSince(k.Oldest)
		add(k.Suspense, "waiting", "/deposits", auth.SeeDeposits, parts.Caution, w.N("console.task.oldest", days, i18n.Args{"amount": k.SuspenseSum}))
	}
	add(k.Flagged, "flagged", "/children?state=flagged", auth.SeeChildren, parts.Caution, "")
	add(k.Duplicates, "duplicates", "/duplicates", auth.SeeChildren, parts.Caution, "")
	add(k.Excesses, "excesses", "/excesses", auth.SeeDeposits, parts.Caution, w.Money(k.ExcessSum))
	add(k.Ended, "ended", "/imports/sources", auth.SeeImports, parts.Bad, "")
	add(k.Ending, "ending", "/imports/sources", auth.SeeImports, parts.Caution, "")
	add(k.Drafts, "drafts", "/rules", auth.DraftRules, parts.Info, "")
	if k.Queued.Sign() > 0 {
		out = append(out, pages.Task{Text: w.T("console.task.queued", i18n.Args{"amount": k.Queued}), To: v.base() + "/funds", Tone: parts.Caution})
	}
	for _, f := range k.Low {
		out = append(out, pages.Task{Text: w.N("console.task.low", f.Days, i18n.Args{"fund": f.Name}), To: fundPath(v, f.Fund), Tone: parts.Caution,
			Note: w.T("console.task.low_note", i18n.Args{"available": f.Available, "spent": f.Spent})})
	}
	return out
}
