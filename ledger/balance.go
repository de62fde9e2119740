package ledger

import (
	"context"
	"fmt"
	"strings"

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
	query, args := want.sql(book)
	if want.onlyAccounts() {
		query, args = balancesByID, []any{book, accountList(want.Accounts)}
	} else {
		query += " ORDER BY id"
	}
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("balances of book %d: %w", book, err)
	}
	defer rows.Close()
	balances := make([]Balance, 0, len(want.Accounts))
	for rows.Next() {
		var b Balance
		if err := rows.Scan(&b.ID, &b.Chart, &b.Fund, &b.Child, &b.Benefit, &b.Custodian, &b.Amount); err != nil {
			return nil, fmt.Errorf("balances of book %d: %w", book, err)
		}
		balances = append(balances, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("balances of book %d: %w", book, err)
	}
	return balances, nil
}

// onlyAccounts reports the commonest question: these accounts, now.
func (want Query) onlyAccounts() bool {
	return len(want.Accounts) > 0 && len(want.Charts) == 0 && want.Fund == 0 && len(want.Children) == 0 &&
		want.EffectiveOn.IsZero() && want.KnownNo == 0
}

// Total is what all accounts of one line of the chart hold in one fund.
type Total struct {
	Chart    Chart  `db:"chart"`
	Fund     FundID `db:"fund_id"`
	Amount   Amount `db:"amount"`   // credit positive
	Accounts int64  `db:"accounts"` // how many accounts that is
}

// Totals returns the trial balance of the chosen accounts: a line for each
// chart code and fund, in that order. Over a whole book the amounts of every
// fund sum to 0.00.
func Totals(ctx context.Context, q sqlx.QueryerContext, book BookID, want Query) ([]Total, error) {
	query, args := want.sql(book)
	query = `SELECT chart, fund_id, sum(amount) AS amount, count(*) AS accounts FROM (` + query + `) b GROUP BY chart, fund_id ORDER BY chart, fund_id`
	var totals []Total
	if err := sqlx.SelectContext(ctx, q, &totals, query, args...); err != nil {
		return nil, fmt.Errorf("totals of book %d: %w", book, err)
	}
	return totals, nil
}

// sql chooses the cheapest way to the balances that are asked for.
func (want Query) sql(book BookID) (string, []any) {
	args := []any{book, accountList(want.Accounts), chartList(want.Charts), want.Fund, childList(want.Children)}
	switch {
	case !want.EffectiveOn.IsZero():
		return want.keep(balancesAsOf), append(args, want.EffectiveOn, want.KnownNo)
	case want.KnownNo != 0 && want.KnownNo < summedUpTo*want.guess():
		return want.over(balancesSummed), append(args, want.KnownNo)
	case want.KnownNo != 0:
		return want.keep(balancesKnown), append(args, want.KnownNo)
	}
	return want.keep(balancesNow), args
}

// summedUpTo is how many transactions a sum can add up in the time in which one
// account's history is searched (measured).
const summedUpTo = 25

// guess is about how many accounts are asked for.
func (want Query) guess() TxNo {
	switch {
	case len(want.Accounts) > 0:
		return TxNo(len(want.Accounts))
	case len(want.Children) > 0:
		return TxNo(8 * len(want.Children))
	}
	return 10_000
}

// accounts are the accounts that are asked for. Children are looked up one by one
// through their index: a list of thousands compared with every account of a book
// would cost their product. Each way is a query of its own, since PostgreSQL starts
// workers for a way that it then does not go.
func accounts(children []int64) string {
	if len(children) > 0 {
		return childrensAccounts
	}
	return anyAccounts
}

// over puts the way to the accounts into a query.
func (want Query) over(query string) string {
	return strings.Replace(query, theAccounts, accounts(want.Children), 1)
}

// keep is over for a query that goes one way whatever else is asked: of a few
// children it is kept prepared by the connection (service/store).
func (want Query) keep(query string) string {
	query = want.over(query)
	if n := len(want.Children); n > 0 && n <= fewChildren {
		query = kept + query
	}
	return query
}

const (
	kept        = "/* kept */ "
	fewChildren = 100
)

const (
	theAccounts = "/* the accounts */"

	anyAccounts = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id
		FROM ledger_accounts a
		WHERE a.book_id = $1 AND $5 = '{}' ` + filteredAccounts

	childrensAccounts = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id
		FROM (SELECT DISTINCT unnest(CAST($5 AS bigint[])) AS child) w
		CROSS JOIN LATERAL (
			SELECT id, chart, fund_id, child_id, benefit, custodian_id
			FROM ledger_accounts WHERE book_id = $1 AND child_id = w.child AND child_id > 0 OFFSET 0) a
		WHERE true ` + filteredAccounts

	filteredAccounts = `
		  AND ($2 = '{}' OR a.id = ANY (CAST($2 AS bigint[])))
		  AND ($3 = '{}' OR a.chart = ANY (CAST($3 AS smallint[])))
		  AND ($4 = 0 OR a.fund_id = $4)`

	balancesByID = `
		SELECT id, chart, fund_id, child_id, benefit, custodian_id, amount FROM ledger_read_balances($1, $2)`

	balancesNow = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id, coalesce(e.balance_after, 0) AS amount
		FROM (` + theAccounts + `) a
		LEFT JOIN LATERAL (
			SELECT balance_after FROM ledger_entries WHERE book_id = $1 AND account_id = a.id ORDER BY seq DESC LIMIT 1) e ON true`

	// Few transactions up to then, or many accounts: add up what there was.
	balancesSummed = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id, coalesce(s.amount, 0) AS amount
		FROM (` + theAccounts + `) a
		LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM ledger_entries WHERE book_id = $1 AND tx_no <= $6 GROUP BY account_id) s ON s.account_id = a.id`

	// Otherwise: find in each account's history the entry that was the newest.
	balancesKnown = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id, ledger_balance_known($1, a.id, $6) AS amount
		FROM (` + theAccounts + `) a`

	// From the account's newest usable checkpoint, or from the beginning: what
	// came later, and what was known then but effective after it. CASE instead of
	// COALESCE, and + 0, see to it that entries are found by account and seq:
	// under row-level security the planner trusts the one and not the other.
	balancesAsOf = `
		SELECT a.id, a.chart, a.fund_id, a.child_id, a.benefit, a.custodian_id, coalesce(c.balance, 0) + coalesce(t.amount, 0) AS amount
		FROM (` + theAccounts + `) a
		LEFT JOIN LATERAL (
			SELECT as_of, last_seq, later_seq, balance FROM ledger_checkpoints
			WHERE book_id = $1 AND account_id = a.id AND as_of <= $6 AND (CAST($7 AS bigint) = 0 OR known_no <= $7)
			ORDER BY as_of DESC LIMIT 1) c ON true
		LEFT JOIN LATERAL (
			SELECT sum(e.amount) AS amount FROM ledger_entries e
			WHERE e.book_id = $1 AND e.account_id = a.id AND e.seq >= CASE WHEN c.later_seq IS NULL THEN 1 ELSE c.later_seq END
			  AND e.effective_on <= $6 AND (CAST($7 AS bigint) = 0 OR e.tx_no + 0 <= $7)
			  AND (c.as_of IS NULL OR e.seq > c.last_seq OR e.effective_on > c.as_of)) t ON true`
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
