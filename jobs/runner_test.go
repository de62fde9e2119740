package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
)

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
