package jobs

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
)

func TestTheClockTicksAtOnceAndStopsAfterTheChunkThatHasBegun(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	begun, stopping := make(chan bool), make(chan bool)
	c := StartClock(h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, _ Task, from Cursor) error {
		if from == "" {
			close(begun)
			<-stopping
		}
		return nil
	})))
	<-begun
	c.Kick() // while it works: nothing happens twice
	stopped := make(chan bool)
	go func() { c.Stop(); close(stopped) }()
	for c.ctx.Err() == nil { // until Stop has been heard
	}
	close(stopping)
	<-stopped
	if run := h.only(); run.State != Waiting || run.Done != 10 {
		t.Errorf("run = %+v, want it waiting after the chunk that had begun", run)
	}
}

func TestAKickDoesWhatWasAskedFor(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	asked := make(chan string, 10)
	r := h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, t Task, from Cursor) error {
		if from.ID() == 20 {
			asked <- t.Period.Key
		}
		return nil
	}))
	h.tick(r)
	<-asked
	c := StartClock(r)
	defer c.Stop()
	c.busy.Wait() // its first tick finds nothing due
	err := h.db.InTx(t.Context(), staff, func(tx *sqlx.Tx) error {
		_, err := Request(t.Context(), tx, staff, Order{Program: h.program, Job: r.Jobs[0], AsOf: date(t, "2026-08-02")}, h.clock.now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Kick()
	if got := <-asked; got != "2026-08-02" {
		t.Errorf("did %s", got)
	}
}
