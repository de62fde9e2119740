package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/fault"
	"seedbook/service/store"
)

// work does a run that is ours, chunk by chunk, and returns it as it then is:
// done, cancelled, failed, or waiting when ctx ended. watch, if any, is told
// after each chunk. The error is a *failure, errFenced, or the clock's own.
func (r *Runner) work(ctx context.Context, p Program, run Run, watch func(Run)) (Run, error) {
	job, err := r.Job(run.Job)
	if err != nil {
		return run, err
	}
	began := r.now()
	// What has begun is finished: ctx only keeps the next chunk from beginning.
	alive, stop := r.keepAlive(context.WithoutCancel(ctx), p, run)
	defer stop()
	h := &hold{r, p, job, run, watch}
	if err := h.plan(alive); err != nil {
		return h.fail(alive, err)
	}
	if run.DryRun {
		err = h.rehearse(ctx, alive)
	} else {
		err = h.perform(ctx, alive)
	}
	if err != nil {
		return h.fail(alive, err)
	}
	r.log().InfoContext(ctx, "job run", "job", run.Job, "program", p.Code, "period", run.Period, "run", run.ID,
		"state", h.run.State, "dry", run.DryRun, "done", h.run.Done, "took", r.now().Sub(began))
	return h.run, nil
}

// hold is a run while it is ours.
type hold struct {
	*Runner
	program Program
	job     Job
	run     Run // as the database has it
	watch   func(Run)
}

func (h *hold) task() (Task, error) {
	period, err := h.job.Due.parse(h.run.Period)
	return Task{
		Run: h.run.ID, Program: h.program, Who: h.who(h.program, h.job.Name),
		Period: period, AsOf: h.run.AsOf, At: h.now(), DryRun: h.run.DryRun,
	}, err
}

// plan counts what there is to do, once.
func (h *hold) plan(ctx context.Context) error {
	if h.job.Plan == nil || h.run.Total != nil {
		return nil
	}
	t, err := h.task()
	if err != nil {
		return err
	}
	var total int64
	err = h.DB.Read(ctx, t.Who, func(q sqlx.QueryerContext) error {
		return h.guard(ctx, func() error {
			n, err := h.job.Plan(ctx, q, t)
			total = int64(n)
			return err
		})
	})
	if err != nil {
		return err
	}
	return h.note(ctx, h.run, func(next *Run) { next.Total = &total })
}

// perform does chunk after chunk, each in a transaction with its checkpoint.
func (h *hold) perform(ctx, alive context.Context) error {
	for unsure := 0; h.run.State == Running; {
		if ctx.Err() != nil {
			return h.note(alive, h.run, func(next *Run) { next.State = Waiting })
		}
		err := h.chunk(alive)
		if errors.Is(err, store.ErrUnknown) && unsure < 3 {
			unsure++
			err = h.reload(alive) // it is done or not: the row knows
		}
		if err == nil {
			err = h.DB.Refresh(alive)
		}
		if err != nil {
			return err
		}
		h.tell()
	}
	return nil
}

func (h *hold) chunk(ctx context.Context) error {
	t, err := h.task()
	if err != nil {
		return err
	}
	if h.job.Look != nil {
		return h.look(ctx, t)
	}
	var next Run
	err = h.DB.InTx(ctx, t.Who, func(tx *sqlx.Tx) error {
		step, err := h.call(ctx, tx, t, h.run.Checkpoint)
		if err != nil {
			return err
		}
		if next, err = save(ctx, tx, h.run.after(step, t.At), t.At, h.lease()); err != nil {
			return err
		}
		return jot(ctx, tx, next.ID, chunked(step, next, t.At))
	})
	if err == nil {
		h.run = next
	}
	return err
}

// look does the run of a job that only reads, and notes what it found.
func (h *hold) look(ctx context.Context, t Task) error {
	var step Step
	err := h.DB.Read(ctx, t.Who, func(q sqlx.QueryerContext) error {
		return h.guard(ctx, func() (err error) {
			step, err = h.job.Look(ctx, q, t)
			return err
		})
	})
	if err != nil {
		return err
	}
	at := h.now()
	return h.DB.InTx(ctx, t.Who, func(tx *sqlx.Tx) error {
		saved, err := save(ctx, tx, h.run.after(step, at), at, h.lease())
		if err != nil {
			return err
		}
		h.run = saved
		return jot(ctx, tx, saved.ID, chunked(step, saved, at))
	})
}

