package ledger

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Query chooses accounts and the moment of their balances. Filters that are
// set must all hold; an empty filter does not restrict. Without dates the
// balances are those of now.
type Query struct {
	Accounts []AccountID
	Charts   []Chart
	Fund     FundID
	Children []int64
	// EffectiveOn counts only what was effective up to this day.
	EffectiveOn Date
	// KnownNo counts only transactions up to this number (KnownCut, KnownAt).
	KnownNo TxNo
}

// Balance is what an account holds.
type Balance struct {
	ID AccountID `db:"id"`
	Account
	Amount Amount `db:"amount"` // credit positive
}

// Balances returns the balances of the chosen accounts, by account id. Accounts
// without entries up to then hold 0.00.
func Balances(ctx context.Context, q sqlx.QueryerContext, book BookID, want Query) ([]Balance, error) {
	query := balancesNow
	switch {
	case !want.EffectiveOn.IsZero():
		query = balancesAsOf
	case want.KnownNo != 0:
		query = balancesKnown
	}
	var balances []Balance
	args := []any{book, accountList(want.Accounts), chartList(want.Charts), want.Fund, childList(want.Children)}
	if !want.EffectiveOn.IsZero() {
		args = append(args, want.EffectiveOn)
	}
	if !want.EffectiveOn.IsZero() || want.KnownNo != 0 {
		args = append(args, want.KnownNo)
	}
	if err := sqlx.SelectContext(ctx, q, &balances, query, args...); err != nil {
		return nil, fmt.Errorf("balances of book %d: %w", book, err)
	}
	return balances, nil
}

const (
	chosenAccounts = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id
		FROM ledger_accounts a
		WHERE a.book_id = $1
		  AND ($2 = '{}' OR a.id = ANY (CAST($2 AS bigint[])))
		  AND ($3 = '{}' OR a.chart = ANY (CAST($3 AS smallint[])))
		  AND ($4 = 0 OR a.fund_id = $4)
		  AND ($5 = '{}' OR a.child_id = ANY (CAST($5 AS bigint[])))`

	balancesNow = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id, coalesce(e.balance_after, 0) AS amount
		FROM (` + chosenAccounts + `) a
		LEFT JOIN LATERAL (
			SELECT balance_after FROM ledger_entries WHERE book_id = $1 AND account_id = a.id ORDER BY seq DESC LIMIT 1) e ON true
		ORDER BY a.id`

	balancesKnown = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id, coalesce(e.balance_after, 0) AS amount
		FROM (` + chosenAccounts + `) a
		LEFT JOIN LATERAL (
			SELECT balance_after FROM ledger_entries WHERE book_id = $1 AND account_id = a.id AND tx_no <= $6 ORDER BY seq DESC LIMIT 1) e ON true
		ORDER BY a.id`

	// From the account's newest usable checkpoint: what came later, and what was
	// known then but effective after it.
	balancesAsOf = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id, coalesce(c.balance, 0) + coalesce(t.amount, 0) AS amount
		FROM (` + chosenAccounts + `) a
		LEFT JOIN LATERAL (
			SELECT as_of, last_seq, later_seq, balance FROM ledger_checkpoints
			WHERE book_id = $1 AND account_id = a.id AND as_of <= $6 AND ($7 = 0 OR known_no <= $7)
			ORDER BY as_of DESC LIMIT 1) c ON true
		LEFT JOIN LATERAL (
			SELECT sum(e.amount) AS amount FROM ledger_entries e
			WHERE e.book_id = $1 AND e.account_id = a.id AND e.seq >= coalesce(c.later_seq, 1)
			  AND e.effective_on <= $6 AND ($7 = 0 OR e.tx_no <= $7)
			  AND (e.seq > coalesce(c.last_seq, 0) OR e.effective_on > c.as_of)) t ON true
		ORDER BY a.id`
)

func chartList(charts []Chart) string {
	var a array
	for _, c := range charts {
		a.int(int64(c))
	}
	return a.String()
}

func childList(children []int64) string {
	var a array
	for _, c := range children {
		a.int(c)
	}
	return a.String()
}
