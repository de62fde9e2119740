package family

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Goal is what somebody saves for, for a child. It is shown to whoever wrote it
// and to nobody else, and compared with nobody.
type Goal struct {
	What   string
	Amount ledger.Amount
	By     ledger.Date // no day: some day
}

// SetGoal writes the actor's own goal for a child down, in place of the one before.
func SetGoal(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, g Goal, at time.Time) error {
	sealed, err := SealFor(ctx, tx, who, keys, child, "saving_goals/"+who.Actor, g.What)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO saving_goals (tenant_id, child_id, set_by, amount, by_on, sealed, set_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT ON CONSTRAINT saving_goals_pkey DO UPDATE
		SET amount = EXCLUDED.amount, by_on = EXCLUDED.by_on, sealed = EXCLUDED.sealed, set_at = EXCLUDED.set_at`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, child, who.Actor, g.Amount, g.By, sealed, at); err != nil {
		return fmt.Errorf("goal for child %d: %w", child, err)
	}
	return nil
}

// GoalOf is the actor's own goal for a child; ok is false where there is none.
func GoalOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) (g Goal, ok bool, err error) {
	var row struct {
		Amount ledger.Amount `db:"amount"`
		By     ledger.Date   `db:"by_on"`
		Sealed []byte        `db:"sealed"`
	}
	err = sqlx.GetContext(ctx, q, &row, `SELECT amount, by_on, sealed FROM saving_goals WHERE child_id = $1 AND set_by = $2`, child, who.Actor)
	if errors.Is(err, sql.ErrNoRows) {
		return g, false, nil
	}
	if err != nil {
		return g, false, fmt.Errorf("goal for child %d: %w", child, err)
	}
	g.Amount, g.By = row.Amount, row.By
	err = OpenFor(ctx, q, who, keys, child, "saving_goals/"+who.Actor, row.Sealed, &g.What)
	if errors.Is(err, ErrNone) {
		return g, false, nil
	}
	return g, err == nil, err
}
