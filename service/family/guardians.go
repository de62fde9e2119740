package family

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// Household is what somebody says of the guardians of a child.
type Household struct {
	Child     ChildID
	Guardians []Guardian
}

// PutGuardians brings the guardians of children's families up to date: one of
// the same name gets the details that are given, and one that nobody named
// before is added. Nobody is removed: that is for people to decide. It may be
// repeated, and changes nothing where nothing is new.
func PutGuardians(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, households []Household, at time.Time) error {
	ids := make([]ChildID, len(households))
	for i, h := range households {
		ids[i] = h.Child
	}
	homes, err := openHomes(ctx, tx, who, keys, ids)
	if err != nil {
		return err
	}
	for _, h := range households {
		if home := homes[h.Child]; home != nil {
			home.merge(h.Guardians)
		}
	}
	r := rows{tenant: who.Tenant, keys: keys}
	changed, fresh, err := r.sealAdults(homes)
	if err != nil {
		return err
	}
	if err := r.sealFresh(ctx, tx, fresh); err != nil {
		return err
	}
	const query = `
		UPDATE guardians g SET sealed = n.sealed
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bytea[])) AS n (id, sealed)
		WHERE g.id = n.id`
	if _, err := tx.ExecContext(ctx, query, pq.Array(changed.ids), pq.ByteaArray(changed.sealed)); err != nil {
		return fmt.Errorf("change %d guardians: %w", len(changed.ids), err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM guardian_keys WHERE guardian_id = ANY ($1)`, pq.Array(changed.ids)); err != nil {
		return fmt.Errorf("change %d guardians: %w", len(changed.ids), err)
	}
	return r.insertGuardians(ctx, tx, at)
}

// resealed are guardians on record with their new details.
type resealed struct {
	ids    []int64
	sealed [][]byte
}

// newcomer is a guardian whom nobody named before.
type newcomer struct {
	home     *home
	guardian Guardian
}

// sealAdults seals what changed of guardians on record and returns the others
// that are new, family by family.
func (r *rows) sealAdults(homes map[ChildID]*home) (changed resealed, fresh []newcomer, err error) {
	done := make(map[*home]bool, len(homes))
	for _, child := range slices.Sorted(maps.Keys(homes)) {
		h := homes[child]
		if done[h] {
			continue
		}
		done[h] = true
		for _, a := range h.adults {
			switch {
			case a.id == 0:
				fresh = append(fresh, newcomer{h, a.Guardian})
			case a.changed:
				s, err := sealJSON(h.key, place(r.tenant, "guardians", a.id), a.Guardian)
				if err != nil {
					return resealed{}, nil, err
				}
				changed.ids, changed.sealed = append(changed.ids, a.id), append(changed.sealed, s)
				r.indexGuardian(a.id, int64(h.id), a.Guardian)
			}
		}
	}
	return changed, fresh, nil
}

func (r *rows) sealFresh(ctx context.Context, tx *sqlx.Tx, fresh []newcomer) error {
	ids, err := allocate(ctx, tx, "guardians_id_seq", len(fresh))
	if err != nil {
		return err
	}
	for i, n := range fresh {
		if _, err := r.family(n.home.key, New{Family: n.home.id, Guardians: []Guardian{n.guardian}}, nil, ids[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// home is a family with its guardians opened.
type home struct {
	id     ID
	key    vault.Key
	adults []adult
}

type adult struct {
	Guardian
	id      int64 // 0: to be added
	changed bool
}

// merge takes in what is said of a family's guardians.
func (h *home) merge(said []Guardian) {
	for _, g := range said {
		at := -1
		for i, a := range h.adults {
			if vault.Fold(a.DisplayName()) == vault.Fold(g.DisplayName()) {
				at = i
				break
			}
		}
		if at < 0 {
			h.adults = append(h.adults, adult{Guardian: g})
			continue
		}
		a := &h.adults[at]
		before := a.Guardian
		for _, f := range []struct {
			to   *string
			from string
		}{{&a.Phone, g.Phone}, {&a.Email, g.Email}, {&a.Relationship, g.Relationship}} {
			if f.from != "" {
				*f.to = f.from
			}
		}
		a.changed = a.changed || a.Guardian != before
	}
}

// openHomes opens the families of children; siblings share theirs.
func openHomes(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, ids []ChildID) (map[ChildID]*home, error) {
	const query = store.Kept + `
		SELECT c.id, c.family_id, f.wrapped_key, coalesce(g.id, 0), g.sealed
		FROM children c
		JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
		LEFT JOIN guardians g ON g.tenant_id = c.tenant_id AND g.family_id = c.family_id
		WHERE c.id = ANY ($1) AND f.wrapped_key IS NOT NULL
		ORDER BY c.id, g.id`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("guardians of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	out, families, known := make(map[ChildID]*home, len(ids)), map[ID]*home{}, map[int64]bool{}
	for rows.Next() {
		var child ChildID
		var fam ID
		var id int64
		var wrapped, sealed []byte
		if err := rows.Scan(&child, &fam, &wrapped, &id, &sealed); err != nil {
			return nil, fmt.Errorf("guardians of children: %w", err)
		}
		h := families[fam]
		if h == nil {
			h = &home{id: fam}
			if h.key, err = keys.Unwrap(place(who.Tenant, "families", int64(fam)), wrapped); err != nil {
				return nil, err
			}
			families[fam] = h
		}
		out[child] = h
		if id == 0 || known[id] {
			continue
		}
		known[id] = true
		a := adult{id: id}
		if err := openJSON(h.key, place(who.Tenant, "guardians", id), sealed, &a.Guardian); err != nil {
			return nil, err
		}
		h.adults = append(h.adults, a)
	}
	return out, rows.Err()
}
