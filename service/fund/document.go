package fund

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/paper"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// ErrNoDocument reports a document that the program does not have.
var ErrNoDocument = fault.New(fault.NotFound, "fund.no_document")

// DocumentID identifies a document about funds within its organization.
type DocumentID int64

// Document is a paper of a funder. It never changes: what rests on its number rests
// on its content.
type Document struct {
	ID      DocumentID `db:"id"`
	Media   string     `db:"media"`
	AddedBy string     `db:"added_by"`
	AddedAt time.Time  `db:"added_at"`
}

// KeepDocument seals a file. The same file handed in again is the one that is there;
// what is no document is paper.ErrKind or paper.ErrSize.
func KeepDocument(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, content []byte, at time.Time) (id DocumentID, err error) {
	media, err := paper.Media(content)
	if err != nil {
		return 0, err
	}
	digest := keys.Index(who.Tenant, "fund_document", strconv.FormatInt(int64(p.ID), 10)+"/"+string(content))
	const query = `
		INSERT INTO fund_documents (tenant_id, program_id, media, size, digest, sealed, added_by, added_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT ON CONSTRAINT fund_documents_digest_key DO NOTHING
		RETURNING id`
	err = tx.GetContext(ctx, &id, query, who.Tenant, p.ID, media, len(content), digest, keys.Seal(documentPlace(who.Tenant, digest), content), who.Actor, at)
	if errors.Is(err, sql.ErrNoRows) {
		return id, tx.GetContext(ctx, &id, `SELECT id FROM fund_documents WHERE program_id = $1 AND digest = $2`, p.ID, digest)
	}
	if err != nil {
		return 0, fmt.Errorf("keep a document of %s: %w", p.Code, err)
	}
	return id, audit.Record(ctx, tx, who, []audit.Event{{Verb: "fund.document_added", Kind: "program", Subject: int64(p.ID), Program: int32(p.ID),
		After: map[string]any{"document": id, "size": len(content)}}}, at)
}

// documentPlace binds a sealed file to its row.
func documentPlace(tenant int32, digest []byte) string {
	return strconv.Itoa(int(tenant)) + "|fund_documents|" + hex.EncodeToString(digest)
}

// OpenDocument opens a program's document, or ErrNoDocument.
func OpenDocument(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, id DocumentID) (d Document, content []byte, err error) {
	const query = `SELECT id, media, added_by, added_at, digest, sealed FROM fund_documents WHERE program_id = $1 AND id = $2`
	var digest, sealed []byte
	err = q.QueryRowxContext(ctx, query, p, id).Scan(&d.ID, &d.Media, &d.AddedBy, &d.AddedAt, &digest, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return d, nil, ErrNoDocument
	}
	if err != nil {
		return d, nil, fmt.Errorf("document %d: %w", id, err)
	}
	content, err = keys.Open(documentPlace(who.Tenant, digest), sealed)
	return d, content, err
}

// hasDocument refuses what rests on a document that the program does not have.
func hasDocument(ctx context.Context, q sqlx.QueryerContext, p program.ID, id DocumentID) error {
	if id == 0 {
		return nil
	}
	var there bool
	if err := sqlx.GetContext(ctx, q, &there, `SELECT EXISTS (SELECT FROM fund_documents WHERE program_id = $1 AND id = $2)`, p, id); err != nil {
		return fmt.Errorf("look up document %d: %w", id, err)
	}
	if !there {
		return ErrNoDocument.At("file")
	}
	return nil
}
