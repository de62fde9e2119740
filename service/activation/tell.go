package activation

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// toldFor is how long it is of use to tell a guardian of another one.
const toldFor = 48 * time.Hour

// tellOthers writes to the guardians who see the child already that another
// adult will: who comes in by facts alone shall not do so unnoticed. An account
// that sees the child itself tells nobody, and whoever has no right to be written
// to, or waits for somebody's decision, is not told.
func (e entry) tellOthers(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, account AccountID, at time.Time) error {
	const query = `
		SELECT a.id, a.language, k.kind, k.sealed
		FROM guardian_children c
		JOIN guardian_accounts a ON a.tenant_id = c.tenant_id AND a.id = c.account_id AND a.disabled_at IS NULL
		JOIN guardian_contacts k ON k.tenant_id = a.tenant_id AND k.account_id = a.id
		WHERE c.child_id = $1 AND c.ended_at IS NULL AND c.paused_at IS NULL AND a.id <> $2
		  AND EXISTS (SELECT FROM enrollments e JOIN programs p ON p.tenant_id = e.tenant_id AND p.id = e.program_id
		              WHERE e.child_id = c.child_id
		                AND guardian_may(c.tenant_id, c.child_id, c.guardian_id, 'notify', CAST(CAST($3 AS timestamptz) AT TIME ZONE p.time_zone AS date)))
		  AND NOT EXISTS (SELECT FROM guardian_children o WHERE o.child_id = $1 AND o.account_id = $2 AND o.ended_at IS NULL)
		ORDER BY a.id, k.contact_hash`
	var others []struct {
		Account AccountID      `db:"id"`
		Lang    string         `db:"language"`
		Kind    notify.Channel `db:"kind"`
		Sealed  []byte         `db:"sealed"`
	}
	if err := tx.SelectContext(ctx, &others, query, e.Child, account, at); err != nil {
		return fmt.Errorf("other guardians of child %d: %w", e.Child, err)
	}
	if len(others) == 0 {
		return nil
	}
	program, err := programName(ctx, tx)
	if err != nil {
		return err
	}
	for i, o := range others { // a family's, one or two
		to, err := keys.Open(contactPlace(e.Tenant, o.Account), o.Sealed)
		if err != nil {
			return fmt.Errorf("open a contact: %w", err)
		}
		w := i18n.For(o.Lang)
		args := i18n.Args{"program": program}
		m := notify.Message{
			Key: fmt.Sprintf("guardian-added/%x/%d", e.hash[:12], i), Channel: o.Kind, To: string(to), Lang: w.Lang(),
			Subject: w.T("activation.added_subject", args), Text: w.T("activation.added", args), Until: at.Add(toldFor),
		}
		if err := notify.Enqueue(ctx, tx, store.Who{Tenant: e.Tenant, Actor: "activation"}, keys, m, at); err != nil {
			return err
		}
	}
	return nil
}
