package web

import "sync"

// Working knows what goes on behind requests right now, by a key of the door's
// own. What is begun and not among it was interrupted, or goes on elsewhere. The
// zero value is ready.
type Working[K comparable] struct {
	mu  sync.Mutex
	now map[K]bool
}

// Running reports whether the work of a key goes on.
func (w *Working[K]) Running(key K) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now[key]
}

// Start runs fn behind the request, once at a time a key, and returns where its
// error will come; nil where it runs already. busy is waited for when the door
// closes.
func (w *Working[K]) Start(busy *sync.WaitGroup, key K, fn func() error) <-chan error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now[key] {
		return nil
	}
	if w.now == nil {
		w.now = map[K]bool{}
	}
	w.now[key] = true
	done := make(chan error, 1)
	busy.Go(func() {
		err := fn()
		w.mu.Lock()
		delete(w.now, key)
		w.mu.Unlock()
		done <- err
	})
	return done
}
