package custody

import (
	"context"
	"slices"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// Number opens the number of one of a custodian's accounts, for a file that the
// custodian itself is handed.
func Number(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, c Custodian, id AccountID) (string, error) {
	i := slices.IndexFunc(c.Accounts, func(a Account) bool { return a.ID == id })
	if i < 0 {
		return "", ErrNone
	}
	return number(ctx, q, who, keys, c.ID, c.Accounts[i])
}
