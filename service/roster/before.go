package roster

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// former is what was known of a child before a row changed it.
type former struct {
	Person   family.Person `json:"person"`
	Language string        `json:"language"`
	schooling
}

// schooling is the school and grade in which a child was.
type schooling struct {
	School program.SchoolID `json:"school,omitempty" db:"school_id"`
	Grade  string           `json:"grade,omitempty" db:"grade"`
}

// schoolings are the present ones of children.
func schoolings(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID) (map[family.ChildID]schooling, error) {
	const query = `SELECT child_id, school_id, grade FROM schoolings WHERE child_id = ANY ($1) AND to_on IS NULL`
	var rows []struct {
		Child family.ChildID `db:"child_id"`
		schooling
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("schools of %d children: %w", len(ids), err)
	}
	out := make(map[family.ChildID]schooling, len(rows))
	for _, r := range rows {
		out[r.Child] = r.schooling
	}
	return out, nil
}

// formerly seals what was known of a child, for an undo.
func (c *chunk) formerly(n int, known family.Child, at schooling) ([]byte, error) {
	plain, err := json.Marshal(former{known.Person, known.Language, at})
	if err != nil {
		return nil, fmt.Errorf("keep row %d: %w", n, err)
	}
	return c.keys.Seal(beforePlace(c.who.Tenant, c.batch.ID, n), plain), nil
}

// beforePlace binds what was known before to its row.
func beforePlace(tenant int32, batch ID, n int) string {
	return strconv.Itoa(int(tenant)) + "|roster_rows_before|" + strconv.FormatInt(int64(batch), 10) + "|" + strconv.Itoa(n)
}

// restore has records say again what they said before.
func (u *Undoing) restore(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, id ID, on ledger.Date, at time.Time) error {
	var changes []family.Change
	var back []family.Schooling
	due := make(map[family.ChildID]bool, len(u.Restored))
	for _, id := range u.Restored {
		due[id] = true
	}
	for _, r := range u.rows {
		if r.Before == nil || !due[r.Child] {
			continue
		}
		due[r.Child] = false
		plain, err := keys.Open(beforePlace(who.Tenant, id, r.N), r.Before)
		if err != nil {
			return err
		}
		var f former
		if err := json.Unmarshal(plain, &f); err != nil {
			return fmt.Errorf("what row %d of roster %d changed is damaged", r.N, id)
		}
		changes = append(changes, family.Change{Child: r.Child, Person: f.Person, Language: f.Language})
		if f.School != 0 {
			back = append(back, family.Schooling{Child: r.Child, School: f.School, Grade: f.Grade, From: on})
		}
	}
	if len(changes) == 0 {
		return nil
	}
	if err := family.Update(ctx, tx, who, keys, changes, at); err != nil {
		return err
	}
	return family.SetSchoolings(ctx, tx, who, back, at)
}
