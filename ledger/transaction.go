package ledger

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Transaction returns the entries of one transaction, in the order of their
// accounts, each with what the transaction says of itself; none where the book
// has no such transaction.
func Transaction(ctx context.Context, q sqlx.QueryerContext, book BookID, no TxNo) ([]Movement, error) {
	const query = `
		SELECT ` + movementColumns + `
		FROM ledger_entries e
		JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
		JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
		WHERE e.book_id = $1 AND e.tx_no = $2
		ORDER BY a.chart, a.fund_id, a.id`
	out, err := readMovements(ctx, q, query, book, no)
	if err != nil {
		return nil, fmt.Errorf("transaction %d of book %d: %w", no, book, err)
	}
	return out, nil
}
