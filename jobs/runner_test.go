package jobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/store"
)

// house is a database with an organization, a program in New York and a table
// that a test's job writes: each child is done once a period, or the database
// complains.
type house struct {
	t       testing.TB
	db      *store.DB
	owner   *sqlx.DB
	program Program
	clock   *fakeClock
	log     *bytes.Buffer
	logger  *slog.Logger // one for all runners: it guards log
}

const children = 25

func newHouse(t testing.TB, dsn string) *house {
	t.Helper()
	owner, err := sqlx.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Close() })
	db, err := store.Open(dsn, 16)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{t: t, db: db, owner: owner, clock: &fakeClock{}, log: &bytes.Buffer{}}
	h.logger = slog.New(slog.NewTextHandler(h.log, nil))
	h.exec(`CREATE TABLE IF NOT EXISTS test_done (tenant_id integer NOT NULL, job text, period text, child bigint, at timestamptz,
			CONSTRAINT test_done_once_key UNIQUE (tenant_id, job, period, child))`)
	if h.count(`SELECT count(*) FROM tenants`) == 0 {
		h.exec(`SELECT tenant_table('test_done', 'SELECT, INSERT')`)
		h.exec(`INSERT INTO tenants (id, name, created_at) VALUES (1, 'Riverbend', '2026-01-01Z'), (2, 'Springfield', '2026-01-01Z')`)
	}
	h.program = h.addProgram(1, "riverbend", "America/New_York")
	h.clock.set(at(t, "2026-08-20T12:00:00Z"))
	return h
}

