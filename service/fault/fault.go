// Package fault names what can go wrong in a way that a person can act on.
//
// A fault carries a kind, which decides the status at the doors, and a
// catalogue key, which every language phrases. It never carries prose, and it
// never carries personal data: arguments are ids, counts, amounts, days, and
// the names of rows, columns and fields. Anything that is not a fault is an
// internal error: it is logged once at the door and shown as a reference.
package fault

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Kind says what sort of answer a fault deserves.
type Kind string

// The kinds, with the HTTP status each has at the doors.
const (
	Invalid   Kind = "invalid"   // 422: the input breaks a rule that the sender can see
	Denied    Kind = "denied"    // 403: signed in, but may not
	SignedOut Kind = "signedout" // 401: sign in first
	NotFound  Kind = "notfound"  // 404: no such thing, or not for you
	Conflict  Kind = "conflict"  // 409: true, but something else is already so
	Limit     Kind = "limit"     // 422: a fund, cap or quota is exhausted
	Busy      Kind = "busy"      // 503: try again shortly
	TooLarge  Kind = "toolarge"  // 413: beyond a stated limit
)

// Fault is an error that a person can act on. Key is its catalogue key, such as
// "enroll.already"; Args fill the phrase; Field names the form field or file
// column at fault, if one is.
type Fault struct {
	Kind  Kind
	Key   string
	Field string
	Args  map[string]any
	// Details lists several faults found at once, in the order of the input.
	Details []*Fault
	base    *Fault
}

// New declares a fault. Keep it in a package variable so that callers can test
// for it with errors.Is.
func New(kind Kind, key string) *Fault { return &Fault{Kind: kind, Key: key} }

// With returns the same fault with arguments for its phrase. errors.Is still
// finds the declared fault in it.
func (f *Fault) With(args map[string]any) *Fault {
	g := *f
	g.Args, g.base = args, f.root()
	return &g
}

// At returns the same fault pointing at a field or column.
func (f *Fault) At(field string) *Fault {
	g := *f
	g.Field, g.base = field, f.root()
	return &g
}

// Among returns the same fault carrying the list of what was found.
func (f *Fault) Among(details ...*Fault) *Fault {
	g := *f
	g.Details, g.base = details, f.root()
	return &g
}

func (f *Fault) root() *Fault {
	if f.base != nil {
		return f.base
	}
	return f
}

// Is makes errors.Is match a fault with arguments to the one declared.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && f.root() == t.root()
}

// Error is for logs: the key, the field and the arguments in a stable order.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Key)
	if f.Field != "" {
		fmt.Fprintf(&b, " at %s", f.Field)
	}
	keys := make([]string, 0, len(f.Args))
	for k := range f.Args {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%v", k, f.Args[k])
	}
	for _, d := range f.Details {
		fmt.Fprintf(&b, "; %s", d)
	}
	return b.String()
}

// Of returns the fault in an error's chain, if there is one.
func Of(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Because gives an error of a lower floor the words of a fault, keeping the
// error for the log: errors.Is and errors.As find both.
func Because(f *Fault, cause error) error { return fmt.Errorf("%w: %w", f, cause) }
