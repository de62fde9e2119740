package countersign

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/payout"
	"seedbook/service/program"
)

func withdrawal(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	w, err := Walk(ctx, q, d, p)
	if err != nil {
		return out, err
	}
	return payout.Content(ctx, q, w, payout.ID(r.Number()))
}

func withdraw(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, _ string) error {
	w, err := Walk(ctx, tx, d, p)
	if err != nil {
		return err
	}
	return payout.Approve(ctx, tx, w, r, r.MakerWho(d.Tenant))
}

func payee(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	w, err := Walk(ctx, q, d, p)
	if err != nil {
		return out, err
	}
	return payout.PayeeContent(ctx, q, w, payout.PayeeID(r.Number()))
}

func verifyPayee(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, _ string) error {
	w, err := Walk(ctx, tx, d, p)
	if err != nil {
		return err
	}
	return payout.VerifyPayee(ctx, tx, w, payout.PayeeID(r.Number()))
}

func batch(ctx context.Context, q sqlx.QueryerContext, d Desk, p program.Program, r approval.Request) (out approval.Content, err error) {
	w, err := Walk(ctx, q, d, p)
	if err != nil {
		return out, err
	}
	return payout.BatchContent(ctx, q, w, payout.BatchID(r.Number()))
}

func sendBatch(ctx context.Context, tx *sqlx.Tx, d Desk, p program.Program, r approval.Request, _ string) error {
	w, err := Walk(ctx, tx, d, p)
	if err != nil {
		return err
	}
	return payout.SendBatch(ctx, tx, w, r, r.MakerWho(d.Tenant))
}
