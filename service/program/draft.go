package program

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// maxBook bounds the text of a draft, in bytes: what rules.Parse reads at most.
const maxBook = 1 << 20

// Begin opens a draft with a text, which need not be a rule book yet. basedOn
// is the book it is a copy of, 0 for none.
func Begin(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, basedOn BookNo, source string, at time.Time) (BookNo, error) {
	if len(source) > maxBook {
		return 0, ErrBookSize
	}
	// Two who begin at the same moment count the same number; the second waits
	// for the first and counts again.
	const query = `
		INSERT INTO program_rule_books (tenant_id, program_id, no, state, revision, based_on, hash, source, made_by, made_at)
		SELECT $1, $2, coalesce(max(no), 0) + 1, 'draft', 1, nullif($3, 0), nullif($4, ''), $5, $6, $7
		FROM program_rule_books WHERE program_id = $2
		ON CONFLICT ON CONSTRAINT program_rule_books_pkey DO NOTHING
		RETURNING no`
	hash := hashOf(source)
	for range 20 {
		var no []BookNo
		err := tx.SelectContext(ctx, &no, query, who.Tenant, id, basedOn, hash, source, who.Actor, at)
		if store.Violates(err, "program_rule_books_based_on_fkey") {
			return 0, ErrNoBook
		}
		if err != nil {
			return 0, fmt.Errorf("begin rule book of program %d: %w", id, err)
		}
		if len(no) == 1 {
			return no[0], note(ctx, tx, who, id, taken{no[0], "drafted", hash, ""}, at)
		}
	}
	return 0, store.ErrBusy
}

// hashOf is the hash of a text that is a rule book, and "" of any other.
func hashOf(source string) string {
	book, err := rules.Parse([]byte(source))
	if err != nil {
		return ""
	}
	return book.Hash()
}

// Save takes a draft's new text, which need not be a rule book yet, and returns
// its new revision. revision is the one the text was made from: ErrStale where
// somebody saved another one meanwhile, ErrFrozen where it is no draft any
// more. Saving the same text again changes nothing.
func Save(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, no BookNo, revision int, source string, at time.Time) (int, error) {
	if len(source) > maxBook {
		return 0, ErrBookSize
	}
	b, err := lock(ctx, tx, id, no)
	switch {
	case err != nil:
		return 0, err
	case b.State != Drafted:
		return 0, ErrFrozen
	case b.Source == source:
		return b.Revision, nil
	case b.Revision != revision:
		return 0, ErrStale
	}
	hash := hashOf(source)
	const query = `
		UPDATE program_rule_books SET source = $3, hash = nullif($4, ''), revision = revision + 1
		WHERE program_id = $1 AND no = $2`
	if _, err := tx.ExecContext(ctx, query, id, no, source, hash); err != nil {
		return 0, fmt.Errorf("save rule book %d of program %d: %w", no, id, err)
	}
	return revision + 1, note(ctx, tx, who, id, taken{no, "saved", hash, ""}, at)
}

// Submit hands a draft over to be approved by somebody else, and says what it
// changes and why. The text must be a rule book of this program whose funds are
// there and whose examples hold; it never changes again.
func Submit(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, no BookNo, revision int, why string, at time.Time) error {
	b, err := lock(ctx, tx, id, no)
	switch {
	case err != nil:
		return err
	case b.State != Drafted:
		return ErrFrozen
	case b.Revision != revision:
		return ErrStale
	}
	if err := checkNote(why); err != nil {
		return err
	}
	book, err := rules.Parse([]byte(b.Source))
	if err != nil {
		return err
	}
	if err := fits(ctx, tx, id, book); err != nil {
		return err
	}
	if report := rules.Test(book); report.Failed > 0 {
		return ErrExamples.With(map[string]any{"n": report.Failed})
	}
	return submit(ctx, tx, who, id, no, book.Hash(), why, at)
}

func submit(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, no BookNo, hash, why string, at time.Time) error {
	const query = `UPDATE program_rule_books SET state = 'submitted' WHERE program_id = $1 AND no = $2`
	_, err := tx.ExecContext(ctx, query, id, no)
	if store.Violates(err, "program_rule_books_submitted_key") {
		return ErrSubmitted
	}
	if err != nil {
		return fmt.Errorf("submit rule book %d of program %d: %w", no, id, err)
	}
	return note(ctx, tx, who, id, taken{no, "submitted", hash, why}, at)
}

