package browser_test

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/auth"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/console"
)

func TestAPasskeyIsMadeUsedAskedForAgainAndRemoved(t *testing.T) {
	browser(t)
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys := vault.Random()
	var later atomic.Int64 // minutes that have passed
	at := time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)
	now := func() time.Time { return at.Add(time.Duration(later.Load()) * time.Minute) }
	tenant, err := auth.AddTenant(t.Context(), db, "City of Riverbend", at)
	if err != nil {
		t.Fatal(err)
	}
	who, token := store.Who{Tenant: tenant, Actor: "cli"}, ""
	err = db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
		n := auth.NewAccount{Email: "rosa@riverbend.test", Name: "Rosa Delgado", Roles: []auth.Role{auth.TenantAdmin}}
		account, err := auth.AddStaff(t.Context(), tx, who, keys, n, at)
		if err != nil {
			return err
		}
		token, err = auth.IssueOneTime(t.Context(), tx, who, account, auth.LinkLife, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	console.Mount(hall, &console.Console{DB: db, Keys: keys, Now: now}) // a link stands for nothing here
	hall.Get("/test/later", func(g *gin.Context) error { later.Add(6); g.Status(204); return nil })
	s := httptest.NewServer(hall.Handler())
	t.Cleanup(s.Close)
	script(t, "passkey.mjs", strings.Replace(s.URL, "127.0.0.1", "localhost", 1), "/sign-in/link/"+token, "/test/later")
}
