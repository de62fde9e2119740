package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Reversal takes a transaction back whole.
type Reversal struct {
	Key string // makes it repeatable, as a posting's key does
	Of  TxNo
	// Effective is the day from which the money counts as never moved. Where the
	// book is closed through that day, the reversal is posted on the first open
	// day and says which day it truly concerns.
	Effective Date
	Maker     string
	Approval  string
	Reason    string // kept as the source of the posting
}

// Reverse posts the exact contra of a transaction, at most once for each. It
// may be repeated. Errors: *NotReversible, *AlreadyReversed, *Overdrawn where
// the money has been spent, and those of Post.
func Reverse(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, r Reversal) (Posted, error) {
	posted, err := ReverseAll(ctx, tx, book, at, []Reversal{r})
	if err != nil {
		return Posted{}, err
	}
	return posted[0], nil
}

// ReverseAll reverses a set of transactions, all or nothing.
func ReverseAll(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, reversals []Reversal) ([]Posted, error) {
	numbers := make([]TxNo, len(reversals))
	for i, r := range reversals {
		numbers[i] = r.Of
	}
	originals, err := originals(ctx, tx, book, numbers)
	if err != nil {
		return nil, err
	}
	closed, err := ClosedThrough(ctx, tx, book)
	if err != nil {
		return nil, err
	}
	earlier, err := earlierDays(ctx, tx, book, numbers)
	if err != nil {
		return nil, err
	}
	postings := make([]Posting, len(reversals))
	for i, r := range reversals {
		original, ok := originals[r.Of]
		if !ok {
			return nil, fmt.Errorf("reverse in book %d: %w", book, &NotReversible{i, r.Key, r.Of})
		}
		postings[i] = r.posting(original, closed)
		if day, ok := earlier[r.Key]; ok && day[1] == r.Effective { // a repetition, after the period closed
			postings[i].Effective, postings[i].Concerns = day[0], Date{}
			if day[0] != day[1] {
				postings[i].Concerns = day[1]
			}
		}
	}
	return Post(ctx, tx, book, at, postings)
}

// posting is the contra of an original.
func (r Reversal) posting(of original, closed Date) Posting {
	p := Posting{Key: r.Key, Kind: of.kind + ".reversed", Effective: r.Effective, Reverses: r.Of, Rule: of.rule,
		Maker: r.Maker, Approval: r.Approval, Source: r.Reason}
	for _, e := range of.entries {
		p.Entries = append(p.Entries, Entry{e.Account, e.Amount.Neg()})
	}
	if !closed.IsZero() && !r.Effective.After(closed) {
		p.Effective, p.Concerns = closed.AddDays(1), r.Effective
	}
	return p
}

// earlierDays gives, by key, the effective day of reversals that exist already
// and the day they were asked for.
func earlierDays(ctx context.Context, tx *sqlx.Tx, book BookID, numbers []TxNo) (map[string][2]Date, error) {
	const query = `
		SELECT key, effective_on, coalesce(concerns_on, effective_on)
		FROM ledger_transactions
		WHERE book_id = $1 AND reverses = ANY (CAST($2 AS bigint[]))`
	rows, err := tx.QueryContext(ctx, query, book, txList(numbers))
	if err != nil {
		return nil, fmt.Errorf("read reversals of book %d: %w", book, err)
	}
	defer rows.Close()
	days := map[string][2]Date{}
	for rows.Next() {
		var key string
		var day [2]Date
		if err := rows.Scan(&key, &day[0], &day[1]); err != nil {
			return nil, fmt.Errorf("read reversals of book %d: %w", book, err)
		}
		days[key] = day
	}
	return days, rows.Err()
}

type original struct {
	kind, rule string
	entries    []Entry
}

func originals(ctx context.Context, tx *sqlx.Tx, book BookID, numbers []TxNo) (map[TxNo]original, error) {
	const query = `
		SELECT t.no, t.kind, t.rule, e.account_id, e.amount
		FROM ledger_transactions t
		JOIN ledger_entries e ON e.book_id = t.book_id AND e.tx_no = t.no
		WHERE t.book_id = $1 AND t.no = ANY (CAST($2 AS bigint[]))
		ORDER BY t.no, e.account_id, e.seq`
	rows, err := tx.QueryContext(ctx, query, book, txList(numbers))
	if err != nil {
		return nil, fmt.Errorf("read transactions of book %d: %w", book, err)
	}
	defer rows.Close()
	found := map[TxNo]original{}
	for rows.Next() {
		var no TxNo
		var o original
		var e Entry
		if err := rows.Scan(&no, &o.kind, &o.rule, &e.Account, &e.Amount); err != nil {
			return nil, fmt.Errorf("read transactions of book %d: %w", book, err)
		}
		o.entries = append(found[no].entries, e)
		found[no] = o
	}
	return found, rows.Err()
}

func txList(numbers []TxNo) string {
	var list array
	for _, no := range numbers {
		list.int(int64(no))
	}
	return list.String()
}
