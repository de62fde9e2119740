package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/store"
)

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

var errBad = errors.New("bad item")

// addTenants writes a row for each name and refuses the name "bad".
func addTenants(ctx context.Context, tx *sqlx.Tx, names []string) ([]string, error) {
	const query = `INSERT INTO tenants (name, created_at) VALUES ($1, '2026-01-01')`
	out := make([]string, len(names))
	for i, name := range names {
		if name == "bad" {
			return nil, errBad
		}
		if _, err := tx.ExecContext(ctx, query, name); err != nil {
			return nil, err
		}
		out[i] = "did " + name
	}
	return out, nil
}

func count(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	err := db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error { return tx.Get(&n, `SELECT count(*) FROM tenants`) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestConcurrentRequestsShareTransactionsAndGetTheirOwnAnswers(t *testing.T) {
	t.Parallel()
	db := open(t)
	var batches atomic.Int64
	b := store.NewBatcher(db, store.Who{Actor: "test"}, 16, func(ctx context.Context, tx *sqlx.Tx, names []string) ([]string, error) {
		batches.Add(1)
		return addTenants(ctx, tx, names)
	})
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			name := fmt.Sprint("tenant ", i)
			if got, err := b.Do(t.Context(), name); err != nil || got != "did "+name {
				t.Errorf("Do(%s) = %q, %v", name, got, err)
			}
		})
	}
	wg.Wait()
	b.Close()
	if n := count(t, db); n != 60 {
		t.Errorf("%d rows, want 60", n)
	}
	if n := batches.Load(); n >= 60 {
		t.Errorf("60 concurrent requests took %d transactions", n)
	}
}

func TestABadItemFailsAlone(t *testing.T) {
	t.Parallel()
	db := open(t)
	gate := make(chan struct{})
	b := store.NewBatcher(db, store.Who{Actor: "test"}, 16, func(ctx context.Context, tx *sqlx.Tx, names []string) ([]string, error) {
		<-gate // until the others have queued
		return addTenants(ctx, tx, names)
	})
	defer b.Close()
	var wg sync.WaitGroup
	for i, name := range []string{"first", "a", "bad", "b"} {
		wg.Go(func() {
			_, err := b.Do(t.Context(), name)
			if (name == "bad") != errors.Is(err, errBad) {
				t.Errorf("item %d (%s): %v", i, name, err)
			}
		})
	}
	close(gate)
	wg.Wait()
	if n := count(t, db); n != 3 {
		t.Errorf("%d rows, want 3", n)
	}
}

func TestAPanicIsAnErrorOfItsItem(t *testing.T) {
	t.Parallel()
	b := store.NewBatcher(open(t), store.Who{Actor: "test"}, 4, func(ctx context.Context, tx *sqlx.Tx, names []string) ([]string, error) {
		if names[0] == "boom" {
			panic("boom")
		}
		return addTenants(ctx, tx, names)
	})
	defer b.Close()
	if _, err := b.Do(t.Context(), "boom"); err == nil {
		t.Error("a panic gave no error")
	}
	if _, err := b.Do(t.Context(), "fine"); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestTooManyRequestsAreToldToComeBack(t *testing.T) {
	t.Parallel()
	gate, started := make(chan struct{}), make(chan struct{}, 100)
	b := store.NewBatcher(open(t), store.Who{Actor: "test"}, 1, func(ctx context.Context, tx *sqlx.Tx, names []string) ([]string, error) {
		started <- struct{}{}
		<-gate
		return addTenants(ctx, tx, names)
	})
	var wg sync.WaitGroup
	var busy atomic.Int64
	wg.Go(func() {
		if _, err := b.Do(t.Context(), "first"); err != nil {
			t.Error(err)
		}
	})
	<-started // the first is being served; four fit in the queue
	for i := range 12 {
		wg.Go(func() {
			if _, err := b.Do(t.Context(), fmt.Sprint("n", i)); errors.Is(err, store.ErrBusy) {
				if busy.Add(1) == 8 {
					close(gate) // nobody else fits: let those who wait go
				}
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	b.Close()
	if n := busy.Load(); n != 8 {
		t.Errorf("%d of 12 were refused, want 8", n)
	}
	if _, err := b.Do(t.Context(), "late"); !errors.Is(err, store.ErrBusy) {
		t.Errorf("after Close: %v, want ErrBusy", err)
	}
}

func TestWhoStopsWaitingIsNotServed(t *testing.T) {
	t.Parallel()
	db := open(t)
	gate, started := make(chan struct{}), make(chan struct{}, 100)
	b := store.NewBatcher(db, store.Who{Actor: "test"}, 8, func(ctx context.Context, tx *sqlx.Tx, names []string) ([]string, error) {
		started <- struct{}{}
		<-gate
		return addTenants(ctx, tx, names)
	})
	first := make(chan error, 1)
	go func() { _, err := b.Do(t.Context(), "first"); first <- err }()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Do(ctx, "gone"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	close(gate)
	if err := <-first; err != nil {
		t.Error(err)
	}
	b.Close()
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want 1: the cancelled request had not begun", n)
	}
}

func TestQuestionsAreAnsweredTogetherAndCannotWrite(t *testing.T) {
	t.Parallel()
	db := open(t)
	b := store.NewReadBatcher(db, store.Who{Actor: "test"}, 8, func(ctx context.Context, q sqlx.QueryerContext, items []string) ([]string, error) {
		if items[0] == "write" {
			rows, err := q.QueryContext(ctx, `INSERT INTO tenants (name, created_at) VALUES ('x', '2026-01-01') RETURNING name`)
			if err == nil {
				err = errors.Join(rows.Err(), rows.Close())
			}
			return items, err
		}
		if items[0] == "forget" {
			return nil, nil
		}
		return items, nil
	})
	defer b.Close()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if got, err := b.Do(t.Context(), fmt.Sprint(i)); err != nil || got != fmt.Sprint(i) {
				t.Errorf("%d answered %q, %v", i, got, err)
			}
		})
	}
	wg.Wait()
	for _, bad := range []string{"write", "forget"} {
		if _, err := b.Do(t.Context(), bad); err == nil {
			t.Errorf("%s gave no error", bad)
		}
	}
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}
