package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/fund"
	"seedbook/service/savings"
	"seedbook/service/vault"
)

// awards brings participants each night to what the rule book says: seeds,
// matches and bonuses. It looks at those alone of whom something changed or whose
// day has come, then hands out the funds' money, and at the end each fund's cash
// follows to the custodian.
func awards(keys *vault.Keyring) Job {
	job := New("awards", due(keys), func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		w, err := walk(ctx, tx, keys, t)
		if err != nil {
			return Step{}, err
		}
		last, tally, err := enroll.AwardChunk(ctx, tx, w, child(from))
		if err != nil {
			return Step{}, err
		}
		step := Step{Next: After(last), Done: tally.Children, Counts: tally.Reasons, Sums: sums(tally)}
		if step.Next == "" {
			_, err = fund.Settle(ctx, tx, t.Who, w.Program, t.AsOf, t.At)
		}
		return step, err
	})
	job.Pays = true
	return job
}

// due is how many children a run will look at, for progress.
func due(keys *vault.Keyring) func(context.Context, sqlx.QueryerContext, Task) (int, error) {
	return func(ctx context.Context, q sqlx.QueryerContext, t Task) (int, error) {
		w, err := walk(ctx, q, keys, t)
		if err != nil {
			return 0, err
		}
		return enroll.CountDue(ctx, q, w)
	}
}

// sums names what a chunk moved, without the zeros.
func sums(t savings.Tally) Sums {
	out := Sums{}
	for name, amount := range map[string]ledger.Amount{"given": t.Given, "paid": t.Paid, "queued": t.Queued, "excess": t.Excess} {
		if !amount.IsZero() {
			out[name] = amount
		}
	}
	for code, amount := range t.ByFund {
		out["fund/"+code] = amount
	}
	return out
}
