package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// ProposalID identifies a proposal within its organization.
type ProposalID int64

// What may be proposed for an account.
const (
	ForRoles    = "roles"    // roles and programs
	ForRecovery = "recovery" // a new start for who lost a factor or the password
)

// States of a proposal.
const (
	Open      = "open"
	Approved  = "approved"
	Refused   = "refused"
	Withdrawn = "withdrawn"
)

// Proposal is what one person proposes for an account and another decides.
type Proposal struct {
	ID       ProposalID
	Account  AccountID
	Kind     string
	Roles    []Role
	Programs []int64
	Reason   string
	By       StaffID
	At       time.Time
	State    string
	Decider  StaffID // 0 while open
	Decided  time.Time
}

// ProposeRoles proposes exactly these roles and programs (none: all) for an
// account; an open proposal of the same kind is withdrawn.
func ProposeRoles(ctx context.Context, tx *sqlx.Tx, by Principal, account AccountID, roles []Role, programs []int64, reason string, at time.Time) (ProposalID, error) {
	if err := checkRoles(roles); err != nil {
		return 0, err
	}
	return propose(ctx, tx, by, Proposal{Account: account, Kind: ForRoles, Roles: roles, Programs: programs, Reason: reason}, at)
}

// ProposeRecovery proposes a new start for an account whose owner lost a factor
// or the password. Nobody proposes it for himself.
func ProposeRecovery(ctx context.Context, tx *sqlx.Tx, by Principal, account AccountID, reason string, at time.Time) (ProposalID, error) {
	return propose(ctx, tx, by, Proposal{Account: account, Kind: ForRecovery, Reason: reason}, at)
}

func propose(ctx context.Context, tx *sqlx.Tx, by Principal, n Proposal, at time.Time) (id ProposalID, err error) {
	n.Reason = strings.TrimSpace(n.Reason)
	if n.Reason == "" || utf8.RuneCountInString(n.Reason) > 500 {
		return 0, ErrReason.At("reason")
	}
	const withdraw = `
		UPDATE staff_proposals SET state = 'withdrawn', decided_by = $4, decided_at = $5
		WHERE tenant_id = $1 AND account_id = $2 AND kind = $3 AND state = 'open'`
	if _, err := tx.ExecContext(ctx, withdraw, by.Tenant, n.Account, n.Kind, by.Staff, at); err != nil {
		return 0, fmt.Errorf("withdraw proposals for account %d: %w", n.Account, err)
	}
	const query = `
		INSERT INTO staff_proposals (tenant_id, account_id, kind, roles, programs, reason, proposed_by, proposed_at, state)
		SELECT $1, a.id, $3, CAST($4 AS text[]), CAST($5 AS bigint[]), $6, $7, $8, 'open'
		FROM staff_accounts a WHERE a.tenant_id = $1 AND a.id = $2
		RETURNING id`
	err = tx.GetContext(ctx, &id, query, by.Tenant, n.Account, n.Kind, array(n.Roles), pq.Int64Array(append([]int64{}, n.Programs...)), n.Reason, by.Staff, at)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, ErrNoAccount
	case store.Violates(err, "staff_proposals_subject_check"):
		return 0, ErrOwnAccount
	case err != nil:
		return 0, fmt.Errorf("propose %s for account %d: %w", n.Kind, n.Account, err)
	}
	return id, audit.Record(ctx, tx, by.Who(), []audit.Event{{Verb: "auth." + n.Kind + "_proposed", Kind: "account", Subject: int64(n.Account),
		After: map[string]any{"proposal": id, "roles": n.Roles, "programs": n.Programs}}}, at)
}

