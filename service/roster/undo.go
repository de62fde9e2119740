package roster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of undoing.
var (
	// ErrUndoLate reports a roster that was applied more than UndoDays ago, or of
	// which the rows are gone.
	ErrUndoLate = fault.New(fault.Conflict, "roster.undo_late")
	// ErrUndoLater reports a roster after which its sender's next one was applied:
	// that one is undone first.
	ErrUndoLater = fault.New(fault.Conflict, "roster.undo_later")
	// ErrUndoNothing reports a roster of which nothing can be taken back.
	ErrUndoNothing = fault.New(fault.Conflict, "roster.undo_nothing")
)

// UndoDays is for how many days after it was applied a roster can be undone.
const UndoDays = 30

// UndoUntil is the last day on which a roster applied at an instant can be undone.
func UndoUntil(p program.Program, applied time.Time) ledger.Date {
	return p.Day(applied).AddDays(UndoDays)
}

// Stay is why what a roster did to a child is not taken back.
type Stay string

// Why it stays, the gravest first.
const (
	StayMoney    Stay = "money"    // the family's own, or money on its way out
	StayAccess   Stay = "access"   // a guardian found the account
	StayLeft     Stay = "left"     // the child left, or its family opted out
	StayJoined   Stay = "joined"   // the record is, or may become, another's
	StayHeld     Stay = "held"     // a hold keeps everything as it is
	StaySource   Stay = "source"   // another sender names the child, too
	StayReported Stay = "reported" // something was reported of the child since
	StayChanged  Stay = "changed"  // the record was changed since
)

// Stays are all of them, in the order people are told them.
var Stays = []Stay{StayMoney, StayAccess, StayLeft, StayJoined, StayHeld, StaySource, StayReported, StayChanged}

// Staying is a child whose row is not undone.
type Staying struct {
	Child family.ChildID
	Why   Stay
}

// Undoing is what undoing a roster would do.
type Undoing struct {
	Fresh    []family.ChildID // came by the roster, and take part no more
	Known    []family.ChildID // were known before and took part by the roster
	Restored []family.ChildID // whose records become what they were
	Back     []family.ChildID // who were counted as no longer named
	Staying  []Staying
	Holdings []savings.Holding
	Content  approval.Content
	rows     []applied
}

// Retraction is what an approver of an undo approves.
type Retraction struct {
	Roster   ID     `json:"roster"`
	SHA256   string `json:"sha256"`
	Back     int    `json:"back"`     // children who take part no more
	Restored int    `json:"restored"` // records that become what they were
	Named    int    `json:"named"`    // children who are counted as named again
	Staying  int    `json:"staying"`
	Children string `json:"children"` // digest of who is which
}

// applied is a row that was used.
type applied struct {
	N        int            `db:"n"`
	Acting   Finding        `db:"acting"`
	Child    family.ChildID `db:"child_id"`
	Version  int            `db:"version"`
	Enrolled bool           `db:"enrolled"`
	Before   []byte         `db:"before"`
}

// UndoOf says what undoing an applied roster would do: who takes part no more, what
// goes back to which fund, and whom it leaves as they are and why.
func UndoOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, id ID, at time.Time) (u Undoing, err error) {
	b, err := Load(ctx, q, p.ID, id)
	if err != nil {
		return u, err
	}
	if err := undoable(ctx, q, p, b, at); err != nil {
		return u, err
	}
	const query = `
		SELECT n, CASE settled WHEN 'same' THEN 'changed' WHEN 'new' THEN 'new' ELSE finding END AS acting, child_id, coalesce(version, 0) AS version, enrolled, before
		FROM roster_rows WHERE batch_id = $1 AND applied AND NOT undone AND child_id IS NOT NULL ORDER BY n`
	if err := sqlx.SelectContext(ctx, q, &u.rows, query, id); err != nil {
		return u, fmt.Errorf("rows of roster %d: %w", id, err)
	}
	stay, err := staying(ctx, q, p.ID, b, u.rows)
	if err != nil {
		return u, err
	}
	u.sort(stay)
	if u.Holdings, err = savings.HoldingsOf(ctx, q, p.ID, u.leaving()); err != nil {
		return u, err
	}
	return u, u.describe(b)
}

// undoable refuses a roster that cannot be undone, or not any more.
func undoable(ctx context.Context, q sqlx.QueryerContext, p program.Program, b Batch, at time.Time) error {
	if b.State != Applied {
		return ErrState
	}
	if b.Purged || p.Day(at).After(UndoUntil(p, b.AppliedAt)) {
		return ErrUndoLate
	}
	const query = `
		SELECT EXISTS (SELECT FROM roster_batches l JOIN roster_batches b ON b.tenant_id = l.tenant_id AND b.source_id = l.source_id
		               WHERE b.id = $1 AND l.id > b.id AND l.state IN ('applying', 'applied'))`
	var later bool
	if err := sqlx.GetContext(ctx, q, &later, query, b.ID); err != nil {
		return fmt.Errorf("rosters after %d: %w", b.ID, err)
	}
	if later {
		return ErrUndoLater
	}
	return nil
}

