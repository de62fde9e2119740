package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/vault"
)

// eligibility asks every night again who may take part, of those alone of whom
// something changed or whose day has come: the ineligible who meet the rules now
// become participants, and participants who no longer do are flagged for people
// to look at.
func eligibility(keys *vault.Keyring) Job {
	return New("eligibility", dueChecks(keys), func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		w, err := walk(ctx, tx, keys, t)
		if err != nil {
			return Step{}, err
		}
		last, c, err := enroll.CheckChunk(ctx, tx, w, child(from))
		if err != nil {
			return Step{}, err
		}
		counts := Counts{}
		for name, n := range map[string]int{"enrolled": c.Enrolled, "ineligible": c.Ineligible, "unchanged": c.Unchanged, "flagged": c.Flagged} {
			if n > 0 {
				counts[name] = n
			}
		}
		return Step{Next: After(last), Done: c.Enrolled + c.Ineligible + c.Unchanged + c.Flagged, Counts: counts}, nil
	})
}

// dueChecks is how many children a run will ask about, for progress.
func dueChecks(keys *vault.Keyring) func(context.Context, sqlx.QueryerContext, Task) (int, error) {
	return func(ctx context.Context, q sqlx.QueryerContext, t Task) (int, error) {
		w, err := walk(ctx, q, keys, t)
		if err != nil {
			return 0, err
		}
		return enroll.CountDueCheck(ctx, q, w)
	}
}
