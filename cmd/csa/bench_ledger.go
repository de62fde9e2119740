package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/store"
)

// The sizes of the five workloads, as ledger.md of the design defines them.
const (
	benchAccounts = 10_000  // child accounts of W1, W3 and W5
	benchSeeds    = 100_000 // children seeded by W2
	benchSet      = 2_000   // postings a call in W2
	benchLines    = 10_000  // lines of the long account of W4
	benchPage     = 50
	benchRounds   = 3 // medians of three
	benchTime     = 3 * time.Second
	benchGroup    = 512 // postings a group commit may collect
)

// benchLedger measures the ledger on an empty, migrated database, beside what
// the same machine does with bare rows:
//
//	W1  single deposits, one transaction each, 10,000 child accounts against one
//	    fund account, from 1, 8 and 32 clients
//	W2  a seed to each of 100,000 children from one fund, each a transaction with
//	    its own key, in sets
//	W3  the balance of a random child, 8 clients
//	W4  a page of 50 lines of an account with 10,000 lines, the first and the 100th
//	W5  the balances of 10,000 accounts as of a past moment
func benchLedger(ctx context.Context, dsn string, out io.Writer) error {
	db, err := store.Open(dsn, 40)
	if err != nil {
		return err
	}
	defer db.Close()
	b := &ledgerBench{db: db, out: out}
	if err := b.prepare(ctx); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	b.printf("%-58s %12s %10s %10s\n", "what", "a second", "p50 ms", "p99 ms")
	for _, step := range []func(context.Context) error{b.w1, b.w2, b.w3, b.w4, b.w5, b.verify} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := benchDeposits(ctx, b); err != nil {
		return err
	}
	return benchRaw(ctx, dsn, b)
}

type ledgerBench struct {
	db   *store.DB
	out  io.Writer
	who  store.Who
	book ledger.BookID
	fund ledger.AccountID   // what pays, or receives the other side
	kids []ledger.AccountID // benchSeeds of them
	cut  ledger.TxNo        // a past moment for W5
}

func (b *ledgerBench) printf(format string, args ...any) { fmt.Fprintf(b.out, format, args...) }

// line prints one measurement: the median of its rounds.
func (b *ledgerBench) line(what string, rounds []round) {
	slices.SortFunc(rounds, func(a, c round) int { return int(a.rate - c.rate) })
	r := rounds[len(rounds)/2]
	b.printf("%-58s %12.0f %10.2f %10.2f\n", what, r.rate, r.p50, r.p99)
}

// round is one run of a workload.
type round struct{ rate, p50, p99 float64 }

func summary(took time.Duration, done int, each []time.Duration) round {
	if len(each) == 0 {
		return round{rate: float64(done) / took.Seconds()}
	}
	slices.Sort(each)
	ms := func(part int) float64 { return float64(each[(len(each)-1)*part/100].Microseconds()) / 1000 }
	return round{float64(done) / took.Seconds(), ms(50), ms(99)}
}

// rounds repeats a workload of some clients, each calling work again and again
// for a while.
func rounds(clients int, work func(client, n int) error) ([]round, error) {
	var out []round
	for r := range benchRounds {
		var mu sync.Mutex
		var all []time.Duration
		var failed error
		var wg sync.WaitGroup
		began := time.Now()
		for c := range clients {
			wg.Go(func() {
				var own []time.Duration
				for n := 0; time.Since(began) < benchTime; n++ {
					t := time.Now()
					if err := work(r*clients+c, n); err != nil {
						mu.Lock()
						failed = err
						mu.Unlock()
						return
					}
					own = append(own, time.Since(t))
				}
				mu.Lock()
				all = append(all, own...)
				mu.Unlock()
			})
		}
		wg.Wait()
		if failed != nil {
			return nil, failed
		}
		out = append(out, summary(time.Since(began), len(all), all))
	}
	return out, nil
}

var benchDay = ledger.NewDate(2026, time.September, 1)

// prepare opens a book with a rich fund and the children's accounts.
func (b *ledgerBench) prepare(ctx context.Context) error {
	tenant, err := auth.AddTenant(ctx, b.db, "Measurement", time.Now())
	if err != nil {
		return err
	}
	b.who.Tenant = tenant
	b.who.Actor = "bench"
	return b.db.InTx(ctx, b.who, func(tx *sqlx.Tx) (err error) {
		at := time.Now()
		if b.book, err = ledger.OpenBook(ctx, tx, ledger.NewBook{Code: "bench", Name: "Measurement", Currency: "USD"}, at); err != nil {
			return err
		}
		accounts := []ledger.Account{{Chart: ledger.Uncommitted, Fund: 1}, {Chart: ledger.RestrictedCash, Fund: 1}}
		for i := range benchSeeds {
			accounts = append(accounts, ledger.Account{Chart: ledger.DesignatedSeed, Fund: 1, Child: int64(i + 1)})
		}
		ids, err := ledger.EnsureAccounts(ctx, tx, b.book, accounts)
		if err != nil {
			return err
		}
		b.fund, b.kids = ids[0], ids[2:]
		grant := b.posting("grant", ids[1], b.fund, ledger.Minor(100_000_000_000_00))
		_, err = ledger.Post(ctx, tx, b.book, at, []ledger.Posting{grant})
		return err
	})
}

