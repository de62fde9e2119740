package activation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
	"seedbook/service/vault"
)

// A PIN has six to twelve digits.
const (
	minPIN = 6
	maxPIN = 12
)

// checkPIN refuses what is too short, too long, or tried first by everybody:
// one digit repeated, two by turns, and runs up or down.
func checkPIN(pin string) error {
	refuse := ErrPIN.With(map[string]any{"least": minPIN, "most": maxPIN}).At("pin")
	if len(pin) < minPIN || len(pin) > maxPIN || strings.Trim(pin, "0123456789") != "" {
		return refuse
	}
	turns := true
	up, down := true, true
	for i := 1; i < len(pin); i++ {
		up = up && pin[i]-'0' == (pin[i-1]-'0'+1)%10
		down = down && pin[i]-'0' == (pin[i-1]-'0'+9)%10
		turns = turns && (i < 2 || pin[i] == pin[i-2])
	}
	if turns || up || down {
		return refuse
	}
	return nil
}

// pinOf is the hash of an account's PIN, "" where there is no account that works.
func pinOf(ctx context.Context, q sqlx.QueryerContext, account AccountID) (hash string, err error) {
	err = sqlx.GetContext(ctx, q, &hash, `SELECT pin_hash FROM guardian_accounts WHERE id = $1 AND disabled_at IS NULL`, account)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find guardian %d: %w", account, err)
	}
	return hash, nil
}

// readPIN is pinOf in a transaction of its own; it reads also where there is no
// account.
func readPIN(ctx context.Context, db *store.DB, c contact) (hash string, err error) {
	err = db.Read(ctx, store.Who{Tenant: c.Tenant, Actor: "activation"}, func(q sqlx.QueryerContext) error {
		hash, err = pinOf(ctx, q, c.Account)
		return err
	})
	return hash, err
}

// hashPIN hashes a PIN that may be chosen.
func hashPIN(ctx context.Context, keys *vault.Keyring, pin string) (string, error) {
	if err := checkPIN(pin); err != nil {
		return "", err
	}
	return hash(ctx, keys, strong, "pin", pin)
}