func (h *house) addProgram(tenant int32, code, zoneName string) Program {
	h.t.Helper()
	h.exec(`INSERT INTO programs (tenant_id, code, name, time_zone, currency, rounding, book_id, created_at)
		VALUES ($1, $2, $2, $3, 'USD', 'half_up', 1, '2026-01-01Z') ON CONFLICT DO NOTHING`, tenant, code, zoneName)
	p := Program{Tenant: tenant, Code: code, Zone: zone(h.t, zoneName)}
	if err := h.owner.Get(&p.ID, `SELECT id FROM programs WHERE tenant_id = $1 AND code = $2`, tenant, code); err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	if _, err := h.owner.Exec(query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	if err := h.owner.Get(&n, query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (h *house) runs() []Run {
	h.t.Helper()
	var runs []Run
	err := h.db.Read(h.t.Context(), store.Who{Tenant: h.program.Tenant, Actor: "test"}, func(q sqlx.QueryerContext) (err error) {
		runs, err = History(h.t.Context(), q, 0, 0, 1000)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(runs)
	return runs
}

// only is the one run there is.
func (h *house) only() Run {
	h.t.Helper()
	runs := h.runs()
	if len(runs) != 1 {
		h.t.Fatalf("%d runs, want 1: %+v", len(runs), runs)
	}
	return runs[0]
}

// runner is one copy of the program, with the jobs given.
func (h *house) runner(jobs ...Job) *Runner {
	return &Runner{
		DB: h.db, Jobs: jobs, Now: h.clock.now, Lease: time.Minute,
		Programs: func(context.Context) ([]Program, error) { return []Program{h.program}, nil },
		Log:      h.logger,
	}
}

func (h *house) tick(r *Runner) {
	h.t.Helper()
	if err := r.Tick(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// eachOnce fails unless every child was done exactly once in every period that
// has a finished run.
func (h *house) eachOnce() {
	h.t.Helper()
	const query = `
		SELECT count(*)
		FROM job_runs r
		WHERE r.state = 'done' AND NOT r.dry_run AND r.round = 0
		  AND (r.done <> $1 OR $1 <> (SELECT count(DISTINCT child) FROM test_done d WHERE d.tenant_id = r.tenant_id AND d.job = r.job AND d.period = r.period))`
	if n := h.count(query, children); n != 0 {
		h.t.Errorf("%d runs did not do each child once: %+v", n, h.runs())
	}
}

type fakeClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *fakeClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *fakeClock) pass(d time.Duration) { c.set(c.now().Add(d)) }

// tens is a job that does ten children a chunk. between, if any, is called in
// each chunk's transaction, after its work.
func tens(name string, between func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) error) Job {
	return New(name,
		func(context.Context, sqlx.QueryerContext, Task) (int, error) { return children, nil },
		func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
			const query = `
				INSERT INTO test_done (tenant_id, job, period, child, at)
				SELECT $1, $2, $3, n, $6 FROM generate_series(CAST($4 AS bigint), $5) AS n`
			first, last := from.ID()+1, min(from.ID()+10, children)
			if _, err := tx.ExecContext(ctx, query, t.Who.Tenant, name, t.Period.Key, first, last, t.At); err != nil {
				return Step{}, err
			}
			if between != nil {
				if err := between(ctx, tx, t, from); err != nil {
					return Step{}, err
				}
			}
			done := int(last - first + 1)
			step := Step{Next: After(last), Done: done, Counts: Counts{"enough": done}, Sums: Sums{"given": ledger.Minor(int64(done) * 250)}}
			if last == children {
				step.Next = ""
			}
			return step, nil
		})
}

var staff = store.Who{Tenant: 1, Actor: "staff/7"}

func TestADueRunIsDoneOnceInChunksAndReported(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	var told []int64
	r := h.runner(tens("awards", nil))
	h.tick(r)
	h.tick(r)
	run := h.only()
	if run.State != Done || run.Period != "2026-08-20" || run.AsOf.String() != "2026-08-20" || run.RequestedBy != "clock" || run.Round != 0 {
		t.Errorf("run = %+v", run)
	}
	if run.Chunks != 3 || run.Done != children || *run.Total != children || run.Counts["enough"] != children || run.Sums["given"].String() != "62.50" {
		t.Errorf("report = %d chunks, %d of %d, %v, %v", run.Chunks, run.Done, *run.Total, run.Counts, run.Sums)
	}
	if want := at(t, "2026-08-20T02:30:00-04:00"); !run.DueAt.Equal(want) {
		t.Errorf("due at %s, want %s", run.DueAt, want)
	}
	h.eachOnce()

	again, err := r.RunNow(t.Context(), staff, Order{Program: h.program, Job: r.Jobs[0], AsOf: date(t, "2026-08-03")}, func(run Run) { told = append(told, run.Done) })
	if err != nil || again.Period != "2026-08-03" || again.Round != 1 || again.RequestedBy != "staff/7" {
		t.Errorf("by hand = %+v, %v", again, err)
	}
	if !slices.Equal(told, []int64{10, 20, 25}) {
		t.Errorf("watched %v, want 10, 20, 25", told)
	}
}

func TestAProgramsFirstRunIsTheNewestUnlessItSaysSinceWhen(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	h.program.Since = at(t, "2026-08-17T12:00:00Z")
	h.tick(h.runner(tens("awards", nil)))
	var periods []string
	for _, run := range h.runs() {
		periods = append(periods, run.Period)
	}
	if want := []string{"2026-08-18", "2026-08-19", "2026-08-20"}; !slices.Equal(periods, want) {
		t.Errorf("ran %v, want %v", periods, want)
	}
}

func TestAfterAnOutageOverTheMonthsEndEverythingIsCaughtUpInOrder(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	h.clock.set(at(t, "2026-08-29T12:00:00Z"))
	var order []string
	note := func(_ context.Context, _ *sqlx.Tx, t Task, from Cursor) error {
		if from == "" {
			order = append(order, fmt.Sprintf("%s for %s as of %s", t.Who.Actor, t.Period.Key, t.AsOf))
		}
		return nil
	}
	r := h.runner(tens("eligibility", note), tens("awards", note), tens("statements", note))
	h.tick(r)
	order = nil
	h.clock.set(at(t, "2026-09-02T12:00:00Z"))
	h.tick(r)
	want := []string{
		"job/eligibility for 2026-08-30 as of 2026-08-30", "job/awards for 2026-08-30 as of 2026-08-30",
		"job/eligibility for 2026-08-31 as of 2026-08-31", "job/awards for 2026-08-31 as of 2026-08-31",
		"job/eligibility for 2026-09-01 as of 2026-09-01", "job/awards for 2026-09-01 as of 2026-09-01",
		"job/statements for 2026-08 as of 2026-08-31",
		"job/eligibility for 2026-09-02 as of 2026-09-02", "job/awards for 2026-09-02 as of 2026-09-02",
	}
	if !slices.Equal(order, want) {
		t.Errorf("ran %s", strings.Join(order, "\n    "))
	}
	h.eachOnce()
	if n := strings.Count(h.log.String(), "jobs are catching up"); n != 1 {
		t.Errorf("the operator was told of the outage %d times, want once", n)
	}
}

func TestTwoReplicasAndManyTicksMakeOneRun(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	for range 5 {
		var wg sync.WaitGroup
		for range 2 {
			r := h.runner(tens("eligibility", nil), tens("awards", nil))
			for range 4 {
				wg.Go(func() {
					if err := r.Tick(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		h.tick(h.runner(tens("eligibility", nil), tens("awards", nil))) // what a loser left to the next minute
		h.clock.pass(24 * time.Hour)
	}
	runs := h.runs()
	if len(runs) != 10 {
		t.Errorf("%d runs in 5 days of 2 jobs", len(runs))
	}
	for _, run := range runs {
		if run.State != Done {
			t.Errorf("%s for %s is %s", run.Job, run.Period, run.State)
		}
	}
	h.eachOnce()
}

func TestAWorkerThatComesBackFromTheDeadChangesNothing(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	frozen, thaw := make(chan bool), make(chan bool)
	zombie := h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, _ Task, from Cursor) error {
		if from.ID() == 10 { // SIGSTOP in the second chunk, its work done but not committed
			close(frozen)
			<-thaw
		}
		return nil
	}))
	ended := make(chan error)
	go func() { ended <- zombie.Tick(context.Background()) }()
	<-frozen
	other := h.runner(tens("awards", nil))
	h.tick(other)
	if run := h.only(); run.State != Running || run.Done != 10 {
		t.Errorf("while the lease lasts the other did something: %+v", run)
	}
	h.clock.pass(2 * time.Minute)
	job := tens("awards", nil)
	chunk := job.Chunk
	job.Chunk = func(ctx context.Context, tx *sqlx.Tx, task Task, from Cursor) (Step, error) {
		if from.ID() == 10 {
			close(thaw) // SIGCONT, now that the run is the other's
		}
		return chunk(ctx, tx, task, from) // which waits for what the zombie has not committed
	}
	h.tick(h.runner(job))
	if err := <-ended; err != nil {
		t.Errorf("the zombie's tick: %v", err)
	}
	if run := h.only(); run.State != Done || run.Fence != 2 || run.Chunks != 3 {
		t.Errorf("run = %+v", run)
	}
	if !strings.Contains(h.log.String(), "taken over") {
		t.Errorf("the zombie did not notice: %s", h.log)
	}
	h.eachOnce()
}

func TestTheFenceRollsBackTheWorkOfARunThatWasTakenOver(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	r := h.runner(tens("awards", func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) error {
		if from.ID() == 10 {
			h.exec(`UPDATE job_runs SET fence = fence + 1, holder = 'the other'`) // by another, committed
		}
		return nil
	}))
	h.tick(r)
	run := h.only()
	if run.State != Running || run.Done != 10 || run.Holder != "the other" {
		t.Errorf("run = %+v, want the other's, as it was", run)
	}
	if n := h.count(`SELECT count(*) FROM test_done`); n != 10 {
		t.Errorf("%d children done, want the first chunk's 10: the second lost its run", n)
	}
	if !strings.Contains(h.log.String(), "taken over") {
		t.Errorf("the log says nothing: %s", h.log)
	}
}

func TestALeaseIsRenewedWhileAChunkWorks(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	r := h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, _ Task, from Cursor) error {
		if from != "" {
			return nil
		}
		before := h.clock.now()
		h.clock.pass(time.Second)
		for h.count(`SELECT count(*) FROM job_runs WHERE heartbeat_at > $1`, before) == 0 { // until the next sign of life
		}
		return nil
	}))
	r.Lease = 150 * time.Millisecond
	h.tick(r)
	if run := h.only(); run.State != Done {
		t.Errorf("run = %+v", run)
	}
}

func TestAFailedRunIsTriedAgainWhereItWasAndHoldsUpItsProgramOnly(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	broken := true
	eligibility := tens("eligibility", func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) error {
		if broken && t.Program.Code == "riverbend" && from.ID() == 20 {
			_, err := tx.ExecContext(ctx, `SELECT CAST('Canary' AS integer)`)
			return fmt.Errorf("look at children: %w", err)
		}
		return nil
	})
	r := h.runner(eligibility, tens("awards", nil))
	second := h.addProgram(2, "springfield", "America/Chicago")
	r.Programs = func(context.Context) ([]Program, error) { return []Program{h.program, second}, nil }
	h.tick(r)
	run := h.only()
	if run.State != Failed || run.Done != 20 || run.Failures != 1 || !run.RetryAt.Equal(h.clock.now().Add(time.Minute)) {
		t.Errorf("run = %+v", run)
	}
	if run.Error != "database 22P02 invalid_text_representation" || strings.Contains(h.log.String(), "Canary") {
		t.Errorf("error = %q, log = %s", run.Error, h.log)
	}
	if n := h.count(`SELECT count(*) FROM job_runs WHERE tenant_id = 2 AND state = 'done'`); n != 2 {
		t.Errorf("the other program did %d runs, want 2", n)
	}
	h.tick(r)
	if run := h.only(); run.Failures != 1 {
		t.Errorf("tried again at once: %+v", run)
	}
	broken = false
	h.clock.pass(time.Minute)
	h.tick(r)
	if runs := h.runs(); len(runs) != 2 || runs[0].State != Done || runs[0].Chunks != 3 || runs[1].Job != "awards" {
		t.Errorf("runs = %+v", runs)
	}
	h.eachOnce()
}

func TestABugInAJobFailsTheRunAndNotTheProgram(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	h.tick(h.runner(tens("awards", func(context.Context, *sqlx.Tx, Task, Cursor) error { panic("Canary") })))
	if run := h.only(); run.State != Failed || run.Error != "panic in the job: string" {
		t.Errorf("run = %+v", run)
	}
}

func TestARunStopsAtTheEndOfItsChunkWhenTheProgramDoes(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	ctx, stop := context.WithCancel(t.Context())
	r := h.runner(tens("awards", func(context.Context, *sqlx.Tx, Task, Cursor) error { stop(); return nil }))
	if err := r.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if run := h.only(); run.State != Waiting || run.Done != 10 {
		t.Errorf("run = %+v, want it waiting after its first chunk", run)
	}
	h.tick(h.runner(tens("awards", nil))) // another takes it at once, without waiting for the lease
	if run := h.only(); run.State != Done || run.Chunks != 3 || run.Fence != 2 {
		t.Errorf("run = %+v", run)
	}
	h.eachOnce()
}

func TestACancelledRunStopsAtTheEndOfItsChunkAndIsNotAskedForAgain(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	cancel := func(id int64) error {
		return h.db.InTx(context.Background(), staff, func(tx *sqlx.Tx) error { return Cancel(context.Background(), tx, staff, id, h.clock.now()) })
	}
	r := h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, task Task, from Cursor) error {
		if from.ID() == 10 {
			if err := cancel(task.Run); err != nil {
				t.Error(err)
			}
		}
		return nil
	}))
	if err := cancel(99); !errors.Is(err, ErrNoRun) {
		t.Errorf("cancel no run: %v", err)
	}
	h.tick(r)
	h.tick(r)
	run := h.only()
	if run.State != Cancelled || run.Done != 20 || run.CancelBy != "staff/7" || run.FinishedAt == nil {
		t.Errorf("run = %+v", run)
	}
	if err := cancel(run.ID); !errors.Is(err, ErrFinished) {
		t.Errorf("cancel twice: %v", err)
	}
}

