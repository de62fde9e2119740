package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/web"
)

// Faults of requests.
var (
	errBody     = fault.New(fault.Invalid, "api.body")
	errUnknown  = fault.New(fault.Invalid, "api.unknown")
	errTwice    = fault.New(fault.Invalid, "api.twice")
	errText     = fault.New(fault.Invalid, "api.text")
	errNumber   = fault.New(fault.Invalid, "api.money_number")
	errList     = fault.New(fault.Invalid, "api.list")
	errMissing  = fault.New(fault.Invalid, "api.missing")
	errLong     = fault.New(fault.Invalid, "api.long")
	errControl  = fault.New(fault.Invalid, "api.control")
	errAmount   = fault.New(fault.Invalid, "api.amount")
	errDate     = fault.New(fault.Invalid, "api.date")
	errFuture   = fault.New(fault.Invalid, "api.future")
	errInt      = fault.New(fault.Invalid, "api.int")
	errChoice   = fault.New(fault.Invalid, "api.choice")
	errOrder    = fault.New(fault.Invalid, "api.order")
	errOneOf    = fault.New(fault.Invalid, "api.one_of")
	errSize     = fault.New(fault.Invalid, "api.size")
	errFields   = fault.New(fault.Invalid, "api.fields")
	errMedia    = fault.New(fault.Invalid, "api.media")
	errNoKey    = fault.New(fault.Invalid, "api.no_idempotency_key")
	errRate     = fault.New(fault.Busy, "api.rate")
	errTogether = fault.New(fault.Busy, "api.together")
	errTries    = fault.New(fault.Busy, "api.tries")
	errNothing  = fault.New(fault.NotFound, "api.nothing")
	errUnsealed = fault.New(fault.NotFound, "api.unsealed")
	errEvidence = fault.New(fault.Invalid, "api.evidence")
)

// refusal is a fault with a status of the API's own.
type refusal struct {
	*fault.Fault
	status int
}

// Unwrap lets errors.Is find the fault.
func (r *refusal) Unwrap() error { return r.Fault }

func refused(status int, f *fault.Fault) error { return &refusal{f, status} }

// problem is what went wrong, as RFC 9457 has it.
type problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail"`
	Code    string         `json:"code"`
	Request string         `json:"request"`
	Errors  []fieldProblem `json:"errors,omitempty"`
}

// fieldProblem is what is wrong with one field.
type fieldProblem struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// refuse answers with a problem document, in the reader's language; f is nil
// where something went wrong on our side.
func (a *API) refuse(g *gin.Context, status int, f *fault.Fault) {
	w := words(g)
	p := problem{Type: prefix + "#errors", Status: status, Request: web.Reference(g)}
	if f == nil {
		p.Title, p.Code = w.T("web.went_wrong"), "internal"
		p.Detail = w.T("web.went_wrong_lead", i18n.Args{"reference": p.Request})
	} else {
		p.Title, p.Detail, p.Code = w.T("web.status."+string(f.Kind)), w.Fault(f), f.Key
		p.Errors = fieldProblems(w, f)
	}
	if status == http.StatusUnauthorized {
		g.Header("WWW-Authenticate", `Bearer realm="seedbook"`)
	}
	raw, err := json.Marshal(p)
	if err != nil {
		raw = []byte(`{}`) // a struct of strings is always written
	}
	plain(g, w)
	g.Data(status, "application/problem+json", raw)
}

func fieldProblems(w *i18n.Words, f *fault.Fault) (out []fieldProblem) {
	if f.Field != "" {
		out = append(out, fieldProblem{f.Field, f.Key, w.Fault(f)})
	}
	for _, d := range f.Details {
		out = append(out, fieldProblem{d.Field, d.Key, w.Fault(d)})
	}
	return out
}

// send answers what was asked.
func (a *API) send(g *gin.Context, r reply) error {
	if r.location != "" {
		g.Header("Location", r.location)
	}
	if r.csv != nil {
		plain(g, words(g))
		g.Data(r.status, "text/csv; charset=utf-8", r.csv)
		return nil
	}
	raw, err := bodyOf(r)
	if err != nil {
		return err
	}
	plain(g, words(g))
	g.Data(r.status, "application/json", raw)
	return nil
}

// bodyOf is an answer's JSON; one that is kept is JSON already.
func bodyOf(r reply) ([]byte, error) {
	if raw, kept := r.value.(json.RawMessage); kept {
		return raw, nil
	}
	raw, err := json.Marshal(r.value)
	if err != nil {
		return nil, fmt.Errorf("write answer: %w", err)
	}
	return raw, nil
}

// plain sets what every answer says of itself: nothing in it is to be run, and
// its sentences depend on Accept-Language.
func plain(g *gin.Context, w *i18n.Words) {
	g.Header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	g.Header("Content-Language", w.Lang())
	g.Writer.Header().Add("Vary", "Accept-Language")
}
