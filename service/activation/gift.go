package activation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// ErrNoGift reports a link for relatives that leads nowhere (any more).
var ErrNoGift = fault.New(fault.NotFound, "activation.no_gift")

// giftLife is how long a link for relatives works.
const giftLife = 365 * 24 * time.Hour

// Gift is what somebody sees who has a link for relatives: to which program to
// give, and with which number. Of the child it says nothing.
type Gift struct {
	Program string
	Number  savings.Account
}

// MakeGiftLink makes a link with which relatives may give, and ends the
// guardian's link before for the child. The token is in the link and nowhere else.
func MakeGiftLink(ctx context.Context, tx *sqlx.Tx, g Guardian, h Held, at time.Time) (token string, err error) {
	if err := EndGiftLinks(ctx, tx, g, h, at); err != nil {
		return "", err
	}
	token, hash := newToken()
	const query = `
		INSERT INTO gift_links (token_hash, tenant_id, program_id, child_id, account_id, made_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	if _, err := tx.ExecContext(ctx, query, hash, g.Tenant, h.Program, h.Child, g.Account, at, at.Add(giftLife)); err != nil {
		return "", fmt.Errorf("make a link for relatives: %w", err)
	}
	return token, audit.Record(ctx, tx, g.Who(), []audit.Event{{Verb: "activation.gift_link", Kind: "child", Subject: int64(h.Child)}}, at)
}

// EndGiftLinks ends the guardian's links for a child. It may be repeated.
func EndGiftLinks(ctx context.Context, tx *sqlx.Tx, g Guardian, h Held, at time.Time) error {
	const query = `UPDATE gift_links SET ended_at = $4 WHERE tenant_id = $1 AND account_id = $2 AND child_id = $3 AND ended_at IS NULL`
	if _, err := tx.ExecContext(ctx, query, g.Tenant, g.Account, h.Child, at); err != nil {
		return fmt.Errorf("end links for relatives: %w", err)
	}
	return nil
}

// GiftOf is what a link for relatives leads to. A link of a child that takes part
// no more, of a guardian who sees it no more, one that ended and one that never
// was are one and the same.
func GiftOf(ctx context.Context, db *store.DB, token string, at time.Time) (gift Gift, err error) {
	var link struct {
		Tenant  int32      `db:"tenant_id"`
		Program program.ID `db:"program_id"`
		Child   int64      `db:"child_id"`
		Account AccountID  `db:"account_id"`
	}
	err = db.InTx0(ctx, "gift", func(tx *sqlx.Tx) error {
		const query = `SELECT tenant_id, program_id, child_id, account_id FROM gift_links WHERE token_hash = $1 AND ended_at IS NULL AND ends_at > $2`
		return tx.GetContext(ctx, &link, query, tokenHash(token), at)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return gift, ErrNoGift
	}
	if err != nil {
		return gift, fmt.Errorf("find a link for relatives: %w", err)
	}
	err = db.Read(ctx, store.Who{Tenant: link.Tenant, Actor: "gift"}, func(q sqlx.QueryerContext) error {
		const query = `
			SELECT p.name, e.id FROM enrollments e
			JOIN programs p ON p.tenant_id = e.tenant_id AND p.id = e.program_id
			JOIN guardian_children c ON c.tenant_id = e.tenant_id AND c.child_id = e.child_id AND c.account_id = $3 AND c.ended_at IS NULL AND c.paused_at IS NULL
			WHERE e.program_id = $1 AND e.child_id = $2 AND e.state = 'enrolled'
			  AND NOT EXISTS (SELECT FROM child_holds h WHERE h.tenant_id = e.tenant_id AND h.child_id = e.child_id AND h.kind = 'death' AND h.lifted_at IS NULL)`
		return q.QueryRowxContext(ctx, query, link.Program, link.Child, link.Account).Scan(&gift.Program, &gift.Number)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Gift{}, ErrNoGift
	}
	return gift, err
}
