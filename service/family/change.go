package family

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Change is what a child's record becomes.
type Change struct {
	Child    ChildID
	Person   Person
	Language string
}

// Update replaces what is known of children, and the indexes they are found
// by. It may be repeated. A student number that belongs to another child is
// ErrStudentTaken.
func Update(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, changes []Change, at time.Time) error {
	ids := make([]ChildID, len(changes))
	for i, c := range changes {
		ids[i] = c.Child
	}
	families, err := familyKeys(ctx, tx, who, keys, ids)
	if err != nil {
		return err
	}
	r := rows{tenant: who.Tenant, keys: keys}
	for _, c := range changes {
		key, ok := families[c.Child]
		if !ok {
			return fmt.Errorf("change child %d: %w", c.Child, ErrNone)
		}
		person := NewChild{Person: c.Person, Language: c.Language}
		if err := r.child(key, 0, int64(c.Child), person); err != nil {
			return err
		}
	}
	const query = `
		UPDATE children c SET sealed = n.sealed, language = n.language, version = c.version + 1, updated_at = $4
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bytea[]), CAST($3 AS text[])) AS n (id, sealed, language)
		WHERE c.id = n.id`
	if _, err := tx.ExecContext(ctx, query, pq.Array(r.childIDs), pq.ByteaArray(r.sealed), pq.Array(r.languages), at); err != nil {
		return fmt.Errorf("change %d children: %w", len(changes), err)
	}
	for _, query := range []string{
		`DELETE FROM child_name_keys WHERE child_id = ANY ($1)`,
		`DELETE FROM child_identifiers WHERE child_id = ANY ($1) AND scheme = '` + StudentScheme + `'`,
	} {
		if _, err := tx.ExecContext(ctx, query, pq.Array(ids)); err != nil {
			return fmt.Errorf("change %d children: %w", len(changes), err)
		}
	}
	return r.insertIndexes(ctx, tx)
}

