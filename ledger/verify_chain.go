package ledger

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// How much of a book verification reads at a time.
const (
	blockPage = 2000
	txPage    = 2000
)

// block is a row of ledger_blocks.
type block struct {
	Tenant   int32     `db:"tenant_id"`
	Book     BookID    `db:"book_id"`
	No       int64     `db:"no"`
	Kind     string    `db:"kind"`
	FirstTx  TxNo      `db:"first_tx"`
	LastTx   TxNo      `db:"last_tx"`
	SealedAt time.Time `db:"sealed_at"`
	Content  []byte    `db:"content"`
	PrevHash []byte    `db:"prev_hash"`
	Hash     []byte    `db:"hash"`
}

// sum recomputes the block's hash: what ledger_block_hash computed in the
// database, by another program.
func (b *block) sum() []byte {
	h := sha256.New()
	h.Write(b.PrevHash)
	fmt.Fprintf(h, "seedbook-block-1|%d|%d|%d|%s|%d|%d|%d|", b.Tenant, b.Book, b.No, b.Kind, b.FirstTx, b.LastTx, b.SealedAt.UnixMicro())
	h.Write(b.Content)
	return h.Sum(nil)
}

const blockColumns = `tenant_id, book_id, no, kind, first_tx, last_tx, sealed_at, content, prev_hash, hash`

// chain walks the blocks from the first to the newest, and with each block that
// posted the transactions it sealed.
func (v *verification) chain() error {
	const query = `SELECT ` + blockColumns + ` FROM ledger_blocks WHERE book_id = $1 AND no > $2 ORDER BY no LIMIT $3`
	if err := v.readLocks(); err != nil {
		return err
	}
	last, err := KnownCut(v.ctx, v.q, v.book)
	if err != nil {
		return err
	}
	v.total = int64(last)
	first := sha256.Sum256(nil)
	prev := &block{Hash: first[:]}
	for {
		var page []block
		if err := sqlx.SelectContext(v.ctx, v.q, &page, query, v.book, prev.No, blockPage); err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		if err := v.blocks(prev, page); err != nil {
			return err
		}
		prev = &page[len(page)-1]
	}
	v.report.Head = hexed(prev.Hash)
	if int64(prev.LastTx) != v.total {
		v.report.add("number", fmt.Sprintf("block %d", prev.No), "ends at transaction %d, the book at %d", prev.LastTx, v.total)
	}
	return v.contents()
}

// blocks checks a run of blocks and the transactions in it.
func (v *verification) blocks(prev *block, page []block) error {
	before := prev.LastTx
	for i := range page {
		b := &page[i]
		v.report.Blocks++
		where := fmt.Sprintf("block %d", b.No)
		if b.No != prev.No+1 {
			v.report.add("number", where, "follows block %d", prev.No)
		}
		if b.FirstTx != prev.LastTx+1 || (b.Kind != "post" && b.LastTx != prev.LastTx) {
			v.report.add("number", where, "seals transactions %d to %d after %d", b.FirstTx, b.LastTx, prev.LastTx)
		}
		if !slices.Equal(b.PrevHash, prev.Hash) {
			v.report.add("chain", where, "does not follow from the block before")
		}
		if !slices.Equal(b.sum(), b.Hash) {
			v.report.add("chain", where, "its columns are not what its hash says")
		}
		if b.SealedAt.Before(prev.SealedAt) {
			v.report.add("time", where, "is older than the block before")
		}
		prev = b
	}
	return v.transactions(before, page)
}

// transactions reads the transactions of a run of blocks after number from.
func (v *verification) transactions(from TxNo, blocks []block) error {
	w := &walk{v: v, blocks: blocks, next: from + 1, sum: sha256.New()}
	to := blocks[len(blocks)-1].LastTx
	for from < to {
		upto := min(from+txPage, to)
		txs, entries, err := v.readTransactions(from, upto)
		if err != nil {
			return err
		}
		w.page(txs, entries)
		from = upto
		v.progress(int64(upto), v.total)
	}
	w.endBlocks(to + 1)
	return nil
}

// walk goes through transactions and blocks side by side.
type walk struct {
	v      *verification
	blocks []block // not yet ended
	next   TxNo    // number expected next
	sum    hash.Hash
	buf    []byte
}

