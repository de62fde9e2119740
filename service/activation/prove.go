package activation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// EntryLife is how long somebody may take from the first proof to being in.
const EntryLife = 30 * time.Minute

// Letter is what somebody types from a letter.
type Letter struct {
	Code        string
	Month, Year int    // of the child's birth: a check against mixed-up letters, not a secret
	Peer        string // the client's address
}

// Facts are what somebody without a letter says of a child.
type Facts struct {
	Tenant  int32 // whose programs the child is in
	BornOn  ledger.Date
	ZIP     string
	Student string // the school's number for the child
	Peer    string
}

// issued is a code as it stands.
type issued struct {
	Tenant  int32          `db:"tenant_id"`
	Child   family.ChildID `db:"child_id"`
	Hash    string         `db:"code_hash"`
	Wrong   int            `db:"wrong"`
	Kind    string         `db:"kind"`
	Expires time.Time      `db:"expires_at"`
	Open    bool           `db:"open"`
}

// alive reports a code that may still open.
func (c issued) alive(at time.Time) bool {
	return c.Open && c.Wrong <= wrongTries && c.Expires.After(at)
}

// ByLetter begins an entry for whoever holds a code. Unknown, wrong, spent and
// expired codes, and another child's birth, are all ErrNoMatch and take the same
// work; too many tries are ErrTooMany, right code or not.
func ByLetter(ctx context.Context, db *store.DB, keys *vault.Keyring, l Letter, at time.Time) (token string, err error) {
	selector, secret := parseCode(l.Code)
	peer := about{proofsOfPeer, l.Peer}
	var c issued
	within := false
	err = db.InTx0(ctx, "activation", func(tx *sqlx.Tx) (err error) {
		if within, err = count(ctx, tx, keys, at, peer); err != nil {
			return err
		}
		c, err = tryCode(ctx, tx, selector)
		return err
	})
	if err != nil {
		return "", err
	}
	if !within {
		return "", ErrTooMany
	}
	right, err := matches(ctx, keys, light, "letter", secret, c.Hash)
	if err != nil {
		return "", err
	}
	born, err := bornIn(ctx, db, keys, c.Tenant, c.Child, l.Month, l.Year)
	if err != nil {
		return "", err
	}
	if !right || !born || !c.alive(at) {
		return "", refused(ctx, db, keys, c.Tenant, refusedProof(c.Child, byLetter), ErrNoMatch, at)
	}
	return begin(ctx, db, keys, entry{Tenant: c.Tenant, Purpose: activate, Child: c.Child, Proof: selector}, at, func(tx *sqlx.Tx) error {
		const query = `UPDATE activation_codes SET wrong = wrong - 1 WHERE selector = $1 AND wrong > 0`
		if _, err := tx.ExecContext(ctx, query, selector); err != nil {
			return fmt.Errorf("take a try back: %w", err)
		}
		return uncount(ctx, tx, keys, at, peer)
	})
}

// tryCode counts a try against a code before it is judged, so that many at once
// are no way around the limit.
func tryCode(ctx context.Context, tx *sqlx.Tx, selector string) (c issued, err error) {
	const query = `
		UPDATE activation_codes SET wrong = wrong + 1
		WHERE selector = $1
		RETURNING tenant_id, child_id, code_hash, wrong, kind, expires_at, ended_at IS NULL AS open`
	err = tx.GetContext(ctx, &c, query, selector)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return issued{}, fmt.Errorf("look for a code: %w", err)
	}
	return c, nil
}

// bornIn compares a child's month of birth. A child whose birth date nobody
// knows agrees with any. Where there is no child the same is looked for.
func bornIn(ctx context.Context, db *store.DB, keys *vault.Keyring, tenant int32, child family.ChildID, month, year int) (ok bool, err error) {
	p, err := person(ctx, db, keys, tenant, child)
	if err != nil || p == nil {
		return false, err
	}
	return p.BornOn.IsZero() || int(p.BornOn.Month()) == month && p.BornOn.Year() == year, nil
}

