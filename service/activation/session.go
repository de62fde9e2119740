package activation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/store"
)

// How long a session lasts, without a request and in all, and how long a browser
// is remembered.
const (
	SessionIdle = 30 * time.Minute
	SessionLife = 12 * time.Hour
	DeviceLife  = 30 * 24 * time.Hour
)

// seenEvery bounds how often a session's last request is written down.
const seenEvery = time.Minute

// SignedIn is a new session. Token goes into the browser's cookie and nowhere
// else; Device, where the browser shall be remembered, into a longer-lived one.
type SignedIn struct {
	Token  string
	Device string
	Guardian
}

// start opens a session of an account that works, and perhaps remembers the
// browser.
func start(ctx context.Context, tx *sqlx.Tx, tenant int32, account AccountID, remember bool, at time.Time) (s SignedIn, err error) {
	if s.Guardian, err = load(ctx, tx, tenant, account, at); err != nil {
		return s, err
	}
	token, hash := newToken()
	const query = `
		INSERT INTO guardian_sessions (token_hash, tenant_id, account_id, began_at, seen_at, ends_at)
		VALUES ($1, $2, $3, $4, $4, $5)
		RETURNING id`
	if err := tx.GetContext(ctx, &s.Session, query, hash, tenant, account, at, at.Add(SessionLife)); err != nil {
		return s, fmt.Errorf("open session of guardian %d: %w", account, err)
	}
	s.Token = token
	if remember {
		device, hash := newToken()
		const query = `INSERT INTO guardian_devices (token_hash, tenant_id, account_id, began_at, ends_at) VALUES ($1, $2, $3, $4, $5)`
		if _, err := tx.ExecContext(ctx, query, hash, tenant, account, at, at.Add(DeviceLife)); err != nil {
			return s, fmt.Errorf("remember a browser of guardian %d: %w", account, err)
		}
		s.Device = device
	}
	return s, audit.Record(ctx, tx, s.Who(), []audit.Event{{Verb: "activation.signed_in", Kind: "guardian", Subject: int64(account)}}, at)
}

// load reads an account that works and whom it sees at that moment, in a
// transaction of its tenant: children for whom its guardian may see the money on
// the program's day, and nobody whom somebody has to look at first.
func load(ctx context.Context, tx *sqlx.Tx, tenant int32, account AccountID, at time.Time) (g Guardian, err error) {
	g = Guardian{Tenant: tenant, Account: account}
	const query = `
		SELECT t.name, a.language FROM guardian_accounts a JOIN tenants t ON t.id = a.tenant_id
		WHERE a.tenant_id = $1 AND a.id = $2 AND a.disabled_at IS NULL`
	err = tx.QueryRowContext(ctx, query, tenant, account).Scan(&g.Organization, &g.Lang)
	if errors.Is(err, sql.ErrNoRows) {
		return g, ErrSignedOut
	}
	if err != nil {
		return g, fmt.Errorf("load guardian %d: %w", account, err)
	}
	const held = `
		SELECT c.child_id, e.program_id, e.id AS enrollment_id, e.state = 'joined' AS joined
		FROM guardian_children c
		JOIN enrollments e ON e.tenant_id = c.tenant_id AND e.child_id = c.child_id AND e.enrolled_on IS NOT NULL
		JOIN programs p ON p.tenant_id = e.tenant_id AND p.id = e.program_id
		WHERE c.account_id = $1 AND c.ended_at IS NULL AND c.paused_at IS NULL
		  AND guardian_may(c.tenant_id, c.child_id, c.guardian_id, 'view', CAST(CAST($2 AS timestamptz) AT TIME ZONE p.time_zone AS date))
		ORDER BY e.state = 'joined', e.id`
	if err := tx.SelectContext(ctx, &g.Held, held, account, at); err != nil {
		return g, fmt.Errorf("children of guardian %d: %w", account, err)
	}
	g.Held, err = once(ctx, tx, g.Held)
	return g, err
}

