package ledger

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

// hold places one hold of minor units for an hour.
func (b *books) hold(key string, account AccountID, minor int64, at time.Time) (no HoldNo, err error) {
	err = b.try(context.Background(), func(tx *sqlx.Tx) error {
		numbers, err := Hold(context.Background(), tx, b.book, at, []HoldRequest{{Key: key, Account: account, Amount: Minor(minor), Expires: at.Add(time.Hour)}})
		if err == nil {
			no = numbers[0]
		}
		return err
	})
	return no, err
}

func (b *books) capture(at time.Time, captured ...Captured) (out []Posted, err error) {
	err = b.try(context.Background(), func(tx *sqlx.Tx) (err error) {
		out, err = Capture(context.Background(), tx, b.book, at, captured)
		return err
	})
	return out, err
}

func (b *books) release(at time.Time, holds ...HoldNo) error {
	return b.try(context.Background(), func(tx *sqlx.Tx) error {
		return Release(context.Background(), tx, b.book, at, holds, "test", "")
	})
}

func TestHeldMoneyCannotBeSpentButCanBeCaptured(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("in", cash, kids[0], 1000))
	h, err := b.hold("h", kids[0], 800, noon)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := b.hold("h", kids[0], 800, noon); err != nil || again != h {
		t.Errorf("the same hold again: %d, %v", again, err)
	}
	if _, err := b.hold("h", kids[0], 799, noon); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another amount under the key: %v", err)
	}
	_, err = b.post(move("out", kids[0], cash, 201))
	if e, ok := errors.AsType[*Overdrawn](err); !ok || e.Floor != Minor(800) || e.Balance != Minor(799) {
		t.Errorf("spending what is held: %v", err)
	}
	_, err = b.hold("h2", kids[0], 201, noon)
	if e, ok := errors.AsType[*Overdrawn](err); !ok || e.Key != "h2" {
		t.Errorf("holding it twice: %v", err)
	}
	b.mustPost(t, move("out", kids[0], cash, 200))
	withdrawal := move("withdrawal", kids[0], cash, 800)
	posted, err := b.capture(noon, Captured{h, withdrawal})
	if err != nil || posted[0] != (Posted{No: 3}) {
		t.Fatalf("capture: %v, %v", posted, err)
	}
	if posted, err = b.capture(noon, Captured{h, withdrawal}); err != nil || posted[0] != (Posted{3, true}) {
		t.Errorf("capture again: %v, %v", posted, err)
	}
	if _, err = b.capture(noon, Captured{h, move("other", cash, kids[0], 1)}); !errors.Is(err, ErrHoldEnded) {
		t.Errorf("capture by another posting: %v", err)
	}
	if err := b.release(noon, h); !errors.Is(err, ErrHoldEnded) {
		t.Errorf("release what was captured: %v", err)
	}
	if got := b.balance(t, kids[0]); !got.IsZero() {
		t.Errorf("holds %s", got)
	}
	b.sound(t)
}

func TestReleasedAndExpiredHoldsFreeTheMoney(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("in", cash, kids[0], 1000))
	h1, _ := b.hold("h1", kids[0], 400, noon)
	h2, err := b.hold("h2", kids[0], 600, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.release(noon, h1); err != nil {
		t.Fatal(err)
	}
	if err := b.release(noon, h1); err != nil {
		t.Errorf("release again: %v", err)
	}
	b.mustPost(t, move("out", kids[0], cash, 400))
	if _, err := b.post(move("more", kids[0], cash, 1)); !errors.Is(err, ErrOverdrawn) {
		t.Errorf("the other hold still counts: %v", err)
	}
	later := noon.Add(2 * time.Hour)
	b.must(t, func(tx *sqlx.Tx) error {
		open, err := OpenHolds(t.Context(), tx, b.book, nil, noon)
		if err != nil || len(open) != 1 || open[0].No != h2 || open[0].Amount != Minor(600) {
			t.Errorf("open at noon: %v, %v", open, err)
		}
		if open, err = OpenHolds(t.Context(), tx, b.book, []AccountID{kids[0]}, later); err != nil || len(open) != 0 {
			t.Errorf("open later: %v, %v", open, err)
		}
		// The hold has expired by itself: nobody had to end it.
		_, err = Post(t.Context(), tx, b.book, later, []Posting{move("more", kids[0], cash, 600)})
		return err
	})
	if _, err := b.capture(later, Captured{h2, move("late", kids[0], cash, 1)}); !errors.Is(err, ErrHoldEnded) {
		t.Errorf("capture after expiry: %v", err)
	}
	if err := b.release(later, h2); err != nil {
		t.Errorf("release after expiry: %v", err)
	}
	b.sound(t)
}

func TestSeveralHoldsAreCapturedInOneCall(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 3)
	var captured []Captured
	for i, kid := range kids {
		key := string(rune('a' + i))
		b.mustPost(t, move("in"+key, cash, kid, 100))
		h, err := b.hold(key, kid, 100, noon)
		if err != nil {
			t.Fatal(err)
		}
		captured = append(captured, Captured{h, move("out"+key, kid, cash, 100)})
	}
	if _, err := b.capture(noon, captured[1]); err != nil {
		t.Fatal(err)
	}
	posted, err := b.capture(noon, captured...)
	if err != nil || posted[0].No != 5 || posted[1] != (Posted{4, true}) || posted[2].No != 6 {
		t.Errorf("captured %v, %v", posted, err)
	}
	b.sound(t)
}

func TestHoldsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	b.mustPost(t, move("in", cash, kids[0], 1000))
	if _, err := b.hold("h", cash, 10, noon); !errors.Is(err, ErrNoFloor) {
		t.Errorf("on an account without a floor: %v", err)
	}
	if _, err := b.hold("h", 999_999, 10, noon); !errors.Is(err, ErrUnknownAccount) {
		t.Errorf("on no account: %v", err)
	}
	for name, r := range map[string]HoldRequest{
		"no key":    {Account: kids[0], Amount: Minor(1), Expires: noon.Add(time.Hour)},
		"no amount": {Key: "k", Account: kids[0], Expires: noon.Add(time.Hour)},
		"negative":  {Key: "k", Account: kids[0], Amount: Minor(-1), Expires: noon.Add(time.Hour)},
		"expired":   {Key: "k", Account: kids[0], Amount: Minor(1), Expires: noon},
	} {
		err := b.try(t.Context(), func(tx *sqlx.Tx) error {
			_, err := Hold(t.Context(), tx, b.book, noon, []HoldRequest{r})
			return err
		})
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := b.release(noon, 77); !errors.Is(err, ErrUnknownHold) {
		t.Errorf("release of no hold: %v", err)
	}
	// Several holds in one call are checked one after the other.
	err := b.try(t.Context(), func(tx *sqlx.Tx) error {
		_, err := Hold(t.Context(), tx, b.book, noon, []HoldRequest{
			{Key: "a", Account: kids[0], Amount: Minor(600), Expires: noon.Add(time.Hour)},
			{Key: "b", Account: kids[0], Amount: Minor(600), Expires: noon.Add(time.Hour)}})
		return err
	})
	if e, ok := errors.AsType[*Overdrawn](err); !ok || e.Posting != 1 {
		t.Errorf("two holds of 6.00 on 10.00: %v", err)
	}
	b.sound(t)
}
