package browser_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/migrations/pgtest"
	"seedbook/service/auth"
	"seedbook/service/demo"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/console"
)

// town is a console over a small demonstration.
type town struct {
	address string
	links   []string // one-time links for its people
	db      *store.DB
	keys    *vault.Keyring
	who     store.Who
	at      time.Time
}

// city serves a console over a small demonstration and returns one-time links
// for people with these roles.
func city(t *testing.T, people ...[]auth.Role) (address string, links []string) {
	t.Helper()
	w := newTown(t, people...)
	return w.address, w.links
}

func newTown(t *testing.T, people ...[]auth.Role) *town {
	t.Helper()
	var links []string
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys := vault.Random()
	at := time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)
	now := func() time.Time { return at }
	made, err := demo.Load(t.Context(), db, keys, demo.Options{Children: 40, Seed: 3}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	runner := jobs.All(db, keys, slog.New(slog.DiscardHandler))
	runner.Now = now
	c := &console.Console{DB: db, Keys: keys, Now: now, Jobs: runner, LinkGrace: auth.SessionLife}
	console.Mount(hall, c)
	s := httptest.NewServer(hall.Handler())
	t.Cleanup(func() { s.Close(); c.Wait() })
	who := store.Who{Tenant: made.Who.Tenant, Actor: "cli"}
	for i, roles := range people {
		email := fmt.Sprintf("person%d@riverbend.test", i)
		err := db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
			n := auth.NewAccount{Email: email, Name: "Rosa Delgado", Roles: roles}
			account, err := auth.AddStaff(t.Context(), tx, who, keys, n, at)
			if err != nil {
				return err
			}
			token, err := auth.IssueOneTime(t.Context(), tx, who, account, auth.LinkLife, at)
			links = append(links, "/sign-in/link/"+token)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return &town{s.URL, links, db, keys, who, at}
}

func TestADaysWorkIsDoneWithoutJavaScriptAndOnAPhone(t *testing.T) {
	browser(t)
	worker := []auth.Role{auth.Operator, auth.ProgramManager}
	address, links := city(t, worker, worker)
	script(t, "work.mjs", append([]string{address, t.TempDir()}, links...)...)
}
