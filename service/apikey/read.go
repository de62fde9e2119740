package apikey

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
)

// row is a key as the database has it.
type row struct {
	ID        ID             `db:"id"`
	Name      string         `db:"name"`
	PublicID  string         `db:"public_id"`
	Program   program.ID     `db:"program_id"`
	School    int64          `db:"school_id"`
	Funds     pq.Int64Array  `db:"funds"`
	Scopes    pq.StringArray `db:"scopes"`
	Networks  pq.StringArray `db:"networks"`
	MadeAt    time.Time      `db:"made_at"`
	MadeBy    string         `db:"made_by"`
	ExpiresAt time.Time      `db:"expires_at"`
	RevokedAt sql.NullTime   `db:"revoked_at"`
	RevokedBy string         `db:"revoked_by"`
	UsedAt    sql.NullTime   `db:"used_at"`
}

const columns = `
	k.id, k.name, k.public_id, k.program_id, coalesce(k.school_id, 0) AS school_id, k.scopes, k.networks, k.made_at, k.made_by, k.expires_at,
	k.revoked_at, coalesce(k.revoked_by, '') AS revoked_by, k.used_at,
	ARRAY(SELECT f.fund_id FROM api_key_funds f WHERE f.tenant_id = k.tenant_id AND f.key_id = k.id ORDER BY f.fund_id) AS funds`

func (r row) key() (Key, error) {
	k := Key{ID: r.ID, Name: r.Name, PublicID: r.PublicID, Program: r.Program, School: program.SchoolID(r.School), MadeAt: r.MadeAt, MadeBy: r.MadeBy,
		ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt.Time, RevokedBy: r.RevokedBy, UsedAt: r.UsedAt.Time}
	for _, f := range r.Funds {
		k.Funds = append(k.Funds, ledger.FundID(f))
	}
	for _, s := range r.Scopes {
		k.Scopes = append(k.Scopes, Scope(s))
	}
	for _, n := range r.Networks {
		prefix, err := netip.ParsePrefix(n)
		if err != nil {
			return Key{}, fmt.Errorf("networks of key %d: %w", r.ID, err)
		}
		k.Networks = append(k.Networks, prefix)
	}
	return k, nil
}

// All returns a program's keys: the newest first, past ones too.
func All(ctx context.Context, q sqlx.QueryerContext, p program.ID) ([]Key, error) {
	const query = `SELECT ` + columns + ` FROM api_keys k WHERE k.program_id = $1 ORDER BY k.id DESC`
	return read(ctx, q, query, p)
}

// Load returns one of a program's keys, or ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ID) (Key, error) {
	const query = `SELECT ` + columns + ` FROM api_keys k WHERE k.program_id = $1 AND k.id = $2`
	return one(ctx, q, query, p, id)
}

// ByPublicID returns one of a program's keys by the part that is no secret, or
// ErrNone.
func ByPublicID(ctx context.Context, q sqlx.QueryerContext, p program.ID, public string) (Key, error) {
	const query = `SELECT ` + columns + ` FROM api_keys k WHERE k.program_id = $1 AND k.public_id = $2`
	return one(ctx, q, query, p, public)
}

func one(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (Key, error) {
	found, err := read(ctx, q, query, args...)
	if err != nil {
		return Key{}, err
	}
	if len(found) == 0 {
		return Key{}, ErrNone
	}
	return found[0], nil
}

func read(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) ([]Key, error) {
	var rows []row
	if err := sqlx.SelectContext(ctx, q, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	out := make([]Key, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.key(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
