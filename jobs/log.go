package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Event is a line of a run's log: it was taken, did a chunk, failed, was asked to
// stop, goes on.
type Event struct {
	N      int64     `db:"n"`
	At     time.Time `db:"at"`
	What   string    `db:"what"` // Taken, Chunked, …
	By     string    `db:"by"`   // the process or the person
	Chunk  int       `db:"chunk"`
	Done   int64     `db:"done"` // what this chunk went through
	Counts Counts    `db:"counts"`
	Sums   Sums      `db:"sums"`
	Error  string    `db:"error"`
}

// What happens to a run.
const (
	Taken     = "taken"      // somebody works on it
	Chunked   = "chunk"      // a chunk is done
	Stumbled  = "failed"     // it stopped by a failure
	StopAsked = "stop_asked" // somebody asked to stop it
	Resumed   = "resumed"    // somebody had it go on
)

// jot adds a line to a run's log, in the transaction of what it tells.
func jot(ctx context.Context, tx *sqlx.Tx, run int64, e Event) error {
	const query = `
		INSERT INTO job_events (tenant_id, run_id, at, what, by, chunk, done, counts, sums, error)
		SELECT tenant_id, id, $2, $3, $4, $5, $6, $7, $8, $9 FROM job_runs WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, run, e.At, e.What, e.By, e.Chunk, e.Done, e.Counts, e.Sums, e.Error); err != nil {
		return fmt.Errorf("log of run %d: %w", run, err)
	}
	return nil
}

// LogOf is the newest lines of a run's log, the newest first, or those before a
// line.
func LogOf(ctx context.Context, q sqlx.QueryerContext, run, before int64, limit int) (all []Event, err error) {
	const query = `
		SELECT n, at, what, by, chunk, done, counts, sums, error
		FROM job_events
		WHERE run_id = $1 AND (CAST($2 AS bigint) = 0 OR n < $2)
		ORDER BY n DESC LIMIT $3`
	if err := sqlx.SelectContext(ctx, q, &all, query, run, before, limit); err != nil {
		return nil, fmt.Errorf("log of run %d: %w", run, err)
	}
	return all, nil
}

// Pace is how fast a run goes: how many a minute lately, and how long what is left
// takes at that pace; 0 where nobody can tell yet. The log is the newest first.
func Pace(run Run, log []Event) (perMinute float64, left time.Duration) {
	var done int64
	var began time.Time
	for _, e := range log {
		if e.What != Chunked {
			began = e.At
			break
		}
		done, began = done+e.Done, e.At
	}
	if len(log) == 0 || done == 0 || !log[0].At.After(began) {
		return 0, 0
	}
	took := log[0].At.Sub(began)
	perMinute = float64(done) / took.Minutes()
	if run.Total != nil && *run.Total > run.Done {
		left = time.Duration(float64(took) * float64(*run.Total-run.Done) / float64(done))
	}
	return perMinute, left
}

// chunked is the line that a chunk leaves.
func chunked(step Step, run Run, at time.Time) Event {
	return Event{At: at, What: Chunked, By: run.Holder, Chunk: run.Chunks, Done: int64(step.Done), Counts: step.Counts, Sums: step.Sums}
}
