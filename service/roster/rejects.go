package roster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
	"seedbook/service/tabular"
	"seedbook/service/vault"
)

// Reject is a row of a roster that was not used, as it was written, with what is
// wrong with it.
type Reject struct {
	rosterfile.Row
	Problems []Problem
}

// header are the names of a plain table's columns, without those that we added to
// an earlier file of rejected rows.
func (s *staging) header() (string, error) {
	if s.file.Columns == nil {
		return "", nil
	}
	raw, err := json.Marshal(s.file.Columns[:s.width()])
	if err != nil {
		return "", fmt.Errorf("columns of a roster: %w", err)
	}
	return string(raw), nil
}

// width is how many columns of a plain table are its sender's.
func (s *staging) width() int {
	if at := slices.Index(s.file.Columns, rosterfile.LineColumn); at >= 0 {
		return at
	}
	return len(s.file.Columns)
}

// writeRejects keeps the rows that could not be used as they were written, sealed,
// for whoever mends them.
func (s *staging) writeRejects(ctx context.Context, tx *sqlx.Tx, id ID) error {
	const query = `
		INSERT INTO roster_rejects (tenant_id, batch_id, n, file, line, sealed)
		SELECT $1, $2, n, file, line, sealed
		FROM unnest(CAST($3 AS integer[]), CAST($4 AS text[]), CAST($5 AS integer[]), CAST($6 AS bytea[])) AS r (n, file, line, sealed)`
	width, n := s.width(), 0
	for part := range slices.Chunk(slices.Concat(s.file.SetAside, s.file.Doubted), writeSize) {
		var ns, lines []int64
		var files []string
		var sealed [][]byte
		for _, r := range part {
			n++
			if s.file.Columns != nil && len(r.Cells) > width {
				r.Cells = r.Cells[:width]
			}
			if r.Cells != nil && s.file.Columns != nil {
				r.Raw = "" // the cells say it
			}
			plain, err := json.Marshal(r)
			if err != nil {
				return fmt.Errorf("row in line %d: %w", r.Line, err)
			}
			ns, lines, files = append(ns, int64(n)), append(lines, int64(r.Line)), append(files, r.File)
			sealed = append(sealed, s.keys.Seal(rejectPlace(s.who.Tenant, id, n), plain))
		}
		if _, err := tx.ExecContext(ctx, query, s.who.Tenant, id, pq.Array(ns), pq.Array(files), pq.Array(lines), pq.ByteaArray(sealed)); err != nil {
			return fmt.Errorf("keep %d rejected rows: %w", len(part), err)
		}
	}
	return nil
}

// rejectPlace binds a sealed row to its place.
func rejectPlace(tenant int32, batch ID, n int) string {
	return strconv.Itoa(int(tenant)) + "|roster_rejects|" + strconv.FormatInt(int64(batch), 10) + "|" + strconv.Itoa(n)
}

// Rejected returns the rows of a roster that were not used and that nobody settled,
// in the order of the file, with the names of a plain table's columns (nil for
// others). They are gone some time after the roster is done with.
func Rejected(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, id ID) (columns []string, out []Reject, err error) {
	var header string
	const find = `SELECT header FROM roster_batches WHERE program_id = $1 AND id = $2`
	if err := sqlx.GetContext(ctx, q, &header, find, p, id); err != nil {
		return nil, nil, fmt.Errorf("rejected rows of roster %d: %w", id, noBatch(err))
	}
	if header != "" {
		if err := json.Unmarshal([]byte(header), &columns); err != nil {
			return nil, nil, fmt.Errorf("columns of roster %d: %w", id, err)
		}
	}
	wrong, err := wrongs(ctx, q, id)
	if err != nil {
		return nil, nil, err
	}
	const query = `
		SELECT n, sealed FROM roster_rejects r
		WHERE batch_id = $1 AND sealed IS NOT NULL AND NOT EXISTS (
			SELECT FROM roster_rows w
			WHERE w.tenant_id = r.tenant_id AND w.batch_id = r.batch_id AND w.finding IN ('doubtful', 'review') AND w.settled <> ''
			  AND w.file = r.file AND w.line = r.line)
		ORDER BY file, line, n`
	rows, err := q.QueryxContext(ctx, query, id)
	if err != nil {
		return nil, nil, fmt.Errorf("rejected rows of roster %d: %w", id, err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		var sealed []byte
		if err := rows.Scan(&n, &sealed); err != nil {
			return nil, nil, fmt.Errorf("rejected rows of roster %d: %w", id, err)
		}
		plain, err := keys.Open(rejectPlace(who.Tenant, id, n), sealed)
		if err != nil {
			return nil, nil, err
		}
		var r Reject
		if err := json.Unmarshal(plain, &r.Row); err != nil {
			return nil, nil, fmt.Errorf("rejected row %d of roster %d is damaged", n, id)
		}
		r.Problems = wrong[at{r.File, r.Line}]
		out = append(out, r)
	}
	return columns, out, rows.Err()
}

// at is where a row stands.
type at struct {
	file string
	line int
}

// wrongs are what is wrong with rows, beyond remarks.
func wrongs(ctx context.Context, q sqlx.QueryerContext, id ID) (map[at][]Problem, error) {
	const query = `SELECT args FROM roster_problems WHERE batch_id = $1 AND severity <> $2 ORDER BY n`
	var texts []string
	if err := sqlx.SelectContext(ctx, q, &texts, query, id, string(tabular.Note)); err != nil {
		return nil, fmt.Errorf("problems of roster %d: %w", id, err)
	}
	out := map[at][]Problem{}
	for _, text := range texts {
		var p Problem
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return nil, fmt.Errorf("problem of roster %d: %w", id, err)
		}
		out[at{p.File, p.Line}] = append(out[at{p.File, p.Line}], p)
	}
	return out, nil
}
