package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/program"
	"seedbook/service/vault"
)

// duplicates looks every night for children who may be on record twice: whoever
// came or changed since is compared with everybody like them.
func duplicates(keys *vault.Keyring) Job {
	return New("duplicates", count(enroll.States...), func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		ids, err := enroll.Caseload(ctx, tx, program.ID(t.Program.ID), enroll.States, child(from), enroll.ChunkSize)
		if err != nil || len(ids) == 0 {
			return Step{}, err
		}
		found, err := duplicate.Look(ctx, tx, t.Who, keys, ids, t.At)
		if err != nil {
			return Step{}, err
		}
		counts := Counts{}
		for name, n := range map[string]int{"compared": found.Compared, "proposed": found.Proposed, "withdrawn": found.Withdrawn} {
			if n > 0 {
				counts[name] = n
			}
		}
		return Step{Next: After(ids[len(ids)-1]), Done: len(ids), Counts: counts}, nil
	})
}
