package countersign

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/program"
	"seedbook/service/reconcile"
)

func dayContent(ctx context.Context, q sqlx.QueryerContext, _ Desk, p program.Program, r approval.Request) (approval.Content, error) {
	c, on, err := reconcile.DayIn(r)
	if err != nil {
		return approval.Content{}, err
	}
	return reconcile.DayContent(ctx, q, p, c, on)
}

func signDay(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, _ string) error {
	return reconcile.Sign(ctx, tx, d.Who(), p, r, d.At)
}
