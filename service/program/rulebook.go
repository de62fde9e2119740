package program

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Faults of rule books.
var (
	// ErrNoRules reports a program without an approved rule book.
	ErrNoRules = fault.New(fault.NotFound, "program.no_rules")
	// ErrSamePerson reports an approval by whoever wrote the draft.
	ErrSamePerson = fault.New(fault.Denied, "program.same_person")
	// ErrUnknownFund reports a rule book that names a fund which the program does
	// not have: what it awards could never be paid.
	ErrUnknownFund = fault.New(fault.Invalid, "program.unknown_fund")
	// ErrOtherHash reports an approval of something other than what was shown.
	ErrOtherHash = fault.New(fault.Conflict, "program.other_hash")
)

// Draft saves a rule book for a second person to approve and returns its hash.
// Saving the same book again changes nothing.
func Draft(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, source []byte, at time.Time) (string, error) {
	book, err := rules.Parse(source)
	if err != nil {
		return "", err
	}
	const query = `
		INSERT INTO program_rule_books (tenant_id, program_id, no, hash, source, made_by, made_at)
		SELECT $1, $2, coalesce(max(no), 0) + 1, $3, $4, $5, $6
		FROM program_rule_books WHERE program_id = $2
		ON CONFLICT ON CONSTRAINT program_rule_books_tenant_id_program_id_hash_key DO NOTHING
		RETURNING no`
	var no []int64
	if err := tx.SelectContext(ctx, &no, query, who.Tenant, id, book.Hash(), string(source), who.Actor, at); err != nil {
		return "", fmt.Errorf("draft rule book of program %d: %w", id, err)
	}
	return book.Hash(), trail(ctx, tx, who, "program.rules_drafted", id, no, book.Hash(), at)
}

// trail records what was done to a rule book; no number, nothing was.
func trail(ctx context.Context, tx *sqlx.Tx, who store.Who, verb string, id ID, no []int64, hash string, at time.Time) error {
	if len(no) == 0 {
		return nil
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: verb, Kind: "rule_book", Subject: no[0], Program: int32(id), After: map[string]any{"hash": hash},
	}}, at)
}

// Approve puts a draft into effect. The approver is another person than the
// maker and names the hash that was shown. Approving again changes nothing.
func Approve(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, hash string, at time.Time) error {
	if err := checkFunds(ctx, tx, id, hash); err != nil {
		return fmt.Errorf("approve rule book %.12s: %w", hash, err)
	}
	const query = `
		UPDATE program_rule_books SET approved_by = $3, approved_at = $4
		WHERE program_id = $1 AND hash = $2 AND approved_by IS NULL
		RETURNING no`
	var no []int64
	err := tx.SelectContext(ctx, &no, query, id, hash, who.Actor, at)
	if store.Violates(err, "program_rule_books_second_person_check") {
		return fmt.Errorf("approve rule book %.12s: %w", hash, ErrSamePerson)
	}
	if err != nil {
		return fmt.Errorf("approve rule book %.12s: %w", hash, err)
	}
	if len(no) == 1 {
		return trail(ctx, tx, who, "program.rules_approved", id, no, hash, at)
	}
	return nil // it was approved before
}

// checkFunds refuses a rule book with a fund that the program does not have.
func checkFunds(ctx context.Context, q sqlx.QueryerContext, id ID, hash string) error {
	const known = `SELECT source FROM program_rule_books WHERE program_id = $1 AND hash = $2`
	var source string
	err := sqlx.GetContext(ctx, q, &source, known, id, hash)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrOtherHash
	}
	if err != nil {
		return err
	}
	book, err := rules.Parse([]byte(source))
	if err != nil {
		return err
	}
	const query = `
		SELECT w.code FROM unnest(CAST($2 AS text[])) AS w (code)
		WHERE NOT EXISTS (SELECT FROM funds f WHERE f.program_id = $1 AND f.code = w.code)
		ORDER BY w.code LIMIT 1`
	var missing []string
	if err := sqlx.SelectContext(ctx, q, &missing, query, id, pq.Array(book.FundCodes())); err != nil {
		return err
	}
	if len(missing) > 0 {
		return ErrUnknownFund.With(map[string]any{"Code": missing[0]})
	}
	return nil
}

// parsed keeps compiled rule books by hash: compiling one costs more than
// evaluating a thousand children, and a hash never changes its meaning.
var parsed sync.Map // hash string → *rules.Book

// Rules returns the program's approved rule book, the newest first approved,
// or ErrNoRules.
func Rules(ctx context.Context, q sqlx.QueryerContext, id ID) (*rules.Book, error) {
	const query = `
		SELECT hash FROM program_rule_books
		WHERE program_id = $1 AND approved_at IS NOT NULL
		ORDER BY no DESC LIMIT 1`
	var hash string
	err := sqlx.GetContext(ctx, q, &hash, query, id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("rules of program %d: %w", id, ErrNoRules)
	}
	if err != nil {
		return nil, fmt.Errorf("rules of program %d: %w", id, err)
	}
	return RulesByHash(ctx, q, id, hash)
}

// RulesByHash returns one of the program's rule books, approved or not.
func RulesByHash(ctx context.Context, q sqlx.QueryerContext, id ID, hash string) (*rules.Book, error) {
	if b, ok := parsed.Load(hash); ok {
		return b.(*rules.Book), nil
	}
	const query = `SELECT source FROM program_rule_books WHERE program_id = $1 AND hash = $2`
	var source string
	if err := sqlx.GetContext(ctx, q, &source, query, id, hash); err != nil {
		return nil, fmt.Errorf("rule book %.12s of program %d: %w", hash, id, err)
	}
	book, err := rules.Parse([]byte(source))
	if err != nil {
		return nil, fmt.Errorf("rule book %.12s of program %d no longer parses: %w", hash, id, err)
	}
	parsed.Store(hash, book)
	return book, nil
}
