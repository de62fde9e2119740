package family

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// indexed is the key that every child has whose indexes are written as this
// version of the program writes them. Whoever changes what nameKeys or
// guardianKeys return counts it up, and Reindex does the rest.
func indexed(keys *vault.Keyring, tenant int32) int64 {
	return keys.Bucket(tenant, "indexed", "1")
}

// Reindex writes anew the blind indexes that an older version of the program
// wrote of the next children after one, in the order of their numbers, and of
// their guardians. It returns whom it did; nobody when all are up to date. Names
// are sealed, so that no migration can do it.
func Reindex(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, after ChildID, limit int) ([]ChildID, error) {
	const query = `
		SELECT c.id FROM children c
		JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id AND f.wrapped_key IS NOT NULL
		WHERE c.id > $2 AND NOT EXISTS (SELECT FROM child_name_keys k WHERE k.tenant_id = c.tenant_id AND k.key = $1 AND k.child_id = c.id)
		ORDER BY c.id LIMIT $3`
	var ids []ChildID
	if err := tx.SelectContext(ctx, &ids, query, indexed(keys, who.Tenant), after, limit); err != nil {
		return nil, fmt.Errorf("whose indexes are old: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	children, err := Load(ctx, tx, who, keys, ids)
	if err != nil {
		return nil, err
	}
	homes, err := openHomes(ctx, tx, who, keys, ids)
	if err != nil {
		return nil, err
	}
	r := rows{tenant: who.Tenant, keys: keys}
	var families []int64
	seen := map[*home]bool{}
	for _, c := range children {
		r.indexName(int64(c.ID), c.Person)
		h := homes[c.ID]
		if h == nil || seen[h] {
			continue
		}
		seen[h] = true
		families = append(families, int64(h.id))
		for _, a := range h.adults {
			r.indexGuardian(a.id, int64(h.id), a.Guardian)
		}
	}
	for query, of := range map[string]any{
		`DELETE FROM child_name_keys WHERE child_id = ANY ($1)`: pq.Array(ids),
		`DELETE FROM guardian_keys WHERE family_id = ANY ($1)`:  pq.Array(families),
	} {
		if _, err := tx.ExecContext(ctx, query, of); err != nil {
			return nil, fmt.Errorf("index %d children anew: %w", len(ids), err)
		}
	}
	if err := r.insertGuardianKeys(ctx, tx); err != nil {
		return nil, err
	}
	return ids, r.insertIndexes(ctx, tx)
}
