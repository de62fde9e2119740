package auth

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/store"
)

// acting is somebody of the office as a principal.
func (o *office) acting(t *testing.T, account AccountID) (p Principal) {
	t.Helper()
	err := o.tx(t, func(tx *sqlx.Tx) (err error) {
		p, _, err = loadPrincipal(t.Context(), tx, o.keys, o.who.Tenant, account)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (o *office) tx(t *testing.T, fn func(tx *sqlx.Tx) error) error {
	return o.db.InTx(t.Context(), o.who, fn)
}

// three are an administrator with a second account as approver, and another
// approver.
func three(t *testing.T) (o *office, admin, adminToo, approver Principal) {
	o = newOffice(t)
	ada := o.open(t, NewAccount{Email: "ada@riverbend.example", Name: "Ada", Roles: []Role{TenantAdmin}})
	p := o.acting(t, ada)
	too := o.open(t, NewAccount{Email: "ada.too@riverbend.example", Staff: p.Staff, Roles: []Role{Approver}})
	sam := o.open(t, NewAccount{Email: "sam@riverbend.example", Name: "Sam", Roles: []Role{Approver}})
	return o, p, o.acting(t, too), o.acting(t, sam)
}

func (o *office) proposeRoles(t *testing.T, by Principal, account AccountID, programs []int64, roles ...Role) (id ProposalID) {
	t.Helper()
	err := o.tx(t, func(tx *sqlx.Tx) (err error) {
		id, err = ProposeRoles(t.Context(), tx, by, account, roles, programs, "a new post", o.at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (o *office) decide(t *testing.T, by Principal, id ProposalID, kind string, approve bool) (token string, err error) {
	err = o.tx(t, func(tx *sqlx.Tx) (err error) {
		token, err = Decide(t.Context(), tx, by, id, kind, approve, o.at.Add(time.Minute))
		return err
	})
	return token, err
}

func TestRolesAreGivenByTwoPersonsAndNeverByTheOneTheyAreFor(t *testing.T) {
	t.Parallel()
	o, ada, adaToo, sam := three(t)
	id := o.proposeRoles(t, ada, o.ana, nil, Support)
	if _, err := o.decide(t, ada, id, ForRoles, true); !errors.Is(err, ErrSamePerson) {
		t.Errorf("the proposer: %v", err)
	}
	if _, err := o.decide(t, adaToo, id, ForRoles, true); !errors.Is(err, ErrSamePerson) {
		t.Errorf("the proposer's second account: %v", err)
	}
	if _, err := o.decide(t, o.acting(t, o.ana), id, ForRoles, true); !errors.Is(err, ErrOwnAccount) {
		t.Errorf("the one they are for: %v", err)
	}
	if _, err := o.decide(t, sam, id, ForRecovery, true); !errors.Is(err, ErrNoProposal) {
		t.Errorf("as another kind: %v", err)
	}
	if got := o.acting(t, o.ana).Roles; !slices.Equal(got, []Role{Operator}) {
		t.Errorf("before approval: %v", got)
	}
	if _, err := o.decide(t, sam, id, ForRoles, true); err != nil {
		t.Fatal(err)
	}
	if got := o.acting(t, o.ana).Roles; !slices.Equal(got, []Role{Support}) {
		t.Errorf("approved: %v", got)
	}
	if _, err := o.decide(t, sam, id, ForRoles, false); !errors.Is(err, ErrDecided) {
		t.Errorf("decided twice: %v", err)
	}
	refused := o.proposeRoles(t, ada, o.ana, nil, TenantAdmin)
	if _, err := o.decide(t, sam, refused, ForRoles, false); err != nil || !slices.Equal(o.acting(t, o.ana).Roles, []Role{Support}) {
		t.Errorf("refused: %v", err)
	}
}

// The database itself refuses, whatever the program would do.
func TestTheDatabaseHoldsPersonsApart(t *testing.T) {
	t.Parallel()
	o, ada, _, sam := three(t)
	id := o.proposeRoles(t, ada, o.ana, nil, Support)
	for _, test := range []struct{ name, constraint, query string }{
		{"decided by the proposer", "staff_proposals_persons_check", `UPDATE staff_proposals SET state = 'approved', decided_by = proposed_by, decided_at = proposed_at`},
		{"decided by the subject", "staff_proposals_subject_check", `UPDATE staff_proposals p SET state = 'approved', decided_at = proposed_at,
			decided_by = (SELECT staff_id FROM staff_accounts a WHERE a.id = p.account_id)`},
		{"a role without approval", "staff_roles_approved_check", `INSERT INTO staff_roles (tenant_id, account_id, role, granted_at, granted_by, proposal_id)
			SELECT tenant_id, account_id, 'support', proposed_at, 'staff/1', id FROM staff_proposals`},
		{"a role without proposal", "staff_roles_approved_check", `INSERT INTO staff_roles (tenant_id, account_id, role, granted_at, granted_by)
			SELECT tenant_id, account_id, 'support', proposed_at, 'staff/1' FROM staff_proposals`},
	} {
		err := o.tx(t, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(t.Context(), test.query)
			return err
		})
		if !store.Violates(err, test.constraint) {
			t.Errorf("%s: %v, want %s", test.name, err, test.constraint)
		}
	}
	if _, err := o.decide(t, sam, id, ForRoles, true); err != nil {
		t.Fatal(err)
	}
	err := o.tx(t, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE staff_proposals SET state = 'refused'`)
		return err
	})
	if !store.Violates(err, "staff_proposals_once_check") {
		t.Errorf("decided again: %v", err)
	}
}

func TestARecoveryTakesTwoPersonsAndLeavesNothingOfTheOldFactors(t *testing.T) {
	t.Parallel()
	o, ada, _, sam := three(t)
	o.enrol(t)
	old, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	var id ProposalID
	err = o.tx(t, func(tx *sqlx.Tx) error {
		_, err := ProposeRecovery(t.Context(), tx, o.acting(t, o.ana), o.ana, "mine", o.at)
		return err
	})
	if !errors.Is(err, ErrOwnAccount) {
		t.Errorf("for himself: %v", err)
	}
	err = o.tx(t, func(tx *sqlx.Tx) (err error) {
		id, err = ProposeRecovery(t.Context(), tx, ada, o.ana, "lost on the bus", o.at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.decide(t, ada, id, ForRecovery, true); !errors.Is(err, ErrSamePerson) {
		t.Errorf("by one person: %v", err)
	}
	token, err := o.decide(t, sam, id, ForRecovery, true)
	if err != nil || token == "" {
		t.Fatal(err)
	}
	if _, err := Session(t.Context(), o.db, o.keys, old.Token, o.at); !errors.Is(err, ErrSignedOut) {
		t.Errorf("the old session: %v", err)
	}
	if _, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at); !errors.Is(err, ErrWrong) {
		t.Errorf("the old password: %v", err)
	}
	s, err := RedeemOneTime(t.Context(), o.db, o.keys, token, time.Hour, o.at.Add(2*time.Minute))
	if err != nil || s.Due(o.at.Add(2*time.Minute)) != DueEnrol || s.App {
		t.Errorf("the new start: %v, %+v", err, s.Principal)
	}
}

func TestAnInvitedAccountDoesNothingUntilItsRolesAreApproved(t *testing.T) {
	t.Parallel()
	o, ada, _, sam := three(t)
	var id AccountID
	err := o.tx(t, func(tx *sqlx.Tx) (err error) {
		id, err = Invite(t.Context(), tx, o.keys, ada, NewAccount{Email: "rosa@riverbend.example", Name: "Rosa", Roles: []Role{Operator}}, nil, "deposits", o.at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	welcome := func() (token string, err error) {
		err = o.tx(t, func(tx *sqlx.Tx) (err error) {
			token, err = Welcome(t.Context(), tx, ada, id, o.at)
			return err
		})
		return token, err
	}
	if _, err := welcome(); !errors.Is(err, ErrWelcomed) || len(o.acting(t, id).Roles) != 0 {
		t.Errorf("before approval: %v", err)
	}
	var open []Proposal
	if err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) (err error) {
		open, err = Proposals(t.Context(), q, id, 5)
		return err
	}); err != nil || len(open) != 1 {
		t.Fatalf("%v, %v", open, err)
	}
	if _, err := o.decide(t, sam, open[0].ID, ForRoles, true); err != nil {
		t.Fatal(err)
	}
	token, err := welcome()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := RedeemOneTime(t.Context(), o.db, o.keys, token, 0, o.at); err != nil {
		t.Fatal(err)
	}
	if _, err := welcome(); !errors.Is(err, ErrWelcomed) {
		t.Errorf("a second invitation: %v", err)
	}
	err = o.tx(t, func(tx *sqlx.Tx) error {
		_, err := Invite(t.Context(), tx, o.keys, ada, NewAccount{Email: "x@riverbend.example", Name: "X", Roles: []Role{Operator, Approver}}, nil, "both", o.at)
		return err
	})
	if !errors.Is(err, ErrRolesClash) {
		t.Errorf("a maker who checks: %v", err)
	}
}
