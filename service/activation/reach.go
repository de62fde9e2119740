package activation

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/notify"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// ErrContactTaken reports a telephone number or an e-mail address with which
// somebody signs in already.
var ErrContactTaken = fault.New(fault.Conflict, "activation.contact_taken")

// Word is something to tell a guardian. Its phrases are notice.subject.<About>
// and notice.text.<About>; they name no child.
type Word struct {
	About string
	Cause string // unique for ever within the organization: what caused it
	Args  i18n.Args
}

// reached is a contact of an account, opened.
type reached struct {
	Kind   notify.Channel `db:"kind"`
	Hash   []byte         `db:"contact_hash"`
	Sealed []byte         `db:"sealed"`
	Lang   string         `db:"language"`
}

// Tell writes to every contact of an account that works.
func Tell(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, account AccountID, word Word, at time.Time) error {
	const query = `
		SELECT k.kind, k.contact_hash, k.sealed, a.language
		FROM guardian_accounts a JOIN guardian_contacts k ON k.tenant_id = a.tenant_id AND k.account_id = a.id
		WHERE a.id = $1 AND a.disabled_at IS NULL ORDER BY k.contact_hash`
	var all []reached
	if err := tx.SelectContext(ctx, &all, query, account); err != nil {
		return fmt.Errorf("contacts of guardian %d: %w", account, err)
	}
	wishes, err := notify.WishesOf(ctx, tx, int64(account))
	if err != nil {
		return err
	}
	zone, err := zoneOf(ctx, tx, who, keys, account)
	if err != nil {
		return err
	}
	for _, c := range all { // one or two
		if !wishes.Wants(word.About, c.Kind) {
			continue
		}
		to, err := keys.Open(contactPlace(who.Tenant, account), c.Sealed)
		if err != nil {
			return fmt.Errorf("open a contact of guardian %d: %w", account, err)
		}
		m := notify.Message{Key: fmt.Sprintf("%s/%x", word.Cause, c.Hash[:8]), Channel: c.Kind, To: string(to), Account: int64(account)}
		if c.Kind == notify.SMS && !notify.Urgent(word.About) {
			m.Due = notify.Allowed(at, zone)
		}
		if err := tell(ctx, tx, who, keys, m, c.Lang, word, at); err != nil {
			return err
		}
	}
	return nil
}

// zoneOf is where a guardian lives, as far as the clock is concerned: by the ZIP
// code of a child that it sees, or else the program's zone.
func zoneOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, account AccountID) (*time.Location, error) {
	const query = `
		SELECT c.child_id, p.time_zone
		FROM guardian_children c
		JOIN enrollments e ON e.tenant_id = c.tenant_id AND e.child_id = c.child_id
		JOIN programs p ON p.tenant_id = e.tenant_id AND p.id = e.program_id
		WHERE c.account_id = $1 AND c.ended_at IS NULL ORDER BY c.child_id, p.id LIMIT 1`
	var home []struct {
		Child family.ChildID `db:"child_id"`
		Zone  string         `db:"time_zone"`
	}
	if err := sqlx.SelectContext(ctx, q, &home, query, account); err != nil || len(home) == 0 {
		return time.UTC, err
	}
	people, err := family.Load(ctx, q, who, keys, []family.ChildID{home[0].Child})
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(home[0].Zone)
	if err != nil {
		zone = time.UTC
	}
	return notify.ZoneOf(people[0].Person.ZIP, zone), nil
}

// TellContact writes to a telephone number or an e-mail address that nobody
// verified yet.
func TellContact(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, typed, lang string, word Word, at time.Time) error {
	folded, kind, err := foldContact(typed)
	if err != nil {
		return err
	}
	m := notify.Message{Key: fmt.Sprintf("%s/%x", word.Cause, contactHash(keys, folded)[:8]), Channel: kind, To: folded}
	return tell(ctx, tx, who, keys, m, lang, word, at)
}

// tell enqueues a message in the program's words, or the catalogue's.
func tell(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, m notify.Message, lang string, word Word, at time.Time) error {
	args := i18n.Args{}
	for name, value := range word.Args {
		args[name] = value
	}
	var err error
	if args["program"], err = programName(ctx, tx); err != nil {
		return err
	}
	wording, err := notify.WordingOf(ctx, tx, word.About, i18n.For(lang).Lang())
	if err != nil {
		return err
	}
	said, err := wording.Message(args)
	if err != nil {
		return err
	}
	said.Key, said.Channel, said.To, said.Account, said.Due, said.Until = m.Key, m.Channel, m.To, m.Account, m.Due, at.Add(toldFor)
	return notify.Enqueue(ctx, tx, who, keys, said, at)
}

// ReadContact reads a telephone number or an e-mail address as people type it,
// or returns ErrContact.
func ReadContact(typed string) (string, error) {
	folded, _, err := foldContact(typed)
	return folded, err
}

// AddContact lets an account sign in with one more telephone number or e-mail
// address, to which codes then go. Every session and remembered browser ends,
// so that whoever holds an old phone is out. It may be repeated.
func AddContact(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, account AccountID, typed string, at time.Time) error {
	folded, kind, err := foldContact(typed)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO guardian_contacts (contact_hash, tenant_id, account_id, kind, sealed, verified_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT ON CONSTRAINT guardian_contacts_pkey DO UPDATE SET verified_at = guardian_contacts.verified_at
		WHERE guardian_contacts.tenant_id = EXCLUDED.tenant_id AND guardian_contacts.account_id = EXCLUDED.account_id
		RETURNING account_id`
	var bound []AccountID
	sealed := keys.Seal(contactPlace(who.Tenant, account), []byte(folded))
	if err := tx.SelectContext(ctx, &bound, query, contactHash(keys, folded), who.Tenant, account, kind, sealed, at); err != nil {
		return fmt.Errorf("add a contact of guardian %d: %w", account, err)
	}
	if len(bound) == 0 {
		return ErrContactTaken
	}
	if err := endAll(ctx, tx, who.Tenant, account, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "activation.contact_added", Kind: "guardian", Subject: int64(account)}}, at)
}

// DropContacts ends the way in by every contact of an account but one.
func DropContacts(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, account AccountID, but string, at time.Time) error {
	folded, _, err := foldContact(but)
	if err != nil {
		return err
	}
	const query = `DELETE FROM guardian_contacts WHERE tenant_id = $1 AND account_id = $2 AND contact_hash <> $3`
	if _, err := tx.ExecContext(ctx, query, who.Tenant, account, contactHash(keys, folded)); err != nil {
		return fmt.Errorf("drop contacts of guardian %d: %w", account, err)
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "activation.contacts_dropped", Kind: "guardian", Subject: int64(account)}}, at)
}

// TryOut sends a wording to somebody of the staff, as a family would get it, with
// blanks filled in as examples.
func TryOut(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, typed string, wording notify.Wording, args i18n.Args, at time.Time) error {
	folded, kind, err := foldContact(typed)
	if err != nil {
		return err
	}
	m, err := wording.Message(args)
	if err != nil {
		return err
	}
	m.Key, m.Channel, m.To, m.Until = fmt.Sprintf("test/%s/%s/%d", wording.About, wording.Language, at.UnixNano()), kind, folded, at.Add(toldFor)
	return notify.Enqueue(ctx, tx, who, keys, m, at)
}
