package imports

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/roster"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/store"
	"seedbook/service/tabular"
)

// Upload is a file on its way in.
type Upload struct {
	Kind     Kind
	Source   string
	FileName string
	Data     []byte
	Mapping  *Mapping            // nil uses the one saved for the source
	Roster   *rosterfile.Mapping // the same, of a roster or birth records
	EnrollOn ledger.Date         // of a roster
}

// Receipt says where a file went.
type Receipt struct {
	Roster roster.ID // of rosters and birth records
	File   ID        // of the others
	State  State
}

// Receive takes a file in and says what applying it would do. Nothing of it is
// applied. A file that cannot be trusted is refused whole with one reason, as is
// one whose sender's agreement has ended, and one that is here already (ErrSame).
// A file of which a column is missing waits for somebody to say which it is.
func Receive(ctx context.Context, db *store.DB, d Desk, u Upload) (r Receipt, err error) {
	if u.Kind.Staged() {
		return receiveRoster(ctx, db, d, u)
	}
	err = db.InTx(ctx, d.Who, func(tx *sqlx.Tx) error {
		r, err = receive(ctx, tx, d, u)
		return err
	})
	if store.Violates(err, "import_files_live") {
		return r, ErrSame
	}
	return r, err
}

// receiveRoster has a roster staged by its own room. The same file as the last of
// its source would change nothing, and is said to be here.
func receiveRoster(ctx context.Context, db *store.DB, d Desk, u Upload) (r Receipt, err error) {
	err = db.InTx(ctx, d.Who, func(tx *sqlx.Tx) error {
		s, err := putSource(ctx, tx, d, u.Source)
		if err == nil {
			err = s.allowed(d.today())
		}
		if err != nil {
			return err
		}
		return sameRoster(ctx, tx, d, u)
	})
	if err != nil {
		return r, err
	}
	up := roster.Upload{Kind: string(u.Kind), Source: u.Source, FileName: u.FileName, Data: u.Data, Mapping: u.Roster, EnrollOn: u.EnrollOn}
	r.State = Checked
	r.Roster, err = roster.Receive(ctx, db, d.Who, d.Keys, d.Program, up, d.At)
	return r, err
}

func sameRoster(ctx context.Context, q sqlx.QueryerContext, d Desk, u Upload) error {
	const query = `
		SELECT b.id, b.sha256 = $3 FROM roster_batches b JOIN roster_sources s ON s.tenant_id = b.tenant_id AND s.id = b.source_id
		WHERE b.program_id = $1 AND s.name = $2 AND b.state NOT IN ('discarded', 'undone')
		ORDER BY b.id DESC LIMIT 1`
	sum := sha256.Sum256(u.Data)
	var id int64
	var same bool
	err := q.QueryRowxContext(ctx, query, d.Program.ID, u.Source, sum[:]).Scan(&id, &same)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("the newest roster of its source: %w", err)
	case same:
		return ErrSame.With(map[string]any{"id": id})
	}
	return nil
}

