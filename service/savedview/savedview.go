// Package savedview keeps lists that people look at again: a list's filters
// under a name, for oneself or for everybody of the organization.
//
// A view is an address and holds no personal data: what somebody searched for by
// name is left out of it by the door that saves it. This package knows neither
// what a list lists nor who may see it.
package savedview

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of this room.
var (
	// ErrName reports a missing or overlong name.
	ErrName = fault.New(fault.Invalid, "savedview.name")
	// ErrNone reports a view that does not exist, or is somebody else's.
	ErrNone = fault.New(fault.NotFound, "savedview.none")
	// ErrMany reports more views than anybody can tell apart.
	ErrMany = fault.New(fault.Limit, "savedview.many")
)

// Limits of a view and of how many one person keeps of a list.
const (
	maxName  = 60
	maxQuery = 2000
	maxViews = 50
)

// ID identifies a view within its organization.
type ID int64

// View is a list's filters under a name.
type View struct {
	ID     ID     `db:"id"`
	Name   string `db:"name"`
	Query  string `db:"query"`  // as in the address, behind the question mark
	Shared bool   `db:"shared"` // with everybody of the organization
	Mine   bool   `db:"mine"`
}

// List is what is listed: a page of a program, by its name.
type List struct {
	Program int64
	Page    string // "children"
}

// Save keeps a view under a name. A person's view of that name is replaced: it
// may be repeated.
func Save(ctx context.Context, tx *sqlx.Tx, who store.Who, of List, v View, at time.Time) (ID, error) {
	v.Name = strings.Join(strings.Fields(v.Name), " ")
	if v.Name == "" || utf8.RuneCountInString(v.Name) > maxName {
		return 0, ErrName.At("name").With(map[string]any{"most": maxName})
	}
	if len(v.Query) > maxQuery {
		return 0, fmt.Errorf("a view of %d bytes", len(v.Query))
	}
	var n int
	const count = `SELECT count(*) FROM saved_views WHERE program_id = $1 AND page = $2 AND owner = $3 AND name <> $4`
	if err := tx.GetContext(ctx, &n, count, of.Program, of.Page, who.Actor, v.Name); err != nil {
		return 0, fmt.Errorf("count saved views: %w", err)
	}
	if n >= maxViews {
		return 0, ErrMany.At("name").With(map[string]any{"most": maxViews})
	}
	const query = `
		INSERT INTO saved_views (tenant_id, program_id, page, owner, name, query, shared, saved_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT ON CONSTRAINT saved_views_name_key DO UPDATE SET query = EXCLUDED.query, shared = EXCLUDED.shared, saved_at = EXCLUDED.saved_at
		RETURNING id`
	var id ID
	if err := tx.GetContext(ctx, &id, query, who.Tenant, of.Program, of.Page, who.Actor, v.Name, v.Query, v.Shared, at); err != nil {
		return 0, fmt.Errorf("save a view of %s: %w", of.Page, err)
	}
	return id, nil
}

// Of returns the views of a list that a person sees: one's own first, then the
// shared ones of others, each by name.
func Of(ctx context.Context, q sqlx.QueryerContext, who store.Who, of List) ([]View, error) {
	const query = store.Kept + `
		SELECT id, name, query, shared, owner = $3 AS mine
		FROM saved_views
		WHERE program_id = $1 AND page = $2 AND (owner = $3 OR shared)
		ORDER BY owner <> $3, lower(name), id`
	var out []View
	if err := sqlx.SelectContext(ctx, q, &out, query, of.Program, of.Page, who.Actor); err != nil {
		return nil, fmt.Errorf("saved views of %s: %w", of.Page, err)
	}
	return out, nil
}

// Remove forgets a view of one's own, or returns ErrNone.
func Remove(ctx context.Context, tx *sqlx.Tx, who store.Who, of List, id ID) error {
	const query = `DELETE FROM saved_views WHERE id = $1 AND program_id = $2 AND page = $3 AND owner = $4`
	done, err := tx.ExecContext(ctx, query, id, of.Program, of.Page, who.Actor)
	if err != nil {
		return fmt.Errorf("remove saved view %d: %w", id, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return ErrNone
	}
	return nil
}
