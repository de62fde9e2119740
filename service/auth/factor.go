package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// StepUpLife is how long a second factor counts as just shown.
const StepUpLife = 5 * time.Minute

// Due is what a session lacks before it may be used.
type Due int

// What a session may lack.
const (
	DueNothing Due = iota
	DueFactor      // the second factor that its account has
	DueEnrol       // a second factor to be set up
)

// Due says what the session lacks at an instant.
func (p Principal) Due(at time.Time) Due {
	switch {
	case !p.Verified.IsZero():
		return DueNothing
	case p.App || p.Passkey:
		return DueFactor
	case at.Before(p.Stands):
		return DueNothing
	}
	return DueEnrol
}

// Fresh reports whether a second factor was shown within StepUpLife, or a link
// stands for one.
func (p Principal) Fresh(at time.Time) bool {
	if !p.Verified.IsZero() {
		return at.Sub(p.Verified) < StepUpLife
	}
	return p.Due(at) == DueNothing
}

// The codes: RFC 6238 with what every app can do.
const (
	step   = 30 * time.Second
	around = 1 // steps before and after the present one that are taken too
)

var codes = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// App is an app's secret, to be scanned.
type App struct {
	Secret  string // base32, to be typed where it cannot be scanned
	Address string // otpauth://…, what the QR code says
}

// BeginApp makes the secret of an app that makes codes, or gives the one again
// that waits to be confirmed. An account that has an app is ErrDenied.
func BeginApp(ctx context.Context, db *store.DB, keys *vault.Keyring, p Principal, at time.Time) (a App, err error) {
	if p.App {
		return App{}, ErrDenied
	}
	err = db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		_, email, err := loadPrincipal(ctx, tx, keys, p.Tenant, p.Account)
		if err != nil {
			return err
		}
		key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: email, SecretSize: 20})
		if err != nil {
			return fmt.Errorf("make secret of account %d: %w", p.Account, err)
		}
		const query = `
			INSERT INTO staff_totp (tenant_id, account_id, secret, made_at, last_step) VALUES ($1, $2, $3, $4, 0)
			ON CONFLICT (tenant_id, account_id) DO NOTHING`
		sealed := keys.Seal(place(p.Tenant, "staff_totp", int64(p.Account)), []byte(key.Secret()))
		if _, err := tx.ExecContext(ctx, query, p.Tenant, p.Account, sealed, at); err != nil {
			return fmt.Errorf("keep secret of account %d: %w", p.Account, err)
		}
		kept, err := loadApp(ctx, tx, keys, p)
		if err != nil {
			return err
		}
		a = App{Secret: kept.secret, Address: address(email, kept.secret)}
		return nil
	})
	return a, err
}

// address is what an app scans.
func address(email, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "period": {"30"}, "digits": {"6"}, "algorithm": {"SHA1"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + email, RawQuery: q.Encode()}
	return u.String()
}

const issuer = "Seedbook"

// keptApp is an account's app.
type keptApp struct {
	secret    string
	confirmed bool
	last      int64
}

// loadApp reads and locks an account's app; ErrNoFactor where there is none.
func loadApp(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, p Principal) (keptApp, error) {
	var row struct {
		Secret    []byte       `db:"secret"`
		Confirmed sql.NullTime `db:"confirmed_at"`
		Last      int64        `db:"last_step"`
	}
	const query = `SELECT secret, confirmed_at, last_step FROM staff_totp WHERE tenant_id = $1 AND account_id = $2 FOR UPDATE`
	err := tx.GetContext(ctx, &row, query, p.Tenant, p.Account)
	if errors.Is(err, sql.ErrNoRows) {
		return keptApp{}, ErrNoFactor
	}
	if err != nil {
		return keptApp{}, fmt.Errorf("load app of account %d: %w", p.Account, err)
	}
	secret, err := keys.Open(place(p.Tenant, "staff_totp", int64(p.Account)), row.Secret)
	if err != nil {
		return keptApp{}, fmt.Errorf("open secret of account %d: %w", p.Account, err)
	}
	return keptApp{string(secret), row.Confirmed.Valid, row.Last}, nil
}

