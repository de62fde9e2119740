package savedview

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/store"
)

var (
	at       = time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)
	ana      = store.Who{Tenant: 1, Actor: "staff/1"}
	ben      = store.Who{Tenant: 1, Actor: "staff/2"}
	stranger = store.Who{Tenant: 2, Actor: "staff/1"}
	children = List{Program: 1, Page: "children"}
)

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO tenants (id, name, created_at) VALUES (1, 'Here', $1), (2, 'Elsewhere', $1)`, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func try(t *testing.T, db *store.DB, who store.Who, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	t.Helper()
	return db.InTx(t.Context(), who, func(tx *sqlx.Tx) error { return fn(t.Context(), tx) })
}

func save(t *testing.T, db *store.DB, who store.Who, v View) (id ID, err error) {
	t.Helper()
	err = try(t, db, who, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		id, err = Save(ctx, tx, who, children, v, at)
		return err
	})
	return id, err
}

// names lists what somebody sees, an asterisk behind what is not their own.
func names(t *testing.T, db *store.DB, who store.Who, of List) string {
	t.Helper()
	var out []string
	err := try(t, db, who, func(ctx context.Context, tx *sqlx.Tx) error {
		views, err := Of(ctx, tx, who, of)
		for _, v := range views {
			name := v.Name + "?" + v.Query
			if !v.Mine {
				name += "*"
			}
			out = append(out, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func TestAViewIsOnesOwnUnlessShared(t *testing.T) {
	t.Parallel()
	db := open(t)
	for _, name := range []string{"", "  ", strings.Repeat("x", maxName+1)} {
		if _, err := save(t, db, ana, View{Name: name}); !errors.Is(err, ErrName) {
			t.Errorf("named %q: %v", name, err)
		}
	}
	mine, err := save(t, db, ana, View{Name: " No  school ", Query: "about=no_school"})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := save(t, db, ben, View{Name: "Kindergarten", Query: "grade=KG", Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := save(t, db, ana, View{Name: "No school", Query: "about=no_school&grade=01"}); err != nil || again != mine {
		t.Errorf("saved again as %d, %v; want %d replaced", again, err, mine)
	}
	for who, want := range map[store.Who]string{
		ana: "No school?about=no_school&grade=01 Kindergarten?grade=KG*", ben: "Kindergarten?grade=KG", stranger: "",
	} {
		if got := names(t, db, who, children); got != want {
			t.Errorf("%v sees %q, want %q", who, got, want)
		}
	}
	if got := names(t, db, ana, List{Program: 2, Page: "children"}); got != "" {
		t.Errorf("another program has %q", got)
	}
	for name, refused := range map[string]struct {
		who store.Who
		of  List
		id  ID
	}{"somebody else's": {ana, children, shared}, "another organization's": {stranger, children, shared}, "of another list": {ben, List{1, "journal"}, shared}} {
		if err := try(t, db, refused.who, func(ctx context.Context, tx *sqlx.Tx) error {
			return Remove(ctx, tx, refused.who, refused.of, refused.id)
		}); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v, want ErrNone", name, err)
		}
	}
	if err := try(t, db, ben, func(ctx context.Context, tx *sqlx.Tx) error { return Remove(ctx, tx, ben, children, shared) }); err != nil {
		t.Error(err)
	}
	if got := names(t, db, ana, children); got != "No school?about=no_school&grade=01" {
		t.Errorf("then Ana sees %q", got)
	}
}

func TestNobodyKeepsMoreViewsThanCanBeToldApart(t *testing.T) {
	t.Parallel()
	db := open(t)
	for i := range maxViews {
		if _, err := save(t, db, ana, View{Name: fmt.Sprint("View ", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := save(t, db, ana, View{Name: "One more"}); !errors.Is(err, ErrMany) {
		t.Errorf("one more: %v", err)
	}
	if _, err := save(t, db, ana, View{Name: "View 7", Query: "grade=02"}); err != nil {
		t.Errorf("one of them again: %v", err)
	}
}
