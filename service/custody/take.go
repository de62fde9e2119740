package custody

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/custody/bankfile"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// State is what became of a file.
type State string

// The states.
const (
	Booked  State = "taken"   // its lines are taken in
	Held    State = "held"    // it contradicts itself and waits for a person
	Refused State = "refused" // it cannot be read
)

// Counts account for a file.
type Counts struct {
	Statements int `json:"statements"`
	Lines      int `json:"lines"` // in the file, those set aside not counted
	New        int `json:"new"`   // of them, not known before
	Interim    int `json:"interim"`
	Returns    int `json:"returns"`
	Changes    int `json:"changes"`
	NewReturns int `json:"new_returns"`
}

// Problems are what a file's reading brought up.
type Problems struct {
	Refused     []bankfile.Problem `json:"refused,omitempty"`
	Quarantined []bankfile.Problem `json:"quarantined,omitempty"`
	Differs     []bankfile.Problem `json:"differs,omitempty"`
}

// Intake is what became of a file.
type Intake struct {
	File     FileID
	Format   bankfile.Format
	State    State
	Repeated bool // the same bytes came before; nothing happened
	Counts
	Problems
}

// Reasons against lines that only the room can know.
const (
	unknownAccount = "custody.problem.account" // of an account that the custodian has not
	future         = "custody.problem.future"  // booked on a day that is still to come
	otherContent   = "custody.problem.clash"   // its reference came before with other content
)

// Take takes a custodian's file in, once. A file that cannot be read is refused
// whole (bankfile.ErrRefused); one that contradicts itself is held for a
// person; lines that cannot be used are set aside. In each case the file is
// kept as it came. A line that another file brought before is not taken in
// again.
func Take(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, c Custodian, name string, data []byte, at time.Time) (in Intake, err error) {
	if len(data) > bankfile.Default.Bytes {
		return Intake{}, bankfile.TooLarge(bankfile.Default)
	}
	var refusal error
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		in, refusal = Intake{}, nil
		t := &taking{who: who, keys: keys, program: p, custodian: c, at: at, sum: sha256.Sum256(data)}
		known, err := t.known(ctx, tx)
		if err != nil || known.File != 0 {
			in = known
			return err
		}
		file, format, err := read(ctx, tx, who, keys, c, name, data)
		t.in.Format = format
		if errors.Is(err, bankfile.ErrRefused) {
			refusal = err
			t.refuse(err)
		} else if err != nil {
			return err
		}
		if refusal == nil {
			t.describe(file)
		}
		if err := t.keep(ctx, tx, name, data); err != nil {
			return err
		}
		if t.in.State == Booked {
			if err := t.book(ctx, tx, file); err != nil {
				return err
			}
		}
		in = t.in
		return t.record(ctx, tx, "custody.file_received")
	})
	if err == nil {
		err = refusal
	}
	if err == nil {
		err = db.Refresh(ctx)
	}
	return in, err
}

// taking is one file on its way in.
type taking struct {
	who       store.Who
	keys      *vault.Keyring
	program   program.Program
	custodian Custodian
	at        time.Time
	sum       [sha256.Size]byte
	in        Intake
}

// known finds a file of the same bytes. The custodian's row is locked first, so
// that files come in one after the other.
func (t *taking) known(ctx context.Context, tx *sqlx.Tx) (Intake, error) {
	if _, err := tx.ExecContext(ctx, `SELECT FROM custodians WHERE id = $1 FOR NO KEY UPDATE`, t.custodian.ID); err != nil {
		return Intake{}, fmt.Errorf("lock custodian %s: %w", t.custodian.Code, err)
	}
	const query = `SELECT ` + fileColumns + ` FROM bank_files f WHERE f.custodian_id = $1 AND f.sha256 = $2`
	f, err := oneFile(ctx, tx, query, t.custodian.ID, t.sum[:])
	if errors.Is(err, ErrNoFile) {
		return Intake{}, nil
	}
	return Intake{File: f.ID, Format: f.Format, State: f.State, Repeated: true, Counts: f.Counts, Problems: f.Problems}, err
}

// refuse notes why a file cannot be read.
func (t *taking) refuse(err error) {
	t.in.State = Refused
	f, _ := fault.Of(err)
	for _, d := range f.Details {
		t.in.Problems.Refused = append(t.in.Problems.Refused, problemOf(d))
	}
}

func problemOf(f *fault.Fault) bankfile.Problem {
	p := bankfile.Problem{Code: f.Key}
	p.Line, _ = f.Args["line"].(int)
	p.Field, _ = f.Args["field"].(string)
	p.Said, _ = f.Args["said"].(string)
	p.Found, _ = f.Args["found"].(string)
	return p
}

