package bulk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
)

// Choosing are children that somebody chose on a list.
type Choosing struct {
	Key    string // names the form: sent again, it gives the same action
	Filter string // the list's address, without what was searched for
	IDs    []family.ChildID
}

// Choose begins an action with children of the program. Whoever is not known to
// it is left out.
func Choose(ctx context.Context, tx *sqlx.Tx, d Desk, c Choosing) (ID, error) {
	const query = `
		INSERT INTO bulk_actions (tenant_id, program_id, form_key, filter, every, state, chosen, chosen_by, chosen_at)
		VALUES ($1, $2, $3, $4, false, 'chosen', 0, $5, $6)
		ON CONFLICT ON CONSTRAINT bulk_actions_form_key_key DO NOTHING
		RETURNING id`
	var id ID
	err := tx.GetContext(ctx, &id, query, d.Tenant, d.Program.ID, c.Key, c.Filter, d.Actor, d.At)
	if errors.Is(err, sql.ErrNoRows) {
		const again = `SELECT id FROM bulk_actions WHERE program_id = $1 AND form_key = $2 AND chosen_by = $3`
		if err = tx.GetContext(ctx, &id, again, d.Program.ID, c.Key, d.Actor); errors.Is(err, sql.ErrNoRows) {
			err = ErrState
		}
		return id, err
	}
	if err != nil {
		return 0, fmt.Errorf("choose children: %w", err)
	}
	const rows = `
		INSERT INTO bulk_rows (tenant_id, action_id, child_id, outcome)
		SELECT tenant_id, $1, child_id, 'chosen' FROM enrollments WHERE program_id = $2 AND child_id = ANY ($3)`
	if _, err := tx.ExecContext(ctx, rows, id, d.Program.ID, pq.Array(c.IDs)); err != nil {
		return 0, fmt.Errorf("choose children: %w", err)
	}
	return id, counted(ctx, tx, d, id, false)
}

// counted notes how many are chosen.
func counted(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, every bool) error {
	const query = `
		UPDATE bulk_actions a SET every = $2, state = 'chosen', action = '', spec = '{}', counts = '{}', chosen = (
			SELECT count(*) FROM bulk_rows r WHERE r.tenant_id = a.tenant_id AND r.action_id = a.id)
		WHERE id = $1 RETURNING chosen`
	var n int
	if err := tx.GetContext(ctx, &n, query, id, every); err != nil {
		return fmt.Errorf("count bulk action %d: %w", id, err)
	}
	if n == 0 {
		return ErrNobody
	}
	return record(ctx, tx, d, id, "chosen", map[string]any{"children": n, "every": every})
}

func record(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, verb string, after map[string]any) error {
	return audit.Record(ctx, tx, d.Who, []audit.Event{{Verb: "bulk." + verb, Kind: "bulk", Subject: int64(id), Program: int32(d.Program.ID), After: after}}, d.At)
}

// TakeAll takes all children that a filter lets through in place of those that
// were chosen. A search by text is not taken as a whole.
func TakeAll(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, f enroll.Filter) error {
	b, err := lock(ctx, tx, d, id)
	switch {
	case err != nil:
		return err
	case b.State != Chosen && b.State != Drawn:
		return ErrState
	case strings.TrimSpace(f.Text) != "":
		return ErrSearched
	}
	ids, err := enroll.Listed(ctx, tx, d.Program.ID, f, Most+1)
	if err != nil {
		return err
	}
	if len(ids) > Most {
		return ErrTooMany.With(map[string]any{"n": Most})
	}
	const clear = `DELETE FROM bulk_rows WHERE action_id = $1`
	if _, err := tx.ExecContext(ctx, clear, id); err != nil {
		return fmt.Errorf("choose all: %w", err)
	}
	const rows = `INSERT INTO bulk_rows (tenant_id, action_id, child_id, outcome) SELECT $1, $2, child_id, 'chosen' FROM unnest(CAST($3 AS bigint[])) AS n (child_id)`
	if _, err := tx.ExecContext(ctx, rows, d.Tenant, id, pq.Array(ids)); err != nil {
		return fmt.Errorf("choose all: %w", err)
	}
	return counted(ctx, tx, d, id, true)
}

// Discard puts an action aside that is not begun.
func Discard(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) error {
	b, err := lock(ctx, tx, d, id)
	if err != nil {
		return err
	}
	if b.State != Chosen && b.State != Drawn {
		return ErrState
	}
	if err := set(ctx, tx, id, Discarded); err != nil {
		return err
	}
	return record(ctx, tx, d, id, "discarded", nil)
}

func set(ctx context.Context, tx *sqlx.Tx, id ID, s State) error {
	const query = `UPDATE bulk_actions SET state = $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, string(s)); err != nil {
		return fmt.Errorf("bulk action %d becomes %s: %w", id, s, err)
	}
	return nil
}

// asFault is a fault of an order's field.
func asFault(field string) *fault.Fault { return ErrOrder.At(field) }
