package apikey

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// New is a key to be made.
type New struct {
	Name     string
	Funds    []string         // codes of the program's funds, for a funder's key
	School   program.SchoolID // for a school's key
	Scopes   []Scope
	Networks []string // CIDR, or single addresses; none: from everywhere
	Days     int      // life; 1 to MaxDays
}

// Made is a key that was just made. Token is the key itself: nobody can show it
// again.
type Made struct {
	Key
	Token string
}

// Make makes a key for a program. Two of a name may live at once; of those, one
// that is too old makes room for a new one.
func Make(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, n New, at time.Time) (Made, error) {
	k, err := checked(ctx, tx, p, n, at)
	if err != nil {
		return Made{}, err
	}
	k.MadeBy = who.Actor
	slot, err := freeSlot(ctx, tx, who, k.Name, at)
	if err != nil {
		return Made{}, err
	}
	made := Made{Key: k}
	made.PublicID, made.Token = newToken()
	if err := insert(ctx, tx, who, keys, &made, slot); err != nil {
		return Made{}, err
	}
	return made, audit.Record(ctx, tx, who, []audit.Event{{Verb: "apikey.made", Kind: "key", Subject: int64(made.ID), Program: int32(p.ID),
		After: map[string]any{"public": made.PublicID, "scopes": k.Scopes, "funds": k.Funds, "school": k.School, "networks": k.Networks, "expires": k.ExpiresAt}}}, at)
}

// checked is the key that is asked for, or what is wrong with it.
func checked(ctx context.Context, q sqlx.QueryerContext, p program.Program, n New, at time.Time) (Key, error) {
	k := Key{Name: strings.TrimSpace(n.Name), Program: p.ID, School: n.School, MadeAt: at, ExpiresAt: at.AddDate(0, 0, n.Days)}
	switch {
	case k.Name == "" || len([]rune(k.Name)) > 100:
		return Key{}, ErrName.At("name")
	case n.Days < 1 || n.Days > MaxDays:
		return Key{}, ErrDays.With(map[string]any{"n": MaxDays}).At("days")
	case len(n.Funds) > 0 && n.School != 0:
		return Key{}, ErrBothBound.At("school")
	}
	if err := checkScopes(n); err != nil {
		return Key{}, err
	}
	k.Scopes = slices.Compact(slices.Sorted(slices.Values(n.Scopes)))
	for _, code := range n.Funds {
		f, err := fund.ByCode(ctx, q, p.ID, code)
		if err != nil {
			return Key{}, err
		}
		k.Funds = append(k.Funds, f.ID)
	}
	var err error
	if k.Networks, err = Networks(n.Networks); err != nil {
		return Key{}, err
	}
	return k, nil
}

// Networks reads networks and single addresses.
func Networks(texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, wrong := netip.ParseAddr(text)
			if wrong != nil {
				return nil, ErrCIDR.With(map[string]any{"network": text}).At("networks")
			}
			prefix = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}

// freeSlot is one of the two places of a name. A key that is too old leaves its
// place.
func freeSlot(ctx context.Context, tx *sqlx.Tx, who store.Who, name string, at time.Time) (int, error) {
	const leave = `
		UPDATE api_keys SET revoked_at = $2, revoked_by = $3
		WHERE name = $1 AND revoked_at IS NULL AND expires_at <= $2`
	if _, err := tx.ExecContext(ctx, leave, name, at, who.Actor); err != nil {
		return 0, fmt.Errorf("leave places of a name: %w", err)
	}
	const query = `SELECT slot FROM api_keys WHERE name = $1 AND revoked_at IS NULL`
	var taken []int
	if err := tx.SelectContext(ctx, &taken, query, name); err != nil {
		return 0, fmt.Errorf("find a place for a key: %w", err)
	}
	for slot := 1; slot <= 2; slot++ {
		if !slices.Contains(taken, slot) {
			return slot, nil
		}
	}
	return 0, ErrTwo.At("name")
}

func insert(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, k *Made, slot int) error {
	const key = `
		INSERT INTO api_keys (tenant_id, name, slot, public_id, program_id, school_id, scopes, networks, made_at, made_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, nullif(CAST($6 AS bigint), 0), $7, $8, $9, $10, $11)
		RETURNING id`
	scopes, networks := make([]string, len(k.Scopes)), make([]string, len(k.Networks))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	for i, n := range k.Networks {
		networks[i] = n.String()
	}
	err := tx.GetContext(ctx, &k.ID, key, who.Tenant, k.Name, slot, k.PublicID, k.Program, int64(k.School), pq.Array(scopes), pq.Array(networks),
		k.MadeAt, k.MadeBy, k.ExpiresAt)
	switch {
	case store.Violates(err, "api_keys_school_fkey"):
		return ErrSchool.At("school")
	case store.Violates(err, "api_keys_live_key"): // two made at once
		return ErrTwo.At("name")
	case err != nil:
		return fmt.Errorf("make a key: %w", err)
	}
	const hash = `INSERT INTO api_key_hashes (public_id, tenant_id, key_id, hash) VALUES ($1, $2, $3, $4)`
	if _, err := tx.ExecContext(ctx, hash, k.PublicID, who.Tenant, k.ID, hashOf(keys, k.Token)); err != nil {
		return fmt.Errorf("keep key %d: %w", k.ID, err)
	}
	return bind(ctx, tx, who, k.ID, k.Funds)
}

func bind(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, funds []ledger.FundID) error {
	const query = `
		INSERT INTO api_key_funds (tenant_id, key_id, fund_id)
		SELECT DISTINCT CAST($1 AS integer), CAST($2 AS bigint), fund FROM unnest(CAST($3 AS integer[])) AS fund`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, id, pq.Array(funds)); err != nil {
		return fmt.Errorf("bind key %d: %w", id, err)
	}
	return nil
}

// Revoke withdraws a key: from the next request on it is worthless. It may be
// repeated.
func Revoke(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, id ID, at time.Time) error {
	k, err := Load(ctx, tx, p, id)
	if err != nil || !k.RevokedAt.IsZero() {
		return err
	}
	const query = `UPDATE api_keys SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL`
	if _, err := tx.ExecContext(ctx, query, id, at, who.Actor); err != nil {
		return fmt.Errorf("revoke key %d: %w", id, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "apikey.revoked", Kind: "key", Subject: int64(id), Program: int32(p),
		After: map[string]any{"public": k.PublicID}}}, at)
}
