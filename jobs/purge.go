package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/imports"
	"seedbook/service/program"
	"seedbook/service/vault"
)

// purgeFiles is how many files one transaction of a purge takes the rows of.
const purgeFiles = 20

// purge takes the rows of imported files that were done with long enough ago.
func purge(keys *vault.Keyring) Job {
	nobodyKnows := func(context.Context, sqlx.QueryerContext, Task) (int, error) { return 0, nil }
	return New("purge", nobodyKnows, func(ctx context.Context, tx *sqlx.Tx, t Task, _ Cursor) (Step, error) {
		p, err := program.Load(ctx, tx, program.ID(t.Program.ID))
		if err != nil {
			return Step{}, err
		}
		done, err := imports.Purge(ctx, tx, imports.Desk{Who: t.Who, Keys: keys, Program: p, At: t.At}, purgeFiles)
		if err != nil || done == (imports.Purged{}) {
			return Step{}, err
		}
		n := done.Files + done.Rosters
		return Step{Next: After(int64(1)), Done: n, Counts: Counts{"purged": n}}, nil
	})
}
