package imports

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/savings"
)

// Obstacle is something later that depends on a file.
type Obstacle struct {
	Code     string           // catalogue key below imports.obstacle
	N        int              // how many rows or children
	Children []family.ChildID // some of them
}

// Undoing is what undoing a file would do.
type Undoing struct {
	Kind      Kind
	Money     bool // it moves money, so another person agrees first
	Content   approval.Content
	Rows      int
	Obstacles []Obstacle
}

// undone is what an approver of an undo approves.
type undone struct {
	Import ID     `json:"import"`
	Kind   Kind   `json:"kind"`
	SHA256 string `json:"sha256"`
	Rows   int    `json:"rows"`
}

// UndoOf says what undoing an applied file would do, and what is in the way.
func UndoOf(ctx context.Context, q sqlx.QueryerContext, d Desk, id ID) (u Undoing, err error) {
	f, err := Load(ctx, q, d, id)
	if err != nil {
		return u, err
	}
	if f.State != Applied {
		return u, ErrState
	}
	u.Kind = f.Kind
	if f.Kind == Deposits {
		err = u.deposits(ctx, q, d, f)
	} else {
		err = u.reports(ctx, q, f)
	}
	if err != nil {
		return u, err
	}
	u.Content.Details, err = json.Marshal(undone{id, f.Kind, fmt.Sprintf("%x", f.SHA256), u.Rows})
	return u, err
}

func (u *Undoing) deposits(ctx context.Context, q sqlx.QueryerContext, d Desk, f File) error {
	u.Money = true
	if f.DepositFile == 0 {
		return nil
	}
	back, err := savings.UndoOfFile(ctx, q, d.Program, f.DepositFile)
	if err != nil {
		return err
	}
	u.Rows = back.Deposits
	u.Content.Total, u.Content.Difference, u.Content.Affected = back.Amount, back.Amount.Neg(), len(back.Children)
	u.Content.Effects = []approval.Effect{{What: "own", Children: len(back.Children), Before: back.Amount}}
	for _, k := range slices.Sorted(maps.Keys(back.Obstacles)) {
		u.Obstacles = append(u.Obstacles, obstacle(string(k), back.Obstacles[k]))
	}
	return nil
}

func obstacle(code string, children []family.ChildID) Obstacle {
	return Obstacle{Code: code, N: len(children), Children: children[:min(len(children), 20)]}
}

// reports finds facts of which a later report says something else.
func (u *Undoing) reports(ctx context.Context, q sqlx.QueryerContext, f File) error {
	const query = `
		SELECT r.child_id, EXISTS (
			SELECT FROM child_facts c
			WHERE c.tenant_id = r.tenant_id AND c.child_id = r.child_id AND c.name = r.what AND c.recorded_at > $2
			  AND NOT EXISTS (SELECT FROM child_fact_retractions x
			                  WHERE (x.tenant_id, x.child_id, x.name, x.reference) = (c.tenant_id, c.child_id, c.name, c.reference))) AS later
		FROM import_rows r
		WHERE r.file_id = $1 AND r.outcome = 'new' AND r.child_id IS NOT NULL
		ORDER BY r.line`
	var rows []struct {
		Child family.ChildID `db:"child_id"`
		Later bool           `db:"later"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, f.ID, f.AppliedAt); err != nil {
		return fmt.Errorf("what depends on import %d: %w", f.ID, err)
	}
	var later []family.ChildID
	children := map[family.ChildID]bool{}
	for _, r := range rows {
		children[r.Child] = true
		if r.Later {
			later = append(later, r.Child)
		}
	}
	u.Rows, u.Content.Affected = len(rows), len(children)
	if len(later) > 0 {
		u.Obstacles = append(u.Obstacles, obstacle("later", later))
	}
	return nil
}

// UndoContent is what undoing a file would do, as it waits for approval. One that
// something later depends on is ErrDepended.
func UndoContent(ctx context.Context, q sqlx.QueryerContext, d Desk, id ID) (approval.Content, error) {
	u, err := UndoOf(ctx, q, d, id)
	if err == nil && len(u.Obstacles) > 0 {
		err = ErrDepended
	}
	return u.Content, err
}

// ProposeUndo has undoing a file wait for another person.
func ProposeUndo(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, reason string) (approval.ID, error) {
	content, err := UndoContent(ctx, tx, d, id)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, d.Who, approval.Proposal{Program: int64(d.Program.ID), Kind: approval.Undo, Subject: id.Subject(), Reason: reason, Content: content}, d.At)
}

// UndoAlone undoes a file that moves no money. One that does is
// approval.ErrNeeded.
func UndoAlone(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) error {
	u, err := UndoOf(ctx, tx, d, id)
	switch {
	case err != nil:
		return err
	case u.Money:
		return approval.ErrNeeded
	}
	return Undo(ctx, tx, d, id, "")
}

// Undo takes back everything that a file did: deposits are reversed, facts and
// events retracted. Nothing is erased, and the same file may come again. ref is
// the approval where one was needed. What the rows had earned the next run looks
// at, and proposes to take back what is too much.
func Undo(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, ref string) error {
	f, err := lock(ctx, tx, d, id)
	if err != nil {
		return err
	}
	u, err := UndoOf(ctx, tx, d, id)
	switch {
	case err != nil:
		return err
	case len(u.Obstacles) > 0:
		return ErrDepended
	}
	if f.Kind == Deposits && f.Deposit.Valid {
		_, err = savings.UndoFile(ctx, tx, d.Who, d.Program, f.Deposit.Int64, ref, d.At)
	} else if f.Kind != Deposits {
		err = undoReports(ctx, tx, d, f)
	}
	if err != nil {
		return fmt.Errorf("undo import %d: %w", id, err)
	}
	const query = `UPDATE import_files SET state = 'undone', undone_by = $2, undone_at = $3, undo_ref = $4, closed_at = $3 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, d.Actor, d.At, ref); err != nil {
		return fmt.Errorf("undo import %d: %w", id, err)
	}
	return audit.Record(ctx, tx, d.Who, []audit.Event{{Verb: "imports.undone", Kind: "import", Subject: int64(id), Program: int32(d.Program.ID),
		After: map[string]any{"kind": f.Kind, "rows": u.Rows, "amount": u.Content.Total, "approval": ref}}}, d.At)
}

func undoReports(ctx context.Context, tx *sqlx.Tx, d Desk, f file) error {
	const query = `
		SELECT child_id, what, reference FROM import_rows
		WHERE file_id = $1 AND outcome = 'new' AND child_id IS NOT NULL ORDER BY line`
	rows, err := tx.QueryxContext(ctx, query, f.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []family.Reported
	for rows.Next() {
		var r family.Reported
		if err := rows.Scan(&r.Child, &r.Name, &r.Reference); err != nil {
			return err
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if _, err := family.RetractFacts(ctx, tx, d.Who, all, f.ID.Subject(), d.At); err != nil {
		return err
	}
	_, err = family.UndoEvents(ctx, tx, d.Who, d.Program.ID, all, f.ID.Subject(), d.At)
	return err
}

func int64s(n []int64) driver.Valuer { return pq.Array(n).(driver.Valuer) }
