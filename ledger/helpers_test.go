package ledger

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq"

	"seedbook/migrations/pgtest"
)

// noon is the instant at which tests post unless they say otherwise.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// failer is what both testing.T and rapid.T can do.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// books is a database with a tenant and a book. Work in it runs as the
// application's role, as it does in production.
type books struct {
	db     *sqlx.DB // connects as the owner
	tenant int32
	book   BookID
}

func connect(t testing.TB, dsn string) *sqlx.DB {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("binary_parameters", "yes")
	q.Set("timezone", "UTC")
	u.RawQuery = q.Encode()
	db, err := sqlx.Open("postgres", u.String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(40)
	db.SetMaxIdleConns(40)
	t.Cleanup(func() { db.Close() })
	return db
}

func newBooks(t testing.TB) *books {
	t.Helper()
	db := connect(t, pgtest.New(t).DSN)
	return &books{db: db, tenant: newTenant(t, db)}
}

func newTenant(t failer, db *sqlx.DB) (tenant int32) {
	t.Helper()
	if err := db.Get(&tenant, `INSERT INTO tenants (name, created_at) VALUES ('Test', '2026-01-01') RETURNING id`); err != nil {
		t.Fatalf("new tenant: %v", err)
	}
	return tenant
}

// openBook opens another book in the same database and makes it the current one.
func (b *books) openBook(t failer) *books {
	t.Helper()
	c := *b
	err := c.try(context.Background(), func(tx *sqlx.Tx) (err error) {
		var n int
		if err = tx.Get(&n, `SELECT count(*) FROM ledger_books`); err != nil {
			return err
		}
		c.book, err = OpenBook(context.Background(), tx, NewBook{Code: fmt.Sprintf("book-%d", n), Name: "Test", Currency: "USD"}, noon)
		return err
	})
	if err != nil {
		t.Fatalf("open book: %v", err)
	}
	return &c
}

// try runs fn in a transaction of the application's role and the tenant.
func (b *books) try(ctx context.Context, fn func(tx *sqlx.Tx) error) error {
	tx, err := b.db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	query := fmt.Sprintf(`SELECT set_config('role', 'csa_app', true), set_config('app.tenant', '%d', true)`, b.tenant)
	if _, err := tx.ExecContext(ctx, query); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// must is try where nothing may fail.
func (b *books) must(t failer, fn func(tx *sqlx.Tx) error) {
	t.Helper()
	if err := b.try(context.Background(), fn); err != nil {
		t.Fatalf("%v", err)
	}
}

func (b *books) ids(t failer, accounts ...Account) (ids []AccountID) {
	t.Helper()
	b.must(t, func(tx *sqlx.Tx) (err error) {
		ids, err = EnsureAccounts(context.Background(), tx, b.book, accounts)
		return err
	})
	return ids
}

// post posts and returns what was answered or refused.
func (b *books) post(postings ...Posting) (out []Posted, err error) {
	err = b.try(context.Background(), func(tx *sqlx.Tx) (err error) {
		out, err = Post(context.Background(), tx, b.book, noon, postings)
		return err
	})
	return out, err
}

func (b *books) mustPost(t failer, postings ...Posting) []Posted {
	t.Helper()
	out, err := b.post(postings...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// balance is what an account holds now.
func (b *books) balance(t failer, id AccountID) Amount {
	t.Helper()
	balances := b.balances(t, Query{Accounts: []AccountID{id}})
	if len(balances) != 1 {
		t.Fatalf("%d balances of account %d", len(balances), id)
	}
	return balances[0].Amount
}

func (b *books) balances(t failer, q Query) (out []Balance) {
	t.Helper()
	b.must(t, func(tx *sqlx.Tx) (err error) {
		out, err = Balances(context.Background(), tx, b.book, q)
		return err
	})
	return out
}

// verify reads the whole book as the application's role.
func (b *books) verify(t failer) (r *Report) {
	t.Helper()
	b.must(t, func(tx *sqlx.Tx) (err error) {
		r, err = Verify(context.Background(), tx, b.book, nil)
		return err
	})
	return r
}

// sound fails where anything in the books is wrong.
func (b *books) sound(t failer) {
	t.Helper()
	if r := b.verify(t); !r.OK() {
		t.Fatalf("books are not sound: %v", r.Findings)
	}
}

var sept = NewDate(2026, time.September, 1)

// move is a posting of two entries: minor units from one account to another.
func move(key string, from, to AccountID, minor int64) Posting {
	return Posting{Key: key, Kind: "deposit", Effective: sept, Maker: "test", Entries: []Entry{{from, Minor(-minor)}, {to, Minor(minor)}}}
}

// family opens custodial cash and the family money of n children.
func (b *books) family(t failer, n int) (cash AccountID, children []AccountID) {
	t.Helper()
	accounts := []Account{{Chart: CustodialCash, Fund: 1}}
	for i := range n {
		accounts = append(accounts, Account{Chart: FamilyPrincipal, Fund: 1, Child: int64(i + 1)})
	}
	ids := b.ids(t, accounts...)
	return ids[0], ids[1:]
}
