package ledger

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// maxBatch bounds one call of the database's posting function and so its
// memory. Larger sets go in several calls of the same transaction.
const maxBatch = 5000

// Post posts transactions to a book, all or nothing, in the order given, and
// answers in that order. It may be repeated: a key used before to move the same
// money gives the earlier transaction. What it refuses it names: *Invalid,
// *Unbalanced, *UnknownAccount, *KeyReused, *Overdrawn, *PeriodClosed,
// *AlreadyReversed, *NotReversible, ErrUnknownBook, ErrTooLarge.
//
// at is the instant the posting became known. It never runs backwards in a
// book: an earlier instant than the last posting's is taken as the last one's.
// The book stays locked for other writers until the caller's transaction ends,
// so post last.
func Post(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, postings []Posting) ([]Posted, error) {
	todo, out, err := prepare(postings)
	if err != nil {
		return nil, fmt.Errorf("post to book %d: %w", book, err)
	}
	for len(todo) > 0 {
		n := min(len(todo), maxBatch)
		if err := postBatch(ctx, tx, book, at, todo[:n], out); err != nil {
			return nil, fmt.Errorf("post to book %d: %w", book, err)
		}
		todo = todo[n:]
	}
	for i, d := range duplicates(postings, out) {
		out[i] = Posted{No: out[d].No, Replayed: true}
	}
	return out, nil
}

// item is a posting on its way: where the caller gave it, and its digest.
type item struct {
	Posting
	digest
	place int
}

// prepare checks and hashes postings and drops repetitions of a key within the
// call.
func prepare(postings []Posting) ([]item, []Posted, error) {
	items := make([]item, 0, len(postings))
	seen := make(map[string]int, len(postings))
	var buf []byte
	for place := range postings {
		it := item{Posting: postings[place], place: place}
		if err := it.check(place); err != nil {
			return nil, nil, err
		}
		it.digest, buf = it.Posting.digest(buf)
		if first, again := seen[it.Key]; again {
			if items[first].fingerprint != it.fingerprint {
				return nil, nil, &KeyReused{Posting: place, Key: it.Key}
			}
			continue
		}
		seen[it.Key] = len(items)
		items = append(items, it)
	}
	return items, make([]Posted, len(postings)), nil
}

// duplicates gives, for each posting left unanswered because its key came
// twice, the place of the first.
func duplicates(postings []Posting, out []Posted) map[int]int {
	var first map[string]int
	twice := map[int]int{}
	for i := range out {
		if out[i].No != 0 {
			continue
		}
		if first == nil {
			first = make(map[string]int, len(postings))
			for j := len(postings) - 1; j >= 0; j-- {
				first[postings[j].Key] = j
			}
		}
		twice[i] = first[postings[i].Key]
	}
	return twice
}

// postBatch posts items and writes their answers. Where some keys are known it
// posts the others in a second call: the book is locked, so nothing comes
// between.
func postBatch(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, items []item, out []Posted) error {
	first, known, err := callPost(ctx, tx, book, at, items)
	if err != nil {
		return refusal(err, func(i int) (int, string) { return items[i].place, items[i].Key })
	}
	if known == nil {
		for i := range items {
			out[items[i].place] = Posted{No: first + TxNo(i)}
		}
		return nil
	}
	var fresh []item
	for i, no := range known {
		if no == 0 {
			fresh = append(fresh, items[i])
			continue
		}
		out[items[i].place] = Posted{No: TxNo(no), Replayed: true}
	}
	if len(fresh) == 0 {
		return nil
	}
	return postBatch(ctx, tx, book, at, fresh, out)
}

func callPost(ctx context.Context, tx *sqlx.Tx, book BookID, at time.Time, items []item) (TxNo, pq.Int64Array, error) {
	const query = `SELECT coalesce(first_no, 0), known FROM ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
	a := flatten(items)
	var first TxNo
	var known pq.Int64Array
	err := tx.QueryRowContext(ctx, query, book, at, a.key.String(), a.idem.String(), a.fingerprint.String(), a.hash,
		a.kind.String(), a.effective.String(), a.concerns.String(), a.reverses.String(), a.rule.String(), a.maker.String(),
		a.approval.String(), a.source.String(), a.facts.String(),
		a.legPosting.String(), a.legAccount.String(), a.legMinor.String(), a.legEffective.String()).Scan(&first, &known)
	return first, known, err
}

// arrays are the arguments of ledger_post.
type arrays struct {
	key, idem, fingerprint               array
	hash                                 []byte
	kind, effective, concerns, reverses  column
	rule, maker, approval, source, facts column
	legPosting, legAccount, legMinor     array
	legEffective                         column
}

func flatten(items []item) *arrays {
	a := &arrays{hash: make([]byte, 0, 32*len(items))}
	for i := range items {
		it := &items[i]
		a.key.text(it.Key)
		a.idem.raw(hex.EncodeToString(it.digest.key[:]))
		a.fingerprint.int(it.fingerprint)
		a.hash = append(a.hash, it.hash[:]...)
		day := it.Effective.String()
		a.kind.add(it.Kind)
		a.effective.add(day)
		a.concerns.add(concernsText(it.Concerns))
		a.reverses.add(fmt.Sprint(int64(it.Reverses)))
		a.rule.add(it.Rule)
		a.maker.add(it.Maker)
		a.approval.add(it.Approval)
		a.source.add(it.Source)
		a.facts.add(it.Facts)
		for _, e := range it.Entries {
			a.legPosting.int(int64(i + 1))
			a.legAccount.int(int64(e.Account))
			a.legMinor.int(e.Amount.Minor())
			a.legEffective.add(day)
		}
	}
	return a
}

// concernsText writes no day as the past's end: in these arrays NULL means "as
// the first".
func concernsText(d Date) string {
	if d.IsZero() {
		return "-infinity"
	}
	return d.String()
}
