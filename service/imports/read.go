package imports

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/tabular"
)

// File is an import as it stands.
type File struct {
	ID          ID
	Kind        Kind
	Source      Source
	Name        string
	Format      tabular.Format
	Encoding    string
	SHA256      []byte
	State       State
	Counts      Counts
	Done        int
	DepositFile int64
	ReceivedBy  string
	ReceivedAt  time.Time
	AppliedBy   string
	AppliedAt   time.Time
	UndoneBy    string
	UndoneAt    time.Time
	UndoRef     string
	Purged      bool
}

// Load returns a file, or ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, d Desk, id ID) (f File, err error) {
	const query = `
		SELECT f.id, f.kind, f.file_name, f.format, f.encoding, f.sha256, f.state, f.counts, f.done, coalesce(f.deposit_file_id, 0),
		       f.received_by, f.received_at, coalesce(f.applied_by, ''), f.applied_at, coalesce(f.undone_by, ''), f.undone_at, f.undo_ref,
		       f.purged_at IS NOT NULL, s.id, s.name, s.agreement, s.agreement_until, s.noted_by, s.noted_at
		FROM import_files f JOIN import_sources s ON s.tenant_id = f.tenant_id AND s.id = f.source_id
		WHERE f.program_id = $1 AND f.id = $2`
	var counts string
	var applied, undone sql.NullTime
	err = q.QueryRowxContext(ctx, query, d.Program.ID, id).Scan(&f.ID, &f.Kind, &f.Name, &f.Format, &f.Encoding, &f.SHA256, &f.State, &counts, &f.Done, &f.DepositFile,
		&f.ReceivedBy, &f.ReceivedAt, &f.AppliedBy, &applied, &f.UndoneBy, &undone, &f.UndoRef,
		&f.Purged, &f.Source.ID, &f.Source.Name, &f.Source.Agreement, &f.Source.Until, &f.Source.NotedBy, &f.Source.NotedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNone
	}
	if err == nil {
		err = json.Unmarshal([]byte(counts), &f.Counts)
	}
	if err != nil {
		return f, fmt.Errorf("import %d: %w", id, err)
	}
	f.AppliedAt, f.UndoneAt = applied.Time, undone.Time
	return f, nil
}

// Line is one import of any kind in a program's list.
type Line struct {
	Kind      Kind        `db:"kind"`
	ID        int64       `db:"id"`
	Name      string      `db:"file_name"`
	Source    string      `db:"source"`
	Agreement string      `db:"agreement"`
	Until     ledger.Date `db:"agreement_until"`
	State     string      `db:"state"`
	Rows      int         `db:"rows"`
	New       int         `db:"new"`
	Rejected  int         `db:"rejected"`
	Open      int         `db:"open"` // doubtful rows that wait for a person
	By        string      `db:"received_by"`
	At        time.Time   `db:"received_at"`
}

// Filter narrows the list.
type Filter struct {
	Kind   Kind      // "": all
	State  string    // "": all
	Before time.Time // zero: from the newest
}

