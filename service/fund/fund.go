// Package fund keeps funders, their funds, what they promised and what they
// paid, and moves a fund's cash to the custodian that holds children's money.
//
// It posts only between a fund's own accounts. It awards nothing to any child.
package fund

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Faults of this room.
var (
	// ErrNone reports a fund that the program does not have; code names it.
	ErrNone = fault.New(fault.NotFound, "fund.none")
	// ErrCodeTaken reports a second fund with the same code in one program.
	ErrCodeTaken = fault.New(fault.Conflict, "fund.code_taken")
	// ErrField reports a fund's setting that is missing or malformed.
	ErrField = fault.New(fault.Invalid, "fund.field")
	// ErrReferenceUsed reports a reference that stands for another receipt.
	ErrReferenceUsed = fault.New(fault.Conflict, "fund.reference_used")
	// ErrOverPledged reports a payment of more than the fund still has pledged.
	ErrOverPledged = fault.New(fault.Limit, "fund.over_pledged")
	// ErrClosed reports a day in a closed period.
	ErrClosed = fault.New(fault.Conflict, "fund.period_closed")
)

// Kind says whose money a fund holds.
type Kind string

// The kinds. A program has exactly one family and one operations fund.
const (
	Family     Kind = "family"     // the families' own money, held for them
	Operations Kind = "operations" // unrestricted
	Restricted Kind = "restricted" // a funder's, for the funder's purpose
)

// Codes of the two funds that every program has.
const (
	FamilyCode     = "FAMILY"
	OperationsCode = "OPS"
)

// Fund is a self-balancing set of accounts for one funder and purpose.
type Fund struct {
	ID      ledger.FundID `db:"id"`
	Code    string        `db:"code"` // capital letters; rule books name it
	Name    string        `db:"name"`
	Kind    Kind          `db:"kind"`
	Funder  string        `db:"funder"`  // "" for family and operations
	Purpose string        `db:"purpose"` // the restriction in words
	// Document is the letter that the restriction rests on; 0 for none.
	Document DocumentID `db:"document_id"`
	// Approval is what entering it rests on, where a person did.
	Approval string `db:"-"`
}

// Open gives a new program its family and operations funds.
func Open(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, at time.Time) error {
	for _, f := range []Fund{
		{Code: FamilyCode, Name: "Families' own money", Kind: Family},
		{Code: OperationsCode, Name: "Operations", Kind: Operations},
	} {
		if _, err := insert(ctx, tx, who, p.ID, f, nil, at); err != nil {
			return err
		}
	}
	return nil
}

// Add enters a funder's restricted fund, and the funder where it is new.
func Add(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, f Fund, at time.Time) (Fund, error) {
	if f.Funder == "" {
		return Fund{}, ErrField.At("funder")
	}
	if err := needsApproval(ctx, tx, who, approval.Fund, ledger.Amount{}, f.Approval); err != nil {
		return Fund{}, err
	}
	const funder = `
		INSERT INTO funders (tenant_id, name, created_at) VALUES ($1, $2, $3)
		ON CONFLICT ON CONSTRAINT funders_tenant_id_name_key DO NOTHING`
	if _, err := tx.ExecContext(ctx, funder, who.Tenant, f.Funder, at); err != nil {
		return Fund{}, fmt.Errorf("add funder: %w", err)
	}
	var funderID int64
	if err := tx.GetContext(ctx, &funderID, `SELECT id FROM funders WHERE name = $1`, f.Funder); err != nil {
		return Fund{}, fmt.Errorf("find funder: %w", err)
	}
	f.Kind = Restricted
	f, err := insert(ctx, tx, who, p.ID, f, &funderID, at)
	if err != nil {
		return Fund{}, err
	}
	return f, audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "fund.added", Kind: "fund", Subject: int64(f.ID), Program: int32(p.ID), After: map[string]any{"code": f.Code, "funder": funderID},
	}}, at)
}

func insert(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, f Fund, funder *int64, at time.Time) (Fund, error) {
	const query = `
		INSERT INTO funds (tenant_id, program_id, code, name, kind, funder_id, purpose, created_at, document_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, nullif(CAST($9 AS bigint), 0))
		RETURNING id`
	err := tx.GetContext(ctx, &f.ID, query, who.Tenant, p, f.Code, f.Name, string(f.Kind), funder, f.Purpose, at, f.Document)
	switch {
	case store.Violates(err, "funds_tenant_id_program_id_code_key"):
		return Fund{}, ErrCodeTaken.With(map[string]any{"Code": f.Code})
	case store.Violates(err, "funds_code_check"):
		return Fund{}, ErrField.At("code")
	case store.Violates(err, "funds_name_check"):
		return Fund{}, ErrField.At("name")
	case err != nil:
		return Fund{}, fmt.Errorf("add fund %s: %w", f.Code, err)
	}
	return f, nil
}

// All returns a program's funds: family, operations, then by code.
func All(ctx context.Context, q sqlx.QueryerContext, p program.ID) ([]Fund, error) {
	const query = store.Kept + `
		SELECT f.id, f.code, f.name, f.kind, coalesce(u.name, '') AS funder, f.purpose, coalesce(f.document_id, 0) AS document_id
		FROM funds f
		LEFT JOIN funders u ON u.tenant_id = f.tenant_id AND u.id = f.funder_id
		WHERE f.program_id = $1
		ORDER BY f.kind, f.code`
	var fs []Fund
	if err := sqlx.SelectContext(ctx, q, &fs, query, p); err != nil {
		return nil, fmt.Errorf("funds of program %d: %w", p, err)
	}
	return fs, nil
}

// ByCode returns one of a program's funds, or ErrNone.
func ByCode(ctx context.Context, q sqlx.QueryerContext, p program.ID, code string) (Fund, error) {
	all, err := All(ctx, q, p)
	if err != nil {
		return Fund{}, err
	}
	for _, f := range all {
		if f.Code == code {
			return f, nil
		}
	}
	return Fund{}, ErrNone.With(map[string]any{"Code": code})
}

// ByID returns a program's fund, or ErrNone.
func ByID(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ledger.FundID) (Fund, error) {
	all, err := All(ctx, q, p)
	if err != nil {
		return Fund{}, err
	}
	for _, f := range all {
		if f.ID == id {
			return f, nil
		}
	}
	return Fund{}, ErrNone.With(map[string]any{"Code": id})
}
