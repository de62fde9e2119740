package ledger

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is the state of a tenant's log: how many blocks of all its books
// it holds, and the root hash over them. Signed is what outsiders are given: a
// signed note whose text is the origin, the size and the root (C2SP
// tlog-checkpoint), one a line.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
	Signed string
}

// Short is the checkpoint as it is printed on paper: the size and the first
// twelve characters of the root.
func (c *Checkpoint) Short() string {
	return strconv.FormatInt(c.Size, 10) + "-" + base64.StdEncoding.EncodeToString(c.Root[:])[:12]
}

// sealPage bounds what one round of Seal reads.
const sealPage = 10_000

// Seal appends all blocks of the tenant's books that are not yet in its log, in
// the order of books and blocks, and signs a checkpoint. Where there is nothing
// new it returns the newest checkpoint, or nil for an empty log. ErrLogMoved
// reports that somebody else sealed meanwhile: run it again.
func Seal(ctx context.Context, tx *sqlx.Tx, at time.Time, signer note.Signer) (*Checkpoint, error) {
	tenant, err := tenantOf(ctx, tx)
	if err != nil {
		return nil, err
	}
	newest, err := LatestCheckpoint(ctx, tx)
	if err != nil {
		return nil, err
	}
	for {
		more, err := sealPageOf(ctx, tx, tenant, at, signer, newest)
		if err != nil {
			return nil, fmt.Errorf("seal: %w", err)
		}
		if more == nil {
			return newest, nil
		}
		newest = more
	}
}

func tenantOf(ctx context.Context, q sqlx.QueryerContext) (tenant int32, err error) {
	const query = `SELECT coalesce(app_tenant(), 0)`
	if err := sqlx.GetContext(ctx, q, &tenant, query); err != nil {
		return 0, fmt.Errorf("tenant of the transaction: %w", err)
	}
	return tenant, nil
}

// leaf is a block on its way into the log.
type leaf struct {
	Book BookID `db:"book_id"`
	No   int64  `db:"no"`
	Hash []byte `db:"hash"`
}

// record is what the log holds of a block: ids and hashes, nothing else.
func (l *leaf) record(tenant int32) []byte {
	return fmt.Appendf(nil, "seedbook-leaf-1|%d|%d|%d|%s", tenant, l.Book, l.No, hexed(l.Hash))
}

func sealPageOf(ctx context.Context, tx *sqlx.Tx, tenant int32, at time.Time, signer note.Signer, from *Checkpoint) (*Checkpoint, error) {
	// A book's blocks enter in their order, so its newest logged block tells
	// which are new.
	const query = `
		SELECT b.book_id, b.no, b.hash
		FROM ledger_books k
		LEFT JOIN LATERAL (
			SELECT block_no FROM ledger_log_leaves WHERE tenant_id = $1 AND book_id = k.id ORDER BY block_no DESC LIMIT 1) l ON true
		JOIN ledger_blocks b ON b.book_id = k.id AND b.no > CASE WHEN l.block_no IS NULL THEN 0 ELSE l.block_no END
		WHERE k.tenant_id = $1
		ORDER BY b.book_id, b.no
		LIMIT $2`
	var leaves []leaf
	if err := sqlx.SelectContext(ctx, tx, &leaves, query, tenant, sealPage); err != nil || len(leaves) == 0 {
		return nil, err
	}
	size := int64(0)
	if from != nil {
		size = from.Size
	}
	grown, err := grow(ctx, tx, tenant, size, leaves)
	if err != nil {
		return nil, err
	}
	next := &Checkpoint{Origin: origin(signer.Name(), tenant), Size: size + int64(len(leaves))}
	if next.Root, err = tlog.TreeHash(next.Size, grown); err != nil {
		return nil, err
	}
	signed, err := note.Sign(&note.Note{Text: next.text()}, signer)
	if err != nil {
		return nil, err
	}
	next.Signed = string(signed)
	return next, appendLog(ctx, tx, size, leaves, grown, next, at)
}

func origin(name string, tenant int32) string { return fmt.Sprintf("%s/%d", name, tenant) }

func (c *Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

func appendLog(ctx context.Context, tx *sqlx.Tx, size int64, leaves []leaf, grown *growth, c *Checkpoint, at time.Time) error {
	const query = `SELECT ledger_log_append($1, $2, $3, $4, $5, $6, $7, $8)`
	var books, blocks, hashes array
	for i := range leaves {
		books.int(int64(leaves[i].Book))
		blocks.int(leaves[i].No)
	}
	for _, h := range grown.fresh {
		hashes.text(`\x` + hexed(h[:]))
	}
	_, err := tx.ExecContext(ctx, query, size, books.String(), blocks.String(), grown.from, hashes.String(), c.Root[:], c.Signed, at)
	return refusal(err, unnamed)
}

// LatestCheckpoint is the newest signed checkpoint of the tenant, nil where
// nothing has been sealed yet.
func LatestCheckpoint(ctx context.Context, q sqlx.QueryerContext) (*Checkpoint, error) {
	const query = `SELECT size, root, signed FROM ledger_log_checkpoints WHERE tenant_id = app_tenant() ORDER BY size DESC LIMIT 1`
	var rows []struct {
		Size   int64  `db:"size"`
		Root   []byte `db:"root"`
		Signed string `db:"signed"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query); err != nil {
		return nil, fmt.Errorf("latest checkpoint: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	name, _, _ := strings.Cut(rows[0].Signed, "\n")
	return &Checkpoint{Origin: name, Size: rows[0].Size, Root: tlog.Hash(rows[0].Root), Signed: rows[0].Signed}, nil
}

// OpenCheckpoint reads a signed checkpoint that somebody kept, and checks its
// signature against the keys that are trusted.
func OpenCheckpoint(signed string, trusted note.Verifiers) (*Checkpoint, error) {
	n, err := note.Open([]byte(signed), trusted)
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 {
		return nil, fmt.Errorf("open checkpoint: %d lines, not an origin, a size and a root", len(lines))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("open checkpoint: size: %w", err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return nil, fmt.Errorf("open checkpoint: root %q", lines[2])
	}
	return &Checkpoint{lines[0], size, tlog.Hash(root), signed}, nil
}