// once has a guardian who was given two records of one child see it once, under
// the record by which it takes part; the other account leads to the same child.
func once(ctx context.Context, q sqlx.QueryerContext, held []Held) ([]Held, error) {
	if !slices.ContainsFunc(held, func(h Held) bool { return h.Joined }) {
		return held, nil
	}
	ids := make([]family.ChildID, len(held))
	for i, h := range held {
		ids[i] = h.Child
	}
	records, err := family.Records(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	var out []Held
	for _, h := range held {
		at := slices.IndexFunc(out, func(o Held) bool {
			return h.Joined && o.Program == h.Program && slices.Contains(records[h.Child], o.Child)
		})
		if at < 0 {
			out = append(out, h)
			continue
		}
		out[at].Also = append(out[at].Also, h.Account)
	}
	return out, nil
}

// Seers are the accounts of guardians who were given each of some records, also
// those whose sight is paused: it may begin again.
func Seers(ctx context.Context, q sqlx.QueryerContext, records []family.ChildID) (map[family.ChildID][]AccountID, error) {
	const query = `
		SELECT c.child_id, c.account_id FROM guardian_children c
		JOIN guardian_accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id AND a.disabled_at IS NULL
		WHERE c.child_id = ANY ($1) AND c.ended_at IS NULL
		ORDER BY c.child_id, c.account_id`
	var found []struct {
		Child   family.ChildID `db:"child_id"`
		Account AccountID      `db:"account_id"`
	}
	if err := sqlx.SelectContext(ctx, q, &found, query, pq.Array(records)); err != nil {
		return nil, fmt.Errorf("who sees %d records: %w", len(records), err)
	}
	out := map[family.ChildID][]AccountID{}
	for _, f := range found {
		out[f.Child] = append(out[f.Child], f.Account)
	}
	return out, nil
}

// Session returns whose a session's token is, with the children seen at this
// moment. A token that is unknown, has ended or was idle too long is
// ErrSignedOut.
func Session(ctx context.Context, db *store.DB, token string, at time.Time) (g Guardian, err error) {
	err = db.InTx0(ctx, "session", func(tx *sqlx.Tx) error {
		g, err = session(ctx, tx, token, at)
		return err
	})
	return g, err
}

func session(ctx context.Context, tx *sqlx.Tx, token string, at time.Time) (Guardian, error) {
	var s struct {
		ID      SessionID `db:"id"`
		Tenant  int32     `db:"tenant_id"`
		Account AccountID `db:"account_id"`
		SeenAt  time.Time `db:"seen_at"`
	}
	const query = `
		SELECT id, tenant_id, account_id, seen_at
		FROM guardian_sessions
		WHERE token_hash = $1 AND ended_at IS NULL AND ends_at > $2 AND seen_at > $3`
	err := tx.GetContext(ctx, &s, query, tokenHash(token), at, at.Add(-SessionIdle))
	if errors.Is(err, sql.ErrNoRows) {
		return Guardian{}, ErrSignedOut
	}
	if err != nil {
		return Guardian{}, fmt.Errorf("find session: %w", err)
	}
	if at.Sub(s.SeenAt) >= seenEvery {
		if _, err := tx.ExecContext(ctx, `UPDATE guardian_sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2`, s.ID, at); err != nil {
			return Guardian{}, fmt.Errorf("see session %d: %w", s.ID, err)
		}
	}
	// The token has named the tenant; the rest is read as that tenant.
	if _, err := tx.ExecContext(ctx, `SELECT set_config('app.tenant', $1, true)`, strconv.Itoa(int(s.Tenant))); err != nil {
		return Guardian{}, fmt.Errorf("enter organization %d: %w", s.Tenant, err)
	}
	g, err := load(ctx, tx, s.Tenant, s.Account, at)
	g.Session = s.ID
	return g, err
}

// SignOut ends the guardian's own session. It may be repeated.
func SignOut(ctx context.Context, db *store.DB, g Guardian, at time.Time) error {
	return db.InTx(ctx, g.Who(), func(tx *sqlx.Tx) error {
		const query = `UPDATE guardian_sessions SET ended_at = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL`
		if _, err := tx.ExecContext(ctx, query, g.Tenant, g.Session, at); err != nil {
			return fmt.Errorf("end session %d: %w", g.Session, err)
		}
		return audit.Record(ctx, tx, g.Who(), []audit.Event{{Verb: "activation.signed_out", Kind: "guardian", Subject: int64(g.Account)}}, at)
	})
}

// SignOutEverywhere ends every session of the guardian's account and forgets its
// browsers: for a lost phone.
func SignOutEverywhere(ctx context.Context, db *store.DB, g Guardian, at time.Time) error {
	return db.InTx(ctx, g.Who(), func(tx *sqlx.Tx) error {
		if err := endAll(ctx, tx, g.Tenant, g.Account, at); err != nil {
			return err
		}
		return audit.Record(ctx, tx, g.Who(), []audit.Event{{Verb: "activation.signed_out_everywhere", Kind: "guardian", Subject: int64(g.Account)}}, at)
	})
}

func endAll(ctx context.Context, tx *sqlx.Tx, tenant int32, account AccountID, at time.Time) error {
	const sessions = `UPDATE guardian_sessions SET ended_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND ended_at IS NULL`
	if _, err := tx.ExecContext(ctx, sessions, tenant, account, at); err != nil {
		return fmt.Errorf("end sessions of guardian %d: %w", account, err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM guardian_devices WHERE tenant_id = $1 AND account_id = $2`, tenant, account); err != nil {
		return fmt.Errorf("forget browsers of guardian %d: %w", account, err)
	}
	return nil
}

// Guardians counts the guardians that see a child besides one's own account.
func Guardians(ctx context.Context, q sqlx.QueryerContext, child int64) (n int, err error) {
	const query = `SELECT count(*) FROM guardian_children WHERE child_id = $1 AND ended_at IS NULL`
	if err := sqlx.GetContext(ctx, q, &n, query, child); err != nil {
		return 0, fmt.Errorf("guardians of child %d: %w", child, err)
	}
	return n, nil
}

// SpeakTo sets the language in which a guardian is written to.
func SpeakTo(ctx context.Context, db *store.DB, g Guardian, lang string) error {
	return db.InTx(ctx, g.Who(), func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE guardian_accounts SET language = $2 WHERE id = $1 AND language <> $2`, g.Account, lang); err != nil {
			return fmt.Errorf("language of guardian %d: %w", g.Account, err)
		}
		return nil
	})
}

// Sweep removes entries, sessions, browsers and counters that were over long
// ago. It may be repeated.
func Sweep(ctx context.Context, db *store.DB, at time.Time) error {
	return db.InTx0(ctx, "job/sweep", func(tx *sqlx.Tx) error {
		for _, query := range []string{
			`DELETE FROM activation_entries WHERE ends_at < $1`,
			`DELETE FROM guardian_sessions WHERE ends_at < $1`,
			`DELETE FROM guardian_devices WHERE ends_at < $1`,
			`DELETE FROM activation_tries WHERE ends_at < $1`,
		} {
			if _, err := tx.ExecContext(ctx, query, at.Add(-keptFor)); err != nil {
				return fmt.Errorf("sweep: %w", err)
			}
		}
		return nil
	})
}
