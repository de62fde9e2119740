package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fund"
	"seedbook/service/program"
)

// FundReceipt is a promise or a payment of a fund, as it was recorded.
type FundReceipt struct {
	Reference string          `db:"reference"`
	Kind      fund.Promise    `db:"kind"`
	Amount    ledger.Amount   `db:"amount"`
	On        ledger.Date     `db:"on_day"`
	No        ledger.TxNo     `db:"tx_no"`
	By        string          `db:"entered_by"`
	At        time.Time       `db:"entered_at"`
	Document  fund.DocumentID `db:"document_id"` // 0: none
}

// Given is what a fund holds on children's accounts by one benefit.
type Given struct {
	Chart    ledger.Chart  `db:"chart"`
	Benefit  string        `db:"benefit"`
	Children int           `db:"children"`
	Amount   ledger.Amount `db:"amount"`
}

// FundReceipts are all promises and payments of a fund, the newest first.
func FundReceipts(ctx context.Context, q sqlx.QueryerContext, f fund.Fund) (all []FundReceipt, err error) {
	const query = `
		SELECT reference, kind, amount, on_day, tx_no, entered_by, entered_at, coalesce(document_id, 0) AS document_id
		FROM fund_receipts WHERE fund_id = $1 ORDER BY on_day DESC, tx_no DESC`
	if err := sqlx.SelectContext(ctx, q, &all, query, f.ID); err != nil {
		return nil, fmt.Errorf("receipts of %s: %w", f.Code, err)
	}
	return all, nil
}

// GivenBy is for how many children a fund holds money today, by benefit.
func GivenBy(ctx context.Context, q sqlx.QueryerContext, p program.Program, f fund.Fund) (all []Given, err error) {
	const query = `
		SELECT a.chart, a.benefit, count(*) AS children, sum(e.balance_after) AS amount
		FROM ledger_accounts a
		CROSS JOIN LATERAL (SELECT balance_after FROM ledger_entries n WHERE n.book_id = a.book_id AND n.account_id = a.id ORDER BY n.seq DESC LIMIT 1) e
		WHERE a.book_id = $1 AND a.fund_id = $2 AND a.child_id > 0 AND a.chart BETWEEN 3140 AND 3159 AND e.balance_after <> 0
		GROUP BY a.chart, a.benefit ORDER BY a.chart, a.benefit`
	if err := sqlx.SelectContext(ctx, q, &all, query, p.Book, f.ID); err != nil {
		return nil, fmt.Errorf("what %s gave: %w", f.Code, err)
	}
	return all, nil
}