// leaving are the children who would take part no more.
func (u *Undoing) leaving() []family.ChildID {
	return append(append([]family.ChildID{}, u.Fresh...), u.Known...)
}

// sort tells what becomes of each row; a child that several rows are about is
// counted once, by the row that did the most.
func (u *Undoing) sort(stay map[family.ChildID]Stay) {
	met := map[family.ChildID]bool{}
	for _, r := range u.rows {
		if met[r.Child] {
			continue
		}
		met[r.Child] = true
		why, stays := stay[r.Child]
		switch {
		case r.Acting == Gone:
			u.Back = append(u.Back, r.Child)
		case stays:
			u.Staying = append(u.Staying, Staying{r.Child, why})
		case r.Acting == New:
			u.Fresh = append(u.Fresh, r.Child)
		default:
			if r.Enrolled {
				u.Known = append(u.Known, r.Child)
			}
			if r.Before != nil {
				u.Restored = append(u.Restored, r.Child)
			}
		}
	}
}

// staying finds what later depends on rows of a roster. A child that the roster
// only changed is let go by everything but a later change of its record.
func staying(ctx context.Context, q sqlx.QueryerContext, p program.ID, b Batch, rows []applied) (map[family.ChildID]Stay, error) {
	children, versions, leaves := make([]int64, len(rows)), make([]int64, len(rows)), make([]bool, len(rows))
	for i, r := range rows {
		children[i], versions[i], leaves[i] = int64(r.Child), int64(r.Version), r.Acting == New || r.Enrolled
	}
	const query = `
		SELECT w.child_id, CASE
			WHEN w.leaves AND (EXISTS (SELECT FROM deposits d WHERE d.program_id = $4 AND d.child_id = w.child_id AND d.state NOT IN ('undone', 'corrected'))
			                OR EXISTS (SELECT FROM withdrawals x WHERE x.program_id = $4 AND x.child_id = w.child_id AND x.state NOT IN ('refused', 'cancelled'))) THEN 'money'
			WHEN w.leaves AND EXISTS (SELECT FROM guardian_children g WHERE g.child_id = w.child_id AND g.ended_at IS NULL) THEN 'access'
			WHEN w.leaves AND e.state NOT IN ('enrolled', 'ineligible') THEN 'left'
			WHEN EXISTS (SELECT FROM child_joins j WHERE j.state IN ('proposed', 'joined') AND w.child_id IN (j.survivor, j.absorbed)) THEN 'joined'
			WHEN EXISTS (SELECT FROM child_holds h WHERE h.child_id = w.child_id AND h.lifted_at IS NULL) THEN 'held'
			WHEN w.leaves AND EXISTS (SELECT FROM roster_children r WHERE r.child_id = w.child_id AND r.source_id <> s.id AND r.present) THEN 'source'
			WHEN w.leaves AND (EXISTS (SELECT FROM child_facts f WHERE f.child_id = w.child_id AND f.recorded_at > $5)
			                OR EXISTS (SELECT FROM child_events v WHERE v.child_id = w.child_id AND v.recorded_at > $5)) THEN 'reported'
			WHEN c.version <> w.version THEN 'changed'
			ELSE '' END AS why
		FROM unnest(CAST($1 AS bigint[]), CAST($2 AS integer[]), CAST($3 AS boolean[])) AS w (child_id, version, leaves)
		JOIN children c ON c.id = w.child_id
		JOIN roster_batches b ON b.id = $6
		JOIN roster_sources s ON s.tenant_id = b.tenant_id AND s.id = b.source_id
		LEFT JOIN enrollments e ON e.program_id = $4 AND e.child_id = w.child_id`
	found, err := q.QueryxContext(ctx, query, pq.Array(children), pq.Array(versions), pq.Array(leaves), p, b.AppliedAt, b.ID)
	if err != nil {
		return nil, fmt.Errorf("what depends on roster %d: %w", b.ID, err)
	}
	defer found.Close()
	out := map[family.ChildID]Stay{}
	for found.Next() {
		var child family.ChildID
		var why Stay
		if err := found.Scan(&child, &why); err != nil {
			return nil, fmt.Errorf("what depends on roster %d: %w", b.ID, err)
		}
		if why != "" {
			out[child] = why
		}
	}
	return out, found.Err()
}

