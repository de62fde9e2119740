package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// How long a session lasts: without a request, and in all.
const (
	SessionIdle = 30 * time.Minute
	SessionLife = 12 * time.Hour
)

// seenEvery bounds how often a session's last request is written down.
const seenEvery = time.Minute

// What opens a session.
const (
	byPassword = "password"
	byLink     = "link"
	byPasskey  = "passkey"
	byProvider = "provider"
)

// opening is how a session is opened.
type opening struct {
	by     string
	shown  time.Time // when a second factor was shown with it; zero: none was
	stands time.Time // until when it stands for one that is not set up; zero: it does not
}

// open makes a session of an account that may sign in; ErrNoAccount otherwise.
func open(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, tenant int32, account AccountID, o opening, at time.Time) (SignedIn, error) {
	p, _, err := loadPrincipal(ctx, tx, keys, tenant, account)
	if err != nil {
		return SignedIn{}, err
	}
	p.Stands, p.Verified = o.stands, o.shown
	token, hash := newToken()
	const query = `
		INSERT INTO auth_sessions (token_hash, tenant_id, account_id, began_at, seen_at, ends_at, opened_by, verified_at, stands_until)
		VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)
		RETURNING id`
	err = tx.GetContext(ctx, &p.Session, query, hash, tenant, account, at, at.Add(SessionLife), o.by, instant(p.Verified), instant(o.stands))
	if err != nil {
		return SignedIn{}, fmt.Errorf("open session of account %d: %w", account, err)
	}
	return SignedIn{Token: token, Principal: p}, nil
}

// instant is an instant that may be none.
func instant(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }

// Session returns who a session's token belongs to, with the roles held at this
// moment. A token that is unknown, has ended or was idle too long is
// ErrSignedOut.
func Session(ctx context.Context, db *store.DB, keys *vault.Keyring, token string, at time.Time) (Principal, error) {
	return Enter(ctx, db, keys, token, at, func(sqlx.QueryerContext, Principal) error { return nil })
}

// Enter is Session for a door that goes on to read as that person: fn does so in
// the same transaction, as the person's organization and within their reach.
// Every page begins with it, so it asks no more often than it must.
func Enter(ctx context.Context, db *store.DB, keys *vault.Keyring, token string, at time.Time, fn func(q sqlx.QueryerContext, p Principal) error) (p Principal, err error) {
	err = db.InTx0(ctx, "session", func(tx *sqlx.Tx) error {
		if p, err = session(ctx, tx, keys, token, at); err != nil {
			return err
		}
		if who := p.Who(); who.Reach != "" {
			if _, err := tx.ExecContext(ctx, `SELECT set_config('app.reach', $1, true)`, who.Reach); err != nil {
				return fmt.Errorf("enter within reach of %s: %w", who.Actor, err)
			}
		}
		return fn(tx, p)
	})
	return p, err
}

func session(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, token string, at time.Time) (Principal, error) {
	var s struct {
		ID       SessionID    `db:"id"`
		Tenant   int32        `db:"tenant_id"`
		Account  AccountID    `db:"account_id"`
		SeenAt   time.Time    `db:"seen_at"`
		Verified sql.NullTime `db:"verified_at"`
		Stands   sql.NullTime `db:"stands_until"`
		Entered  string       `db:"entered"`
	}
	// The token names the tenant; the rest is read as that tenant.
	const query = store.Kept + `
		SELECT id, tenant_id, account_id, seen_at, verified_at, stands_until, set_config('app.tenant', CAST(tenant_id AS text), true) AS entered
		FROM auth_sessions
		WHERE token_hash = $1 AND ended_at IS NULL AND ends_at > $2 AND seen_at > $3`
	err := tx.GetContext(ctx, &s, query, tokenHash(token), at, at.Add(-SessionIdle))
	if errors.Is(err, sql.ErrNoRows) {
		return Principal{}, ErrSignedOut
	}
	if err != nil {
		return Principal{}, fmt.Errorf("find session: %w", err)
	}
	if at.Sub(s.SeenAt) >= seenEvery {
		const seen = `UPDATE auth_sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2`
		if _, err := tx.ExecContext(ctx, seen, s.ID, at); err != nil {
			return Principal{}, fmt.Errorf("see session %d: %w", s.ID, err)
		}
	}
	p, _, err := loadPrincipal(ctx, tx, keys, s.Tenant, s.Account)
	if errors.Is(err, ErrNoAccount) {
		return Principal{}, ErrSignedOut // switched off meanwhile
	}
	p.Session, p.Verified, p.Stands = s.ID, s.Verified.Time, s.Stands.Time
	return p, err
}

