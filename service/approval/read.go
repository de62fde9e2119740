package approval

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/store"
)

// requestColumns are a request's, with the approvals that count for it now.
const requestColumns = `r.id, coalesce(r.program_id, 0) AS program_id, r.kind, r.subject, r.reason, r.content, r.content_sha256, r.revision,
	r.difference, r.total, r.affected, r.needed, r.maker_id, r.made_at, r.state, r.closed_at,
	(SELECT count(*) FROM approval_decisions d
	 WHERE d.tenant_id = r.tenant_id AND d.request_id = r.id AND d.decision = 'approved' AND d.content_sha256 = r.content_sha256) AS given`

// Load is one request, or ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, id ID) (Request, error) {
	return one(ctx, q, `SELECT `+requestColumns+` FROM approval_requests r WHERE r.id = $1`, id)
}

// Lock is Load, and nobody else decides about the request until the transaction
// ends.
func Lock(ctx context.Context, tx *sqlx.Tx, id ID) (Request, error) {
	const lock = `SELECT id FROM approval_requests WHERE id = $1 FOR UPDATE`
	var locked ID
	err := tx.GetContext(ctx, &locked, lock, id)
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, ErrNone
	}
	if err != nil {
		return Request{}, fmt.Errorf("lock request %d: %w", id, err)
	}
	return Load(ctx, tx, id) // a statement of its own sees what was committed while it waited
}

// Open is the request about a subject that is not closed, or ErrNone.
func Open(ctx context.Context, q sqlx.QueryerContext, kind Kind, subject string) (Request, error) {
	const query = store.Kept + `SELECT ` + requestColumns + ` FROM approval_requests r
		WHERE r.kind = $1 AND r.subject = $2 AND r.state IN ('waiting', 'approved')`
	return one(ctx, q, query, string(kind), subject)
}

func one(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (r Request, err error) {
	err = sqlx.GetContext(ctx, q, &r, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, ErrNone
	}
	if err != nil {
		return Request{}, fmt.Errorf("load request: %w", err)
	}
	return r, nil
}

// Decisions returns what was decided about a request, the oldest first.
func Decisions(ctx context.Context, q sqlx.QueryerContext, id ID) (all []Decision, err error) {
	const query = `
		SELECT decision, staff_id, content_sha256, reason, decided_at
		FROM approval_decisions WHERE request_id = $1 ORDER BY n`
	if err := sqlx.SelectContext(ctx, q, &all, query, id); err != nil {
		return nil, fmt.Errorf("decisions about request %d: %w", id, err)
	}
	return all, nil
}

// Filter chooses requests. Zero values choose all.
type Filter struct {
	Program int64
	// Within are the programs that the reader reaches; none means all.
	Within []int64
	Kind   Kind
	State  State
	Maker  int64
	// Asked is a person: only what waits for somebody like them, not what they
	// asked for or approved as it stands.
	Asked  int64
	Before ID // only older ones, for the next page
	Limit  int
}

// List returns requests, the newest first.
func List(ctx context.Context, q sqlx.QueryerContext, f Filter) (all []Request, err error) {
	const query = `SELECT ` + requestColumns + ` FROM approval_requests r
		WHERE (CAST($1 AS bigint) = 0 OR r.program_id = $1)
		  AND (CAST($2 AS text) = '' OR r.kind = $2)
		  AND (CAST($3 AS text) = '' OR r.state = $3)
		  AND (CAST($4 AS bigint) = 0 OR r.maker_id = $4)
		  AND (CAST($5 AS bigint) = 0 OR ` + waitsFor + `)
		  AND (CAST($6 AS bigint) = 0 OR r.id < $6)
		  AND (cardinality(CAST($8 AS bigint[])) = 0 OR r.program_id IS NULL OR r.program_id = ANY ($8))
		ORDER BY r.id DESC
		LIMIT $7`
	if err := sqlx.SelectContext(ctx, q, &all, query, f.Program, string(f.Kind), string(f.State), f.Maker, f.Asked, f.Before, f.Limit, pq.Array(append([]int64{}, f.Within...))); err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	return all, nil
}

// waitsFor holds of requests that wait for the person $5.
const waitsFor = `r.state = 'waiting' AND r.maker_id <> $5 AND NOT EXISTS (
	SELECT FROM approval_decisions d
	WHERE d.tenant_id = r.tenant_id AND d.request_id = r.id AND d.staff_id = $5 AND d.content_sha256 = r.content_sha256)`