// describe says it as it is approved: whoever stays or goes stands in the digest.
func (u *Undoing) describe(b Batch) error {
	c := &u.Content
	c.Affected = len(u.Fresh) + len(u.Known) + len(u.Restored) + len(u.Back)
	for _, h := range u.Holdings {
		c.Total = c.Total.Add(h.Posted)
		c.Effects = append(c.Effects, approval.Effect{What: h.Benefit, Fund: h.Fund, Children: h.Children, Before: h.Posted.Add(h.Promised)})
	}
	c.Difference = c.Total.Neg()
	var says strings.Builder
	fmt.Fprint(&says, u.Fresh, u.Known, u.Restored, u.Back, u.Staying)
	sum := sha256.Sum256([]byte(says.String()))
	raw, err := json.Marshal(Retraction{b.ID, hex.EncodeToString(b.SHA256), len(u.leaving()), len(u.Restored), len(u.Back), len(u.Staying), hex.EncodeToString(sum[:])})
	if err != nil {
		return fmt.Errorf("undo of roster %d: %w", b.ID, err)
	}
	c.Details = raw
	return nil
}

// UndoContent is what undoing a roster would do, as it waits for approval.
func UndoContent(ctx context.Context, q sqlx.QueryerContext, p program.Program, id ID, at time.Time) (approval.Content, error) {
	u, err := UndoOf(ctx, q, p, id, at)
	if err == nil && u.Content.Affected == 0 {
		err = ErrUndoNothing
	}
	return u.Content, err
}

// ProposeUndo has undoing a roster wait for another person.
func ProposeUndo(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, id ID, reason string, at time.Time) (approval.ID, error) {
	content, err := UndoContent(ctx, tx, p, id, at)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Undo, Subject: Subject(id), Reason: reason, Content: content}, at)
}

// Undo takes back what a roster did, but for the children whom something later
// depends on: they stay as they are. Money goes back by reversals, records become
// what they were, and no tombstone is set: the same roster may come again, mended.
// Guardians whom the roster named stay with their families. approved is the
// approval, without which nobody calls this.
func Undo(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, id ID, approved string, at time.Time) error {
	locked, err := lockBatch(ctx, tx, p.ID, id)
	if err != nil {
		return err
	}
	locked.State = Applying // the comparison is not asked about
	if err := lockSources(ctx, tx, &locked); err != nil {
		return err
	}
	u, err := UndoOf(ctx, tx, p, id, at)
	switch {
	case err != nil:
		return err
	case u.Content.Affected == 0:
		return ErrUndoNothing
	}
	back, err := enroll.Unadmit(ctx, tx, who, p, u.Fresh, u.Known, approved, at)
	if err != nil {
		return err
	}
	if err := u.restore(ctx, tx, who, keys, id, locked.EnrollOn, at); err != nil {
		return err
	}
	if err := u.forget(ctx, tx, id, locked.Source); err != nil {
		return err
	}
	if err := advance(ctx, tx, locked.Source); err != nil {
		return err
	}
	const query = `UPDATE roster_batches SET state = 'undone', undone_by = $2, undone_at = $3, undo_ref = $4, closed_at = $3 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, who.Actor, at, approved); err != nil {
		return fmt.Errorf("undo roster %d: %w", id, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "roster.undone", Kind: "roster", Subject: int64(id), Program: int32(p.ID),
		After: map[string]any{"children": len(u.leaving()), "restored": len(u.Restored), "staying": len(u.Staying), "amount": back, "approval": approved}}}, at)
}

// forget has the source say nothing of the rows that were undone, so that its next
// file says it again, and marks them.
func (u *Undoing) forget(ctx context.Context, tx *sqlx.Tx, id ID, source int64) error {
	const missing = `
		UPDATE roster_children SET content_key = '', present = present AND child_id <> ALL ($3)
		WHERE source_id = $1 AND child_id = ANY ($2)`
	if _, err := tx.ExecContext(ctx, missing, source, pq.Array(append(u.leaving(), u.Restored...)), pq.Array(u.Fresh)); err != nil {
		return fmt.Errorf("undo roster %d: %w", id, err)
	}
	const named = `UPDATE roster_children SET present = true WHERE source_id = $1 AND child_id = ANY ($2) AND batch_id = $3`
	if _, err := tx.ExecContext(ctx, named, source, pq.Array(u.Back), id); err != nil {
		return fmt.Errorf("undo roster %d: %w", id, err)
	}
	all := append(append(u.leaving(), u.Restored...), u.Back...)
	const mark = `UPDATE roster_rows SET undone = true WHERE batch_id = $1 AND applied AND child_id = ANY ($2)`
	if _, err := tx.ExecContext(ctx, mark, id, pq.Array(all)); err != nil {
		return fmt.Errorf("undo roster %d: %w", id, err)
	}
	return nil
}
