package ledger

import (
	"context"
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"
)

func (b *books) reverse(r Reversal) (p Posted, err error) {
	err = b.try(context.Background(), func(tx *sqlx.Tx) (err error) {
		p, err = Reverse(context.Background(), tx, b.book, noon, r)
		return err
	})
	return p, err
}

func (b *books) closeThrough(t failer, day Date) {
	t.Helper()
	b.must(t, func(tx *sqlx.Tx) error {
		return ClosePeriod(context.Background(), tx, b.book, noon, PeriodLock{Through: day, Maker: "m"})
	})
}

func TestATransactionIsReversedWholeAndOnce(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 2)
	b.mustPost(t, move("a", cash, kids[0], 1000), move("b", cash, kids[1], 500))
	r := Reversal{Key: "back", Of: 1, Effective: sept, Maker: "m", Reason: "R01"}
	if p, err := b.reverse(r); err != nil || p != (Posted{No: 3}) {
		t.Fatalf("reverse: %v, %v", p, err)
	}
	if p, err := b.reverse(r); err != nil || p != (Posted{3, true}) {
		t.Errorf("reverse again with its key: %v, %v", p, err)
	}
	r.Key = "other"
	_, err := b.reverse(r)
	if e, ok := errors.AsType[*AlreadyReversed](err); !ok || e.Of != 1 || e.By != 3 {
		t.Errorf("a second reversal: %v", err)
	}
	for name, of := range map[string]TxNo{"a reversal": 3, "nothing": 99} {
		if _, err := b.reverse(Reversal{Key: "x", Of: of, Effective: sept}); !errors.Is(err, ErrNotReversible) {
			t.Errorf("reversing %s: %v", name, err)
		}
	}
	// By hand it must be the exact contra as well.
	for name, p := range map[string]Posting{
		"less":         {Entries: []Entry{{cash, Minor(499)}, {kids[1], Minor(-499)}}},
		"another":      {Entries: []Entry{{cash, Minor(500)}, {kids[0], Minor(-500)}}},
		"the same way": {Entries: []Entry{{cash, Minor(-500)}, {kids[1], Minor(500)}}},
	} {
		p.Key, p.Kind, p.Effective, p.Reverses = "hand", "x", sept, 2
		if _, err := b.post(p); !errors.Is(err, ErrNotReversible) {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := Posting{Key: "one", Kind: "x", Effective: sept, Reverses: 2, Entries: []Entry{{cash, Minor(500)}, {kids[1], Minor(-500)}}}
	again := twice
	again.Key = "two"
	b.mustPost(t, move("c", cash, kids[1], 500))
	if _, err := b.post(twice, again); !errors.Is(err, ErrAlreadyReversed) {
		t.Errorf("two reversals in one call: %v", err)
	}
	b.mustPost(t, twice)
	b.sound(t)
}

func TestSpentMoneyCannotBeReversed(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("in", cash, kids[0], 1000), move("out", kids[0], cash, 1))
	if _, err := b.reverse(Reversal{Key: "r", Of: 1, Effective: sept}); !errors.Is(err, ErrOverdrawn) {
		t.Errorf("reversal of spent money: %v", err)
	}
}

func TestAClosedPeriodTakesNothingMore(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	old := move("old", cash, kids[0], 1000)
	b.mustPost(t, old)
	b.closeThrough(t, sept)
	_, err := b.post(move("late", cash, kids[0], 5))
	if e, ok := errors.AsType[*PeriodClosed](err); !ok || e.Through != sept || e.Key != "late" {
		t.Errorf("posting into a closed period: %v", err)
	}
	if got := b.mustPost(t, old); !got[0].Replayed {
		t.Error("a repetition is no new posting")
	}
	next := move("next", cash, kids[0], 5)
	next.Effective = sept.AddDays(1)
	b.mustPost(t, next)

	// A reversal goes into the open period and says what it concerns.
	r := Reversal{Key: "back", Of: 1, Effective: sept, Maker: "m"}
	if p, err := b.reverse(r); err != nil || p.No != 3 {
		t.Fatalf("reverse: %v, %v", p, err)
	}
	b.must(t, func(tx *sqlx.Tx) error {
		page, err := History(t.Context(), tx, b.book, kids[0], 0, 1)
		if err != nil || page[0].Effective != sept.AddDays(1) || page[0].Concerns != sept || page[0].Reverses != 1 {
			t.Errorf("reversal is %+v, %v", page, err)
		}
		return nil
	})
	b.closeThrough(t, sept.AddDays(30))
	if p, err := b.reverse(r); err != nil || p != (Posted{3, true}) {
		t.Errorf("the same reversal after another closing: %v, %v", p, err)
	}
	b.sound(t)
}

func TestPeriodsCloseForwardAndReopenByTwoPeople(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	do := func(fn func(context.Context, *sqlx.Tx) error) error {
		return b.try(t.Context(), func(tx *sqlx.Tx) error { return fn(t.Context(), tx) })
	}
	closing := func(l PeriodLock) error {
		return do(func(ctx context.Context, tx *sqlx.Tx) error { return ClosePeriod(ctx, tx, b.book, noon, l) })
	}
	reopening := func(l PeriodLock) error {
		return do(func(ctx context.Context, tx *sqlx.Tx) error { return ReopenPeriod(ctx, tx, b.book, noon, l) })
	}
	if err := reopening(PeriodLock{Maker: "a", Approval: "b"}); !errors.Is(err, ErrPeriodOrder) {
		t.Errorf("reopening an open book: %v", err)
	}
	b.closeThrough(t, sept)
	for _, day := range []Date{sept, sept.AddDays(-1), {}} {
		if err := closing(PeriodLock{Through: day, Maker: "m"}); !errors.Is(err, ErrPeriodOrder) {
			t.Errorf("closing through %s after %s: %v", day, sept, err)
		}
	}
	if err := reopening(PeriodLock{Through: sept.AddDays(-10), Maker: "a", Approval: "a"}); err == nil {
		t.Error("one person reopened a period")
	}
	if err := reopening(PeriodLock{Through: sept.AddDays(-10), Maker: "a", Approval: "b", Reason: "late bank file"}); err != nil {
		t.Error(err)
	}
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("a", cash, kids[0], 100))
	b.closeThrough(t, sept)
	b.sound(t) // what was posted while it was open stands
	if err := reopening(PeriodLock{Maker: "a", Approval: "b"}); err != nil {
		t.Error(err)
	}
	b.must(t, func(tx *sqlx.Tx) error {
		day, err := ClosedThrough(t.Context(), tx, b.book)
		if !day.IsZero() {
			t.Errorf("closed through %s", day)
		}
		return err
	})
	b.sound(t)
}
