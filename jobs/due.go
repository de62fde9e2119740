package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// due is what there is to do in a program now, in order: what the schedule asks
// for and has no row yet, and every row that is still open. A run by hand that
// failed is left to the person who asked for it.
func (r *Runner) due(ctx context.Context, p Program) ([]Run, error) {
	var open []Run
	newest := map[string]string{}
	err := r.DB.Read(ctx, r.who(p, byClock), func(q sqlx.QueryerContext) (err error) {
		if open, err = openRuns(ctx, q, p); err != nil {
			return err
		}
		newest, err = newestPeriods(ctx, q, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("what is due: %w", err)
	}
	runs := slices.DeleteFunc(open, func(run Run) bool {
		_, err := r.Job(run.Job)
		return err != nil // of a newer program, which knows that job
	})
	for _, job := range r.Jobs {
		periods, err := job.Due.since(newest[job.Name], p.Since, r.now(), p.Zone)
		if err != nil {
			return nil, fmt.Errorf("what is due of %s: %w", job.Name, err)
		}
		for _, period := range periods {
			runs = append(runs, Run{Job: job.Name, Period: period.Key, AsOf: period.Last, DueAt: job.Due.at(period, p.Zone)})
		}
	}
	inOrder(runs)
	return runs, nil
}

func openRuns(ctx context.Context, q sqlx.QueryerContext, p Program) (runs []Run, err error) {
	const query = `
		SELECT ` + columns + `
		FROM job_runs
		WHERE program_id = $1
		  AND (state IN ('waiting', 'running') OR state = 'failed' AND round = 0)
		  AND NOT (dry_run AND state = 'running')`
	return runs, sqlx.SelectContext(ctx, q, &runs, query, p.ID)
}

// newestPeriods is the newest period that each job has a row for.
func newestPeriods(ctx context.Context, q sqlx.QueryerContext, p Program) (map[string]string, error) {
	const query = `
		SELECT job, max(period) AS period
		FROM job_runs
		WHERE program_id = $1 AND round = 0
		GROUP BY job`
	var rows []struct{ Job, Period string }
	if err := sqlx.SelectContext(ctx, q, &rows, query, p.ID); err != nil {
		return nil, err
	}
	newest := map[string]string{}
	for _, row := range rows {
		newest[row.Job] = row.Period
	}
	return newest, nil
}

// Next is when a job comes due next in a program, and for which period.
func (r *Runner) Next(p Program, job Job) (at time.Time, period Period) {
	period = job.Due.next(job.Due.newest(r.now(), p.Zone))
	return job.Due.at(period, p.Zone), period
}

// Standing is how a job stands in a program: when it comes due next, and how its
// runs of some days fared.
type Standing struct {
	Job    string      `db:"job"`
	Newest string      `db:"newest"` // the newest period that is done; "" for none
	Done   int         `db:"done"`   // runs that came due in those days
	Failed int         `db:"failed"`
	Open   int         `db:"open"`
	Next   time.Time   `db:"-"`
	Period Period      `db:"-"` // what the next run is for
	ToCome []time.Time `db:"-"` // when it comes due in those days, after now
}

// Standings are how all jobs stand in a program, over the days from one instant to
// another, in the order of the schedule.
func (r *Runner) Standings(ctx context.Context, q sqlx.QueryerContext, p Program, from, until time.Time) ([]Standing, error) {
	const query = `
		SELECT job, coalesce(max(period) FILTER (WHERE state = 'done' AND round = 0), '') AS newest,
			count(*) FILTER (WHERE state = 'done' AND due_at >= $2 AND due_at < $3) AS done,
			count(*) FILTER (WHERE state = 'failed' AND due_at >= $2 AND due_at < $3) AS failed,
			count(*) FILTER (WHERE state IN ('waiting', 'running') AND due_at >= $2 AND due_at < $3) AS open
		FROM job_runs WHERE program_id = $1 AND NOT dry_run GROUP BY job`
	var rows []Standing
	if err := sqlx.SelectContext(ctx, q, &rows, query, p.ID, from, until); err != nil {
		return nil, fmt.Errorf("standings of program %d: %w", p.ID, err)
	}
	byJob := map[string]Standing{}
	for _, row := range rows {
		byJob[row.Job] = row
	}
	now := r.now()
	out := make([]Standing, len(r.Jobs))
	for i, job := range r.Jobs {
		s := byJob[job.Name]
		s.Job = job.Name
		s.Next, s.Period = r.Next(p, job)
		for period := s.Period; job.Due.at(period, p.Zone).Before(until); period = job.Due.next(period) {
			if at := job.Due.at(period, p.Zone); at.After(now) && !at.Before(from) {
				s.ToCome = append(s.ToCome, at)
			}
		}
		out[i] = s
	}
	return out, nil
}
