package family

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of holds.
var (
	// ErrHeldLegal reports something that a legal hold keeps from being done.
	ErrHeldLegal = fault.New(fault.Conflict, "family.held_legal")
	// ErrHeldCustody is the same of a custody hold.
	ErrHeldCustody = fault.New(fault.Conflict, "family.held_custody")
	// ErrHeldFraud is the same of a fraud hold.
	ErrHeldFraud = fault.New(fault.Conflict, "family.held_fraud")
	// ErrHeldDeath is the same of the hold after a child's death.
	ErrHeldDeath = fault.New(fault.Conflict, "family.held_death")
	// ErrHeldErase reports a family that a legal hold keeps from being erased.
	ErrHeldErase = fault.New(fault.Conflict, "family.held_erase")
	// ErrNoHold reports a hold that does not exist or is lifted.
	ErrNoHold = fault.New(fault.NotFound, "family.no_hold")
	// ErrHoldThere reports a child that has a hold of the kind already.
	ErrHoldThere = fault.New(fault.Conflict, "family.hold_there")
	// ErrHoldSamePerson reports a hold lifted by whoever placed it.
	ErrHoldSamePerson = fault.New(fault.Denied, "family.hold_same_person")
	// ErrReason reports a missing reason.
	ErrReason = fault.New(fault.Invalid, "family.reason")
)

// HoldKind is why something is not done with a child's account.
type HoldKind string

// The kinds.
const (
	LegalHold   HoldKind = "legal"
	CustodyHold HoldKind = "custody"
	FraudHold   HoldKind = "fraud"
	DeathHold   HoldKind = "death"
)

// HoldKinds are all of them, in the order people are offered them.
var HoldKinds = []HoldKind{LegalHold, CustodyHold, FraudHold, DeathHold}

// Act is something that a hold may keep from being done.
type Act string

// The acts. Deposits are none: money that a bank has taken in is booked.
const (
	ToChange   Act = "change"   // names, guardians, rights, address
	ToWithdraw Act = "withdraw" // money is paid out
	ToForfeit  Act = "forfeit"  // program money is taken back because of an exit
	ToWrite    Act = "write"    // letters and statements
	ToEnter    Act = "enter"    // codes that let an adult in
	ToErase    Act = "erase"    // names, and the rows of files that name the child
)

// Acts are all of them, in the order people are told them.
var Acts = []Act{ToChange, ToWithdraw, ToForfeit, ToWrite, ToEnter, ToErase}

var blocked = map[HoldKind][]Act{
	LegalHold:   {ToWithdraw, ToForfeit, ToErase},
	CustodyHold: {ToChange, ToWithdraw},
	FraudHold:   {ToChange, ToWithdraw, ToEnter},
	DeathHold:   {ToChange, ToWithdraw, ToWrite, ToEnter},
}

// Blocks are the acts that a hold of the kind keeps from being done.
func (k HoldKind) Blocks() []Act { return blocked[k] }

var held = map[HoldKind]*fault.Fault{LegalHold: ErrHeldLegal, CustodyHold: ErrHeldCustody, FraudHold: ErrHeldFraud, DeathHold: ErrHeldDeath}

// Hold is a hold on a child's account.
type Hold struct {
	ID        int64
	Kind      HoldKind
	Why       string
	Document  DocumentID
	PlacedBy  string
	PlacedAt  time.Time
	LiftedBy  string // "" while it holds
	LiftedAt  time.Time
	LiftedWhy string
}

// Open reports a hold that holds.
func (h Hold) Open() bool { return h.LiftedBy == "" }

