package auth

import (
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"
)

func TestARemovedPasskeyEndsTheOtherSessionsAndAnothersEndsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	eve := o.open(t, NewAccount{Email: "eve@riverbend.example", Name: "Eve", Roles: []Role{Support}})
	keep := func(account AccountID) (id int64) {
		err := o.db.InTx(ctx, o.who, func(tx *sqlx.Tx) error {
			const query = `
				INSERT INTO auth_passkeys (credential, tenant_id, account_id, name, record, added_at)
				VALUES (decode(md5(CAST(CAST($2 AS bigint) AS text)), 'hex'), $1, $2, '', '{}', $3) RETURNING id`
			return tx.GetContext(ctx, &id, query, o.who.Tenant, account, o.at)
		})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	own, hers := keep(o.ana), keep(eve)
	enter := func() SignedIn {
		s, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	here, there := enter(), enter()
	lasts := func(s SignedIn) bool {
		_, err := Session(ctx, o.db, o.keys, s.Token, o.at)
		if err != nil && !errors.Is(err, ErrSignedOut) {
			t.Fatal(err)
		}
		return err == nil
	}
	if err := RemovePasskey(ctx, o.db, here.Principal, hers, o.at); err != nil || !lasts(there) {
		t.Errorf("another's passkey: %v, the other session lasts: %v", err, lasts(there))
	}
	if err := RemovePasskey(ctx, o.db, here.Principal, own, o.at); err != nil || !lasts(here) || lasts(there) {
		t.Errorf("the own passkey: %v, this session lasts: %v, the other: %v", err, lasts(here), lasts(there))
	}
}