// person opens a child; nil where there is none or its family is erased.
func person(ctx context.Context, db *store.DB, keys *vault.Keyring, tenant int32, child family.ChildID) (*family.Person, error) {
	var p *family.Person
	who := store.Who{Tenant: tenant, Actor: "activation"}
	err := db.Read(ctx, who, func(q sqlx.QueryerContext) error {
		children, err := family.Load(ctx, q, who, keys, []family.ChildID{child})
		if errors.Is(err, family.ErrNone) {
			return nil
		}
		if err == nil && !children[0].Erased {
			p = &children[0].Person
		}
		return err
	})
	return p, err
}

// ByFacts begins an entry for whoever knows a child's birth date, ZIP code and
// student number. All three must agree; ErrNoMatch says no more.
func ByFacts(ctx context.Context, db *store.DB, keys *vault.Keyring, f Facts, at time.Time) (token string, err error) {
	limits := []about{{proofsOfPeer, f.Peer}, {proofsOfStudent, strconv.Itoa(int(f.Tenant)) + "|" + f.Student}}
	within := false
	err = db.InTx0(ctx, "activation", func(tx *sqlx.Tx) (err error) {
		within, err = count(ctx, tx, keys, at, limits...)
		return err
	})
	if err != nil {
		return "", err
	}
	if !within {
		return "", ErrTooMany
	}
	child, right, err := known(ctx, db, keys, f)
	if err != nil {
		return "", err
	}
	// The hash is the greater part of the time by far, and the same for all.
	if _, err := matches(ctx, keys, light, "letter", f.Student, ""); err != nil {
		return "", err
	}
	if !right {
		return "", refused(ctx, db, keys, f.Tenant, refusedProof(child, byFacts), ErrNoMatch, at)
	}
	return begin(ctx, db, keys, entry{Tenant: f.Tenant, Purpose: activate, Child: child, Proof: byFacts}, at, func(tx *sqlx.Tx) error {
		return uncount(ctx, tx, keys, at, limits...)
	})
}

// known finds the child of a student number that takes part in a program, and
// reports whether the rest is true of it.
func known(ctx context.Context, db *store.DB, keys *vault.Keyring, f Facts) (child family.ChildID, right bool, err error) {
	who := store.Who{Tenant: f.Tenant, Actor: "activation"}
	enrolled := false
	err = db.Read(ctx, who, func(q sqlx.QueryerContext) error {
		found, err := family.Find(ctx, q, who, keys, family.StudentScheme, []string{f.Student})
		if err != nil {
			return err
		}
		child = found[0]
		const query = `SELECT EXISTS (SELECT FROM enrollments WHERE child_id = $1 AND enrolled_on IS NOT NULL)`
		if err := sqlx.GetContext(ctx, q, &enrolled, query, child); err != nil {
			return fmt.Errorf("look for an enrollment: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, false, err
	}
	p, err := person(ctx, db, keys, f.Tenant, child)
	if err != nil || p == nil || !enrolled {
		return child, false, err
	}
	return child, !p.BornOn.IsZero() && p.BornOn == f.BornOn && p.ZIP != "" && p.ZIP == f.ZIP, nil
}

func refusedProof(child family.ChildID, by string) audit.Event {
	return audit.Event{Verb: "activation.refused", Kind: "child", Subject: int64(child), After: map[string]any{"by": by}}
}

// refused notes a try that failed and refuses. Where it was about nobody
// something is written too, so that both take the same time.
func refused(ctx context.Context, db *store.DB, keys *vault.Keyring, tenant int32, event audit.Event, with error, at time.Time) error {
	if tenant == 0 {
		if err := decoy(ctx, db, keys, at); err != nil {
			return err
		}
		return with
	}
	who := store.Who{Tenant: tenant, Actor: "activation"}
	err := db.InTx(ctx, who, func(tx *sqlx.Tx) error { return audit.Record(ctx, tx, who, []audit.Event{event}, at) })
	if store.Violates(err, "audit_events_tenant_id_fkey") { // no such organization
		err = decoy(ctx, db, keys, at)
	}
	if err != nil {
		return err
	}
	return with
}
