package apikey

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// seenEvery bounds how often a key's last request is written down.
const seenEvery = time.Minute

// Admit returns who calls with a key from an address, with what the key may do
// at this moment: a key that was withdrawn is worthless at the next request. A
// key that is unknown, withdrawn or too old is ErrKey; a good one from another
// network than its own is ErrNetwork.
func Admit(ctx context.Context, db *store.DB, keys *vault.Keyring, token string, from netip.Addr, at time.Time) (c Caller, err error) {
	public, ok := publicID(token)
	if !ok {
		return Caller{}, ErrKey
	}
	err = db.InTx0(ctx, "key", func(tx *sqlx.Tx) error {
		c, err = admit(ctx, tx, keys, token, public, at)
		return err
	})
	if err != nil {
		return Caller{}, err
	}
	if !allowed(c.Networks, from) {
		return Caller{}, ErrNetwork
	}
	return c, nil
}

func admit(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, token, public string, at time.Time) (Caller, error) {
	var found struct {
		Tenant int32  `db:"tenant_id"`
		Key    ID     `db:"key_id"`
		Hash   []byte `db:"hash"`
	}
	const query = `SELECT tenant_id, key_id, hash FROM api_key_hashes WHERE public_id = $1`
	err := tx.GetContext(ctx, &found, query, public)
	if errors.Is(err, sql.ErrNoRows) {
		return Caller{}, ErrKey
	}
	if err != nil {
		return Caller{}, fmt.Errorf("find key: %w", err)
	}
	if !hmac.Equal(found.Hash, hashOf(keys, token)) {
		return Caller{}, ErrKey
	}
	// The key has named the tenant; the rest is read as that tenant.
	const enter = `SELECT set_config('app.tenant', $1, true)`
	if _, err := tx.ExecContext(ctx, enter, strconv.Itoa(int(found.Tenant))); err != nil {
		return Caller{}, fmt.Errorf("enter organization %d: %w", found.Tenant, err)
	}
	const load = `SELECT ` + columns + ` FROM api_keys k WHERE k.id = $1`
	k, err := one(ctx, tx, load, found.Key)
	if err != nil {
		return Caller{}, err
	}
	if !k.Live(at) {
		return Caller{}, ErrKey
	}
	if at.Sub(k.UsedAt) >= seenEvery {
		const used = `UPDATE api_keys SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $2)`
		if _, err := tx.ExecContext(ctx, used, k.ID, at); err != nil {
			return Caller{}, fmt.Errorf("note use of key %d: %w", k.ID, err)
		}
	}
	c := Caller{Key: k, Tenant: found.Tenant}
	c.Program, err = program.Load(ctx, tx, k.Program)
	return c, err
}

// allowed reports an address within one of the networks, or no networks.
func allowed(networks []netip.Prefix, from netip.Addr) bool {
	return len(networks) == 0 || slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(from.Unmap()) })
}