// familyKeys opens the data keys of children's families.
func familyKeys(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, ids []ChildID) (map[ChildID]vault.Key, error) {
	const query = store.Kept + `
		SELECT c.id, c.family_id, f.wrapped_key
		FROM children c
		JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
		WHERE c.id = ANY ($1) AND f.wrapped_key IS NOT NULL`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("keys of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	out := make(map[ChildID]vault.Key, len(ids))
	for rows.Next() {
		var child ChildID
		var fam ID
		var wrapped []byte
		if err := rows.Scan(&child, &fam, &wrapped); err != nil {
			return nil, fmt.Errorf("keys of children: %w", err)
		}
		if out[child], err = keys.Unwrap(place(who.Tenant, "families", int64(fam)), wrapped); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

// Erase deletes a family's key and indexes: nobody can open its records again,
// and balances and proofs stay as they are. Erasing twice changes nothing. A legal
// hold on one of its children refuses it (ErrHeldErase).
func Erase(ctx context.Context, tx *sqlx.Tx, family ID) error {
	var children []ChildID
	if err := tx.SelectContext(ctx, &children, `SELECT id FROM children WHERE family_id = $1`, family); err != nil {
		return fmt.Errorf("erase family %d: %w", family, err)
	}
	barred, err := Barred(ctx, tx, children, ToErase)
	if err != nil {
		return err
	}
	if len(barred) > 0 {
		return ErrHeldErase
	}
	for _, query := range []string{
		`DELETE FROM child_name_keys k USING children c WHERE c.tenant_id = k.tenant_id AND c.id = k.child_id AND c.family_id = $1`,
		`DELETE FROM guardian_keys WHERE family_id = $1`,
		`DELETE FROM child_match_keys k USING children c WHERE c.tenant_id = k.tenant_id AND c.id = k.child_id AND c.family_id = $1`,
		`DELETE FROM child_identifiers i USING children c WHERE c.tenant_id = i.tenant_id AND c.id = i.child_id AND c.family_id = $1`,
		`UPDATE families SET wrapped_key = NULL WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, query, family); store.Violates(err, "families_legal_hold_check") {
			return ErrHeldErase // placed meanwhile
		} else if err != nil {
			return fmt.Errorf("erase family %d: %w", family, err)
		}
	}
	return nil
}

// Schooling is a child's school and grade from a day on.
type Schooling struct {
	Child  ChildID
	School program.SchoolID
	Grade  string // CEDS code
	From   ledger.Date
}

// SetSchoolings records where children go to school. One that already goes
// there in that grade is left as it is; otherwise the open schooling ends on
// the day before and the new one begins. An empty grade says nothing: the
// child keeps the one it is in. It may be repeated.
func SetSchoolings(ctx context.Context, tx *sqlx.Tx, who store.Who, schoolings []Schooling, at time.Time) error {
	n := len(schoolings)
	children, schools := make([]int64, n), make([]int64, n)
	grades, from := make([]string, n), make([]string, n)
	for i, s := range schoolings {
		children[i], schools[i], grades[i], from[i] = int64(s.Child), int64(s.School), s.Grade, s.From.String()
	}
	args := []any{pq.Array(children), pq.Array(schools), pq.Array(grades), pq.Array(from), at}
	const given = `
		WITH given AS (
			SELECT g.child_id, g.school_id, coalesce(nullif(g.grade, ''), s.grade, '') AS grade, g.from_on
			FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bigint[]), CAST($3 AS text[]), CAST($4 AS date[]))
			     AS g (child_id, school_id, grade, from_on)
			LEFT JOIN LATERAL (
				SELECT grade FROM schoolings WHERE child_id = g.child_id
				ORDER BY from_on DESC LIMIT 1) s ON true
		)`
	// A second file on the same day corrects the first one.
	const correct = given + `
		UPDATE schoolings s SET school_id = g.school_id, grade = g.grade, recorded_at = $5
		FROM given g
		WHERE s.child_id = g.child_id AND s.to_on IS NULL AND s.from_on >= g.from_on
		  AND (s.school_id, s.grade) IS DISTINCT FROM (g.school_id, g.grade)`
	const end = given + `
		UPDATE schoolings s SET to_on = g.from_on - 1, recorded_at = $5
		FROM given g
		WHERE s.child_id = g.child_id AND s.to_on IS NULL AND s.from_on < g.from_on
		  AND (s.school_id, s.grade) IS DISTINCT FROM (g.school_id, g.grade)`
	const begin = given + `
		INSERT INTO schoolings (tenant_id, child_id, from_on, school_id, grade, recorded_at)
		SELECT $6, g.child_id, g.from_on, g.school_id, g.grade, $5
		FROM given g
		WHERE NOT EXISTS (SELECT FROM schoolings s WHERE s.child_id = g.child_id AND s.to_on IS NULL)`
	for _, query := range []string{correct, end} {
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("set %d schoolings: %w", n, err)
		}
	}
	if _, err := tx.ExecContext(ctx, begin, append(args, who.Tenant)...); err != nil {
		return fmt.Errorf("set %d schoolings: %w", n, err)
	}
	return nil
}

// SchoolsNow returns the schools at which children are now; who is at none is not
// among them.
func SchoolsNow(ctx context.Context, q sqlx.QueryerContext, ids []ChildID) (map[ChildID]Schooling, error) {
	const query = `SELECT child_id, school_id, grade, from_on FROM schoolings WHERE child_id = ANY ($1) AND to_on IS NULL`
	rows, err := q.QueryxContext(ctx, query, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("schools of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	out := map[ChildID]Schooling{}
	for rows.Next() {
		var s Schooling
		if err := rows.Scan(&s.Child, &s.School, &s.Grade, &s.From); err != nil {
			return nil, fmt.Errorf("schools of children: %w", err)
		}
		out[s.Child] = s
	}
	return out, rows.Err()
}
