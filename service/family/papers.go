package family

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/paper"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Faults of documents, notes and consents.
var (
	// ErrNoDocument reports a document that the child does not have.
	ErrNoDocument = fault.New(fault.NotFound, "family.no_document")
	// ErrDocumentKind reports a file that is no PDF, JPEG or PNG.
	ErrDocumentKind = paper.ErrKind
	// ErrDocumentSize reports an empty file, or one of more than ten megabytes.
	ErrDocumentSize = paper.ErrSize
	// ErrNote reports an empty or overlong note.
	ErrNote = fault.New(fault.Invalid, "family.note")
)

// DocumentID identifies a document within its organization.
type DocumentID int64

// DocumentKind is what a document is.
type DocumentKind string

// DocumentKinds are all of them, in the order people are offered them.
var DocumentKinds = []DocumentKind{"court_order", "death_certificate", "name_change", "adoption", "placement", "consent", "other"}

// mostNote bounds a note, in characters.
const mostNote = 4000

// Document is a paper that somebody handed in.
type Document struct {
	ID      DocumentID
	Kind    DocumentKind
	Media   string // application/pdf, image/jpeg or image/png, as its first bytes say
	Title   string
	Size    int
	Closed  bool // only for who needs to know
	AddedBy string
	AddedAt time.Time
}

// AddDocument seals a file. The same file handed in again is the one that is there.
func AddDocument(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, d Document, content []byte, at time.Time) (id DocumentID, err error) {
	media, err := paper.Media(content)
	if err != nil {
		return 0, err
	}
	key, err := keyOf(ctx, tx, who, keys, child)
	if err != nil {
		return 0, err
	}
	digest := keys.Index(who.Tenant, "document", string(content))
	title, err := sealJSON(key, documentPlace(who.Tenant, child, digest, "title"), d.Title)
	if err != nil {
		return 0, err
	}
	sealed := key.Seal(documentPlace(who.Tenant, child, digest, "file"), content)
	const query = `
		INSERT INTO child_documents (tenant_id, child_id, kind, media, size, closed, digest, title, sealed, added_by, added_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT ON CONSTRAINT child_documents_digest_key DO NOTHING
		RETURNING id`
	err = tx.GetContext(ctx, &id, query, who.Tenant, child, d.Kind, media, len(content), d.Closed, digest, title, sealed, who.Actor, at)
	if errors.Is(err, sql.ErrNoRows) {
		const there = `SELECT id FROM child_documents WHERE child_id = $1 AND kind = $2 AND digest = $3`
		return id, tx.GetContext(ctx, &id, there, child, d.Kind, digest)
	}
	if err != nil {
		return 0, fmt.Errorf("add a document of child %d: %w", child, err)
	}
	return id, audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.document_added", Kind: "child", Subject: int64(child), After: map[string]any{"document": id, "kind": d.Kind, "size": len(content)}}}, at)
}

// keyOf opens the key of a child's family.
func keyOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) (vault.Key, error) {
	families, err := familyKeys(ctx, q, who, keys, []ChildID{child})
	if err != nil {
		return vault.Key{}, err
	}
	key, ok := families[child]
	if !ok {
		return vault.Key{}, ErrNone
	}
	return key, nil
}

func documentPlace(tenant int32, child ChildID, digest []byte, what string) string {
	return place(tenant, "child_documents/"+hex.EncodeToString(digest[:16])+"/"+what, int64(child))
}

