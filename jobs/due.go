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
