package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// together runs fn n times at once.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

func TestAFundIsNeverOverspentByARace(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	ids := b.ids(t, Account{Chart: Uncommitted, Fund: 1}, Account{Chart: RestrictedCash, Fund: 1}, Account{Chart: DesignatedSeed, Fund: 1, Child: 1})
	b.mustPost(t, move("grant", ids[1], ids[0], 20_000))
	var spent, refused atomic.Int64
	together(32, func(g int) {
		for i := range 13 {
			_, err := b.post(move(fmt.Sprint("seed/", g, "/", i), ids[0], ids[2], 100))
			switch {
			case err == nil:
				spent.Add(1)
			case errors.Is(err, ErrOverdrawn):
				refused.Add(1)
			default:
				t.Error(err)
			}
		}
	})
	if spent.Load() != 200 || refused.Load() != 32*13-200 {
		t.Errorf("%d spent and %d refused, want 200 and %d", spent.Load(), refused.Load(), 32*13-200)
	}
	if got := b.balance(t, ids[0]); !got.IsZero() {
		t.Errorf("the fund holds %s", got)
	}
	b.sound(t)
}

func TestOneKeyPostsOnceHoweverManyTry(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	var fresh atomic.Int64
	together(32, func(int) {
		out, err := b.post(move("once", cash, kids[0], 100))
		if err != nil || out[0].No != 1 {
			t.Errorf("%v, %v", out, err)
			return
		}
		if !out[0].Replayed {
			fresh.Add(1)
		}
	})
	if fresh.Load() != 1 || b.balance(t, kids[0]) != Minor(100) {
		t.Errorf("posted %d times, balance %s", fresh.Load(), b.balance(t, kids[0]))
	}
	b.sound(t)
}

func TestATransactionIsReversedOnceByARace(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("in", cash, kids[0], 100), move("more", cash, kids[0], 5000))
	var done, late atomic.Int64
	together(16, func(i int) {
		_, err := b.reverse(Reversal{Key: fmt.Sprint("r", i), Of: 1, Effective: sept})
		switch {
		case err == nil:
			done.Add(1)
		case errors.Is(err, ErrAlreadyReversed):
			late.Add(1)
		default:
			t.Error(err)
		}
	})
	if done.Load() != 1 || late.Load() != 15 {
		t.Errorf("%d reversed it, %d were too late", done.Load(), late.Load())
	}
	b.sound(t)
}

func TestAccountsOpenedByARaceAreOne(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	var first atomic.Int64
	together(16, func(int) {
		ids := b.ids(t, Account{Chart: FamilyPrincipal, Fund: 1, Child: 5})
		if !first.CompareAndSwap(0, int64(ids[0])) && first.Load() != int64(ids[0]) {
			t.Errorf("account %d and %d", ids[0], first.Load())
		}
	})
	b.sound(t)
}

func TestBooksAreWrittenSideBySide(t *testing.T) {
	t.Parallel()
	a := newBooks(t).openBook(t)
	cash, kids := a.family(t, 1)
	b := a.openBook(t)
	otherCash, otherKids := b.family(t, 1)
	a.must(t, func(tx *sqlx.Tx) error { // holds its book's lock …
		if _, err := Post(t.Context(), tx, a.book, noon, []Posting{move("a", cash, kids[0], 1)}); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		return b.try(ctx, func(tx *sqlx.Tx) error { // … while another book goes on
			_, err := Post(ctx, tx, b.book, noon, []Posting{move("a", otherCash, otherKids[0], 1)})
			return err
		})
	})
	a.sound(t)
	b.sound(t)
}

func TestCancellingLeavesAllOrNothing(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 4)
	var answered sync.Map
	together(8, func(g int) {
		for i := range 12 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(g*i)*300*time.Microsecond)
			key := fmt.Sprint(g, "/", i)
			err := b.try(ctx, func(tx *sqlx.Tx) error {
				_, err := Post(ctx, tx, b.book, noon, []Posting{move(key, cash, kids[i%4], 3), move(key+"b", cash, kids[g%4], 4)})
				return err
			})
			if err == nil {
				answered.Store(key, true)
			}
			cancel()
		}
	})
	b.sound(t)
	answered.Range(func(key, _ any) bool {
		for _, k := range []string{key.(string), key.(string) + "b"} {
			b.must(t, func(tx *sqlx.Tx) error {
				if _, ok, err := TransactionByKey(t.Context(), tx, b.book, k); err != nil || !ok {
					t.Errorf("%s was answered and is not in the books (%v)", k, err)
				}
				return nil
			})
		}
		return true
	})
}
