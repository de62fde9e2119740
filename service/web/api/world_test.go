package api

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/apikey"
	"seedbook/service/demo"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
)

// office is a running API over a small demonstration at the end of its year.
type office struct {
	t       *testing.T
	db      *store.DB
	keys    *vault.Keyring
	who     store.Who
	program program.Program
	clock   time.Time
	server  *httptest.Server
	hall    *web.Hall
	api     *API
}

func newOffice(t *testing.T) *office {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o := &office{t: t, db: db, keys: vault.Random(), clock: time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)}
	made, err := demo.Load(t.Context(), db, o.keys, demo.Options{Children: 40, Seed: 3}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	o.who, o.program = store.Who{Tenant: made.Who.Tenant, Actor: "cli"}, made.Program
	if o.hall, err = web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: o.keys}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	o.api = &API{DB: db, Keys: o.keys, Now: func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		// Tests ask more than a partner does: each request finds a full bucket.
		o.clock = o.clock.Add(200 * time.Millisecond)
		return o.clock
	}}
	Mount(o.hall, o.api)
	o.server = httptest.NewServer(o.hall.Handler())
	t.Cleanup(o.server.Close)
	t.Cleanup(o.api.Close)
	return o
}

func (o *office) do(fn func(tx *sqlx.Tx) error) {
	o.t.Helper()
	if err := o.db.InTx(o.t.Context(), o.who, fn); err != nil {
		o.t.Fatal(err)
	}
}

// key makes a key for a program of the office's organization.
func (o *office) keyOf(p program.Program, n apikey.New) (made apikey.Made) {
	o.t.Helper()
	if n.Days == 0 {
		n.Days = 30
	}
	o.do(func(tx *sqlx.Tx) (err error) {
		made, err = apikey.Make(o.t.Context(), tx, o.who, o.keys, p, n, o.clock)
		return err
	})
	return made
}

// partner calls with a key.
type partner struct {
	*office
	key  string
	lang string
}

// partner is one with a new key; without scopes it may do everything.
func (o *office) partner(name string, scopes ...apikey.Scope) *partner {
	o.t.Helper()
	if len(scopes) == 0 {
		scopes = apikey.Scopes
	}
	return &partner{o, o.keyOf(o.program, apikey.New{Name: name, Scopes: scopes}).Token, "en"}
}

// answer is what came back.
type answer struct {
	status int
	body   string
	header http.Header
	t      *testing.T
}

// into reads an answer's JSON.
func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%v in %s", err, a.body)
	}
}

// want fails unless the answer has a status and, for a problem, a code.
func (a answer) want(status int, code string) answer {
	a.t.Helper()
	var p struct{ Code string }
	if code != "" {
		a.into(&p)
	}
	if a.status != status || p.Code != code {
		a.t.Errorf("%d %s, want %d %s: %s", a.status, p.Code, status, code, a.body)
	}
	return a
}

// contractRouter finds the operation of a request in the document.
var contractRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(contract)
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// send sends a request and holds its answer against the document.
func (p *partner) send(method, path, media string, body []byte, headers ...string) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.server.URL+prefix+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.key != "" {
		r.Header.Set("Authorization", "Bearer "+p.key)
	}
	r.Header.Set("Accept-Language", p.lang)
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{resp.StatusCode, string(raw), resp.Header, p.t}
	p.hold(r, body, a)
	return a
}

// hold fails where an answer is not as the document says.
func (p *partner) hold(r *http.Request, body []byte, a answer) {
	p.t.Helper()
	router, err := contractRouter()
	if err != nil {
		p.t.Fatal(err)
	}
	again := r.Clone(p.t.Context())
	again.URL.Scheme, again.URL.Host, again.Host = "", "", ""
	again.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := router.FindRoute(again)
	if err != nil {
		if a.status != http.StatusNotFound {
			p.t.Errorf("%s %s is not in the document and is answered %d", r.Method, r.URL, a.status)
		}
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: again, PathParams: params, Route: route, Options: &openapi3filter.Options{
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(p.t.Context(), in); err != nil {
			p.t.Errorf("%s %s was taken, and the document says: %v", r.Method, r.URL.Path, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)),
		Options: in.Options}
	if err := openapi3filter.ValidateResponse(p.t.Context(), out); err != nil {
		p.t.Errorf("%s %s answers what the document does not say: %v", r.Method, r.URL.Path, err)
	}
}

func (p *partner) get(path string) answer {
	p.t.Helper()
	return p.send("GET", path, "", nil)
}

var keys struct {
	sync.Mutex
	n int
}

// fresh is an idempotency key that was never used.
func fresh() string {
	keys.Lock()
	defer keys.Unlock()
	keys.n++
	return "key-" + string(rune('a'+keys.n%26)) + "-" + time.Now().Format("150405.000000000")
}

// post sends JSON under a new idempotency key.
func (p *partner) post(path, body string) answer {
	p.t.Helper()
	return p.postAs(fresh(), path, body)
}

func (p *partner) postAs(key, path, body string) answer {
	p.t.Helper()
	return p.send("POST", path, "application/json", []byte(body), "Idempotency-Key", key)
}
