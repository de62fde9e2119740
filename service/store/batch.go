package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// Batcher collects concurrent requests into the next transaction while one
// commits, so that a lock and a flush are paid once for many. It has no timer:
// under light load a batch is one request. fn does the work of a whole batch
// and answers each item in order; it must be safe to repeat (idempotency keys),
// since a batch that fails is run again item by item, so that one bad item
// fails alone.
type Batcher[T, R any] struct {
	limit int
	do    func(ctx context.Context, items []T) ([]R, error)

	queue  chan *request[T, R]
	mu     sync.RWMutex // guards closed, and queue against being closed while sent to
	closed bool
	done   sync.WaitGroup
}

type request[T, R any] struct {
	ctx    context.Context
	item   T
	answer chan answer[R]
}

type answer[R any] struct {
	result R
	err    error
}

// queued is how many batches may wait; beyond it a request is told to come
// back rather than to wait its turn out.
const queued = 4

// batchTime bounds one batch. It is longer than a statement may take, since the
// database's own limits give better errors.
const batchTime = 30 * time.Second

// NewBatcher starts a batcher for one tenant and actor, with at most limit
// items a transaction. Close it.
func NewBatcher[T, R any](db *DB, who Who, limit int, fn func(ctx context.Context, tx *sqlx.Tx, items []T) ([]R, error)) *Batcher[T, R] {
	return start(limit, 1, func(ctx context.Context, items []T) (results []R, err error) {
		err = db.InTx(ctx, who, func(tx *sqlx.Tx) (err error) {
			results, err = fn(ctx, tx, items)
			return counted(len(results), len(items), err)
		})
		return results, err
	})
}

// NewReadBatcher is NewBatcher for questions: concurrent ones are answered from
// one read-only transaction, and so from one moment of the books.
func NewReadBatcher[T, R any](db *DB, who Who, limit int, fn func(ctx context.Context, q sqlx.QueryerContext, items []T) ([]R, error)) *Batcher[T, R] {
	return start(limit, readers, func(ctx context.Context, items []T) (results []R, err error) {
		err = db.Read(ctx, who, func(q sqlx.QueryerContext) (err error) {
			results, err = fn(ctx, q, items)
			return counted(len(results), len(items), err)
		})
		return results, err
	})
}

// turns is how often others may run before a batch is taken. Those whom the
// last batch answered are about to ask again; without a turn for them they miss
// the next one, and batches come out half full (measured: 16 of 32 clients, with
// three turns 28, and a third more work done).
const turns = 3

// readers is how many collect questions at one time: while one's answers are on
// their way, the other asks. Writers of a book wait for each other anyway.
const readers = 2

func start[T, R any](limit, collectors int, do func(ctx context.Context, items []T) ([]R, error)) *Batcher[T, R] {
	b := &Batcher[T, R]{limit: limit, do: do, queue: make(chan *request[T, R], queued*limit)}
	for range collectors {
		b.done.Go(b.collect)
	}
	return b
}

// Do has an item done and waits for its answer. It returns ErrBusy when too
// many wait already or the batcher is closed. When ctx ends first, the item may
// be done all the same: repeat it with its key.
func (b *Batcher[T, R]) Do(ctx context.Context, item T) (R, error) {
	var none R
	r := &request[T, R]{ctx, item, make(chan answer[R], 1)}
	if !b.enqueue(r) {
		return none, ErrBusy
	}
	select {
	case a := <-r.answer:
		return a.result, a.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (b *Batcher[T, R]) enqueue(r *request[T, R]) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return false
	}
	select {
	case b.queue <- r:
		return true
	default:
		return false
	}
}

// Close takes no more requests, does those that wait, and returns.
func (b *Batcher[T, R]) Close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.queue)
	}
	b.mu.Unlock()
	b.done.Wait()
}

// collect takes one request, then whatever else has queued meanwhile.
func (b *Batcher[T, R]) collect() {
	batch := make([]*request[T, R], 0, b.limit)
	for first := range b.queue {
		batch = append(batch[:0], first)
		for range turns {
			runtime.Gosched()
		}
		for len(batch) < b.limit {
			r, ok := b.poll()
			if !ok {
				break
			}
			batch = append(batch, r)
		}
		b.serve(batch)
		clear(batch)
	}
}

func (b *Batcher[T, R]) poll() (*request[T, R], bool) {
	select {
	case r, ok := <-b.queue:
		return r, ok
	default:
		return nil, false
	}
}

// serve runs a batch and answers everyone in it.
func (b *Batcher[T, R]) serve(batch []*request[T, R]) {
	batch = b.wanted(batch)
	if len(batch) == 0 {
		return
	}
	results, err := b.run(batch)
	switch {
	case err == nil:
		for i, r := range batch {
			r.answer <- answer[R]{results[i], nil}
		}
	case len(batch) == 1 || errors.Is(err, ErrUnknown) || errors.Is(err, ErrBusy):
		// It is not an item's fault: running them singly would only take longer.
		for _, r := range batch {
			r.answer <- answer[R]{err: err}
		}
	default:
		for i := range batch {
			b.serve(batch[i : i+1])
		}
	}
}

// wanted drops requests whose callers have gone before their work began.
func (b *Batcher[T, R]) wanted(batch []*request[T, R]) []*request[T, R] {
	kept := batch[:0]
	for _, r := range batch {
		if err := r.ctx.Err(); err != nil {
			r.answer <- answer[R]{err: err}
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

func (b *Batcher[T, R]) run(batch []*request[T, R]) (results []R, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), batchTime)
	defer cancel()
	// A panic of fn must not end the program from this goroutine, which no
	// handler's recovery covers.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a batch: %v\n%s", p, debug.Stack())
		}
	}()
	items := make([]T, len(batch))
	for i, r := range batch {
		items[i] = r.item
	}
	return b.do(ctx, items)
}

// counted refuses, before anything is committed, work that left a question
// unanswered.
func counted(answers, items int, err error) error {
	if err == nil && answers != items {
		return fmt.Errorf("a batch of %d items gave %d answers", items, answers)
	}
	return err
}
