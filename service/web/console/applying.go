package console

import (
	"log/slog"
	"sync"
	"time"

	"seedbook/service/roster"
)

// applying knows which rosters this process is applying right now. A roster
// that is begun and not among them was interrupted, and can be resumed.
type applying struct {
	mu  sync.Mutex
	now map[applied]bool
}

type applied struct {
	tenant int32
	roster roster.ID
}

func (a *applying) running(tenant int32, id roster.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now[applied{tenant, id}]
}

// start runs fn behind the request, once at a time a roster, and returns where
// its error will come; nil where it runs already.
func (a *applying) start(busy *sync.WaitGroup, log *slog.Logger, tenant int32, id roster.ID, fn func() error) <-chan error {
	key := applied{tenant, id}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.now[key] {
		return nil
	}
	if a.now == nil {
		a.now = map[applied]bool{}
	}
	a.now[key] = true
	done := make(chan error, 1)
	busy.Go(func() {
		err := fn()
		a.mu.Lock()
		delete(a.now, key)
		a.mu.Unlock()
		if err != nil {
			log.Error("roster stopped", "roster", id, "error", err.Error())
		}
		done <- err
	})
	return done
}

// moment is how long a page waits for work before it shows its progress.
const moment = 2 * time.Second

// within returns the work's error if it ends within a moment, and nil otherwise.
func within(done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-time.After(moment):
		return nil
	}
}