func array(roles []Role) any {
	names := make(pq.StringArray, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return names
}

// Decide approves or refuses a proposal of a kind. The person who proposed it and the
// person it is about decide nothing, by whichever account: ErrSamePerson,
// ErrOwnAccount. What was decided already is ErrDecided.
//
// An approved recovery takes the account's password, app, passkeys and sessions
// away; the one-time token, for its owner, opens it again.
func Decide(ctx context.Context, tx *sqlx.Tx, by Principal, id ProposalID, kind string, approve bool, at time.Time) (token string, err error) {
	state := Refused
	if approve {
		state = Approved
	}
	const query = `
		UPDATE staff_proposals SET state = $3, decided_by = $4, decided_at = $5
		WHERE tenant_id = $1 AND id = $2 AND kind = $6 AND state = 'open'
		RETURNING account_id, kind, roles, programs`
	var row struct {
		Account  AccountID      `db:"account_id"`
		Kind     string         `db:"kind"`
		Roles    pq.StringArray `db:"roles"`
		Programs pq.Int64Array  `db:"programs"`
	}
	err = tx.GetContext(ctx, &row, query, by.Tenant, id, state, by.Staff, at, kind)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", notOpen(ctx, tx, id, kind)
	case store.Violates(err, "staff_proposals_persons_check"):
		return "", ErrSamePerson
	case store.Violates(err, "staff_proposals_subject_check"):
		return "", ErrOwnAccount
	case err != nil:
		return "", fmt.Errorf("decide proposal %d: %w", id, err)
	}
	if approve && row.Kind == ForRoles {
		if err := setRoles(ctx, tx, by.Who(), row.Account, asRoles(row.Roles), id, at); err != nil {
			return "", err
		}
		if err := setScope(ctx, tx, by.Who(), row.Account, row.Programs, at); err != nil {
			return "", err
		}
	}
	if approve && row.Kind == ForRecovery {
		if token, err = reset(ctx, tx, by.Who(), row.Account, at); err != nil {
			return "", err
		}
	}
	return token, audit.Record(ctx, tx, by.Who(), []audit.Event{{Verb: "auth." + row.Kind + "_" + state, Kind: "account", Subject: int64(row.Account),
		After: map[string]any{"proposal": id}}}, at)
}

// notOpen says why there is no such open proposal: it was decided, or never was.
func notOpen(ctx context.Context, q sqlx.QueryerContext, id ProposalID, kind string) error {
	const query = `SELECT EXISTS (SELECT 1 FROM staff_proposals WHERE id = $1 AND ($2 = '' OR kind = $2))`
	var known bool
	if err := sqlx.GetContext(ctx, q, &known, query, id, kind); err != nil {
		return fmt.Errorf("find proposal %d: %w", id, err)
	}
	if known {
		return ErrDecided
	}
	return ErrNoProposal
}

func asRoles(names []string) []Role {
	roles := make([]Role, len(names))
	for i, n := range names {
		roles[i] = Role(n)
	}
	return roles
}

// Withdraw takes an open proposal back.
func Withdraw(ctx context.Context, tx *sqlx.Tx, by Principal, id ProposalID, at time.Time) error {
	const query = `
		UPDATE staff_proposals SET state = 'withdrawn', decided_by = $3, decided_at = $4
		WHERE tenant_id = $1 AND id = $2 AND state = 'open' AND proposed_by = $3
		RETURNING account_id`
	var account int64
	err := tx.GetContext(ctx, &account, query, by.Tenant, id, by.Staff, at)
	if errors.Is(err, sql.ErrNoRows) {
		return notOpen(ctx, tx, id, "")
	}
	if err != nil {
		return fmt.Errorf("withdraw proposal %d: %w", id, err)
	}
	return audit.Record(ctx, tx, by.Who(), []audit.Event{{Verb: "auth.proposal_withdrawn", Kind: "account", Subject: account, After: map[string]any{"proposal": id}}}, at)
}

// setScope limits an account to exactly these programs from now on; none: it is
// not limited.
func setScope(ctx context.Context, tx *sqlx.Tx, who store.Who, account AccountID, programs []int64, at time.Time) error {
	const revoke = `
		UPDATE staff_scopes SET revoked_at = $4, revoked_by = $5
		WHERE tenant_id = $1 AND account_id = $2 AND revoked_at IS NULL AND program_id <> ALL (CAST($3 AS bigint[]))`
	list := pq.Int64Array(append([]int64{}, programs...))
	if _, err := tx.ExecContext(ctx, revoke, who.Tenant, account, list, at, who.Actor); err != nil {
		return fmt.Errorf("limit account %d: %w", account, err)
	}
	const grant = `
		INSERT INTO staff_scopes (tenant_id, account_id, program_id, granted_at, granted_by)
		SELECT $1, $2, p, $4, $5 FROM unnest(CAST($3 AS bigint[])) AS p
		ON CONFLICT (tenant_id, account_id, program_id) WHERE revoked_at IS NULL DO NOTHING`
	_, err := tx.ExecContext(ctx, grant, who.Tenant, account, list, at, who.Actor)
	if store.Violates(err, "staff_scopes_program_fkey") {
		return ErrNoProgram.At("programs")
	}
	if err != nil {
		return fmt.Errorf("limit account %d: %w", account, err)
	}
	return nil
}

