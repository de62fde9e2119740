package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jmoiron/sqlx"
)

// Format is a plain-text accounting language.
type Format string

// The journals that Export can write, each for the program of the same name.
const (
	Hledger   Format = "hledger"
	LedgerCLI Format = "ledger"
	Beancount Format = "beancount"
)

// ErrFormat reports a format that Export does not know.
var ErrFormat = errors.New("not a journal format: hledger, ledger or beancount")

// Export writes a book as a journal that programs we did not write can check
// in their strictest mode: every account, commodity, payee and tag declared,
// every amount written out, transactions in the order of their effective days,
// and the balance of every account asserted. It holds ids and never names; what
// people typed (keys, sources) stays out, since a line break in it could add
// postings. Signs are the journal's: debit positive, the reverse of the books.
//
// It reads row by row; memory grows with the number of accounts only. Run it
// in a read-only transaction, so that it sees one moment.
func Export(ctx context.Context, q sqlx.QueryerContext, w io.Writer, book BookID, format Format) error {
	j, err := newJournal(w, format)
	if err != nil {
		return err
	}
	e := &export{ctx: ctx, q: q, book: book, out: j}
	for _, step := range []func() error{e.header, e.accounts, e.kinds, e.transactions, e.closing} {
		if err := step(); err != nil {
			return fmt.Errorf("export book %d: %w", book, err)
		}
	}
	if err := j.flush(); err != nil {
		return fmt.Errorf("export book %d: %w", book, err)
	}
	return nil
}

// journal is a language in which a book can be written.
type journal interface {
	header(h exportHeader)
	account(name string)
	payees(kinds []string)
	open(t *exportTx)
	posting(name string, amount, balance Amount) // debit positive; balance after it
	assert(name string, balance Amount)          // debit positive, at the end
	closing(day Date)                            // before the first assert
	flush() error
}

func newJournal(w io.Writer, format Format) (journal, error) {
	text := plainText{bufio.NewWriterSize(w, 1<<16)}
	switch format {
	case Hledger:
		return &hledger{plainText: text}, nil
	case LedgerCLI:
		return &ledgerCLI{plainText: text}, nil
	case Beancount:
		return &beancount{plainText: text}, nil
	}
	return nil, fmt.Errorf("%q: %w", string(format), ErrFormat)
}

// exportHeader says what a journal holds, so that a reader can count.
type exportHeader struct {
	Book         BookID
	Currency     string
	Transactions int64
	Entries      int64
	Debits       string // sum of all debits, exact
	Head         string // hash of the newest block
	First        Date   // earliest effective day
	Last         Date   // latest effective day
}

// exportTx is what a journal says of a transaction.
type exportTx struct {
	No       TxNo
	Day      Date
	Kind     string // made safe
	Reverses TxNo
	Seal     string // first 16 digits of its hash
}

// export is one run of Export.
type export struct {
	ctx      context.Context
	q        sqlx.QueryerContext
	book     BookID
	out      journal
	names    map[AccountID]string
	balances map[AccountID]Amount // in the order of the journal, credit positive
	last     Date
}

func (e *export) header() error {
	const query = `
		SELECT b.currency, coalesce(k.last_tx, 0), coalesce(encode(k.hash, 'hex'), ''), t.entries, CAST(t.debits AS text), t.first, t.last
		FROM ledger_books b
		LEFT JOIN LATERAL (SELECT last_tx, hash FROM ledger_blocks WHERE book_id = b.id ORDER BY no DESC LIMIT 1) k ON true
		CROSS JOIN LATERAL (SELECT count(*) AS entries, coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS debits,
			min(effective_on) AS first, max(effective_on) AS last FROM ledger_entries WHERE book_id = b.id) t
		WHERE b.id = $1`
	h := exportHeader{Book: e.book}
	row := e.q.QueryRowxContext(e.ctx, query, e.book)
	if err := row.Scan(&h.Currency, &h.Transactions, &h.Head, &h.Entries, &h.Debits, &h.First, &h.Last); err != nil {
		return err
	}
	if h.First.IsZero() {
		h.First = NewDate(2000, 1, 1) // an empty book still declares its accounts
		h.Last = h.First
	}
	e.last = h.Last
	e.out.header(h)
	return nil
}

