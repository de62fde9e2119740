// Package api is the door for programs: what partners' and funders' software
// reads and writes with a key, under /v1.
//
// openapi.yaml is its contract and comes first: every route stands in it, and
// every answer of the tests is held against it. A handler decodes, calls one use
// case and answers. The key says which program, funds or school there are;
// anything else does not exist. The door decides nothing about children or
// money and reads the clock for the rooms below.
package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/i18n"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
)

// API is the door for programs.
type API struct {
	DB   *store.DB
	Keys *vault.Keyring
	Now  func() time.Time // the clock; tests have their own

	hall    *web.Hall
	limits  limits
	desks   desks
	busy    sync.WaitGroup // work that outlives its request
	applies web.Working[applied]
}

// call is one request of a key.
type call struct {
	apikey.Caller
	at    time.Time // in the program's zone
	words *i18n.Words
}

// today is the day it is in the program.
func (c call) today() ledger.Date { return c.Program.Day(c.at) }

// reply is an answer on its way.
type reply struct {
	status   int
	location string
	value    any    // JSON
	csv      []byte // instead of JSON
}

func ok(value any) (reply, error) { return reply{status: http.StatusOK, value: value}, nil }

// prefix is where the door is.
const prefix = "/v1"

// Mount adds the API's routes to a hall.
func Mount(h *web.Hall, a *API) {
	a.hall = h
	h.Refuse(prefix, a.refuse)
	h.Get(prefix, a.readable)
	h.Get(prefix+"/openapi.yaml", document)
	for _, r := range routes {
		fn := func(g *gin.Context) error { return a.serve(g, r) }
		switch {
		case r.method == http.MethodGet:
			h.Get(prefix+r.path, fn)
		case r.bulk:
			h.PostFile(prefix+r.path, fn)
		default:
			h.Post(prefix+r.path, fn)
		}
	}
}

// Close finishes what goes on behind requests and posts the deposits that wait.
func (a *API) Close() {
	a.busy.Wait()
	a.desks.close()
}

// serve lets a key with the route's scope in, within its limits.
func (a *API) serve(g *gin.Context, r route) error {
	err := a.admitted(g, r)
	var refused *refusal
	if errors.As(err, &refused) {
		a.refuse(g, refused.status, refused.Fault)
		return nil
	}
	return err
}

func (a *API) admitted(g *gin.Context, r route) error {
	c, err := a.admit(g)
	if err != nil {
		return err
	}
	if err := a.limits.count(g, c.ID, c.at); err != nil {
		return err
	}
	if r.scope != "" {
		if err := c.Check(r.scope); err != nil {
			return err
		}
	}
	if r.heavy {
		leave, err := a.limits.enter(g, c.ID)
		if err != nil {
			return err
		}
		defer leave()
	}
	answer, err := r.do(a, g, c)
	if err != nil {
		return err
	}
	return a.send(g, answer)
}

// admit finds whose key it is. Who tries many keys is made to wait.
func (a *API) admit(g *gin.Context) (call, error) {
	at := a.Now()
	if err := a.limits.mayTry(g, at); err != nil {
		return call{}, err
	}
	from, _ := netip.ParseAddr(g.ClientIP()) // none is within no network
	caller, err := apikey.Admit(g.Request.Context(), a.DB, a.Keys, keyOf(g), from, at)
	if errors.Is(err, apikey.ErrKey) {
		a.limits.failed(g, at)
	}
	if err != nil {
		return call{}, err
	}
	web.SetActor(g, caller.Actor())
	return call{caller, at.In(caller.Program.Zone()), words(g)}, nil
}

// words are those of the language that the caller's program asks for. The
// console's cookie and its lang= are for people.
func words(g *gin.Context) *i18n.Words { return i18n.For(i18n.Match(g.GetHeader("Accept-Language"))) }

// keyOf is the key of a request's Authorization: as a bearer, or as the password
// that spreadsheets ask for.
func keyOf(g *gin.Context) string {
	if _, password, basic := g.Request.BasicAuth(); basic {
		return password
	}
	const bearer = "Bearer "
	if h := g.GetHeader("Authorization"); len(h) > len(bearer) && h[:len(bearer)] == bearer {
		return h[len(bearer):]
	}
	return ""
}

// read runs fn in a read-only transaction of the caller's organization.
func (a *API) read(g *gin.Context, c call, fn func(ctx context.Context, q sqlx.QueryerContext) error) error {
	ctx := g.Request.Context()
	return a.DB.Read(ctx, c.Who(), func(q sqlx.QueryerContext) error { return fn(ctx, q) })
}

// desks are where deposits wait for each other, a desk a program.
type desks struct {
	mu   sync.Mutex
	open map[desk]*savings.Desk
}

type desk struct {
	tenant  int32
	program string
}

func (d *desks) of(db *store.DB, c call) *savings.Desk {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := desk{c.Tenant, c.Program.Code}
	if d.open == nil {
		d.open = map[desk]*savings.Desk{}
	}
	if d.open[key] == nil {
		d.open[key] = savings.OpenDesk(db, c.Tenant, c.Program)
	}
	return d.open[key]
}

func (d *desks) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.open {
		one.Close()
	}
	d.open = nil
}
