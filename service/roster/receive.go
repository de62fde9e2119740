package roster

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Upload is a file on its way in.
type Upload struct {
	Kind     string // OfSchools if empty
	Source   string // who sends it: "Riverbend district"; its ids are the source's own
	FileName string
	Data     []byte
	Mapping  *rosterfile.Mapping // for CSV: nil uses the one saved for the source
	EnrollOn ledger.Date         // day from which new children take part
}

// Receive validates a file, compares it with what is known, works out what
// applying it would do, and stages it. Nothing of it is applied. A file that
// cannot be trusted is refused whole with one reason; a row that cannot is
// quarantined, and the rest goes on.
func Receive(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, u Upload, at time.Time) (id ID, err error) {
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		id, err = receive(ctx, tx, who, keys, p, u, at)
		return err
	})
	return id, err
}

func receive(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, u Upload, at time.Time) (ID, error) {
	source, err := putSource(ctx, tx, who, p.ID, u, at)
	if err != nil {
		return 0, err
	}
	births := u.Kind == OfBirths
	if source.mapping != nil && source.mapping.Births != births {
		source.mapping = nil // what was said of its other files
	}
	file, err := rosterfile.Read(u.FileName, bytes.NewReader(u.Data), rosterfile.Options{Mapping: source.mapping, AsOf: u.EnrollOn})
	if err != nil {
		return 0, err
	}
	if births && file.Kind != rosterfile.Births {
		return 0, rosterfile.ErrNeedsMapping
	}
	s := &staging{births: births, today: p.Day(at), who: who, keys: keys, program: p, source: source, sender: u.Source, on: u.EnrollOn, file: file}
	if err := s.compare(ctx, tx); err != nil {
		return 0, err
	}
	book, err := program.RulesOn(ctx, tx, p.ID, p.Day(at))
	if err != nil {
		return 0, err
	}
	if err := s.forecast(ctx, tx, book, at); err != nil {
		return 0, err
	}
	s.arrange()
	return s.write(ctx, tx, u, at)
}

// source is who sends files.
type source struct {
	id       int64
	revision int // counts what was applied
	mapping  *rosterfile.Mapping
}

// putSource finds or names the source and saves a mapping that is given. Nothing
// of the source is applied until the transaction ends.
func putSource(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, u Upload, at time.Time) (s source, err error) {
	const query = `
		INSERT INTO roster_sources AS s (tenant_id, program_id, name, mapping, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT ON CONSTRAINT roster_sources_tenant_id_program_id_name_key DO UPDATE
		SET mapping = CASE WHEN EXCLUDED.mapping = '' THEN s.mapping ELSE EXCLUDED.mapping END
		RETURNING id, revision, mapping`
	given := ""
	if u.Mapping != nil {
		raw, err := json.Marshal(u.Mapping)
		if err != nil {
			return source{}, fmt.Errorf("mapping of %s: %w", u.Source, err)
		}
		given = string(raw)
	}
	var saved string
	if err := tx.QueryRowxContext(ctx, query, who.Tenant, p, u.Source, given, at).Scan(&s.id, &s.revision, &saved); err != nil {
		return source{}, fmt.Errorf("roster source: %w", err)
	}
	if saved == "" {
		return s, nil
	}
	s.mapping = new(rosterfile.Mapping)
	if err := json.Unmarshal([]byte(saved), s.mapping); err != nil {
		return source{}, fmt.Errorf("saved mapping of source %d: %w", s.id, err)
	}
	return s, nil
}

// staging is a file between reading and storing.
type staging struct {
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	source  source
	sender  string // the district where the file names none
	on      ledger.Date
	births  bool
	today   ledger.Date
	file    *rosterfile.File
	rows    []staged
	preview Preview
	groups  int
}

// staged is one row to be stored.
type staged struct {
	verdict
	child      rosterfile.Child
	sourceKey  []byte
	contentKey []byte
	familyKey  []byte
	school     rosterfile.School
	group      int
}

