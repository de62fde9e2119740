package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/vault"
)

// limit is how often something may be tried in a window.
type limit struct {
	of     string // account or network
	tries  int
	window time.Duration
}

// The limits of signing in (reliability.md §4.9). None locks an account for
// good, and a browser that has signed in before has a budget of its own, so a
// stranger cannot lock anyone out.
var limits = []limit{
	{"account", 5, 15 * time.Minute},
	{"account", 10, time.Hour},
	{"network", 60, 10 * time.Minute},
}

// try is one attempt, as the limits see it.
type try struct {
	account string // folded address, with the known device if there is one
	network string // the client's network, "" where there is none (command line)
}

// rows are the counters a try touches, in the order of limits.
func (t try) rows(keys *vault.Keyring, at time.Time) (what [][]byte, began, ends []time.Time) {
	for _, l := range limits {
		subject := t.account
		if l.of == "network" {
			subject = t.network
		}
		start := at.UTC().Truncate(l.window)
		what = append(what, keys.Index(0, "try", l.of+"\x00"+l.window.String()+"\x00"+subject))
		began, ends = append(began, start), append(ends, start.Add(l.window))
	}
	return what, began, ends
}

// count counts a try and reports whether it is within every limit. It counts
// even what it refuses, and locks rows in one order, so tries do not deadlock.
func count(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, t try, at time.Time) (within bool, err error) {
	what, began, ends := t.rows(keys, at)
	const query = `
		INSERT INTO auth_attempts AS a (what, began_at, ends_at, tries)
		SELECT w.what, w.began, w.ends, 1
		FROM unnest(CAST($1 AS bytea[]), CAST($2 AS timestamptz[]), CAST($3 AS timestamptz[])) AS w (what, began, ends)
		ORDER BY w.what
		ON CONFLICT (what, began_at) DO UPDATE SET tries = a.tries + 1
		RETURNING a.what, a.tries`
	var counted []struct {
		What  []byte `db:"what"`
		Tries int    `db:"tries"`
	}
	if err := tx.SelectContext(ctx, &counted, query, pq.ByteaArray(what), pq.Array(began), pq.Array(ends)); err != nil {
		return false, fmt.Errorf("count tries: %w", err)
	}
	within = true
	for _, c := range counted {
		for i, l := range limits {
			if string(what[i]) == string(c.What) && c.Tries > l.tries {
				within = false
			}
		}
	}
	return within, nil
}

// forget clears the counters of an account that has signed in, and returns the
// most that any of them had counted.
func forget(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, t try, at time.Time) (tries int, err error) {
	what, _, _ := t.rows(keys, at)
	var accounts [][]byte
	for i, l := range limits {
		if l.of == "account" {
			accounts = append(accounts, what[i])
		}
	}
	const query = `
		WITH gone AS (DELETE FROM auth_attempts WHERE what = ANY (CAST($1 AS bytea[])) RETURNING tries)
		SELECT coalesce(max(tries), 0) FROM gone`
	if err := tx.GetContext(ctx, &tries, query, pq.ByteaArray(accounts)); err != nil {
		return 0, fmt.Errorf("forget tries: %w", err)
	}
	return tries, nil
}