// loadPrincipal reads an account that may act, and its e-mail address, in a
// transaction of its tenant.
func loadPrincipal(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, tenant int32, account AccountID) (Principal, string, error) {
	var row struct {
		Staff        StaffID        `db:"staff_id"`
		Organization string         `db:"organization"`
		Name         []byte         `db:"name"`
		Email        []byte         `db:"email"`
		Lang         string         `db:"language"`
		Roles        pq.StringArray `db:"roles"`
		Programs     pq.Int64Array  `db:"programs"`
		App          bool           `db:"app"`
		Passkey      bool           `db:"passkey"`
	}
	const query = store.Kept + `
		SELECT a.staff_id, t.name AS organization, s.name, a.email, s.language,
		       ARRAY(SELECT r.role FROM staff_roles r
		             WHERE r.tenant_id = a.tenant_id AND r.account_id = a.id AND r.revoked_at IS NULL ORDER BY r.role) AS roles,
		       ARRAY(SELECT c.program_id FROM staff_scopes c
		             WHERE c.tenant_id = a.tenant_id AND c.account_id = a.id AND c.revoked_at IS NULL ORDER BY c.program_id) AS programs,
		       EXISTS (SELECT 1 FROM staff_totp o
		               WHERE o.tenant_id = a.tenant_id AND o.account_id = a.id AND o.confirmed_at IS NOT NULL) AS app,
		       EXISTS (SELECT 1 FROM auth_passkeys k
		               WHERE k.tenant_id = a.tenant_id AND k.account_id = a.id AND k.removed_at IS NULL) AS passkey
		FROM staff_accounts a
		JOIN staff s ON s.tenant_id = a.tenant_id AND s.id = a.staff_id
		JOIN tenants t ON t.id = a.tenant_id
		WHERE a.tenant_id = $1 AND a.id = $2 AND a.disabled_at IS NULL AND s.left_at IS NULL`
	err := tx.GetContext(ctx, &row, query, tenant, account)
	if errors.Is(err, sql.ErrNoRows) {
		return Principal{}, "", ErrNoAccount
	}
	if err != nil {
		return Principal{}, "", fmt.Errorf("load account %d: %w", account, err)
	}
	name, err := keys.Open(place(tenant, "staff", int64(row.Staff)), row.Name)
	if err != nil {
		return Principal{}, "", fmt.Errorf("open name of staff %d: %w", row.Staff, err)
	}
	email, err := keys.Open(place(tenant, "staff_accounts", int64(account)), row.Email)
	if err != nil {
		return Principal{}, "", fmt.Errorf("open e-mail of account %d: %w", account, err)
	}
	p := Principal{Tenant: tenant, Organization: row.Organization, Staff: row.Staff, Account: account, Name: string(name), Lang: row.Lang,
		Programs: row.Programs, App: row.App, Passkey: row.Passkey}
	for _, r := range row.Roles {
		p.Roles = append(p.Roles, Role(r))
	}
	return p, string(email), nil
}

// SignOut ends the principal's own session. It may be repeated.
func SignOut(ctx context.Context, db *store.DB, p Principal, at time.Time) error {
	return Revoke(ctx, db, p, p.Session, at)
}

// Revoke ends one session of the principal's own account. A session that is
// over, or another account's, is left as it is.
func Revoke(ctx context.Context, db *store.DB, p Principal, id SessionID, at time.Time) error {
	return db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		const query = `
			UPDATE auth_sessions SET ended_at = $4
			WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND ended_at IS NULL`
		done, err := tx.ExecContext(ctx, query, p.Tenant, p.Account, id, at)
		if err != nil {
			return fmt.Errorf("end session %d: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, p.Who(), []audit.Event{{Verb: "auth.signed_out", Kind: "account", Subject: int64(p.Account),
			After: map[string]any{"session": id}}}, at)
	})
}

// Live is a session that lasts.
type Live struct {
	ID      SessionID `db:"id"`
	BeganAt time.Time `db:"began_at"`
	SeenAt  time.Time `db:"seen_at"`
	EndsAt  time.Time `db:"ends_at"`
	By      string    `db:"opened_by"`
}

// Sessions lists the principal's own sessions, the latest used first.
func Sessions(ctx context.Context, q sqlx.QueryerContext, p Principal, at time.Time) (live []Live, err error) {
	const query = `
		SELECT id, began_at, seen_at, ends_at, opened_by
		FROM auth_sessions
		WHERE tenant_id = $1 AND account_id = $2 AND ended_at IS NULL AND ends_at > $3 AND seen_at > $4
		ORDER BY seen_at DESC, id DESC`
	if err := sqlx.SelectContext(ctx, q, &live, query, p.Tenant, p.Account, at, at.Add(-SessionIdle)); err != nil {
		return nil, fmt.Errorf("list sessions of account %d: %w", p.Account, err)
	}
	return live, nil
}

// endAll ends an account's sessions but one (0: all) and withdraws its links.
func endAll(ctx context.Context, tx *sqlx.Tx, tenant int32, account AccountID, keep SessionID, at time.Time) error {
	const sessions = `
		UPDATE auth_sessions SET ended_at = $4
		WHERE tenant_id = $1 AND account_id = $2 AND id <> $3 AND ended_at IS NULL`
	if _, err := tx.ExecContext(ctx, sessions, tenant, account, keep, at); err != nil {
		return fmt.Errorf("end sessions of account %d: %w", account, err)
	}
	const links = `UPDATE auth_links SET used_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND used_at IS NULL`
	if _, err := tx.ExecContext(ctx, links, tenant, account, at); err != nil {
		return fmt.Errorf("withdraw links of account %d: %w", account, err)
	}
	return nil
}

// keptFor is how long what is over is kept, for questions about yesterday.
const keptFor = 30 * 24 * time.Hour

// Sweep removes sessions, links and counters that were over long ago. It may be
// repeated.
func Sweep(ctx context.Context, db *store.DB, at time.Time) error {
	return db.InTx0(ctx, "job/sweep", func(tx *sqlx.Tx) error {
		for _, query := range []string{
			`DELETE FROM auth_sessions WHERE ends_at < $1`,
			`DELETE FROM auth_links WHERE expires_at < $1`,
			`DELETE FROM auth_attempts WHERE ends_at < $1`,
			`DELETE FROM auth_spent WHERE ends_at < $1`,
		} {
			if _, err := tx.ExecContext(ctx, query, at.Add(-keptFor)); err != nil {
				return fmt.Errorf("sweep: %w", err)
			}
		}
		return nil
	})
}
