package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/store"
)

// State is where a run stands.
type State string

// The states of a run.
const (
	Waiting   State = "waiting"   // due, asked for, or interrupted: the next tick takes it
	Running   State = "running"   // somebody works on it
	Done      State = "done"      // all of it
	Failed    State = "failed"    // it will be tried again
	Cancelled State = "cancelled" // somebody stopped it; what it did stays
)

// Run is one run of a job.
type Run struct {
	ID          int64       `db:"id"`
	Program     int64       `db:"program_id"`
	Job         string      `db:"job"`
	Period      string      `db:"period"`
	Round       int         `db:"round"` // 0: the schedule's; else the n-th that was asked for
	DryRun      bool        `db:"dry_run"`
	AsOf        ledger.Date `db:"as_of"`
	DueAt       time.Time   `db:"due_at"`
	RequestedBy string      `db:"requested_by"` // "clock" or an actor
	State       State       `db:"state"`
	Fence       int64       `db:"fence"`
	Holder      string      `db:"holder"`
	LeaseUntil  *time.Time  `db:"lease_until"`
	HeartbeatAt *time.Time  `db:"heartbeat_at"`
	StartedAt   *time.Time  `db:"started_at"`
	FinishedAt  *time.Time  `db:"finished_at"`
	CancelBy    string      `db:"cancel_by"` // who asked to stop it
	Failures    int         `db:"failures"`
	RetryAt     *time.Time  `db:"retry_at"`
	Error       string      `db:"error"` // of the last failure
	Checkpoint  Cursor      `db:"checkpoint"`
	Chunks      int         `db:"chunks"`
	Done        int64       `db:"done"`
	Total       *int64      `db:"total"` // nil: unknown
	Counts      Counts      `db:"counts"`
	Sums        Sums        `db:"sums"`
}

const columns = `id, program_id, job, period, round, dry_run, as_of, due_at, requested_by, state, fence, holder, lease_until,
	heartbeat_at, started_at, finished_at, cancel_by, failures, retry_at, error, checkpoint, chunks, done, total, counts, sums`

// Finished reports a run that will not go on.
func (r Run) Finished() bool { return r.State == Done || r.State == Cancelled }

// Interrupted reports a run that nobody works on although it says so: its
// program died. The next tick goes on with it.
func (r Run) Interrupted(now time.Time) bool {
	return r.State == Running && r.LeaseUntil != nil && r.LeaseUntil.Before(now)
}

// byClock asks for what is in the schedule.
const byClock = "clock"

// Load is one run, or ErrNoRun.
func Load(ctx context.Context, q sqlx.QueryerContext, id int64) (r Run, err error) {
	const query = `SELECT ` + columns + ` FROM job_runs WHERE id = $1`
	err = sqlx.GetContext(ctx, q, &r, query, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, ErrNoRun
	}
	if err != nil {
		return Run{}, fmt.Errorf("load run %d: %w", id, err)
	}
	return r, nil
}

// History is the runs of a program, or with program 0 of the organization,
// newest first: the first limit of them, or those older than a run.
func History(ctx context.Context, q sqlx.QueryerContext, program, before int64, limit int) ([]Run, error) {
	const query = `
		SELECT ` + columns + `
		FROM job_runs
		WHERE (CAST($1 AS bigint) = 0 OR program_id = $1)
		  AND (CAST($2 AS bigint) = 0 OR id < $2)
		ORDER BY id DESC
		LIMIT $3`
	var runs []Run
	if err := sqlx.SelectContext(ctx, q, &runs, query, program, before, limit); err != nil {
		return nil, fmt.Errorf("runs of program %d: %w", program, err)
	}
	return runs, nil
}

// RunsOf is the runs of one job of a program, newest first.
func RunsOf(ctx context.Context, q sqlx.QueryerContext, program int64, job string, limit int) ([]Run, error) {
	const query = store.Kept + `
		SELECT ` + columns + `
		FROM job_runs
		WHERE program_id = $1 AND job = $2
		ORDER BY id DESC
		LIMIT $3`
	var runs []Run
	if err := sqlx.SelectContext(ctx, q, &runs, query, program, job, limit); err != nil {
		return nil, fmt.Errorf("runs of %s in program %d: %w", job, program, err)
	}
	return runs, nil
}