// fits refuses a book that is not this program's: its currency, zone and
// rounding are the program's, and its funds are there.
func fits(ctx context.Context, q sqlx.QueryerContext, id ID, book *rules.Book) error {
	p, err := Load(ctx, q, id)
	if err != nil {
		return err
	}
	var unlike []*fault.Fault
	for _, x := range []struct{ name, has, needs string }{
		{"currency", book.Program.Currency, p.Currency},
		{"time_zone", book.Program.TimeZone, p.TimeZone},
		{"rounding", string(book.Program.Rounding), string(p.Rounding)},
	} {
		if x.has != x.needs {
			unlike = append(unlike, ErrUnlike.With(map[string]any{"Key": x.name, "Has": x.has, "Needs": x.needs}))
		}
	}
	if len(unlike) > 0 {
		return unlike[0].Among(unlike...)
	}
	return checkFunds(ctx, q, id, book)
}

// checkFunds refuses a rule book with a fund that the program does not have.
func checkFunds(ctx context.Context, q sqlx.QueryerContext, id ID, book *rules.Book) error {
	const query = `
		SELECT w.code FROM unnest(CAST($2 AS text[])) AS w (code)
		WHERE NOT EXISTS (SELECT FROM funds f WHERE f.program_id = $1 AND f.code = w.code)
		ORDER BY w.code LIMIT 1`
	var missing []string
	if err := sqlx.SelectContext(ctx, q, &missing, query, id, pq.Array(book.FundCodes())); err != nil {
		return fmt.Errorf("funds of program %d: %w", id, err)
	}
	if len(missing) > 0 {
		return ErrUnknownFund.With(map[string]any{"Code": missing[0]})
	}
	return nil
}

// Draft begins a rule book and submits it in one step, and returns its hash:
// for books that come as a file. Drafting again what waits for approval, or
// what is approved to hold in the end, changes nothing.
func Draft(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, source []byte, at time.Time) (string, error) {
	book, err := rules.Parse(source)
	if err != nil {
		return "", err
	}
	const query = `
		SELECT EXISTS (SELECT FROM program_rule_books WHERE program_id = $1 AND hash = $2 AND state = 'submitted')
		    OR $2 = (SELECT hash FROM program_rule_books WHERE program_id = $1 AND state = 'approved'
		             ORDER BY effective_on DESC, approved_at DESC, no DESC LIMIT 1)`
	var known *bool
	if err := tx.GetContext(ctx, &known, query, id, book.Hash()); err != nil {
		return "", fmt.Errorf("draft rule book of program %d: %w", id, err)
	}
	if known != nil && *known {
		return book.Hash(), nil
	}
	no, err := Begin(ctx, tx, who, id, 0, string(source), at)
	if err != nil {
		return "", err
	}
	last := book.Versions[len(book.Versions)-1]
	why := last.Note
	if why == "" {
		why = book.Program.Name + ", " + last.ID
	}
	return book.Hash(), submit(ctx, tx, who, id, no, book.Hash(), why, at)
}

// taken is a step that was taken with a book.
type taken struct {
	no         BookNo
	step, hash string
	note       string
}

// note writes a step into the book's history and into the trail.
func note(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, s taken, at time.Time) error {
	const query = `
		INSERT INTO program_rule_book_steps (tenant_id, program_id, no, n, step, actor, at, hash, note)
		SELECT $1, $2, $3, coalesce(max(n), 0) + 1, $4, $5, $6, nullif($7, ''), $8
		FROM program_rule_book_steps WHERE program_id = $2 AND no = $3`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, id, s.no, s.step, who.Actor, at, s.hash, s.note); err != nil {
		return fmt.Errorf("note that rule book %d of program %d was %s: %w", s.no, id, s.step, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "program.rules_" + s.step, Kind: "rule_book", Subject: int64(s.no), Program: int32(id), After: map[string]any{"hash": s.hash},
	}}, at)
}
