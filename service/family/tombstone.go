package family

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// stones are the keyed hashes of what a roster may say of a person: the name and
// birth date, and the student number. Neither can be read back.
func stones(keys *vault.Keyring, tenant int32, p Person) (out [][]byte) {
	if !p.BornOn.IsZero() {
		words := vault.Words(vault.Fold(p.Given + " " + p.Family))
		slices.Sort(words)
		out = append(out, keys.Index(tenant, "tombstone:name", strings.Join(words, " ")+"|"+p.BornOn.String()))
	}
	if p.StudentNumber != "" {
		out = append(out, keys.Index(tenant, "tombstone:student", strings.TrimSpace(p.StudentNumber)))
	}
	return out
}

// Bury remembers that a child's family opted out of a program, even when its
// record is erased. It may be repeated.
func Bury(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.ID, child ChildID, at time.Time) error {
	children, err := Load(ctx, tx, who, keys, []ChildID{child})
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO child_tombstones (tenant_id, program_id, key, child_id, set_by, set_at)
		SELECT $1, $2, key, $3, $4, $5 FROM unnest(CAST($6 AS bytea[])) AS k (key)
		ON CONFLICT ON CONSTRAINT child_tombstones_pkey DO NOTHING`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, p, child, who.Actor, at, pq.ByteaArray(stones(keys, who.Tenant, children[0].Person))); err != nil {
		return fmt.Errorf("remember that child %d opted out: %w", child, err)
	}
	return nil
}

// Unbury forgets that a child's family opted out: it comes back.
func Unbury(ctx context.Context, tx *sqlx.Tx, p program.ID, child ChildID) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM child_tombstones WHERE program_id = $1 AND child_id = $2`, p, child); err != nil {
		return fmt.Errorf("forget that child %d opted out: %w", child, err)
	}
	return nil
}

// Buried reports, for each person, whether its family opted out of a program.
func Buried(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, people []Person) ([]bool, error) {
	var places []int64
	var wanted [][]byte
	for i, person := range people {
		for _, key := range stones(keys, who.Tenant, person) {
			places, wanted = append(places, int64(i)), append(wanted, key)
		}
	}
	const query = `
		SELECT DISTINCT w.place
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bytea[])) AS w (place, key)
		JOIN child_tombstones t ON t.program_id = $1 AND t.key = w.key`
	var hits []int
	if err := sqlx.SelectContext(ctx, q, &hits, query, p, pq.Array(places), pq.ByteaArray(wanted)); err != nil {
		return nil, fmt.Errorf("who of %d opted out: %w", len(people), err)
	}
	out := make([]bool, len(people))
	for _, i := range hits {
		out[i] = true
	}
	return out, nil
}
