package reconcile

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/savings"
)

// InterestOf is the interest that a line brought, for the days since the last: to
// be looked at, and shared out. Only a line that the bank calls interest is
// (ErrNature), and only while nothing answers it (ErrNotOpen).
func InterestOf(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, line custody.LineID) (c Custodian, i savings.Interest, err error) {
	item, err := itemAt(ctx, q, w.Program.ID, line, 0)
	if err != nil {
		return c, i, err
	}
	if c, err = ByID(ctx, q, w.Program.ID, item.Custodian); err != nil {
		return c, i, err
	}
	if item.Nature != custody.NatureInterest {
		return c, i, ErrNature
	}
	i = savings.Interest{Reference: fmt.Sprintf("%s/%d", c.Code, line), Custodian: c.dimension(), Amount: item.Amount, On: item.Booked, Policy: savings.ChildGets}
	next, err := savings.NextInterest(ctx, q, w.Program.ID, i.Custodian)
	i.In = ledger.Period{First: next, Last: item.Booked}
	if next.IsZero() || next.After(item.Booked) {
		i.In.First = item.Booked.AddDays(1 - item.Booked.Day()) // the month in which it came
	}
	return c, i, err
}

// ShareOut shares a line's interest out (P22) and matches the line with what was
// posted. The books then hold exactly the bank's figure.
func ShareOut(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, line custody.LineID, in ledger.Period, policy savings.Policy) error {
	c, i, err := InterestOf(ctx, tx, w, line)
	if err != nil {
		return err
	}
	if err := lock(ctx, tx, c); err != nil {
		return err
	}
	i.In, i.Policy = in, policy
	numbers, err := savings.ShareOut(ctx, tx, w.Who, w.Program, i, w.At)
	if err != nil {
		return err
	}
	if err := sweep(ctx, tx, w.Who, w.Program, c); err != nil {
		return err
	}
	return desk{w, c}.join(ctx, tx, []pair{{rule: AsInterest, lines: []custody.LineID{line}, entries: numbers}})
}
