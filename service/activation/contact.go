package activation

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// A typed code has eight digits, works for ten minutes, and survives five tries.
const (
	typedDigits = 8
	typedLife   = 10 * time.Minute
	typedTries  = 5
)

// contact is which account a contact signs in to; zero where there is none.
type contact struct {
	Tenant  int32     `db:"tenant_id"`
	Account AccountID `db:"account_id"`
}

func contactOf(ctx context.Context, q sqlx.QueryerContext, hash []byte) (c contact, err error) {
	const query = `SELECT tenant_id, account_id FROM guardian_contacts WHERE contact_hash = $1`
	err = sqlx.GetContext(ctx, q, &c, query, hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return contact{}, fmt.Errorf("find a contact: %w", err)
	}
	return c, nil
}

// northAmerican is a ten-digit number of the North American plan.
var northAmerican = regexp.MustCompile(`^[2-9][0-9]{2}[2-9][0-9]{6}$`)

// foldContact reads a contact as people type it and says how messages to it travel.
func foldContact(typed string) (folded string, kind notify.Channel, err error) {
	typed = strings.TrimSpace(typed)
	if strings.Contains(typed, "@") {
		a, err := mail.ParseAddress(typed)
		if err != nil || a.Name != "" || a.Address != typed || len(typed) > 254 || !strings.Contains(typed[strings.LastIndex(typed, "@"):], ".") {
			return "", "", ErrContact.At("contact")
		}
		return strings.ToLower(typed), notify.Email, nil
	}
	number := onlyDigits(typed)
	if len(number) == 11 {
		number = strings.TrimPrefix(number, "1")
	}
	if !northAmerican.MatchString(number) || strings.Trim(typed, "0123456789+-.() \u00a0") != "" {
		return "", "", ErrContact.At("contact")
	}
	return "+1" + number, notify.SMS, nil
}

func contactHash(keys *vault.Keyring, folded string) []byte {
	return keys.Index(0, "guardian-contact", folded)
}

// Contact is where somebody on the way in wants codes sent.
type Contact struct {
	Typed string
	Lang  string // of the message
	Peer  string
}

// SendCode sends a code to a contact that an activation shall be bound to. It
// may be repeated with another contact, and the code before is then worthless.
func SendCode(ctx context.Context, db *store.DB, keys *vault.Keyring, token string, c Contact, at time.Time) error {
	folded, kind, err := foldContact(c.Typed)
	if err != nil {
		return err
	}
	h := contactHash(keys, folded)
	within := false
	err = db.InTx0(ctx, "activation", func(tx *sqlx.Tx) error {
		within, err = count(ctx, tx, keys, at, sends(h, c.Peer)...)
		return err
	})
	if err != nil {
		return err
	}
	if !within {
		return ErrTooMany
	}
	code := digits(typedDigits)
	codeHash, err := hash(ctx, keys, light, "typed", code)
	if err != nil {
		return err
	}
	e, err := readEntry(ctx, db, token, activate, at)
	if err != nil {
		return err
	}
	e.Kind, e.Contact, e.Code = string(kind), h, codeHash
	return e.send(ctx, db, keys, folded, code, c.Lang, at)
}

// sends are the limits of sending codes.
func sends(contact []byte, peer string) []about {
	whom := hex.EncodeToString(contact)
	return []about{{codesToContact, whom}, {codesADay, whom}, {codesFromPeer, peer}}
}

// send binds the entry to a contact and a code, and enqueues the message in the
// same transaction.
func (e entry) send(ctx context.Context, db *store.DB, keys *vault.Keyring, folded, code, lang string, at time.Time) error {
	who := store.Who{Tenant: e.Tenant, Actor: "activation"}
	return db.InTx(ctx, who, func(tx *sqlx.Tx) error {
		const query = `
			UPDATE activation_entries
			SET contact_kind = $2, contact_hash = $3, contact_sealed = $4, code_hash = $5, code_ends_at = $6, code_tries = 0, codes = codes + 1, verified_at = NULL
			WHERE token_hash = $1 AND ended_at IS NULL
			RETURNING codes`
		var n int
		err := tx.GetContext(ctx, &n, query, e.hash, e.Kind, e.Contact, keys.Seal(entryPlace(e.hash), []byte(folded)), e.Code, at.Add(typedLife))
		if errors.Is(err, sql.ErrNoRows) {
			return ErrEntry
		}
		if err != nil {
			return fmt.Errorf("bind an entry: %w", err)
		}
		program, err := programName(ctx, tx)
		if err != nil {
			return err
		}
		w := i18n.For(lang)
		args := i18n.Args{"program": program, "code": code[:4] + " " + code[4:], "minutes": int(typedLife.Minutes())}
		return notify.Enqueue(ctx, tx, who, keys, notify.Message{
			Key: fmt.Sprintf("code/%x/%d", e.hash[:12], n), Channel: notify.Channel(e.Kind), To: folded, Lang: w.Lang(),
			Subject: w.T("activation.message_subject", args), Text: w.T("activation.message", args), Until: at.Add(typedLife),
		}, at)
	})
}

// programName is what a family calls whoever writes to it: the program, where
// the organization has one, or else the organization.
func programName(ctx context.Context, q sqlx.QueryerContext) (name string, err error) {
	const query = `
		SELECT CASE WHEN count(*) = 1 THEN min(p.name) ELSE min(t.name) END
		FROM tenants t LEFT JOIN programs p ON p.tenant_id = t.id
		WHERE t.id = app_tenant()`
	if err := sqlx.GetContext(ctx, q, &name, query); err != nil {
		return "", fmt.Errorf("name of the program: %w", err)
	}
	return name, nil
}

// CheckCode compares the code that a guardian types with the one that was sent,
// and so verifies the contact.
func CheckCode(ctx context.Context, db *store.DB, keys *vault.Keyring, token, typed string, at time.Time) error {
	e, ok, err := tryTyped(ctx, db, keys, token, activate, typed, at)
	if err != nil {
		return err
	}
	if !ok {
		return ErrCode.At("code")
	}
	return db.InTx0(ctx, "activation", func(tx *sqlx.Tx) error {
		const query = `UPDATE activation_entries SET verified_at = $2 WHERE token_hash = $1 AND ended_at IS NULL`
		if _, err := tx.ExecContext(ctx, query, e.hash, at); err != nil {
			return fmt.Errorf("verify a contact: %w", err)
		}
		return nil
	})
}

// tryTyped counts a try and compares a typed code, whether or not one was sent.
func tryTyped(ctx context.Context, db *store.DB, keys *vault.Keyring, token, purpose, typed string, at time.Time) (e entry, ok bool, err error) {
	err = db.InTx0(ctx, "activation", func(tx *sqlx.Tx) error {
		if e, err = entryOf(ctx, tx, token, purpose, at); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE activation_entries SET code_tries = code_tries + 1 WHERE token_hash = $1`, e.hash); err != nil {
			return fmt.Errorf("count a code: %w", err)
		}
		return nil
	})
	if err != nil {
		return e, false, err
	}
	right, err := matches(ctx, keys, light, "typed", onlyDigits(typed), e.Code)
	fresh := e.CodeEnds.Valid && e.CodeEnds.Time.After(at) && e.Tries < typedTries
	return e, right && fresh && e.Code != "", err
}
