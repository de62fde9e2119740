package imports

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/program"
	"seedbook/service/tabular"
)

// Source is who sends files, and by which agreement.
type Source struct {
	ID        int64       `db:"id"`
	Name      string      `db:"name"`
	Agreement string      `db:"agreement"` // "": none is noted
	Until     ledger.Date `db:"agreement_until"`
	NotedBy   string      `db:"noted_by"`
	NotedAt   time.Time   `db:"noted_at"`
}

// Expired reports an agreement that has ended before a day.
func (s Source) Expired(on ledger.Date) bool { return !s.Until.IsZero() && on.After(s.Until) }

// Sources returns who sends files to a program, rosters included, by name.
func Sources(ctx context.Context, q sqlx.QueryerContext, p program.ID) (all []Source, err error) {
	const query = `
		SELECT id, name, agreement, agreement_until, noted_by, noted_at FROM import_sources WHERE program_id = $1
		UNION ALL
		SELECT 0, r.name, '', NULL, '', r.created_at FROM roster_sources r
		WHERE r.program_id = $1 AND NOT EXISTS (SELECT FROM import_sources s WHERE s.tenant_id = r.tenant_id AND s.program_id = r.program_id AND s.name = r.name)
		ORDER BY name`
	if err := sqlx.SelectContext(ctx, q, &all, query, p); err != nil {
		return nil, fmt.Errorf("sources of program %d: %w", p, err)
	}
	return all, nil
}

// NoteAgreement notes by which agreement a source sends files, and until when.
func NoteAgreement(ctx context.Context, tx *sqlx.Tx, d Desk, name, agreement string, until ledger.Date) error {
	s, err := putSource(ctx, tx, d, name)
	if err != nil {
		return err
	}
	const query = `
		UPDATE import_sources SET agreement = $2, agreement_until = $3, noted_by = $4, noted_at = $5 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, s.ID, agreement, until, d.Actor, d.At); err != nil {
		return fmt.Errorf("note agreement of source %d: %w", s.ID, err)
	}
	return audit.Record(ctx, tx, d.Who, []audit.Event{{
		Verb: "imports.agreement_noted", Kind: "import_source", Subject: s.ID, Program: int32(d.Program.ID),
		Before: map[string]any{"agreement": s.Agreement, "until": s.Until}, After: map[string]any{"agreement": agreement, "until": until},
	}}, d.At)
}

// putSource finds or names a source.
func putSource(ctx context.Context, tx *sqlx.Tx, d Desk, name string) (s Source, err error) {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > 100 {
		return s, ErrSource.At("source")
	}
	const query = `
		INSERT INTO import_sources (tenant_id, program_id, name, noted_by, noted_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT ON CONSTRAINT import_sources_tenant_id_program_id_name_key DO NOTHING`
	if _, err := tx.ExecContext(ctx, query, d.Tenant, d.Program.ID, name, d.Actor, d.At); err != nil {
		return s, fmt.Errorf("source: %w", err)
	}
	const read = `SELECT id, name, agreement, agreement_until, noted_by, noted_at FROM import_sources WHERE program_id = $1 AND name = $2`
	if err := tx.GetContext(ctx, &s, read, d.Program.ID, name); err != nil {
		return s, fmt.Errorf("source: %w", err)
	}
	return s, nil
}

// allowed refuses a source whose agreement has ended.
func (s Source) allowed(on ledger.Date) error {
	if s.Expired(on) {
		return ErrExpired.At("source").With(map[string]any{"agreement": s.Agreement, "until": s.Until, "source": s.Name})
	}
	return nil
}

// Expiring counts the sources of a program whose agreement has ended or ends
// within some days.
func Expiring(ctx context.Context, q sqlx.QueryerContext, p program.ID, on ledger.Date, days int) (ended, soon int, err error) {
	const query = `
		SELECT count(*) FILTER (WHERE agreement_until < $2), count(*) FILTER (WHERE agreement_until >= $2)
		FROM import_sources WHERE program_id = $1 AND agreement_until <= $3`
	if err := q.QueryRowxContext(ctx, query, p, on, on.AddDays(days)).Scan(&ended, &soon); err != nil {
		return 0, 0, fmt.Errorf("agreements of program %d: %w", p, err)
	}
	return ended, soon, nil
}

// Mapping says which column of a source's files is what.
type Mapping struct {
	Columns    map[string]string  `json:"columns,omitempty"` // the source's column by ours
	DateFormat tabular.DateFormat `json:"date_format,omitempty"`
}

// rename is the mapping the way round that tabular.Rename wants it.
func (m Mapping) rename() map[string]string {
	out := make(map[string]string, len(m.Columns))
	for ours, theirs := range m.Columns {
		if theirs != "" {
			out[theirs] = ours
		}
	}
	return out
}

// Fields are our columns of a kind, the needed ones first, and how many of them
// are needed. One of account and student will do.
func Fields(k Kind) (all []string, needed int) {
	switch k {
	case Deposits:
		return []string{"reference", "account", "student", "date", "amount", "channel"}, 5
	case Evidence:
		return []string{"student", "account", "event", "period", "date", "quantity", "verified", "document", "amount"}, 4
	case Facts:
		return []string{"student", "account", "fact", "event", "value", "from", "reference", "amount", "choice", "purpose", "retracts"}, 7
	}
	return nil, 0
}

func saveMapping(ctx context.Context, tx *sqlx.Tx, d Desk, source int64, k Kind, m Mapping) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("mapping of source %d: %w", source, err)
	}
	const query = `
		INSERT INTO import_mappings (tenant_id, source_id, kind, mapping, saved_by, saved_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT ON CONSTRAINT import_mappings_pkey DO UPDATE
		SET mapping = EXCLUDED.mapping, saved_by = EXCLUDED.saved_by, saved_at = EXCLUDED.saved_at`
	if _, err := tx.ExecContext(ctx, query, d.Tenant, source, string(k), string(raw), d.Actor, d.At); err != nil {
		return fmt.Errorf("save mapping of source %d: %w", source, err)
	}
	return nil
}

// LoadMapping returns what somebody last said of a source's columns; nothing
// where nobody has.
func LoadMapping(ctx context.Context, q sqlx.QueryerContext, source int64, k Kind) (m Mapping, err error) {
	const query = `SELECT mapping FROM import_mappings WHERE source_id = $1 AND kind = $2`
	var text string
	err = sqlx.GetContext(ctx, q, &text, query, source, string(k))
	if errors.Is(err, sql.ErrNoRows) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &m)
	}
	if err != nil {
		return m, fmt.Errorf("mapping of source %d: %w", source, err)
	}
	return m, nil
}
