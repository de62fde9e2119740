package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/store"
)

// SignerName is the name under which an installation signs its checkpoints.
const SignerName = "seedbook"

// Seal appends what the books of every organization have added since to its log
// and signs a checkpoint of each. Several may do it at once: whoever comes second
// has nothing to add.
func Seal(ctx context.Context, r *Runner, signer note.Signer) error {
	tenants, err := auth.Tenants(ctx, r.DB)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range tenants {
		who := store.Who{Tenant: t.ID, Actor: "job/seal"}
		err := r.DB.InTx(ctx, who, func(tx *sqlx.Tx) error {
			_, err := ledger.Seal(ctx, tx, r.now(), signer)
			return err
		})
		if err != nil && !errors.Is(err, ledger.ErrLogMoved) && ctx.Err() == nil {
			errs = append(errs, fmt.Errorf("seal the books of organization %d: %w", t.ID, err))
		}
	}
	return errors.Join(errs...)
}