// call does a step of the job.
func (h *hold) call(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (step Step, err error) {
	if h.job.Look != nil {
		err = h.guard(ctx, func() (err error) {
			step, err = h.job.Look(ctx, tx, t)
			return err
		})
		return step, err
	}
	err = h.guard(ctx, func() (err error) {
		step, err = h.job.Chunk(ctx, tx, t, from)
		return err
	})
	return step, err
}

// guard makes of a panic in the job an error: a bug in it fails the run and not
// the program.
func (h *hold) guard(ctx context.Context, fn func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			h.log().ErrorContext(ctx, "job panic", "job", h.job.Name, "run", h.run.ID, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic in the job: %T", p) // its text may hold what people wrote
		}
	}()
	return fn()
}

// after is the run once a step is done.
func (run Run) after(s Step, at time.Time) Run {
	run.Checkpoint = s.Next
	run.Chunks++
	run.Done += int64(s.Done)
	run.Counts, run.Sums = run.Counts.Plus(s.Counts), run.Sums.Plus(s.Sums)
	if s.Next == "" {
		run.State, run.FinishedAt = Done, &at
	}
	return run
}

// note saves a change of the run in a transaction of its own.
func (h *hold) note(ctx context.Context, run Run, change func(next *Run), events ...Event) error {
	change(&run)
	at := h.now()
	return h.DB.InTx(ctx, h.who(h.program, h.job.Name), func(tx *sqlx.Tx) error {
		saved, err := save(ctx, tx, run, at, h.lease())
		if err != nil {
			return err
		}
		h.run = saved
		for _, e := range events {
			if err := jot(ctx, tx, saved.ID, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// reload reads the run again after a commit whose answer was lost.
func (h *hold) reload(ctx context.Context) error {
	return h.DB.Read(ctx, h.who(h.program, h.job.Name), func(q sqlx.QueryerContext) error {
		run, err := Load(ctx, q, h.run.ID)
		if err == nil && run.Fence != h.run.Fence {
			return errFenced
		}
		if err == nil {
			h.run = run
		}
		return err
	})
}

// fail records why a run stopped, to be tried again later: after a minute, then
// two, four, … up to an hour. When it is not ours any more, it is left alone.
func (h *hold) fail(ctx context.Context, why error) (Run, error) {
	lost := errors.Is(why, errFenced) || errors.Is(context.Cause(ctx), errFenced)
	ctx = context.WithoutCancel(ctx)
	if lost {
		h.log().WarnContext(ctx, "job run taken over", "job", h.job.Name, "program", h.program.Code, "run", h.run.ID)
		return h.run, errFenced
	}
	h.log().ErrorContext(ctx, "job run failed", "job", h.job.Name, "program", h.program.Code, "period", h.run.Period, "run", h.run.ID, "error", reason(why))
	at := h.now()
	retry := at.Add(min(time.Minute<<min(h.run.Failures, 10), time.Hour))
	err := h.DB.InTx(ctx, h.who(h.program, h.job.Name), func(tx *sqlx.Tx) error {
		const query = `
			UPDATE job_runs
			SET state = CASE WHEN cancel_by <> '' OR dry_run THEN 'cancelled' ELSE 'failed' END,
			    finished_at = CASE WHEN cancel_by <> '' OR dry_run THEN CAST($3 AS timestamptz) END,
			    failures = failures + 1, retry_at = CASE WHEN NOT dry_run THEN CAST($4 AS timestamptz) END, error = $5
			WHERE id = $1 AND fence = $2 AND state = 'running'
			RETURNING ` + columns
		if err := tx.GetContext(ctx, &h.run, query, h.run.ID, h.run.Fence, at, retry, reason(why)); err != nil {
			return err
		}
		return jot(ctx, tx, h.run.ID, Event{At: at, What: Stumbled, By: h.run.Holder, Error: reason(why)})
	})
	if err != nil {
		return h.run, fmt.Errorf("record that run %d failed (%s): %w", h.run.ID, reason(why), err)
	}
	return h.run, &failure{why}
}

// reason is an error without what people may have written: of the database's
// own, which quote values, only what kind it is.
func reason(err error) string {
	if f, ok := errors.AsType[*fault.Fault](err); ok {
		return f.Key
	}
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return "database " + string(e.Code) + " " + cmp.Or(e.Constraint, e.Table, e.Code.Name())
	}
	return err.Error()
}

func (h *hold) tell() {
	if h.watch != nil {
		h.watch(h.run)
	}
}