func receive(ctx context.Context, tx *sqlx.Tx, d Desk, u Upload) (r Receipt, err error) {
	s, err := putSource(ctx, tx, d, u.Source)
	if err != nil {
		return r, err
	}
	if err := s.allowed(d.today()); err != nil {
		return r, err
	}
	sum := sha256.Sum256(u.Data)
	if err := same(ctx, tx, d, u.Kind, sum[:]); err != nil {
		return r, err
	}
	limits := tabular.Default
	text, err := tabular.Slurp(strings.NewReader(string(u.Data)), u.FileName, limits.Bytes)
	if err != nil {
		return r, err
	}
	plain, err := tabular.Plain(u.FileName, text, limits)
	if err != nil {
		return r, err
	}
	limits.Bytes = max(limits.Bytes, len(plain.Text)) // a zip's one table has been measured
	t, err := tabular.Open(plain.Name, plain.Text, limits)
	if err != nil {
		return r, err
	}
	const query = `
		INSERT INTO import_files (tenant_id, program_id, kind, source_id, file_name, format, encoding, sha256, state, received_by, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'received', $9, $10)
		RETURNING id`
	err = tx.GetContext(ctx, &r.File, query, d.Tenant, d.Program.ID, string(u.Kind), s.ID, tabular.Shown(u.FileName), string(plain.Format),
		string(t.Encoding), sum[:], d.Actor, d.At)
	if err != nil {
		return r, fmt.Errorf("keep file: %w", err)
	}
	const keep = `UPDATE import_files SET sealed = $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, keep, r.File, d.Keys.Seal(place(d.Tenant, r.File), []byte(plain.Text))); err != nil {
		return r, fmt.Errorf("keep file %d: %w", r.File, err)
	}
	err = audit.Record(ctx, tx, d.Who, []audit.Event{{Verb: "imports.received", Kind: "import", Subject: int64(r.File), Program: int32(d.Program.ID),
		After: map[string]any{"kind": u.Kind, "source": s.ID, "sha256": fmt.Sprintf("%x", sum)}}}, d.At)
	if err != nil {
		return r, err
	}
	if u.Mapping != nil {
		if err := saveMapping(ctx, tx, d, s.ID, u.Kind, *u.Mapping); err != nil {
			return r, err
		}
	}
	r.State, err = checkFile(ctx, tx, d, r.File)
	return r, err
}

// place binds a sealed file to its row.
func place(tenant int32, id ID) string {
	return strconv.Itoa(int(tenant)) + "|import_files|" + strconv.FormatInt(int64(id), 10)
}

// same refuses a file that is here and neither put aside nor undone.
func same(ctx context.Context, q sqlx.QueryerContext, d Desk, k Kind, sum []byte) error {
	const query = `
		SELECT id FROM import_files
		WHERE program_id = $1 AND kind = $2 AND sha256 = $3 AND state NOT IN ('discarded', 'undone')`
	var id ID
	err := sqlx.GetContext(ctx, q, &id, query, d.Program.ID, string(k), sum)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the same file: %w", err)
	}
	return ErrSame.With(map[string]any{"id": int64(id)})
}

// Explain checks a file again with the columns as somebody explained them; they
// are remembered for its source.
func Explain(ctx context.Context, tx *sqlx.Tx, d Desk, id ID, m Mapping) (State, error) {
	f, err := lock(ctx, tx, d, id)
	if err != nil {
		return "", err
	}
	if f.State != Received && f.State != Checked {
		return "", ErrState
	}
	if !m.DateFormat.Valid() {
		return "", rosterfile.ErrDateFormat.At("date_format")
	}
	if err := saveMapping(ctx, tx, d, f.Source, f.Kind, m); err != nil {
		return "", err
	}
	return checkFile(ctx, tx, d, id)
}

// checkFile reads a file and stores what each row would do. One of which a needed
// column is missing stays as it is, for somebody to say which it is.
func checkFile(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) (State, error) {
	f, err := lock(ctx, tx, d, id)
	if err != nil {
		return "", err
	}
	c, err := check(ctx, tx, d, f)
	if errors.Is(err, tabular.ErrMissingColumn) {
		return Received, nil
	}
	if err != nil {
		return "", err
	}
	return Checked, c.store(ctx, tx, d, id)
}

// file is a row of import_files as its steps need it.
type file struct {
	ID      ID            `db:"id"`
	Kind    Kind          `db:"kind"`
	Source  int64         `db:"source_id"`
	Name    string        `db:"file_name"`
	State   State         `db:"state"`
	Counts  string        `db:"counts"`
	Sealed  []byte        `db:"sealed"`
	Deposit sql.NullInt64 `db:"deposit_file_id"`
}

// lock lets one step about a file be taken at a time.
func lock(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) (f file, err error) {
	const query = `
		SELECT id, kind, source_id, file_name, state, counts, sealed, deposit_file_id
		FROM import_files WHERE program_id = $1 AND id = $2 FOR UPDATE`
	err = tx.GetContext(ctx, &f, query, d.Program.ID, id)
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNone
	}
	if err != nil {
		return f, fmt.Errorf("import %d: %w", id, err)
	}
	return f, nil
}

// text opens what a file says.
func (f file) text(d Desk) (string, error) {
	if f.Sealed == nil {
		return "", ErrPurged
	}
	raw, err := d.Keys.Open(place(d.Tenant, f.ID), f.Sealed)
	return string(raw), err
}

// counts reads what was shown.
func (f file) counts() (c Counts, err error) {
	if err := json.Unmarshal([]byte(f.Counts), &c); err != nil {
		return c, fmt.Errorf("counts of import %d: %w", f.ID, err)
	}
	return c, nil
}
