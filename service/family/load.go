package family

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// Load opens children by ID and returns them in the order asked; one that does
// not exist is ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, ids []ChildID) ([]Child, error) {
	const query = store.Kept + `
		SELECT c.id, c.family_id, c.sealed, c.language, c.version, c.updated_at, f.wrapped_key
		FROM children c
		JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
		WHERE c.id = ANY ($1)`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("load %d children: %w", len(ids), err)
	}
	defer rows.Close()
	found := make(map[ChildID]Child, len(ids))
	for rows.Next() {
		var c Child
		var sealed, wrapped []byte
		if err := rows.Scan(&c.ID, &c.Family, &sealed, &c.Language, &c.Version, &c.ChangedAt, &wrapped); err != nil {
			return nil, fmt.Errorf("load children: %w", err)
		}
		if err := unseal(who.Tenant, keys, &c, sealed, wrapped); err != nil {
			return nil, err
		}
		found[c.ID] = c
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("load children: %w", err)
	}
	return inOrder(ids, found)
}

func unseal(tenant int32, keys *vault.Keyring, c *Child, sealed, wrapped []byte) error {
	if wrapped == nil {
		c.Erased = true
		return nil
	}
	key, err := keys.Unwrap(place(tenant, "families", int64(c.Family)), wrapped)
	if err != nil {
		return err
	}
	return openJSON(key, place(tenant, "children", int64(c.ID)), sealed, &c.Person)
}

func inOrder(ids []ChildID, found map[ChildID]Child) ([]Child, error) {
	out := make([]Child, len(ids))
	for i, id := range ids {
		c, ok := found[id]
		if !ok {
			return nil, fmt.Errorf("child %d: %w", id, ErrNone)
		}
		out[i] = c
	}
	return out, nil
}

// Guardians opens the guardians of a child's family.
func Guardians(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) ([]Guardian, error) {
	const query = store.Kept + `
		SELECT g.id, g.family_id, g.sealed, f.wrapped_key
		FROM children c
		JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
		JOIN guardians g ON g.tenant_id = c.tenant_id AND g.family_id = c.family_id
		WHERE c.id = $1 AND f.wrapped_key IS NOT NULL
		ORDER BY g.id`
	rows, err := q.QueryxContext(ctx, query, child)
	if err != nil {
		return nil, fmt.Errorf("guardians of child %d: %w", child, err)
	}
	defer rows.Close()
	var out []Guardian
	for rows.Next() {
		var id, fam int64
		var sealed, wrapped []byte
		if err := rows.Scan(&id, &fam, &sealed, &wrapped); err != nil {
			return nil, fmt.Errorf("guardians of child %d: %w", child, err)
		}
		key, err := keys.Unwrap(place(who.Tenant, "families", fam), wrapped)
		if err != nil {
			return nil, err
		}
		var g Guardian
		if err := openJSON(key, place(who.Tenant, "guardians", id), sealed, &g); err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, rows.Err()
}

// Find returns, for each value of an identifier scheme, the child it belongs
// to, or 0.
func Find(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, scheme string, values []string) ([]ChildID, error) {
	wanted := make([][]byte, len(values))
	for i, v := range values {
		wanted[i] = identifierKey(keys, who.Tenant, scheme, v)
	}
	const query = store.Kept + `
		SELECT w.n, i.child_id
		FROM unnest(CAST($1 AS bytea[])) WITH ORDINALITY AS w (key, n)
		JOIN child_identifiers i ON i.key = w.key AND i.scheme = $2`
	rows, err := q.QueryxContext(ctx, query, pq.ByteaArray(wanted), scheme)
	if err != nil {
		return nil, fmt.Errorf("find by %s: %w", scheme, err)
	}
	defer rows.Close()
	out := make([]ChildID, len(values))
	for rows.Next() {
		var n int
		var id ChildID
		if err := rows.Scan(&n, &id); err != nil {
			return nil, fmt.Errorf("find by %s: %w", scheme, err)
		}
		if values[n-1] != "" {
			out[n-1] = id
		}
	}
	return out, rows.Err()
}

// Alike returns, for each person, the children on record with the same name and
// birth date. Twins share a birth date but not a given name, so one hit is
// nearly always the same child; nobody is merged because of it.
func Alike(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, people []Person) ([][]ChildID, error) {
	places, wanted := make([]int64, 0, len(people)), make([]int64, 0, len(people))
	for i, p := range people {
		if k, ok := nameAndBirth(keys, who.Tenant, p); ok {
			places, wanted = append(places, int64(i)), append(wanted, k)
		}
	}
	const query = `
		SELECT w.place, k.child_id
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[])) AS w (place, key)
		JOIN child_name_keys k ON k.key = w.key
		ORDER BY w.place, k.child_id`
	rows, err := q.QueryxContext(ctx, query, pq.Array(places), pq.Array(wanted))
	if err != nil {
		return nil, fmt.Errorf("look for %d names: %w", len(people), err)
	}
	defer rows.Close()
	out := make([][]ChildID, len(people))
	for rows.Next() {
		var place int
		var id ChildID
		if err := rows.Scan(&place, &id); err != nil {
			return nil, fmt.Errorf("look for names: %w", err)
		}
		out[place] = append(out[place], id)
	}
	return out, rows.Err()
}
