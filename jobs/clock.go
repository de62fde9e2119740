package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"golang.org/x/mod/sumdb/note"
)

// Clock ticks once a minute, in UTC: it asks the runner to do what is due, and
// beside that seals the books, however long a run takes. A tick that is still at
// work lets the next ones pass.
type Clock struct {
	cron *cron.Cron
	job  cron.Job
	ctx  context.Context
	stop context.CancelFunc
	busy sync.WaitGroup
}

// StartClock starts ticking, the first time at once: an outage is caught up
// without waiting for the minute. signer signs the checkpoints of the books.
func StartClock(r *Runner, signer note.Signer) *Clock {
	ctx, stop := context.WithCancel(context.Background())
	log := cronLog{r.log()}
	c := &Clock{cron: cron.New(cron.WithLocation(time.UTC)), ctx: ctx, stop: stop}
	c.job = cron.NewChain(cron.Recover(log), cron.SkipIfStillRunning(log)).Then(cron.FuncJob(func() {
		if err := r.Tick(ctx); err != nil {
			log.Error(err, "")
		}
	}))
	if _, err := c.cron.AddJob("* * * * *", c.job); err != nil {
		panic(err) // the expression is a constant
	}
	seal := cron.NewChain(cron.Recover(log), cron.SkipIfStillRunning(log)).Then(cron.FuncJob(func() {
		if err := Seal(ctx, r, signer); err != nil {
			log.Error(err, "")
		}
	}))
	if _, err := c.cron.AddJob("* * * * *", seal); err != nil {
		panic(err) // the expression is a constant
	}
	c.cron.Start()
	c.Kick()
	c.busy.Go(seal.Run)
	return c
}

// Kick ticks now: somebody has asked for a run.
func (c *Clock) Kick() { c.busy.Go(c.job.Run) }

// Stop lets the chunks that have begun finish, then returns. Their runs are
// free for another to go on with.
func (c *Clock) Stop() {
	c.stop()
	<-c.cron.Stop().Done()
	c.busy.Wait()
}

// cronLog writes cron's own complaints: a panic, a tick that was skipped.
type cronLog struct{ *slog.Logger }

func (l cronLog) Info(string, ...any) {} // each tick, each skip: nothing to know

func (l cronLog) Error(err error, _ string, _ ...any) {
	l.Logger.Error("job clock", "error", reason(err))
}
