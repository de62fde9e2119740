package ledger

import (
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
)

// txRow is a row of ledger_transactions.
type txRow struct {
	No          TxNo      `db:"no"`
	PostedAt    time.Time `db:"posted_at"`
	IdemKey     string    `db:"idem_key"`
	Fingerprint int64     `db:"fingerprint"`
	Reverses    TxNo      `db:"reverses"`
	Effective   Date      `db:"effective_on"`
	Concerns    Date      `db:"concerns_on"`
	Hash        []byte    `db:"hash"`
	Key         string    `db:"key"`
	Kind        string    `db:"kind"`
	Rule        string    `db:"rule"`
	Maker       string    `db:"maker"`
	Approval    string    `db:"approval"`
	Source      string    `db:"source"`
	Facts       string    `db:"facts"`
}

// posting is the row as it was asked for.
func (t *txRow) posting() Posting {
	return Posting{Key: t.Key, Kind: t.Kind, Effective: t.Effective, Concerns: t.Concerns, Reverses: t.Reverses,
		Rule: t.Rule, Maker: t.Maker, Approval: t.Approval, Source: t.Source, Facts: t.Facts}
}

// entryRow is a row of ledger_entries. The amount stays text until it is known
// to be one.
type entryRow struct {
	Account   AccountID `db:"account_id"`
	Seq       int64     `db:"seq"`
	TxNo      TxNo      `db:"tx_no"`
	Fund      FundID    `db:"fund_id"`
	Effective Date      `db:"effective_on"`
	Amount    string    `db:"amount"`
}

func (e *entryRow) where() string { return fmt.Sprintf("account %d, entry %d", e.Account, e.Seq) }

const (
	txColumns = `no, posted_at, replace(CAST(idem_key AS text), '-', '') AS idem_key, fingerprint, coalesce(reverses, 0) AS reverses,
		effective_on, concerns_on, hash, key, kind, rule, maker, approval, source, coalesce(CAST(facts AS text), '') AS facts`
	entryColumns = `account_id, seq, tx_no, fund_id, effective_on, CAST(amount AS text) AS amount`
)

// readTransactions reads the transactions after one number up to another, with
// their entries in the order in which they were hashed.
func (v *verification) readTransactions(after, upto TxNo) (txs []txRow, entries []entryRow, err error) {
	const txQuery = `SELECT ` + txColumns + ` FROM ledger_transactions WHERE book_id = $1 AND no > $2 AND no <= $3 ORDER BY no`
	const entryQuery = `SELECT ` + entryColumns + ` FROM ledger_entries WHERE book_id = $1 AND tx_no > $2 AND tx_no <= $3 ORDER BY tx_no, account_id, seq`
	if err := sqlx.SelectContext(v.ctx, v.q, &txs, txQuery, v.book, after, upto); err != nil {
		return nil, nil, err
	}
	if err := sqlx.SelectContext(v.ctx, v.q, &entries, entryQuery, v.book, after, upto); err != nil {
		return nil, nil, err
	}
	return txs, entries, nil
}

// transaction checks one transaction with its entries against itself and the
// block it is in.
func (v *verification) transaction(t *txRow, entries []entryRow, in *block, buf []byte) []byte {
	v.report.Transactions++
	v.report.Entries += int64(len(entries))
	where := fmt.Sprintf("transaction %d", t.No)
	p := t.posting()
	funds := make(map[FundID]Amount, 1)
	for i := range entries {
		e := &entries[i]
		var amount Amount
		if err := amount.Scan(e.Amount); err != nil || amount.IsZero() {
			v.report.add("amount", e.where(), "holds %q, which is no amount", e.Amount)
			continue
		}
		p.Entries = append(p.Entries, Entry{e.Account, amount})
		funds[e.Fund] = funds[e.Fund].Add(amount)
		if e.Effective != t.Effective {
			v.report.add("day", e.where(), "counts from %s, its transaction from %s", e.Effective, t.Effective)
		}
	}
	if len(entries) < 2 {
		v.report.add("balance", where, "has %d entries", len(entries))
	}
	for fund, sum := range funds {
		if !sum.IsZero() {
			v.report.add("balance", where, "its entries in fund %d sum to %s, not to 0.00", fund, sum)
		}
	}
	return v.sealed(t, &p, in, where, buf)
}

// sealed checks what a transaction says against its hashes and its moment.
func (v *verification) sealed(t *txRow, p *Posting, in *block, where string, buf []byte) []byte {
	d, buf := p.digest(buf)
	if string(d.hash[:]) != string(t.Hash) {
		v.report.add("hash", where, "is not what was sealed: something in it or its entries was changed")
	}
	if d.fingerprint != t.Fingerprint {
		v.report.add("hash", where, "its fingerprint is not that of the money it moves")
	}
	if hexed(d.key[:]) != t.IdemKey {
		v.report.add("key", where, "its key is not the one that was kept unique")
	}
	if in.Kind == "post" && !t.PostedAt.Equal(in.SealedAt) {
		v.report.add("time", where, "says it was posted at %s, its block says %s", t.PostedAt.UTC().Format(time.RFC3339Nano), in.SealedAt.UTC().Format(time.RFC3339Nano))
	}
	if through := v.closedBefore(t.No); !through.IsZero() && !t.Effective.After(through) {
		v.report.add("period", where, "counts from %s, when the book was closed through %s", t.Effective, through)
	}
	return buf
}

type periodLock struct {
	After   TxNo `db:"after_tx"`
	Through Date `db:"closed_through"`
}

func (v *verification) readLocks() error {
	const query = `SELECT after_tx, closed_through FROM ledger_period_locks WHERE book_id = $1 ORDER BY no`
	return sqlx.SelectContext(v.ctx, v.q, &v.locks, query, v.book)
}

// closedBefore is the last closed day when a transaction was posted. Asked in
// the order of numbers, it forgets the locks it has passed.
func (v *verification) closedBefore(no TxNo) Date {
	for len(v.locks) > 1 && v.locks[1].After < no {
		v.locks = v.locks[1:]
	}
	if len(v.locks) == 0 || v.locks[0].After >= no {
		return Date{}
	}
	return v.locks[0].Through
}
