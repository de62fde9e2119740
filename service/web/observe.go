package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"seedbook/service/audit"
)

// Keys under which the hall keeps things with a request.
const (
	keyReference = "web.reference"
	keyActor     = "web.actor"
	keyError     = "web.error"
)

// Reference is the request's own number: error pages show it, logs and the
// trail carry it. It never comes from outside.
func Reference(g *gin.Context) string { return g.GetString(keyReference) }

// SetActor names who acts, "staff/7", for the request's line in the log.
func SetActor(g *gin.Context, actor string) { g.Set(keyActor, actor) }

// observe gives a request its reference and writes its one line in the log:
// the route's template and never the address itself, which may hold a search.
func (h *Hall) observe(g *gin.Context) {
	began := time.Now()
	g.Set(keyReference, rand.Text()[:10])
	g.Request = g.Request.WithContext(audit.From(g.Request.Context(), h.origin(g)))
	g.Next()
	route := g.FullPath()
	if route == "" {
		route = "none"
	}
	args := []any{
		"method", g.Request.Method, "route", route, "status", g.Writer.Status(),
		"ms", time.Since(began).Milliseconds(), "bytes", g.Writer.Size(), "request", Reference(g),
	}
	if actor := g.GetString(keyActor); actor != "" {
		args = append(args, "actor", actor)
	}
	if fault := g.GetString(keyError); fault != "" {
		args = append(args, "fault", fault)
	}
	h.cfg.Log.InfoContext(g.Request.Context(), "request", args...)
}

// recover turns a panic into the page for what went wrong.
func (h *Hall) recover(g *gin.Context) {
	defer func() {
		what := recover()
		if what == http.ErrAbortHandler { // of a download that broke off: Stream
			h.cfg.Log.ErrorContext(g.Request.Context(), "broke off", "request", Reference(g), "route", g.FullPath(), "error", g.Errors.String())
			panic(what)
		}
		if what != nil {
			h.cfg.Log.ErrorContext(g.Request.Context(), "panic",
				"request", Reference(g), "route", g.FullPath(), "what", fmt.Sprint(what), "stack", string(debug.Stack()))
			if !g.Writer.Written() {
				h.wentWrong(g)
			}
			g.Abort()
		}
	}()
	g.Next()
}

// Network is the client's network, coarse enough to say little and fine enough
// to count by: a /24 of IPv4, a /56 of IPv6.
func Network(g *gin.Context) string {
	addr, err := netip.ParseAddr(g.ClientIP())
	if err != nil {
		return "unknown"
	}
	bits := 56
	if addr = addr.Unmap(); addr.Is4() {
		bits = 24
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}

// Peer is the client's own address, for counting tries against it: a household
// has a /64 of IPv6.
func Peer(g *gin.Context) string {
	addr, err := netip.ParseAddr(g.ClientIP())
	if err != nil {
		return "unknown"
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}
