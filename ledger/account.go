package ledger

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// AccountID names an account of a book.
type AccountID int64

// Account says what an account is for: a line of the chart and its dimensions.
// Zero values mean that the dimension does not apply. In a book there is one
// account of each kind.
type Account struct {
	Chart     Chart  `db:"chart"`
	Fund      FundID `db:"fund_id"`      // never zero; family money has a fund of its own
	Child     int64  `db:"child_id"`     // whose money it is, or for whom it is set aside
	Benefit   string `db:"benefit"`      // letters, digits, dot, dash, underscore
	Custodian int32  `db:"custodian_id"` // which bank or plan holds the cash
}

// EnsureAccounts returns the ids of accounts in their order and opens those the
// book does not have yet. It may be repeated. The book is locked for writing
// only where an account is opened.
func EnsureAccounts(ctx context.Context, tx *sqlx.Tx, book BookID, accounts []Account) ([]AccountID, error) {
	const query = `SELECT ledger_open_accounts($1, $2, $3, $4, $5, $6, $7)`
	if len(accounts) == 0 {
		return nil, nil
	}
	var charts, funds, children, benefits, custodians, floors array
	for i, a := range accounts {
		line, ok := a.Chart.Line()
		if !ok || a.Fund <= 0 {
			return nil, &Invalid{Posting: i, Reason: fmt.Sprintf("account of chart %d and fund %d: the chart's line must exist and the fund be given", a.Chart, a.Fund)}
		}
		charts.int(int64(a.Chart))
		funds.int(int64(a.Fund))
		children.int(a.Child)
		benefits.text(a.Benefit)
		custodians.int(int64(a.Custodian))
		floors.raw(floorText(line))
	}
	var ids pq.Int64Array
	err := tx.GetContext(ctx, &ids, query, book, charts.String(), funds.String(), children.String(), benefits.String(), custodians.String(), floors.String())
	if err != nil {
		return nil, fmt.Errorf("ensure %d accounts of book %d: %w", len(accounts), book, refusal(err, unnamed))
	}
	out := make([]AccountID, len(ids))
	for i, id := range ids {
		out[i] = AccountID(id)
	}
	return out, nil
}

func floorText(line ChartLine) string {
	if line.Floored {
		return "0"
	}
	return "NULL"
}
