package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"

	"seedbook/service/fault"
	"seedbook/service/store"
)

// failure is why a run stopped, once that is recorded.
type failure struct{ error }

func (f *failure) Unwrap() error { return f.error }

// Runner does what is due. Several may work on one database, in one program or
// on several machines: they divide the programs among them run by run.
type Runner struct {
	DB   *store.DB
	Jobs []Job // in the order of Table
	// Programs lists all programs of all organizations.
	Programs func(ctx context.Context) ([]Program, error)
	// Now is the clock; nil means the real one.
	Now func() time.Time
	// Lease is how long a run is ours after the last sign of life; 0 means 30
	// seconds. Signs are given three times as often.
	Lease time.Duration
	// Log gets a line for each run; nil means slog's default.
	Log *slog.Logger
}

// errHeld reports a run that somebody else works on, or that must wait for
// another run of its program.
var errHeld = errors.New("somebody else works on it")

// errFenced reports that the run was taken from us while we worked.
var errFenced = errors.New("the run was taken over")

// Tick does everything that is due, in order, and returns when nothing is left
// that it could do. ctx ends it at the next chunk's end. A run that fails is
// recorded and logged; the error is of the clock itself.
func (r *Runner) Tick(ctx context.Context) error {
	programs, err := r.Programs(ctx)
	if err != nil {
		return fmt.Errorf("tick: list programs: %w", err)
	}
	errs := make([]error, len(programs))
	var g errgroup.Group
	g.SetLimit(2) // more would only wait for two cores
	for i, p := range programs {
		g.Go(func() error {
			if err := r.tend(ctx, p); err != nil && ctx.Err() == nil {
				errs[i] = fmt.Errorf("tick: program %s: %w", p.Code, err)
			}
			return nil // one program's trouble is not another's
		})
	}
	_ = g.Wait()
	return errors.Join(errs...)
}

