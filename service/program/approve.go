package program

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Approval puts a submitted book into effect from a day on.
type Approval struct {
	Book        BookNo
	Hash        string      // of the book that was shown
	EffectiveOn ledger.Date // today or later; any day for a program's first book
	Note        string      // may be empty
}

// ApproveBook approves a submitted book. The approver had no hand in its text
// and names the hash that was shown: ErrSamePerson, ErrOtherHash. Whether the
// program still has the book's funds is looked at anew.
func ApproveBook(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, a Approval, at time.Time) error {
	b, err := lock(ctx, tx, id, a.Book)
	switch {
	case err != nil:
		return err
	case b.Hash != a.Hash:
		return ErrOtherHash
	case b.State != Submitted:
		return ErrState
	case utf8.RuneCountInString(a.Note) > maxNote:
		return ErrNote.At("note")
	}
	book, err := rules.Parse([]byte(b.Source))
	if err != nil {
		return err
	}
	if err := checkFunds(ctx, tx, id, book); err != nil {
		return err
	}
	const query = `
		UPDATE program_rule_books SET state = 'approved', approved_by = $3, approved_at = $4, effective_on = $5
		WHERE program_id = $1 AND no = $2`
	_, err = tx.ExecContext(ctx, query, id, a.Book, who.Actor, at, a.EffectiveOn)
	switch {
	case store.Violates(err, "program_rule_books_second_person_check"):
		return ErrSamePerson
	case store.Violates(err, "program_rule_books_past_check"):
		return ErrPast.At("effective_on")
	case err != nil:
		return fmt.Errorf("approve rule book %d of program %d: %w", a.Book, id, err)
	}
	return note(ctx, tx, who, id, taken{a.Book, "approved", a.Hash, a.Note}, at)
}

// Approve puts a submitted book into effect today; the program's first book as
// well for the days before, from its first version on. Approving again changes
// nothing.
func Approve(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, hash string, at time.Time) error {
	p, err := Load(ctx, tx, id)
	if err != nil {
		return err
	}
	const query = `
		SELECT no, state, source, EXISTS (SELECT FROM program_rule_books WHERE program_id = $1 AND state = 'approved') AS later
		FROM program_rule_books
		WHERE program_id = $1 AND hash = $2 AND state IN ('submitted', 'approved')
		ORDER BY state DESC, no DESC LIMIT 1`
	var b struct {
		No     BookNo
		State  State
		Source string
		Later  bool
	}
	err = tx.GetContext(ctx, &b, query, id, hash)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("approve rule book %.12s: %w", hash, ErrOtherHash)
	}
	if err != nil {
		return fmt.Errorf("approve rule book %.12s: %w", hash, err)
	}
	if b.State == Approved {
		return nil
	}
	book, err := rules.Parse([]byte(b.Source))
	if err != nil {
		return fmt.Errorf("approve rule book %.12s: %w", hash, err)
	}
	on := p.Day(at)
	if first := book.Versions[0].EffectiveFrom; !b.Later && first.Before(on) {
		on = first
	}
	return ApproveBook(ctx, tx, who, id, Approval{Book: b.No, Hash: hash, EffectiveOn: on}, at)
}

// Return gives a submitted book back to its author with a reason.
func Return(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, no BookNo, hash, why string, at time.Time) error {
	b, err := lock(ctx, tx, id, no)
	switch {
	case err != nil:
		return err
	case b.Hash != hash:
		return ErrOtherHash
	case b.State != Submitted:
		return ErrState
	}
	if err := checkNote(why); err != nil {
		return err
	}
	return shut(ctx, tx, who, id, b, "returned", why, at)
}

// Withdraw takes a draft or a submitted book back.
func Withdraw(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, no BookNo, why string, at time.Time) error {
	b, err := lock(ctx, tx, id, no)
	if err != nil {
		return err
	}
	if !b.State.Open() {
		return ErrState
	}
	return shut(ctx, tx, who, id, b, "withdrawn", why, at)
}

// Revoke takes an approved book back before its day, with a reason. Once it is
// in effect only another book takes its place: ErrInEffect.
func Revoke(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, no BookNo, why string, at time.Time) error {
	b, err := lock(ctx, tx, id, no)
	if err != nil {
		return err
	}
	if b.State != Approved {
		return ErrState
	}
	if err := checkNote(why); err != nil {
		return err
	}
	return shut(ctx, tx, who, id, b, "withdrawn", why, at)
}

func shut(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, b locked, state, why string, at time.Time) error {
	const query = `UPDATE program_rule_books SET state = $3, closed_by = $4, closed_at = $5 WHERE program_id = $1 AND no = $2`
	_, err := tx.ExecContext(ctx, query, id, b.No, state, who.Actor, at)
	if store.Violates(err, "program_rule_books_in_effect_check") {
		return ErrInEffect
	}
	if err != nil {
		return fmt.Errorf("rule book %d of program %d: %s: %w", b.No, id, state, err)
	}
	return note(ctx, tx, who, id, taken{b.No, state, b.Hash, why}, at)
}

// locked is a book that nobody else decides about until the transaction ends;
// its state is the stored one.
type locked struct {
	No       BookNo `db:"no"`
	State    State  `db:"state"`
	Revision int    `db:"revision"`
	Hash     string `db:"hash"`
	Source   string `db:"source"`
}

func lock(ctx context.Context, tx *sqlx.Tx, id ID, no BookNo) (b locked, err error) {
	const query = `
		SELECT no, state, revision, coalesce(hash, '') AS hash, source FROM program_rule_books
		WHERE program_id = $1 AND no = $2 FOR UPDATE`
	err = tx.GetContext(ctx, &b, query, id, no)
	if errors.Is(err, sql.ErrNoRows) {
		return b, ErrNoBook
	}
	if err != nil {
		return b, fmt.Errorf("lock rule book %d of program %d: %w", no, id, err)
	}
	return b, nil
}

// maxNote bounds a note, in characters.
const maxNote = 4000

func checkNote(why string) error {
	if strings.TrimSpace(why) == "" || utf8.RuneCountInString(why) > maxNote {
		return ErrNote.At("note")
	}
	return nil
}

// Step is something that was done with a rule book.
type Step struct {
	Step string    `db:"step"` // drafted, saved, submitted, approved, returned or withdrawn
	By   string    `db:"actor"`
	At   time.Time `db:"at"`
	Hash string    `db:"hash"` // of the text at that moment; "" while it was no rule book
	Note string    `db:"note"`
}

// Steps returns what was done with a rule book, the newest first.
func Steps(ctx context.Context, q sqlx.QueryerContext, id ID, no BookNo) ([]Step, error) {
	const query = `
		SELECT step, actor, at, coalesce(hash, '') AS hash, note FROM program_rule_book_steps
		WHERE program_id = $1 AND no = $2 ORDER BY n DESC`
	var all []Step
	if err := sqlx.SelectContext(ctx, q, &all, query, id, no); err != nil {
		return nil, fmt.Errorf("history of rule book %d of program %d: %w", no, id, err)
	}
	return all, nil
}