// reset takes an account's password, factors and sessions away and makes a
// one-time token for its owner.
func reset(ctx context.Context, tx *sqlx.Tx, who store.Who, account AccountID, at time.Time) (token string, err error) {
	for _, query := range []string{
		`DELETE FROM staff_totp WHERE tenant_id = $1 AND account_id = $2`,
		`UPDATE auth_logins SET password_hash = NULL, password_at = NULL WHERE tenant_id = $1 AND account_id = $2`,
		`DELETE FROM staff_identities WHERE tenant_id = $1 AND account_id = $2`,
	} {
		if _, err := tx.ExecContext(ctx, query, who.Tenant, account); err != nil {
			return "", fmt.Errorf("reset account %d: %w", account, err)
		}
	}
	const passkeys = `UPDATE auth_passkeys SET removed_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND removed_at IS NULL`
	if _, err := tx.ExecContext(ctx, passkeys, who.Tenant, account, at); err != nil {
		return "", fmt.Errorf("reset account %d: %w", account, err)
	}
	if err := endAll(ctx, tx, who.Tenant, account, 0, at); err != nil {
		return "", err
	}
	return IssueOneTime(ctx, tx, who, account, LinkLife, at)
}

// Proposals lists an organization's proposals, open ones first, then the
// latest. account 0: of all accounts.
func Proposals(ctx context.Context, q sqlx.QueryerContext, account AccountID, most int) (all []Proposal, err error) {
	var rows []struct {
		ID       ProposalID     `db:"id"`
		Account  AccountID      `db:"account_id"`
		Kind     string         `db:"kind"`
		Roles    pq.StringArray `db:"roles"`
		Programs pq.Int64Array  `db:"programs"`
		Reason   string         `db:"reason"`
		By       StaffID        `db:"proposed_by"`
		At       time.Time      `db:"proposed_at"`
		State    string         `db:"state"`
		Decider  sql.NullInt64  `db:"decided_by"`
		Decided  sql.NullTime   `db:"decided_at"`
	}
	const query = `
		SELECT id, account_id, kind, roles, programs, reason, proposed_by, proposed_at, state, decided_by, decided_at
		FROM staff_proposals WHERE $1 = 0 OR account_id = $1
		ORDER BY (state = 'open') DESC, id DESC LIMIT $2`
	if err := sqlx.SelectContext(ctx, q, &rows, query, account, most); err != nil {
		return nil, fmt.Errorf("list proposals: %w", err)
	}
	for _, r := range rows {
		all = append(all, Proposal{r.ID, r.Account, r.Kind, asRoles(r.Roles), r.Programs, r.Reason, r.By, r.At, r.State, StaffID(r.Decider.Int64), r.Decided.Time})
	}
	return all, nil
}

// Member is an account in the list of staff.
type Member struct {
	Account     AccountID
	Staff       StaffID
	Name, Email string
	Roles       []Role
	Programs    []int64
	Disabled    bool
	Password    bool
	App         bool
	Passkeys    int
	Connected   bool      // the organization's own sign-in opens it
	Last        time.Time // the latest sign-in that is still known; zero: none
}