// Cancel stops a run: at the end of its chunk if somebody works on it, else at
// once. What it has done stays done, and the clock does not ask for that period
// again. It returns ErrFinished or ErrNoRun.
func Cancel(ctx context.Context, tx *sqlx.Tx, who store.Who, id int64, at time.Time) error {
	const query = `
		UPDATE job_runs
		SET cancel_by = $2,
		    state = CASE WHEN state = 'running' AND lease_until >= CAST($3 AS timestamptz) THEN state ELSE 'cancelled' END,
		    finished_at = CASE WHEN state = 'running' AND lease_until >= $3 THEN finished_at ELSE $3 END
		WHERE id = $1 AND state IN ('waiting', 'running', 'failed')`
	res, err := tx.ExecContext(ctx, query, id, who.Actor, at)
	if err != nil {
		return fmt.Errorf("cancel run %d: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		if err == nil {
			err = jot(ctx, tx, id, Event{At: at, What: StopAsked, By: who.Actor})
		}
		return err
	}
	if _, err := Load(ctx, tx, id); err != nil {
		return err
	}
	return fmt.Errorf("cancel run %d: %w", id, ErrFinished)
}

// Resume has the clock go on with a failed run at its next tick, without waiting
// for the hour of the next try. A run that did not fail is left as it is.
func Resume(ctx context.Context, tx *sqlx.Tx, who store.Who, id int64, at time.Time) error {
	const query = `UPDATE job_runs SET state = 'waiting', retry_at = NULL WHERE id = $1 AND state = 'failed'`
	if _, err := Load(ctx, tx, id); err != nil {
		return err
	}
	res, err := tx.ExecContext(ctx, query, id)
	if err != nil {
		return fmt.Errorf("resume run %d: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return jot(ctx, tx, id, Event{At: at, What: Resumed, By: who.Actor})
}

// Order is a run that a person asks for.
type Order struct {
	Program Program
	Job     Job
	AsOf    ledger.Date // no day: today in the program's zone
	DryRun  bool
	// Approval is what a large run that pays rests on, where a person asks for it.
	Approval string
}

// Request puts a run down to be done; the clock's next tick takes it. While one
// like it is still to be done, that one is returned. It returns ErrFuture, and
// approval.ErrNeeded where the run pays more than the person may have paid alone.
func Request(ctx context.Context, tx *sqlx.Tx, who store.Who, o Order, at time.Time) (Run, error) {
	today := ledger.DateIn(at, o.Program.Zone)
	if o.AsOf.IsZero() {
		o.AsOf = today
	}
	if o.AsOf.After(today) && !o.DryRun {
		return Run{}, ErrFuture.At("as_of")
	}
	if err := o.authorize(ctx, tx, who, at); err != nil {
		return Run{}, err
	}
	period := o.Job.Due.Through(o.AsOf)
	if open, err := openOrder(ctx, tx, o, period.Key); err == nil || !errors.Is(err, sql.ErrNoRows) {
		return open, err
	}
	const query = `
		INSERT INTO job_runs (tenant_id, program_id, job, period, round, dry_run, as_of, due_at, requested_by, state)
		SELECT CAST($1 AS integer), CAST($2 AS bigint), CAST($3 AS text), CAST($4 AS text), coalesce(max(round), 0) + 1,
		       CAST($5 AS boolean), CAST($6 AS date), CAST($7 AS timestamptz), CAST($8 AS text), 'waiting'
		FROM job_runs
		WHERE tenant_id = $1 AND program_id = $2 AND job = $3 AND period = $4
		RETURNING ` + columns
	var r Run
	err := tx.GetContext(ctx, &r, query, o.Program.Tenant, o.Program.ID, o.Job.Name, period.Key, o.DryRun, o.AsOf, at, who.Actor)
	if err != nil {
		return Run{}, fmt.Errorf("request %s of %s for %s: %w", o.Job.Name, o.Program.Code, period.Key, err)
	}
	return r, nil
}

// openOrder is a run like the one ordered that is still to be done, or
// sql.ErrNoRows. A dry run is always made anew.
func openOrder(ctx context.Context, tx *sqlx.Tx, o Order, period string) (r Run, err error) {
	const query = `
		SELECT ` + columns + `
		FROM job_runs
		WHERE program_id = $1 AND job = $2 AND period = $3 AND as_of = $4
		  AND round > 0 AND NOT dry_run AND NOT CAST($5 AS boolean)
		  AND state IN ('waiting', 'running', 'failed')
		ORDER BY id
		LIMIT 1`
	return r, tx.GetContext(ctx, &r, query, o.Program.ID, o.Job.Name, period, o.AsOf, o.DryRun)
}
