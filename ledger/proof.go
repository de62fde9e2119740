package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows to somebody without access to the books that a transaction was
// in them when a checkpoint was signed. It holds the transaction's own text,
// and of everything else only hashes. All of it is JSON.
type Proof struct {
	Tenant      int32    `json:"tenant"`
	Book        BookID   `json:"book"`
	No          TxNo     `json:"transaction"`
	Transaction string   `json:"text"`   // what was hashed, as netstrings
	Beside      [][]byte `json:"beside"` // hashes of all transactions of the block, in order
	Block       int64    `json:"block"`
	FirstTx     TxNo     `json:"first"`
	LastTx      TxNo     `json:"last"`
	SealedAt    int64    `json:"sealed_at"` // microseconds since 1970, UTC
	PrevHash    []byte   `json:"previous"`
	Leaf        int64    `json:"leaf"`
	Path        [][]byte `json:"path"` // RFC 6962 inclusion proof of the leaf
	Signed      string   `json:"checkpoint"`
}

// ErrNotSealed reports a transaction that no signed checkpoint covers yet.
var ErrNotSealed = errors.New("the transaction is not in the log yet: seal first")

// ErrProof reports a proof that does not hold.
var ErrProof = errors.New("the proof does not hold")

// Prove makes the proof of a transaction against the newest checkpoint.
func Prove(ctx context.Context, q sqlx.QueryerContext, book BookID, no TxNo) (*Proof, error) {
	tenant, err := tenantOf(ctx, q)
	if err != nil {
		return nil, err
	}
	newest, err := LatestCheckpoint(ctx, q)
	if err != nil || newest == nil {
		return nil, cmpErr(err, ErrNotSealed)
	}
	b, at, err := leafOf(ctx, q, book, no)
	if err != nil {
		return nil, fmt.Errorf("prove transaction %d: %w", no, err)
	}
	p := &Proof{Tenant: tenant, Book: book, No: no, Block: b.No, FirstTx: b.FirstTx, LastTx: b.LastTx, SealedAt: b.SealedAt.UnixMicro(),
		PrevHash: b.PrevHash, Leaf: at, Signed: newest.Signed}
	if err := p.fill(ctx, q); err != nil {
		return nil, fmt.Errorf("prove transaction %d: %w", no, err)
	}
	path, err := tlog.ProveRecord(newest.Size, at, storedHashes(ctx, q, tenant))
	if err != nil {
		return nil, fmt.Errorf("prove transaction %d: %w", no, err)
	}
	for _, h := range path {
		p.Path = append(p.Path, h[:])
	}
	return p, nil
}

func cmpErr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// leafOf finds the block of a transaction and its place in the log.
func leafOf(ctx context.Context, q sqlx.QueryerContext, book BookID, no TxNo) (*block, int64, error) {
	const query = `
		SELECT ` + blockColumns + `, coalesce((SELECT leaf FROM ledger_log_leaves l
			WHERE l.tenant_id = b.tenant_id AND l.book_id = b.book_id AND l.block_no = b.no), -1) AS leaf
		FROM ledger_blocks b
		WHERE book_id = $1 AND kind = 'post' AND last_tx >= $2 AND first_tx <= $2
		  AND sealed_at = (SELECT posted_at FROM ledger_transactions WHERE book_id = $1 AND no = $2)`
	var rows []struct {
		block
		Leaf int64 `db:"leaf"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, book, no); err != nil {
		return nil, 0, err
	}
	if len(rows) == 0 {
		return nil, 0, errors.New("no such transaction")
	}
	if rows[0].Leaf < 0 {
		return nil, 0, ErrNotSealed
	}
	return &rows[0].block, rows[0].Leaf, nil
}

// fill reads the transaction's text and the hashes beside it.
func (p *Proof) fill(ctx context.Context, q sqlx.QueryerContext) error {
	const query = `SELECT hash FROM ledger_transactions WHERE book_id = $1 AND no BETWEEN $2 AND $3 ORDER BY no`
	if err := sqlx.SelectContext(ctx, q, &p.Beside, query, p.Book, p.FirstTx, p.LastTx); err != nil {
		return err
	}
	v := &verification{ctx: ctx, q: q, book: p.Book}
	txs, entries, err := v.readTransactions(p.No-1, p.No)
	if err != nil || len(txs) != 1 {
		return cmpErr(err, errors.New("no such transaction"))
	}
	posting := txs[0].posting()
	for _, e := range entries {
		var a Amount
		if err := a.Scan(e.Amount); err != nil {
			return err
		}
		posting.Entries = append(posting.Entries, Entry{e.Account, a})
	}
	p.Transaction = string(posting.canonical(nil))
	return nil
}

// Check recomputes a proof from its own text up to the signed root. It needs
// nothing but the proof and the keys of those who are trusted to have seen the
// checkpoint. It returns ErrProof where something does not hold.
func (p *Proof) Check(trusted note.Verifiers) error {
	checkpoint, err := OpenCheckpoint(p.Signed, trusted)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	own := sha256.Sum256([]byte(p.Transaction))
	place := int64(p.No - p.FirstTx)
	if place < 0 || place >= int64(len(p.Beside)) || int64(len(p.Beside)) != int64(p.LastTx-p.FirstTx)+1 || !slices.Equal(own[:], p.Beside[place]) {
		return fmt.Errorf("%w: the text is not that of transaction %d", ErrProof, p.No)
	}
	content := sha256.New()
	for _, h := range p.Beside {
		content.Write(h)
	}
	b := &block{Tenant: p.Tenant, Book: p.Book, No: p.Block, Kind: "post", FirstTx: p.FirstTx, LastTx: p.LastTx, PrevHash: p.PrevHash,
		Content: content.Sum(nil), SealedAt: time.UnixMicro(p.SealedAt)}
	var path tlog.RecordProof
	for _, h := range p.Path {
		if len(h) != tlog.HashSize {
			return fmt.Errorf("%w: a hash of %d bytes", ErrProof, len(h))
		}
		path = append(path, tlog.Hash(h))
	}
	l := &leaf{p.Book, p.Block, b.sum()}
	if err := tlog.CheckRecord(path, checkpoint.Size, checkpoint.Root, p.Leaf, tlog.RecordHash(l.record(p.Tenant))); err != nil {
		return fmt.Errorf("%w: block %d is not in the log with root %s", ErrProof, p.Block, base64.StdEncoding.EncodeToString(checkpoint.Root[:]))
	}
	return nil
}

// ErrForked reports books that are not the continuation of a checkpoint that
// somebody kept: something before it was changed or taken away.
var ErrForked = errors.New("the log does not continue this checkpoint")

// Continues checks that the tenant's log still holds everything it held when
// a checkpoint was handed out. Deleting or rewriting the newest part of the
// books can only be seen so, with a checkpoint kept by somebody else.
func Continues(ctx context.Context, q sqlx.QueryerContext, kept *Checkpoint) error {
	tenant, err := tenantOf(ctx, q)
	if err != nil {
		return err
	}
	newest, err := LatestCheckpoint(ctx, q)
	if err != nil {
		return err
	}
	if newest == nil || newest.Size < kept.Size {
		return fmt.Errorf("%w: it held %d blocks and holds fewer now", ErrForked, kept.Size)
	}
	proof, err := tlog.ProveTree(newest.Size, kept.Size, storedHashes(ctx, q, tenant))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrForked, err)
	}
	if err := tlog.CheckTree(proof, newest.Size, newest.Root, kept.Size, kept.Root); err != nil {
		return fmt.Errorf("%w: the first %d blocks are others now", ErrForked, kept.Size)
	}
	return nil
}