// DocumentsOf lists the documents of a child without opening the files, the
// newest first.
func DocumentsOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) ([]Document, error) {
	key, err := keyOf(ctx, q, who, keys, child)
	if errors.Is(err, ErrNone) {
		return nil, nil // erased
	}
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT id, kind, media, size, closed, digest, title, added_by, added_at
		FROM child_documents WHERE child_id = $1 ORDER BY id DESC`
	rows, err := q.QueryxContext(ctx, query, child)
	if err != nil {
		return nil, fmt.Errorf("documents of child %d: %w", child, err)
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		var d Document
		var digest, title []byte
		if err := rows.Scan(&d.ID, &d.Kind, &d.Media, &d.Size, &d.Closed, &digest, &title, &d.AddedBy, &d.AddedAt); err != nil {
			return nil, fmt.Errorf("documents of child %d: %w", child, err)
		}
		if err := openJSON(key, documentPlace(who.Tenant, child, digest, "title"), title, &d.Title); err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// OpenDocument opens one document of a child with its file.
func OpenDocument(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID, id DocumentID) (d Document, content []byte, err error) {
	key, err := keyOf(ctx, q, who, keys, child)
	if err != nil {
		return d, nil, err
	}
	const query = `SELECT id, kind, media, size, closed, digest, title, sealed, added_by, added_at FROM child_documents WHERE child_id = $1 AND id = $2`
	var digest, title, sealed []byte
	err = q.QueryRowxContext(ctx, query, child, id).Scan(&d.ID, &d.Kind, &d.Media, &d.Size, &d.Closed, &digest, &title, &sealed, &d.AddedBy, &d.AddedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil, ErrNoDocument
	}
	if err != nil {
		return d, nil, fmt.Errorf("document %d: %w", id, err)
	}
	if err := openJSON(key, documentPlace(who.Tenant, child, digest, "title"), title, &d.Title); err != nil {
		return d, nil, err
	}
	content, err = key.Open(documentPlace(who.Tenant, child, digest, "file"), sealed)
	return d, content, err
}

// Note is what somebody of the staff wrote down about a child.
type Note struct {
	ID        int64
	Text      string
	Closed    bool // only for who needs to know
	Reference string
	By        string
	At        time.Time
}

// WriteNote seals a note. The same form sent again changes nothing.
func WriteNote(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, child ChildID, n Note, at time.Time) error {
	if strings.TrimSpace(n.Text) == "" || utf8.RuneCountInString(n.Text) > mostNote {
		return ErrNote.At("text")
	}
	key, err := keyOf(ctx, tx, who, keys, child)
	if err != nil {
		return err
	}
	sealed, err := sealJSON(key, notePlace(who.Tenant, child, n), n.Text)
	if err != nil {
		return err
	}
	const query = `
		INSERT INTO child_notes (tenant_id, child_id, closed, reference, sealed, written_by, written_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT ON CONSTRAINT child_notes_reference_key DO NOTHING`
	done, err := tx.ExecContext(ctx, query, who.Tenant, child, n.Closed, n.Reference, sealed, who.Actor, at)
	if err != nil {
		return fmt.Errorf("note about child %d: %w", child, err)
	}
	if new, err := done.RowsAffected(); err != nil || new == 0 {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "family.note_written", Kind: "child", Subject: int64(child)}}, at)
}

func notePlace(tenant int32, child ChildID, n Note) string {
	return place(tenant, "child_notes/"+n.Reference, int64(child))
}

// NotesOf opens the notes about a child, the newest first.
func NotesOf(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, child ChildID) ([]Note, error) {
	key, err := keyOf(ctx, q, who, keys, child)
	if errors.Is(err, ErrNone) {
		return nil, nil // erased
	}
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryxContext(ctx, `SELECT id, closed, reference, sealed, written_by, written_at FROM child_notes WHERE child_id = $1 ORDER BY id DESC`, child)
	if err != nil {
		return nil, fmt.Errorf("notes of child %d: %w", child, err)
	}
	defer rows.Close()
	var out []Note
	for rows.Next() {
		var n Note
		var sealed []byte
		if err := rows.Scan(&n.ID, &n.Closed, &n.Reference, &sealed, &n.By, &n.At); err != nil {
			return nil, fmt.Errorf("notes of child %d: %w", child, err)
		}
		if err := openJSON(key, notePlace(who.Tenant, child, n), sealed, &n.Text); err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Purpose is an element of data, or a use, that a family agrees to.
type Purpose string

// Purposes are all of them, in the order people are offered them.
var Purposes = []Purpose{"free_lunch", "attendance", "grades", "communications", "photo"}

// Fact is the fact under which rule books read the consent.
func (p Purpose) Fact() string { return "consent_" + string(p) }

// Consent is what a family agreed to, or agrees to no more, from a day on.
type Consent struct {
	Child     ChildID     `db:"child_id"`
	Purpose   Purpose     `db:"purpose"`
	Given     bool        `db:"given"`
	From      ledger.Date `db:"from_on"`
	Guardian  GuardianID  `db:"guardian_id"` // who said so; 0: the paper does
	Document  DocumentID  `db:"document_id"`
	Reference string      `db:"reference"` // names the form that recorded it
	By        string      `db:"recorded_by"`
	At        time.Time   `db:"recorded_at"`
}

// RecordConsent writes a consent down, and the fact that rule books read, known
// from a day on. The same form sent again changes nothing.
func RecordConsent(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, c Consent, known ledger.Date, at time.Time) error {
	const query = `
		INSERT INTO child_consents (tenant_id, child_id, purpose, given, from_on, guardian_id, document_id, reference, recorded_by, recorded_at)
		VALUES ($1, $2, $3, $4, $5, nullif(CAST($6 AS bigint), 0), nullif(CAST($7 AS bigint), 0), $8, $9, $10)
		ON CONFLICT ON CONSTRAINT child_consents_reference_key DO NOTHING`
	done, err := tx.ExecContext(ctx, query, who.Tenant, c.Child, c.Purpose, c.Given, c.From, c.Guardian, c.Document, c.Reference, who.Actor, at)
	switch {
	case store.Violates(err, "child_consents_document_fkey"):
		return ErrNoDocument.At("document")
	case store.Violates(err, "child_consents_guardian_fkey"):
		return ErrNoGuardian.At("guardian")
	case err != nil:
		return fmt.Errorf("consent of child %d: %w", c.Child, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	fact := Fact{Child: c.Child, Name: c.Purpose.Fact(), Value: c.Given, From: c.From, Known: known, Reference: consentReference(c.Reference), Source: "consent"}
	if _, err := RecordFacts(ctx, tx, who, keys, []Fact{fact}, at); err != nil {
		return err
	}
	return audit.Record(ctx, tx, who, []audit.Event{{
		Verb: "family.consent_recorded", Kind: "child", Subject: int64(c.Child),
		After: map[string]any{"purpose": c.Purpose, "given": c.Given, "from": c.From, "guardian": c.Guardian, "document": c.Document}}}, at)
}

// ConsentsOf returns what was said of each purpose for a child, the newest first.
func ConsentsOf(ctx context.Context, q sqlx.QueryerContext, child ChildID) (out []Consent, err error) {
	const query = `
		SELECT child_id, purpose, given, from_on, coalesce(guardian_id, 0) AS guardian_id, coalesce(document_id, 0) AS document_id,
		       reference, recorded_by, recorded_at
		FROM child_consents c WHERE child_id = $1 AND ` + standingConsent + ` ORDER BY from_on DESC, id DESC`
	if err := sqlx.SelectContext(ctx, q, &out, query, child); err != nil {
		return nil, fmt.Errorf("consents of child %d: %w", child, err)
	}
	return out, nil
}
