package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Site is where passkeys belong to: a name like "csa.example.org" and the
// address that browsers show. A number is no name: browsers make no passkey for
// 127.0.0.1.
type Site struct {
	Name   string
	Origin string
}

// authenticator is WebAuthn as we use it: passkeys that the authenticator finds
// by itself, with its owner verified by finger, face or PIN each time.
func (s Site) authenticator() (*webauthn.WebAuthn, error) {
	w, err := webauthn.New(&webauthn.Config{
		RPID: s.Name, RPDisplayName: issuer, RPOrigins: []string{s.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of %s: %w", s.Name, err)
	}
	return w, nil
}

// challengeLife is how long a page's question may be answered.
const challengeLife = 10 * time.Minute

// challenge is a question that the server need not remember: when it ends,
// 16 random bytes, and a keyed hash that ties both to what is asked of whom. It
// is remembered once it was answered.
func challenge(keys *vault.Keyring, purpose string, at time.Time) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(at.Add(challengeLife).Unix()))
	var random [16]byte
	rand.Read(random[:]) // never fails
	b = append(b, random[:]...)
	return append(b, keys.Index(0, "challenge", purpose+"\x00"+string(b))...)
}

const challengeBody = 8 + 16

// asked reports whether we asked this, for this purpose, lately, and when it
// ends.
func asked(keys *vault.Keyring, purpose string, c []byte, at time.Time) (ends time.Time, ok bool) {
	if len(c) <= challengeBody || !hmac.Equal(c[challengeBody:], keys.Index(0, "challenge", purpose+"\x00"+string(c[:challengeBody]))) {
		return time.Time{}, false
	}
	ends = time.Unix(int64(binary.BigEndian.Uint64(c)), 0)
	return ends, at.Before(ends)
}

// What a challenge is for.
const askSignIn = "sign-in"

func askOf(what string, p Principal) string {
	return fmt.Sprintf("%s/%d/%d", what, p.Tenant, p.Account)
}

// AskPasskey is the question that a sign-in page asks a browser, as WebAuthn's
// JSON.
func AskPasskey(keys *vault.Keyring, s Site, at time.Time) (string, error) {
	return ask(keys, s, askSignIn, nil, at)
}

// AskOwnPasskey is the question that proves somebody signed in to be there.
func AskOwnPasskey(ctx context.Context, q sqlx.QueryerContext, keys *vault.Keyring, p Principal, s Site, at time.Time) (string, error) {
	owner, err := passkeyOwner(ctx, q, keys, p)
	if err != nil {
		return "", err
	}
	return ask(keys, s, askOf("prove", p), owner, at)
}

func ask(keys *vault.Keyring, s Site, purpose string, owner webauthn.User, at time.Time) (string, error) {
	w, err := s.authenticator()
	if err != nil {
		return "", err
	}
	with := webauthn.WithChallenge(challenge(keys, purpose, at))
	var options *protocol.CredentialAssertion
	if owner == nil {
		options, _, err = w.BeginDiscoverableLogin(with)
	} else {
		options, _, err = w.BeginLogin(owner, with)
	}
	if err != nil {
		return "", fmt.Errorf("ask for a passkey: %w", err)
	}
	return asJSON(options.Response)
}

func asJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

// owner is an account as WebAuthn sees it.
type owner struct {
	id          []byte
	name, title string
	keys        []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return o.id }
func (o owner) WebAuthnName() string                       { return o.name }
func (o owner) WebAuthnDisplayName() string                { return o.title }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

// handle is what an authenticator keeps to find the account again; it says
// nothing to anybody else.
func handle(keys *vault.Keyring, tenant int32, account AccountID) []byte {
	return keys.Index(tenant, "passkey", fmt.Sprint(account))
}

func passkeyOwner(ctx context.Context, q sqlx.QueryerContext, keys *vault.Keyring, p Principal) (owner, error) {
	o := owner{id: handle(keys, p.Tenant, p.Account), name: p.Name, title: p.Name}
	const query = `SELECT record FROM auth_passkeys WHERE tenant_id = $1 AND account_id = $2 AND removed_at IS NULL ORDER BY id`
	var records []string
	if err := sqlx.SelectContext(ctx, q, &records, query, p.Tenant, p.Account); err != nil {
		return owner{}, fmt.Errorf("passkeys of account %d: %w", p.Account, err)
	}
	for _, r := range records {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(r), &c); err != nil {
			return owner{}, fmt.Errorf("passkey of account %d: %w", p.Account, err)
		}
		o.keys = append(o.keys, c)
	}
	return o, nil
}

// OfferPasskey is what a browser needs to make a passkey, as WebAuthn's JSON.
func OfferPasskey(ctx context.Context, q sqlx.QueryerContext, keys *vault.Keyring, p Principal, s Site, at time.Time) (string, error) {
	o, err := passkeyOwner(ctx, q, keys, p)
	if err != nil {
		return "", err
	}
	w, err := s.authenticator()
	if err != nil {
		return "", err
	}
	options, _, err := w.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.keys).CredentialDescriptors()))
	if err != nil {
		return "", fmt.Errorf("offer a passkey: %w", err)
	}
	options.Response.Challenge = challenge(keys, askOf("register", p), at)
	return asJSON(options.Response)
}

