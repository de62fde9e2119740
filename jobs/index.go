package jobs

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/vault"
)

// index writes anew the indexes by which children are found where an older
// version of the program wrote them. On nearly all nights there is nothing to do.
func index(keys *vault.Keyring) Job {
	nobodyKnows := func(context.Context, sqlx.QueryerContext, Task) (int, error) { return 0, nil }
	return New("index", nobodyKnows, func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
		done, err := family.Reindex(ctx, tx, t.Who, keys, child(from), enroll.ChunkSize)
		if err != nil || len(done) == 0 {
			return Step{}, err
		}
		return Step{Next: After(done[len(done)-1]), Done: len(done), Counts: Counts{"indexed": len(done)}}, nil
	})
}
