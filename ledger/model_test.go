package ledger

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"
)

// model is the strongroom in plain Go maps, written from the rules and not from
// the code: what is posted, what is held, what is refused.
type model struct {
	balance  map[AccountID]int64
	floored  map[AccountID]bool
	fund     map[AccountID]FundID
	keys     map[string]modelTx
	txs      []modelTx // by number less one
	reversed map[TxNo]bool
	holds    map[HoldNo]*modelHold
	closed   Date
	now      time.Time
}

type modelTx struct {
	no      TxNo
	posting Posting
}

type modelHold struct {
	account AccountID
	minor   int64
	expires time.Time
	ended   string
}

func (m *model) held(account AccountID) (sum int64) {
	for _, h := range m.holds {
		if h.account == account && h.ended == "" && h.expires.After(m.now) {
			sum += h.minor
		}
	}
	return sum
}

// sameMoney is what the same key may repeat.
func sameMoney(a, b Posting) bool {
	if a.Kind != b.Kind || a.Effective != b.Effective || a.Reverses != b.Reverses || len(a.Entries) != len(b.Entries) {
		return false
	}
	count := map[Entry]int{}
	for i := range a.Entries {
		count[a.Entries[i]]++
		count[b.Entries[i]]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// post returns the numbers and which error is expected; on an error the model
// is unchanged.
func (m *model) post(postings []Posting) (out []Posted, want error) {
	before := map[AccountID]int64{}
	for id, n := range m.balance {
		before[id] = n
	}
	var added []modelTx
	undo := func(err error) ([]Posted, error) {
		m.balance = before
		for _, t := range added {
			delete(m.keys, t.posting.Key)
		}
		return nil, err
	}
	for _, p := range postings {
		if known, ok := m.keys[p.Key]; ok {
			if !sameMoney(known.posting, p) {
				return undo(ErrKeyReused)
			}
			out = append(out, Posted{known.no, true})
			continue
		}
		if !m.closed.IsZero() && !p.Effective.After(m.closed) {
			return undo(ErrPeriodClosed)
		}
		sums := map[FundID]int64{}
		for _, e := range p.Entries {
			sums[m.fund[e.Account]] += e.Amount.Minor()
			m.balance[e.Account] += e.Amount.Minor()
			if m.floored[e.Account] && e.Amount.Sign() < 0 && m.balance[e.Account] < m.held(e.Account) {
				return undo(ErrOverdrawn)
			}
		}
		for _, sum := range sums {
			if sum != 0 {
				return undo(ErrUnbalanced)
			}
		}
		tx := modelTx{TxNo(len(m.txs) + len(added) + 1), p}
		added = append(added, tx)
		m.keys[p.Key] = tx
		out = append(out, Posted{No: tx.no})
	}
	m.txs = append(m.txs, added...)
	return out, nil
}

// machine runs the same operations on the model and on PostgreSQL.
type machine struct {
	*books
	model    *model
	accounts []AccountID
	keys     int
	holds    []HoldNo
}

func newMachine(t *rapid.T, b *books) *machine {
	m := &machine{books: b.openBook(t), model: &model{balance: map[AccountID]int64{}, floored: map[AccountID]bool{}, fund: map[AccountID]FundID{},
		keys: map[string]modelTx{}, reversed: map[TxNo]bool{}, holds: map[HoldNo]*modelHold{}, now: noon}}
	for _, a := range []Account{{Chart: CustodialCash, Fund: 1}, {Chart: FamilyPrincipal, Fund: 1, Child: 1}, {Chart: FamilyPrincipal, Fund: 1, Child: 2},
		{Chart: RestrictedCash, Fund: 2}, {Chart: Uncommitted, Fund: 2}, {Chart: DesignatedMatch, Fund: 2, Child: 1}} {
		id := m.ids(t, a)[0]
		line, _ := a.Chart.Line()
		m.accounts = append(m.accounts, id)
		m.model.floored[id], m.model.fund[id], m.model.balance[id] = line.Floored, a.Fund, 0
	}
	return m
}

func (m *machine) account(t *rapid.T, name string) AccountID {
	return rapid.SampledFrom(m.accounts).Draw(t, name)
}

// posting draws a posting that is mostly right: sometimes across funds, mostly
// with a new key.
func (m *machine) posting(t *rapid.T) Posting {
	from := m.account(t, "from")
	to := m.account(t, "to")
	if m.model.fund[from] != m.model.fund[to] && rapid.IntRange(0, 9).Draw(t, "stay in the fund") > 0 {
		to = m.accounts[(int(m.model.fund[from])-1)*3+rapid.IntRange(0, 2).Draw(t, "to, same fund")]
	}
	key := fmt.Sprint("k", m.keys)
	m.keys++
	if rapid.IntRange(0, 5).Draw(t, "old key") == 0 {
		key = fmt.Sprint("k", rapid.IntRange(0, m.keys).Draw(t, "which"))
		if known, ok := m.model.keys[key]; ok && rapid.Bool().Draw(t, "same money") {
			return known.posting
		}
	}
	p := move(key, from, to, rapid.Int64Range(1, 500).Draw(t, "minor"))
	p.Effective = sept.AddDays(rapid.IntRange(-5, 5).Draw(t, "day"))
	if from == to || rapid.IntRange(0, 3).Draw(t, "legs") == 0 { // a third and fourth leg
		minor := rapid.Int64Range(1, 300).Draw(t, "more")
		p.Entries = append(p.Entries, Entry{from, Minor(minor)}, Entry{to, Minor(-minor)})
	}
	return p
}

// agree compares the kind of an error, and that it is one of ours at all.
func agree(t *rapid.T, what string, got, want error) {
	if (want == nil) != (got == nil) || want != nil && !errors.Is(got, want) {
		t.Fatalf("%s: %v, the model expects %v", what, got, want)
	}
}

func (m *machine) Post(t *rapid.T) {
	var postings []Posting
	for range rapid.IntRange(1, 4).Draw(t, "postings") {
		postings = append(postings, m.posting(t))
	}
	want, wantErr := m.model.postOrder(postings)
	var got []Posted
	err := m.try(context.Background(), func(tx *sqlx.Tx) (err error) {
		got, err = Post(context.Background(), tx, m.book, m.model.now, postings)
		return err
	})
	// Where several things are wrong at once, either may be named.
	if wantErr != nil && err != nil && oneOfOurs(err) {
		return
	}
	agree(t, "post", err, wantErr)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("posting %d: %v, the model says %v", i, got[i], want[i])
		}
	}
}

