package approval

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/store"
)

// maxReason bounds a reason, in characters.
const maxReason = 4000

// Propose has something wait for another person. Asking for the same thing
// again gives the request that waits already; asking for something else about
// the same subject is ErrOpen.
func Propose(ctx context.Context, tx *sqlx.Tx, who store.Who, p Proposal, at time.Time) (ID, error) {
	maker, err := Person(who)
	if err != nil {
		return 0, err
	}
	if strings.TrimSpace(p.Reason) == "" || utf8.RuneCountInString(p.Reason) > maxReason {
		return 0, ErrReason.At("reason")
	}
	text, err := canonical(p.Program, p.Kind, p.Subject, p.Content)
	if err != nil {
		return 0, err
	}
	const query = `
		INSERT INTO approval_requests (tenant_id, program_id, kind, subject, reason, content, content_sha256, revision,
		                               difference, total, affected, needed, maker_id, made_at, state)
		VALUES ($1, nullif(CAST($2 AS bigint), 0), $3, $4, $5, $6, $7, 1, CAST($8 AS numeric), CAST($9 AS numeric), $10, 1, $11, $12, 'waiting')
		ON CONFLICT (tenant_id, kind, subject) WHERE state IN ('waiting', 'approved') DO NOTHING
		RETURNING id`
	var id ID
	err = tx.GetContext(ctx, &id, query, who.Tenant, p.Program, string(p.Kind), p.Subject, p.Reason, text, hashOf(text),
		p.Content.Difference, p.Content.Total, p.Content.Affected, maker, at)
	if errors.Is(err, sql.ErrNoRows) {
		return asked(ctx, tx, maker, p, hashOf(text))
	}
	if err != nil {
		return 0, fmt.Errorf("ask for %s %s: %w", p.Kind, p.Subject, err)
	}
	return id, record(ctx, tx, who, "requested", Request{ID: id, Program: p.Program, Kind: p.Kind, Subject: p.Subject}, map[string]any{
		"total": p.Content.Total, "affected": p.Content.Affected}, at)
}

// asked is the open request of the same person for the same thing.
func asked(ctx context.Context, tx *sqlx.Tx, maker int64, p Proposal, hash []byte) (ID, error) {
	r, err := Open(ctx, tx, p.Kind, p.Subject)
	if err != nil {
		return 0, err
	}
	if r.Maker != maker || !bytes.Equal(r.Hash, hash) {
		return 0, ErrOpen.With(map[string]any{"id": int64(r.ID)})
	}
	return r.ID, nil
}

func record(ctx context.Context, tx *sqlx.Tx, who store.Who, verb string, r Request, after map[string]any, at time.Time) error {
	after["kind"], after["subject"] = r.Kind, r.Subject
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "approval." + verb, Kind: "approval", Subject: int64(r.ID), Program: int32(r.Program), After: after}}, at)
}

// Alone reports that a person's roles let them do something of a kind with
// nobody else, at this moment. The key of another organization's program lets it
// do what an operator may, and no more. An actor that is neither, such as the
// server's owner at the command line, is not asked.
func Alone(ctx context.Context, q sqlx.QueryerContext, who store.Who, kind Kind, children int, total ledger.Amount) (alone bool, err error) {
	if strings.HasPrefix(who.Actor, "key/") {
		return aloneAs(ctx, q, "operator", kind, children, total)
	}
	staff, err := Person(who)
	if err != nil {
		return true, nil
	}
	const query = `
		SELECT EXISTS (
			SELECT FROM staff_accounts a
			JOIN staff_roles g ON g.tenant_id = a.tenant_id AND g.account_id = a.id AND g.revoked_at IS NULL
			JOIN approval_limits_now l ON l.role = g.role AND l.kind = $2 AND l.duty = 'alone'
			WHERE a.staff_id = $1 AND a.disabled_at IS NULL
			  AND (l.children IS NULL OR l.children >= $3) AND (l.amount IS NULL OR l.amount >= CAST($4 AS numeric)))`
	if err := sqlx.GetContext(ctx, q, &alone, query, staff, string(kind), children, total); err != nil {
		return false, fmt.Errorf("limits of %s for %s: %w", who.Actor, kind, err)
	}
	return alone, nil
}

// aloneAs reports that one role lets its holder do something with nobody else.
func aloneAs(ctx context.Context, q sqlx.QueryerContext, role string, kind Kind, children int, total ledger.Amount) (alone bool, err error) {
	const query = `
		SELECT EXISTS (
			SELECT FROM approval_limits_now l
			WHERE l.role = $1 AND l.kind = $2 AND l.duty = 'alone'
			  AND (l.children IS NULL OR l.children >= $3) AND (l.amount IS NULL OR l.amount >= CAST($4 AS numeric)))`
	if err := sqlx.GetContext(ctx, q, &alone, query, role, string(kind), children, total); err != nil {
		return false, fmt.Errorf("limits of %s for %s: %w", role, kind, err)
	}
	return alone, nil
}

// Limit is how much a role may do alone or approve.
type Limit struct {
	Kind        Kind           `db:"kind" json:"kind"`
	Role        string         `db:"role" json:"role"`
	Duty        string         `db:"duty" json:"duty"` // alone or approve
	Children    *int           `db:"children" json:"children"`
	Amount      *ledger.Amount `db:"amount" json:"amount"`
	DoubleAbove *ledger.Amount `db:"double_above" json:"double_above"`
	Request     ID             `db:"request_id" json:"-"` // that set it; 0: as delivered
}

// LimitsNow returns the limits that hold.
func LimitsNow(ctx context.Context, q sqlx.QueryerContext) (all []Limit, err error) {
	const query = `SELECT kind, role, duty, children, amount, double_above, request_id FROM approval_limits_now ORDER BY kind, duty, role`
	if err := sqlx.SelectContext(ctx, q, &all, query); err != nil {
		return nil, fmt.Errorf("limits: %w", err)
	}
	return all, nil
}

// SetLimit puts an approved limit into effect; the request about it was
// executed in the same transaction.
func SetLimit(ctx context.Context, tx *sqlx.Tx, who store.Who, request ID, l Limit, at time.Time) error {
	const query = `
		INSERT INTO approval_limits (tenant_id, request_id, kind, role, duty, children, amount, double_above, set_at)
		VALUES ($1, $2, $3, $4, $5, $6, CAST($7 AS numeric), CAST($8 AS numeric), $9)`
	_, err := tx.ExecContext(ctx, query, who.Tenant, request, string(l.Kind), l.Role, l.Duty, l.Children, l.Amount, l.DoubleAbove, at)
	if store.Violates(err, "approval_limits_approved_check") || store.Violates(err, "approval_limits_request_fkey") {
		return ErrNeeded
	}
	if err != nil {
		return fmt.Errorf("set limit of %s for %s: %w", l.Role, l.Kind, err)
	}
	return nil
}
