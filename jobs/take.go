package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
)

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
		if err != nil {
			return err
		}
		run = taken[0]
		return jot(ctx, tx, run.ID, Event{At: at, What: Taken, By: run.Holder})
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
