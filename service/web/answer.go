package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/web/parts"
)

// Faults of the hall.
var (
	// ErrNoPage reports an address that leads nowhere, or not for this reader.
	ErrNoPage = fault.New(fault.NotFound, "web.no_page")
	// ErrNoMethod reports a page that is not used this way.
	ErrNoMethod = fault.New(fault.NotFound, "web.no_method")
	// ErrCrossSite reports a form that another site sent.
	ErrCrossSite = fault.New(fault.Denied, "web.cross_site")
	// ErrTooLarge reports a request beyond the limit of its route.
	ErrTooLarge = fault.New(fault.TooLarge, "web.too_large")
	// ErrForm lists what is wrong with a form's fields.
	ErrForm = fault.New(fault.Invalid, "web.errors")
)

// Status is the HTTP status of an error: the one place that knows.
func Status(err error) int {
	f, ok := fault.Of(err)
	if !ok {
		return http.StatusInternalServerError
	}
	switch f.Kind {
	case fault.Invalid, fault.Limit:
		return http.StatusUnprocessableEntity
	case fault.Denied:
		return http.StatusForbidden
	case fault.SignedOut:
		return http.StatusUnauthorized
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Busy:
		return http.StatusServiceUnavailable
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	}
	panic("fault of unknown kind " + string(f.Kind))
}

// answer shows the page for a handler's error. A fault is told in the reader's
// words; anything else is logged, once, and shown as a reference to quote.
func (h *Hall) answer(g *gin.Context, err error) {
	if g.Writer.Written() {
		h.cfg.Log.ErrorContext(g.Request.Context(), "failed after answering", "request", Reference(g), "error", err.Error())
		return
	}
	err = plain(err)
	f, ok := fault.Of(err)
	if !ok {
		if !errors.Is(err, context.Canceled) { // the reader left: nobody's fault
			h.cfg.Log.ErrorContext(g.Request.Context(), "failed", "request", Reference(g), "route", g.FullPath(), "error", err.Error())
		}
		h.wentWrong(g)
		return
	}
	g.Set(keyError, f.Key)
	status := Status(err)
	if status == http.StatusServiceUnavailable {
		g.Header("Retry-After", "5")
	}
	if answer := h.refusal(g); answer != nil {
		answer(g, status, f)
		return
	}
	w := h.words(g)
	page := parts.Page{Title: w.T("web.status." + string(f.Kind)), Lead: w.Fault(f)}
	h.showError(g, status, page, f)
}

// plain gives errors of the libraries below us a fault where a person can act.
func plain(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return ErrTooLarge.With(i18n.Args{"n": int(tooLarge.Limit >> 20)})
	}
	return err
}

func (h *Hall) wentWrong(g *gin.Context) {
	if answer := h.refusal(g); answer != nil {
		answer(g, http.StatusInternalServerError, nil)
		return
	}
	w := h.words(g)
	page := parts.Page{Title: w.T("web.went_wrong"), Lead: w.T("web.went_wrong_lead", i18n.Args{"reference": Reference(g)})}
	h.showError(g, http.StatusInternalServerError, page, nil)
}

func (h *Hall) showError(g *gin.Context, status int, page parts.Page, f *fault.Fault) {
	w := h.words(g)
	var details []string
	if f != nil {
		for _, d := range f.Details {
			details = append(details, w.Fault(d))
		}
	}
	h.dress(g, &page)
	if err := h.Show(g, status, parts.ErrorPage(&page, details)); err != nil {
		h.cfg.Log.ErrorContext(g.Request.Context(), "failed to show an error", "request", Reference(g), "error", err.Error())
		g.String(http.StatusInternalServerError, "Seedbook: %s", Reference(g))
	}
}

// Problems are what a form's page shows beside its fields, where err is
// something the person filling it in can mend; nil for any other error.
func Problems(w *i18n.Words, err error) []parts.Problem {
	f, ok := fault.Of(plain(err))
	if !ok {
		return nil
	}
	switch f.Kind {
	case fault.Invalid, fault.Limit, fault.Conflict, fault.TooLarge, fault.Busy:
	default:
		return nil
	}
	if len(f.Details) == 0 {
		return []parts.Problem{{Field: f.Field, Text: w.Fault(f)}}
	}
	problems := make([]parts.Problem, len(f.Details))
	for i, d := range f.Details {
		problems[i] = parts.Problem{Field: d.Field, Text: w.Fault(d)}
	}
	return problems
}
