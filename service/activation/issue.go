package activation

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/service/audit"
	"seedbook/service/family"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// How long a code opens, and how many wrong tries it survives.
const (
	LetterLife = 90 * 24 * time.Hour
	inviteLife = 7 * 24 * time.Hour
	wrongTries = 5
)

// The kinds of code.
const (
	byLetter     = "letter"
	byInvitation = "invitation"
	byFacts      = "facts"
)

// draft is a code that is hashed and has no place yet.
type draft struct{ secret, hash string }

// hashSecrets makes n secrets. It takes some milliseconds each, so it is done
// before a transaction is opened.
func hashSecrets(ctx context.Context, keys *vault.Keyring, n int) ([]draft, error) {
	out := make([]draft, n)
	for i := range out {
		secret := signs(secretSize)
		h, err := hash(ctx, keys, light, "letter", secret)
		if err != nil {
			return nil, err
		}
		out[i] = draft{secret, h}
	}
	return out, nil
}

// issue gives each child a code and withdraws those of the same kind that are
// still open. It returns the codes as they are printed, in the children's order.
func issue(ctx context.Context, tx *sqlx.Tx, who store.Who, kind string, children []family.ChildID, drafts []draft, life time.Duration, at time.Time) ([]string, error) {
	const withdraw = `
		UPDATE activation_codes SET ended_at = $4
		WHERE tenant_id = $1 AND child_id = ANY ($2) AND kind = $3 AND ended_at IS NULL`
	if _, err := tx.ExecContext(ctx, withdraw, who.Tenant, pq.Array(children), kind, at); err != nil {
		return nil, fmt.Errorf("withdraw codes of %d children: %w", len(children), err)
	}
	codes := make([]string, len(children))
	left := make([]int, len(children))
	for i := range left {
		left[i] = i
	}
	for range maxDraws {
		var err error
		if left, err = occupy(ctx, tx, who, kind, children, drafts, left, codes, at.Add(life), at); err != nil {
			return nil, err
		}
		if len(left) == 0 {
			return codes, recordIssued(ctx, tx, who, kind, children, at)
		}
	}
	return nil, ErrFull
}

// maxDraws bounds how often places are drawn: half a million codes that are open
// at once fill half of all places, and leave one in a thousand after ten draws.
const maxDraws = 40

// occupy draws a place for each child that is left and returns those whose
// place was taken.
func occupy(ctx context.Context, tx *sqlx.Tx, who store.Who, kind string, children []family.ChildID, drafts []draft, left []int, codes []string, expires, at time.Time) ([]int, error) {
	byPlace := make(map[string]int, len(left))
	var again []int
	var places, hashes []string
	var ids []int64
	for _, i := range left {
		place := signs(selectorSize)
		if _, twice := byPlace[place]; twice {
			again = append(again, i)
			continue
		}
		byPlace[place] = i
		places, hashes, ids = append(places, place), append(hashes, drafts[i].hash), append(ids, int64(children[i]))
	}
	const query = `
		INSERT INTO activation_codes AS c (selector, tenant_id, child_id, code_hash, kind, issued_by, issued_at, expires_at)
		SELECT d.place, $1, d.child, d.hash, $2, $3, $4, $5
		FROM unnest(CAST($6 AS text[]), CAST($7 AS bigint[]), CAST($8 AS text[])) AS d (place, child, hash)
		ORDER BY d.place
		ON CONFLICT ON CONSTRAINT activation_codes_pkey DO UPDATE
		SET tenant_id = EXCLUDED.tenant_id, child_id = EXCLUDED.child_id, code_hash = EXCLUDED.code_hash, kind = EXCLUDED.kind,
		    issued_by = EXCLUDED.issued_by, issued_at = EXCLUDED.issued_at, expires_at = EXCLUDED.expires_at, wrong = 0, ended_at = NULL
		WHERE c.ended_at < EXCLUDED.issued_at OR c.expires_at <= EXCLUDED.issued_at
		RETURNING selector`
	var taken []string
	if err := tx.SelectContext(ctx, &taken, query, who.Tenant, kind, who.Actor, at, expires, pq.Array(places), pq.Array(ids), pq.Array(hashes)); err != nil {
		return nil, fmt.Errorf("give out %d codes: %w", len(left), err)
	}
	for _, place := range taken {
		i := byPlace[place]
		codes[i] = shown(place + drafts[i].secret)
		delete(byPlace, place)
	}
	for _, i := range byPlace {
		again = append(again, i)
	}
	return again, nil
}

func recordIssued(ctx context.Context, tx *sqlx.Tx, who store.Who, kind string, children []family.ChildID, at time.Time) error {
	events := make([]audit.Event, len(children))
	for i, c := range children {
		events[i] = audit.Event{Verb: "activation.code_issued", Kind: "child", Subject: int64(c), After: map[string]any{"by": kind}}
	}
	return audit.Record(ctx, tx, who, events, at)
}

// Invite makes a code with which another adult may see one of the guardian's
// children, good for a week. It is shown once and withdraws the one before. A
// guardian who may not change what is on record invites nobody (ErrMayNot), and
// nobody does while a hold keeps it from being done.
func Invite(ctx context.Context, db *store.DB, keys *vault.Keyring, g Guardian, h Held, at time.Time) (code string, err error) {
	drafts, err := hashSecrets(ctx, keys, 1)
	if err != nil {
		return "", err
	}
	err = db.InTx(ctx, g.Who(), func(tx *sqlx.Tx) error {
		if err := mayInvite(ctx, tx, g, h, at); err != nil {
			return err
		}
		codes, err := issue(ctx, tx, g.Who(), byInvitation, []family.ChildID{h.Child}, drafts, inviteLife, at)
		if err != nil {
			return err
		}
		code = codes[0]
		return nil
	})
	return code, err
}

func mayInvite(ctx context.Context, q sqlx.QueryerContext, g Guardian, h Held, at time.Time) error {
	for _, act := range []family.Act{family.ToEnter, family.ToChange} {
		if err := family.Permit(ctx, q, h.Child, act); err != nil {
			return ErrMayNot
		}
	}
	return May(ctx, q, g, h, family.MayChange, at)
}
