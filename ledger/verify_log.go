package ledger

import (
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"
)

const leafPage = 5000

// logged recomputes the tenant's Merkle tree from the blocks as they are now:
// every leaf, every stored hash and every checkpoint's root.
func (v *verification) logged() error {
	const query = `
		SELECT l.leaf, l.tenant_id, l.book_id, l.block_no, b.hash
		FROM ledger_log_leaves l
		LEFT JOIN ledger_blocks b ON b.book_id = l.book_id AND b.no = l.block_no
		WHERE l.tenant_id = (SELECT tenant_id FROM ledger_books WHERE id = $1) AND l.leaf >= $2
		ORDER BY l.leaf LIMIT $3`
	t := &tree{v: v, nextBlock: map[BookID]int64{}}
	if err := t.readCheckpoints(); err != nil {
		return err
	}
	for {
		var page []leafRow
		if err := sqlx.SelectContext(v.ctx, v.q, &page, query, v.book, t.next, leafPage); err != nil {
			return err
		}
		if len(page) == 0 {
			return t.end()
		}
		if err := t.page(page); err != nil {
			return err
		}
	}
}

type leafRow struct {
	Leaf   int64  `db:"leaf"`
	Tenant int32  `db:"tenant_id"`
	Book   BookID `db:"book_id"`
	Block  int64  `db:"block_no"`
	Hash   []byte `db:"hash"`
}

// tree is the Merkle tree as it grows again. Of what it has passed it keeps
// only the complete subtrees on its right edge.
type tree struct {
	v           *verification
	next        int64 // leaf to be read next
	broken      bool  // a leaf is missing: of the tree nothing more can be said
	size        int64
	edge        []tlog.Hash // by level; valid where size has that bit
	nextBlock   map[BookID]int64
	checkpoints []checkpointRow // not yet reached
}

type checkpointRow struct {
	Size int64  `db:"size"`
	Root []byte `db:"root"`
}

func (t *tree) readCheckpoints() error {
	const query = `SELECT size, root FROM ledger_log_checkpoints WHERE tenant_id = (SELECT tenant_id FROM ledger_books WHERE id = $1) ORDER BY size`
	return sqlx.SelectContext(t.v.ctx, t.v.q, &t.checkpoints, query, t.v.book)
}

func (t *tree) page(page []leafRow) error {
	const query = `SELECT no, hash FROM ledger_log_hashes WHERE tenant_id = $1 AND no >= $2 AND no < $3`
	var rows []struct {
		No   int64  `db:"no"`
		Hash []byte `db:"hash"`
	}
	from, to := tlog.StoredHashCount(page[0].Leaf), tlog.StoredHashCount(page[len(page)-1].Leaf+1)
	if err := sqlx.SelectContext(t.v.ctx, t.v.q, &rows, query, page[0].Tenant, from, to); err != nil {
		return err
	}
	stored := make(map[int64]string, len(rows))
	for _, r := range rows {
		stored[r.No] = string(r.Hash)
	}
	for i := range page {
		t.leaf(&page[i], stored)
	}
	return nil
}

// leaf adds one leaf and compares it with its block and the stored hashes.
func (t *tree) leaf(l *leafRow, stored map[int64]string) {
	where := fmt.Sprintf("leaf %d", l.Leaf)
	if l.Leaf != t.next {
		t.v.report.add("log", where, "comes where leaf %d was expected", t.next)
		t.broken = true
	}
	t.next = l.Leaf + 1
	if next := t.nextBlock[l.Book] + 1; l.Block != next {
		t.v.report.add("log", where, "is block %d of book %d, block %d was expected", l.Block, l.Book, next)
	}
	t.nextBlock[l.Book] = l.Block
	if l.Book == t.v.book {
		t.v.report.Logged++
	}
	if l.Hash == nil {
		t.v.report.add("log", where, "is block %d of book %d, which is gone", l.Block, l.Book)
	}
	if !t.broken {
		t.rebuild(l, where, stored)
	}
}

// rebuild adds a leaf to the tree and compares the hashes and roots it makes.
func (t *tree) rebuild(l *leafRow, where string, stored map[int64]string) {
	first := tlog.StoredHashCount(t.size)
	for i, h := range t.grow(tlog.RecordHash((&leaf{l.Book, l.Block, l.Hash}).record(l.Tenant))) {
		if stored[first+int64(i)] != string(h[:]) {
			t.v.report.add("log", where, "block %d of book %d is not what the log holds of it", l.Block, l.Book)
			break
		}
	}
	for len(t.checkpoints) > 0 && t.checkpoints[0].Size <= t.size {
		c := t.checkpoints[0]
		if root := t.root(); c.Size != t.size || string(root[:]) != string(c.Root) {
			t.v.report.add("log", fmt.Sprintf("checkpoint of %d blocks", c.Size), "its root is not that of the blocks")
		}
		t.checkpoints = t.checkpoints[1:]
	}
}

// grow adds a record's hash and returns what the log stores for it: the hash
// and every subtree that it completes.
func (t *tree) grow(h tlog.Hash) []tlog.Hash {
	out := []tlog.Hash{h}
	level := 0
	for ; t.size>>level&1 == 1; level++ {
		h = tlog.NodeHash(t.edge[level], h)
		out = append(out, h)
	}
	for len(t.edge) <= level {
		t.edge = append(t.edge, tlog.Hash{})
	}
	t.edge[level] = h
	t.size++
	return out
}

// root is the RFC 6962 root: the subtrees joined from the smallest up.
func (t *tree) root() (root tlog.Hash) {
	first := true
	for level := range t.edge {
		switch {
		case t.size>>level&1 == 0:
		case first:
			root, first = t.edge[level], false
		default:
			root = tlog.NodeHash(t.edge[level], root)
		}
	}
	return root
}

func (t *tree) end() error {
	if t.broken {
		return nil
	}
	for _, c := range t.checkpoints {
		t.v.report.add("log", fmt.Sprintf("checkpoint of %d blocks", c.Size), "was signed, but the log holds %d", t.size)
	}
	return nil
}
