package ledger

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
)

// TestACrashLosesNothingThatWasAnswered kills PostgreSQL while sixteen clients
// post, starts it again, has every client repeat what it got no answer to, and
// looks for anything lost, doubled or out of step.
func TestACrashLosesNothingThatWasAnswered(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server of its own")
	}
	t.Parallel()
	server := pgtest.NewServer(t)
	db := connect(t, server.Database)
	b := (&books{db: db, tenant: newTenant(t, db)}).openBook(t)
	cash, kids := b.family(t, 8)

	answers := make([]sync.Map, 16)
	var posted atomic.Int64
	for round := range 3 {
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for g := range answers {
			wg.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					key := fmt.Sprint(round, "/", g, "/", i)
					out, err := b.post(move(key, cash, kids[(g+i)%8], int64(i+1)))
					answers[g].Store(key, answer{out, err})
					if err == nil {
						posted.Add(1)
					}
				}
			})
		}
		for want := posted.Load() + 100; posted.Load() < want; {
			time.Sleep(time.Millisecond) // until there is something to lose
		}
		server.Kill()
		close(stop)
		wg.Wait()
		if err := server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.repeat(t, answers, cash, kids)
	}
	b.sound(t)
	var rows, keys int64
	if err := b.db.QueryRow(`SELECT count(*), count(DISTINCT key) FROM ledger_transactions`).Scan(&rows, &keys); err != nil || rows != keys {
		t.Errorf("%d transactions with %d keys (%v)", rows, keys, err)
	}
}

type answer struct {
	out []Posted
	err error
}

// repeat asks again for everything: what was answered must be there under the
// same number, and what was not may be posted now.
func (b *books) repeat(t *testing.T, answers []sync.Map, cash AccountID, kids []AccountID) {
	t.Helper()
	unanswered := 0
	for g := range answers {
		answers[g].Range(func(key, value any) bool {
			var round, client, i int
			if _, err := fmt.Sscanf(key.(string), "%d/%d/%d", &round, &client, &i); err != nil {
				t.Fatal(err)
			}
			old := value.(answer)
			again := answer{}
			again.err = b.try(context.Background(), func(tx *sqlx.Tx) (err error) {
				again.out, err = Post(context.Background(), tx, b.book, noon, []Posting{move(key.(string), cash, kids[(g+i)%8], int64(i+1))})
				return err
			})
			switch {
			case again.err != nil:
				t.Errorf("%s again: %v", key, again.err)
			case old.err == nil && (!again.out[0].Replayed || again.out[0].No != old.out[0].No):
				t.Errorf("%s was answered %v and is now %v", key, old.out[0], again.out[0])
			case old.err != nil:
				unanswered++
			}
			answers[g].Store(key, again)
			return true
		})
	}
	t.Logf("%d postings had no answer", unanswered)
}
