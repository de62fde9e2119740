// Package auth knows the organizations and their staff, lets staff in, and
// says what each may do.
//
// A person may have several accounts, but acts as one person: "staff/7" in the
// trail is the person, so that maker and checker are never the same human.
// Capabilities are one table (capabilities.go); everything not in it is
// refused. auth knows no page, no cookie and no clock.
package auth

import (
	"log/slog"
	"slices"
	"strconv"

	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of this room.
var (
	// ErrSignedOut reports a session that does not exist, has ended, or was idle too long.
	ErrSignedOut = fault.New(fault.SignedOut, "auth.signed_out")
	// ErrDenied reports a person who may not do this.
	ErrDenied = fault.New(fault.Denied, "auth.denied")
	// ErrWrong reports an e-mail and password that do not sign in; it does not
	// say which of the two is wrong, nor whether the account exists.
	ErrWrong = fault.New(fault.Invalid, "auth.wrong")
	// ErrTooMany reports too many tries from one account or network.
	ErrTooMany = fault.New(fault.Busy, "auth.too_many")
	// ErrLink reports a one-time link that was used, withdrawn, or has expired.
	ErrLink = fault.New(fault.Invalid, "auth.link")
	// ErrEmail reports what cannot be an e-mail address.
	ErrEmail = fault.New(fault.Invalid, "auth.email")
	// ErrEmailTaken reports an address that already signs in somewhere.
	ErrEmailTaken = fault.New(fault.Conflict, "auth.email_taken")
	// ErrName reports a missing name.
	ErrName = fault.New(fault.Invalid, "auth.name")
	// ErrLanguage reports a language Seedbook does not speak.
	ErrLanguage = fault.New(fault.Invalid, "auth.language")
	// ErrRole reports a role that does not exist, or no role at all.
	ErrRole = fault.New(fault.Invalid, "auth.role")
	// ErrRolesClash reports roles that one account may not have together.
	ErrRolesClash = fault.New(fault.Invalid, "auth.roles_clash")
	// ErrNoAccount reports an account that does not exist in this organization.
	ErrNoAccount = fault.New(fault.NotFound, "auth.no_account")
	// ErrShort reports a password with fewer letters than needed.
	ErrShort = fault.New(fault.Invalid, "auth.password_short")
	// ErrLong reports a password beyond what we hash.
	ErrLong = fault.New(fault.Invalid, "auth.password_long")
	// ErrCommon reports a password that an attacker tries early.
	ErrCommon = fault.New(fault.Invalid, "auth.password_common")
)

// AccountID identifies an account within its organization.
type AccountID int64

// StaffID identifies a person on an organization's staff.
type StaffID int64

// SessionID identifies a session, for listing and revoking; it opens nothing.
type SessionID int64

// Principal is who is acting: a person, by one account, in one session.
type Principal struct {
	Tenant       int32
	Organization string // the tenant's name
	Staff        StaffID
	Account      AccountID
	Session      SessionID
	Name         string // personal data: for the person's own pages, never for logs
	Lang         string // ISO 639 code of the language the person reads
	Roles        []Role
}

// LogValue keeps the person's name out of logs.
func (p Principal) LogValue() slog.Value { return slog.StringValue(p.Who().Actor) }

// Who is the principal as transactions and the trail know it.
func (p Principal) Who() store.Who {
	return store.Who{Tenant: p.Tenant, Actor: "staff/" + strconv.FormatInt(int64(p.Staff), 10)}
}

// May reports whether any of the principal's roles has the capability.
func (p Principal) May(c Capability) bool {
	return slices.ContainsFunc(table[c], func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// Check returns ErrDenied where the principal may not.
func (p Principal) Check(c Capability) error {
	if !p.May(c) {
		return ErrDenied.With(map[string]any{"capability": string(c)})
	}
	return nil
}
