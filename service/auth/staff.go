package auth

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"golang.org/x/text/unicode/norm"

	"seedbook/service/audit"
	"seedbook/service/i18n"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Tenant is an organization that runs programs.
type Tenant struct {
	ID   int32  `db:"id"`
	Name string `db:"name"`
}

// AddTenant adds an organization. Its first account is added by whoever holds
// the server's command line.
func AddTenant(ctx context.Context, db *store.DB, name string, at time.Time) (id int32, err error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return 0, ErrName.At("name")
	}
	err = db.InTx0(ctx, "cli", func(tx *sqlx.Tx) error {
		const query = `INSERT INTO tenants (name, created_at) VALUES ($1, $2) RETURNING id`
		if err := tx.GetContext(ctx, &id, query, name, at); err != nil {
			return fmt.Errorf("add organization: %w", err)
		}
		return nil
	})
	return id, err
}

// Tenants lists the organizations by id, for jobs that walk them all.
func Tenants(ctx context.Context, db *store.DB) (all []Tenant, err error) {
	err = db.InTx0(ctx, "auth", func(tx *sqlx.Tx) error {
		const query = `SELECT id, name FROM tenants ORDER BY id`
		if err := tx.SelectContext(ctx, &all, query); err != nil {
			return fmt.Errorf("list organizations: %w", err)
		}
		return nil
	})
	return all, err
}

// NewAccount is an account to be opened for someone on the staff.
type NewAccount struct {
	Email string
	Name  string
	Lang  string // "" is English
	Roles []Role
	// Staff is the person, if already on the staff under another account; Name
	// and Lang are then not used.
	Staff StaffID
}

// AddStaff opens an account, for a new person or for one who has others. The
// account has no password yet: send its owner a one-time link.
func AddStaff(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, n NewAccount, at time.Time) (AccountID, error) {
	email, err := foldEmail(n.Email)
	if err != nil {
		return 0, err
	}
	if err := checkRoles(n.Roles); err != nil {
		return 0, err
	}
	if n.Staff == 0 {
		if n.Staff, err = addPerson(ctx, tx, who, keys, n, at); err != nil {
			return 0, err
		}
	}
	account, err := openAccount(ctx, tx, who, keys, n.Staff, email, at)
	if err != nil {
		return 0, err
	}
	if err := grant(ctx, tx, who, account, n.Roles, 0, at); err != nil {
		return 0, err
	}
	return account, audit.Record(ctx, tx, who, []audit.Event{{Verb: "auth.account_opened", Kind: "account", Subject: int64(account),
		After: map[string]any{"staff": n.Staff, "roles": n.Roles}}}, at)
}

// foldEmail brings an address to the form in which it is looked up.
func foldEmail(email string) (string, error) {
	email = strings.ToLower(norm.NFKC.String(strings.TrimSpace(email)))
	name, domain, ok := strings.Cut(email, "@")
	if !ok || name == "" || !strings.Contains(domain, ".") || len(email) > 254 ||
		strings.ContainsAny(email, " \t\r\n<>,;\"") || strings.Contains(domain, "@") {
		return "", ErrEmail.At("email")
	}
	return email, nil
}

func emailHash(keys *vault.Keyring, folded string) []byte { return keys.Index(0, "login", folded) }

func place(tenant int32, table string, id int64) string {
	return strconv.Itoa(int(tenant)) + "|" + table + "|" + strconv.FormatInt(id, 10)
}

// next takes a fresh id: what is sealed is bound to its row's id, so it comes
// before the row.
func next(ctx context.Context, tx *sqlx.Tx, sequence string) (id int64, err error) {
	const query = `SELECT nextval(CAST($1 AS regclass))`
	if err := tx.GetContext(ctx, &id, query, sequence); err != nil {
		return 0, fmt.Errorf("next of %s: %w", sequence, err)
	}
	return id, nil
}

func addPerson(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, n NewAccount, at time.Time) (StaffID, error) {
	name := strings.TrimSpace(n.Name)
	if name == "" || len(name) > 200 {
		return 0, ErrName.At("name")
	}
	lang := n.Lang
	if lang == "" {
		lang = i18n.Languages[0].Code
	}
	if !i18n.Speaks(lang) {
		return 0, ErrLanguage.At("lang")
	}
	id, err := next(ctx, tx, "staff_id_seq")
	if err != nil {
		return 0, err
	}
	const query = `INSERT INTO staff (tenant_id, id, name, language, created_at) VALUES ($1, $2, $3, $4, $5)`
	sealed := keys.Seal(place(who.Tenant, "staff", id), []byte(name))
	if _, err := tx.ExecContext(ctx, query, who.Tenant, id, sealed, lang, at); err != nil {
		return 0, fmt.Errorf("add staff %d: %w", id, err)
	}
	return StaffID(id), nil
}

