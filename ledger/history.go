package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// Movement is an entry of an account together with the transaction it belongs
// to: a line of a statement.
type Movement struct {
	ID AccountID
	Account
	Seq          int64 // 1, 2, 3 … within the account
	No           TxNo
	Amount       Amount // credit positive
	BalanceAfter Amount // in the order of posting, not of effective days
	Effective    Date
	Concerns     Date
	PostedAt     time.Time
	Kind         string
	Key          string
	Reverses     TxNo // 0 for none
	ReversedBy   TxNo // 0 for none
	Rule         string
	Maker        string
	Approval     string
	Source       string
	Facts        string // JSON or ""
}

const movementColumns = `
	a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id,
	e.seq, t.no, e.amount, e.balance_after, e.effective_on, t.concerns_on, t.posted_at, t.kind, t.key, coalesce(t.reverses, 0),
	coalesce((SELECT r.no FROM ledger_transactions r WHERE r.book_id = t.book_id AND r.reverses = t.no), 0),
	t.rule, t.maker, t.approval, t.source, coalesce(CAST(t.facts AS text), '')`

// readMovements reads rows of movementColumns, by hand: a page has a thousand
// fields, for which reflection takes as long as the database.
func readMovements(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (out []Movement, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m Movement
		if err := rows.Scan(&m.ID, &m.Chart, &m.Fund, &m.Child, &m.Benefit, &m.Custodian,
			&m.Seq, &m.No, &m.Amount, &m.BalanceAfter, &m.Effective, &m.Concerns, &m.PostedAt, &m.Kind, &m.Key, &m.Reverses,
			&m.ReversedBy, &m.Rule, &m.Maker, &m.Approval, &m.Source, &m.Facts); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// History returns one page of an account's entries, newest first: those before
// the given seq, or the newest where it is 0. Every page costs the same,
// however long the history; the last line's Seq asks for the next page.
func History(ctx context.Context, q sqlx.QueryerContext, book BookID, account AccountID, before int64, limit int) ([]Movement, error) {
	const query = `
		SELECT CAST($2 AS bigint), chart, fund_id, child_id, benefit, custodian_id,
			seq, no, amount, balance_after, effective_on, concerns_on, posted_at, kind, key, reverses,
			reversed_by, rule, maker, approval, source, facts
		FROM ledger_read_history($1, $2, $3, $4)`
	if before <= 0 {
		before = 1<<63 - 1
	}
	page, err := readMovements(ctx, q, query, book, account, before, limit)
	if err != nil {
		return nil, fmt.Errorf("history of account %d: %w", account, err)
	}
	return page, nil
}

// MovementQuery chooses movements. Filters that are set must all hold.
type MovementQuery struct {
	Accounts []AccountID
	Charts   []Chart
	Fund     FundID
	Children []int64
	// Period chooses by effective day, both ends included; an end that is no day
	// is open.
	Period Period
	// KnownNo counts only transactions up to this number; 0 counts all.
	KnownNo TxNo
	// AfterAccount and AfterSeq continue behind a movement; Limit bounds the
	// page, 0 does not.
	AfterAccount AccountID
	AfterSeq     int64
	Limit        int
}

// Movements returns movements by account and within it in the order of posting.
func Movements(ctx context.Context, q sqlx.QueryerContext, book BookID, want MovementQuery) ([]Movement, error) {
	const query = `
		SELECT ` + movementColumns + `
		FROM (` + theAccounts + `) a
		JOIN ledger_entries e ON e.book_id = $1 AND e.account_id = a.id
		JOIN ledger_transactions t ON t.book_id = $1 AND t.no = e.tx_no
		WHERE (CAST($6 AS date) IS NULL OR e.effective_on >= $6)
		  AND (CAST($7 AS date) IS NULL OR e.effective_on <= $7)
		  AND (CAST($8 AS bigint) = 0 OR e.tx_no <= $8)
		  AND (a.id, e.seq) > (CAST($9 AS bigint), CAST($10 AS bigint))
		ORDER BY a.id, e.seq
		LIMIT nullif(CAST($11 AS bigint), 0)`
	out, err := readMovements(ctx, q, Query{Children: want.Children}.keep(query), book, accountList(want.Accounts), chartList(want.Charts), want.Fund, childList(want.Children),
		want.Period.First, want.Period.Last, want.KnownNo, want.AfterAccount, want.AfterSeq, want.Limit)
	if err != nil {
		return nil, fmt.Errorf("movements of book %d: %w", book, err)
	}
	return out, nil
}

// TransactionByKey finds what a key posted; ok is false where it posted nothing.
func TransactionByKey(ctx context.Context, q sqlx.QueryerContext, book BookID, key string) (no TxNo, ok bool, err error) {
	const query = `SELECT coalesce((SELECT no FROM ledger_transactions WHERE book_id = $1 AND idem_key = CAST($2 AS uuid)), 0)`
	if err := sqlx.GetContext(ctx, q, &no, query, book, keyUUID(key)); err != nil {
		return 0, false, fmt.Errorf("look up key %s: %w", key, err)
	}
	return no, no != 0, nil
}