// postOrder is post with the entries in the order in which the books take them.
func (m *model) postOrder(postings []Posting) ([]Posted, error) {
	sorted := make([]Posting, len(postings))
	for i, p := range postings {
		p.sortEntries()
		sorted[i] = p
	}
	return m.post(sorted)
}

func oneOfOurs(err error) bool {
	for _, sentinel := range []error{ErrInvalid, ErrUnbalanced, ErrKeyReused, ErrOverdrawn, ErrPeriodClosed, ErrAlreadyReversed, ErrNotReversible} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

func (m *machine) Reverse(t *rapid.T) {
	of := TxNo(rapid.IntRange(1, len(m.model.txs)+1).Draw(t, "of"))
	r := Reversal{Key: fmt.Sprint("r", m.keys), Of: of, Effective: sept.AddDays(rapid.IntRange(-5, 5).Draw(t, "day"))}
	m.keys++
	var wantErr error
	var p Posting
	switch {
	case int(of) > len(m.model.txs) || m.model.txs[of-1].posting.Reverses != 0:
		wantErr = ErrNotReversible
	case m.model.reversed[of]:
		wantErr = ErrAlreadyReversed
	default:
		o := m.model.txs[of-1].posting
		p = Posting{Key: r.Key, Kind: o.Kind + ".reversed", Effective: r.Effective, Reverses: of}
		if !m.model.closed.IsZero() && !p.Effective.After(m.model.closed) {
			p.Effective = m.model.closed.AddDays(1)
		}
		for _, e := range o.Entries {
			p.Entries = append(p.Entries, Entry{e.Account, e.Amount.Neg()})
		}
		if _, wantErr = m.model.postOrder([]Posting{p}); wantErr == nil {
			m.model.reversed[of] = true
		}
	}
	err := m.try(context.Background(), func(tx *sqlx.Tx) error {
		_, err := Reverse(context.Background(), tx, m.book, m.model.now, r)
		return err
	})
	agree(t, "reverse", err, wantErr)
}

func (m *machine) Hold(t *rapid.T) {
	account, minor := m.account(t, "account"), rapid.Int64Range(1, 300).Draw(t, "minor")
	expires := m.model.now.Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "hours")) * time.Hour)
	var wantErr error
	switch {
	case !m.model.floored[account]:
		wantErr = ErrNoFloor
	case m.model.balance[account] < m.model.held(account)+minor:
		wantErr = ErrOverdrawn
	}
	var numbers []HoldNo
	err := m.try(context.Background(), func(tx *sqlx.Tx) (err error) {
		numbers, err = Hold(context.Background(), tx, m.book, m.model.now, []HoldRequest{{Key: fmt.Sprint("h", m.keys), Account: account, Amount: Minor(minor), Expires: expires}})
		return err
	})
	m.keys++
	agree(t, "hold", err, wantErr)
	if err == nil {
		m.holds = append(m.holds, numbers[0])
		m.model.holds[numbers[0]] = &modelHold{account: account, minor: minor, expires: expires}
	}
}

