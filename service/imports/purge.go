package imports

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/roster"
)

// KeptDays is for how long the rows of a file are kept once it is applied, undone
// or put aside (reliability.md §4.10); its hash and counts stay.
const KeptDays = 90

// Purged says how many files lost their rows.
type Purged struct {
	Files   int
	Rosters int
}

// Purge takes the rows of a program's files that were done with KeptDays ago, and
// of its rosters, a number of files at a time. It may be repeated. A file that names
// a child with a legal hold keeps its rows while the hold stands.
func Purge(ctx context.Context, tx *sqlx.Tx, d Desk, limit int) (p Purged, err error) {
	before := d.At.AddDate(0, 0, -KeptDays)
	kept, err := family.KeptByLaw(ctx, tx)
	if err != nil {
		return p, err
	}
	const query = `
		UPDATE import_files SET sealed = NULL, purged_at = $3
		WHERE (tenant_id, id) IN (
			SELECT tenant_id, id FROM import_files f
			WHERE program_id = $1 AND sealed IS NOT NULL AND closed_at < $2
			  AND NOT EXISTS (SELECT FROM import_rows r WHERE r.tenant_id = f.tenant_id AND r.file_id = f.id AND r.child_id = ANY ($5))
			ORDER BY closed_at LIMIT $4 FOR UPDATE)`
	done, err := tx.ExecContext(ctx, query, d.Program.ID, before, d.At, limit, pq.Array(kept))
	if err != nil {
		return p, fmt.Errorf("purge files: %w", err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		return p, fmt.Errorf("purge files: %w", err)
	}
	p.Files = int(n)
	if _, err := roster.NoteTold(ctx, tx, d.Program.ID); err != nil {
		return p, err
	}
	if p.Rosters, err = roster.Purge(ctx, tx, d.Program.ID, kept, before, d.At, limit); err != nil || p == (Purged{}) {
		return p, err
	}
	return p, audit.Record(ctx, tx, d.Who, []audit.Event{{Verb: "imports.purged", Kind: "program", Subject: int64(d.Program.ID), Program: int32(d.Program.ID),
		After: map[string]any{"files": p.Files, "rosters": p.Rosters}}}, d.At)
}
