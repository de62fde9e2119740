package jobs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/store"
)

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
		if err := Resume(t.Context(), tx, store.Who{Tenant: 1, Actor: "staff/7"}, 99, h.clock.now()); !errors.Is(err, ErrNoRun) {
			t.Errorf("resume no run: %v", err)
		}
		return Resume(t.Context(), tx, store.Who{Tenant: 1, Actor: "staff/7"}, h.only().ID, h.clock.now())
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
