package ledger

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Finding is one thing that is wrong in the books.
type Finding struct {
	Check string // which rule: "balance", "hash", "number" …
	Where string // "transaction 17", "account 4, entry 9", "block 3"
	What  string // what was found there
}

func (f Finding) String() string { return f.Where + ": " + f.What + " (" + f.Check + ")" }

// Report says what Verify looked at and what it found.
type Report struct {
	Book         BookID
	Blocks       int64
	Transactions int64
	Entries      int64
	Accounts     int64
	Holds        int64
	Logged       int64  // blocks that are in the tenant's log
	Head         string // hash of the newest block, in hexadecimal
	Findings     []Finding
	// More counts findings beyond the first thousand, which are not listed.
	More int64
}

// OK reports books in which nothing is wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

// maxFindings bounds a report: past that the books are simply not to be trusted.
const maxFindings = 1000

func (r *Report) add(check, where, format string, args ...any) {
	if len(r.Findings) >= maxFindings {
		r.More++
		return
	}
	r.Findings = append(r.Findings, Finding{check, where, fmt.Sprintf(format, args...)})
}

// Progress is told how far a long reading has come.
type Progress func(done, total int64)

// Verify re-derives a whole book from its entries and names whatever does not
// agree: hashes and links of blocks, numbers without a gap, transactions that
// balance in every fund and say what was sealed, running balances, floors and
// holds, accounts, reversals, period locks, keys, checkpoints and sums, and the
// book's place in the tenant's log. It reads in constant memory; run it in a read-only
// transaction, so that it sees one moment. progress may be nil. An error means
// that the books could not be read, not that they are wrong.
func Verify(ctx context.Context, q sqlx.QueryerContext, book BookID, progress Progress) (*Report, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	v := &verification{ctx: ctx, q: q, book: book, report: &Report{Book: book}, progress: progress}
	for _, step := range []func() error{v.chain, v.leftovers, v.entries, v.accounts, v.reversals, v.holds, v.checkpoints, v.sums, v.logged} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("verify book %d: %w", book, err)
		}
	}
	return v.report, nil
}

// verification is one run of Verify.
type verification struct {
	ctx      context.Context
	q        sqlx.QueryerContext
	book     BookID
	report   *Report
	progress Progress

	locks []periodLock
	total int64 // newest transaction that the blocks know of, for progress
}

// each runs a query and hands its rows over one at a time.
func (v *verification) each(query string, scan func(rows *sqlx.Rows) error, args ...any) error {
	rows, err := v.q.QueryxContext(v.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// wrong runs a query that returns a row for everything that is wrong: where it
// is and what was found there.
func (v *verification) wrong(check, query string, args ...any) error {
	return v.each(query, func(rows *sqlx.Rows) error {
		var where, what string
		if err := rows.Scan(&where, &what); err != nil {
			return err
		}
		v.report.add(check, where, "%s", what)
		return nil
	}, append([]any{v.book}, args...)...)
}

func hexed(b []byte) string { return hex.EncodeToString(b) }
