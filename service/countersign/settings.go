package countersign

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/program"
)

func settings(ctx context.Context, q sqlx.QueryerContext, _ Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	s, err := details[program.Setting](r)
	if err != nil {
		return out, err
	}
	return program.SettingsContent(ctx, q, p, s.After)
}

func set(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, ref string) error {
	s, err := details[program.Setting](r)
	if err != nil {
		return err
	}
	return program.Set(ctx, tx, r.MakerWho(d.Tenant), p, s, ref, d.At)
}
