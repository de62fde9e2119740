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

// Identity is who an organization's own sign-in says somebody is. Issuer and
// Subject are the person; an e-mail address may change hands and is not.
type Identity struct {
	Issuer, Subject string
	Email           string    // only if the sign-in vouches for it; "" otherwise
	Strong          bool      // a second factor was shown over there
	At              time.Time // when the person signed in over there; zero: it does not say
}

// hash is what is kept of an identity.
func (i Identity) hash(keys *vault.Keyring, tenant int32) []byte {
	return keys.Index(tenant, "identity", i.Issuer+"|"+i.Subject)
}

// opening is what a sign-in over there is worth here. One that does not say when
// it happened is a second factor, but not a fresh one.
func (i Identity) opening(at time.Time) opening {
	o := opening{by: byProvider}
	switch {
	case !i.Strong:
	case i.At.IsZero():
		o.shown = at.Add(-StepUpLife)
	case i.At.After(at):
		o.shown = at
	default:
		o.shown = i.At
	}
	return o
}

// AnswerOnce reports whether a question is answered for the first time, by a
// network that does not try too often (ErrTooMany).
func AnswerOnce(ctx context.Context, db *store.DB, keys *vault.Keyring, question, network string, ends, at time.Time) (first bool, err error) {
	within := false
	err = db.InTx0(ctx, "sign-in", func(tx *sqlx.Tx) error {
		if within, err = count(ctx, tx, keys, try{account: "answer\x00" + question, network: network}, at); err != nil {
			return err
		}
		first, err = spend(ctx, tx, []byte(question), ends)
		return err
	})
	if err == nil && !within {
		err = ErrTooMany
	}
	return first, err
}

// SignInByProvider opens a session for whom an organization's own sign-in let
// in. An identity is known from its first sign-in on, which takes an invitation:
// a one-time link of the account whose address the sign-in vouches for, and
// spends it. Anybody else is ErrIdentity, and so is an account switched off.
func SignInByProvider(ctx context.Context, db *store.DB, keys *vault.Keyring, tenant int32, who Identity, at time.Time) (signed SignedIn, err error) {
	actor := store.Who{Tenant: tenant, Actor: "sign-in"}
	err = db.InTx(ctx, actor, func(tx *sqlx.Tx) error {
		account, err := identified(ctx, tx, tenant, who.hash(keys, tenant))
		if err == nil && account == 0 {
			account, err = invited(ctx, tx, keys, actor, who, at)
		}
		if err != nil {
			return err
		}
		signed, err = open(ctx, tx, keys, tenant, account, who.opening(at), at)
		if errors.Is(err, ErrNoAccount) {
			return ErrIdentity // switched off
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, signed.Who(), []audit.Event{{Verb: "auth.signed_in", Kind: "account", Subject: int64(account),
			After: map[string]any{"by": byProvider, "strong": who.Strong}}}, at)
	})
	return signed, err
}

// identified returns the account that an identity signs in to; 0 for none.
func identified(ctx context.Context, q sqlx.QueryerContext, tenant int32, identity []byte) (account AccountID, err error) {
	const query = `SELECT account_id FROM staff_identities WHERE tenant_id = $1 AND identity = $2`
	err = sqlx.GetContext(ctx, q, &account, query, tenant, identity)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("find identity: %w", err)
	}
	return account, nil
}

// invited spends the invitation of the account that an identity's address
// belongs to, and links the two for good.
func invited(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, actor store.Who, who Identity, at time.Time) (AccountID, error) {
	email, err := foldEmail(who.Email)
	if err != nil {
		return 0, ErrIdentity // the sign-in vouches for no address
	}
	l, err := findLogin(ctx, tx, emailHash(keys, email))
	if err != nil {
		return 0, err
	}
	if l.Tenant != actor.Tenant {
		return 0, ErrIdentity
	}
	const query = `
		UPDATE auth_links SET used_at = $3
		WHERE tenant_id = $1 AND account_id = $2 AND used_at IS NULL AND expires_at > $3`
	done, err := tx.ExecContext(ctx, query, l.Tenant, l.Account, at)
	if err != nil {
		return 0, fmt.Errorf("spend invitation of account %d: %w", l.Account, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return 0, errors.Join(ErrIdentity, err)
	}
	return l.Account, connect(ctx, tx, keys, actor, l.Account, who, at)
}

// connect keeps whose identity it is. Neither has another.
func connect(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, actor store.Who, account AccountID, who Identity, at time.Time) error {
	const query = `INSERT INTO staff_identities (tenant_id, identity, account_id, linked_at) VALUES ($1, $2, $3, $4)`
	_, err := tx.ExecContext(ctx, query, actor.Tenant, who.hash(keys, actor.Tenant), account, at)
	if store.Violates(err, "staff_identities_key") || store.Violates(err, "staff_identities_account_key") {
		return ErrIdentityTaken
	}
	if err != nil {
		return fmt.Errorf("link identity to account %d: %w", account, err)
	}
	return audit.Record(ctx, tx, actor, []audit.Event{{Verb: "auth.identity_linked", Kind: "account", Subject: int64(account)}}, at)
}

// Connect links an identity to the principal's own account, whatever address the
// sign-in vouches for, and ends the account's other sessions.
func Connect(ctx context.Context, db *store.DB, keys *vault.Keyring, p Principal, who Identity, at time.Time) error {
	return db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		if err := connect(ctx, tx, keys, p.Who(), p.Account, who, at); err != nil {
			return err
		}
		return endAll(ctx, tx, p.Tenant, p.Account, p.Session, at)
	})
}

// Disconnect makes the organization's own sign-in open the principal's account
// no more, and ends the account's other sessions. It may be repeated.
func Disconnect(ctx context.Context, db *store.DB, p Principal, at time.Time) error {
	return db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		const query = `DELETE FROM staff_identities WHERE tenant_id = $1 AND account_id = $2`
		done, err := tx.ExecContext(ctx, query, p.Tenant, p.Account)
		if err != nil {
			return fmt.Errorf("unlink identity of account %d: %w", p.Account, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if err := endAll(ctx, tx, p.Tenant, p.Account, p.Session, at); err != nil {
			return err
		}
		return audit.Record(ctx, tx, p.Who(), []audit.Event{{Verb: "auth.identity_unlinked", Kind: "account", Subject: int64(p.Account)}}, at)
	})
}

// Connected reports whether the organization's own sign-in opens the principal's
// account.
func Connected(ctx context.Context, q sqlx.QueryerContext, p Principal) (yes bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM staff_identities WHERE tenant_id = $1 AND account_id = $2)`
	if err := sqlx.GetContext(ctx, q, &yes, query, p.Tenant, p.Account); err != nil {
		return false, fmt.Errorf("identity of account %d: %w", p.Account, err)
	}
	return yes, nil
}