func (m *machine) EndHold(t *rapid.T) {
	if len(m.holds) == 0 {
		t.Skip("no holds")
	}
	no := rapid.SampledFrom(m.holds).Draw(t, "hold")
	h := m.model.holds[no]
	if h.ended == "" && !h.expires.After(m.model.now) {
		h.ended = "expire"
	}
	if rapid.Bool().Draw(t, "release") {
		want := error(nil)
		if h.ended == "capture" {
			want = ErrHoldEnded
		}
		err := m.try(context.Background(), func(tx *sqlx.Tx) error {
			return Release(context.Background(), tx, m.book, m.model.now, []HoldNo{no}, "m", "")
		})
		agree(t, "release", err, want)
		if h.ended == "" {
			h.ended = "release"
		}
		return
	}
	cash := m.accounts[(int(m.model.fund[h.account])-1)*3]
	p := move(fmt.Sprint("c", m.keys), h.account, cash, h.minor)
	p.Effective = sept.AddDays(9)
	m.keys++
	want := error(nil)
	if h.ended != "" {
		want = ErrHoldEnded
	} else {
		h.ended = "capture"
		if _, want = m.model.postOrder([]Posting{p}); want != nil {
			h.ended = ""
		}
	}
	err := m.try(context.Background(), func(tx *sqlx.Tx) error {
		_, err := Capture(context.Background(), tx, m.book, m.model.now, []Captured{{no, p}})
		return err
	})
	agree(t, "capture", err, want)
}

func (m *machine) TimePasses(t *rapid.T) {
	m.model.now = m.model.now.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "minutes")) * time.Minute)
}

func (m *machine) Close(t *rapid.T) {
	through := sept.AddDays(rapid.IntRange(-6, 2).Draw(t, "through"))
	want := error(nil)
	if !m.model.closed.IsZero() && !through.After(m.model.closed) {
		want = ErrPeriodOrder
	} else {
		m.model.closed = through
	}
	err := m.try(context.Background(), func(tx *sqlx.Tx) error {
		return ClosePeriod(context.Background(), tx, m.book, m.model.now, PeriodLock{Through: through, Maker: "m"})
	})
	agree(t, "close", err, want)
}

// Check compares every balance after every step.
func (m *machine) Check(t *rapid.T) {
	for _, got := range m.balances(t, Query{}) {
		if want := Minor(m.model.balance[got.ID]); got.Amount != want {
			t.Fatalf("account %d holds %s, the model says %s", got.ID, got.Amount, want)
		}
		if m.model.floored[got.ID] && got.Amount.Sign() < 0 {
			t.Fatalf("account %d holds %s", got.ID, got.Amount)
		}
	}
}

func TestTheBooksDoWhatTheModelDoes(t *testing.T) {
	t.Parallel()
	base := newBooks(t)
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t, base)
		t.Repeat(map[string]func(*rapid.T){"post": m.Post, "post again": m.Post, "reverse": m.Reverse, "hold": m.Hold, "end hold": m.EndHold,
			"time": m.TimePasses, "close": m.Close, "": m.Check})
		m.sound(t)
		if got := m.verify(t).Transactions; got != int64(len(m.model.txs)) {
			t.Fatalf("%d transactions, the model has %d", got, len(m.model.txs))
		}
	})
}