// answered checks that an answer's challenge is ours and was not answered
// before, and returns what WebAuthn compares the answer with.
func answered(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, s Site, purpose, text string, at time.Time) (webauthn.SessionData, error) {
	c, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return webauthn.SessionData{}, ErrPasskey
	}
	ends, ok := asked(keys, purpose, c, at)
	if !ok {
		return webauthn.SessionData{}, ErrPasskey
	}
	first, err := spend(ctx, tx, c, ends)
	if err != nil {
		return webauthn.SessionData{}, err
	}
	if !first {
		return webauthn.SessionData{}, ErrPasskey
	}
	return webauthn.SessionData{Challenge: text, RelyingPartyID: s.Name, UserVerification: protocol.VerificationRequired}, nil
}

// AddPasskey registers what a browser answered to OfferPasskey under a name.
// The session counts as just verified, and the account's other sessions end.
func AddPasskey(ctx context.Context, db *store.DB, keys *vault.Keyring, p Principal, s Site, name, answer string, at time.Time) (signed SignedIn, err error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 60 {
		return SignedIn{}, ErrPasskeyName.At("name")
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return SignedIn{}, ErrPasskey
	}
	w, err := s.authenticator()
	if err != nil {
		return SignedIn{}, err
	}
	err = db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		session, err := answered(ctx, tx, keys, s, askOf("register", p), parsed.Response.CollectedClientData.Challenge, at)
		if err != nil {
			return err
		}
		o, err := passkeyOwner(ctx, tx, keys, p)
		if err != nil {
			return err
		}
		session.UserID = o.id
		session.CredParams = webauthn.CredentialParametersDefault()
		c, err := w.CreateCredential(o, session, parsed)
		if err != nil {
			return errors.Join(ErrPasskey, err)
		}
		if err := keepPasskey(ctx, tx, keys, p, name, c, at); err != nil {
			return err
		}
		if err := endAll(ctx, tx, p.Tenant, p.Account, p.Session, at); err != nil {
			return err
		}
		signed, err = verified(ctx, tx, p, at)
		return err
	})
	signed.Passkey = true
	return signed, err
}

