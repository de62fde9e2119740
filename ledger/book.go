package ledger

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// BookID names a book. A book is the unit of order: its transactions are
// numbered without a gap in the order in which they were committed, and one
// writer at a time posts to it. It belongs to one tenant and has one currency.
type BookID int32

// TxNo numbers a book's transactions: 1, 2, 3 … 0 is none.
type TxNo int64

// FundID names a fund. Every account belongs to exactly one.
type FundID int32

// NewBook describes a book to open.
type NewBook struct {
	Code     string // short name, unique in the tenant: "main"
	Name     string
	Currency string // ISO 4217: "USD"
}

// Book is a book as it was opened.
type Book struct {
	ID       BookID `db:"id"`
	Code     string `db:"code"`
	Name     string `db:"name"`
	Currency string `db:"currency"`
}

// OpenBook opens a book for the tenant of the transaction.
func OpenBook(ctx context.Context, tx *sqlx.Tx, b NewBook, at time.Time) (BookID, error) {
	const query = `SELECT ledger_open_book($1, $2, $3, $4)`
	var id BookID
	if err := tx.GetContext(ctx, &id, query, b.Code, b.Name, b.Currency, at); err != nil {
		return 0, fmt.Errorf("open book %s: %w", b.Code, err)
	}
	return id, nil
}

// Books lists the tenant's books by id.
func Books(ctx context.Context, q sqlx.QueryerContext) ([]Book, error) {
	const query = `SELECT id, code, name, currency FROM ledger_books ORDER BY id`
	var books []Book
	if err := sqlx.SelectContext(ctx, q, &books, query); err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	return books, nil
}

// KnownCut is the number of the book's newest transaction: what was known up to
// now. Reports that quote it can be repeated exactly.
func KnownCut(ctx context.Context, q sqlx.QueryerContext, book BookID) (TxNo, error) {
	const query = `SELECT last_tx FROM ledger_blocks WHERE book_id = $1 ORDER BY no DESC LIMIT 1`
	var no TxNo
	if err := sqlx.GetContext(ctx, q, &no, query, book); err != nil {
		return 0, fmt.Errorf("known cut of book %d: %w", book, err)
	}
	return no, nil
}

// KnownAt is the number of the newest transaction known at an instant, 0 where
// there was none.
func KnownAt(ctx context.Context, q sqlx.QueryerContext, book BookID, at time.Time) (TxNo, error) {
	const query = `SELECT coalesce((SELECT last_tx FROM ledger_blocks WHERE book_id = $1 AND sealed_at <= $2 ORDER BY no DESC LIMIT 1), 0)`
	var no TxNo
	if err := sqlx.GetContext(ctx, q, &no, query, book, at); err != nil {
		return 0, fmt.Errorf("known cut of book %d: %w", book, err)
	}
	return no, nil
}

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

// array builds a PostgreSQL array literal. pq.Array does the same through
// reflection, at several times the cost of the posting itself.
type array struct{ b []byte }

func (a *array) sep() {
	if a.b == nil {
		a.b = append(make([]byte, 0, 256), '{')
	} else {
		a.b = append(a.b, ',')
	}
}

func (a *array) int(n int64) {
	a.sep()
	a.b = strconv.AppendInt(a.b, n, 10)
}

// raw adds an element that needs no quoting.
func (a *array) raw(s string) {
	a.sep()
	a.b = append(a.b, s...)
}

func (a *array) text(s string) {
	a.sep()
	a.b = append(a.b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			a.b = append(a.b, '\\')
		}
		a.b = append(a.b, s[i])
	}
	a.b = append(a.b, '"')
}

func (a *array) String() string {
	if a.b == nil {
		return "{}"
	}
	return string(append(a.b, '}'))
}
