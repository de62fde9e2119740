package activation

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
	name   string
	tries  int
	window time.Duration
}

// The limits of families' entrances (reliability.md §4.1). Of proofs, only those
// that fail count against a peer, so a school's evening behind one address is
// not stopped by its own success.
var (
	proofsOfPeer     = limit{"proof/peer", 20, time.Hour}
	proofsOfStudent  = limit{"proof/student", 5, 24 * time.Hour}
	proofsOfNobody   = limit{"proof/nobody", 0, time.Hour} // counted, and limits nothing
	codesToContact   = limit{"send/contact", 3, 15 * time.Minute}
	codesADay        = limit{"send/contact", 10, 24 * time.Hour}
	codesFromPeer    = limit{"send/peer", 60, time.Hour}
	pinsOfAccount    = limit{"pin/account", 5, 15 * time.Minute}
	pinsADay         = limit{"pin/account", 20, 24 * time.Hour}
	statementsOfPeer = limit{"verify/peer", 30, time.Hour}
)

// about is a limit and whom it is about.
type about struct {
	limit
	whom string
}

func (a about) key(keys *vault.Keyring) []byte {
	return keys.Index(0, "family-try", a.name+"\x00"+a.window.String()+"\x00"+a.whom)
}

// count counts a try under every limit and reports whether it is within all. It
// counts even what it refuses, and locks rows in one order, so tries do not
// deadlock.
func count(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, at time.Time, limits ...about) (within bool, err error) {
	var what [][]byte
	var began, ends []time.Time
	for _, l := range limits {
		start := at.UTC().Truncate(l.window)
		what, began, ends = append(what, l.key(keys)), append(began, start), append(ends, start.Add(l.window))
	}
	const query = `
		INSERT INTO activation_tries AS a (what, began_at, ends_at, tries)
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

// uncount takes one try back that turned out to be right.
func uncount(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, at time.Time, limits ...about) error {
	for _, l := range limits {
		const query = `UPDATE activation_tries SET tries = tries - 1 WHERE what = $1 AND began_at = $2 AND tries > 0`
		if _, err := tx.ExecContext(ctx, query, l.key(keys), at.UTC().Truncate(l.window)); err != nil {
			return fmt.Errorf("take a try back: %w", err)
		}
	}
	return nil
}

// forget clears the counters of whoever has proven to be the right one.
func forget(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, limits ...about) error {
	var what [][]byte
	for _, l := range limits {
		what = append(what, l.key(keys))
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM activation_tries WHERE what = ANY (CAST($1 AS bytea[]))`, pq.ByteaArray(what)); err != nil {
		return fmt.Errorf("forget tries: %w", err)
	}
	return nil
}