// arrange puts rows of one family next to each other, families in the order in
// which the file first names them, and numbers the families, so that siblings
// are applied together. The order is the file's and not that of keyed hashes:
// the same file gives the same numbers in every installation.
func (s *staging) arrange() {
	numbers := make(map[string]int)
	for i := range s.rows {
		key := string(s.rows[i].familyKey)
		if numbers[key] == 0 {
			numbers[key] = len(numbers) + 1
		}
		s.rows[i].group = numbers[key]
	}
	s.groups = len(numbers)
	slices.SortStableFunc(s.rows, func(a, b staged) int { return cmp.Compare(a.group, b.group) })
}

// content is what decides whether a row says something new.
func content(c rosterfile.Child) (string, error) {
	c.Line, c.File, c.Doubts = 0, "", nil
	raw, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("row of %s: %w", c.File, err)
	}
	return string(raw), nil
}

// identity is by what a source means the same child again: its own id, else the
// student number, else name and birth date.
func identity(c rosterfile.Child) string {
	switch {
	case c.SourceID != "":
		return "id|" + c.SourceID
	case c.StudentNumber != "":
		return "student|" + c.StudentNumber
	}
	return "name|" + vault.Fold(c.Given+" "+c.Family) + "|" + c.BornOn.String()
}

// familyOf is what siblings share: the set of their guardians in the source. A
// child whose guardians are known by their names alone is a family of its own:
// there is more than one Maria Garcia, and one must not read about the other's
// children.
func familyOf(c rosterfile.Child) string {
	certain := false
	ids := make([]string, len(c.Guardians))
	for i, g := range c.Guardians {
		certain = certain || g.SourceID != "" || g.Phone != "" || g.Email != ""
		ids[i] = g.SourceID
		if g.SourceID == "" {
			ids[i] = vault.Fold(g.Given+" "+g.Family) + "|" + g.Phone + "|" + strings.ToLower(g.Email)
		}
	}
	if !certain {
		return "child|" + identity(c)
	}
	slices.Sort(ids)
	return "guardians|" + strings.Join(ids, "|")
}

func (s *staging) write(ctx context.Context, tx *sqlx.Tx, u Upload, at time.Time) (ID, error) {
	counts, err := json.Marshal(s.counts())
	if err != nil {
		return 0, fmt.Errorf("count %s: %w", u.FileName, err)
	}
	preview, err := json.Marshal(s.preview)
	if err != nil {
		return 0, fmt.Errorf("preview: %w", err)
	}
	header, err := s.header()
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(u.Data)
	const query = `
		INSERT INTO roster_batches (tenant_id, program_id, source_id, file_name, sha256, mode, state, counts, preview, groups, enroll_on, revision, received_by, received_at, kind, header)
		VALUES ($1, $2, $3, $4, $5, $6, 'staged', $7, $8, $9, $10, $11, $12, $13, $14, $15)
		RETURNING id`
	var id ID
	err = tx.GetContext(ctx, &id, query, s.who.Tenant, s.program.ID, s.source.id, u.FileName, sum[:], string(s.file.Mode),
		string(counts), string(preview), s.groups, s.on, s.source.revision, s.who.Actor, at, cmp.Or(u.Kind, OfSchools), header)
	if err != nil {
		return 0, fmt.Errorf("stage roster: %w", err)
	}
	if err := s.writeRows(ctx, tx, id); err != nil {
		return 0, err
	}
	if err := s.writeRejects(ctx, tx, id); err != nil {
		return 0, err
	}
	return id, s.writeProblems(ctx, tx, id)
}

// writeSize bounds the arguments of one statement.
const writeSize = 5000

