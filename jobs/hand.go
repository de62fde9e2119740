package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
)

// RunNow does a run that a person asks for and returns it finished; when it
// fails, it returns why.
// If one like it was interrupted, that one goes on where it was. If somebody
// works on it, or on another run of the program, RunNow waits for its turn;
// watch, which may be nil, is told how the run stands meanwhile and after each
// chunk. ctx ends it at the next chunk's end and leaves the run waiting.
func (r *Runner) RunNow(ctx context.Context, who store.Who, o Order, watch func(Run)) (Run, error) {
	var run Run
	err := r.DB.InTx(ctx, who, func(tx *sqlx.Tx) (err error) {
		run, err = Request(ctx, tx, who, o, r.now())
		return err
	})
	if err != nil {
		return Run{}, err
	}
	for {
		taken, err := r.take(ctx, o.Program, run)
		if err == nil {
			taken, err = r.work(ctx, o.Program, taken, watch)
		}
		if !errors.Is(err, errHeld) && !errors.Is(err, errFenced) {
			return taken, err
		}
		if run, err = r.await(ctx, who, run, watch); err != nil || run.Finished() {
			return run, err
		}
	}
}

// await looks at a run that others work on, once a moment has passed.
func (r *Runner) await(ctx context.Context, who store.Who, run Run, watch func(Run)) (Run, error) {
	select {
	case <-ctx.Done():
		return run, ctx.Err()
	case <-time.After(200 * time.Millisecond):
	}
	err := r.DB.Read(ctx, who, func(q sqlx.QueryerContext) (err error) {
		run, err = Load(ctx, q, run.ID)
		return err
	})
	if err == nil && watch != nil {
		watch(run)
	}
	return run, err
}

// errRehearsed ends the transaction of a dry run.
var errRehearsed = errors.New("a dry run is rolled back")

// rehearse does a whole run in one transaction, so that each chunk finds what
// those before it left (a fund runs out once), and rolls it back. Until then it
// holds up the program's other postings. Its progress and its report are kept.
func (h *hold) rehearse(ctx, alive context.Context) error {
	t, err := h.task()
	if err != nil {
		return err
	}
	start := h.run
	err = h.DB.InTx(alive, t.Who, func(tx *sqlx.Tx) error {
		for run := start; ; {
			step, err := h.call(alive, tx, t, run.Checkpoint)
			if err != nil {
				return err
			}
			run = run.after(step, h.now())
			if err := h.note(alive, run, func(next *Run) { h.stopIf(ctx.Err() != nil, next) }, chunked(step, run, h.now())); err != nil {
				return err
			}
			h.tell()
			if run = h.run; run.State != Running {
				return errRehearsed
			}
		}
	})
	if !errors.Is(err, errRehearsed) {
		return fmt.Errorf("dry run: %w", err)
	}
	return nil
}

// stopIf cancels a dry run, which cannot go on another time.
func (h *hold) stopIf(stop bool, next *Run) {
	if stop && next.State == Running {
		at := h.now()
		next.State, next.FinishedAt = Cancelled, &at
	}
}
