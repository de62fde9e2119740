package reconcile

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/custody"
	"seedbook/service/program"
	"seedbook/service/store"
)

// subject is what a request to sign a day is about.
func subject(c custody.ID, on ledger.Date) string {
	return "reconciliation/" + strconv.Itoa(int(c)) + "/" + on.String()
}

// DayIn reads which custodian's day a request is about.
func DayIn(r approval.Request) (c custody.ID, on ledger.Date, err error) {
	parts := strings.Split(r.Subject, "/")
	if len(parts) != 3 {
		return 0, on, fmt.Errorf("request %d is about %s", r.ID, r.Subject)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return 0, on, fmt.Errorf("request %d is about %s", r.ID, r.Subject)
	}
	on, err = ledger.ParseDate(parts[2])
	return custody.ID(n), on, err
}

// ByID returns a custodian of a program that holds money of the books, or
// custody.ErrNone.
func ByID(ctx context.Context, q sqlx.QueryerContext, p program.ID, id custody.ID) (Custodian, error) {
	all, err := Custodians(ctx, q, p)
	if err != nil {
		return Custodian{}, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
	}
	return Custodian{}, custody.ErrNone
}

// DayContent is what signing a day would say, as it is known now. Where anything
// of that day becomes known before the second person agrees, the request is drawn
// up anew.
func DayContent(ctx context.Context, q sqlx.QueryerContext, p program.Program, id custody.ID, on ledger.Date) (out approval.Content, err error) {
	c, err := ByID(ctx, q, p.ID, id)
	if err != nil {
		return out, err
	}
	d, err := Reconcile(ctx, q, p, c, on)
	if err != nil {
		return out, err
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return out, fmt.Errorf("write down %s on %s: %w", c.Code, on, err)
	}
	return approval.Content{Difference: d.Apart(), Total: d.Bank, Details: raw}, nil
}

// Waits is the open request to sign a day, or approval.ErrNone.
func Waits(ctx context.Context, q sqlx.QueryerContext, c Custodian, on ledger.Date) (approval.Request, error) {
	return approval.Open(ctx, q, approval.Reconciliation, subject(c.ID, on))
}

// Propose has the signature of a day wait for another person.
func Propose(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, c Custodian, on ledger.Date, reason string, at time.Time) (approval.ID, error) {
	content, err := DayContent(ctx, tx, p, c.ID, on)
	if err != nil {
		return 0, err
	}
	return approval.Propose(ctx, tx, who, approval.Proposal{Program: int64(p.ID), Kind: approval.Reconciliation, Subject: subject(c.ID, on), Reason: reason, Content: content}, at)
}

// Certificate is a day that two persons signed.
type Certificate struct {
	Custodian custody.ID  `db:"custodian_id"`
	On        ledger.Date `db:"day"`
	N         int         `db:"n"`
	Content   string      `db:"content"`
	Hash      []byte      `db:"sha256"`
	Reason    string      `db:"reason"`
	Prepared  string      `db:"prepared_by"`
	Approval  string      `db:"approval"`
	Signed    string      `db:"signed_by"`
	At        time.Time   `db:"signed_at"`
}

// Day is what was signed.
func (c Certificate) Day() (d Day, err error) {
	err = json.Unmarshal([]byte(c.Content), &d)
	return d, err
}

// Sign keeps an approved day. The request about it was executed in the same
// transaction.
func Sign(ctx context.Context, tx *sqlx.Tx, by store.Who, p program.Program, r approval.Request, at time.Time) error {
	id, on, err := DayIn(r)
	if err != nil {
		return err
	}
	says, err := r.Says()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(says.Details)
	const query = `
		INSERT INTO reconciliations (tenant_id, custodian_id, day, n, content, sha256, reason, prepared_by, approval, signed_by, signed_at)
		SELECT $1, $2, $3, coalesce(max(n), 0) + 1, $4, $5, $6, $7, $8, $9, $10
		FROM reconciliations WHERE tenant_id = $1 AND custodian_id = $2 AND day = $3`
	if _, err := tx.ExecContext(ctx, query, by.Tenant, id, on, string(says.Details), sum[:], r.Reason, r.MakerWho(by.Tenant).Actor, r.ID.Ref(), by.Actor, at); err != nil {
		return fmt.Errorf("sign %s: %w", r.Subject, err)
	}
	return audit.Record(ctx, tx, by, []audit.Event{{Verb: "custody.day_signed", Kind: "custodian", Subject: int64(id), Program: int32(p.ID),
		After: map[string]any{"day": on, "bank": says.Total, "approval": r.ID.Ref()}}}, at)
}

const certificateColumns = `custodian_id, day, n, content, sha256, reason, prepared_by, approval, signed_by, signed_at`

// Certificates returns the newest signed days of a custodian, each with its last
// signature.
func Certificates(ctx context.Context, q sqlx.QueryerContext, c Custodian, limit int) (all []Certificate, err error) {
	const query = `
		SELECT DISTINCT ON (day) ` + certificateColumns + ` FROM reconciliations
		WHERE custodian_id = $1 ORDER BY day DESC, n DESC LIMIT $2`
	if err := sqlx.SelectContext(ctx, q, &all, query, c.ID, limit); err != nil {
		return nil, fmt.Errorf("signed days of %s: %w", c.Code, err)
	}
	return all, nil
}

// CertificateOf returns the last signature of a day; ok is false where nobody
// signed it.
func CertificateOf(ctx context.Context, q sqlx.QueryerContext, c Custodian, on ledger.Date) (one Certificate, ok bool, err error) {
	const query = `SELECT ` + certificateColumns + ` FROM reconciliations WHERE custodian_id = $1 AND day = $2 ORDER BY n DESC LIMIT 1`
	var all []Certificate
	if err := sqlx.SelectContext(ctx, q, &all, query, c.ID, on); err != nil {
		return one, false, fmt.Errorf("signed day of %s: %w", c.Code, err)
	}
	if len(all) == 0 {
		return one, false, nil
	}
	return all[0], true, nil
}
