package jobs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
)

// dsnVar turns the test program into a copy of csa that ticks on the named
// database and, in the second chunk, with its work done but not committed, says
// so and hangs.
const dsnVar = "JOBS_TEST_TICK"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(dsnVar); dsn != "" {
		hang(dsn)
	}
	os.Exit(m.Run())
}

func hang(dsn string) {
	t := &testing.T{}
	h := newHouse(t, dsn)
	r := h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, _ Task, from Cursor) error {
		if from.ID() == 10 {
			fmt.Println("working")
			select {}
		}
		return nil
	}))
	fmt.Println(r.Tick(context.Background()))
	os.Exit(1)
}

func TestARunWhoseProgramIsKilledGoesOnWhereItWas(t *testing.T) {
	dsn := pgtest.New(t).DSN
	h := newHouse(t, dsn)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dsnVar+"="+dsn)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "working\n" {
		_ = cmd.Process.Kill()
		t.Fatalf("the program said %q, %v", said, err)
	}
	if err := cmd.Process.Kill(); err != nil { // -9
		t.Fatal(err)
	}
	_ = cmd.Wait()

	r := h.runner(tens("awards", nil))
	h.tick(r)
	if run := h.only(); run.State != Running || run.Done != 10 || run.Interrupted(h.clock.now()) {
		t.Errorf("before its lease has passed: %+v", run)
	}
	h.clock.pass(2 * time.Minute)
	if run := h.only(); !run.Interrupted(h.clock.now()) {
		t.Errorf("after its lease has passed: %+v", run)
	}
	h.tick(r)
	if run := h.only(); run.State != Done || run.Chunks != 3 || run.Fence != 2 {
		t.Errorf("run = %+v", run)
	}
	h.eachOnce()
}

func TestARunGoesOnAfterTheDatabaseIsKilled(t *testing.T) {
	srv := pgtest.NewServer(t)
	h := newHouse(t, srv.Database)
	for kill := range 3 { // in the first, the second and the third chunk
		r := h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, _ Task, from Cursor) error {
			if from.ID() == int64(10*kill) {
				srv.Kill()
			}
			return nil
		}))
		if err := r.Tick(t.Context()); err == nil {
			t.Errorf("kill %d: the tick noticed nothing", kill)
		}
		if err := srv.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if run := h.only(); run.State != Running || run.Done != int64(10*kill) {
			t.Errorf("kill %d: run = %+v", kill, run)
		}
		h.clock.pass(2 * time.Minute)
	}
	h.tick(h.runner(tens("awards", nil)))
	if run := h.only(); run.State != Done || run.Chunks != 3 {
		t.Errorf("run = %+v", run)
	}
	h.eachOnce()
}

func TestARunByHandGoesOnWithTheOneThatWasKilled(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	ctx, stop := context.WithCancel(t.Context())
	dying := h.runner(tens("awards", func(context.Context, *sqlx.Tx, Task, Cursor) error { stop(); return nil }))
	o := Order{Program: h.program, Job: dying.Jobs[0], AsOf: date(t, "2026-08-10")}
	first, err := dying.RunNow(ctx, staff, o, nil)
	if err != nil || first.State != Waiting || first.Done != 10 {
		t.Fatalf("run = %+v, %v", first, err)
	}
	h.exec(`UPDATE job_runs SET state = 'running'`) // as one that was killed leaves it
	waited := false
	r := h.runner(tens("awards", nil))
	second, err := r.RunNow(t.Context(), staff, o, func(run Run) {
		if run.State == Running && run.Done == 10 {
			waited = true
			h.clock.pass(time.Minute)
		}
	})
	if err != nil || second.ID != first.ID || second.State != Done || second.Chunks != 3 || !waited {
		t.Errorf("run = %+v, %v, waited %v; want run %d done", second, err, waited, first.ID)
	}
}