func keepPasskey(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, p Principal, name string, c *webauthn.Credential, at time.Time) error {
	id, err := next(ctx, tx, "auth_passkeys_id_seq")
	if err != nil {
		return err
	}
	record, err := asJSON(c)
	if err != nil {
		return fmt.Errorf("keep passkey: %w", err)
	}
	const query = `
		INSERT INTO auth_passkeys (credential, id, tenant_id, account_id, name, record, added_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sealed := keys.Seal(place(p.Tenant, "auth_passkeys", id), []byte(name))
	_, err = tx.ExecContext(ctx, query, c.ID, id, p.Tenant, p.Account, sealed, record, at)
	if store.Violates(err, "auth_passkeys_key") {
		return ErrPasskey
	}
	if err != nil {
		return fmt.Errorf("keep passkey of account %d: %w", p.Account, err)
	}
	return audit.Record(ctx, tx, p.Who(), []audit.Event{{Verb: "auth.passkey_added", Kind: "account", Subject: int64(p.Account), After: map[string]any{"passkey": id}}}, at)
}

// SignInByPasskey opens a session with what a browser answered to AskPasskey.
// A passkey is two factors: what one has, and the finger or PIN that opens it.
func SignInByPasskey(ctx context.Context, db *store.DB, keys *vault.Keyring, s Site, answer string, at time.Time) (signed SignedIn, err error) {
	parsed, w, err := s.parse(answer)
	if err != nil {
		return SignedIn{}, err
	}
	var l login
	err = db.InTx0(ctx, "sign-in", func(tx *sqlx.Tx) error {
		const query = `SELECT tenant_id, account_id FROM auth_passkeys WHERE credential = $1 AND removed_at IS NULL`
		err := tx.GetContext(ctx, &l, query, []byte(parsed.RawID))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrPasskey
		}
		if err != nil {
			return fmt.Errorf("find passkey: %w", err)
		}
		return nil
	})
	if err != nil {
		return SignedIn{}, err
	}
	err = db.InTx(ctx, store.Who{Tenant: l.Tenant, Actor: "sign-in"}, func(tx *sqlx.Tx) error {
		p, _, err := loadPrincipal(ctx, tx, keys, l.Tenant, l.Account)
		if errors.Is(err, ErrNoAccount) {
			return ErrPasskey // switched off
		}
		if err != nil {
			return err
		}
		if err := checkPasskey(ctx, tx, keys, w, s, askSignIn, p, parsed, at); err != nil {
			return err
		}
		if signed, err = open(ctx, tx, keys, l.Tenant, l.Account, opening{by: byPasskey, shown: at}, at); err != nil {
			return err
		}
		return audit.Record(ctx, tx, signed.Who(), []audit.Event{{Verb: "auth.signed_in", Kind: "account", Subject: int64(l.Account),
			After: map[string]any{"by": byPasskey}}}, at)
	})
	return signed, err
}

func (s Site) parse(answer string) (*protocol.ParsedCredentialAssertionData, *webauthn.WebAuthn, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return nil, nil, ErrPasskey
	}
	w, err := s.authenticator()
	return parsed, w, err
}

// checkPasskey checks an answer against the account's passkeys and keeps the
// authenticator's count. A count that runs backwards is a copy of the key.
func checkPasskey(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, w *webauthn.WebAuthn, s Site, purpose string, p Principal, parsed *protocol.ParsedCredentialAssertionData, at time.Time) error {
	session, err := answered(ctx, tx, keys, s, purpose, parsed.Response.CollectedClientData.Challenge, at)
	if err != nil {
		return err
	}
	o, err := passkeyOwner(ctx, tx, keys, p)
	if err != nil {
		return err
	}
	var c *webauthn.Credential
	if purpose == askSignIn {
		_, c, err = w.ValidatePasskeyLogin(func(_, user []byte) (webauthn.User, error) {
			if !hmac.Equal(user, o.id) {
				return nil, ErrPasskey
			}
			return o, nil
		}, session, parsed)
	} else {
		session.UserID = o.id
		c, err = w.ValidateLogin(o, session, parsed)
	}
	if err != nil {
		return errors.Join(ErrPasskey, err)
	}
	if c.Authenticator.CloneWarning {
		return ErrPasskey
	}
	record, err := asJSON(c)
	if err != nil {
		return fmt.Errorf("keep passkey: %w", err)
	}
	const query = `UPDATE auth_passkeys SET record = $2, used_at = $3 WHERE credential = $1`
	if _, err := tx.ExecContext(ctx, query, c.ID, record, at); err != nil {
		return fmt.Errorf("use passkey of account %d: %w", p.Account, err)
	}
	return nil
}

// ProveByPasskey marks a session as just verified by what a browser answered to
// AskOwnPasskey, and gives it a new token.
func ProveByPasskey(ctx context.Context, db *store.DB, keys *vault.Keyring, p Principal, s Site, answer string, proof Proof, at time.Time) (SignedIn, error) {
	parsed, w, err := s.parse(answer)
	if err != nil {
		return SignedIn{}, err
	}
	return prove(ctx, db, keys, p, proof, at, func(tx *sqlx.Tx) (string, error) {
		return "passkey_proved", checkPasskey(ctx, tx, keys, w, s, askOf("prove", p), p, parsed, at)
	})
}

// Passkey is a passkey of an account.
type Passkey struct {
	ID      int64
	Name    string
	AddedAt time.Time
	UsedAt  time.Time // zero: never
}

// Passkeys lists the principal's own passkeys, the oldest first.
func Passkeys(ctx context.Context, q sqlx.QueryerContext, keys *vault.Keyring, p Principal) (all []Passkey, err error) {
	var rows []struct {
		ID    int64        `db:"id"`
		Name  []byte       `db:"name"`
		Added time.Time    `db:"added_at"`
		Used  sql.NullTime `db:"used_at"`
	}
	const query = `
		SELECT id, name, added_at, used_at FROM auth_passkeys
		WHERE tenant_id = $1 AND account_id = $2 AND removed_at IS NULL ORDER BY id`
	if err := sqlx.SelectContext(ctx, q, &rows, query, p.Tenant, p.Account); err != nil {
		return nil, fmt.Errorf("passkeys of account %d: %w", p.Account, err)
	}
	for _, r := range rows {
		name, err := keys.Open(place(p.Tenant, "auth_passkeys", r.ID), r.Name)
		if err != nil {
			return nil, fmt.Errorf("name of passkey %d: %w", r.ID, err)
		}
		all = append(all, Passkey{r.ID, string(name), r.Added, r.Used.Time})
	}
	return all, nil
}

// RemovePasskey makes a passkey of the principal's own account worthless and ends
// the account's other sessions. One that is gone, or another's, is left as it is.
func RemovePasskey(ctx context.Context, db *store.DB, p Principal, id int64, at time.Time) error {
	return db.InTx(ctx, p.Who(), func(tx *sqlx.Tx) error {
		const query = `
			UPDATE auth_passkeys SET removed_at = $4
			WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND removed_at IS NULL`
		done, err := tx.ExecContext(ctx, query, p.Tenant, p.Account, id, at)
		if err != nil {
			return fmt.Errorf("remove passkey %d: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		if err := endAll(ctx, tx, p.Tenant, p.Account, p.Session, at); err != nil {
			return err
		}
		return audit.Record(ctx, tx, p.Who(), []audit.Event{{Verb: "auth.passkey_removed", Kind: "account", Subject: int64(p.Account), After: map[string]any{"passkey": id}}}, at)
	})
}
