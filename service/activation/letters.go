package activation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// MostLetters bounds a run of letters: a large school's, and half a minute.
const MostLetters = 1000

// Faults of printing letters.
var (
	// ErrNoLetters reports a choice that nobody answers to.
	ErrNoLetters = fault.New(fault.Invalid, "letters.nobody")
	// ErrManyLetters reports a choice of more children than a run prints.
	ErrManyLetters = fault.New(fault.Invalid, "letters.too_many")
)

// Choice says whom a run of letters is for.
type Choice struct {
	School    program.SchoolID // 0: all schools
	Lang      string           // the letters' language; children of others are left out
	Everybody bool             // also children whom a guardian sees already
}

// Addressee is a child that gets a letter.
type Addressee struct {
	Child  family.ChildID
	Given  string
	Name   string
	School string
	Grade  string
	Code   string // only in the hand of whoever prints
}

// Count is how many letters a choice would make.
func Count(ctx context.Context, q sqlx.QueryerContext, p program.ID, c Choice) (n int, err error) {
	if err := sqlx.GetContext(ctx, q, &n, `SELECT count(*) FROM (`+addressees+`) a`, p, c.School, c.Lang, spoken(), c.Everybody, MostLetters+1); err != nil {
		return 0, fmt.Errorf("count letters: %w", err)
	}
	return n, nil
}

// addressees are the children of a choice. A family whose language we do not
// speak is written to in English; nobody is on whose child a hold is that lets
// nobody in.
const addressees = `
	SELECT e.child_id, coalesce(h.name, '') AS school, coalesce(s.grade, '') AS grade
	FROM enrollments e
	JOIN children c ON c.tenant_id = e.tenant_id AND c.id = e.child_id
	JOIN families f ON f.tenant_id = c.tenant_id AND f.id = c.family_id AND f.wrapped_key IS NOT NULL
	LEFT JOIN schoolings s ON s.tenant_id = e.tenant_id AND s.child_id = e.child_id AND s.to_on IS NULL
	LEFT JOIN schools h ON h.tenant_id = s.tenant_id AND h.id = s.school_id
	WHERE e.program_id = $1 AND e.state = 'enrolled'
	  AND NOT EXISTS (SELECT FROM child_holds d WHERE d.tenant_id = e.tenant_id AND d.child_id = e.child_id AND d.kind IN ('fraud', 'death') AND d.lifted_at IS NULL)
	  AND (CAST($2 AS bigint) = 0 OR s.school_id = $2)
	  AND CASE WHEN c.language = ANY (CAST($4 AS text[])) THEN c.language ELSE 'en' END = $3
	  AND ($5 OR NOT EXISTS (SELECT FROM guardian_children g WHERE g.tenant_id = e.tenant_id AND g.child_id = e.child_id AND g.ended_at IS NULL))
	ORDER BY h.name, s.grade, e.child_id
	LIMIT $6`

// spoken are the languages that letters are written in.
func spoken() any {
	list := "{"
	for i, l := range i18n.Languages {
		if i > 0 {
			list += ","
		}
		list += l.Code
	}
	return list + "}"
}

// Printed is a run of letters that was made.
type Printed struct {
	Run     int64
	Letters int
	PDF     []byte
}

// Print gives every child of a choice a new code, withdraws the code of an
// earlier letter, and writes the letters as one file. The codes stand in that
// file and nowhere else: what is lost is printed again, with other codes.
func Print(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, c Choice, address string, at time.Time) (out Printed, err error) {
	people, err := chosen(ctx, db, who, keys, p, c)
	if err != nil {
		return out, err
	}
	drafts, err := hashSecrets(ctx, keys, len(people))
	if err != nil {
		return out, err
	}
	ids := make([]family.ChildID, len(people))
	for i, a := range people {
		ids[i] = a.Child
	}
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		codes, err := issue(ctx, tx, who, byLetter, ids, drafts, LetterLife, at)
		if err != nil {
			return err
		}
		for i := range people {
			people[i].Code = codes[i]
		}
		var b bytes.Buffer
		if err := WriteLetters(&b, Mailing{Program: p.Name, Address: address, Lang: c.Lang, Until: p.Day(at.Add(LetterLife)).AddDays(-1), At: at, To: people}); err != nil {
			return err
		}
		out = Printed{Letters: len(people), PDF: b.Bytes()}
		out.Run, err = logRun(ctx, tx, who, p.ID, c, out, at)
		return err
	})
	return out, err
}

