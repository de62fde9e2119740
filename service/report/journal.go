package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
)

// JournalQuery chooses transactions of a program's book.
type JournalQuery struct {
	After ledger.TxNo     // keyset: the last transaction of the page before
	No    ledger.TxNo     // only this one; 0: all
	Funds []ledger.FundID // only entries of these, and transactions that have some; none: all
	In    ledger.Period   // effective days; an open end does not restrict
	Limit int
}

// Transaction is a transaction with its entries.
type Transaction struct {
	No        ledger.TxNo `db:"no"`
	PostedAt  time.Time   `db:"posted_at"`
	Effective ledger.Date `db:"effective_on"`
	Concerns  ledger.Date `db:"concerns_on"`
	Kind      string      `db:"kind"`
	Reverses  ledger.TxNo `db:"reverses"` // 0 for none
	Source    string      `db:"source"`
	Entries   []Entry
}

// Entry is a line of a transaction.
type Entry struct {
	Account ledger.AccountID
	Chart   ledger.Chart
	Fund    string // code
	Child   int64  // 0: nobody's
	Benefit string
	Amount  ledger.Amount // credit positive
}

// Journal returns transactions in the order of posting.
func Journal(ctx context.Context, q sqlx.QueryerContext, p program.Program, want JournalQuery) ([]Transaction, error) {
	const query = `
		SELECT t.no, t.posted_at, t.effective_on, t.concerns_on, t.kind, coalesce(t.reverses, 0) AS reverses, t.source
		FROM ledger_transactions t
		WHERE t.book_id = $1 AND t.no > $2
		  AND (CAST($3 AS bigint) = 0 OR t.no = $3)
		  AND (CAST($4 AS date) IS NULL OR t.effective_on >= $4)
		  AND (CAST($5 AS date) IS NULL OR t.effective_on <= $5)
		  AND (cardinality(CAST($6 AS integer[])) = 0 OR EXISTS (
			SELECT FROM ledger_entries e WHERE e.book_id = t.book_id AND e.tx_no = t.no AND e.fund_id = ANY ($6)))
		ORDER BY t.no
		LIMIT $7`
	funds := make([]int64, len(want.Funds))
	for i, f := range want.Funds {
		funds[i] = int64(f)
	}
	var out []Transaction
	err := sqlx.SelectContext(ctx, q, &out, query, p.Book, want.After, want.No, want.In.First, want.In.Last, pq.Array(funds), want.Limit)
	if err != nil {
		return nil, fmt.Errorf("journal of %s: %w", p.Code, err)
	}
	return out, addEntries(ctx, q, p, out, funds)
}

// addEntries fills in the entries of transactions, in one question.
func addEntries(ctx context.Context, q sqlx.QueryerContext, p program.Program, txs []Transaction, funds []int64) error {
	codes, err := fundCodes(ctx, q, p.ID)
	if err != nil {
		return err
	}
	numbers, place := make([]int64, len(txs)), make(map[ledger.TxNo]int, len(txs))
	for i, t := range txs {
		numbers[i], place[t.No] = int64(t.No), i
	}
	const query = `
		SELECT e.tx_no, a.id, a.chart, a.fund_id, a.child_id, a.benefit, e.amount
		FROM ledger_entries e
		JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
		WHERE e.book_id = $1 AND e.tx_no = ANY ($2) AND (cardinality(CAST($3 AS integer[])) = 0 OR e.fund_id = ANY ($3))
		ORDER BY e.tx_no, a.chart, a.id, e.seq`
	rows, err := q.QueryxContext(ctx, query, p.Book, pq.Array(numbers), pq.Array(funds))
	if err != nil {
		return fmt.Errorf("journal of %s: %w", p.Code, err)
	}
	defer rows.Close()
	for rows.Next() {
		var no ledger.TxNo
		var id ledger.FundID
		var e Entry
		if err := rows.Scan(&no, &e.Account, &e.Chart, &id, &e.Child, &e.Benefit, &e.Amount); err != nil {
			return fmt.Errorf("journal of %s: %w", p.Code, err)
		}
		e.Fund = codes[id]
		t := &txs[place[no]]
		t.Entries = append(t.Entries, e)
	}
	return rows.Err()
}
