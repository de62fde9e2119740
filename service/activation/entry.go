package activation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// The purposes of an entry.
const (
	activate = "activate"
	signIn   = "sign_in"
)

// entry is somebody on the way in.
type entry struct {
	hash     []byte
	Tenant   int32          `db:"tenant_id"`
	Purpose  string         `db:"purpose"`
	Child    family.ChildID `db:"child_id"`
	Proof    string         `db:"proof"`
	Account  AccountID      `db:"account_id"`
	Kind     string         `db:"contact_kind"`
	Contact  []byte         `db:"contact_hash"`
	Sealed   []byte         `db:"contact_sealed"`
	Code     string         `db:"code_hash"`
	CodeEnds sql.NullTime   `db:"code_ends_at"`
	Tries    int            `db:"code_tries"`
	Codes    int            `db:"codes"`
	Verified sql.NullTime   `db:"verified_at"`
}

// begin opens an entry together with what then does.
func begin(ctx context.Context, db *store.DB, keys *vault.Keyring, e entry, at time.Time, then func(tx *sqlx.Tx) error) (token string, err error) {
	token, hash := newToken()
	err = db.InTx0(ctx, "activation", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO activation_entries (token_hash, tenant_id, purpose, child_id, proof, account_id, contact_kind, contact_hash, contact_sealed, verified_at, begun_at, ends_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
		var sealed []byte
		if e.Sealed != nil {
			sealed = keys.Seal(entryPlace(hash), e.Sealed)
		}
		_, err := tx.ExecContext(ctx, query, hash, e.Tenant, e.Purpose, e.Child, e.Proof, e.Account, e.Kind, e.Contact, sealed, e.Verified, at, at.Add(EntryLife))
		if err != nil {
			return fmt.Errorf("begin an entry: %w", err)
		}
		return then(tx)
	})
	return token, err
}

func entryPlace(hash []byte) string { return fmt.Sprintf("entry|%x", hash) }

// entryOf reads an entry that is not over, or ErrEntry, and holds on to it.
func entryOf(ctx context.Context, tx *sqlx.Tx, token, purpose string, at time.Time) (entry, error) {
	e := entry{hash: tokenHash(token)}
	const query = `
		SELECT tenant_id, purpose, child_id, proof, account_id, contact_kind, contact_hash, contact_sealed, code_hash, code_ends_at, code_tries, codes, verified_at
		FROM activation_entries
		WHERE token_hash = $1 AND purpose = $2 AND ended_at IS NULL AND ends_at > $3
		FOR UPDATE`
	err := tx.GetContext(ctx, &e, query, e.hash, purpose, at)
	if errors.Is(err, sql.ErrNoRows) {
		return e, ErrEntry
	}
	if err != nil {
		return e, fmt.Errorf("find an entry: %w", err)
	}
	return e, nil
}

// readEntry is entryOf in a transaction of its own.
func readEntry(ctx context.Context, db *store.DB, token, purpose string, at time.Time) (e entry, err error) {
	err = db.InTx0(ctx, "activation", func(tx *sqlx.Tx) error {
		e, err = entryOf(ctx, tx, token, purpose, at)
		return err
	})
	return e, err
}

// Stage is what comes next on the way in.
type Stage string

// The stages of an activation.
const (
	AskContact Stage = "contact"
	AskCode    Stage = "code"
	ChoosePIN  Stage = "pin"     // a new account, or a new PIN for one that is proven
	AskPIN     Stage = "own_pin" // of the account that the contact has already
)

// Pending is an activation that goes on. Until a contact is verified it shows no
// more than the child's first name and school.
type Pending struct {
	Stage   Stage
	Given   string
	School  string
	Contact string // where the code went, "" before
}

// Look returns how far an activation has come.
func Look(ctx context.Context, db *store.DB, keys *vault.Keyring, token string, at time.Time) (p Pending, err error) {
	e, err := readEntry(ctx, db, token, activate, at)
	if err != nil {
		return p, err
	}
	child, err := person(ctx, db, keys, e.Tenant, e.Child)
	if err != nil || child == nil {
		return p, errors.Join(err, ErrEntry)
	}
	p.Given = child.Given
	if child.Preferred != "" {
		p.Given = child.Preferred
	}
	err = db.Read(ctx, store.Who{Tenant: e.Tenant, Actor: "activation"}, func(q sqlx.QueryerContext) error {
		if p.School, err = schoolOf(ctx, q, e.Child); err != nil {
			return err
		}
		p.Stage, err = e.stage(ctx, q)
		return err
	})
	if e.Sealed != nil && err == nil {
		contact, err := keys.Open(entryPlace(e.hash), e.Sealed)
		p.Contact = string(contact)
		return p, err
	}
	return p, err
}

func schoolOf(ctx context.Context, q sqlx.QueryerContext, child family.ChildID) (name string, err error) {
	const query = `
		SELECT h.name FROM schoolings s JOIN schools h ON h.tenant_id = s.tenant_id AND h.id = s.school_id
		WHERE s.child_id = $1 AND s.to_on IS NULL`
	err = sqlx.GetContext(ctx, q, &name, query, child)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("school of child %d: %w", child, err)
	}
	return name, nil
}

func (e entry) stage(ctx context.Context, q sqlx.QueryerContext) (Stage, error) {
	switch {
	case e.Codes == 0:
		return AskContact, nil
	case !e.Verified.Valid:
		return AskCode, nil
	}
	c, err := contactOf(ctx, q, e.Contact)
	if err != nil || c.Account == 0 {
		return ChoosePIN, err
	}
	renews, err := e.renews(ctx, q, c)
	if renews {
		return ChoosePIN, err
	}
	return AskPIN, err
}

// renews reports a letter for a child that the contact's account sees already:
// the letter and the contact together prove enough to choose a new PIN.
func (e entry) renews(ctx context.Context, q sqlx.QueryerContext, c contact) (sees bool, err error) {
	if e.Proof == byFacts || c.Tenant != e.Tenant {
		return false, nil
	}
	const query = `SELECT EXISTS (SELECT FROM guardian_children WHERE account_id = $1 AND child_id = $2 AND ended_at IS NULL)`
	if err := sqlx.GetContext(ctx, q, &sees, query, c.Account, e.Child); err != nil {
		return false, fmt.Errorf("look for a guardian: %w", err)
	}
	return sees, nil
}

func endEntry(ctx context.Context, tx *sqlx.Tx, e entry, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE activation_entries SET ended_at = $2, contact_sealed = NULL WHERE token_hash = $1`, e.hash, at); err != nil {
		return fmt.Errorf("end an entry: %w", err)
	}
	return nil
}
