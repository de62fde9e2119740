package ledger

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/tlog"
)

// growth reads stored hashes from the database and, behind them, those that
// are about to be stored.
type growth struct {
	stored tlog.HashReader
	from   int64 // number of the first hash to be stored
	fresh  []tlog.Hash
}

func (g *growth) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var old []int64
	for _, i := range indexes {
		if i < g.from {
			old = append(old, i)
		}
	}
	read, err := g.stored.ReadHashes(old)
	if err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(indexes))
	for k, i := range indexes {
		switch {
		case i < g.from:
			out[k], read = read[0], read[1:]
		case i-g.from < int64(len(g.fresh)):
			out[k] = g.fresh[i-g.from]
		default:
			return nil, fmt.Errorf("hash %d is not in the log", i)
		}
	}
	return out, nil
}

// grow computes the hashes that new leaves add to the tree.
func grow(ctx context.Context, q sqlx.QueryerContext, tenant int32, size int64, leaves []leaf) (*growth, error) {
	g := &growth{stored: storedHashes(ctx, q, tenant), from: tlog.StoredHashCount(size)}
	for i := range leaves {
		hashes, err := tlog.StoredHashes(size+int64(i), leaves[i].record(tenant), g)
		if err != nil {
			return nil, err
		}
		g.fresh = append(g.fresh, hashes...)
	}
	return g, nil
}

// storedHashes reads the tenant's tree and remembers what it read: the right
// edge is asked for again and again.
func storedHashes(ctx context.Context, q sqlx.QueryerContext, tenant int32) tlog.HashReader {
	known := map[int64]tlog.Hash{}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		const query = `SELECT no, hash FROM ledger_log_hashes WHERE tenant_id = $1 AND no = ANY (CAST($2 AS bigint[]))`
		var missing array
		for _, i := range indexes {
			if _, ok := known[i]; !ok {
				missing.int(i)
			}
		}
		if missing.b != nil {
			var rows []struct {
				No   int64  `db:"no"`
				Hash []byte `db:"hash"`
			}
			if err := sqlx.SelectContext(ctx, q, &rows, query, tenant, missing.String()); err != nil {
				return nil, err
			}
			for _, r := range rows {
				known[r.No] = tlog.Hash(r.Hash)
			}
		}
		out := make([]tlog.Hash, len(indexes))
		for k, i := range indexes {
			h, ok := known[i]
			if !ok {
				return nil, fmt.Errorf("hash %d is missing from the log", i)
			}
			out[k] = h
		}
		return out, nil
	})
}
