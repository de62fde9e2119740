package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pquerna/otp/hotp"
)

// codeAt is what an app with this secret shows.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := hotp.GenerateCodeCustom(secret, uint64(at.Unix()/30), codes)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// enrol gives Ana an app and returns its secret.
func (o *office) enrol(t *testing.T) (secret string) {
	t.Helper()
	s, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	a, err := BeginApp(t.Context(), o.db, o.keys, s.Principal, o.at)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(a.Address, "otpauth://totp/") || !strings.Contains(a.Address, a.Secret) {
		t.Errorf("to be scanned: %s", a.Address)
	}
	again, err := BeginApp(t.Context(), o.db, o.keys, s.Principal, o.at)
	if err != nil || again != a {
		t.Errorf("shown again, the secret is another: %v, %v", again, err)
	}
	if _, err := ConfirmApp(t.Context(), o.db, o.keys, s.Principal, Proof{Code: codeAt(t, a.Secret, o.at)}, o.at); err != nil {
		t.Fatal(err)
	}
	return a.Secret
}

func TestAPasswordAloneIsHalfASignIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	s, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Due(o.at); got != DueEnrol {
		t.Errorf("without a factor: %v", got)
	}
	secret := o.enrol(t)
	at := o.at.Add(time.Hour)
	if s, err = o.signIn(t, Credentials{Email: email, Password: good}, at); err != nil {
		t.Fatal(err)
	}
	if got := s.Due(at); got != DueFactor || s.Fresh(at) {
		t.Errorf("with an app: %v", got)
	}
	whole, err := ProveByCode(t.Context(), o.db, o.keys, s.Principal, Proof{Code: codeAt(t, secret, at)}, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Session(t.Context(), o.db, o.keys, s.Token, at); !errors.Is(err, ErrSignedOut) {
		t.Errorf("the half session's token still opens: %v", err)
	}
	p, err := Session(t.Context(), o.db, o.keys, whole.Token, at.Add(StepUpLife-time.Second))
	if err != nil || p.Due(at) != DueNothing || !p.Fresh(at.Add(StepUpLife-time.Second)) || p.Fresh(at.Add(StepUpLife)) {
		t.Errorf("verified: %v, %+v", err, p.Verified)
	}
}

func TestACodeWorksOnceAndInItsTimeOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	secret := o.enrol(t)
	at := o.at.Add(time.Hour)
	s, err := o.signIn(t, Credentials{Email: email, Password: good}, at)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		of   time.Time
		ok   bool
	}{
		{"two steps early", at.Add(-time.Minute), false},
		{"two steps late", at.Add(time.Minute), false},
		{"one step early", at.Add(-30 * time.Second), true},
		{"the same again", at.Add(-30 * time.Second), false},
		{"one step late", at.Add(30 * time.Second), true},
		{"the present one after a later one", at, false},
	} {
		next, err := ProveByCode(t.Context(), o.db, o.keys, s.Principal, Proof{Code: codeAt(t, secret, test.of), Network: test.name}, at)
		if test.ok != (err == nil) || !test.ok && !errors.Is(err, ErrCode) {
			t.Errorf("%s: %v", test.name, err)
		}
		if err == nil {
			s = next
		}
	}
	for _, code := range []string{"", "000000x", "1", strings.Repeat("1", 1000)} {
		if _, err := ProveByCode(t.Context(), o.db, o.keys, s.Principal, Proof{Code: code}, at.Add(2*time.Hour)); !errors.Is(err, ErrCode) {
			t.Errorf("code %q: %v", code, err)
		}
	}
}

func TestCodesCannotBeGuessed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	secret := o.enrol(t)
	at := o.at.Add(time.Hour)
	s, err := o.signIn(t, Credentials{Email: email, Password: good}, at)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for i := range 40 {
		_, err := ProveByCode(t.Context(), o.db, o.keys, s.Principal, Proof{Code: "000000", Network: fmt.Sprint(i)}, at)
		if errors.Is(err, ErrCode) {
			tried++
		} else if !errors.Is(err, ErrTooMany) {
			t.Fatal(err)
		}
	}
	if tried != 5 {
		t.Errorf("%d codes were looked at in a quarter of an hour, want 5", tried)
	}
	// The owner, on a browser that has signed in before, is not locked out.
	known := Proof{Code: codeAt(t, secret, at), Device: s.Device}
	if _, err := ProveByCode(t.Context(), o.db, o.keys, s.Principal, known, at); err != nil {
		t.Errorf("the owner's own browser: %v", err)
	}
}

func TestALinkStandsForAMissingFactorOnlyWhereTheServersOwnerMadeIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	redeem := func(actor string, grace time.Duration) SignedIn {
		t.Helper()
		who, token := o.who, ""
		who.Actor = actor
		err := o.db.InTx(t.Context(), who, func(tx *sqlx.Tx) (err error) {
			token, err = IssueOneTime(t.Context(), tx, who, o.ana, LinkLife, o.at)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s, err := RedeemOneTime(t.Context(), o.db, o.keys, token, grace, o.at)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	owner := redeem("cli", time.Hour)
	if owner.Due(o.at) != DueNothing || !owner.Fresh(o.at.Add(59*time.Minute)) || owner.Due(o.at.Add(time.Hour)) != DueEnrol {
		t.Errorf("a link of the server's owner stands until %v", owner.Stands)
	}
	if got := redeem("cli", 0).Due(o.at); got != DueEnrol {
		t.Errorf("without grace: %v", got)
	}
	if got := redeem("staff/1", time.Hour).Due(o.at); got != DueEnrol {
		t.Errorf("a link of a colleague: %v", got)
	}
	o.enrol(t)
	if got := redeem("cli", time.Hour).Due(o.at); got != DueFactor {
		t.Errorf("an account with an app: %v", got)
	}
}

func TestTheSecretOfAnAppIsSealedAndItsRemovalEndsOtherSessions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	secret := o.enrol(t)
	var stored []byte
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &stored, `SELECT secret FROM staff_totp`)
	})
	if err != nil || strings.Contains(string(stored), secret) {
		t.Errorf("stored %q (%v)", stored, err)
	}
	here, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	there, err := o.signIn(t, Credentials{Email: email, Password: good}, o.at)
	if err != nil {
		t.Fatal(err)
	}
	if err := RemoveApp(t.Context(), o.db, here.Principal, o.at); err != nil {
		t.Fatal(err)
	}
	if _, err := Session(t.Context(), o.db, o.keys, there.Token, o.at); !errors.Is(err, ErrSignedOut) {
		t.Errorf("the other session: %v", err)
	}
	p, err := Session(t.Context(), o.db, o.keys, here.Token, o.at)
	if err != nil || p.App {
		t.Errorf("this one: %v, %+v", err, p)
	}
}
