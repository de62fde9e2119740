package countersign

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/bulk"
	"seedbook/service/program"
)

// bulkContent is what a bulk action would do now, worked out anew child by child.
func bulkContent(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (approval.Content, error) {
	return bulk.Content(ctx, q, bulk.Desk{Who: d.Who(), Keys: d.Keys, Program: p, At: d.At}, bulk.ID(r.Number()))
}
