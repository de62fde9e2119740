// Package web is the hall that every door opens from: the engine, errors and
// their status, rendering, decoding, security headers, languages, static files.
//
// A door mounts its routes here and hands each request to one use case. The
// hall knows no program, child or session; it reads the clock only to say how
// long a request took.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/vault"
)

// Config is what the hall needs from whoever starts it.
type Config struct {
	Log  *slog.Logger
	Keys *vault.Keyring // keyed hashes of networks, for limits and the trail
	// Secure says that browsers reach us over TLS: cookies and headers then
	// insist on it. Without it only a loopback address should be served.
	Secure bool
	// TrustedProxies are the networks (CIDR) whose X-Forwarded-For is believed;
	// none by default, so that nobody can lend himself another address.
	TrustedProxies []string
}

// Hall is a web server without doors yet.
type Hall struct {
	cfg    Config
	engine *gin.Engine
	assets *assets
	own    map[string]Refusal // doors that answer errors in their own way, by prefix
}

// A Refusal answers a request that was refused, or that went wrong where there
// is no fault.
type Refusal func(g *gin.Context, status int, f *fault.Fault)

// Refuse has a door answer errors of everything under a prefix, like "/v1": what
// programs read is no page.
func (h *Hall) Refuse(prefix string, answer Refusal) { h.own[prefix] = answer }

// refusal is how errors of a request's address are answered; nil: by a page.
func (h *Hall) refusal(g *gin.Context) Refusal {
	path := g.Request.URL.Path
	for prefix, answer := range h.own {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			return answer
		}
	}
	return nil
}

// Sizes of requests. A route that takes files says so.
const (
	maxForm   = 1 << 20  // 1 MiB
	maxUpload = 50 << 20 // 50 MiB, the largest roster a district sends
)

// New opens a hall. It fails for a proxy network that is not one.
func New(cfg Config) (*Hall, error) {
	gin.SetMode(gin.ReleaseMode)
	h := &Hall{cfg: cfg, engine: gin.New(), assets: loadAssets(), own: map[string]Refusal{}}
	if err := h.engine.SetTrustedProxies(cfg.TrustedProxies); err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	h.engine.HandleMethodNotAllowed = true
	h.engine.Use(h.observe, h.recover, h.secure, h.compress)
	h.engine.NoRoute(h.handle(0, func(*gin.Context) error { return ErrNoPage }))
	h.engine.NoMethod(h.handle(0, func(*gin.Context) error { return ErrNoMethod }))
	h.engine.GET("/static/:version/*file", h.static)
	h.engine.HEAD("/static/:version/*file", h.static)
	if !h.assets.built {
		cfg.Log.Warn("the design system is not built: pages are plain; run make design")
	}
	return h, nil
}

// A Handler decodes, calls one use case and answers; its error is answered by
// the hall.
type Handler func(g *gin.Context) error

// Get adds a page. It also answers HEAD.
func (h *Hall) Get(path string, fn Handler) {
	h.engine.GET(path, h.handle(maxForm, fn))
	h.engine.HEAD(path, h.handle(maxForm, fn))
}

// Post adds a form's target.
func (h *Hall) Post(path string, fn Handler) { h.engine.POST(path, h.handle(maxForm, fn)) }

// PostFile adds the target of a form with a file.
func (h *Hall) PostFile(path string, fn Handler) { h.engine.POST(path, h.handle(maxUpload, fn)) }

// Log is where doors write what goes wrong behind their pages.
func (h *Hall) Log() *slog.Logger { return h.cfg.Log }

// Routes lists what is mounted, for tests that walk every route.
func (h *Hall) Routes() gin.RoutesInfo { return h.engine.Routes() }

func (h *Hall) handle(limit int64, fn Handler) gin.HandlerFunc {
	return func(g *gin.Context) {
		g.Request.Body = http.MaxBytesReader(g.Writer, g.Request.Body, limit)
		if err := fn(g); err != nil {
			h.answer(g, err)
		}
	}
}

// Handler is the hall with its doors. Cross-site requests that could change
// something are refused before anything else looks at them.
func (h *Hall) Handler() http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(h.refuse())
	return guard.Handler(h.engine)
}

// refuse answers a cross-site request through the engine, so that it is logged,
// dressed and worded like any other answer.
func (h *Hall) refuse() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.engine.ServeHTTP(w, r.Clone(context.WithValue(r.Context(), crossSite{}, true)))
	})
}

type crossSite struct{}

// Server is an HTTP server with every timeout set. Starting and stopping it is
// the caller's.
func (h *Hall) Server(addr string) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       2 * time.Minute, // a 50 MiB roster over a school's line
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(h.cfg.Log.Handler(), slog.LevelWarn),
	}
}

// origin tells the trail where a request came from.
func (h *Hall) origin(g *gin.Context) audit.Origin {
	return audit.Origin{Request: Reference(g), Address: h.cfg.Keys.Index(0, "network", Network(g))}
}
