package activation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Begun is a sign-in that has begun. Remembered says that the browser is known,
// so that the PIN alone is asked for.
type Begun struct {
	Token      string
	Remembered bool
}

// BeginSignIn takes the contact of whoever wants in. A contact that nobody has
// gets the same answer; only its owner gets a message. A browser that the
// account's guardian had remembered needs no code.
func BeginSignIn(ctx context.Context, db *store.DB, keys *vault.Keyring, c Contact, device string, at time.Time) (Begun, error) {
	folded, kind, err := foldContact(c.Typed)
	if err != nil {
		return Begun{}, err
	}
	e := entry{Purpose: signIn, Kind: string(kind), Contact: contactHash(keys, folded), Sealed: []byte(folded)}
	var had contact
	var remembered, within bool
	err = db.InTx0(ctx, "sign-in", func(tx *sqlx.Tx) error {
		if had, err = contactOf(ctx, tx, e.Contact); err != nil {
			return err
		}
		if remembered, err = remembers(ctx, tx, had, device, at); err != nil {
			return err
		}
		within, err = count(ctx, tx, keys, at, sends(e.Contact, c.Peer)...)
		return err
	})
	if err != nil {
		return Begun{}, err
	}
	if !within && !remembered {
		return Begun{}, ErrTooMany
	}
	code := digits(typedDigits)
	codeHash, err := hash(ctx, keys, light, "typed", code)
	if err != nil {
		return Begun{}, err
	}
	e.Tenant, e.Account = had.Tenant, had.Account
	e.Verified = sql.NullTime{Time: at, Valid: remembered}
	token, err := begin(ctx, db, keys, e, at, func(*sqlx.Tx) error { return nil })
	switch {
	case err != nil || remembered:
		return Begun{token, remembered}, err
	case had.Account == 0: // as much work for nobody
		return Begun{token, false}, decoy(ctx, db, keys, at)
	}
	e.hash, e.Code = tokenHash(token), codeHash
	return Begun{token, false}, e.send(ctx, db, keys, folded, code, c.Lang, at)
}

// decoy writes something of no consequence in a transaction of its own: what is
// refused, or about nobody, takes the time of what is not.
func decoy(ctx context.Context, db *store.DB, keys *vault.Keyring, at time.Time) error {
	return db.InTx0(ctx, "activation", func(tx *sqlx.Tx) error {
		_, err := count(ctx, tx, keys, at, about{proofsOfNobody, ""})
		return err
	})
}

// remembers reports a browser that an account's guardian had remembered.
func remembers(ctx context.Context, q sqlx.QueryerContext, c contact, device string, at time.Time) (yes bool, err error) {
	const query = `SELECT EXISTS (SELECT FROM guardian_devices WHERE token_hash = $1 AND tenant_id = $2 AND account_id = $3 AND ends_at > $4)`
	if err := sqlx.GetContext(ctx, q, &yes, query, tokenHash(device), c.Tenant, c.Account, at); err != nil {
		return false, fmt.Errorf("look for a browser: %w", err)
	}
	return yes && c.Account != 0, nil
}

// NeedsCode reports whether a sign-in asks for a typed code beside the PIN.
func NeedsCode(ctx context.Context, db *store.DB, token string, at time.Time) (bool, error) {
	e, err := readEntry(ctx, db, token, signIn, at)
	return !e.Verified.Valid, err
}

// SignIn opens a session with the code that was sent and the account's PIN. A
// wrong code, a wrong PIN and a contact that nobody has are all ErrWrong and take
// the same work. Only who has the right code can use up the PIN's tries, so that
// a stranger locks nobody out.
func SignIn(ctx context.Context, db *store.DB, keys *vault.Keyring, token, typed string, c Chosen, at time.Time) (s SignedIn, err error) {
	e, right, err := tryTyped(ctx, db, keys, token, signIn, typed, at)
	if err != nil {
		return s, err
	}
	right = right || e.Verified.Valid && e.Tries < typedTries
	pin := checkOwnPIN(ctx, db, keys, contact{e.Tenant, e.Account}, c.PIN, right, at)
	if pin != nil && !errors.Is(pin, ErrWrong) {
		return s, pin
	}
	if !right || pin != nil {
		return s, refused(ctx, db, keys, e.Tenant, audit.Event{Verb: "activation.sign_in_refused", Kind: "guardian", Subject: int64(e.Account)}, ErrWrong, at)
	}
	err = db.InTx(ctx, store.Who{Tenant: e.Tenant, Actor: "sign-in"}, func(tx *sqlx.Tx) error {
		if err := endEntry(ctx, tx, e, at); err != nil {
			return err
		}
		s, err = start(ctx, tx, e.Tenant, e.Account, c.Remember, at)
		return err
	})
	return s, err
}

// checkOwnPIN compares an account's PIN and counts the try where that is asked
// for; ErrWrong where it is not the one, or there is no account.
func checkOwnPIN(ctx context.Context, db *store.DB, keys *vault.Keyring, c contact, pin string, counts bool, at time.Time) error {
	limits := []about{{proofsOfNobody, ""}}
	if counts {
		whom := strconv.Itoa(int(c.Tenant)) + "|" + strconv.FormatInt(int64(c.Account), 10)
		limits = []about{{pinsOfAccount, whom}, {pinsADay, whom}}
	}
	within := false
	err := db.InTx0(ctx, "sign-in", func(tx *sqlx.Tx) (err error) {
		within, err = count(ctx, tx, keys, at, limits...)
		return err
	})
	if err != nil {
		return err
	}
	hash, err := readPIN(ctx, db, c)
	if err != nil {
		return err
	}
	right, err := matches(ctx, keys, strong, "pin", onlyDigits(pin), hash)
	switch {
	case err != nil:
		return err
	case counts && !within:
		return ErrTooMany
	case !right || !counts:
		return ErrWrong.At("pin")
	}
	return db.InTx0(ctx, "sign-in", func(tx *sqlx.Tx) error { return forget(ctx, tx, keys, limits...) })
}

// MayVerify counts a question about a statement's code, which anybody may ask,
// and refuses too many.
func MayVerify(ctx context.Context, db *store.DB, keys *vault.Keyring, peer string, at time.Time) error {
	within := false
	err := db.InTx0(ctx, "verify", func(tx *sqlx.Tx) (err error) {
		within, err = count(ctx, tx, keys, at, about{statementsOfPeer, peer})
		return err
	})
	if err == nil && !within {
		return ErrTooMany
	}
	return err
}