// describe counts what a file holds and says whether it may come in.
func (t *taking) describe(f *bankfile.File) {
	t.in.State = Booked
	if holds(f) {
		t.in.State = Held
	}
	t.in.Quarantined, t.in.Differs = f.Quarantined, f.Differs
	t.in.Counts = Counts{Statements: len(f.Statements), Lines: f.Lines(), Returns: len(f.Returns), Changes: len(f.Changes)}
	for i := range f.Statements {
		if f.Statements[i].Kind == bankfile.Interim {
			t.in.Interim++
		}
	}
}

// filePlace binds a sealed file to its row.
func filePlace(tenant int32, c ID, sum []byte) string {
	return fmt.Sprintf("%d|bank_files|%d|%x", tenant, c, sum)
}

// keep keeps the file as it came.
func (t *taking) keep(ctx context.Context, tx *sqlx.Tx, name string, data []byte) error {
	problems, counts, err := t.texts()
	if err != nil {
		return err
	}
	name = bankfile.Ref(name[strings.LastIndexAny(name, `/\`)+1:])
	const query = `
		INSERT INTO bank_files (tenant_id, custodian_id, format, file_name, sha256, bytes, sealed, state, problems, counts, received_by, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`
	err = tx.GetContext(ctx, &t.in.File, query, t.who.Tenant, t.custodian.ID, string(t.in.Format), name, t.sum[:], len(data),
		t.keys.Seal(filePlace(t.who.Tenant, t.custodian.ID, t.sum[:]), data), string(t.in.State), problems, counts, t.who.Actor, t.at)
	if err != nil {
		return fmt.Errorf("keep file of custodian %s: %w", t.custodian.Code, err)
	}
	return nil
}

func (t *taking) texts() (problems, counts string, err error) {
	p, err1 := json.Marshal(t.in.Problems)
	c, err2 := json.Marshal(t.in.Counts)
	return string(p), string(c), errors.Join(err1, err2)
}

// settle writes down what became of the file once it was taken in.
func (t *taking) settle(ctx context.Context, tx *sqlx.Tx) error {
	problems, counts, err := t.texts()
	if err != nil {
		return err
	}
	const query = `UPDATE bank_files SET state = $2, problems = $3, counts = $4 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, t.in.File, string(t.in.State), problems, counts); err != nil {
		return fmt.Errorf("settle file %d: %w", t.in.File, err)
	}
	return nil
}

func (t *taking) record(ctx context.Context, tx *sqlx.Tx, verb string) error {
	return audit.Record(ctx, tx, t.who, []audit.Event{{Verb: verb, Kind: "bank_file", Subject: int64(t.in.File), Program: int32(t.program.ID),
		After: map[string]any{"state": t.in.State, "format": t.in.Format, "lines": t.in.Lines, "new": t.in.New, "set_aside": len(t.in.Quarantined), "differs": len(t.in.Differs)}}}, t.at)
}

// Release lets a held file in although it contradicts itself, for a reason and
// by somebody else than brought it. Releasing a file that is in already changes
// nothing.
func Release(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, id FileID, reason string, at time.Time) (in Intake, err error) {
	if strings.TrimSpace(reason) == "" || len(reason) > 4000 {
		return Intake{}, ErrReason.At("reason")
	}
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		f, err := FileByID(ctx, tx, p.ID, id)
		if err != nil {
			return err
		}
		c, err := ByCode(ctx, tx, p.ID, f.Custodian)
		if err != nil {
			return err
		}
		t := &taking{who: who, keys: keys, program: p, custodian: c, at: at, sum: [sha256.Size]byte(f.SHA256)}
		if known, err := t.known(ctx, tx); err != nil || known.State == Booked {
			in = known
			return err
		} else if known.State != Held {
			return ErrNotHeld
		}
		if f.ReceivedBy == who.Actor {
			return ErrSamePerson
		}
		in, err = t.release(ctx, tx, f, reason)
		return err
	})
	return in, err
}

func (t *taking) release(ctx context.Context, tx *sqlx.Tx, f File, reason string) (Intake, error) {
	data, err := raw(ctx, tx, t.who, t.keys, f)
	if err != nil {
		return Intake{}, err
	}
	file, format, err := read(ctx, tx, t.who, t.keys, t.custodian, f.Name, data)
	if err != nil {
		return Intake{}, err
	}
	t.describe(file)
	t.in.File, t.in.Format, t.in.State = f.ID, format, Booked
	const query = `UPDATE bank_files SET released_by = $2, released_at = $3, reason = $4 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, f.ID, t.who.Actor, t.at, strings.TrimSpace(reason)); err != nil {
		return Intake{}, fmt.Errorf("release file %d: %w", f.ID, err)
	}
	if err := t.book(ctx, tx, file); err != nil {
		return Intake{}, err
	}
	return t.in, t.record(ctx, tx, "custody.file_released")
}

// File is one that a custodian sent.
type File struct {
	ID         FileID          `db:"id"`
	Custodian  string          `db:"custodian"` // its code
	Format     bankfile.Format `db:"format"`
	Name       string          `db:"file_name"`
	SHA256     []byte          `db:"sha256"`
	Bytes      int64           `db:"bytes"`
	State      State           `db:"state"`
	ReceivedBy string          `db:"received_by"`
	ReceivedAt time.Time       `db:"received_at"`
	ReleasedBy string          `db:"released_by"`
	ReleasedAt *time.Time      `db:"released_at"`
	Reason     string          `db:"reason"`
	Counts     Counts          `db:"-"`
	Problems   Problems        `db:"-"`

	CountsText   string `db:"counts"`
	ProblemsText string `db:"problems"`
}

const fileColumns = `f.id, (SELECT code FROM custodians c WHERE c.tenant_id = f.tenant_id AND c.id = f.custodian_id) AS custodian, f.format, f.file_name, f.sha256, f.bytes, f.state,
	f.received_by, f.received_at, coalesce(f.released_by, '') AS released_by, f.released_at, coalesce(f.reason, '') AS reason, f.counts, f.problems`

func (f *File) open() error {
	return errors.Join(json.Unmarshal([]byte(f.CountsText), &f.Counts), json.Unmarshal([]byte(f.ProblemsText), &f.Problems))
}

func oneFile(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (f File, err error) {
	err = sqlx.GetContext(ctx, q, &f, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNoFile
	}
	if err != nil {
		return f, fmt.Errorf("bank file: %w", err)
	}
	return f, f.open()
}

// FileByID returns a file of a program, or ErrNoFile.
func FileByID(ctx context.Context, q sqlx.QueryerContext, p program.ID, id FileID) (File, error) {
	const query = `SELECT ` + fileColumns + ` FROM bank_files f JOIN custodians c ON c.tenant_id = f.tenant_id AND c.id = f.custodian_id WHERE c.program_id = $1 AND f.id = $2`
	return oneFile(ctx, q, query, p, id)
}

// Files returns the newest files of a program before one of them (0: none), at
// most limit.
func Files(ctx context.Context, q sqlx.QueryerContext, p program.ID, before FileID, limit int) (all []File, err error) {
	const query = `
		SELECT ` + fileColumns + `
		FROM bank_files f JOIN custodians c ON c.tenant_id = f.tenant_id AND c.id = f.custodian_id
		WHERE c.program_id = $1 AND ($2 = 0 OR f.id < $2)
		ORDER BY f.id DESC LIMIT $3`
	if err := sqlx.SelectContext(ctx, q, &all, query, p, int64(before), limit); err != nil {
		return nil, fmt.Errorf("bank files: %w", err)
	}
	for i := range all {
		if err := all[i].open(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Original is a file as it came, for an auditor or a bank. That it was opened
// goes on the trail.
func Original(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, id FileID, at time.Time) (File, []byte, error) {
	f, err := FileByID(ctx, tx, p.ID, id)
	if err != nil {
		return f, nil, err
	}
	data, err := raw(ctx, tx, who, keys, f)
	if err != nil {
		return f, nil, err
	}
	return f, data, audit.Record(ctx, tx, who, []audit.Event{{Verb: "custody.file_opened", Kind: "bank_file", Subject: int64(id), Program: int32(p.ID)}}, at)
}

// raw opens a file and holds it against its hash.
func raw(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, f File) ([]byte, error) {
	var row struct {
		Custodian ID     `db:"custodian_id"`
		Sealed    []byte `db:"sealed"`
	}
	if err := sqlx.GetContext(ctx, q, &row, `SELECT custodian_id, sealed FROM bank_files WHERE id = $1`, f.ID); err != nil {
		return nil, fmt.Errorf("bank file %d: %w", f.ID, err)
	}
	data, err := keys.Open(filePlace(who.Tenant, row.Custodian, f.SHA256), row.Sealed)
	if err != nil {
		return nil, fmt.Errorf("bank file %d: %w", f.ID, err)
	}
	if sum := sha256.Sum256(data); string(sum[:]) != string(f.SHA256) {
		return nil, fmt.Errorf("bank file %d: it is not what came", f.ID)
	}
	return data, nil
}
