package auth

import (
	"context"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// ByEmail returns whom an e-mail address signs in, for commands of the server's
// owner that act for somebody. An unknown or disabled account is ErrNoAccount.
func ByEmail(ctx context.Context, db *store.DB, keys *vault.Keyring, email string) (p Principal, err error) {
	tenant, account, err := FindAccount(ctx, db, keys, email)
	if err != nil {
		return Principal{}, err
	}
	err = db.InTx(ctx, store.Who{Tenant: tenant, Actor: "cli"}, func(tx *sqlx.Tx) error {
		p, _, err = loadPrincipal(ctx, tx, keys, tenant, account)
		return err
	})
	return p, err
}
