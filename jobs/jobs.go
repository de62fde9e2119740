// Package jobs is the clock: it does what is due, and what a person asks to
// have done now.
//
// cron ticks once a minute and decides nothing. What is due is computed from
// the schedule (schedule.go) in each program's own time zone and remembered in
// job_runs, one row for each job, program and period, so that an hour that the
// clock skips or doubles, an outage, or a second copy of the program changes
// nothing. The runs of a program are done one at a time in the order in which
// they came due; one that fails holds up those behind it until it succeeds or
// somebody cancels it.
//
// A run is done in chunks. A chunk's work and the note of how far the run got
// commit together, and only while the run is still ours (see work.go). So a
// run may be killed at any moment and goes on where it was.
//
// jobs calls rooms and is called by doors' programs only. It holds no rule of a
// program: a job is a few lines that hand a chunk of children to a room.
package jobs

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of the clock.
var (
	// ErrNoJob reports the name of no job.
	ErrNoJob = fault.New(fault.NotFound, "jobs.no_job")
	// ErrNoRun reports a run that does not exist.
	ErrNoRun = fault.New(fault.NotFound, "jobs.no_run")
	// ErrFuture reports a run asked for a day that has not come. Only a dry run
	// may look ahead.
	ErrFuture = fault.New(fault.Invalid, "jobs.future")
	// ErrFinished reports that a run cannot be cancelled any more.
	ErrFinished = fault.New(fault.Conflict, "jobs.finished")
)

// Job is a kind of work that the schedule asks for.
type Job struct {
	Name string // as in the schedule: "awards"
	Due  Schedule
	// Plan counts what a run will go through, for progress; it may be nil. It
	// is a read.
	Plan func(ctx context.Context, q sqlx.QueryerContext, t Task) (total int, err error)
	// Chunk does the next part of a run, beginning at a cursor. It is a step:
	// it works in tx only, because its transaction may be rolled back and run
	// again. It takes a second or so, thousands of children at most.
	Chunk func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error)
	// Look, in place of Chunk, does a whole run by reading only: it sees one moment.
	Look func(ctx context.Context, q sqlx.QueryerContext, t Task) (Step, error)
	// Pays says that it gives money: a large run by hand waits for another person.
	Pays bool
}

// New is the job of a name with the work that it does. It panics where the
// schedule has no such name.
func New(name string, plan func(context.Context, sqlx.QueryerContext, Task) (int, error),
	chunk func(context.Context, *sqlx.Tx, Task, Cursor) (Step, error)) Job {
	for _, row := range Table {
		if row.Name == name {
			return Job{Name: name, Due: row.Due, Plan: plan, Chunk: chunk}
		}
	}
	panic("no job in the schedule is called " + name)
}

// Program is what the clock needs to know of a program.
type Program struct {
	Tenant int32
	ID     int64
	Code   string
	Zone   *time.Location
	// Since is the instant after which every period counts, whether the clock
	// was running or not. When zero, a program's first run of a job is for the
	// newest period that is due.
	Since time.Time
}

// Task is what a run asks of a chunk.
type Task struct {
	Run     int64 // its number
	Program Program
	Who     store.Who   // the organization, and the job as the actor
	Period  Period      // what the run is for
	AsOf    ledger.Date // the day whose state of affairs counts
	At      time.Time   // the instant of this chunk; later chunks have later ones
	DryRun  bool        // everything will be rolled back
}

// Step is what a chunk did.
type Step struct {
	// Next is where the following chunk begins; empty when this was the last.
	Next Cursor
	// Done is how many it went through, of Plan's total.
	Done int
	// Counts is what came of them: how many by reason. Codes, not prose.
	Counts Counts
	// Sums are amounts by name, in the program's currency.
	Sums Sums
}

// Cursor is a place in a run: JSON that only the job understands. Empty is the
// beginning.
type Cursor string

// After is the cursor behind a number. After 0 is empty: at the end of a run
// there is no last one.
func After[ID ~int64](id ID) Cursor {
	if id == 0 {
		return ""
	}
	return Cursor(strconv.FormatInt(int64(id), 10))
}

// ID is the number that After was given.
func (c Cursor) ID() int64 {
	n, _ := strconv.ParseInt(string(c), 10, 64)
	return n
}

// Scan and Value keep a cursor in a jsonb column; empty is NULL.
func (c *Cursor) Scan(src any) error {
	b, _ := src.([]byte)
	*c = Cursor(b)
	return nil
}

func (c Cursor) Value() (driver.Value, error) {
	if c == "" {
		return nil, nil
	}
	return string(c), nil
}

// Counts is how many by reason.
type Counts map[string]int

// Plus adds, and leaves both as they were.
func (c Counts) Plus(d Counts) Counts {
	sum := Counts{}
	maps.Copy(sum, c)
	for reason, n := range d {
		sum[reason] += n
	}
	return sum
}

// Scan and Value keep counts in a jsonb column.
func (c *Counts) Scan(src any) error          { return scanJSON(src, c) }
func (c Counts) Value() (driver.Value, error) { return valueJSON(c.Plus(nil)) }

// Sums is amounts by name.
type Sums map[string]ledger.Amount

// Plus adds, and leaves both as they were.
func (s Sums) Plus(d Sums) Sums {
	sum := Sums{}
	maps.Copy(sum, s)
	for name, amount := range d {
		sum[name] = sum[name].Add(amount)
	}
	return sum
}

// Scan and Value keep sums in a jsonb column, as decimal strings.
func (s *Sums) Scan(src any) error          { return scanJSON(src, s) }
func (s Sums) Value() (driver.Value, error) { return valueJSON(s.Plus(nil)) }

func scanJSON(src, into any) error {
	b, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("read %T as JSON", src)
	}
	return json.Unmarshal(b, into)
}

// valueJSON is a string because the driver sends []byte as bytea.
func valueJSON(v any) (driver.Value, error) {
	b, err := json.Marshal(v)
	return string(b), err
}