// List returns a program's imports of all kinds, newest first.
func List(ctx context.Context, q sqlx.QueryerContext, p program.ID, f Filter, limit int) (all []Line, err error) {
	const query = `
		SELECT * FROM (
			SELECT f.kind, f.id, f.file_name, s.name AS source, s.agreement, s.agreement_until, f.state,
			       coalesce(CAST(CAST(f.counts AS jsonb) #>> '{rows}' AS integer), 0) AS rows,
			       coalesce(CAST(CAST(f.counts AS jsonb) #>> '{by,new}' AS integer), 0) AS new,
			       coalesce(CAST(CAST(f.counts AS jsonb) #>> '{by,rejected}' AS integer), 0) AS rejected,
			       0 AS open, f.received_by, f.received_at
			FROM import_files f JOIN import_sources s ON s.tenant_id = f.tenant_id AND s.id = f.source_id
			WHERE f.program_id = $1
			UNION ALL
			SELECT b.kind, b.id, b.file_name, r.name, coalesce(s.agreement, ''), s.agreement_until,
			       CASE b.state WHEN 'staged' THEN 'checked' ELSE b.state END,
			       coalesce(CAST(CAST(b.counts AS jsonb) #>> '{rows}' AS integer), 0),
			       coalesce(CAST(CAST(b.counts AS jsonb) #>> '{by,new}' AS integer), 0),
			       coalesce(CAST(CAST(b.counts AS jsonb) #>> '{quarantined}' AS integer), 0),
			       coalesce(CAST(CAST(b.counts AS jsonb) #>> '{by,doubtful}' AS integer), 0)
			         + coalesce(CAST(CAST(b.counts AS jsonb) #>> '{by,review}' AS integer), 0)
			         - coalesce(CAST(CAST(b.counts AS jsonb) #>> '{settled,same}' AS integer), 0)
			         - coalesce(CAST(CAST(b.counts AS jsonb) #>> '{settled,new}' AS integer), 0)
			         - coalesce(CAST(CAST(b.counts AS jsonb) #>> '{settled,out}' AS integer), 0),
			       b.received_by, b.received_at
			FROM roster_batches b
			JOIN roster_sources r ON r.tenant_id = b.tenant_id AND r.id = b.source_id
			LEFT JOIN import_sources s ON s.tenant_id = r.tenant_id AND s.program_id = r.program_id AND s.name = r.name
			WHERE b.program_id = $1
		) i
		WHERE (CAST($2 AS text) = '' OR kind = $2) AND (CAST($3 AS text) = '' OR state = $3)
		  AND (CAST($4 AS timestamptz) IS NULL OR received_at < $4)
		ORDER BY received_at DESC, kind, id DESC LIMIT $5`
	before := sql.NullTime{Time: f.Before, Valid: !f.Before.IsZero()}
	if err := sqlx.SelectContext(ctx, q, &all, query, p, string(f.Kind), f.State, before, limit); err != nil {
		return nil, fmt.Errorf("imports of program %d: %w", p, err)
	}
	return all, nil
}

// Rows returns rows of a file with an outcome ("": any), by line, after a given
// line.
func Rows(ctx context.Context, q sqlx.QueryerContext, id ID, outcome Outcome, after, limit int) ([]Row, error) {
	const query = `
		SELECT line, outcome, coalesce(child_id, 0), what, reference, coalesce(amount, 0), problems
		FROM import_rows
		WHERE file_id = $1 AND (CAST($2 AS text) = '' OR outcome = $2) AND line > $3
		ORDER BY line LIMIT $4`
	found, err := q.QueryxContext(ctx, query, id, string(outcome), after, limit)
	if err != nil {
		return nil, fmt.Errorf("rows of import %d: %w", id, err)
	}
	defer found.Close()
	var out []Row
	for found.Next() {
		var r Row
		var problems string
		if err := found.Scan(&r.Line, &r.Outcome, &r.Child, &r.What, &r.Reference, &r.Amount, &problems); err != nil {
			return nil, fmt.Errorf("rows of import %d: %w", id, err)
		}
		if problems != "" {
			if err := json.Unmarshal([]byte(problems), &r.Problems); err != nil {
				return nil, fmt.Errorf("row %d of import %d: %w", r.Line, id, err)
			}
		}
		out = append(out, r)
	}
	return out, found.Err()
}

// Table opens the text of a file: header and cells, for its columns' page, its
// preview and the file of rejected rows. lines limits it to some lines; nil: the
// first limit rows.
func Table(ctx context.Context, q sqlx.QueryerContext, d Desk, id ID, lines map[int]bool, limit int) (header []string, rows map[int][]string, err error) {
	const query = `SELECT id, file_name, sealed FROM import_files WHERE program_id = $1 AND id = $2`
	var f file
	err = sqlx.GetContext(ctx, q, &f, query, d.Program.ID, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, ErrNone
	}
	if err != nil {
		return nil, nil, fmt.Errorf("import %d: %w", id, err)
	}
	text, err := f.text(d)
	if err != nil {
		return nil, nil, err
	}
	limits := tabular.Default
	limits.Bytes = max(limits.Bytes, len(text))
	t, err := tabular.Open(f.Name, text, limits)
	if err != nil {
		return nil, nil, err
	}
	rows = map[int][]string{}
	for lines != nil || len(rows) < limit {
		r, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if lines == nil || lines[r.Line] {
			rows[r.Line] = append([]string(nil), r.Cells...)
		}
	}
	return t.Header, rows, nil
}
