package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// office is an organization with one operator, Ana, whose password is good.
type office struct {
	db   *store.DB
	keys *vault.Keyring
	who  store.Who
	ana  AccountID
	at   time.Time
}

const (
	email = "Ana.Ruiz@riverbend.example"
	good  = "violet kettle drums quietly"
)

func newOffice(t *testing.T) *office {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o := &office{db: db, keys: vault.Random(), at: time.Date(2026, 9, 1, 14, 5, 0, 0, time.UTC)}
	tenant, err := AddTenant(t.Context(), db, "City of Riverbend", o.at)
	if err != nil {
		t.Fatal(err)
	}
	o.who = store.Who{Tenant: tenant, Actor: "cli"}
	o.ana = o.open(t, NewAccount{Email: email, Name: "Ana Ruiz", Lang: "es", Roles: []Role{Operator}})
	if err := SetPassword(t.Context(), db, o.who, o.keys, o.ana, good, 0, o.at); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) open(t *testing.T, n NewAccount) (id AccountID) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) (err error) {
		id, err = AddStaff(t.Context(), tx, o.who, o.keys, n, o.at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (o *office) signIn(t *testing.T, c Credentials, at time.Time) (SignedIn, error) {
	return SignIn(t.Context(), o.db, o.keys, c, at)
}

func TestNobodyIsLetInByAWrongWordAndNothingTellsWhichWordIsWrong(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.open(t, NewAccount{Email: "new@riverbend.example", Name: "No Password", Roles: []Role{Support}})
	gone := o.open(t, NewAccount{Email: "gone@riverbend.example", Name: "Gone", Roles: []Role{Support}})
	if err := SetPassword(t.Context(), o.db, o.who, o.keys, gone, good, 0, o.at); err != nil {
		t.Fatal(err)
	}
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return Disable(t.Context(), tx, o.who, gone, o.at) })
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, email, password string }{
		{"wrong password", email, "violet kettle drums loudly"},
		{"no password given", email, ""},
		{"a password too long to hash", email, strings.Repeat("x", 100_000)},
		{"nobody's address", "nobody@riverbend.example", good},
		{"not an address", "' OR 1=1 --", good},
		{"no address", "", ""},
		{"an account without a password", "new@riverbend.example", good},
		{"an account switched off", "gone@riverbend.example", good},
	} {
		_, err := o.signIn(t, Credentials{Email: test.email, Password: test.password, Network: test.name}, o.at)
		if !errors.Is(err, ErrWrong) || err.Error() != ErrWrong.Error() {
			t.Errorf("%s: %v, want %v and no more", test.name, err, ErrWrong)
		}
	}
}

