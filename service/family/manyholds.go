package family

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// OpenHold is a hold that holds, without its reason.
type OpenHold struct {
	ID       int64
	PlacedBy string
}

// OpenHolds are the holds of a kind that hold now, by the child asked for. Any
// record of a child may be asked for.
func OpenHolds(ctx context.Context, q sqlx.QueryerContext, ids []ChildID, kind HoldKind) (map[ChildID]OpenHold, error) {
	roots, err := rootsOf(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	const query = `SELECT child_id, id, placed_by FROM child_holds WHERE child_id = ANY ($1) AND kind = $2 AND lifted_at IS NULL`
	var found []struct {
		Child    ChildID `db:"child_id"`
		ID       int64   `db:"id"`
		PlacedBy string  `db:"placed_by"`
	}
	if err := sqlx.SelectContext(ctx, q, &found, query, pq.Array(roots), string(kind)); err != nil {
		return nil, fmt.Errorf("%s holds of %d children: %w", kind, len(ids), err)
	}
	by := make(map[ChildID]OpenHold, len(found))
	for _, h := range found {
		by[h.Child] = OpenHold{h.ID, h.PlacedBy}
	}
	out := make(map[ChildID]OpenHold, len(found))
	for i, id := range ids {
		if h, ok := by[roots[i]]; ok {
			out[id] = h
		}
	}
	return out, nil
}

// rootsOf are the records under which children go on, in the order asked for.
func rootsOf(ctx context.Context, q sqlx.QueryerContext, ids []ChildID) ([]ChildID, error) {
	records, err := Records(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	roots := make([]ChildID, len(ids))
	for i, id := range ids {
		if roots[i] = id; records[id] != nil {
			roots[i] = records[id][0]
		}
	}
	return roots, nil
}

// PlaceHolds is PlaceHold for many children for one reason, in a number of
// statements that does not grow with them. Who has a hold of the kind keeps it;
// the answer says which hold was placed for whom.
func PlaceHolds(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, ids []ChildID, kind HoldKind, why string, at time.Time) (map[ChildID]int64, error) {
	if strings.TrimSpace(why) == "" {
		return nil, ErrReason.At("why")
	}
	roots, err := rootsOf(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	families, err := familyKeys(ctx, tx, who, keys, roots)
	if err != nil {
		return nil, err
	}
	var children []int64
	var sealed [][]byte
	for _, root := range roots {
		key, ok := families[root]
		if !ok {
			return nil, fmt.Errorf("hold child %d: %w", root, ErrNone)
		}
		text, err := sealJSON(key, holdPlace(who.Tenant, root, kind, "placed"), why)
		if err != nil {
			return nil, err
		}
		children, sealed = append(children, int64(root)), append(sealed, text)
	}
	const query = `
		INSERT INTO child_holds (tenant_id, child_id, kind, why, placed_by, placed_at)
		SELECT $1, child_id, $2, why, $5, $6 FROM unnest(CAST($3 AS bigint[]), CAST($4 AS bytea[])) AS h (child_id, why)
		ON CONFLICT (tenant_id, child_id, kind) WHERE lifted_at IS NULL DO NOTHING
		RETURNING child_id, id`
	placed, err := byChild(ctx, tx, query, who.Tenant, string(kind), pq.Array(children), pq.ByteaArray(sealed), who.Actor, at)
	if err != nil {
		return nil, fmt.Errorf("hold %d children: %w", len(ids), err)
	}
	out := make(map[ChildID]int64, len(placed))
	var events []audit.Event
	for i, id := range ids {
		hold, ok := placed[roots[i]]
		if !ok {
			continue
		}
		out[id] = hold
		events = append(events, audit.Event{Verb: "family.hold_placed", Kind: "child", Subject: int64(roots[i]), After: map[string]any{"kind": kind, "document": 0}})
	}
	return out, audit.Record(ctx, tx, who, events, at)
}

// byChild reads pairs of a child and a number.
func byChild(ctx context.Context, tx *sqlx.Tx, query string, args ...any) (map[ChildID]int64, error) {
	rows, err := tx.QueryxContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[ChildID]int64{}
	for rows.Next() {
		var child ChildID
		var n int64
		if err := rows.Scan(&child, &n); err != nil {
			return nil, err
		}
		out[child] = n
	}
	return out, rows.Err()
}

// LiftHolds is LiftHold for many holds of a kind for one reason. What is lifted
// already, and what the same person placed, is left as it is; the answer says
// whose was lifted, by the record that it is of.
func LiftHolds(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, kind HoldKind, holds []int64, why string, at time.Time) (map[ChildID]int64, error) {
	if strings.TrimSpace(why) == "" {
		return nil, ErrReason.At("why")
	}
	const which = `
		SELECT child_id, id FROM child_holds
		WHERE id = ANY ($1) AND kind = $2 AND lifted_at IS NULL AND placed_by <> $3 ORDER BY id FOR UPDATE`
	open, err := byChild(ctx, tx, which, pq.Array(holds), string(kind), who.Actor)
	if err != nil {
		return nil, fmt.Errorf("lift %d holds: %w", len(holds), err)
	}
	var children []ChildID
	for child := range open {
		children = append(children, child)
	}
	families, err := familyKeys(ctx, tx, who, keys, children)
	if err != nil {
		return nil, err
	}
	var ids []int64
	var sealed [][]byte
	var events []audit.Event
	for child, hold := range open {
		key, ok := families[child]
		if !ok {
			delete(open, child)
			continue
		}
		text, err := sealJSON(key, holdPlace(who.Tenant, child, kind, "lifted"), why)
		if err != nil {
			return nil, err
		}
		ids, sealed = append(ids, hold), append(sealed, text)
		events = append(events, audit.Event{Verb: "family.hold_lifted", Kind: "child", Subject: int64(child), After: map[string]any{"kind": kind, "hold": hold}})
	}
	const query = `
		UPDATE child_holds h SET lifted_by = $3, lifted_at = $4, lifted_why = l.why
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS bytea[])) AS l (id, why) WHERE h.id = l.id`
	if _, err := tx.ExecContext(ctx, query, pq.Array(ids), pq.ByteaArray(sealed), who.Actor, at); err != nil {
		return nil, fmt.Errorf("lift %d holds: %w", len(ids), err)
	}
	return open, audit.Record(ctx, tx, who, events, at)
}