// HoldsOf opens the holds of a child, the newest first.
func HoldsOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) ([]Hold, error) {
	root, err := rootRecord(ctx, q, child)
	if err != nil {
		return nil, err
	}
	families, err := familyKeys(ctx, q, who, keys, []ChildID{root})
	if err != nil {
		return nil, err
	}
	const query = store.Kept + `
		SELECT id, kind, why, coalesce(document_id, 0), placed_by, placed_at, coalesce(lifted_by, ''), coalesce(lifted_at, 'epoch'), lifted_why
		FROM child_holds WHERE child_id = $1 ORDER BY id DESC`
	rows, err := q.QueryxContext(ctx, query, root)
	if err != nil {
		return nil, fmt.Errorf("holds of child %d: %w", child, err)
	}
	defer rows.Close()
	var out []Hold
	for rows.Next() {
		var h Hold
		var why, lifted []byte
		if err := rows.Scan(&h.ID, &h.Kind, &why, &h.Document, &h.PlacedBy, &h.PlacedAt, &h.LiftedBy, &h.LiftedAt, &lifted); err != nil {
			return nil, fmt.Errorf("holds of child %d: %w", child, err)
		}
		key, ok := families[root]
		if ok {
			if err := openJSON(key, holdPlace(who.Tenant, root, h.Kind, "placed"), why, &h.Why); err != nil {
				return nil, err
			}
			if lifted != nil {
				if err := openJSON(key, holdPlace(who.Tenant, root, h.Kind, "lifted"), lifted, &h.LiftedWhy); err != nil {
					return nil, err
				}
			}
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

func holdPlace(tenant int32, child ChildID, kind HoldKind, what string) string {
	return place(tenant, "child_holds/"+string(kind)+"/"+what, int64(child))
}

// rootRecord is the record under which a child goes on.
func rootRecord(ctx context.Context, q sqlx.QueryerContext, child ChildID) (ChildID, error) {
	records, err := Records(ctx, q, []ChildID{child})
	if err != nil || records[child] == nil {
		return child, err
	}
	return records[child][0], nil
}

// PlaceHold has a hold take effect at once. A child that has one of the kind is
// ErrHoldThere.
func PlaceHold(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, h Hold, at time.Time) error {
	if strings.TrimSpace(h.Why) == "" {
		return ErrReason.At("why")
	}
	root, err := rootRecord(ctx, tx, child)
	if err != nil {
		return err
	}
	families, err := familyKeys(ctx, tx, who, keys, []ChildID{root})
	if err != nil {
		return err
	}
	key, ok := families[root]
	if !ok {
		return ErrNone
	}
	why, err := sealJSON(key, holdPlace(who.Tenant, root, h.Kind, "placed"), h.Why)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO child_holds (tenant_id, child_id, kind, why, document_id, placed_by, placed_at)
		VALUES ($1, $2, $3, $4, nullif(CAST($5 AS bigint), 0), $6, $7)`
	_, err = tx.ExecContext(ctx, query, who.Tenant, root, h.Kind, why, h.Document, who.Actor, at)
	switch {
	case store.Violates(err, "child_holds_one_open"):
		return ErrHoldThere.At("kind")
	case store.Violates(err, "child_holds_document_fkey"):
		return ErrNoDocument.At("document")
	case err != nil:
		return fmt.Errorf("hold child %d: %w", child, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "family.hold_placed", Kind: "child", Subject: int64(root), After: map[string]any{"kind": h.Kind, "document": h.Document}}}, at)
}

// LiftHold ends a hold. Whoever placed it does not.
func LiftHold(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, id int64, why string, at time.Time) error {
	if strings.TrimSpace(why) == "" {
		return ErrReason.At("why")
	}
	root, err := rootRecord(ctx, tx, child)
	if err != nil {
		return err
	}
	families, err := familyKeys(ctx, tx, who, keys, []ChildID{root})
	if err != nil {
		return err
	}
	const which = `SELECT kind FROM child_holds WHERE id = $1 AND child_id = $2 AND lifted_at IS NULL FOR UPDATE`
	var kinds []HoldKind
	if err := tx.SelectContext(ctx, &kinds, which, id, root); err != nil {
		return fmt.Errorf("lift hold %d: %w", id, err)
	}
	key, ok := families[root]
	if len(kinds) == 0 || !ok {
		return ErrNoHold
	}
	sealed, err := sealJSON(key, holdPlace(who.Tenant, root, kinds[0], "lifted"), why)
	if err != nil {
		return err
	}
	const query = `UPDATE child_holds SET lifted_by = $2, lifted_at = $3, lifted_why = $4 WHERE id = $1`
	_, err = tx.ExecContext(ctx, query, id, who.Actor, at, sealed)
	if store.Violates(err, "child_holds_second_person_check") {
		return ErrHoldSamePerson
	}
	if err != nil {
		return fmt.Errorf("lift hold %d: %w", id, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "family.hold_lifted", Kind: "child", Subject: int64(root), After: map[string]any{"kind": kinds[0], "hold": id}}}, at)
}

// Barred returns, of some children, those for whom a hold keeps an act from being
// done, and by which. Any record of a child may be asked for.
func Barred(ctx context.Context, q sqlx.QueryerContext, ids []ChildID, act Act) (map[ChildID]HoldKind, error) {
	records, err := Records(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	var kinds []HoldKind
	for _, k := range HoldKinds {
		if slices.Contains(blocked[k], act) {
			kinds = append(kinds, k)
		}
	}
	const query = store.Kept + `SELECT child_id, min(kind) AS kind FROM child_holds WHERE child_id = ANY ($1) AND kind = ANY ($2) AND lifted_at IS NULL GROUP BY child_id`
	var found []struct {
		Child ChildID  `db:"child_id"`
		Kind  HoldKind `db:"kind"`
	}
	if err := sqlx.SelectContext(ctx, q, &found, query, pq.Array(WithRecords(ids, records)), pq.Array(kinds)); err != nil {
		return nil, fmt.Errorf("holds of %d children: %w", len(ids), err)
	}
	by := make(map[ChildID]HoldKind, len(found))
	for _, f := range found {
		by[f.Child] = f.Kind
	}
	out := map[ChildID]HoldKind{}
	for _, id := range ids {
		for _, r := range append([]ChildID{id}, records[id]...) {
			if k, ok := by[r]; ok {
				out[id] = k
			}
		}
	}
	return out, nil
}

// Permit refuses an act that a hold keeps from being done for a child.
func Permit(ctx context.Context, q sqlx.QueryerContext, child ChildID, act Act) error {
	barred, err := Barred(ctx, q, []ChildID{child}, act)
	if err != nil {
		return err
	}
	if kind, ok := barred[child]; ok {
		return held[kind]
	}
	return nil
}

// KeptByLaw are all records of the children whom a legal hold keeps from being
// erased: what names them is not purged meanwhile.
func KeptByLaw(ctx context.Context, q sqlx.QueryerContext) ([]ChildID, error) {
	var ids []ChildID
	if err := sqlx.SelectContext(ctx, q, &ids, `SELECT DISTINCT child_id FROM child_holds WHERE kind = $1 AND lifted_at IS NULL ORDER BY child_id`, LegalHold); err != nil {
		return nil, fmt.Errorf("legal holds: %w", err)
	}
	records, err := Records(ctx, q, ids)
	return WithRecords(ids, records), err
}
