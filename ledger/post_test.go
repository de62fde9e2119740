package ledger

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
)

func TestTransactionsAreNumberedInOrderAndAddUp(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 2)
	first := b.mustPost(t, move("a", cash, kids[0], 1500), move("b", cash, kids[1], 250))
	second := b.mustPost(t, move("c", kids[0], cash, 500))
	if want := []Posted{{No: 1}, {No: 2}}; !slices.Equal(first, want) || second[0] != (Posted{No: 3}) {
		t.Errorf("numbers %v, %v", first, second)
	}
	for id, want := range map[AccountID]int64{cash: -1250, kids[0]: 1000, kids[1]: 250} {
		if got := b.balance(t, id); got != Minor(want) {
			t.Errorf("account %d holds %s, want %s", id, got, Minor(want))
		}
	}
	b.sound(t)
}

func TestWhatCannotBeRightIsRefusedBeforeTheDatabase(t *testing.T) {
	t.Parallel()
	good := move("k", 1, 2, 100)
	for name, spoil := range map[string]func(p *Posting){
		"no key":           func(p *Posting) { p.Key = "" },
		"no kind":          func(p *Posting) { p.Kind = "" },
		"no day":           func(p *Posting) { p.Effective = Date{} },
		"one entry":        func(p *Posting) { p.Entries = p.Entries[:1] },
		"no entries":       func(p *Posting) { p.Entries = nil },
		"an empty entry":   func(p *Posting) { p.Entries = append(p.Entries, Entry{3, Amount{}}) },
		"facts not JSON":   func(p *Posting) { p.Facts = "{" },
		"a zero byte":      func(p *Posting) { p.Source = "a\x00b" },
		"broken UTF-8":     func(p *Posting) { p.Maker = "\xff" },
		"reverses a minus": func(p *Posting) { p.Reverses = -1 },
	} {
		p := good
		p.Entries = slices.Clone(good.Entries)
		spoil(&p)
		_, err := Post(t.Context(), nil, 1, noon, []Posting{move("fine", 1, 2, 5), p})
		if invalid, ok := errors.AsType[*Invalid](err); !ok || invalid.Posting != 1 || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want *Invalid of posting 1", name, err)
		}
	}
	p := move("k", 1, 2, 100)
	p.Entries[0].Amount = Minor(-99)
	_, err := Post(t.Context(), nil, 1, noon, []Posting{p})
	if u, ok := errors.AsType[*Unbalanced](err); !ok || u.By != Minor(1) || u.Key != "k" {
		t.Errorf("unbalanced: %v", err)
	}
}

func TestTheDatabaseRefusesByName(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 2)
	other := b.ids(t, Account{Chart: Uncommitted, Fund: 2})[0]
	b.mustPost(t, move("known", cash, kids[0], 1000))

	_, err := b.post(move("x", cash, kids[0], 1), move("y", cash, 999_999, 1))
	if e, ok := errors.AsType[*UnknownAccount](err); !ok || e.Posting != 1 || e.Key != "y" || e.Account != 999_999 {
		t.Errorf("unknown account: %v", err)
	}
	_, err = b.post(move("x", cash, kids[0], 1), move("y", kids[0], kids[1], 1002))
	if e, ok := errors.AsType[*Overdrawn](err); !ok || e.Posting != 1 || e.Account != kids[0] || e.Balance != Minor(-1) || e.Floor != Minor(0) {
		t.Errorf("overdrawn: %v", err)
	}
	_, err = b.post(move("x", cash, kids[0], 5), move("y", cash, other, 1))
	if e, ok := errors.AsType[*Unbalanced](err); !ok || e.Posting != 1 || e.Key != "y" || e.Fund != 1 || e.By != Minor(-1) {
		t.Errorf("across funds: %v", err)
	}
	_, err = b.post(move("x", cash, kids[0], 5), move("known", cash, kids[0], 1001))
	if e, ok := errors.AsType[*KeyReused](err); !ok || e.Posting != 1 || e.Key != "known" || e.No != 1 {
		t.Errorf("key reused: %v", err)
	}
	_, err = b.post(move("x", cash, kids[0], 5), move("x", cash, kids[0], 6))
	if e, ok := errors.AsType[*KeyReused](err); !ok || e.Posting != 1 {
		t.Errorf("key twice in a call: %v", err)
	}
	nobody := *b
	nobody.book = 12345
	if _, err = nobody.post(move("x", cash, kids[0], 5)); !errors.Is(err, ErrUnknownBook) {
		t.Errorf("unknown book: %v", err)
	}
	if _, err = b.post(move("x", cash, kids[0], maxMinor-500)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if got := b.balance(t, cash); got != Minor(-1000) {
		t.Errorf("refusals moved money: cash holds %s", got)
	}
	b.sound(t)
}

func TestTheFloorHoldsAtEveryEntryAndNotOnlyAtTheEnd(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	_, err := b.post(move("out", kids[0], cash, 100), move("in", cash, kids[0], 100))
	if e, ok := errors.AsType[*Overdrawn](err); !ok || e.Posting != 0 {
		t.Errorf("out before in: %v", err)
	}
	b.mustPost(t, move("in", cash, kids[0], 100), move("out", kids[0], cash, 100))
}

