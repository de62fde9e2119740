package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Credentials are what someone signs in with.
type Credentials struct {
	Email    string
	Password string
	Network  string // the client's network, coarse: "203.0.113.0/24"
	Device   string // what SignIn gave this browser before, or ""
}

// SignedIn is a new session. Token goes into the browser's cookie and nowhere
// else; Device, kept in a longer-lived one, gives the browser its own budget of
// tries next time.
type SignedIn struct {
	Token  string
	Device string
	Principal
}

// SignIn opens a session. An unknown account, a wrong password, an account
// without one and one switched off are all ErrWrong and take the same work;
// too many tries are ErrTooMany, right password or not.
func SignIn(ctx context.Context, db *store.DB, keys *vault.Keyring, c Credentials, at time.Time) (SignedIn, error) {
	email, err := foldEmail(c.Email)
	if err != nil {
		email = "" // counted and refused like any unknown account
	}
	t := try{account: email, network: c.Network}
	if random, ok := knownDevice(keys, email, c.Device); ok {
		t.account += "\x00" + random
	}
	l, within, err := countAndFind(ctx, db, keys, t, emailHash(keys, email), at)
	if err != nil {
		return SignedIn{}, err
	}
	if !within {
		return SignedIn{}, ErrTooMany
	}
	ok, err := matches(ctx, c.Password, l.Hash.String)
	if err != nil {
		return SignedIn{}, fmt.Errorf("compare password: %w", err)
	}
	if !ok {
		return SignedIn{}, ErrWrong
	}
	return begin(ctx, db, keys, l, t, email, at)
}

// login is what an e-mail address signs in to; zero where there is none.
type login struct {
	Tenant  int32          `db:"tenant_id"`
	Account AccountID      `db:"account_id"`
	Hash    sql.NullString `db:"password_hash"`
}

func findLogin(ctx context.Context, q sqlx.QueryerContext, hash []byte) (l login, err error) {
	const query = `SELECT tenant_id, account_id, password_hash FROM auth_logins WHERE email_hash = $1`
	err = sqlx.GetContext(ctx, q, &l, query, hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return login{}, fmt.Errorf("find login: %w", err)
	}
	return l, nil
}

// countAndFind commits the count whatever comes of the try.
func countAndFind(ctx context.Context, db *store.DB, keys *vault.Keyring, t try, hash []byte, at time.Time) (l login, within bool, err error) {
	err = db.InTx0(ctx, "sign-in", func(tx *sqlx.Tx) error {
		if within, err = count(ctx, tx, keys, t, at); err != nil {
			return err
		}
		l, err = findLogin(ctx, tx, hash)
		return err
	})
	return l, within, err
}

// begin opens the session of someone whose password was right.
func begin(ctx context.Context, db *store.DB, keys *vault.Keyring, l login, t try, email string, at time.Time) (s SignedIn, err error) {
	err = db.InTx(ctx, store.Who{Tenant: l.Tenant, Actor: "sign-in"}, func(tx *sqlx.Tx) error {
		tries, err := forget(ctx, tx, keys, t, at)
		if err != nil {
			return err
		}
		s, err = open(ctx, tx, keys, l.Tenant, l.Account, opening{by: byPassword}, at)
		if errors.Is(err, ErrNoAccount) {
			return ErrWrong // switched off
		}
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, s.Who(), []audit.Event{{Verb: "auth.signed_in", Kind: "account", Subject: int64(l.Account),
			After: map[string]any{"by": "password", "tries": tries}}}, at)
	})
	if err != nil {
		return SignedIn{}, err
	}
	s.Device = newDevice(keys, email)
	return s, nil
}

// A device token is 16 random bytes and a keyed hash that ties them to an
// account, so that the server need not remember browsers.
const deviceRandom = 16

func newDevice(keys *vault.Keyring, email string) string {
	var random [deviceRandom]byte
	rand.Read(random[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(append(random[:], keys.Index(0, "device", email+"\x00"+string(random[:]))...))
}

func knownDevice(keys *vault.Keyring, email, device string) (random string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(device)
	if err != nil || len(raw) <= deviceRandom {
		return "", false
	}
	random = string(raw[:deviceRandom])
	return random, hmac.Equal(raw[deviceRandom:], keys.Index(0, "device", email+"\x00"+random))
}

// newToken is 256 random bits; only their SHA-256 is stored, which suffices for
// a secret that cannot be guessed.
func newToken() (token string, hash []byte) {
	var raw [32]byte
	rand.Read(raw[:]) // never fails
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	return token, tokenHash(token)
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
