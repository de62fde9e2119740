// Package program keeps the programs of an organization, the schools they
// serve and the rule books they run by.
//
// It may open a program's book in the ledger, but it moves no money and knows
// no child.
package program

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of this room.
var (
	// ErrNone reports a program that does not exist in this organization.
	ErrNone = fault.New(fault.NotFound, "program.none")
	// ErrCodeTaken reports a second program with the same code.
	ErrCodeTaken = fault.New(fault.Conflict, "program.code_taken")
	// ErrZone reports a time zone that is not in the IANA database.
	ErrZone = fault.New(fault.Invalid, "program.zone")
	// ErrField reports a setting that is missing or malformed; Field names it.
	ErrField = fault.New(fault.Invalid, "program.field")
)

// ID identifies a program within its organization.
type ID int64

// Program is one scheme of children's savings accounts.
type Program struct {
	ID       ID              `db:"id"`
	Code     string          `db:"code"`      // short name for commands and files: "riverbend"
	Name     string          `db:"name"`      // what families read
	TimeZone string          `db:"time_zone"` // IANA name; decides what day it is
	Currency string          `db:"currency"`  // ISO 4217
	Rounding ledger.Rounding `db:"rounding"`
	Book     ledger.BookID   `db:"book_id"`
}

// Zone is the program's time zone. The name was checked when it was set up.
func (p Program) Zone() *time.Location {
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Day is the calendar day in the program's zone at an instant.
func (p Program) Day(at time.Time) ledger.Date { return ledger.DateIn(at, p.Zone()) }

// Add sets up a program with an empty book. The code is taken for ever.
func Add(ctx context.Context, tx *sqlx.Tx, who store.Who, p Program, at time.Time) (Program, error) {
	if err := check(p); err != nil {
		return Program{}, err
	}
	book, err := ledger.OpenBook(ctx, tx, ledger.NewBook{Code: p.Code, Name: p.Name, Currency: p.Currency}, at)
	if store.Violates(err, "ledger_books_tenant_id_code_key") { // a book has its program's code
		return Program{}, fmt.Errorf("add program %s: %w", p.Code, ErrCodeTaken)
	}
	if err != nil {
		return Program{}, fmt.Errorf("open book of %s: %w", p.Code, err)
	}
	p.Book = book
	const query = `
		INSERT INTO programs (tenant_id, code, name, time_zone, currency, rounding, book_id, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		RETURNING id`
	err = tx.GetContext(ctx, &p.ID, query, who.Tenant, p.Code, p.Name, p.TimeZone, p.Currency, string(p.Rounding), int32(book), at)
	if store.Violates(err, "programs_tenant_id_code_key") {
		return Program{}, fmt.Errorf("add program %s: %w", p.Code, ErrCodeTaken)
	}
	if err != nil {
		return Program{}, fmt.Errorf("add program %s: %w", p.Code, err)
	}
	return p, nil
}

func check(p Program) error {
	if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "" {
		return ErrZone.At("time_zone")
	}
	if p.Code == "" {
		return ErrField.At("code")
	}
	if p.Name == "" {
		return ErrField.At("name")
	}
	if !p.Rounding.Valid() {
		return ErrField.At("rounding")
	}
	return nil
}

const columns = `id, code, name, time_zone, currency, rounding, book_id`

// ByCode returns a program by its code, or ErrNone.
func ByCode(ctx context.Context, q sqlx.QueryerContext, code string) (Program, error) {
	const query = `SELECT ` + columns + ` FROM programs WHERE code = $1`
	return one(ctx, q, query, code)
}

// Load returns a program by its ID, or ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, id ID) (Program, error) {
	const query = `SELECT ` + columns + ` FROM programs WHERE id = $1`
	return one(ctx, q, query, id)
}

func one(ctx context.Context, q sqlx.QueryerContext, query string, arg any) (p Program, err error) {
	err = sqlx.GetContext(ctx, q, &p, query, arg)
	if errors.Is(err, sql.ErrNoRows) {
		return Program{}, ErrNone
	}
	if err != nil {
		return Program{}, fmt.Errorf("load program %v: %w", arg, err)
	}
	return p, nil
}

// All returns the organization's programs by name.
func All(ctx context.Context, q sqlx.QueryerContext) ([]Program, error) {
	const query = store.Kept + `SELECT ` + columns + ` FROM programs ORDER BY name, id`
	var ps []Program
	if err := sqlx.SelectContext(ctx, q, &ps, query); err != nil {
		return nil, fmt.Errorf("list programs: %w", err)
	}
	return ps, nil
}

// WithRules returns the programs that have a rule book in effect at an instant,
// each on its own day: the others have nothing to run yet.
func WithRules(ctx context.Context, q sqlx.QueryerContext, at time.Time) ([]Program, error) {
	const query = `
		SELECT ` + columns + ` FROM programs p
		WHERE EXISTS (
			SELECT FROM program_rule_books r
			WHERE r.tenant_id = p.tenant_id AND r.program_id = p.id AND r.state = 'approved'
			  AND r.effective_on <= CAST($1 AT TIME ZONE p.time_zone AS date))
		ORDER BY id`
	var ps []Program
	if err := sqlx.SelectContext(ctx, q, &ps, query, at); err != nil {
		return nil, fmt.Errorf("list programs with rules: %w", err)
	}
	return ps, nil
}
