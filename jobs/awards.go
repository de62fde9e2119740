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

// awards brings every participant each night to what the rule book says: seeds,
// matches and bonuses. After the last child each fund's cash follows to the
// custodian.
func awards(keys *vault.Keyring) Job {
	return New("awards", count(enroll.Enrolled), func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
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