func (b *ledgerBench) posting(key string, from, to ledger.AccountID, amount ledger.Amount) ledger.Posting {
	return ledger.Posting{Key: key, Kind: "deposit", Effective: benchDay, Maker: "bench", Source: "measurement",
		Entries: []ledger.Entry{{Account: from, Amount: amount.Neg()}, {Account: to, Amount: amount}}}
}

func (b *ledgerBench) post(ctx context.Context, postings []ledger.Posting) error {
	return b.db.InTx(ctx, b.who, func(tx *sqlx.Tx) error {
		_, err := ledger.Post(ctx, tx, b.book, time.Now(), postings)
		return err
	})
}

// w1 posts as the doors do, through a batcher; and once each by itself, to show
// what the batcher is worth.
func (b *ledgerBench) w1(ctx context.Context) error {
	batcher := store.NewBatcher(b.db, b.who, benchGroup, func(ctx context.Context, tx *sqlx.Tx, ps []ledger.Posting) ([]ledger.Posted, error) {
		return ledger.Post(ctx, tx, b.book, time.Now(), ps)
	})
	defer batcher.Close()
	ways := []struct {
		name string
		post func(p ledger.Posting) error
	}{
		{"group commit", func(p ledger.Posting) error { _, err := batcher.Do(ctx, p); return err }},
		{"each alone", func(p ledger.Posting) error { return b.post(ctx, []ledger.Posting{p}) }},
	}
	for _, way := range ways {
		for _, clients := range []int{1, 8, 32} {
			rs, err := rounds(clients, func(client, n int) error {
				key := fmt.Sprintf("w1/%s/%d/%d/%d", way.name, clients, client, n)
				return way.post(b.posting(key, b.fund, b.kids[rand.IntN(benchAccounts)], ledger.Minor(2500)))
			})
			if err != nil {
				return fmt.Errorf("W1: %w", err)
			}
			b.line(fmt.Sprintf("W1 deposits, %s, clients: %d", way.name, clients), rs)
		}
	}
	return b.db.Read(ctx, b.who, func(q sqlx.QueryerContext) (err error) {
		b.cut, err = ledger.KnownCut(ctx, q, b.book)
		return err
	})
}

func (b *ledgerBench) w2(ctx context.Context) error {
	var rs []round
	for r := range benchRounds {
		began := time.Now()
		for from := 0; from < benchSeeds; from += benchSet {
			postings := make([]ledger.Posting, benchSet)
			for i := range postings {
				postings[i] = b.posting(fmt.Sprintf("seed/%d/%d", r, from+i), b.fund, b.kids[from+i], ledger.Minor(5000))
			}
			if err := b.post(ctx, postings); err != nil {
				return fmt.Errorf("W2: %w", err)
			}
		}
		rs = append(rs, summary(time.Since(began), benchSeeds, nil))
	}
	b.line(fmt.Sprintf("W2 seeds to %d children, sets of %d", benchSeeds, benchSet), rs)
	return nil
}

// balances reads as a page does: a read-only transaction each.
func (b *ledgerBench) balances(ctx context.Context, want ledger.Query) (n int, err error) {
	err = b.db.Read(ctx, b.who, func(q sqlx.QueryerContext) error {
		balances, err := ledger.Balances(ctx, q, b.book, want)
		n = len(balances)
		return err
	})
	return n, err
}

// w3 asks for balances each in a transaction of its own, as a page does that
// shows more than one number, and through a batcher.
func (b *ledgerBench) w3(ctx context.Context) error {
	batcher := store.NewReadBatcher(b.db, b.who, benchGroup, b.balancesOf)
	defer batcher.Close()
	for _, way := range []struct {
		name string
		ask  func(id ledger.AccountID) error
	}{
		{"collected", func(id ledger.AccountID) error { _, err := batcher.Do(ctx, id); return err }},
		{"each alone", func(id ledger.AccountID) error {
			_, err := b.balances(ctx, ledger.Query{Accounts: []ledger.AccountID{id}})
			return err
		}},
	} {
		rs, err := rounds(8, func(int, int) error { return way.ask(b.kids[rand.IntN(benchAccounts)]) })
		if err != nil {
			return fmt.Errorf("W3: %w", err)
		}
		b.line(fmt.Sprintf("W3 balance of a random child, %s, clients: 8", way.name), rs)
	}
	return nil
}