// stepOf returns the step whose code this is, newer than the last used one; 0
// for none. It compares all, so that its time tells nothing.
func (a keptApp) stepOf(code string, at time.Time) (found int64, err error) {
	now := at.Unix() / int64(step/time.Second)
	for n := now - around; n <= now+around; n++ {
		want, err := hotp.GenerateCodeCustom(a.secret, uint64(n), codes)
		if err != nil {
			return 0, fmt.Errorf("make code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && n > a.last {
			found = n
		}
	}
	return found, nil
}

// ConfirmApp makes an app a second factor, by the first code it shows. It ends
// the account's other sessions.
func ConfirmApp(ctx context.Context, db *store.DB, keys *vault.Keyring, p Principal, proof Proof, at time.Time) (SignedIn, error) {
	return prove(ctx, db, keys, p, proof, at, func(tx *sqlx.Tx) (string, error) {
		return "app_confirmed", useCode(ctx, tx, keys, p, proof.Code, false, at)
	})
}

// Proof is what somebody signed in shows to prove to be there.
type Proof struct {
	Code    string // of the app
	Device  string // what SignIn gave this browser, or ""
	Network string
}

// ProveByCode marks a session as just verified by a code of the app, and gives
// it a new token. A code works once; a wrong one is ErrCode.
func ProveByCode(ctx context.Context, db *store.DB, keys *vault.Keyring, p Principal, proof Proof, at time.Time) (SignedIn, error) {
	return prove(ctx, db, keys, p, proof, at, func(tx *sqlx.Tx) (string, error) {
		return "code_proved", useCode(ctx, tx, keys, p, proof.Code, true, at)
	})
}

// prove counts a try, whatever comes of it, and then has it checked and the
// session marked in one transaction.
func prove(ctx context.Context, db *store.DB, keys *vault.Keyring, p Principal, proof Proof, at time.Time, check func(tx *sqlx.Tx) (verb string, err error)) (s SignedIn, err error) {
	var t try
	within := false
	err = db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		_, email, err := loadPrincipal(ctx, tx, keys, p.Tenant, p.Account)
		if err != nil {
			return err
		}
		t = proof.try(keys, p, email)
		within, err = count(ctx, tx, keys, t, at)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if !within {
		return SignedIn{}, ErrTooMany
	}
	err = db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		verb, err := check(tx)
		if err != nil {
			return err
		}
		if _, err := forget(ctx, tx, keys, t, at); err != nil {
			return err
		}
		s, err = verified(ctx, tx, p, at)
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, p.Who(), []audit.Event{{Verb: "auth." + verb, Kind: "account", Subject: int64(p.Account)}}, at)
	})
	return s, err
}

// try is the proof as the limits see it. A browser that has signed in before
// has a budget of its own: who knows the password only cannot use it up.
func (proof Proof) try(keys *vault.Keyring, p Principal, email string) try {
	t := try{account: "factor\x00" + strconv.Itoa(int(p.Tenant)) + "\x00" + strconv.FormatInt(int64(p.Account), 10), network: "factor\x00" + proof.Network}
	if random, ok := knownDevice(keys, email, proof.Device); ok {
		t.account += "\x00" + random
	}
	return t
}

// verified gives a session a new token, and notes that its owner was there.
func verified(ctx context.Context, tx *sqlx.Tx, p Principal, at time.Time) (SignedIn, error) {
	token, hash := newToken()
	const query = `
		UPDATE auth_sessions SET token_hash = $4, verified_at = $5
		WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND ended_at IS NULL`
	done, err := tx.ExecContext(ctx, query, p.Tenant, p.Account, p.Session, hash, at)
	if err != nil {
		return SignedIn{}, fmt.Errorf("verify session %d: %w", p.Session, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return SignedIn{}, errors.Join(ErrSignedOut, err)
	}
	p.Verified = at
	return SignedIn{Token: token, Principal: p}, nil
}

// useCode checks a code and spends its step. A first code also makes the app a
// factor and ends the account's other sessions.
func useCode(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, p Principal, code string, confirmed bool, at time.Time) error {
	a, err := loadApp(ctx, tx, keys, p)
	if err != nil {
		return err
	}
	if a.confirmed != confirmed {
		return ErrNoFactor
	}
	n, err := a.stepOf(code, at)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrCode.At("one_time_code")
	}
	const query = `
		UPDATE staff_totp SET last_step = $3, confirmed_at = coalesce(confirmed_at, $4)
		WHERE tenant_id = $1 AND account_id = $2`
	if _, err := tx.ExecContext(ctx, query, p.Tenant, p.Account, n, at); err != nil {
		return fmt.Errorf("use code of account %d: %w", p.Account, err)
	}
	if confirmed {
		return nil
	}
	return endAll(ctx, tx, p.Tenant, p.Account, p.Session, at)
}

// RemoveApp makes an account forget its app. Its sessions but this one end.
func RemoveApp(ctx context.Context, db *store.DB, p Principal, at time.Time) error {
	return db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		const query = `DELETE FROM staff_totp WHERE tenant_id = $1 AND account_id = $2`
		if _, err := tx.ExecContext(ctx, query, p.Tenant, p.Account); err != nil {
			return fmt.Errorf("remove app of account %d: %w", p.Account, err)
		}
		if err := endAll(ctx, tx, p.Tenant, p.Account, p.Session, at); err != nil {
			return err
		}
		return audit.Record(ctx, tx, p.Who(), []audit.Event{{Verb: "auth.app_removed", Kind: "account", Subject: int64(p.Account)}}, at)
	})
}

// spend marks what may be answered once as answered, and reports whether it was
// the first time.
func spend(ctx context.Context, tx *sqlx.Tx, what []byte, ends time.Time) (first bool, err error) {
	sum := sha256.Sum256(what)
	const query = `INSERT INTO auth_spent (what, ends_at) VALUES ($1, $2) ON CONFLICT (what) DO NOTHING`
	done, err := tx.ExecContext(ctx, query, sum[:], ends)
	if err != nil {
		return false, fmt.Errorf("spend: %w", err)
	}
	n, err := done.RowsAffected()
	return n == 1, err
}
