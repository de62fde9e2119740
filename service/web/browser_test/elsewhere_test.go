package browser_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/auth"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/console"
	"seedbook/service/web/provider"
)

// elsewhere is an OpenID provider that lets everybody in as Rosa, at a press of
// its button.
func elsewhere(t *testing.T, now time.Time) *httptest.Server {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux, nonce := http.NewServeMux(), atomic.Value{}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		say(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "one", Algorithm: "RS256"}}})
	})
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		nonce.Store(q.Get("nonce"))
		back := q.Get("redirect_uri") + "?" + url.Values{"state": {q.Get("state")}, "code": {"one"}}.Encode()
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<title>Elsewhere</title><form method="post" action="/in?to=` + url.QueryEscape(back) + `"><button>I am Rosa</button></form>`)) // to a test
	})
	mux.HandleFunc("/in", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusSeeOther)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		raw, err := json.Marshal(map[string]any{"iss": s.URL, "aud": "seedbook", "sub": "7f3a", "nonce": nonce.Load(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
			"auth_time": now.Unix(), "amr": []string{"mfa"}, "email": "rosa@riverbend.test", "email_verified": true})
		if err != nil {
			t.Error(err)
		}
		signed, err := signer.Sign(raw)
		if err != nil {
			t.Error(err)
		}
		token, err := signed.CompactSerialize()
		if err != nil {
			t.Error(err)
		}
		say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": token})
	})
	return s
}

// Cookies that are for our own site only survive a visit to another, with
// JavaScript and without: that is the browser's to say.
func TestSomebodySignsInElsewhereAndComesBackSignedIn(t *testing.T) {
	browser(t)
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys, now := vault.Random(), time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)
	tenant, err := auth.AddTenant(t.Context(), db, "City of Riverbend", now)
	if err != nil {
		t.Fatal(err)
	}
	who := store.Who{Tenant: tenant, Actor: "cli"}
	err = db.InTx(t.Context(), who, func(tx *sqlx.Tx) error {
		account, err := auth.AddStaff(t.Context(), tx, who, keys, auth.NewAccount{Email: "rosa@riverbend.test", Name: "Rosa Delgado", Roles: []auth.Role{auth.TenantAdmin}}, now)
		if err != nil {
			return err
		}
		_, err = auth.IssueOneTime(t.Context(), tx, who, account, auth.LinkLife, now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	door := &console.Console{DB: db, Keys: keys, Now: func() time.Time { return now }}
	console.Mount(hall, door)
	s := httptest.NewUnstartedServer(hall.Handler())
	t.Cleanup(s.Close)
	base := "http://" + strings.Replace(s.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
	p, err := provider.New(provider.Settings{Issuer: elsewhere(t, now).URL, ClientID: "seedbook", Redirect: base + console.AnswerPath, AMR: []string{"mfa"}})
	if err != nil {
		t.Fatal(err)
	}
	door.Elsewhere = &console.SignInElsewhere{Provider: p, Of: auth.Tenant{ID: tenant, Name: "City of Riverbend"}}
	s.Start()
	script(t, "elsewhere.mjs", base)
}
