package program

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/store"
)

// Foreseen is what a forecast of a program found.
type Foreseen struct {
	Change string      `db:"change"` // whose cost was asked; "" for the rules as they are
	Hash   string      `db:"hash"`   // of the book in effect
	AsOf   ledger.Date `db:"as_of"`
	By     string      `db:"made_by"`
	At     time.Time   `db:"made_at"`
	Found  string      `db:"found"` // JSON, as whoever foresaw it wrote it
}

const foreseenColumns = `change, hash, as_of, made_by, made_at, CAST(found AS text) AS found`

// KeepForecast keeps what a forecast found.
func KeepForecast(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, f Foreseen) error {
	const query = `
		INSERT INTO program_forecasts (tenant_id, program_id, change, hash, as_of, made_by, made_at, found)
		VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS jsonb))`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, id, f.Change, f.Hash, f.AsOf, who.Actor, f.At, f.Found); err != nil {
		return fmt.Errorf("keep the forecast as of %s: %w", f.AsOf, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "program.foreseen", Kind: "program", Subject: int64(id), Program: int32(id),
		After: map[string]any{"hash": f.Hash, "as_of": f.AsOf, "change": f.Change},
	}}, f.At)
}

// LastForecast returns the newest forecast under a change, or false where there
// was none.
func LastForecast(ctx context.Context, q sqlx.QueryerContext, id ID, change string) (f Foreseen, ok bool, err error) {
	const query = `
		SELECT ` + foreseenColumns + ` FROM program_forecasts
		WHERE program_id = $1 AND change = $2
		ORDER BY id DESC LIMIT 1`
	err = sqlx.GetContext(ctx, q, &f, query, id, change)
	if errors.Is(err, sql.ErrNoRows) {
		return f, false, nil
	}
	if err != nil {
		return f, false, fmt.Errorf("last forecast of program %d: %w", id, err)
	}
	return f, true, nil
}

// CostedChanges returns the newest forecast under each change that was asked
// about, the newest first.
func CostedChanges(ctx context.Context, q sqlx.QueryerContext, id ID, limit int) ([]Foreseen, error) {
	const query = `
		SELECT ` + foreseenColumns + ` FROM program_forecasts
		WHERE id IN (SELECT max(id) FROM program_forecasts WHERE program_id = $1 AND change <> '' GROUP BY change)
		  AND program_id = $1
		ORDER BY id DESC LIMIT $2`
	var fs []Foreseen
	if err := sqlx.SelectContext(ctx, q, &fs, query, id, limit); err != nil {
		return nil, fmt.Errorf("changes of program %d: %w", id, err)
	}
	return fs, nil
}