func (w *walk) page(txs []txRow, entries []entryRow) {
	for i := range txs {
		t := &txs[i]
		w.endBlocks(t.No)
		for ; w.next < t.No; w.next++ {
			w.v.report.add("number", fmt.Sprintf("transaction %d", w.next), "is missing")
		}
		w.next = t.No + 1
		w.sum.Write(t.Hash)
		n := 0
		for n < len(entries) && entries[n].TxNo <= t.No {
			n++
		}
		own := entries[:n]
		entries = entries[n:]
		for len(own) > 0 && own[0].TxNo < t.No {
			w.v.report.add("transaction", own[0].where(), "belongs to no transaction")
			own = own[1:]
		}
		w.buf = w.v.transaction(t, own, w.block(), w.buf)
	}
	for _, e := range entries {
		w.v.report.add("transaction", e.where(), "belongs to no transaction")
	}
}

// block is the block of the transaction being read.
func (w *walk) block() *block {
	if len(w.blocks) == 0 {
		return &block{}
	}
	return &w.blocks[0]
}

// endBlocks compares the blocks that end before a number with what their
// transactions were.
func (w *walk) endBlocks(before TxNo) {
	for len(w.blocks) > 0 && w.blocks[0].LastTx < before {
		b := &w.blocks[0]
		if b.Kind == "post" {
			// Missing at the block's end: the walk meets none to compare with.
			for ; w.next <= b.LastTx; w.next++ {
				w.v.report.add("number", fmt.Sprintf("transaction %d", w.next), "is missing")
			}
			// sha256 over the transactions' hashes, one after the other.
			if !slices.Equal(w.sum.Sum(nil), b.Content) {
				w.v.report.add("chain", fmt.Sprintf("block %d", b.No), "its transactions %d to %d are not those it sealed", b.FirstTx, b.LastTx)
			}
			w.sum.Reset()
		}
		w.blocks = w.blocks[1:]
	}
}

// contents compares the blocks that sealed books, accounts, holds and periods
// with what they sealed.
func (v *verification) contents() error {
	const query = `
		WITH sealed AS (
			SELECT 'book' AS kind, CAST(1 AS bigint) AS no, sha256(convert_to(ledger_book_line(b), 'UTF8')) AS content FROM ledger_books b WHERE b.id = $1
			UNION ALL
			SELECT 'accounts', block_no, sha256(convert_to(string_agg(ledger_account_line(a), E'\n' ORDER BY id), 'UTF8'))
			FROM ledger_accounts a WHERE book_id = $1 GROUP BY block_no
			UNION ALL
			SELECT 'holds', block_no, sha256(convert_to(string_agg(ledger_hold_line(h), E'\n' ORDER BY account_id, seq), 'UTF8'))
			FROM ledger_holds h WHERE book_id = $1 GROUP BY block_no
			UNION ALL
			SELECT 'periods', block_no, sha256(convert_to(string_agg(ledger_period_line(p), E'\n' ORDER BY no), 'UTF8'))
			FROM ledger_period_locks p WHERE book_id = $1 GROUP BY block_no
		), blocks AS (
			SELECT no, kind, content FROM ledger_blocks WHERE book_id = $1 AND kind <> 'post'
		)
		SELECT 'block ' || coalesce(b.no, s.no),
			CASE WHEN b.no IS NULL THEN format('there are %s that this block did not seal', s.kind)
			     ELSE format('its %s are not those it sealed', b.kind) END
		FROM blocks b FULL JOIN sealed s ON s.no = b.no AND s.kind = b.kind
		WHERE b.content IS DISTINCT FROM s.content
		ORDER BY coalesce(b.no, s.no)`
	return v.wrong("chain", query)
}

// leftovers finds transactions and entries behind the last block.
func (v *verification) leftovers() error {
	const query = `
		SELECT 'transaction ' || no, 'is in no block' FROM ledger_transactions WHERE book_id = $1 AND no > $2
		UNION ALL
		SELECT format('account %s, entry %s', account_id, seq), format('belongs to transaction %s, which is in no block', tx_no)
		FROM ledger_entries WHERE book_id = $1 AND (tx_no > $2 OR tx_no < 1)`
	return v.wrong("number", query, v.total)
}