// tend does what is due in a program until something must wait.
func (r *Runner) tend(ctx context.Context, p Program) error {
	for first := true; ctx.Err() == nil; first = false {
		due, err := r.due(ctx, p)
		if err != nil || len(due) == 0 {
			return err
		}
		if first && len(due) > 2*len(r.Jobs) {
			r.log().WarnContext(ctx, "jobs are catching up", "program", p.Code, "runs", len(due), "since", due[0].DueAt)
		}
		if due[0].RetryAt != nil && due[0].RetryAt.After(r.now()) {
			return nil
		}
		run, err := r.take(ctx, p, due[0])
		if err == nil {
			_, err = r.work(ctx, p, run, nil)
		}
		if _, failed := errors.AsType[*failure](err); failed || errors.Is(err, errHeld) || errors.Is(err, errFenced) {
			return nil // what comes after it waits
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take makes a run ours: its row is made if it has none, and its token grows.
// It returns errHeld.
func (r *Runner) take(ctx context.Context, p Program, run Run) (Run, error) {
	at := r.now()
	err := r.DB.InTx(ctx, r.who(p, run.Job), func(tx *sqlx.Tx) error {
		if err := r.record(ctx, tx, p, run); err != nil {
			return err
		}
		if err := putDown(ctx, tx, p, at); err != nil {
			return err
		}
		const query = `
			UPDATE job_runs
			SET state = 'running', fence = fence + 1, holder = $6, heartbeat_at = $7, lease_until = $8,
			    started_at = coalesce(started_at, $7), retry_at = NULL
			WHERE program_id = $1 AND job = $2 AND period = $3 AND round = $4
			  AND (state = 'waiting' OR state = 'failed')
			  AND (CAST($5 AS bigint) = 0 OR id = $5)
			RETURNING ` + columns
		var taken []Run
		err := tx.SelectContext(ctx, &taken, query, p.ID, run.Job, run.Period, run.Round, run.ID, holder(), at, at.Add(r.lease()))
		if store.Violates(err, "job_runs_one_at_a_time_key") || err == nil && len(taken) == 0 {
			return errHeld
		}
		if err == nil {
			run = taken[0]
		}
		return err
	})
	if err != nil && !errors.Is(err, errHeld) {
		return Run{}, fmt.Errorf("take %s for %s: %w", run.Job, run.Period, err)
	}
	return run, err
}

// record puts down a run that the schedule asks for.
func (r *Runner) record(ctx context.Context, tx *sqlx.Tx, p Program, run Run) error {
	if run.ID != 0 {
		return nil
	}
	const query = `
		INSERT INTO job_runs (tenant_id, program_id, job, period, round, dry_run, as_of, due_at, requested_by, state)
		VALUES ($1, $2, $3, $4, 0, false, $5, $6, $7, 'waiting')
		ON CONFLICT ON CONSTRAINT job_runs_period_key DO NOTHING`
	_, err := tx.ExecContext(ctx, query, p.Tenant, p.ID, run.Job, run.Period, run.AsOf, run.DueAt, byClock)
	return err
}

// putDown frees the runs of a program whose holders gave no sign of life. A dry
// run cannot go on where it was, so it ends.
func putDown(ctx context.Context, tx *sqlx.Tx, p Program, at time.Time) error {
	const query = `
		UPDATE job_runs
		SET state = CASE WHEN dry_run OR cancel_by <> '' THEN 'cancelled' ELSE 'waiting' END,
		    finished_at = CASE WHEN dry_run OR cancel_by <> '' THEN CAST($2 AS timestamptz) END
		WHERE program_id = $1 AND state = 'running' AND lease_until < $2`
	_, err := tx.ExecContext(ctx, query, p.ID, at)
	return err
}

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
	var next Run
	err = h.DB.InTx(ctx, t.Who, func(tx *sqlx.Tx) error {
		step, err := h.call(ctx, tx, t, h.run.Checkpoint)
		if err != nil {
			return err
		}
		next, err = save(ctx, tx, h.run.after(step, t.At), t.At, h.lease())
		return err
	})
	if err == nil {
		h.run = next
	}
	return err
}

// call does a step of the job.
func (h *hold) call(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (step Step, err error) {
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

// save writes how far a run got, if it is still ours, and renews the lease. A
// run that somebody asked to stop, and that is not done, is then cancelled.
// This is the fence: it stands in the transaction of the chunk's work, so that
// work which lost its run is rolled back with it.
func save(ctx context.Context, tx *sqlx.Tx, run Run, at time.Time, lease time.Duration) (saved Run, err error) {
	const query = `
		UPDATE job_runs
		SET state = CASE WHEN $3 = 'running' AND cancel_by <> '' THEN 'cancelled' ELSE $3 END,
		    finished_at = CASE WHEN $3 = 'running' AND cancel_by <> '' THEN CAST($5 AS timestamptz) ELSE CAST($4 AS timestamptz) END,
		    heartbeat_at = $5, lease_until = $6, checkpoint = $7, chunks = $8, done = $9, total = $10, counts = $11, sums = $12
		WHERE id = $1 AND fence = $2 AND state = 'running'
		RETURNING ` + columns
	var rows []Run
	err = tx.SelectContext(ctx, &rows, query, run.ID, run.Fence, string(run.State), run.FinishedAt, at, at.Add(lease),
		run.Checkpoint, run.Chunks, run.Done, run.Total, run.Counts, run.Sums)
	if err != nil {
		return Run{}, fmt.Errorf("save run %d: %w", run.ID, err)
	}
	if len(rows) == 0 {
		return Run{}, fmt.Errorf("save run %d: %w", run.ID, errFenced)
	}
	return rows[0], nil
}

// note saves a change of the run in a transaction of its own.
func (h *hold) note(ctx context.Context, run Run, change func(next *Run)) error {
	change(&run)
	at := h.now()
	return h.DB.InTx(ctx, h.who(h.program, h.job.Name), func(tx *sqlx.Tx) error {
		saved, err := save(ctx, tx, run, at, h.lease())
		if err == nil {
			h.run = saved
		}
		return err
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
		return tx.GetContext(ctx, &h.run, query, h.run.ID, h.run.Fence, at, retry, reason(why))
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

// keepAlive renews the lease until stopped. When the run is taken from us, the
// context that it returns ends.
func (r *Runner) keepAlive(ctx context.Context, p Program, run Run) (alive context.Context, stop func()) {
	alive, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		every := time.NewTicker(r.lease() / 3)
		defer every.Stop()
		for {
			select {
			case <-alive.Done():
				return
			case <-every.C:
				if err := r.heartbeat(alive, p, run); errors.Is(err, errFenced) {
					cancel(errFenced)
				}
			}
		}
	}()
	return alive, func() { cancel(nil); <-done }
}

func (r *Runner) heartbeat(ctx context.Context, p Program, run Run) error {
	at := r.now()
	return r.DB.InTx(ctx, r.who(p, run.Job), func(tx *sqlx.Tx) error {
		const query = `
			UPDATE job_runs
			SET heartbeat_at = $3, lease_until = $4
			WHERE id = $1 AND fence = $2 AND state = 'running'`
		res, err := tx.ExecContext(ctx, query, run.ID, run.Fence, at, at.Add(r.lease()))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return errFenced
	})
}

// Job is a job by its name, or ErrNoJob.
func (r *Runner) Job(name string) (Job, error) {
	for _, j := range r.Jobs {
		if j.Name == name {
			return j, nil
		}
	}
	return Job{}, ErrNoJob.With(map[string]any{"Name": name})
}

func (r *Runner) who(p Program, job string) store.Who {
	return store.Who{Tenant: p.Tenant, Actor: "job/" + job}
}

func (r *Runner) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func (r *Runner) lease() time.Duration { return cmp.Or(r.Lease, 30*time.Second) }

func (r *Runner) log() *slog.Logger {
	if r.Log != nil {
		return r.Log
	}
	return slog.Default()
}

// holder names this process, for the person who wonders which one it is.
func holder() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}
