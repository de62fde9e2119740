package console

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/i18n"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// runsPerPage is how many runs a page of the list shows.
const runsPerPage = 20

// jobRuns lists what ran and takes an order for a run by hand.
func (c *Console) jobRuns(g *gin.Context, v visit) error {
	return c.showRuns(g, v, http.StatusOK, nil)
}

// typedRun is a run as its form was sent, where it waits for another person.
type typedRun struct {
	job, asOf string
	ask       bool
}

func (c *Console) showRuns(g *gin.Context, v visit, status int, problems []parts.Problem, typed ...typedRun) error {
	before, err := strconv.ParseInt(g.DefaultQuery("before", "0"), 10, 64)
	if err != nil || before < 0 {
		return web.ErrNoPage
	}
	var runs []jobs.Run
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		runs, err = jobs.History(ctx, q, int64(v.program.ID), before, runsPerPage+1)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Jobs{Base: v.base(), Today: v.today(), May: v.May(auth.RunJobs) && c.Jobs != nil, AsOf: v.today().String()}
	if view.Calendar, err = c.calendar(g, v); err != nil {
		return err
	}
	offered(g, &view)
	for _, t := range typed {
		view.Ask, view.Job, view.AsOf = t.ask, t.job, t.asOf
	}
	if before != 0 {
		view.First = v.base() + "/jobs"
	}
	if len(runs) > runsPerPage {
		runs = runs[:runsPerPage]
		view.Next = v.base() + "/jobs?before=" + strconv.FormatInt(runs[runsPerPage-1].ID, 10)
	}
	view.Runs = runLines(v, runs)
	if c.Jobs != nil {
		for _, job := range c.Jobs.Jobs {
			view.Names = append(view.Names, parts.Choice{Value: job.Name, Text: jobName(v, job.Name)})
		}
	}
	p := c.page(g, v, v.words.T("console.jobs.title"))
	p.Problems = problems
	return c.hall.Show(g, status, pages.JobsPage(p, view))
}

func runLines(v visit, runs []jobs.Run) []pages.Run {
	out := make([]pages.Run, len(runs))
	for i, r := range runs {
		out[i] = runLine(v, r)
	}
	return out
}

func runLine(v visit, r jobs.Run) pages.Run {
	began := r.DueAt
	if r.StartedAt != nil {
		began = *r.StartedAt
	}
	return pages.Run{Job: jobName(v, r.Job), Period: runPeriod(v, r.Period), Began: began.In(v.at.Location()), State: runState(v, r),
		Says: runSays(v, r), To: runPath(v, r.ID), DryRun: r.DryRun}
}

// runPeriod is a run's day or month in words.
func runPeriod(v visit, key string) string {
	if d, err := ledger.ParseDate(key); err == nil {
		return v.words.DateShort(d)
	}
	return periodName(v, key)
}

// runSays is how far a run is, or what it moved.
func runSays(v visit, r jobs.Run) string {
	if r.Total != nil && !r.Finished() {
		return v.words.T("console.jobs.progress", i18n.Args{"done": r.Done, "of": *r.Total})
	}
	says := v.words.N("console.jobs.went_through", int(r.Done))
	for _, name := range []string{"paid", "queued", "excess"} {
		if sum, ok := r.Sums[name]; ok && !sum.IsZero() {
			says += " · " + v.words.T("console.sum."+name) + ": " + v.words.Money(sum)
		}
	}
	return says
}

func runPath(v visit, id int64) string { return v.base() + "/jobs/" + strconv.FormatInt(id, 10) }

// runJob puts a run down to be done and has the clock begin with it.
func (c *Console) runJob(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	name, asOf, dry := f.Text("job"), f.Date("as_of"), f.Checked("dry_run")
	if err = f.Err(); err == nil && c.Jobs == nil {
		err = web.ErrNoPage
	}
	var run jobs.Run
	if err == nil {
		run, err = c.order(g, v, name, asOf, dry)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showRuns(g, v, web.Status(err), problems, typedRun{name, f.Optional("as_of"), errors.Is(err, approval.ErrNeeded)})
	}
	if err != nil {
		return err
	}
	c.tick(g)
	return web.See(g, runPath(v, run.ID), "", 0)
}

func (c *Console) order(g *gin.Context, v visit, name string, asOf ledger.Date, dry bool) (run jobs.Run, err error) {
	job, err := c.Jobs.Job(name)
	if err != nil {
		return run, err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		run, err = jobs.Request(ctx, tx, v.Who(), jobs.Order{Program: jobs.Of(v.Tenant, v.program), Job: job, AsOf: asOf, DryRun: dry}, v.at)
		return err
	})
	return run, err
}

