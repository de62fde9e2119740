package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/vault"
)

// eligibility looks every night again at who may take part: the ineligible
// whose facts have changed become participants, and participants who are no
// longer eligible are flagged for people to look at.
func eligibility(keys *vault.Keyring) Job {
	return New("eligibility", count(enroll.Enrolled, enroll.Ineligible), func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
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
