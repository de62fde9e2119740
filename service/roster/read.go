package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

type batchRecord struct {
	ID         ID             `db:"id"`
	Kind       string         `db:"kind"`
	Source     string         `db:"source"`
	FileName   string         `db:"file_name"`
	SHA256     []byte         `db:"sha256"`
	Mode       string         `db:"mode"`
	State      State          `db:"state"`
	Counts     string         `db:"counts"`
	Preview    string         `db:"preview"`
	Groups     int            `db:"groups"`
	DoneGroups int            `db:"done_groups"`
	EnrollOn   ledger.Date    `db:"enroll_on"`
	ReceivedBy string         `db:"received_by"`
	ReceivedAt time.Time      `db:"received_at"`
	AppliedBy  sql.NullString `db:"applied_by"`
	AppliedAt  sql.NullTime   `db:"applied_at"`
	Purged     bool           `db:"purged"`
}

const batchColumns = `b.id, b.kind, s.name AS source, b.file_name, b.sha256, b.mode, b.state, b.counts, b.preview, b.groups, b.done_groups,
	b.enroll_on, b.received_by, b.received_at, b.applied_by, b.applied_at, b.purged_at IS NOT NULL AS purged`

func (r batchRecord) batch() (Batch, error) {
	b := Batch{
		ID: r.ID, Kind: r.Kind, Source: r.Source, FileName: r.FileName, SHA256: r.SHA256, Mode: r.Mode, State: r.State,
		Groups: r.Groups, DoneGroups: r.DoneGroups, EnrollOn: r.EnrollOn, ReceivedBy: r.ReceivedBy, ReceivedAt: r.ReceivedAt,
		AppliedBy: r.AppliedBy.String, AppliedAt: r.AppliedAt.Time, Purged: r.Purged,
	}
	if err := errors.Join(json.Unmarshal([]byte(r.Counts), &b.Counts), json.Unmarshal([]byte(r.Preview), &b.Preview)); err != nil {
		return Batch{}, fmt.Errorf("roster %d: %w", r.ID, err)
	}
	return b, nil
}

// Load returns a batch, or ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ID) (Batch, error) {
	const query = `
		SELECT ` + batchColumns + `
		FROM roster_batches b JOIN roster_sources s ON s.tenant_id = b.tenant_id AND s.id = b.source_id
		WHERE b.program_id = $1 AND b.id = $2`
	var r batchRecord
	err := sqlx.GetContext(ctx, q, &r, query, p, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Batch{}, ErrNone
	}
	if err != nil {
		return Batch{}, fmt.Errorf("roster %d: %w", id, err)
	}
	return r.batch()
}

// noBatch is ErrNone where a batch was not found.
func noBatch(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNone
	}
	return err
}

// Batches returns a program's files, newest first, before a given one (0: from
// the newest).
func Batches(ctx context.Context, q sqlx.QueryerContext, p program.ID, before ID, limit int) ([]Batch, error) {
	const query = `
		SELECT ` + batchColumns + `
		FROM roster_batches b JOIN roster_sources s ON s.tenant_id = b.tenant_id AND s.id = b.source_id
		WHERE b.program_id = $1 AND (CAST($2 AS bigint) = 0 OR b.id < $2)
		ORDER BY b.id DESC LIMIT $3`
	var records []batchRecord
	if err := sqlx.SelectContext(ctx, q, &records, query, p, before, limit); err != nil {
		return nil, fmt.Errorf("rosters: %w", err)
	}
	out := make([]Batch, len(records))
	for i, r := range records {
		b, err := r.batch()
		if err != nil {
			return nil, err
		}
		out[i] = b
	}
	return out, nil
}

// Rows returns the rows of a batch with a finding, in the order of the file's
// families, after a given one.
func Rows(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, id ID, finding Finding, after, limit int) ([]Row, error) {
	const query = `
		WHERE batch_id = $1 AND finding = $2 AND n > $3 AND sealed IS NOT NULL
		ORDER BY n LIMIT $4`
	return readRows(ctx, q, who, keys, id, rowColumns+query, id, string(finding), after, limit)
}

const rowColumns = `
		SELECT n, file, line, finding, reason, coalesce(child_id, 0), school_code, grade, sealed,
		       settled, coalesce(settled_child, 0), settled_why, settled_note, coalesce(settled_by, ''), settled_at, settled_no, applied
		FROM roster_rows`

func readRows(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, id ID, query string, args ...any) ([]Row, error) {
	rows, err := q.QueryxContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("rows of roster %d: %w", id, err)
	}
	defer rows.Close()
	var out []Row
	for rows.Next() {
		var r Row
		var sealed []byte
		var at sql.NullTime
		s := &r.Settled
		err := rows.Scan(&r.N, &r.File, &r.Line, &r.Finding, &r.Reason, &r.Child, &r.School, &r.Grade, &sealed,
			&s.Answer, &s.Child, &s.Why, &s.Note, &s.By, &at, &s.No, &s.Applied)
		if err != nil {
			return nil, fmt.Errorf("rows of roster %d: %w", id, err)
		}
		if r.Said, err = openRow(who, keys, id, r.N, sealed); err != nil {
			return nil, err
		}
		s.At = at.Time
		r.Name, r.BornOn = person(r.Said).ListName(), r.Said.BornOn
		out = append(out, r)
	}
	return out, rows.Err()
}

// Problems returns what is wrong with rows of a batch, in the order of the
// file, after a given number of them.
func Problems(ctx context.Context, q sqlx.QueryerContext, id ID, after, limit int) ([]Problem, error) {
	const query = `SELECT args FROM roster_problems WHERE batch_id = $1 AND n > $2 ORDER BY n LIMIT $3`
	var texts []string
	if err := sqlx.SelectContext(ctx, q, &texts, query, id, after, limit); err != nil {
		return nil, fmt.Errorf("problems of roster %d: %w", id, err)
	}
	out := make([]Problem, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal([]byte(text), &out[i]); err != nil {
			return nil, fmt.Errorf("problem of roster %d: %w", id, err)
		}
	}
	return out, nil
}
