package activation

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// ErrNoAccess reports an account that does not see the child.
var ErrNoAccess = fault.New(fault.NotFound, "activation.no_access")

// Access is an account that sees a child, or waits for somebody's decision.
type Access struct {
	Account  AccountID         `db:"account_id"`
	Guardian family.GuardianID `db:"guardian_id"` // whose it is; 0: nobody knows
	By       string            `db:"granted_by"`
	Since    time.Time         `db:"granted_at"`
	PausedAt *time.Time        `db:"paused_at"` // shows nothing until somebody decides
	Contacts []string          // as it signs in
}

// Accesses are the accounts that see a child, the oldest first.
func Accesses(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child family.ChildID) ([]Access, error) {
	const query = `
		SELECT account_id, coalesce(guardian_id, 0) AS guardian_id, granted_by, granted_at, paused_at
		FROM guardian_children WHERE child_id = $1 AND ended_at IS NULL ORDER BY account_id`
	var out []Access
	if err := sqlx.SelectContext(ctx, q, &out, query, child); err != nil {
		return nil, fmt.Errorf("accounts that see child %d: %w", child, err)
	}
	for i := range out { // two or three
		contacts, err := contactsOf(ctx, q, keys, who.Tenant, out[i].Account)
		if err != nil {
			return nil, err
		}
		out[i].Contacts = contacts
	}
	return out, nil
}

// contactsOf opens the contacts of an account.
func contactsOf(ctx context.Context, q sqlx.QueryerContext, keys *vault.Keyring, tenant int32, account AccountID) (out []string, err error) {
	var sealed [][]byte
	const query = `SELECT sealed FROM guardian_contacts WHERE tenant_id = $1 AND account_id = $2 ORDER BY kind, contact_hash`
	if err := sqlx.SelectContext(ctx, q, &sealed, query, tenant, account); err != nil {
		return nil, fmt.Errorf("contacts of guardian %d: %w", account, err)
	}
	for _, s := range sealed {
		plain, err := keys.Open(contactPlace(tenant, account), s)
		if err != nil {
			return nil, fmt.Errorf("open a contact of guardian %d: %w", account, err)
		}
		out = append(out, string(plain))
	}
	return out, nil
}

// match finds the guardian on record whose telephone number or e-mail address an
// account has verified. Two who share one are for people to tell apart.
func match(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, account AccountID, child family.ChildID) error {
	contacts, err := contactsOf(ctx, tx, keys, who.Tenant, account)
	if err != nil {
		return err
	}
	adults, err := family.GuardiansOf(ctx, tx, who, keys, child)
	if err != nil {
		return err
	}
	var found family.GuardianID
	for id, g := range adults {
		for _, c := range contacts {
			if !g.Reached(c) || id == found {
				continue
			}
			if found != 0 {
				return nil
			}
			found = id
		}
	}
	if found == 0 {
		return nil
	}
	const query = `UPDATE guardian_children SET guardian_id = $3 WHERE account_id = $1 AND child_id = $2 AND guardian_id IS NULL`
	if _, err := tx.ExecContext(ctx, query, account, child, found); err != nil {
		return fmt.Errorf("match guardian %d: %w", account, err)
	}
	return nil
}

// Withdraw ends every code that would let an adult see a child. It may be
// repeated.
func Withdraw(ctx context.Context, tx *sqlx.Tx, who store.Who, child family.ChildID, at time.Time) error {
	const query = `UPDATE activation_codes SET ended_at = $3 WHERE tenant_id = $1 AND child_id = $2 AND ended_at IS NULL`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, child, at); err != nil {
		return fmt.Errorf("withdraw codes of child %d: %w", child, err)
	}
	return nil
}

// WithdrawAll is Withdraw for a set of children.
func WithdrawAll(ctx context.Context, tx *sqlx.Tx, who store.Who, children []family.ChildID, at time.Time) error {
	const query = `UPDATE activation_codes SET ended_at = $3 WHERE tenant_id = $1 AND child_id = ANY ($2) AND ended_at IS NULL`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, pq.Array(children), at); err != nil {
		return fmt.Errorf("withdraw codes of %d children: %w", len(children), err)
	}
	return nil
}

// Pause has every account that sees a child show nothing until somebody decides
// about it, and withdraws the codes.
func Pause(ctx context.Context, tx *sqlx.Tx, who store.Who, child family.ChildID, at time.Time) error {
	const query = `UPDATE guardian_children SET paused_at = $2 WHERE child_id = $1 AND ended_at IS NULL AND paused_at IS NULL`
	done, err := tx.ExecContext(ctx, query, child, at)
	if err != nil {
		return fmt.Errorf("pause who sees child %d: %w", child, err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if n > 0 {
		err = audit.Record(ctx, tx, who, []audit.Event{{Verb: "activation.paused", Kind: "child", Subject: int64(child), After: map[string]any{"accounts": n}}}, at)
		if err != nil {
			return err
		}
	}
	return Withdraw(ctx, tx, who, child, at)
}

// Review decides about an account that sees a child, or waits: whose it is, and
// whether it goes on. What a guardian on record may see, its rights say.
func Review(ctx context.Context, tx *sqlx.Tx, who store.Who, child family.ChildID, account AccountID, guardian family.GuardianID, on bool, at time.Time) error {
	const query = `
		UPDATE guardian_children
		SET guardian_id = nullif(CAST($3 AS bigint), 0), paused_at = NULL, ended_at = CASE WHEN $4 THEN NULL ELSE CAST($5 AS timestamptz) END
		WHERE account_id = $1 AND child_id = $2 AND ended_at IS NULL`
	done, err := tx.ExecContext(ctx, query, account, child, guardian, on, at)
	if store.Violates(err, "guardian_children_guardian_fkey") {
		return family.ErrNoGuardian.At("guardian")
	}
	if err != nil {
		return fmt.Errorf("review guardian %d: %w", account, err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return ErrNoAccess
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "activation.reviewed", Kind: "child", Subject: int64(child),
		After: map[string]any{"account": account, "guardian": guardian, "goes_on": on}}}, at)
}

// May reports, as ErrMayNot, that a guardian has no right for a child on the
// program's day.
func May(ctx context.Context, q sqlx.QueryerContext, g Guardian, h Held, right family.Right, at time.Time) error {
	const query = `
		SELECT guardian_may(c.tenant_id, c.child_id, c.guardian_id, $5, CAST(CAST($3 AS timestamptz) AT TIME ZONE p.time_zone AS date))
		FROM guardian_children c JOIN programs p ON p.tenant_id = c.tenant_id AND p.id = $4
		WHERE c.account_id = $1 AND c.child_id = $2 AND c.ended_at IS NULL AND c.paused_at IS NULL`
	var may []bool
	if err := sqlx.SelectContext(ctx, q, &may, query, g.Account, h.Child, at, h.Program, right); err != nil {
		return fmt.Errorf("what guardian %d may: %w", g.Account, err)
	}
	if len(may) == 0 || !may[0] {
		return ErrMayNot
	}
	return nil
}