func (e *export) accounts() error {
	const query = `SELECT id, chart, fund_id, child_id, benefit, custodian_id FROM ledger_accounts WHERE book_id = $1 ORDER BY id`
	e.names, e.balances = map[AccountID]string{}, map[AccountID]Amount{}
	rows, err := e.q.QueryxContext(e.ctx, query, e.book)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id AccountID
		var a Account
		if err := rows.Scan(&id, &a.Chart, &a.Fund, &a.Child, &a.Benefit, &a.Custodian); err != nil {
			return err
		}
		e.names[id] = a.journalName(id)
		e.out.account(e.names[id])
	}
	return rows.Err()
}

// journalName is the account's name in a journal: its place in the chart, its
// dimensions, and last its id, which alone makes it unique.
func (a Account) journalName(id AccountID) string {
	line, ok := a.Chart.Line()
	if !ok {
		line.Journal = fmt.Sprintf("equity:unknown:%d", a.Chart)
	}
	b := fmt.Appendf(nil, "%s:f%d", line.Journal, a.Fund)
	if a.Custodian != 0 {
		b = fmt.Appendf(b, ":k%d", a.Custodian)
	}
	if a.Child != 0 {
		b = fmt.Appendf(b, ":c%d", a.Child)
	}
	if a.Benefit != "" {
		b = fmt.Appendf(b, ":b-%s", safe(a.Benefit))
	}
	return string(fmt.Appendf(b, ":a%d", id))
}

// safe keeps letters, digits and dashes, which mean nothing special in any of
// the three languages.
func safe(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, s)
}

func (e *export) kinds() error {
	const query = `SELECT DISTINCT kind FROM ledger_transactions WHERE book_id = $1 ORDER BY kind`
	var kinds, unique []string
	if err := sqlx.SelectContext(e.ctx, e.q, &kinds, query, e.book); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, k := range kinds {
		if k = safe(k); !seen[k] {
			seen[k], unique = true, append(unique, k)
		}
	}
	e.out.payees(unique)
	return nil
}

func (e *export) transactions() error {
	const query = `
		SELECT t.no, t.effective_on, t.kind, coalesce(t.reverses, 0), encode(substr(t.hash, 1, 8), 'hex'), n.account_id, n.amount
		FROM ledger_transactions t
		JOIN ledger_entries n ON n.book_id = t.book_id AND n.tx_no = t.no
		WHERE t.book_id = $1
		ORDER BY t.effective_on, t.no, n.account_id, n.seq`
	rows, err := e.q.QueryxContext(e.ctx, query, e.book)
	if err != nil {
		return err
	}
	defer rows.Close()
	var open TxNo
	for rows.Next() {
		var t exportTx
		var entry Entry
		if err := rows.Scan(&t.No, &t.Day, &t.Kind, &t.Reverses, &t.Seal, &entry.Account, &entry.Amount); err != nil {
			return err
		}
		if t.No != open {
			t.Kind, open = safe(t.Kind), t.No
			e.out.open(&t)
		}
		balance := e.balances[entry.Account].Add(entry.Amount)
		e.balances[entry.Account] = balance
		e.out.posting(e.names[entry.Account], entry.Amount.Neg(), balance.Neg())
	}
	return rows.Err()
}

// closing asserts of every account the balance that its newest entry says, not
// the one that was summed up while writing.
func (e *export) closing() error {
	const query = `
		SELECT a.id, n.balance_after
		FROM ledger_accounts a
		JOIN LATERAL (SELECT balance_after FROM ledger_entries WHERE book_id = $1 AND account_id = a.id ORDER BY seq DESC LIMIT 1) n ON true
		WHERE a.book_id = $1 ORDER BY a.id`
	rows, err := e.q.QueryxContext(e.ctx, query, e.book)
	if err != nil {
		return err
	}
	defer rows.Close()
	for first := true; rows.Next(); first = false {
		var id AccountID
		var balance Amount
		if err := rows.Scan(&id, &balance); err != nil {
			return err
		}
		if first {
			e.out.closing(e.last)
		}
		e.out.assert(e.names[id], balance.Neg())
	}
	return rows.Err()
}
