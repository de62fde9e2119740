package ledger

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// WriteSums sums what was posted since the last call, by line of the chart, fund,
// kind and effective day, so that totals cost as much as a book has days. They
// are a cache that Verify holds against the entries. It returns how many
// transactions it summed, and locks the book meanwhile.
func WriteSums(ctx context.Context, tx *sqlx.Tx, book BookID) (int64, error) {
	const query = `SELECT ledger_write_sums($1)`
	var n int64
	if err := tx.GetContext(ctx, &n, query, book); err != nil {
		return 0, fmt.Errorf("sum book %d: %w", book, refusal(err, unnamed))
	}
	return n, nil
}

// SumQuery chooses sums. Filters that are set must all hold.
type SumQuery struct {
	Chart Chart
	Fund  FundID
	Kind  string
	// In chooses by effective day, both ends included; an end that is no day is
	// open.
	In Period
	// KnownNo counts only transactions up to this number; 0 counts all.
	KnownNo TxNo
}

// Turnover is what was debited and credited to all accounts of one line of the
// chart in one fund by transactions of one kind.
type Turnover struct {
	Chart   Chart  `db:"chart"`
	Fund    FundID `db:"fund_id"`
	Kind    string `db:"kind"`
	Debit   Amount `db:"debit"`  // zero or negative
	Credit  Amount `db:"credit"` // zero or positive
	Entries int64  `db:"entries"`
}

// Net is what they came to, credit positive.
func (t Turnover) Net() Amount { return t.Debit.Add(t.Credit) }

// sumsAndTail are the sums of whole stretches up to one, and the entries that a
// knowledge holds after it. Where the tail begins is given as a number: from a
// number the planner sees that it is short.
const sumsAndTail = `
	SELECT chart, fund_id, kind, effective_on, debit, credit, entries
	FROM ledger_sums
	WHERE book_id = $1 AND upto_no <= $3
	UNION ALL
	SELECT a.chart, a.fund_id, t.kind, e.effective_on, least(e.amount, 0), greatest(e.amount, 0), 1
	FROM ledger_entries e
	JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
	JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
	WHERE e.book_id = $1 AND e.tx_no <= $2 AND e.tx_no > $3`

// chosenSums is what a SumQuery asks for.
const chosenSums = `
		WHERE (CAST($4 AS date) IS NULL OR effective_on >= $4)
		  AND (CAST($5 AS date) IS NULL OR effective_on <= $5)
		  AND (CAST($6 AS smallint) = 0 OR chart = $6)
		  AND (CAST($7 AS integer) = 0 OR fund_id = $7)
		  AND (CAST($8 AS text) = '' OR kind = $8)`

// lastStretch is where the last stretch ends that a knowledge holds.
const lastStretch = kept + `SELECT coalesce(max(upto_no), 0) FROM ledger_sums WHERE book_id = $1 AND upto_no <= $2`

// Turnovers sums what was posted, by line of the chart, fund and kind.
func Turnovers(ctx context.Context, q sqlx.QueryerContext, book BookID, want SumQuery) ([]Turnover, error) {
	const query = `
		SELECT chart, fund_id, kind, sum(debit) AS debit, sum(credit) AS credit, sum(entries) AS entries
		FROM (` + sumsAndTail + `) s ` + chosenSums + `
		GROUP BY chart, fund_id, kind
		ORDER BY chart, fund_id, kind`
	var out []Turnover
	if err := selectSums(ctx, q, &out, query, book, want); err != nil {
		return nil, fmt.Errorf("turnovers of book %d: %w", book, err)
	}
	return out, nil
}

// MonthTurnover is the turnover of one calendar month.
type MonthTurnover struct {
	Month Date `db:"month"` // its first day
	Turnover
}

// TurnoversByMonth sums what was posted as Turnovers does, by the month of its
// effective day.
func TurnoversByMonth(ctx context.Context, q sqlx.QueryerContext, book BookID, want SumQuery) ([]MonthTurnover, error) {
	const query = `
		SELECT CAST(date_trunc('month', CAST(effective_on AS timestamp)) AS date) AS month, chart, fund_id, kind,
		       sum(debit) AS debit, sum(credit) AS credit, sum(entries) AS entries
		FROM (` + sumsAndTail + `) s ` + chosenSums + `
		GROUP BY 1, chart, fund_id, kind
		ORDER BY 1, chart, fund_id, kind`
	var out []MonthTurnover
	if err := selectSums(ctx, q, &out, query, book, want); err != nil {
		return nil, fmt.Errorf("turnovers of book %d by month: %w", book, err)
	}
	return out, nil
}

// selectSums asks a question of sumsAndTail.
func selectSums(ctx context.Context, q sqlx.QueryerContext, out any, query string, book BookID, want SumQuery) error {
	known := want.KnownNo
	if known == 0 {
		known = 1<<62 - 1
	}
	var stretch TxNo
	if err := sqlx.GetContext(ctx, q, &stretch, lastStretch, book, known); err != nil {
		return err
	}
	return sqlx.SelectContext(ctx, q, out, query, book, known, stretch, want.In.First, want.In.Last, want.Chart, want.Fund, want.Kind)
}
