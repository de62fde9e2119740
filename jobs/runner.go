package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

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
