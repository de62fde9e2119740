package savings

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
)

// Moved is a movement of an award and the ledger's transaction that made it.
type Moved struct {
	N      int           `db:"n"`    // counts the award's movements
	Kind   string        `db:"kind"` // accrue, pay, award, cancel or reverse
	Fund   ledger.FundID `db:"fund_id"`
	Amount ledger.Amount `db:"amount"` // always positive; Kind says the direction
	On     ledger.Date   `db:"on_day"`
	Tx     ledger.TxNo   `db:"tx_no"`
	Rule   string        `db:"rule_hash"`
	By     string        `db:"made_by"`
}

// MovesOf returns every movement of one award under any record of the child,
// oldest first.
func MovesOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID, benefit, period string) ([]Moved, error) {
	records, err := family.Records(ctx, q, []family.ChildID{child})
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT n, kind, fund_id, amount, on_day, tx_no, rule_hash, made_by
		FROM award_moves
		WHERE program_id = $1 AND child_id = ANY ($2) AND benefit = $3 AND period = $4
		ORDER BY tx_no, n`
	var all []Moved
	if err := sqlx.SelectContext(ctx, q, &all, query, p, pq.Array(family.WithRecords([]family.ChildID{child}, records)), benefit, period); err != nil {
		return nil, fmt.Errorf("movements of %s %s of child %d: %w", benefit, period, child, err)
	}
	return all, nil
}

// PaidTo is what a program paid on a child's accounts and took back again, under
// any record of the child, as rule books replay an account.
func PaidTo(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) ([]rules.Paid, error) {
	records, err := family.Records(ctx, q, []family.ChildID{child})
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT m.on_day, m.benefit, m.period, f.code, CASE m.kind WHEN 'reverse' THEN -m.amount ELSE m.amount END
		FROM award_moves m
		JOIN funds f ON f.tenant_id = m.tenant_id AND f.program_id = m.program_id AND f.id = m.fund_id
		WHERE m.program_id = $1 AND m.child_id = ANY ($2) AND m.kind IN ('award', 'pay', 'reverse')
		ORDER BY m.tx_no, m.n`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(family.WithRecords([]family.ChildID{child}, records)))
	if err != nil {
		return nil, fmt.Errorf("what child %d was paid: %w", child, err)
	}
	defer rows.Close()
	var out []rules.Paid
	for rows.Next() {
		var one rules.Paid
		if err := rows.Scan(&one.On, &one.Benefit, &one.Period, &one.Fund, &one.Amount); err != nil {
			return nil, fmt.Errorf("what child %d was paid: %w", child, err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
