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

// Trial is what a trial of a rule book found.
type Trial struct {
	Hash  string      `db:"hash"`
	AsOf  ledger.Date `db:"as_of"`
	By    string      `db:"made_by"`
	At    time.Time   `db:"made_at"`
	Found string      `db:"found"` // JSON, as whoever tried it wrote it
}

// KeepTrial keeps what a trial found with the book's hash.
func KeepTrial(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, t Trial) error {
	const query = `
		INSERT INTO program_rule_book_trials (tenant_id, program_id, hash, as_of, made_by, made_at, found)
		VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS jsonb))`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, id, t.Hash, t.AsOf, who.Actor, t.At, t.Found); err != nil {
		return fmt.Errorf("keep the trial of rule book %.12s: %w", t.Hash, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "program.rules_tried", Kind: "program", Subject: int64(id), Program: int32(id), After: map[string]any{"hash": t.Hash},
	}}, t.At)
}

// LastTrial returns the newest trial of a book, or false where there was none.
func LastTrial(ctx context.Context, q sqlx.QueryerContext, id ID, hash string) (t Trial, ok bool, err error) {
	const query = `
		SELECT hash, as_of, made_by, made_at, CAST(found AS text) AS found FROM program_rule_book_trials
		WHERE program_id = $1 AND hash = $2
		ORDER BY id DESC LIMIT 1`
	err = sqlx.GetContext(ctx, q, &t, query, id, hash)
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("last trial of rule book %.12s: %w", hash, err)
	}
	return t, true, nil
}
