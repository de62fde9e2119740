package family

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// New is a family to be added: its children and its guardians.
type New struct {
	// Family is one on record that the children join, or 0 for a new family. The
	// guardians are then those on record already: leave them out.
	Family    ID
	Children  []NewChild
	Guardians []Guardian
}

// NewChild is a child to be added.
type NewChild struct {
	Person   Person
	Language string
	// Identifiers are further numbers by which others know the child, by scheme.
	Identifiers map[string]string
}

// Add records families with their children and guardians, in a constant number
// of statements, and returns the children's IDs family by family in the order
// given. A student number that is already taken is ErrStudentTaken, and nothing
// is added: whoever adds looks up first (Find).
func Add(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, families []New, at time.Time) ([][]ChildID, error) {
	joined, err := knownKeys(ctx, tx, who, keys, families)
	if err != nil {
		return nil, err
	}
	var fresh, children, guardians int
	for _, f := range families {
		children, guardians = children+len(f.Children), guardians+len(f.Guardians)
		if _, known := joined[f.Family]; !known {
			fresh++
		}
	}
	familyIDs, err := allocate(ctx, tx, "families_id_seq", fresh)
	if err != nil {
		return nil, err
	}
	childIDs, err := allocate(ctx, tx, "children_id_seq", children)
	if err != nil {
		return nil, err
	}
	guardianIDs, err := allocate(ctx, tx, "guardians_id_seq", guardians)
	if err != nil {
		return nil, err
	}
	r := rows{tenant: who.Tenant, keys: keys}
	out := make([][]ChildID, len(families))
	for i, f := range families {
		key, known := joined[f.Family]
		if !known {
			f.Family, familyIDs = ID(familyIDs[0]), familyIDs[1:]
			if key, err = r.found(f.Family); err != nil {
				return nil, err
			}
		}
		ids, err := r.family(key, f, childIDs[:len(f.Children)], guardianIDs[:len(f.Guardians)])
		if err != nil {
			return nil, err
		}
		out[i], childIDs, guardianIDs = ids, childIDs[len(f.Children):], guardianIDs[len(f.Guardians):]
	}
	return out, r.insert(ctx, tx, at)
}