// chosen opens the children of a choice.
func chosen(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, c Choice) (people []Addressee, err error) {
	err = db.Read(ctx, who, func(q sqlx.QueryerContext) error {
		var rows []struct {
			Child  family.ChildID `db:"child_id"`
			School string         `db:"school"`
			Grade  string         `db:"grade"`
		}
		if err := sqlx.SelectContext(ctx, q, &rows, addressees, p.ID, c.School, c.Lang, spoken(), c.Everybody, MostLetters+1); err != nil {
			return fmt.Errorf("choose letters: %w", err)
		}
		switch {
		case len(rows) == 0:
			return ErrNoLetters
		case len(rows) > MostLetters:
			return ErrManyLetters.With(map[string]any{"most": MostLetters}).At("school")
		}
		ids := make([]family.ChildID, len(rows))
		for i, r := range rows {
			ids[i] = r.Child
		}
		children, err := family.Load(ctx, q, who, keys, ids)
		if err != nil {
			return err
		}
		people = make([]Addressee, len(rows))
		for i, r := range rows {
			person := children[i].Person
			people[i] = Addressee{Child: r.Child, Given: person.Given, Name: person.DisplayName(), School: r.School, Grade: r.Grade}
			if person.Preferred != "" {
				people[i].Given = person.Preferred
			}
		}
		return nil
	})
	return people, err
}

func logRun(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, c Choice, out Printed, at time.Time) (run int64, err error) {
	sum := sha256.Sum256(out.PDF)
	const query = `
		INSERT INTO letter_runs (tenant_id, program_id, school_id, language, everybody, letters, sha256, printed_by, printed_at)
		VALUES ($1, $2, nullif(CAST($3 AS bigint), 0), $4, $5, $6, $7, $8, $9) RETURNING id`
	err = tx.GetContext(ctx, &run, query, who.Tenant, p, c.School, c.Lang, c.Everybody, out.Letters, hex.EncodeToString(sum[:]), who.Actor, at)
	if err != nil {
		return 0, fmt.Errorf("log a run of letters: %w", err)
	}
	return run, audit.Record(ctx, tx, who, []audit.Event{{Verb: "letters.printed", Kind: "letters", Subject: run, Program: int32(p),
		After: map[string]any{"letters": out.Letters, "language": c.Lang, "school": int64(c.School)}}}, at)
}

// Run is a run of letters, as the log shows it.
type Run struct {
	ID        int64     `db:"id"`
	School    string    `db:"school"` // "" for all
	Lang      string    `db:"language"`
	Everybody bool      `db:"everybody"`
	Letters   int       `db:"letters"`
	SHA256    string    `db:"sha256"`
	By        string    `db:"printed_by"`
	At        time.Time `db:"printed_at"`
}

// Runs are the newest runs of letters and who printed them.
func Runs(ctx context.Context, q sqlx.QueryerContext, p program.ID, limit int) (all []Run, err error) {
	const query = `
		SELECT r.id, coalesce(h.name, '') AS school, r.language, r.everybody, r.letters, r.sha256, r.printed_by, r.printed_at
		FROM letter_runs r LEFT JOIN schools h ON h.tenant_id = r.tenant_id AND h.id = r.school_id
		WHERE r.program_id = $1 ORDER BY r.id DESC LIMIT $2`
	if err := sqlx.SelectContext(ctx, q, &all, query, p, limit); err != nil {
		return nil, fmt.Errorf("runs of letters: %w", err)
	}
	return all, nil
}

// One gives a single child a letter's code and logs it like a run of one: for
// the demonstration's family, and for a school that helps at the desk.
func One(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, child family.ChildID, at time.Time) (code string, err error) {
	drafts, err := hashSecrets(ctx, keys, 1)
	if err != nil {
		return "", err
	}
	err = db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		codes, err := issue(ctx, tx, who, byLetter, []family.ChildID{child}, drafts, LetterLife, at)
		if err == nil {
			code = codes[0]
		}
		return err
	})
	return code, err
}
