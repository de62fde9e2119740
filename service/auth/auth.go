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
	"strings"
	"time"

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
	// ErrCode reports a code that is wrong, too old, or was used already.
	ErrCode = fault.New(fault.Invalid, "auth.code")
	// ErrNoFactor reports an account that has no app to make codes.
	ErrNoFactor = fault.New(fault.Invalid, "auth.no_factor")
	// ErrPasskey reports a passkey that does not sign in: unknown, removed, of
	// another site, or answering a question that is too old.
	ErrPasskey = fault.New(fault.Invalid, "auth.passkey")
	// ErrIdentity reports an identity of the organization's own sign-in that opens
	// no account here; it does not say whether there is one.
	ErrIdentity = fault.New(fault.Invalid, "auth.identity")
	// ErrIdentityTaken reports an identity that signs in to another account, or an
	// account that another identity signs in to.
	ErrIdentityTaken = fault.New(fault.Conflict, "auth.identity_taken")
	// ErrReason reports a proposal without a reason.
	ErrReason = fault.New(fault.Invalid, "auth.reason")
	// ErrSamePerson reports somebody who would decide what the same person proposed.
	ErrSamePerson = fault.New(fault.Conflict, "auth.same_person")
	// ErrOwnAccount reports somebody who would decide about the own account.
	ErrOwnAccount = fault.New(fault.Conflict, "auth.own_account")
	// ErrDecided reports a proposal that is not open any more.
	ErrDecided = fault.New(fault.Conflict, "auth.decided")
	// ErrNoProposal reports a proposal that does not exist in this organization.
	ErrNoProposal = fault.New(fault.NotFound, "auth.no_proposal")
	// ErrNoProgram reports a program that does not exist.
	ErrNoProgram = fault.New(fault.Invalid, "auth.no_program")
	// ErrWelcomed reports an account that needs no invitation, or has no roles yet.
	ErrWelcomed = fault.New(fault.Conflict, "auth.welcomed")
	// ErrPasskeyName reports a passkey without a name.
	ErrPasskeyName = fault.New(fault.Invalid, "auth.passkey_name")
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
	Programs     []int64   // the programs it is limited to; none: not limited
	App, Passkey bool      // the second factors it has
	Verified     time.Time // the latest second factor in this session; zero: none yet
	Stands       time.Time // until when a link stands for one that is not set up; zero: it does not
}

// LogValue keeps the person's name out of logs.
func (p Principal) LogValue() slog.Value { return slog.StringValue(p.Who().Actor) }

// Who is the principal as transactions and the trail know it.
func (p Principal) Who() store.Who {
	return store.Who{Tenant: p.Tenant, Actor: "staff/" + strconv.FormatInt(int64(p.Staff), 10), Reach: reach(p.Programs)}
}

// reach writes programs as transactions know them.
func reach(programs []int64) string {
	texts := make([]string, len(programs))
	for i, id := range programs {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ",")
}

// May reports whether any of the principal's roles has the capability.
func (p Principal) May(c Capability) bool {
	return slices.ContainsFunc(table[c].roles, func(r Role) bool { return slices.Contains(p.Roles, r) })
}

// Within reports whether the principal's account reaches a program.
func (p Principal) Within(program int64) bool {
	return len(p.Programs) == 0 || slices.Contains(p.Programs, program)
}

// Check returns ErrDenied where the principal may not.
func (p Principal) Check(c Capability) error {
	if !p.May(c) {
		return ErrDenied.With(map[string]any{"capability": string(c)})
	}
	return nil
}
