package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/program"
	"seedbook/service/reconcile"
	"seedbook/service/vault"
)

// reconciliation takes the lines of the night's bank files into the books, before
// the awards look at what families saved.
func reconciliation(keys *vault.Keyring) Job {
	waiting := func(ctx context.Context, q sqlx.QueryerContext, t Task) (int, error) {
		return reconcile.CountNew(ctx, q, program.ID(t.Program.ID))
	}
	return New("reconcile", waiting, func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		w, err := walk(ctx, tx, keys, t)
		if err != nil {
			return Step{}, err
		}
		next, c, err := reconcile.Chunk(ctx, tx, w, from.ID())
		if err != nil {
			return Step{}, err
		}
		counts := Counts{}
		for name, n := range map[string]int{"matched": c.Matched, "deposits": c.Deposits, "suspense": c.Suspense, "returned": c.Returned, "fees": c.Fees} {
			if n > 0 {
				counts[name] = n
			}
		}
		return Step{Next: After(next), Done: c.New, Counts: counts}, nil
	})
}
