package savings

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// ErrDepended reports a file whose deposits something later depends on.
var ErrDepended = fault.New(fault.Conflict, "savings.depended")

// Obstacle is something later that depends on deposits of a file.
type Obstacle string

// The obstacles.
const (
	ObstacleReturned   Obstacle = "returned"   // the bank took it back
	ObstacleCorrected  Obstacle = "corrected"  // it was booked again as something else
	ObstacleIdentified Obstacle = "identified" // somebody found out whose it is
	ObstacleSpent      Obstacle = "spent"      // the child's own money does not cover it any more
)

// Obstacles are how many deposits, or children, are in the way of each kind.
type Obstacles map[Obstacle][]family.ChildID

// FileUndo is what undoing a file of deposits would do.
type FileUndo struct {
	Deposits  int
	Children  []family.ChildID
	Amount    ledger.Amount
	Obstacles Obstacles
	rows      []undoRow
}

type undoRow struct {
	ID        DepositID      `db:"id"`
	Reference string         `db:"reference"`
	Child     family.ChildID `db:"child_id"`
	Amount    ledger.Amount  `db:"amount"`
	On        ledger.Date    `db:"on_day"`
	Channel   string         `db:"channel"`
	State     string         `db:"state"`
	Tx        ledger.TxNo    `db:"tx_no"`
	Found     bool           `db:"found"`
}

// UndoOfFile says what undoing a file of deposits would do, and what is in the
// way of it. What was undone before is left out.
func UndoOfFile(ctx context.Context, q sqlx.QueryerContext, p program.Program, file int64) (u FileUndo, err error) {
	const query = `
		SELECT d.id, d.reference, coalesce(d.child_id, 0) AS child_id, d.amount, d.on_day, d.channel, d.state, d.tx_no,
		       d.child_id IS NOT NULL AND t.kind = 'deposit_unidentified' AS found
		FROM deposits d
		JOIN ledger_transactions t ON t.book_id = $3 AND t.no = d.tx_no
		WHERE d.program_id = $1 AND d.file_id = $2 AND d.state <> 'undone'
		ORDER BY d.tx_no`
	if err := sqlx.SelectContext(ctx, q, &u.rows, query, p.ID, file, p.Book); err != nil {
		return u, fmt.Errorf("deposits of file %d: %w", file, err)
	}
	u.Obstacles = Obstacles{}
	sums := map[family.ChildID]ledger.Amount{}
	for _, d := range u.rows {
		u.Deposits++
		u.Amount = u.Amount.Add(d.Amount)
		switch {
		case d.State == "returned":
			u.Obstacles[ObstacleReturned] = append(u.Obstacles[ObstacleReturned], d.Child)
		case d.State == "corrected":
			u.Obstacles[ObstacleCorrected] = append(u.Obstacles[ObstacleCorrected], d.Child)
		case d.Found:
			u.Obstacles[ObstacleIdentified] = append(u.Obstacles[ObstacleIdentified], d.Child)
		}
		if d.Child != 0 {
			if _, met := sums[d.Child]; !met {
				u.Children = append(u.Children, d.Child)
			}
			sums[d.Child] = sums[d.Child].Add(d.Amount)
		}
	}
	return u, u.uncovered(ctx, q, p, sums)
}

// uncovered finds the children whose own money is less than what would leave.
func (u *FileUndo) uncovered(ctx context.Context, q sqlx.QueryerContext, p program.Program, sums map[family.ChildID]ledger.Amount) error {
	if len(u.Children) == 0 {
		return nil
	}
	own, err := fund.ByCode(ctx, q, p.ID, fund.FamilyCode)
	if err != nil {
		return err
	}
	ids := make([]int64, len(u.Children))
	for i, c := range u.Children {
		ids[i] = int64(c)
	}
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Charts: []ledger.Chart{ledger.FamilyPrincipal}, Fund: own.ID, Children: ids})
	if err != nil {
		return fmt.Errorf("own money of %d children: %w", len(ids), err)
	}
	has := map[int64]ledger.Amount{}
	for _, b := range balances {
		has[b.Child] = has[b.Child].Add(b.Amount)
	}
	for _, c := range u.Children {
		if has[int64(c)].Less(sums[c]) {
			u.Obstacles[ObstacleSpent] = append(u.Obstacles[ObstacleSpent], c)
		}
	}
	return nil
}

// UndoFile reverses every deposit of a file, all or none, each as of its own day
// (a closed one: on the first open day). Deposits that something later depends
// on are ErrDepended. What they earned is the next run's to look at. The same
// file may come again.
func UndoFile(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, file int64, ref string, at time.Time) (FileUndo, error) {
	if err := ledger.Lock(ctx, tx, p.Book); err != nil {
		return FileUndo{}, fmt.Errorf("undo file %d: %w", file, err)
	}
	u, err := UndoOfFile(ctx, tx, p, file)
	if err != nil || u.Deposits == 0 {
		return u, err
	}
	if len(u.Obstacles) > 0 {
		return u, ErrDepended
	}
	reversals, ids := make([]ledger.Reversal, len(u.rows)), make([]int64, len(u.rows))
	for i, d := range u.rows {
		ids[i] = int64(d.ID)
		reversals[i] = ledger.Reversal{Key: key("undo", p.ID, strconv.FormatInt(int64(d.Tx), 10)), Of: d.Tx, Effective: d.On,
			Maker: who.Actor, Approval: ref, Reason: d.Channel + " " + d.Reference}
	}
	if _, err := ledger.ReverseAll(ctx, tx, p.Book, at, reversals); err != nil {
		return u, translate(fmt.Errorf("undo file %d: %w", file, err))
	}
	const query = `UPDATE deposits SET state = 'undone' WHERE id = ANY ($1)`
	if _, err := tx.ExecContext(ctx, query, pq.Array(ids)); err != nil {
		return u, fmt.Errorf("undo file %d: %w", file, err)
	}
	return u, audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "savings.file_undone", Kind: "deposit_file", Subject: file, Program: int32(p.ID),
		After: map[string]any{"deposits": u.Deposits, "amount": u.Amount, "children": len(u.Children), "approval": ref},
	}}, at)
}

// Unsuspend takes back a deposit of nobody's that was none: the money is booked as
// something else. It is reversed as of its own day.
func Unsuspend(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, id DepositID, reason string, at time.Time) error {
	d, err := lockDeposit(ctx, tx, p, id)
	if err != nil {
		return err
	}
	if d.State != "suspense" {
		return ErrDepositState.With(map[string]any{"State": d.State})
	}
	if _, err := ledger.Reverse(ctx, tx, p.Book, at, ledger.Reversal{Key: key("undo", p.ID, strconv.FormatInt(int64(d.Tx), 10)), Of: d.Tx, Effective: d.On,
		Maker: who.Actor, Reason: d.Channel + " " + d.Reference}); err != nil {
		return translate(fmt.Errorf("take deposit %d out of suspense: %w", id, err))
	}
	if _, err := tx.ExecContext(ctx, `UPDATE deposits SET state = 'undone' WHERE id = $1`, id); err != nil {
		return fmt.Errorf("take deposit %d out of suspense: %w", id, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "savings.deposit_unsuspended", Kind: "deposit", Subject: int64(id), Program: int32(p.ID),
		Before: map[string]any{"state": d.State}, After: map[string]any{"state": "undone", "amount": d.Amount, "reason": reason}}}, at)
}
