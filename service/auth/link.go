package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// LinkLife is how long a one-time link is good for unless said otherwise.
const LinkLife = time.Hour

// IssueOneTime makes a token that signs an account in once, within life, and
// withdraws the account's earlier ones. Whoever holds it is let in: show it to
// the account's owner only.
func IssueOneTime(ctx context.Context, tx *sqlx.Tx, who store.Who, account AccountID, life time.Duration, at time.Time) (token string, err error) {
	const withdraw = `UPDATE auth_links SET used_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND used_at IS NULL`
	if _, err := tx.ExecContext(ctx, withdraw, who.Tenant, account, at); err != nil {
		return "", fmt.Errorf("withdraw links of account %d: %w", account, err)
	}
	token, hash := newToken()
	const query = `
		INSERT INTO auth_links (token_hash, tenant_id, account_id, issued_at, issued_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`
	_, err = tx.ExecContext(ctx, query, hash, who.Tenant, account, at, who.Actor, at.Add(life))
	if store.Violates(err, "auth_links_account_fkey") {
		return "", fmt.Errorf("issue link to account %d: %w", account, ErrNoAccount)
	}
	if err != nil {
		return "", fmt.Errorf("issue link to account %d: %w", account, err)
	}
	return token, audit.Record(ctx, tx, who, []audit.Event{{Verb: "auth.link_issued", Kind: "account", Subject: int64(account)}}, at)
}

// RedeemOneTime opens a session with a one-time token, which is then spent. A
// token that is unknown, spent, withdrawn or expired is ErrLink. One that the
// server's owner made stands, for as long as grace says, for a second factor
// that the account has not set up yet.
func RedeemOneTime(ctx context.Context, db *store.DB, keys *vault.Keyring, token string, grace time.Duration, at time.Time) (SignedIn, error) {
	var l struct {
		Tenant  int32     `db:"tenant_id"`
		Account AccountID `db:"account_id"`
		By      string    `db:"issued_by"`
	}
	err := db.InTx0(ctx, "sign-in", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE auth_links SET used_at = $2
			WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2
			RETURNING tenant_id, account_id, issued_by`
		err := tx.GetContext(ctx, &l, query, tokenHash(token), at)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrLink
		}
		if err != nil {
			return fmt.Errorf("redeem link: %w", err)
		}
		return nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	o := opening{by: byLink}
	if l.By == "cli" && grace > 0 {
		o.stands = at.Add(grace)
	}
	return enterByLink(ctx, db, keys, login{Tenant: l.Tenant, Account: l.Account}, o, at)
}

func enterByLink(ctx context.Context, db *store.DB, keys *vault.Keyring, l login, o opening, at time.Time) (s SignedIn, err error) {
	err = db.InTx(ctx, store.Who{Tenant: l.Tenant, Actor: "sign-in"}, func(tx *sqlx.Tx) error {
		s, err = open(ctx, tx, keys, l.Tenant, l.Account, o, at)
		if errors.Is(err, ErrNoAccount) {
			return ErrLink // switched off meanwhile
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.Who(), []audit.Event{{Verb: "auth.signed_in", Kind: "account", Subject: int64(l.Account),
			After: map[string]any{"by": "link"}}}, at)
	})
	return s, err
}