func (s *staging) writeRows(ctx context.Context, tx *sqlx.Tx, id ID) error {
	const query = `
		INSERT INTO roster_rows (tenant_id, batch_id, n, grp, file, line, finding, reason, child_id, source_key, content_key, family_key, school_code, grade, sealed)
		SELECT $1, $2, n, grp, file, line, finding, reason, nullif(child_id, 0), source_key, content_key, family_key, school_code, grade, sealed
		FROM unnest(CAST($3 AS integer[]), CAST($4 AS integer[]), CAST($5 AS text[]), CAST($6 AS integer[]), CAST($7 AS text[]),
		            CAST($8 AS text[]), CAST($9 AS bigint[]), CAST($10 AS bytea[]), CAST($11 AS bytea[]), CAST($12 AS bytea[]),
		            CAST($13 AS text[]), CAST($14 AS text[]), CAST($15 AS bytea[]))
		     AS r (n, grp, file, line, finding, reason, child_id, source_key, content_key, family_key, school_code, grade, sealed)`
	for first := 0; first < len(s.rows); first += writeSize {
		part := s.rows[first:min(first+writeSize, len(s.rows))]
		var ns, groups, lines, children []int64
		var files, findings, reasons, schools, grades []string
		var sources, contents, families, sealed [][]byte
		for i, r := range part {
			n := first + i + 1
			plain, err := json.Marshal(r.child)
			if err != nil {
				return fmt.Errorf("stage row %d: %w", n, err)
			}
			ns, groups, lines, children = append(ns, int64(n)), append(groups, int64(r.group)), append(lines, int64(r.child.Line)), append(children, int64(r.id))
			files, findings, reasons = append(files, r.child.File), append(findings, string(r.finding)), append(reasons, r.reason)
			schools, grades = append(schools, r.school.Code), append(grades, r.child.Grade)
			sources, contents, families = append(sources, r.sourceKey), append(contents, r.contentKey), append(families, r.familyKey)
			sealed = append(sealed, s.keys.Seal(rowPlace(s.who.Tenant, id, n), plain))
		}
		_, err := tx.ExecContext(ctx, query, s.who.Tenant, id, pq.Array(ns), pq.Array(groups), pq.Array(files), pq.Array(lines),
			pq.Array(findings), pq.Array(reasons), pq.Array(children), pq.ByteaArray(sources), pq.ByteaArray(contents),
			pq.ByteaArray(families), pq.Array(schools), pq.Array(grades), pq.ByteaArray(sealed))
		if err != nil {
			return fmt.Errorf("stage %d rows: %w", len(part), err)
		}
	}
	return nil
}

// rowPlace binds a sealed row to its place.
func rowPlace(tenant int32, batch ID, n int) string {
	return strconv.Itoa(int(tenant)) + "|roster_rows|" + strconv.FormatInt(int64(batch), 10) + "|" + strconv.Itoa(n)
}

func (s *staging) writeProblems(ctx context.Context, tx *sqlx.Tx, id ID) error {
	const query = `
		INSERT INTO roster_problems (tenant_id, batch_id, n, severity, file, line, column_name, code, args)
		SELECT $1, $2, n, severity, file, line, column_name, code, args
		FROM unnest(CAST($3 AS integer[]), CAST($4 AS text[]), CAST($5 AS text[]), CAST($6 AS integer[]), CAST($7 AS text[]), CAST($8 AS text[]), CAST($9 AS text[]))
		     AS p (n, severity, file, line, column_name, code, args)`
	problems := s.file.Problems
	for first := 0; first < len(problems); first += writeSize {
		part := problems[first:min(first+writeSize, len(problems))]
		var ns, lines []int64
		var severities, files, columns, codes, args []string
		for i, p := range part {
			raw, err := json.Marshal(p)
			if err != nil {
				return fmt.Errorf("problem in line %d: %w", p.Line, err)
			}
			ns, lines = append(ns, int64(first+i+1)), append(lines, int64(p.Line))
			severities, files, columns = append(severities, string(p.Severity)), append(files, p.File), append(columns, p.Column)
			codes, args = append(codes, p.Code), append(args, string(raw))
		}
		_, err := tx.ExecContext(ctx, query, s.who.Tenant, id, pq.Array(ns), pq.Array(severities), pq.Array(files), pq.Array(lines), pq.Array(columns), pq.Array(codes), pq.Array(args))
		if err != nil {
			return fmt.Errorf("stage %d problems: %w", len(part), err)
		}
	}
	return nil
}

func (s *staging) counts() Counts {
	t := s.file.Totals
	c := Counts{Rows: t.Rows, Adults: t.Adults, Quarantined: t.Quarantined, By: map[Finding]int{}}
	for _, r := range s.rows {
		c.By[r.finding]++
		if r.finding != Gone {
			c.Children++
		}
	}
	return c
}