func openAccount(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, staff StaffID, email string, at time.Time) (AccountID, error) {
	id, err := next(ctx, tx, "staff_accounts_id_seq")
	if err != nil {
		return 0, err
	}
	const account = `INSERT INTO staff_accounts (tenant_id, id, staff_id, email, created_at) VALUES ($1, $2, $3, $4, $5)`
	sealed := keys.Seal(place(who.Tenant, "staff_accounts", id), []byte(email))
	_, err = tx.ExecContext(ctx, account, who.Tenant, id, staff, sealed, at)
	if store.Violates(err, "staff_accounts_staff_fkey") {
		return 0, fmt.Errorf("open account for staff %d: %w", staff, ErrNoAccount)
	}
	if err != nil {
		return 0, fmt.Errorf("open account for staff %d: %w", staff, err)
	}
	const login = `INSERT INTO auth_logins (email_hash, tenant_id, account_id) VALUES ($1, $2, $3)`
	_, err = tx.ExecContext(ctx, login, emailHash(keys, email), who.Tenant, id)
	if store.Violates(err, "auth_logins_key") {
		return 0, fmt.Errorf("open account for staff %d: %w", staff, ErrEmailTaken.At("email"))
	}
	if err != nil {
		return 0, fmt.Errorf("open account for staff %d: %w", staff, err)
	}
	return AccountID(id), nil
}

func grant(ctx context.Context, tx *sqlx.Tx, who store.Who, account AccountID, roles []Role, from ProposalID, at time.Time) error {
	const query = `
		INSERT INTO staff_roles (tenant_id, account_id, role, granted_at, granted_by, proposal_id)
		SELECT $1, $2, role, $3, $4, nullif($6, 0)
		FROM unnest(CAST($5 AS text[])) AS role`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, account, at, who.Actor, array(roles), from); err != nil {
		return fmt.Errorf("grant roles to account %d: %w", account, err)
	}
	return nil
}

// SetRoles gives an account exactly these roles from now on, for the server's
// owner. What a person gives, another approves: ProposeRoles.
func SetRoles(ctx context.Context, tx *sqlx.Tx, who store.Who, account AccountID, roles []Role, at time.Time) error {
	if err := checkRoles(roles); err != nil {
		return err
	}
	before, err := rolesOf(ctx, tx, account)
	if err != nil {
		return err
	}
	if len(before) == 0 {
		return ErrNoAccount
	}
	return setRoles(ctx, tx, who, account, roles, 0, at)
}

// setRoles gives an account exactly these roles, from an approved proposal or
// none.
func setRoles(ctx context.Context, tx *sqlx.Tx, who store.Who, account AccountID, roles []Role, from ProposalID, at time.Time) error {
	before, err := rolesOf(ctx, tx, account)
	if err != nil {
		return err
	}
	const query = `
		UPDATE staff_roles SET revoked_at = $2, revoked_by = $3
		WHERE account_id = $1 AND revoked_at IS NULL AND role <> ALL (CAST($4 AS text[]))`
	if _, err := tx.ExecContext(ctx, query, account, at, who.Actor, array(roles)); err != nil {
		return fmt.Errorf("revoke roles of account %d: %w", account, err)
	}
	added := slices.DeleteFunc(slices.Clone(roles), func(r Role) bool { return slices.Contains(before, r) })
	if err := grant(ctx, tx, who, account, added, from, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "auth.roles_set", Kind: "account", Subject: int64(account),
		Before: map[string]any{"roles": before}, After: map[string]any{"roles": roles}}}, at)
}

func rolesOf(ctx context.Context, q sqlx.QueryerContext, account AccountID) ([]Role, error) {
	const query = `SELECT role FROM staff_roles WHERE account_id = $1 AND revoked_at IS NULL ORDER BY role`
	var roles []Role
	if err := sqlx.SelectContext(ctx, q, &roles, query, account); err != nil {
		return nil, fmt.Errorf("roles of account %d: %w", account, err)
	}
	return roles, nil
}

// Disable switches an account off and ends its sessions. It may be repeated.
func Disable(ctx context.Context, tx *sqlx.Tx, who store.Who, account AccountID, at time.Time) error {
	const query = `UPDATE staff_accounts SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL`
	if _, err := tx.ExecContext(ctx, query, account, at); err != nil {
		return fmt.Errorf("disable account %d: %w", account, err)
	}
	if err := endAll(ctx, tx, who.Tenant, account, 0, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "auth.account_disabled", Kind: "account", Subject: int64(account)}}, at)
}

// FindAccount returns the organization and account that an e-mail address signs
// in to, for commands of the server's owner. An unknown one is ErrNoAccount.
func FindAccount(ctx context.Context, db *store.DB, keys *vault.Keyring, email string) (tenant int32, account AccountID, err error) {
	folded, err := foldEmail(email)
	if err != nil {
		return 0, 0, err
	}
	err = db.InTx0(ctx, "cli", func(tx *sqlx.Tx) error {
		l, err := findLogin(ctx, tx, emailHash(keys, folded))
		tenant, account = l.Tenant, l.Account
		return err
	})
	if err == nil && account == 0 {
		err = ErrNoAccount
	}
	return tenant, account, err
}