func TestARightPasswordOpensASession(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s, err := o.signIn(t, Credentials{Email: "  ana.ruiz@RIVERBEND.example ", Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Session(t.Context(), o.db, o.keys, s.Token, o.at.Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "Ana Ruiz" || p.Lang != "es" || p.Organization != "City of Riverbend" || !slices.Equal(p.Roles, []Role{Operator}) {
		t.Errorf("signed in as %+v", p)
	}
	if !p.May(UploadRosters) || p.May(ApproveMoney) || p.May("anything_else") {
		t.Error("an operator uploads rosters, approves nothing, and has no unknown capability")
	}
	if err := p.Check(ApproveMoney); !errors.Is(err, ErrDenied) {
		t.Errorf("Check(ApproveMoney) = %v, want %v", err, ErrDenied)
	}
	if got := fmt.Sprint(p.LogValue()); got != p.Who().Actor || strings.Contains(got, "Ana") {
		t.Errorf("logged as %q", got)
	}
}

func TestASessionEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	for _, test := range []struct {
		name string
		end  func(t *testing.T, s SignedIn) (at time.Time)
	}{
		{"when idle for half an hour", func(t *testing.T, s SignedIn) time.Time { return o.at.Add(SessionIdle) }},
		{"after twelve hours, however busy", func(t *testing.T, s SignedIn) time.Time {
			at := o.at
			for range 25 {
				at = at.Add(SessionIdle - time.Minute)
				if at.Sub(o.at) >= SessionLife {
					return at
				}
				if _, err := Session(ctx, o.db, o.keys, s.Token, at); err != nil {
					t.Fatalf("after %v: %v", at.Sub(o.at), err)
				}
			}
			t.Fatal("never ended")
			return at
		}},
		{"on signing out", func(t *testing.T, s SignedIn) time.Time {
			if err := SignOut(ctx, o.db, s.Principal, o.at); err != nil {
				t.Fatal(err)
			}
			return o.at
		}},
		{"when the password changes", func(t *testing.T, s SignedIn) time.Time {
			if err := SetPassword(ctx, o.db, o.who, o.keys, o.ana, good, 0, o.at); err != nil {
				t.Fatal(err)
			}
			return o.at
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Session(ctx, o.db, o.keys, s.Token, o.at); err != nil {
				t.Fatal(err)
			}
			if _, err := Session(ctx, o.db, o.keys, s.Token, test.end(t, s)); !errors.Is(err, ErrSignedOut) {
				t.Errorf("got %v, want %v", err, ErrSignedOut)
			}
		})
	}
	for _, token := range []string{"", "x", strings.Repeat("A", 43)} {
		if _, err := Session(ctx, o.db, o.keys, token, o.at); !errors.Is(err, ErrSignedOut) {
			t.Errorf("token %q: %v, want %v", token, err, ErrSignedOut)
		}
	}
}

func TestOwnSessionsAreListedAndRevokedButNoOneElses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	eve := o.open(t, NewAccount{Email: "eve@riverbend.example", Name: "Eve", Roles: []Role{Support}})
	if err := SetPassword(ctx, o.db, o.who, o.keys, eve, good, 0, o.at); err != nil {
		t.Fatal(err)
	}
	here, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	there, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := o.signIn(t, Credentials{Email: "eve@riverbend.example", Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	if err := Revoke(ctx, o.db, stranger.Principal, here.Session, o.at); err != nil {
		t.Fatal(err)
	}
	if err := Revoke(ctx, o.db, here.Principal, there.Session, o.at); err != nil {
		t.Fatal(err)
	}
	var live []Live
	err = o.db.Read(ctx, o.who, func(q sqlx.QueryerContext) (err error) {
		live, err = Sessions(ctx, q, here.Principal, o.at.Add(2*time.Second))
		return err
	})
	if err != nil || len(live) != 1 || live[0].ID != here.Session {
		t.Errorf("live sessions %v, %v; want only %d", live, err, here.Session)
	}
	if _, err := Session(ctx, o.db, o.keys, there.Token, o.at); !errors.Is(err, ErrSignedOut) {
		t.Errorf("revoked session: %v", err)
	}
}

func TestARoleTakenAwayIsGoneAtTheNextRequest(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	s, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	err = o.db.InTx(ctx, o.who, func(tx *sqlx.Tx) error { return SetRoles(ctx, tx, o.who, o.ana, []Role{Support}, o.at) })
	if err != nil {
		t.Fatal(err)
	}
	p, err := Session(ctx, o.db, o.keys, s.Token, o.at)
	if err != nil || p.May(UploadRosters) || !p.May(SeeChildren) {
		t.Errorf("roles %v, %v; want support only", p.Roles, err)
	}
}

func TestGuessingIsStoppedButAStrangerLocksNobodyOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s, err := o.signIn(t, Credentials{Email: email, Password: good, Network: "home"}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	guesses := 0
	for i := range 40 { // forty guesses within forty minutes, each from elsewhere
		at := o.at.Add(time.Duration(i) * time.Minute)
		_, err := o.signIn(t, Credentials{Email: email, Password: "guess after guess after guess", Network: fmt.Sprint("n", i)}, at)
		switch {
		case errors.Is(err, ErrWrong):
			guesses++
		case !errors.Is(err, ErrTooMany):
			t.Fatal(err)
		}
	}
	if guesses > 10 {
		t.Errorf("%d guesses were compared within an hour, want at most 10", guesses)
	}
	now := o.at.Add(40 * time.Minute)
	if _, err := o.signIn(t, Credentials{Email: email, Password: good, Network: "home"}, now); !errors.Is(err, ErrTooMany) {
		t.Errorf("an unknown browser: %v, want %v", err, ErrTooMany)
	}
	if _, err := o.signIn(t, Credentials{Email: email, Password: good, Network: "home", Device: s.Device}, now); err != nil {
		t.Errorf("Ana's own browser: %v", err)
	}
	if _, err := o.signIn(t, Credentials{Email: email, Password: good, Network: "home", Device: s.Device[:20] + "AAAAAAAAAAAAAAAAAAAAAAA"}, now); !errors.Is(err, ErrTooMany) {
		t.Errorf("a forged browser: %v, want %v", err, ErrTooMany)
	}
	if _, err := o.signIn(t, Credentials{Email: email, Password: good}, now.Add(time.Hour)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestOneNetworkMayNotTryManyAccounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 60 {
		err := o.db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
			_, err := count(t.Context(), tx, o.keys, try{account: fmt.Sprint("a", i), network: "203.0.113.0/24"}, o.at)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.signIn(t, Credentials{Email: email, Password: good, Network: "203.0.113.0/24"}, o.at); !errors.Is(err, ErrTooMany) {
		t.Errorf("the 61st try: %v, want %v", err, ErrTooMany)
	}
	if _, err := o.signIn(t, Credentials{Email: email, Password: good, Network: "198.51.100.0/24"}, o.at); err != nil {
		t.Errorf("from another network: %v", err)
	}
}

func TestAOneTimeLinkWorksOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	issue := func() (token string) {
		err := o.db.InTx(ctx, o.who, func(tx *sqlx.Tx) (err error) {
			token, err = IssueOneTime(ctx, tx, o.who, o.ana, LinkLife, o.at)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	withdrawn, expired := issue(), issue()
	if _, err := RedeemOneTime(ctx, o.db, o.keys, withdrawn, 0, o.at); !errors.Is(err, ErrLink) {
		t.Errorf("withdrawn by a newer one: %v, want %v", err, ErrLink)
	}
	if _, err := RedeemOneTime(ctx, o.db, o.keys, expired, 0, o.at.Add(LinkLife)); !errors.Is(err, ErrLink) {
		t.Errorf("expired: %v, want %v", err, ErrLink)
	}
	token := issue()
	if _, err := RedeemOneTime(ctx, o.db, o.keys, token+"x", 0, o.at); !errors.Is(err, ErrLink) {
		t.Errorf("altered: %v, want %v", err, ErrLink)
	}
	s, err := RedeemOneTime(ctx, o.db, o.keys, token, 0, o.at)
	if err != nil || s.Name != "Ana Ruiz" {
		t.Fatalf("signed in as %q, %v", s.Name, err)
	}
	if _, err := RedeemOneTime(ctx, o.db, o.keys, token, 0, o.at); !errors.Is(err, ErrLink) {
		t.Errorf("used again: %v, want %v", err, ErrLink)
	}
}

func TestWeakPasswordsAreRefused(t *testing.T) {
	for _, test := range []struct {
		password string
		want     error
	}{
		{"Tr0ub4dor&3", ErrShort},
		{"fourteen chars", ErrShort},
		{"ñandú ñandú ñ", ErrShort}, // characters are counted, not bytes
		{strings.Repeat("violet kettle ", 10), ErrLong},
		{"passwordpassword", ErrCommon},
		{"P@ssw0rdP@ssw0rd!", ErrCommon},
		{"Contraseña123456789", ErrCommon},
		{"qwertyuiopasdfghjkl", ErrCommon},
		{"1234567890123456", ErrCommon},
		{"2026-09-01 2026-09-01", ErrCommon},
		{"aaaaaaaaaaaaaaaaaaaa", ErrCommon},
		{"ababababababababababab", ErrCommon},
		{"Seedbook-Riverbend-2026", ErrCommon},
		{"ana.ruiz@riverbend", ErrCommon},
		{"correct horse battery staple", ErrCommon},
		{"BienvenidoSeptiembre2026!", ErrCommon},
		{good, nil},
		{"tres gatos duermen al sol", nil},
		{"雨の日は図書館で静かに本を読みます", nil},
		{strings.Repeat("violet kettle", 9)[:minPassword+49], nil},
	} {
		err := checkPassword(test.password, "ana.ruiz@riverbend.example", "Ana Ruiz", "City of Riverbend")
		if !errors.Is(err, test.want) {
			t.Errorf("checkPassword(%q) = %v, want %v", test.password, err, test.want)
		}
	}
}

func TestStaffAreAddedWithCareAndLeaveATrail(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, test := range []struct {
		name string
		n    NewAccount
		want error
	}{
		{"no address", NewAccount{Name: "X", Roles: []Role{Support}}, ErrEmail},
		{"two addresses", NewAccount{Email: "a@b.example,c@d.example", Name: "X", Roles: []Role{Support}}, ErrEmail},
		{"a header", NewAccount{Email: "a@b.example\r\nBcc: x@y.example", Name: "X", Roles: []Role{Support}}, ErrEmail},
		{"an address in use", NewAccount{Email: "ANA.RUIZ@riverbend.example", Name: "X", Roles: []Role{Support}}, ErrEmailTaken},
		{"no name", NewAccount{Email: "x@b.example", Name: " ", Roles: []Role{Support}}, ErrName},
		{"a language we do not speak", NewAccount{Email: "x@b.example", Name: "X", Lang: "tlh", Roles: []Role{Support}}, ErrLanguage},
		{"no role", NewAccount{Email: "x@b.example", Name: "X"}, ErrRole},
		{"an unknown role", NewAccount{Email: "x@b.example", Name: "X", Roles: []Role{"king"}}, ErrRole},
		{"maker and checker", NewAccount{Email: "x@b.example", Name: "X", Roles: []Role{Approver, Operator}}, ErrRolesClash},
		{"auditor and writer", NewAccount{Email: "x@b.example", Name: "X", Roles: []Role{Auditor, TenantAdmin}}, ErrRolesClash},
		{"nobody's second account", NewAccount{Email: "x@b.example", Staff: 999, Roles: []Role{Support}}, ErrNoAccount},
	} {
		err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
			_, err := AddStaff(t.Context(), tx, o.who, o.keys, test.n, o.at)
			return err
		})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := AddTenant(t.Context(), o.db, " ", o.at); !errors.Is(err, ErrName) {
		t.Errorf("an organization without a name: %v", err)
	}
	tenant, account, err := FindAccount(t.Context(), o.db, o.keys, email)
	if err != nil || tenant != o.who.Tenant || account != o.ana {
		t.Errorf("FindAccount = %d, %d, %v", tenant, account, err)
	}
	var trail []audit.Recorded
	err = o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) (err error) {
		trail, err = audit.Trail(t.Context(), q, audit.Filter{Kind: "account", Subject: int64(o.ana)})
		return err
	})
	if err != nil || len(trail) != 2 || trail[0].Verb != "auth.password_set" || trail[1].Verb != "auth.account_opened" {
		t.Errorf("trail %+v, %v", trail, err)
	}
}

func TestAPersonWithTwoAccountsIsOneActor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	second := o.open(t, NewAccount{Email: "ana.approves@riverbend.example", Staff: first.Staff, Roles: []Role{Approver}})
	if err := SetPassword(t.Context(), o.db, o.who, o.keys, second, good, 0, o.at); err != nil {
		t.Fatal(err)
	}
	other, err := o.signIn(t, Credentials{Email: "ana.approves@riverbend.example", Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	if first.Who() != other.Who() || first.Account == other.Account {
		t.Errorf("actors %v and %v, want one", first.Who(), other.Who())
	}
}

func TestAnotherOrganizationSeesNoStaff(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ctx := t.Context()
	elsewhere, err := AddTenant(ctx, o.db, "Elsewhere", o.at)
	if err != nil {
		t.Fatal(err)
	}
	who := store.Who{Tenant: elsewhere, Actor: "cli"}
	err = o.db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		_, err := IssueOneTime(ctx, tx, who, o.ana, LinkLife, o.at)
		return err
	})
	if !errors.Is(err, ErrNoAccount) {
		t.Errorf("a link to another organization's account: %v, want %v", err, ErrNoAccount)
	}
	if err := SetPassword(ctx, o.db, who, o.keys, o.ana, good, 0, o.at); !errors.Is(err, ErrNoAccount) {
		t.Errorf("another organization's password: %v, want %v", err, ErrNoAccount)
	}
	if err := SetPassword(ctx, o.db, store.Who{Actor: "cli"}, o.keys, o.ana, good, 0, o.at); !errors.Is(err, ErrNoAccount) {
		t.Errorf("no organization: %v, want %v", err, ErrNoAccount)
	}
}

func TestNothingPersonalIsStoredInTheOpen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if _, err := o.signIn(t, Credentials{Email: email, Password: good, Network: "203.0.113.0/24"}, o.at); err != nil {
		t.Fatal(err)
	}
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		for _, table := range []string{"staff", "staff_accounts", "auth_logins", "auth_sessions", "auth_attempts", "audit_events"} {
			var rows []string
			if err := tx.SelectContext(t.Context(), &rows, "SELECT CAST(x AS text) FROM "+table+" x"); err != nil {
				return err
			}
			for _, row := range rows {
				for _, canary := range []string{"Ruiz", "ana.ruiz", "203.0.113", "violet"} {
					if strings.Contains(strings.ToLower(row), strings.ToLower(canary)) {
						t.Errorf("%s holds %q: %s", table, canary, row)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsLongOverIsSwept(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	if err := Sweep(t.Context(), o.db, o.at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := Session(t.Context(), o.db, o.keys, s.Token, o.at); err != nil {
		t.Errorf("a live session was swept: %v", err)
	}
	if err := Sweep(t.Context(), o.db, o.at.Add(keptFor+SessionLife+time.Second)); err != nil {
		t.Fatal(err)
	}
	var left int
	err = o.db.InTx0(context.WithoutCancel(t.Context()), "test", func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &left, `SELECT (SELECT count(*) FROM auth_sessions) + (SELECT count(*) FROM auth_attempts)`)
	})
	if err != nil || left != 0 {
		t.Errorf("%d rows left, %v", left, err)
	}
}
