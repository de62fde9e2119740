// Package apikey keeps the keys with which programs of partners and funders
// call ours: whom each is for, what it may do, from where and until when, and
// what the requests that write were answered.
//
// A key is bound to one program and perhaps to some of its funds or to one
// school, and sees nothing beyond. Its secret is shown once and kept as a keyed
// hash. The room knows no page and no clock, and decides nothing about money.
package apikey

import (
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"seedbook/ledger"
	"seedbook/service/fault"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Faults of this room.
var (
	// ErrKey reports a key that is malformed, unknown, withdrawn or too old; it
	// does not say which.
	ErrKey = fault.New(fault.SignedOut, "apikey.key")
	// ErrNetwork reports a good key that came from an address it is not for.
	ErrNetwork = fault.New(fault.Denied, "apikey.network")
	// ErrScope reports a key that may not do this; scope names what it lacks.
	ErrScope = fault.New(fault.Denied, "apikey.scope")
	// ErrNone reports a key that the program does not have.
	ErrNone = fault.New(fault.NotFound, "apikey.none")
	// ErrName reports a key without a name or with one that is too long.
	ErrName = fault.New(fault.Invalid, "apikey.name")
	// ErrTwo reports a third live key of one name.
	ErrTwo = fault.New(fault.Conflict, "apikey.two")
	// ErrNoScope reports a key that may do nothing.
	ErrNoScope = fault.New(fault.Invalid, "apikey.no_scope")
	// ErrUnknownScope reports a scope that does not exist.
	ErrUnknownScope = fault.New(fault.Invalid, "apikey.unknown_scope")
	// ErrNotForFunder reports a scope that a key bound to funds may not have.
	ErrNotForFunder = fault.New(fault.Invalid, "apikey.not_for_funder")
	// ErrNotForSchool reports a scope that a key bound to a school may not have.
	ErrNotForSchool = fault.New(fault.Invalid, "apikey.not_for_school")
	// ErrBothBound reports a key bound to funds and to a school.
	ErrBothBound = fault.New(fault.Invalid, "apikey.both_bound")
	// ErrSchool reports a school that the organization does not have.
	ErrSchool = fault.New(fault.Invalid, "apikey.school")
	// ErrCIDR reports text that is no network.
	ErrCIDR = fault.New(fault.Invalid, "apikey.cidr")
	// ErrDays reports a life of less than a day or more than a year.
	ErrDays = fault.New(fault.Invalid, "apikey.days")
)

// ID identifies a key within its organization.
type ID int64

// MaxDays is the longest life of a key.
const MaxDays = 365

// Key is a key as it is kept: everything but its secret.
type Key struct {
	ID        ID
	Name      string // who holds it
	PublicID  string // the part that is no secret
	Program   program.ID
	Funds     []ledger.FundID  // of a funder's key; none: not bound to funds
	School    program.SchoolID // 0: not bound to a school
	Scopes    []Scope
	Networks  []netip.Prefix // none: from everywhere
	MadeAt    time.Time
	MadeBy    string
	ExpiresAt time.Time
	RevokedAt time.Time // zero: not withdrawn
	RevokedBy string
	UsedAt    time.Time // zero: never used
}

// Live reports a key that is taken at an instant.
func (k Key) Live(at time.Time) bool { return k.RevokedAt.IsZero() && at.Before(k.ExpiresAt) }

// May reports whether the key has a scope.
func (k Key) May(s Scope) bool { return slices.Contains(k.Scopes, s) }

// Check returns ErrScope where the key lacks a scope.
func (k Key) Check(s Scope) error {
	if !k.May(s) {
		return ErrScope.With(map[string]any{"scope": string(s)})
	}
	return nil
}

// Sees reports whether the key may know of a fund.
func (k Key) Sees(f ledger.FundID) bool { return len(k.Funds) == 0 || slices.Contains(k.Funds, f) }

// Funder reports a key bound to funds: it learns nothing of single children.
func (k Key) Funder() bool { return len(k.Funds) > 0 }

// Actor is the key as the trail knows it: "key/7".
func (k Key) Actor() string { return "key/" + strconv.FormatInt(int64(k.ID), 10) }

// Caller is who calls: a key, in its organization and program.
type Caller struct {
	Key
	Tenant  int32
	Program program.Program
}

// Who is the caller as transactions and the trail know it.
func (c Caller) Who() store.Who {
	return store.Who{Tenant: c.Tenant, Actor: c.Actor(), Reach: strconv.FormatInt(int64(c.Program.ID), 10)}
}

// LogValue keeps names of partners out of logs.
func (c Caller) LogValue() slog.Value { return slog.StringValue(c.Actor()) }
