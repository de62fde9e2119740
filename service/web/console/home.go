package console

import (
	"context"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/service/auth"
	"seedbook/service/enroll"
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
	var batches []roster.Batch
	var reviews []jobs.Run
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
		batches, err = roster.Batches(ctx, q, v.program.ID, 0, 20)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Home{
		Program: v.program.Name, Base: v.base(), Children: totals.Children[enroll.Enrolled], Savers: totals.Savers,
		Total: totals.Own.Add(totals.Program), Own: totals.Own, Awarded: totals.Program, Coming: totals.Coming,
		Work: tasks(v, totals, runs, batches),
	}
	if len(reviews) > 0 && differing(reviews[0]) > 0 && v.May(auth.SeeJobs) {
		view.Work = append(view.Work, pages.Task{Text: v.words.N("console.task.findings", differing(reviews[0])), To: v.base() + "/findings", Tone: parts.Bad})
	}
	for _, f := range totals.Funds {
		view.Funds = append(view.Funds, pages.FundLine{Name: f.Name, Funder: f.Funder, To: v.base() + "/funds", Available: f.Uncommitted, Designated: f.Designated})
	}
	if v.May(auth.SeeJobs) {
		view.Runs = runLines(v, runs)
	}
	p := c.hall.Page(g, v.program.Name)
	p.Lead = v.words.Time(v.at)
	return c.show(g, pages.HomePage(p, view))
}

// tasks are what waits for somebody, as far as the visitor may see it.
func tasks(v visit, t report.Totals, runs []jobs.Run, batches []roster.Batch) []pages.Task {
	var out []pages.Task
	add := func(n int, key, path string, may auth.Capability, tone parts.Tone, note string) {
		if n > 0 && v.May(may) {
			out = append(out, pages.Task{Text: v.words.N("console.task."+key, n), Note: note, To: v.base() + path, Tone: tone})
		}
	}
	staged, begun, failed := 0, 0, 0
	for _, b := range batches {
		switch b.State {
		case roster.Staged:
			staged++
		case roster.Applying:
			begun++
		}
	}
	for _, r := range runs {
		if r.State == jobs.Failed {
			failed++
		}
	}
	add(failed, "failed", "/jobs", auth.SeeJobs, parts.Bad, "")
	add(staged, "staged", "/rosters", auth.SeeRosters, parts.Info, "")
	add(begun, "begun", "/rosters", auth.SeeRosters, parts.Caution, "")
	add(t.Waiting, "waiting", "/deposits", auth.SeeDeposits, parts.Caution, v.words.Money(t.Suspense))
	add(t.Flagged, "flagged", "/children", auth.SeeChildren, parts.Caution, "")
	add(t.Excesses, "excesses", "/excesses", auth.SeeDeposits, parts.Caution, "")
	if t.Queued.Sign() > 0 {
		out = append(out, pages.Task{Text: v.words.T("console.task.queued", map[string]any{"amount": t.Queued}), To: v.base() + "/funds", Tone: parts.Caution})
	}
	return out
}

// help shows what the words mean.
func (c *Console) help(g *gin.Context, v visit) error {
	p := c.page(g, v, v.words.T("console.help.title"))
	p.Lead = v.words.T("console.help.lead")
	return c.show(g, pages.HelpPage(p))
}
