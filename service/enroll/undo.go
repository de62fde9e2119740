package enroll

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/activation"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// Unadmit takes participation back that was begun by mistake: the children take
// part no more, no code lets anybody in, and what they were given and promised
// goes back to its funds by reversals. Those whom the program knew before are
// known as before (known); the others are undone. No tombstone is set: a later
// roster may enroll them again. It returns what left their accounts, and may be
// repeated.
func Unadmit(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, fresh, known []family.ChildID, approval string, at time.Time) (ledger.Amount, error) {
	for state, ids := range map[State][]family.ChildID{Undone: fresh, Ineligible: known} {
		const query = `
			UPDATE enrollments SET state = $3, enrolled_on = NULL, flagged = false, updated_at = $4
			WHERE program_id = $1 AND child_id = ANY ($2) AND state IN ('enrolled', 'ineligible')`
		if _, err := tx.ExecContext(ctx, query, p.ID, pq.Array(ids), string(state), at); err != nil {
			return ledger.Amount{}, fmt.Errorf("take back %d enrollments: %w", len(ids), err)
		}
	}
	all := append(append([]family.ChildID{}, fresh...), known...)
	if err := activation.WithdrawAll(ctx, tx, who, all, at); err != nil {
		return ledger.Amount{}, err
	}
	return savings.GiveBack(ctx, tx, who, p, all, approval, p.Day(at), at)
}