func TestARunThatIsNotWorkedOnIsCancelledAtOnce(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	r := h.runner(tens("awards", func(context.Context, *sqlx.Tx, Task, Cursor) error { return errors.New("no") }))
	h.tick(r)
	err := h.db.InTx(t.Context(), staff, func(tx *sqlx.Tx) error { return Cancel(t.Context(), tx, staff, h.only().ID, h.clock.now()) })
	if run := h.only(); err != nil || run.State != Cancelled {
		t.Errorf("run = %+v, %v", run, err)
	}
	h.clock.pass(time.Hour)
	h.tick(r)
	if run := h.only(); run.Failures != 1 {
		t.Errorf("a cancelled run was tried again: %+v", run)
	}
}

func TestAFailedRunIsResumedWhenAPersonSaysSo(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	broken := true
	r := h.runner(tens("awards", func(context.Context, *sqlx.Tx, Task, Cursor) error {
		if broken {
			return errors.New("no")
		}
		return nil
	}))
	h.tick(r)
	broken = false
	err := h.db.InTx(t.Context(), staff, func(tx *sqlx.Tx) error {
		if err := Resume(t.Context(), tx, 99); !errors.Is(err, ErrNoRun) {
			t.Errorf("resume no run: %v", err)
		}
		return Resume(t.Context(), tx, h.only().ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	h.tick(r)
	if run := h.only(); run.State != Done {
		t.Errorf("run = %+v", run)
	}
}

func TestADryRunSeesItsOwnWorkReportsItAndLeavesNothing(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	var seen []int
	r := h.runner(tens("awards", func(ctx context.Context, tx *sqlx.Tx, task Task, _ Cursor) error {
		var n int
		err := tx.GetContext(ctx, &n, `SELECT count(*) FROM test_done`)
		seen = append(seen, n)
		if !task.DryRun {
			t.Error("the chunk was not told that it is a dry run")
		}
		return err
	}))
	run, err := r.RunNow(t.Context(), staff, Order{Program: h.program, Job: r.Jobs[0], AsOf: date(t, "2026-12-24"), DryRun: true}, nil)
	if err != nil || run.State != Done || !run.DryRun || run.Done != children || run.Counts["enough"] != children || run.Sums["given"].String() != "62.50" {
		t.Errorf("dry run = %+v, %v", run, err)
	}
	if !slices.Equal(seen, []int{10, 20, 25}) {
		t.Errorf("the chunks saw %v, want what those before them did", seen)
	}
	if n := h.count(`SELECT count(*) FROM test_done`); n != 0 {
		t.Errorf("a dry run left %d rows", n)
	}
	again, err := r.RunNow(t.Context(), staff, Order{Program: h.program, Job: r.Jobs[0], AsOf: date(t, "2026-12-24"), DryRun: true}, nil)
	if err != nil || again.Round != 2 {
		t.Errorf("a second dry run = %+v, %v", again, err)
	}
	h.tick(h.runner(tens("awards", nil))) // and stands in nobody's way
	h.eachOnce()
}

func TestADryRunThatFailsIsOver(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	broken := errors.New("no rule book")
	r := h.runner(tens("awards", func(context.Context, *sqlx.Tx, Task, Cursor) error { return broken }))
	run, err := r.RunNow(t.Context(), staff, Order{Program: h.program, Job: r.Jobs[0], DryRun: true}, nil)
	if !errors.Is(err, broken) || run.State != Cancelled || !strings.Contains(run.Error, "no rule book") {
		t.Errorf("dry run = %+v, %v", run, err)
	}
}

func TestARunByHandIsRefusedForADayToComeAndAnUnknownJob(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	r := h.runner(tens("awards", nil))
	if _, err := r.Job("nonsense"); !errors.Is(err, ErrNoJob) {
		t.Errorf("Job = %v, want ErrNoJob", err)
	}
	o := Order{Program: h.program, Job: r.Jobs[0], AsOf: date(t, "2026-08-21")}
	if _, err := r.RunNow(t.Context(), staff, o, nil); !errors.Is(err, ErrFuture) {
		t.Errorf("RunNow = %v, want ErrFuture", err)
	}
	if len(h.runs()) != 0 {
		t.Error("a refused run was put down")
	}
}

func TestARequestedRunIsDoneByTheNextTickAndAskedForOnce(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	r := h.runner(tens("awards", nil))
	h.tick(r)
	var ids []int64
	for range 2 {
		err := h.db.InTx(t.Context(), staff, func(tx *sqlx.Tx) error {
			run, err := Request(t.Context(), tx, staff, Order{Program: h.program, Job: r.Jobs[0], AsOf: date(t, "2026-08-02")}, h.clock.now())
			ids = append(ids, run.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if ids[0] != ids[1] {
		t.Errorf("the same request made runs %v", ids)
	}
	h.tick(r)
	if runs := h.runs(); len(runs) != 2 || runs[1].State != Done || runs[1].Period != "2026-08-02" {
		t.Errorf("runs = %+v", runs)
	}
}

func TestAnotherOrganizationSeesNoRuns(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	h.tick(h.runner(tens("awards", nil)))
	run := h.only()
	other := store.Who{Tenant: 2, Actor: "staff/9"}
	err := h.db.InTx(t.Context(), other, func(tx *sqlx.Tx) error {
		if _, err := Load(t.Context(), tx, run.ID); !errors.Is(err, ErrNoRun) {
			t.Errorf("Load = %v, want ErrNoRun", err)
		}
		return Cancel(t.Context(), tx, other, run.ID, h.clock.now())
	})
	if !errors.Is(err, ErrNoRun) {
		t.Errorf("Cancel = %v, want ErrNoRun", err)
	}
}
