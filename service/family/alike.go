package family

import (
	"context"
	"fmt"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/likeness"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Profiles opens children and their guardians for comparison. Of an erased
// family there is nothing to compare: its children are left out.
func Profiles(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, ids []ChildID) (map[ChildID]likeness.Profile, error) {
	children, err := Load(ctx, q, who, keys, ids)
	if err != nil {
		return nil, err
	}
	homes, err := openHomes(ctx, q, who, keys, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[ChildID]likeness.Profile, len(ids))
	for _, c := range children {
		if home := homes[c.ID]; home != nil && !c.Erased {
			out[c.ID] = likeness.Prepare(home.person(c.Person))
		}
	}
	return out, nil
}

func (h *home) person(p Person) likeness.Person {
	out := likeness.Person{Given: p.Given, Middle: p.Middle, Family: p.Family, Preferred: p.Preferred, BornOn: p.BornOn,
		Street: p.Street, City: p.City, ZIP: p.ZIP}
	for _, a := range h.adults {
		out.Guardians = append(out.Guardians, a.DisplayName())
		out.Phones, out.Emails = append(out.Phones, a.Phone), append(out.Emails, a.Email)
	}
	return out
}

// matchKey is a key under which a child meets others, or a name that is counted.
type matchKey struct {
	child   ChildID
	key     int64
	counted bool
}

// IndexMatches brings the keys under which children meet others like them up to
// date. It may be repeated, and writes nothing where nothing is new.
func IndexMatches(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, profiles map[ChildID]likeness.Profile) error {
	ids := make([]ChildID, 0, len(profiles))
	wanted := map[matchKey]bool{}
	for id, p := range profiles {
		ids = append(ids, id)
		for _, k := range p.Keys() {
			wanted[matchKey{id, keys.Bucket(who.Tenant, "match", k), false}] = true
		}
		for _, n := range p.Names() {
			wanted[matchKey{id, nameCount(keys, who.Tenant, n), true}] = true
		}
	}
	slices.Sort(ids)
	const query = `SELECT child_id, key, counted FROM child_match_keys WHERE child_id = ANY ($1)`
	rows, err := tx.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("match keys of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	var stale []matchKey
	for rows.Next() {
		var k matchKey
		if err := rows.Scan(&k.child, &k.key, &k.counted); err != nil {
			return fmt.Errorf("match keys of children: %w", err)
		}
		if !wanted[k] {
			stale = append(stale, k)
		}
		delete(wanted, k)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("match keys of children: %w", err)
	}
	return replaceMatches(ctx, tx, who, stale, wanted)
}

func nameCount(keys *vault.Keyring, tenant int32, name string) int64 {
	return keys.Bucket(tenant, "match_name", name)
}

func replaceMatches(ctx context.Context, tx *sqlx.Tx, who store.Who, stale []matchKey, fresh map[matchKey]bool) error {
	if len(stale) > 0 {
		children, keys := make([]int64, len(stale)), make([]int64, len(stale))
		for i, k := range stale {
			children[i], keys[i] = int64(k.child), k.key
		}
		const drop = `
			DELETE FROM child_match_keys k
			USING unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[])) AS s (child_id, key)
			WHERE k.child_id = s.child_id AND k.key = s.key`
		if _, err := tx.ExecContext(ctx, drop, pq.Array(children), pq.Array(keys)); err != nil {
			return fmt.Errorf("drop %d match keys: %w", len(stale), err)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	var children, keys []int64
	var counted []bool
	for k := range fresh {
		children, keys, counted = append(children, int64(k.child)), append(keys, k.key), append(counted, k.counted)
	}
	const add = `
		INSERT INTO child_match_keys (tenant_id, key, child_id, counted)
		SELECT $1, key, child_id, counted
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[]), CAST($4 AS boolean[])) AS k (child_id, key, counted)
		ORDER BY key, child_id
		ON CONFLICT ON CONSTRAINT child_match_keys_pkey DO NOTHING`
	if _, err := tx.ExecContext(ctx, add, who.Tenant, pq.Array(children), pq.Array(keys), pq.Array(counted)); err != nil {
		return fmt.Errorf("add %d match keys: %w", len(fresh), err)
	}
	return nil
}

// Meeting is two children who share a key, the lower number first.
type Meeting struct {
	Low  ChildID `db:"low"`
	High ChildID `db:"high"`
}

// Meetings are the pairs in which one of the children meets anybody. A key that
// very many share says nothing and is left out.
func Meetings(ctx context.Context, q sqlx.QueryerContext, ids []ChildID) ([]Meeting, error) {
	const query = `
		SELECT DISTINCT least(a.child_id, b.child_id) AS low, greatest(a.child_id, b.child_id) AS high
		FROM child_match_keys a
		CROSS JOIN LATERAL (
			SELECT child_id FROM child_match_keys WHERE key = a.key LIMIT $2 + 1
		) b
		WHERE a.child_id = ANY ($1) AND NOT a.counted AND b.child_id <> a.child_id
		  AND (SELECT count(*) FROM (SELECT FROM child_match_keys WHERE key = a.key LIMIT $2 + 1) n) <= $2
		ORDER BY 1, 2`
	var out []Meeting
	if err := sqlx.SelectContext(ctx, q, &out, query, pq.Array(ids), likeness.MaxBlock); err != nil {
		return nil, fmt.Errorf("who is like %d children: %w", len(ids), err)
	}
	return out, nil
}

// maxKin bounds the children who are opened for one person.
const maxKin = 40

// Kin are the children on record whom a person meets who is not on record, those
// who share the most keys first. A key that very many share says nothing.
func Kin(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p likeness.Profile) ([]ChildID, error) {
	var wanted []int64
	for _, k := range p.Keys() {
		wanted = append(wanted, keys.Bucket(who.Tenant, "match", k))
	}
	const query = `
		SELECT b.child_id
		FROM unnest(CAST($1 AS bigint[])) AS w (key)
		CROSS JOIN LATERAL (SELECT child_id, count(*) OVER () AS sharing FROM (
			SELECT child_id FROM child_match_keys WHERE key = w.key AND NOT counted LIMIT $2 + 1) k) b
		WHERE b.sharing <= $2
		GROUP BY b.child_id
		ORDER BY count(*) DESC, b.child_id LIMIT $3`
	var out []ChildID
	if err := sqlx.SelectContext(ctx, q, &out, query, pq.Array(wanted), likeness.MaxBlock, maxKin); err != nil {
		return nil, fmt.Errorf("who is like a person: %w", err)
	}
	return out, nil
}

// Bearers counts the children on record and how many of them bear each name of
// some of them.
func Bearers(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, profiles map[ChildID]likeness.Profile) (likeness.Caseload, error) {
	in := likeness.Caseload{Bearers: map[string]int{}}
	if err := sqlx.GetContext(ctx, q, &in.Children, `SELECT count(*) FROM children`); err != nil {
		return in, fmt.Errorf("count children: %w", err)
	}
	names, wanted := map[int64]string{}, []int64{}
	for _, p := range profiles {
		for _, n := range p.Names() {
			k := nameCount(keys, who.Tenant, n)
			if _, met := names[k]; !met {
				names[k], wanted = n, append(wanted, k)
			}
		}
	}
	const query = `SELECT key, count(*) FROM child_match_keys WHERE counted AND key = ANY ($1) GROUP BY key`
	rows, err := q.QueryxContext(ctx, query, pq.Array(wanted))
	if err != nil {
		return in, fmt.Errorf("count names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key int64
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return in, fmt.Errorf("count names: %w", err)
		}
		in.Bearers[names[key]] = n
	}
	return in, rows.Err()
}
