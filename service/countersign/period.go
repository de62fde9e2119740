package countersign

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/period"
	"seedbook/service/program"
)

func closing(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (approval.Content, error) {
	m, err := period.MonthIn(r)
	if err != nil {
		return approval.Content{}, err
	}
	return period.ClosingContent(ctx, q, p, m, d.At)
}

func closePeriod(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error {
	c, err := details[period.Closing](r)
	if err != nil {
		return err
	}
	return period.Close(ctx, tx, r.MakerWho(d.Tenant), p, c, r.Reason, ref, d.At)
}

func opening(ctx context.Context, q sqlx.QueryerContext, _ Desk, p program.Program, r approval.Request) (approval.Content, error) {
	m, err := period.MonthIn(r)
	if err != nil {
		return approval.Content{}, err
	}
	return period.OpeningContent(ctx, q, p, m)
}

func reopen(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error {
	o, err := details[period.Opening](r)
	if err != nil {
		return err
	}
	return period.Reopen(ctx, tx, r.MakerWho(d.Tenant), p, o, r.Reason, ref, d.At)
}
