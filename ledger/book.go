package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
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
	const query = kept + `SELECT last_tx FROM ledger_blocks WHERE book_id = $1 ORDER BY no DESC LIMIT 1`
	var no TxNo
	if err := sqlx.GetContext(ctx, q, &no, query, book); err != nil {
		return 0, fmt.Errorf("known cut of book %d: %w", book, err)
	}
	return no, nil
}

// KnownAt is the number of the newest transaction known at an instant, 0 where
// there was none.
func KnownAt(ctx context.Context, q sqlx.QueryerContext, book BookID, at time.Time) (TxNo, error) {
	const query = `SELECT coalesce((SELECT last_tx FROM ledger_blocks WHERE book_id = $1 AND sealed_at <= $2 ORDER BY sealed_at DESC, no DESC LIMIT 1), 0)`
	var no TxNo
	if err := sqlx.GetContext(ctx, q, &no, query, book, at); err != nil {
		return 0, fmt.Errorf("known cut of book %d: %w", book, err)
	}
	return no, nil
}
