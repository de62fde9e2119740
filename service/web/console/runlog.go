package console

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/service/i18n"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// logLines is how many lines of its log a run's page shows.
const logLines = 50

// offered fills the form with the run that an address asks for.
func offered(g *gin.Context, view *pages.Jobs) {
	if view.Job == "" {
		view.Job = g.Query("job")
	}
	if d, err := ledger.ParseDate(g.Query("as_of")); err == nil {
		view.AsOf = d.String()
	}
}

// calendar is what comes due in this month or the next, job by job.
func (c *Console) calendar(g *gin.Context, v visit) (out pages.Calendar, err error) {
	if c.Jobs == nil {
		return out, nil
	}
	today := v.today()
	this := ledger.NewDate(today.Year(), today.Month(), 1)
	shown := this
	if g.Query("month") == "next" {
		shown = this.AddMonths(1)
	}
	out.Month = v.words.Month(shown)
	out.Months = []parts.Link{{Text: v.words.Month(this), To: v.base() + "/jobs", Current: shown == this}, {Text: v.words.Month(this.AddMonths(1)), To: v.base() + "/jobs?month=next", Current: shown != this}}
	var all []jobs.Standing
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		all, err = c.Jobs.Standings(ctx, q, jobs.Of(v.Tenant, v.program), midnight(shown, v), midnight(shown.AddMonths(1), v))
		return err
	})
	for _, s := range all {
		out.Rows = append(out.Rows, jobDue(v, s))
	}
	return out, err
}

func midnight(d ledger.Date, v visit) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, v.program.Zone())
}

func jobDue(v visit, s jobs.Standing) pages.JobDue {
	w := v.words
	row := pages.JobDue{Job: jobName(v, s.Job), To: v.base() + "/jobs?job=" + s.Job, Newest: w.T("money.runs.never"), Next: w.Time(s.Next.In(v.at.Location())),
		For: w.T("money.runs.for", i18n.Args{"period": runPeriod(v, s.Period.Key)})}
	if s.Newest != "" {
		row.Newest = runPeriod(v, s.Newest)
	}
	fared := []string{w.N("money.runs.done", s.Done)}
	if s.Failed > 0 {
		fared = append(fared, w.N("money.runs.failed", s.Failed))
	}
	if s.Open > 0 {
		fared = append(fared, w.N("money.runs.open", s.Open))
	}
	row.Fared = strings.Join(fared, " · ")
	if n := len(s.ToCome); n > 0 {
		row.ToCome = w.N("money.runs.to_come", n, i18n.Args{"first": ledger.DateIn(s.ToCome[0], v.program.Zone()), "last": ledger.DateIn(s.ToCome[n-1], v.program.Zone())})
	}
	return row
}

// runLog adds a run's log, its pace, and what is the matter with it.
func (c *Console) runLog(g *gin.Context, v visit, run jobs.Run, view *pages.RunPage) error {
	var log []jobs.Event
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		log, err = jobs.LogOf(ctx, q, run.ID, 0, logLines)
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range log {
		view.Log = append(view.Log, logLine(v, e))
	}
	if perMinute, left := jobs.Pace(run, log); perMinute > 0 && view.Work.Running {
		view.Work.Says += " · " + v.words.T("money.runs.pace", i18n.Args{"n": v.words.Int(int(perMinute))})
		if left > 0 {
			view.Work.Says += " · " + v.words.N("money.runs.left", max(1, int(left.Round(time.Minute)/time.Minute)))
		}
	}
	view.Stands = stands(v, run)
	return nil
}

// stands is what is the matter with a run, in words.
func stands(v visit, run jobs.Run) string {
	switch {
	case run.Interrupted(v.at):
		return v.words.T("money.runs.interrupted", i18n.Args{"at": *run.LeaseUntil, "holder": run.Holder})
	case run.State == jobs.Failed && run.RetryAt != nil:
		return v.words.T("money.runs.retried", i18n.Args{"at": run.RetryAt.In(v.at.Location())})
	case run.State == jobs.Running && run.CancelBy != "":
		return v.words.T("money.runs.stopping", i18n.Args{"by": actor(v, run.CancelBy)})
	case run.State == jobs.Waiting && run.DueAt.Before(v.at.Add(-time.Hour)):
		return v.words.T("money.runs.late", i18n.Args{"at": run.DueAt.In(v.at.Location())})
	}
	return ""
}

func logLine(v visit, e jobs.Event) pages.LogLine {
	w := v.words
	line := pages.LogLine{At: w.Time(e.At.In(v.at.Location()))}
	switch e.What {
	case jobs.Taken:
		line.What = w.T("money.runs.event.taken", i18n.Args{"by": e.By})
	case jobs.Chunked:
		line.What = w.T("money.runs.event.chunk", i18n.Args{"no": strconv.Itoa(e.Chunk)})
		line.Came = strings.Join(came(v, e), " · ")
	case jobs.Stumbled:
		line.What, line.Came = w.T("money.runs.event.failed"), e.Error
	case jobs.StopAsked:
		line.What = w.T("money.runs.event.stop_asked", i18n.Args{"by": actor(v, e.By)})
	default:
		line.What = w.T("money.runs.event.resumed", i18n.Args{"by": actor(v, e.By)})
	}
	return line
}

// came is what came of a chunk.
func came(v visit, e jobs.Event) []string {
	out := []string{v.words.N("console.jobs.went_through", int(e.Done))}
	for _, name := range slices.Sorted(maps.Keys(e.Sums)) {
		if v.words.Has("console.sum."+name) && !e.Sums[name].IsZero() {
			out = append(out, v.words.T("console.sum."+name)+": "+v.words.Money(e.Sums[name]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Counts)) {
		if v.words.Has("console.count." + name) {
			out = append(out, v.words.T("console.count."+name)+": "+v.words.Int(e.Counts[name]))
		}
	}
	return out
}

// resumeJob has a failed run go on where it stopped.
func (c *Console) resumeJob(g *gin.Context, v visit) error {
	run, err := c.loadRun(g, v)
	if err == nil && c.Jobs == nil {
		err = web.ErrNoPage
	}
	if err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error { return jobs.Resume(ctx, tx, v.Who(), run.ID, v.at) })
	if err != nil {
		return err
	}
	c.tick(g)
	return web.See(g, runPath(v, run.ID), "run_resumed", 0)
}
