package apikey

import "slices"

// Scope is one thing that a key may do.
type Scope string

// The scopes. A route of the API names one of them.
const (
	ReadChildren  Scope = "children:read"  // who takes part, by number
	ReadNames     Scope = "children:names" // with names, birth dates and numbers of schools and accounts
	ReadBalances  Scope = "balances:read"
	ReadAwards    Scope = "awards:read" // every amount with its reason
	ReadFacts     Scope = "facts:read"  // and the facts that were looked at
	ReadDeposits  Scope = "deposits:read"
	WriteDeposits Scope = "deposits:write"
	WriteEvidence Scope = "evidence:write" // facts and events
	WriteRosters  Scope = "rosters:write"  // stage a roster and see what it would do
	ApplyRosters  Scope = "rosters:apply"
	ReadFunds     Scope = "funds:read"
	ReadJournal   Scope = "journal:read"
	ReadReports   Scope = "reports:read"
	ReadProofs    Scope = "proofs:read"
)

// Scopes are all scopes, in the order people are offered them.
var Scopes = []Scope{ReadChildren, ReadNames, ReadBalances, ReadAwards, ReadFacts, ReadDeposits, WriteDeposits, WriteEvidence,
	WriteRosters, ApplyRosters, ReadFunds, ReadJournal, ReadReports, ReadProofs}

// FunderScopes are what a key bound to funds may have: nothing of a single child
// (reliability.md §4.2).
var FunderScopes = []Scope{ReadFunds, ReadJournal, ReadReports, ReadProofs}

// SchoolScopes are what a key bound to a school may have.
var SchoolScopes = []Scope{ReadChildren, ReadNames, ReadBalances, ReadAwards}

// checkScopes returns a fault for none, an unknown one, or one that the key's
// binding excludes.
func checkScopes(n New) error {
	if len(n.Scopes) == 0 {
		return ErrNoScope.At("scopes")
	}
	for _, s := range n.Scopes {
		args := map[string]any{"scope": string(s)}
		switch {
		case !slices.Contains(Scopes, s):
			return ErrUnknownScope.With(args).At("scopes")
		case len(n.Funds) > 0 && !slices.Contains(FunderScopes, s):
			return ErrNotForFunder.With(args).At("scopes")
		case n.School != 0 && !slices.Contains(SchoolScopes, s):
			return ErrNotForSchool.With(args).At("scopes")
		}
	}
	return nil
}
