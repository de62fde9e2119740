package jobs

import (
	"context"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/vault"
)

func TestTheClockTicksAtOnceAndStopsAfterTheChunkThatHasBegun(t *testing.T) {
	h := newHouse(t, pgtest.New(t).DSN)
	err := h.db.InTx(t.Context(), staff, func(tx *sqlx.Tx) error {
		_, err := ledger.OpenBook(t.Context(), tx, ledger.NewBook{Code: "riverbend", Name: "Riverbend", Currency: "USD"}, h.clock.now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	begun, stopping := make(chan bool), make(chan bool)
	c := StartClock(h.runner(tens("awards", func(_ context.Context, _ *sqlx.Tx, _ Task, from Cursor) error {
		if from == "" {
			close(begun)
			<-stopping
		}
		return nil
	})), h.signer())
	<-begun
	for range 1000 { // the books are sealed while a run goes on
		if h.checkpoints() > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if h.checkpoints() == 0 {
		t.Error("the books are not sealed while a run goes on")
	}
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

func (h *house) signer() note.Signer {
	h.t.Helper()
	s, err := vault.Random().Signer(SignerName)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// checkpoints are the signed checkpoints of the house's books.
func (h *house) checkpoints() (n int) {
	h.t.Helper()
	err := h.db.Read(h.t.Context(), staff, func(q sqlx.QueryerContext) error {
		return sqlx.GetContext(h.t.Context(), q, &n, `SELECT count(*) FROM ledger_log_checkpoints`)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
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
	c := StartClock(r, h.signer())
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