// Members lists an organization's accounts by number; account 0: all of them.
func Members(ctx context.Context, q sqlx.QueryerContext, keys *vault.Keyring, tenant int32, account AccountID) (all []Member, err error) {
	var rows []struct {
		Account   AccountID      `db:"id"`
		Staff     StaffID        `db:"staff_id"`
		Name      []byte         `db:"name"`
		Email     []byte         `db:"email"`
		Roles     pq.StringArray `db:"roles"`
		Programs  pq.Int64Array  `db:"programs"`
		Disabled  bool           `db:"disabled"`
		Password  bool           `db:"password"`
		App       bool           `db:"app"`
		Passkeys  int            `db:"passkeys"`
		Connected bool           `db:"connected"`
		Last      sql.NullTime   `db:"last"`
	}
	const query = `
		SELECT a.id, a.staff_id, s.name, a.email, a.disabled_at IS NOT NULL AS disabled, l.password_hash IS NOT NULL AS password,
		       ARRAY(SELECT r.role FROM staff_roles r WHERE r.tenant_id = a.tenant_id AND r.account_id = a.id AND r.revoked_at IS NULL ORDER BY r.role) AS roles,
		       ARRAY(SELECT c.program_id FROM staff_scopes c WHERE c.tenant_id = a.tenant_id AND c.account_id = a.id AND c.revoked_at IS NULL ORDER BY c.program_id) AS programs,
		       EXISTS (SELECT 1 FROM staff_totp o WHERE o.tenant_id = a.tenant_id AND o.account_id = a.id AND o.confirmed_at IS NOT NULL) AS app,
		       (SELECT count(*) FROM auth_passkeys k WHERE k.tenant_id = a.tenant_id AND k.account_id = a.id AND k.removed_at IS NULL) AS passkeys,
		       EXISTS (SELECT 1 FROM staff_identities i WHERE i.tenant_id = a.tenant_id AND i.account_id = a.id) AS connected,
		       (SELECT max(e.began_at) FROM auth_sessions e WHERE e.tenant_id = a.tenant_id AND e.account_id = a.id) AS last
		FROM staff_accounts a
		JOIN staff s ON s.tenant_id = a.tenant_id AND s.id = a.staff_id
		JOIN auth_logins l ON l.tenant_id = a.tenant_id AND l.account_id = a.id
		WHERE a.tenant_id = $1 AND ($2 = 0 OR a.id = $2)
		ORDER BY a.id`
	if err := sqlx.SelectContext(ctx, q, &rows, query, tenant, account); err != nil {
		return nil, fmt.Errorf("list staff: %w", err)
	}
	for _, r := range rows {
		name, err := keys.Open(place(tenant, "staff", int64(r.Staff)), r.Name)
		if err != nil {
			return nil, fmt.Errorf("open name of staff %d: %w", r.Staff, err)
		}
		email, err := keys.Open(place(tenant, "staff_accounts", int64(r.Account)), r.Email)
		if err != nil {
			return nil, fmt.Errorf("open e-mail of account %d: %w", r.Account, err)
		}
		all = append(all, Member{r.Account, r.Staff, string(name), string(email), asRoles(r.Roles), r.Programs, r.Disabled, r.Password, r.App, r.Passkeys, r.Connected, r.Last.Time})
	}
	return all, nil
}

// Invite opens an account without roles and proposes those it is to have:
// until another person approves them, it opens nothing.
func Invite(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, by Principal, n NewAccount, programs []int64, reason string, at time.Time) (AccountID, error) {
	email, err := foldEmail(n.Email)
	if err != nil {
		return 0, err
	}
	if err := checkRoles(n.Roles); err != nil {
		return 0, err
	}
	if n.Staff == 0 {
		if n.Staff, err = addPerson(ctx, tx, by.Who(), keys, n, at); err != nil {
			return 0, err
		}
	}
	account, err := openAccount(ctx, tx, by.Who(), keys, n.Staff, email, at)
	if err != nil {
		return 0, err
	}
	if err := audit.Record(ctx, tx, by.Who(), []audit.Event{{Verb: "auth.account_opened", Kind: "account", Subject: int64(account),
		After: map[string]any{"staff": n.Staff}}}, at); err != nil {
		return 0, err
	}
	_, err = ProposeRoles(ctx, tx, by, account, n.Roles, programs, reason, at)
	return account, err
}

// Welcome makes the first sign-in of an account that has roles and was never
// signed in to. Any other is ErrWelcomed: what is lost is recovered by two.
func Welcome(ctx context.Context, tx *sqlx.Tx, by Principal, account AccountID, at time.Time) (token string, err error) {
	const query = `
		SELECT EXISTS (SELECT 1 FROM staff_roles r WHERE r.tenant_id = a.tenant_id AND r.account_id = a.id AND r.revoked_at IS NULL)
		       AND a.disabled_at IS NULL
		       AND NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.tenant_id = a.tenant_id AND e.subject_kind = 'account' AND e.subject_id = a.id AND e.verb = 'auth.signed_in')
		FROM staff_accounts a WHERE a.tenant_id = $1 AND a.id = $2`
	var may bool
	err = tx.GetContext(ctx, &may, query, by.Tenant, account)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNoAccount
	}
	if err != nil {
		return "", fmt.Errorf("welcome account %d: %w", account, err)
	}
	if !may {
		return "", ErrWelcomed
	}
	return IssueOneTime(ctx, tx, by.Who(), account, WelcomeLife, at)
}

// WelcomeLife is how long an invitation is good for.
const WelcomeLife = 24 * time.Hour