func TestRepeatingAKeyMovesNothing(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	spend := move("spend", kids[0], cash, 1000)
	b.mustPost(t, move("in", cash, kids[0], 1000), spend)
	// All of it has been spent, and still the repetition is no overdraft.
	got := b.mustPost(t, spend, move("new", cash, kids[0], 7), move("in", cash, kids[0], 1000), move("new", cash, kids[0], 7))
	want := []Posted{{2, true}, {3, false}, {1, true}, {3, true}}
	if !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	otherMaker := spend
	otherMaker.Maker, otherMaker.Facts, otherMaker.Rule = "somebody else", `{"why": 1}`, "v2"
	if got := b.mustPost(t, otherMaker); got[0] != (Posted{2, true}) {
		t.Errorf("the same money by another maker: %v", got)
	}
	for name, change := range map[string]func(p *Posting){
		"amount": func(p *Posting) {
			p.Entries = []Entry{{kids[0], Minor(-999)}, {cash, Minor(999)}}
		},
		"day":  func(p *Posting) { p.Effective = sept.AddDays(1) },
		"kind": func(p *Posting) { p.Kind = "other" },
	} {
		p := spend
		change(&p)
		if _, err := b.post(p); !errors.Is(err, ErrKeyReused) {
			t.Errorf("another %s under the same key: %v", name, err)
		}
	}
	swapped := spend
	swapped.Entries = []Entry{spend.Entries[1], spend.Entries[0]}
	if got := b.mustPost(t, swapped); !got[0].Replayed {
		t.Error("the order of entries is not part of what moves")
	}
	b.sound(t)
}

func TestLargeSetsGoInSeveralBlocksAndReplayWhole(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 50)
	var postings []Posting
	for i := range maxBatch + 10 {
		p := move("k"+strings.Repeat("x", i%5)+time.Duration(i).String(), cash, kids[i%50], int64(i+1))
		p.Maker, p.Effective = []string{"a", "b"}[i%2], sept.AddDays(i%3)
		p.Entries = append(p.Entries, Entry{kids[(i+1)%50], Minor(2)}, Entry{cash, Minor(-2)})
		postings = append(postings, p)
	}
	first := b.mustPost(t, postings...)
	again := b.mustPost(t, postings...)
	for i := range first {
		if first[i] != (Posted{No: TxNo(i + 1)}) || again[i] != (Posted{TxNo(i + 1), true}) {
			t.Fatalf("posting %d: %v, then %v", i, first[i], again[i])
		}
	}
	b.sound(t)
	if r := b.verify(t); r.Transactions != maxBatch+10 || r.Entries != 4*(maxBatch+10) || r.Accounts != 51 {
		t.Errorf("verified %+v", r)
	}
}

func TestTimeNeverRunsBackwardsInABook(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	postAt := func(key string, at time.Time) {
		b.must(t, func(tx *sqlx.Tx) error {
			_, err := Post(context.Background(), tx, b.book, at, []Posting{move(key, cash, kids[0], 1)})
			return err
		})
	}
	postAt("a", noon.Add(time.Hour))
	postAt("b", noon)
	postAt("c", noon.Add(2*time.Hour))
	var at []time.Time
	if err := b.db.Select(&at, `SELECT posted_at FROM ledger_transactions WHERE book_id = $1 ORDER BY no`, b.book); err != nil {
		t.Fatal(err)
	}
	for i, want := range []time.Time{noon.Add(time.Hour), noon.Add(time.Hour), noon.Add(2 * time.Hour)} {
		if !at[i].Equal(want) {
			t.Errorf("transaction %d posted at %s, want %s", i+1, at[i], want)
		}
	}
	for at, want := range map[time.Time]TxNo{noon.Add(-time.Hour): 0, noon.Add(90 * time.Minute): 2, noon.Add(3 * time.Hour): 3} {
		b.must(t, func(tx *sqlx.Tx) error {
			got, err := KnownAt(context.Background(), tx, b.book, at)
			if got != want {
				t.Errorf("known at %s: %d, want %d", at, got, want)
			}
			return err
		})
	}
}

func TestOneTransactionMayTouchAnAccountTwice(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	cash, kids := b.family(t, 1)
	b.mustPost(t, Posting{Key: "k", Kind: "split", Effective: sept, Entries: []Entry{
		{kids[0], Minor(300)}, {cash, Minor(-100)}, {kids[0], Minor(-50)}, {cash, Minor(-150)}}})
	if got := b.balance(t, kids[0]); got != Minor(250) {
		t.Errorf("holds %s", got)
	}
	b.sound(t)
}

func TestAccountsAreOpenedOnce(t *testing.T) {
	t.Parallel()
	b := newBooks(t).openBook(t)
	a := Account{Chart: DesignatedMatch, Fund: 3, Child: 9, Benefit: "match-2026", Custodian: 1}
	ids := b.ids(t, a, Account{Chart: DesignatedMatch, Fund: 3, Child: 9}, a)
	again := b.ids(t, a)
	if ids[0] != ids[2] || ids[0] == ids[1] || again[0] != ids[0] {
		t.Errorf("ids %v, again %v", ids, again)
	}
	for name, bad := range map[string]Account{"no fund": {Chart: Fees}, "no such line": {Chart: 1234, Fund: 1}} {
		err := b.try(t.Context(), func(tx *sqlx.Tx) error {
			_, err := EnsureAccounts(t.Context(), tx, b.book, []Account{bad})
			return err
		})
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := b.try(t.Context(), func(tx *sqlx.Tx) error {
		_, err := EnsureAccounts(t.Context(), tx, b.book, []Account{{Chart: Fees, Fund: 1, Benefit: "a b\n"}})
		return err
	})
	if err == nil {
		t.Error("a benefit with a line break was accepted")
	}
	b.sound(t)
}
