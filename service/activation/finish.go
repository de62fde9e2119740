package activation

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Chosen is what a guardian chooses at the end of the way in.
type Chosen struct {
	PIN      string
	Lang     string
	Remember bool // this browser, for a month
}

// Finish opens the account of a guardian whose contact is verified, or adds the
// child to the account that the contact has, and signs in. The letter's code is
// spent with it: of two who hold one, the first gets in.
func Finish(ctx context.Context, db *store.DB, keys *vault.Keyring, token string, c Chosen, at time.Time) (SignedIn, error) {
	e, err := readEntry(ctx, db, token, activate, at)
	if err != nil {
		return SignedIn{}, err
	}
	if !e.Verified.Valid {
		return SignedIn{}, ErrEntry
	}
	var had contact
	var stage Stage
	err = db.Read(ctx, store.Who{Tenant: e.Tenant, Actor: "activation"}, func(q sqlx.QueryerContext) (err error) {
		if had, err = contactOf(ctx, q, e.Contact); err == nil {
			stage, err = e.stage(ctx, q)
		}
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	if had.Account != 0 && had.Tenant != e.Tenant {
		return SignedIn{}, ErrContact.At("contact") // signs in to another organization of this installation
	}
	pinHash := ""
	if stage == AskPIN {
		err = checkOwnPIN(ctx, db, keys, had, c.PIN, true, at)
	} else {
		pinHash, err = hashPIN(ctx, keys, c.PIN)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return e.enter(ctx, db, keys, had, pinHash, c, at)
}

// enter writes everything down at once: the account, its contact, whom it sees,
// that the child's account is claimed, and the session.
func (e entry) enter(ctx context.Context, db *store.DB, keys *vault.Keyring, had contact, pinHash string, c Chosen, at time.Time) (s SignedIn, err error) {
	err = db.InTx(ctx, store.Who{Tenant: e.Tenant, Actor: "activation"}, func(tx *sqlx.Tx) error {
		account := had.Account
		switch {
		case account == 0:
			if account, err = e.open(ctx, tx, keys, pinHash, c.Lang, at); err != nil {
				return err
			}
		case pinHash != "":
			if err := renewPIN(ctx, tx, e.Tenant, account, pinHash, at); err != nil {
				return err
			}
		}
		if err := e.grant(ctx, tx, keys, account, at); err != nil {
			return err
		}
		if err := endEntry(ctx, tx, e, at); err != nil {
			return err
		}
		s, err = start(ctx, tx, e.Tenant, account, c.Remember, at)
		return err
	})
	return s, err
}

// open makes an account with the entry's contact.
func (e entry) open(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, pinHash, lang string, at time.Time) (account AccountID, err error) {
	if !i18n.Speaks(lang) {
		lang = family.DefaultLanguage
	}
	const query = `INSERT INTO guardian_accounts (tenant_id, language, pin_hash, created_at) VALUES ($1, $2, $3, $4) RETURNING id`
	if err := tx.GetContext(ctx, &account, query, e.Tenant, lang, pinHash, at); err != nil {
		return 0, fmt.Errorf("open an account: %w", err)
	}
	folded, err := keys.Open(entryPlace(e.hash), e.Sealed)
	if err != nil {
		return 0, fmt.Errorf("open a contact: %w", err)
	}
	const bind = `
		INSERT INTO guardian_contacts (contact_hash, tenant_id, account_id, kind, sealed, verified_at)
		VALUES ($1, $2, $3, $4, $5, $6)`
	_, err = tx.ExecContext(ctx, bind, e.Contact, e.Tenant, account, e.Kind, keys.Seal(contactPlace(e.Tenant, account), folded), at)
	if store.Violates(err, "guardian_contacts_pkey") {
		return 0, ErrEntry // somebody was faster with the same contact
	}
	if err != nil {
		return 0, fmt.Errorf("bind a contact: %w", err)
	}
	return account, audit.Record(ctx, tx, whoIs(e.Tenant, account), []audit.Event{{Verb: "activation.opened", Kind: "guardian", Subject: int64(account)}}, at)
}

func contactPlace(tenant int32, account AccountID) string {
	return fmt.Sprintf("%d|guardian_contacts|%d", tenant, account)
}

// renewPIN replaces a PIN and ends whatever the old one opened.
func renewPIN(ctx context.Context, tx *sqlx.Tx, tenant int32, account AccountID, pinHash string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE guardian_accounts SET pin_hash = $2 WHERE id = $1`, account, pinHash); err != nil {
		return fmt.Errorf("renew the PIN of guardian %d: %w", account, err)
	}
	if err := endAll(ctx, tx, tenant, account, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, whoIs(tenant, account), []audit.Event{{Verb: "activation.pin_renewed", Kind: "guardian", Subject: int64(account)}}, at)
}

// grant spends the proof and lets the account see the child. Whom somebody of the
// staff let see it no more waits for somebody's decision.
func (e entry) grant(ctx context.Context, tx *sqlx.Tx, keys *vault.Keyring, account AccountID, at time.Time) error {
	if err := family.Permit(ctx, tx, e.Child, family.ToEnter); err != nil {
		return ErrEntry // what is on hold looks like what is over
	}
	by, err := e.spend(ctx, tx, at)
	if err != nil {
		return err
	}
	if err := e.tellOthers(ctx, tx, keys, account, at); err != nil {
		return err
	}
	const query = `
		INSERT INTO guardian_children (tenant_id, account_id, child_id, granted_at, granted_by)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT ON CONSTRAINT guardian_children_pkey DO UPDATE
		SET granted_at = EXCLUDED.granted_at, granted_by = EXCLUDED.granted_by, ended_at = NULL,
		    paused_at = CASE WHEN guardian_children.ended_at IS NULL THEN guardian_children.paused_at ELSE EXCLUDED.granted_at END`
	if _, err := tx.ExecContext(ctx, query, e.Tenant, account, e.Child, at, by); err != nil {
		return fmt.Errorf("let guardian %d see child %d: %w", account, e.Child, err)
	}
	who := whoIs(e.Tenant, account)
	if err := match(ctx, tx, who, keys, account, e.Child); err != nil {
		return err
	}
	if err := claim(ctx, tx, who, e.Child, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "activation.granted", Kind: "child", Subject: int64(e.Child), After: map[string]any{"by": by, "guardian": account}}}, at)
}

// spend ends the code that proved the child. Facts stay true.
func (e entry) spend(ctx context.Context, tx *sqlx.Tx, at time.Time) (by string, err error) {
	if e.Proof == byFacts {
		return byFacts, nil
	}
	const query = `
		UPDATE activation_codes SET ended_at = $4
		WHERE selector = $1 AND tenant_id = $2 AND child_id = $3 AND ended_at IS NULL AND expires_at > $4
		RETURNING kind`
	var kinds []string
	if err := tx.SelectContext(ctx, &kinds, query, e.Proof, e.Tenant, e.Child, at); err != nil {
		return "", fmt.Errorf("spend a code: %w", err)
	}
	if len(kinds) == 0 {
		return "", ErrEntry
	}
	return kinds[0], nil
}

// claim tells the child's programs that a family has activated the account,
// which rule books may reward. The first time counts.
func claim(ctx context.Context, tx *sqlx.Tx, who store.Who, child family.ChildID, at time.Time) error {
	const query = `SELECT program_id FROM enrollments WHERE child_id = $1 AND enrolled_on IS NOT NULL ORDER BY program_id`
	var programs []program.ID
	if err := tx.SelectContext(ctx, &programs, query, child); err != nil {
		return fmt.Errorf("programs of child %d: %w", child, err)
	}
	for _, id := range programs { // one, as a rule
		claimed, err := isClaimed(ctx, tx, id, child)
		if err != nil || claimed {
			return err
		}
		p, err := program.Load(ctx, tx, id)
		if err != nil {
			return err
		}
		event := family.Event{Child: child, Kind: string(rules.Claimed), On: p.Day(at), Reference: "activation", Source: "portal"}
		if _, err := family.RecordEvents(ctx, tx, who, id, []family.Event{event}, at); err != nil {
			return err
		}
	}
	return nil
}

func isClaimed(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) (bool, error) {
	events, err := family.EventsOf(ctx, q, p, []family.ChildID{child})
	if err != nil {
		return false, err
	}
	for _, e := range events {
		if e.Kind == string(rules.Claimed) && e.On != (ledger.Date{}) {
			return true, nil
		}
	}
	return false, nil
}

// AddChild lets a guardian who is signed in see one more child, by the same
// proofs. No contact is asked for: it has one.
func AddChild(ctx context.Context, db *store.DB, keys *vault.Keyring, g Guardian, token string, at time.Time) error {
	return db.InTx(ctx, g.Who(), func(tx *sqlx.Tx) error {
		e, err := entryOf(ctx, tx, token, activate, at)
		if err != nil {
			return err
		}
		if e.Tenant != g.Tenant {
			return ErrNoMatch
		}
		if err := e.grant(ctx, tx, keys, g.Account, at); err != nil {
			return err
		}
		return endEntry(ctx, tx, e, at)
	})
}
