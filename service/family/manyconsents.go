package family

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// standingConsent holds of consents that were not retracted.
const standingConsent = `NOT EXISTS (SELECT FROM child_consent_retractions x WHERE x.tenant_id = c.tenant_id AND x.consent_id = c.id)`

// ConsentsNow returns the newest that was said of a purpose for each child, whom
// nothing was said of not among them.
func ConsentsNow(ctx context.Context, q sqlx.QueryerContext, ids []ChildID, purpose Purpose) (map[ChildID]Consent, error) {
	const query = `
		SELECT DISTINCT ON (child_id) child_id, purpose, given, from_on, coalesce(guardian_id, 0) AS guardian_id, coalesce(document_id, 0) AS document_id,
		       reference, recorded_by, recorded_at
		FROM child_consents c WHERE child_id = ANY ($1) AND purpose = $2 AND ` + standingConsent + `
		ORDER BY child_id, from_on DESC, id DESC`
	var found []Consent
	if err := sqlx.SelectContext(ctx, q, &found, query, pq.Array(ids), string(purpose)); err != nil {
		return nil, fmt.Errorf("consents of %d children: %w", len(ids), err)
	}
	out := make(map[ChildID]Consent, len(found))
	for _, c := range found {
		out[c.Child] = c
	}
	return out, nil
}

// RecordConsents is RecordConsent for many children of whom the same is said, in
// a number of statements that does not grow with them.
func RecordConsents(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, ids []ChildID, c Consent, source string, known ledger.Date, at time.Time) error {
	const query = `
		INSERT INTO child_consents (tenant_id, child_id, purpose, given, from_on, reference, recorded_by, recorded_at)
		SELECT $1, child_id, $3, $4, $5, $6, $7, $8 FROM unnest(CAST($2 AS bigint[])) AS n (child_id)
		ON CONFLICT ON CONSTRAINT child_consents_reference_key DO NOTHING
		RETURNING child_id`
	var fresh []ChildID
	err := tx.SelectContext(ctx, &fresh, query, who.Tenant, pq.Array(ids), string(c.Purpose), c.Given, c.From, c.Reference, who.Actor, at)
	if err != nil {
		return fmt.Errorf("consents of %d children: %w", len(ids), err)
	}
	facts, events := make([]Fact, len(fresh)), make([]audit.Event, len(fresh))
	for i, id := range fresh {
		facts[i] = Fact{Child: id, Name: c.Purpose.Fact(), Value: c.Given, From: c.From, Known: known, Reference: consentReference(c.Reference), Source: source}
		events[i] = audit.Event{Verb: "family.consent_recorded", Kind: "child", Subject: int64(id), After: map[string]any{"purpose": c.Purpose, "given": c.Given, "from": c.From}}
	}
	if _, err := RecordFacts(ctx, tx, who, keys, facts, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, events, at)
}

// consentReference names the fact that is written beside a consent.
func consentReference(reference string) string { return "consent " + reference }

// RetractConsents takes back what was recorded under a reference of a purpose:
// it stays on record and says nothing, and what was said before holds again.
func RetractConsents(ctx context.Context, tx *sqlx.Tx, who store.Who, ids []ChildID, purpose Purpose, reference, why string, at time.Time) error {
	const query = `
		INSERT INTO child_consent_retractions (tenant_id, consent_id, why, retracted_by, retracted_at)
		SELECT c.tenant_id, c.id, $4, $5, $6 FROM child_consents c WHERE c.child_id = ANY ($1) AND c.purpose = $2 AND c.reference = $3
		ON CONFLICT ON CONSTRAINT child_consent_retractions_pkey DO NOTHING`
	if _, err := tx.ExecContext(ctx, query, pq.Array(ids), string(purpose), reference, why, who.Actor, at); err != nil {
		return fmt.Errorf("retract consents of %d children: %w", len(ids), err)
	}
	facts, events := make([]Reported, len(ids)), make([]audit.Event, len(ids))
	for i, id := range ids {
		facts[i] = Reported{Child: id, Name: purpose.Fact(), Reference: consentReference(reference)}
		events[i] = audit.Event{Verb: "family.consent_retracted", Kind: "child", Subject: int64(id), After: map[string]any{"purpose": purpose, "why": why}}
	}
	if _, err := RetractFacts(ctx, tx, who, facts, why, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, events, at)
}