// knownKeys opens the keys of the families that are on record. Several entries
// may join the same one, so families count once each.
func knownKeys(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, families []New) (map[ID]vault.Key, error) {
	var ids []ID
	for _, f := range families {
		if f.Family != 0 {
			ids = append(ids, f.Family)
		}
	}
	out := make(map[ID]vault.Key, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	const query = `SELECT id, wrapped_key FROM families WHERE id = ANY ($1) AND wrapped_key IS NOT NULL`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("keys of %d families: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ID
		var wrapped []byte
		if err := rows.Scan(&id, &wrapped); err != nil {
			return nil, fmt.Errorf("keys of families: %w", err)
		}
		if out[id], err = keys.Unwrap(place(who.Tenant, "families", int64(id)), wrapped); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

// allocate takes n fresh ids: what is sealed is bound to its row's id, so the
// ids come first.
func allocate(ctx context.Context, tx *sqlx.Tx, sequence string, n int) ([]int64, error) {
	if n == 0 {
		return nil, nil
	}
	var ids []int64
	const query = `SELECT nextval(CAST($1 AS regclass)) FROM generate_series(1, CAST($2 AS integer))`
	if err := tx.SelectContext(ctx, &ids, query, sequence, n); err != nil {
		return nil, fmt.Errorf("allocate %d of %s: %w", n, sequence, err)
	}
	return ids, nil
}

// rows are the columns of a set of families, gathered for one insert a table.
type rows struct {
	tenant int32
	keys   *vault.Keyring

	familyIDs []int64
	wrapped   [][]byte

	childIDs, childFamilies []int64
	sealed                  [][]byte
	languages               []string

	keyChildren, nameKeys []int64

	idChildren []int64
	schemes    []string
	idKeys     [][]byte

	guardianIDs, guardianFamilies []int64
	guardianSealed                [][]byte

	adultKeys, keyAdults, keyFamilies []int64
}

// found makes the key of a new family.
func (r *rows) found(id ID) (vault.Key, error) {
	key, wrapped, err := r.keys.NewKey(place(r.tenant, "families", int64(id)))
	if err != nil {
		return vault.Key{}, fmt.Errorf("make family key: %w", err)
	}
	r.familyIDs, r.wrapped = append(r.familyIDs, int64(id)), append(r.wrapped, wrapped)
	return key, nil
}

func (r *rows) family(key vault.Key, f New, childIDs, guardianIDs []int64) ([]ChildID, error) {
	id := int64(f.Family)
	out := make([]ChildID, len(f.Children))
	for i, c := range f.Children {
		out[i] = ChildID(childIDs[i])
		if err := r.child(key, id, childIDs[i], c); err != nil {
			return nil, err
		}
	}
	for i, g := range f.Guardians {
		sealed, err := sealJSON(key, place(r.tenant, "guardians", guardianIDs[i]), g)
		if err != nil {
			return nil, err
		}
		r.guardianIDs, r.guardianFamilies = append(r.guardianIDs, guardianIDs[i]), append(r.guardianFamilies, id)
		r.guardianSealed = append(r.guardianSealed, sealed)
		r.indexGuardian(guardianIDs[i], id, g)
	}
	return out, nil
}

func (r *rows) child(key vault.Key, family, id int64, c NewChild) error {
	sealed, err := sealJSON(key, place(r.tenant, "children", id), c.Person)
	if err != nil {
		return err
	}
	language := cmp.Or(c.Language, DefaultLanguage)
	r.childIDs, r.childFamilies = append(r.childIDs, id), append(r.childFamilies, family)
	r.sealed, r.languages = append(r.sealed, sealed), append(r.languages, language)
	r.indexName(id, c.Person)
	r.indexIdentifier(id, StudentScheme, c.Person.StudentNumber)
	for scheme, value := range c.Identifiers {
		r.indexIdentifier(id, scheme, value)
	}
	return nil
}

func (r *rows) indexName(id int64, p Person) {
	for _, k := range nameKeys(r.keys, r.tenant, p) {
		r.keyChildren, r.nameKeys = append(r.keyChildren, id), append(r.nameKeys, k)
	}
}

func (r *rows) indexGuardian(id, family int64, g Guardian) {
	for _, k := range guardianKeys(r.keys, r.tenant, g) {
		r.adultKeys, r.keyAdults, r.keyFamilies = append(r.adultKeys, k), append(r.keyAdults, id), append(r.keyFamilies, family)
	}
}

func (r *rows) indexIdentifier(id int64, scheme, value string) {
	if value == "" {
		return
	}
	r.idChildren, r.schemes = append(r.idChildren, id), append(r.schemes, scheme)
	r.idKeys = append(r.idKeys, identifierKey(r.keys, r.tenant, scheme, value))
}

func (r *rows) insert(ctx context.Context, tx *sqlx.Tx, at time.Time) error {
	const families = `
		INSERT INTO families (tenant_id, id, wrapped_key, created_at)
		SELECT $1, id, wrapped_key, $4
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bytea[])) AS f (id, wrapped_key)`
	if _, err := tx.ExecContext(ctx, families, r.tenant, pq.Array(r.familyIDs), pq.ByteaArray(r.wrapped), at); err != nil {
		return fmt.Errorf("add %d families: %w", len(r.familyIDs), err)
	}
	const children = `
		INSERT INTO children (tenant_id, id, family_id, sealed, language, created_at, updated_at)
		SELECT $1, id, family_id, sealed, language, $6, $6
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[]), CAST($4 AS bytea[]), CAST($5 AS text[]))
		     AS c (id, family_id, sealed, language)`
	_, err := tx.ExecContext(ctx, children, r.tenant, pq.Array(r.childIDs), pq.Array(r.childFamilies), pq.ByteaArray(r.sealed), pq.Array(r.languages), at)
	if err != nil {
		return fmt.Errorf("add %d children: %w", len(r.childIDs), err)
	}
	if err := r.insertGuardians(ctx, tx, at); err != nil {
		return err
	}
	return r.insertIndexes(ctx, tx)
}

func (r *rows) insertGuardians(ctx context.Context, tx *sqlx.Tx, at time.Time) error {
	const query = `
		INSERT INTO guardians (tenant_id, id, family_id, sealed, created_at)
		SELECT $1, id, family_id, sealed, $5
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[]), CAST($4 AS bytea[])) AS g (id, family_id, sealed)`
	_, err := tx.ExecContext(ctx, query, r.tenant, pq.Array(r.guardianIDs), pq.Array(r.guardianFamilies), pq.ByteaArray(r.guardianSealed), at)
	if err != nil {
		return fmt.Errorf("add %d guardians: %w", len(r.guardianIDs), err)
	}
	return r.insertGuardianKeys(ctx, tx)
}

func (r *rows) insertGuardianKeys(ctx context.Context, tx *sqlx.Tx) error {
	const query = `
		INSERT INTO guardian_keys (tenant_id, key, guardian_id, family_id)
		SELECT $1, key, guardian_id, family_id
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[]), CAST($4 AS bigint[])) AS k (key, guardian_id, family_id)`
	if _, err := tx.ExecContext(ctx, query, r.tenant, pq.Array(r.adultKeys), pq.Array(r.keyAdults), pq.Array(r.keyFamilies)); err != nil {
		return fmt.Errorf("index guardians: %w", err)
	}
	return nil
}

func (r *rows) insertIndexes(ctx context.Context, tx *sqlx.Tx) error {
	const names = `
		INSERT INTO child_name_keys (tenant_id, key, child_id)
		SELECT $1, key, child_id
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[])) AS k (key, child_id)`
	if _, err := tx.ExecContext(ctx, names, r.tenant, pq.Array(r.nameKeys), pq.Array(r.keyChildren)); err != nil {
		return fmt.Errorf("index %d names: %w", len(r.nameKeys), err)
	}
	const identifiers = `
		INSERT INTO child_identifiers (tenant_id, scheme, key, child_id)
		SELECT $1, scheme, key, child_id
		FROM unnest(CAST($2 AS text[]), CAST($3 AS bytea[]), CAST($4 AS bigint[])) AS i (scheme, key, child_id)`
	_, err := tx.ExecContext(ctx, identifiers, r.tenant, pq.Array(r.schemes), pq.ByteaArray(r.idKeys), pq.Array(r.idChildren))
	if store.Violates(err, "child_identifiers_pkey") {
		return ErrStudentTaken
	}
	if err != nil {
		return fmt.Errorf("index %d identifiers: %w", len(r.idKeys), err)
	}
	return nil
}
