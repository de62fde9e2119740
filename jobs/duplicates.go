package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/vault"
)

// duplicates looks every night for children who may be on record twice: whoever
// came or changed since somebody looked is compared with everybody like them.
func duplicates(keys *vault.Keyring) Job {
	due := func(ctx context.Context, q sqlx.QueryerContext, t Task) (int, error) {
		return family.CountSearchDue(ctx, q, program.ID(t.Program.ID))
	}
	return New("duplicates", due, func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		last, n, found, err := duplicate.LookChunk(ctx, tx, t.Who, keys, program.ID(t.Program.ID), child(from), enroll.ChunkSize, t.At)
		if err != nil || n == 0 {
			return Step{}, err
		}
		counts := Counts{}
		for name, n := range map[string]int{"compared": found.Compared, "proposed": found.Proposed, "withdrawn": found.Withdrawn} {
			if n > 0 {
				counts[name] = n
			}
		}
		return Step{Next: After(last), Done: n, Counts: counts}, nil
	})
}
