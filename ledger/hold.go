package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// HoldNo numbers a book's holds.
type HoldNo int64

// HoldRequest reserves money on an account without moving it.
type HoldRequest struct {
	Key     string // makes it repeatable, as a posting's key does
	Account AccountID
	Amount  Amount    // positive
	Expires time.Time // from this instant the hold no longer counts
	Maker   string
	Reason  string
}

// Hold reserves money, all or nothing: until a hold is captured, released or
// expires, no entry may take the account below its floor and its holds. It may
// be repeated. Errors: *Overdrawn, *KeyReused, *UnknownAccount, ErrNoFloor.
func Hold(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, requests []HoldRequest) ([]HoldNo, error) {
	const query = `SELECT ledger_place_holds($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	if len(requests) == 0 {
		return nil, nil
	}
	var keys, idems, accounts, minors, expires, makers, reasons array
	seen := map[string]bool{}
	for i, r := range requests {
		if r.Key == "" || seen[r.Key] || r.Amount.Sign() <= 0 || !r.Expires.After(at) {
			return nil, &Invalid{i, r.Key, "a hold needs a key of its own, an amount above 0.00 and an expiry to come"}
		}
		seen[r.Key] = true
		keys.text(r.Key)
		idems.raw(keyUUID(r.Key))
		accounts.int(int64(r.Account))
		minors.int(r.Amount.Minor())
		expires.text(r.Expires.UTC().Format(time.RFC3339Nano))
		makers.text(r.Maker)
		reasons.text(r.Reason)
	}
	var numbers pq.Int64Array
	err := tx.GetContext(ctx, &numbers, query, book, at, keys.String(), idems.String(), accounts.String(), minors.String(),
		expires.String(), makers.String(), reasons.String())
	if err != nil {
		return nil, fmt.Errorf("hold in book %d: %w", book, refusal(err, func(i int) (int, string) { return i, requests[i].Key }))
	}
	out := make([]HoldNo, len(numbers))
	for i, n := range numbers {
		out[i] = HoldNo(n)
	}
	return out, nil
}

// Captured is a hold and the posting that takes the money it reserved. The
// posting may move less than was held: the hold ends all the same.
type Captured struct {
	Hold    HoldNo
	Posting Posting
}

// Capture ends holds and posts what they were for, all or nothing. It may be
// repeated with the same postings. Errors: *HoldEnded for a hold that was
// released, has expired, or was captured by another posting; those of Post.
func Capture(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, captured []Captured) ([]Posted, error) {
	holds := make([]HoldNo, len(captured))
	postings := make([]Posting, len(captured))
	for i, c := range captured {
		holds[i], postings[i] = c.Hold, c.Posting
	}
	if len(captured) == 0 {
		return nil, nil
	}
	ended, err := endHolds(ctx, tx, book, at, holds, "capture", postings[0].Maker, "")
	if err != nil {
		return nil, fmt.Errorf("capture in book %d: %w", book, err)
	}
	keys, err := keysOf(ctx, tx, book, ended)
	if err != nil {
		return nil, fmt.Errorf("capture in book %d: %w", book, err)
	}
	for i, e := range ended {
		if e.Act != "" && (e.Act != "capture" || keys[e.No] != postings[i].Key) {
			return nil, fmt.Errorf("capture in book %d: %w", book, &e)
		}
	}
	posted, err := Post(ctx, tx, book, at, postings)
	if err != nil {
		return nil, err
	}
	for i, e := range ended {
		if e.Act == "" && posted[i].Replayed { // the hold would name a transaction that is not its own
			return nil, fmt.Errorf("capture in book %d: %w", book, &KeyReused{i, postings[i].Key, posted[i].No})
		}
	}
	return posted, nil
}

// keysOf gives the keys of the transactions that captured holds.
func keysOf(ctx context.Context, q sqlx.QueryerContext, book BookID, ended []HoldEnded) (map[TxNo]string, error) {
	const query = `SELECT no, key FROM ledger_transactions WHERE book_id = $1 AND no = ANY (CAST($2 AS bigint[]))`
	var numbers []TxNo
	for _, e := range ended {
		if e.No != 0 {
			numbers = append(numbers, e.No)
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	var rows []struct {
		No  TxNo   `db:"no"`
		Key string `db:"key"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, book, txList(numbers)); err != nil {
		return nil, err
	}
	keys := make(map[TxNo]string, len(rows))
	for _, r := range rows {
		keys[r.No] = r.Key
	}
	return keys, nil
}

// Release ends holds without moving money. Releasing a hold that was released
// or has expired does nothing; one that was captured is *HoldEnded.
func Release(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, holds []HoldNo, maker, reason string) error {
	if len(holds) == 0 {
		return nil
	}
	ended, err := endHolds(ctx, tx, book, at, holds, "release", maker, reason)
	if err != nil {
		return fmt.Errorf("release in book %d: %w", book, err)
	}
	for _, e := range ended {
		if e.Act == "capture" {
			return fmt.Errorf("release in book %d: %w", book, &e)
		}
	}
	return nil
}

// endHolds ends the holds that are open and tells how the others had ended.
func endHolds(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, holds []HoldNo, act, maker, reason string) ([]HoldEnded, error) {
	const query = `SELECT hold, ended, coalesce(tx, 0) FROM ledger_end_holds($1, $2, $3, $4, $5, $6)`
	var numbers array
	for _, h := range holds {
		numbers.int(int64(h))
	}
	rows, err := tx.QueryContext(ctx, query, book, at, numbers.String(), act, maker, reason)
	if err != nil {
		return nil, refusal(err, unnamed)
	}
	defer rows.Close()
	var out []HoldEnded
	for rows.Next() {
		var e HoldEnded
		if err := rows.Scan(&e.Hold, &e.Act, &e.No); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, refusal(rows.Err(), unnamed)
}

// OpenHold is a hold that still counts.
type OpenHold struct {
	No      HoldNo    `db:"hold_no"`
	Account AccountID `db:"account_id"`
	Amount  Amount    `db:"change"`
	Expires time.Time `db:"expires_at"`
	Key     string    `db:"key"`
	Maker   string    `db:"maker"`
	Reason  string    `db:"reason"`
}

// OpenHolds lists what is on hold at an instant on the given accounts, or in
// the whole book where none are given.
func OpenHolds(ctx context.Context, q sqlx.QueryerContext, book BookID, accounts []AccountID, at time.Time) ([]OpenHold, error) {
	const query = `
		SELECT o.hold_no, o.account_id, o.change, o.expires_at, o.key, o.maker, o.reason
		FROM ledger_holds o
		WHERE o.book_id = $1 AND o.act = 'place' AND o.expires_at > $2
		  AND ($3 = '{}' OR o.account_id = ANY (CAST($3 AS bigint[])))
		  AND NOT EXISTS (SELECT FROM ledger_holds e WHERE e.book_id = $1 AND e.hold_no = o.hold_no AND e.act <> 'place')
		ORDER BY o.hold_no`
	var holds []OpenHold
	if err := sqlx.SelectContext(ctx, q, &holds, query, book, at, accountList(accounts)); err != nil {
		return nil, fmt.Errorf("open holds of book %d: %w", book, err)
	}
	return holds, nil
}

func accountList(accounts []AccountID) string {
	var a array
	for _, id := range accounts {
		a.int(int64(id))
	}
	return a.String()
}