// balancesOf answers for several accounts at once.
func (b *ledgerBench) balancesOf(ctx context.Context, q sqlx.QueryerContext, ids []ledger.AccountID) ([]ledger.Amount, error) {
	balances, err := ledger.Balances(ctx, q, b.book, ledger.Query{Accounts: ids})
	if err != nil {
		return nil, err
	}
	held := make(map[ledger.AccountID]ledger.Amount, len(balances))
	for _, balance := range balances {
		held[balance.ID] = balance.Amount
	}
	out := make([]ledger.Amount, len(ids))
	for i, id := range ids {
		out[i] = held[id]
	}
	return out, nil
}

func (b *ledgerBench) w4(ctx context.Context) error {
	long := b.kids[benchAccounts] // no child of W1
	for from := 0; from < benchLines; from += benchSet {
		postings := make([]ledger.Posting, benchSet)
		for i := range postings {
			postings[i] = b.posting(fmt.Sprintf("w4/%d", from+i), b.fund, long, ledger.Minor(1))
		}
		if err := b.post(ctx, postings); err != nil {
			return fmt.Errorf("W4: %w", err)
		}
	}
	for _, clients := range []int{1, 8} {
		for _, page := range []int64{1, 100} {
			before := int64(benchLines+benchRounds) + 1 - (page-1)*benchPage
			rs, err := rounds(clients, func(int, int) error {
				return b.db.Read(ctx, b.who, func(q sqlx.QueryerContext) error {
					lines, err := ledger.History(ctx, q, b.book, long, before, benchPage)
					if err == nil && len(lines) != benchPage {
						err = fmt.Errorf("%d lines", len(lines))
					}
					return err
				})
			})
			if err != nil {
				return fmt.Errorf("W4: %w", err)
			}
			b.line(fmt.Sprintf("W4 page %d of a history of %d lines, clients: %d", page, benchLines, clients), rs)
		}
	}
	return nil
}

func (b *ledgerBench) w5(ctx context.Context) error {
	accounts := b.kids[:benchAccounts]
	for _, way := range []struct {
		what string
		want ledger.Query
	}{
		{"now", ledger.Query{Accounts: accounts}},
		{fmt.Sprintf("as known at transaction %d", b.cut/10), ledger.Query{Accounts: accounts, KnownNo: b.cut / 10}},
		{"as effective on a day", ledger.Query{Accounts: accounts, EffectiveOn: benchDay}},
		{"as effective on a day, as known then", ledger.Query{Accounts: accounts, EffectiveOn: benchDay, KnownNo: b.cut / 10}},
		{"as effective on a day, from a checkpoint", ledger.Query{Accounts: accounts, EffectiveOn: benchDay}},
	} {
		if strings.HasSuffix(way.what, "checkpoint") {
			if err := b.checkpoint(ctx); err != nil {
				return err
			}
		}
		var each []time.Duration
		began := time.Now()
		for range 2*benchRounds + 1 {
			t := time.Now()
			if n, err := b.balances(ctx, way.want); err != nil || n != benchAccounts {
				return fmt.Errorf("W5: %d balances: %w", n, err)
			}
			each = append(each, time.Since(t))
		}
		b.line(fmt.Sprintf("W5 %d balances %s", benchAccounts, way.what), []round{summary(time.Since(began), len(each), each)})
	}
	return nil
}

func (b *ledgerBench) checkpoint(ctx context.Context) error {
	return b.db.InTx(ctx, b.who, func(tx *sqlx.Tx) error {
		_, err := ledger.WriteCheckpoints(ctx, tx, b.book, benchDay)
		return err
	})
}

// verify re-derives all that was posted: a figure of its own, and a check that
// what was measured was sound.
func (b *ledgerBench) verify(ctx context.Context) error {
	began := time.Now()
	var report *ledger.Report
	err := b.db.Read(ctx, b.who, func(q sqlx.QueryerContext) (err error) {
		report, err = ledger.Verify(ctx, q, b.book, nil)
		return err
	})
	if err != nil {
		return err
	}
	b.line(fmt.Sprintf("verified transactions, of %d with %d entries", report.Transactions, report.Entries),
		[]round{summary(time.Since(began), int(report.Transactions), nil)})
	if !report.OK() {
		return fmt.Errorf("the books do not verify: %v", report.Findings)
	}
	return nil
}