// tick has the clock look now instead of at the next minute.
func (c *Console) tick(g *gin.Context) {
	ctx := context.WithoutCancel(g.Request.Context())
	c.busy.Go(func() {
		if err := c.Jobs.Tick(ctx); err != nil {
			c.hall.Log().ErrorContext(ctx, "tick", "error", err.Error())
		}
	})
}

// jobRun shows one run, and its progress while it works.
func (c *Console) jobRun(g *gin.Context, v visit) error {
	run, err := c.loadRun(g, v)
	if err != nil {
		return err
	}
	line := runLine(v, run)
	p := c.page(g, v, line.Job+", "+line.Period, parts.Link{Text: v.words.T("console.nav.jobs"), To: v.base() + "/jobs"})
	view := pages.RunPage{Run: line, Facts: runFacts(v, run), Work: runWork(v, run)}
	if err := c.runLog(g, v, run, &view); err != nil {
		return err
	}
	if run.Job == jobs.Reperformance {
		view.Findings = v.base() + "/findings?run=" + strconv.FormatInt(run.ID, 10)
	}
	if !run.Finished() && v.May(auth.RunJobs) {
		view.Cancel = runPath(v, run.ID) + "/cancel"
	}
	if run.State == jobs.Failed && v.May(auth.RunJobs) {
		view.Resume = runPath(v, run.ID) + "/resume"
	}
	if run.Finished() && v.May(auth.RunJobs) && c.Jobs != nil {
		view.Again = v.base() + "/jobs?job=" + url.QueryEscape(run.Job) + "&as_of=" + run.AsOf.String()
	}
	if view.Work.Running {
		p.Reload = 3
		if g.GetHeader("HX-Request") == "true" {
			return c.show(g, parts.Progress(p, view.Work))
		}
	}
	return c.show(g, pages.RunPageOf(p, view))
}

func (c *Console) loadRun(g *gin.Context, v visit) (run jobs.Run, err error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return run, web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		run, err = jobs.Load(ctx, q, id)
		return err
	})
	if err == nil && run.Program != int64(v.program.ID) {
		err = jobs.ErrNoRun
	}
	return run, err
}

func runWork(v visit, r jobs.Run) parts.Work {
	w := parts.Work{ID: "work", Label: jobName(v, r.Job), Done: int(r.Done), Says: runSays(v, r), Watch: runPath(v, r.ID),
		Running: r.State == jobs.Running || r.State == jobs.Waiting}
	if r.Total != nil {
		w.Of = int(*r.Total)
	}
	return w
}

func runFacts(v visit, r jobs.Run) []parts.Row {
	w := v.words
	rows := []parts.Row{{Term: w.T("console.jobs.as_of"), Value: w.Date(r.AsOf)}, {Term: w.T("console.jobs.by"), Value: runBy(v, r.RequestedBy)}}
	for _, at := range []struct {
		key  string
		when *time.Time
	}{{"began", r.StartedAt}, {"finished", r.FinishedAt}} {
		if at.when != nil {
			rows = append(rows, parts.Row{Term: w.T("console.jobs." + at.key), Value: w.Time(at.when.In(v.at.Location()))})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Sums)) {
		term := named(v, "console.sum.", name)
		if code, ok := strings.CutPrefix(name, "fund/"); ok {
			term = w.T("console.jobs.from_fund", i18n.Args{"fund": code})
		}
		rows = append(rows, parts.Row{Term: term, Value: w.Money(r.Sums[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(r.Counts)) {
		term := named(v, "console.count.", name)
		if period, ok := strings.CutPrefix(name, "issued/"); ok {
			term = w.T("console.jobs.issued", i18n.Args{"period": periodName(v, period)})
		}
		row := parts.Row{Term: term, Value: w.Int(int(r.Counts[name]))}
		if kind, ok := strings.CutPrefix(name, "differs/"); ok {
			row.Term, row.To = w.T("console.findings.kinds."+kind), v.base()+"/findings?kind="+kind+"&run="+strconv.FormatInt(r.ID, 10)
		}
		rows = append(rows, row)
	}
	if r.Error != "" {
		rows = append(rows, parts.Row{Term: w.T("console.jobs.error"), Value: r.Error})
	}
	return rows
}

func runBy(v visit, who string) string {
	if who == "clock" {
		return v.words.T("console.jobs.clock")
	}
	return actor(v, who)
}

// cancelJob stops a run at the end of its step.
func (c *Console) cancelJob(g *gin.Context, v visit) error {
	run, err := c.loadRun(g, v)
	if err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error { return jobs.Cancel(ctx, tx, v.Who(), run.ID, v.at) })
	if err != nil {
		return err
	}
	return web.See(g, runPath(v, run.ID), "run_cancelled", 0)
}
