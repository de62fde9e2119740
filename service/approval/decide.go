package approval

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
)

// Outcome is what came of an approval.
type Outcome string

// The outcomes.
const (
	More    Outcome = "more"    // it counts; another person's is needed
	Enough  Outcome = "enough"  // it counts, and may be done now
	Renewed Outcome = "renewed" // nothing counts: what would be done has changed, and waits to be looked at anew
)

// Approve approves a request as it was shown (hash). fresh is what the owning
// room would do now: where that is not what waits, the request is drawn up anew
// and nobody has approved it. It returns ErrChanged where something else waits
// than what was shown.
func Approve(ctx context.Context, tx *sqlx.Tx, by Checker, id ID, hash []byte, fresh Content, reason string, at time.Time) (Outcome, error) {
	r, err := Lock(ctx, tx, id)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(r.Hash, hash) {
		return "", ErrChanged
	}
	if renewed, err := renew(ctx, tx, by.Who, r, fresh, at); err != nil || renewed {
		return Renewed, err
	}
	if err := decide(ctx, tx, by, r, "approved", reason, at); err != nil {
		return "", err
	}
	if r.Given+1 < r.Needed {
		return More, nil
	}
	return Enough, move(ctx, tx, r, Approved, nil)
}

// renew draws a request up anew where its content has changed.
func renew(ctx context.Context, tx *sqlx.Tx, who store.Who, r Request, fresh Content, at time.Time) (bool, error) {
	text, err := canonical(r.Program, r.Kind, r.Subject, fresh)
	if err != nil || bytes.Equal(hashOf(text), r.Hash) {
		return false, err
	}
	if r.ClosedAt != nil {
		return false, ErrDecided
	}
	const query = `
		UPDATE approval_requests
		SET content = $2, content_sha256 = $3, revision = revision + 1, state = 'waiting',
		    difference = CAST($4 AS numeric), total = CAST($5 AS numeric), affected = $6
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, r.ID, text, hashOf(text), fresh.Difference, fresh.Total, fresh.Affected); err != nil {
		return false, fmt.Errorf("draw up request %d anew: %w", r.ID, err)
	}
	return true, record(ctx, tx, who, "renewed", r, map[string]any{"total": fresh.Total, "affected": fresh.Affected}, at)
}

// Renew sends an approved or waiting request back to review where what would be
// done is not what it says any more, and reports whether it did.
func Renew(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, fresh Content, at time.Time) (bool, error) {
	r, err := Lock(ctx, tx, id)
	if err != nil {
		return false, err
	}
	return renew(ctx, tx, who, r, fresh, at)
}

// decide writes a decision down; the database says whether it may be.
func decide(ctx context.Context, tx *sqlx.Tx, by Checker, r Request, decision, reason string, at time.Time) error {
	staff, err := Person(by.Who)
	if err != nil {
		return err
	}
	if utf8.RuneCountInString(reason) > maxReason {
		return ErrReason.At("reason")
	}
	const query = `
		INSERT INTO approval_decisions (tenant_id, request_id, n, decision, maker_id, staff_id, account_id, content_sha256, reason, decided_at)
		SELECT $1, $2, coalesce(max(n), 0) + 1, $3, $4, $5, $6, $7, $8, $9
		FROM approval_decisions WHERE tenant_id = $1 AND request_id = $2`
	_, err = tx.ExecContext(ctx, query, by.Tenant, r.ID, decision, r.Maker, staff, by.Account, r.Hash, reason, at)
	switch {
	case err == nil:
		return record(ctx, tx, by.Who, decision, r, map[string]any{"revision": r.Revision}, at)
	case store.Violates(err, "approval_decisions_second_person_check") && decision == "withdrawn":
		return ErrNotMaker
	case store.Violates(err, "approval_decisions_second_person_check"):
		return ErrSamePerson
	case store.Violates(err, "approval_decisions_role_check"), store.Violates(err, "approval_decisions_account_fkey"):
		return ErrRole
	case store.Violates(err, "approval_decisions_once_key"):
		return ErrTwice
	case store.Violates(err, "approval_decisions_open_check"):
		return ErrDecided
	case store.Violates(err, "approval_decisions_content_check"):
		return ErrChanged
	}
	return fmt.Errorf("%s request %d: %w", decision, r.ID, err)
}

func move(ctx context.Context, tx *sqlx.Tx, r Request, to State, closed *time.Time) error {
	const query = `UPDATE approval_requests SET state = $2, closed_at = $3 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, r.ID, string(to), closed); err != nil {
		return fmt.Errorf("request %d becomes %s: %w", r.ID, to, err)
	}
	return nil
}

// Close returns, refuses or withdraws an open request, with a reason. Only
// whoever asked withdraws; only another person, whose role reaches so far,
// returns or refuses.
func Close(ctx context.Context, tx *sqlx.Tx, by Checker, id ID, hash []byte, to State, reason string, at time.Time) error {
	r, err := Lock(ctx, tx, id)
	if err != nil {
		return err
	}
	switch {
	case !bytes.Equal(r.Hash, hash):
		return ErrChanged
	case r.ClosedAt != nil:
		return ErrDecided
	case to != Withdrawn && strings.TrimSpace(reason) == "":
		return ErrReason.At("reason")
	}
	if err := decide(ctx, tx, by, r, string(to), reason, at); err != nil {
		return err
	}
	return move(ctx, tx, r, to, &at)
}

// Execute notes that an approved request is being done, once and for ever, and
// returns what the ledger and other rooms keep of it. fresh is what would be
// done now: where that is not what was approved, or not enough people approved
// it, it is ErrNeeded and nothing may be done.
func Execute(ctx context.Context, tx *sqlx.Tx, who store.Who, id ID, fresh Content, at time.Time) (ref string, err error) {
	r, err := Lock(ctx, tx, id)
	if err != nil {
		return "", err
	}
	text, err := canonical(r.Program, r.Kind, r.Subject, fresh)
	if err != nil {
		return "", err
	}
	const query = `
		INSERT INTO approval_executions (tenant_id, request_id, content_sha256, executed_by, executed_at)
		VALUES ($1, $2, $3, $4, $5)`
	_, err = tx.ExecContext(ctx, query, who.Tenant, id, hashOf(text), who.Actor, at)
	if store.Violates(err, "approval_executions_approved_check") || store.Violates(err, "approval_executions_pkey") {
		return "", ErrNeeded.With(map[string]any{"id": int64(id)})
	}
	if err != nil {
		return "", fmt.Errorf("execute request %d: %w", id, err)
	}
	if err := move(ctx, tx, r, Executed, &at); err != nil {
		return "", err
	}
	return id.Ref(), record(ctx, tx, who, "executed", r, map[string]any{"total": r.Total, "affected": r.Affected}, at)
}
