package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/fault"
	"seedbook/service/store"
)

// Faults of what was sent.
var (
	// ErrNone reports a message that does not exist.
	ErrNone = fault.New(fault.NotFound, "notify.fault.none")
	// ErrArrived reports a message that nobody has to look after.
	ErrArrived = fault.New(fault.Conflict, "notify.fault.arrived")
)

// State is what became of a message.
type State string

// The states.
const (
	Waits   State = "waits"
	Arrived State = "sent" // handed over
	Bounced State = "bounced"
	Failed  State = "failed"
	Late    State = "late"
	Stopped State = "stopped"
	Missed  State = "missed" // of a filter: bounced, failed or late, and nobody looked after it
)

// States are all of them, in the order people are offered them.
var States = []State{Missed, Waits, Arrived, Bounced, Failed, Late, Stopped}

// Sent is a message as far as anybody may know it: not to whom, and not what.
type Sent struct {
	ID         int64      `db:"id"`
	About      string     `db:"about"`
	Wording    int        `db:"wording"`
	Channel    Channel    `db:"channel"`
	Language   string     `db:"language"`
	Account    int64      `db:"account_id"` // 0: none
	Send       SendID     `db:"send_id"`    // 0: alone
	Segments   int        `db:"segments"`
	Tries      int        `db:"tries"`
	EnqueuedAt time.Time  `db:"enqueued_at"`
	DueAt      time.Time  `db:"due_at"`
	SentAt     *time.Time `db:"sent_at"`
	FailedAt   *time.Time `db:"failed_at"`
	Went       string     `db:"went"`
	SeenBy     string     `db:"seen_by"`
}

// State is what became of it.
func (s Sent) State() State {
	switch {
	case s.SentAt != nil:
		return Arrived
	case s.FailedAt == nil:
		return Waits
	case s.Went == "":
		return Failed
	}
	return State(s.Went)
}

// Missing reports a message that did not arrive and that nobody looked after.
func (s Sent) Missing() bool { return s.FailedAt != nil && s.SeenBy == "" }

// Filter narrows the list of messages.
type Filter struct {
	State   State
	About   string
	Account int64
	Send    SendID
	Before  int64 // behind this one
	Limit   int
}

// List lists messages, the newest first. Codes are not among them.
func List(ctx context.Context, q sqlx.QueryerContext, f Filter) (out []Sent, err error) {
	const query = `
		SELECT id, about, wording, channel, language, coalesce(account_id, 0) AS account_id, coalesce(send_id, 0) AS send_id, segments, tries,
		       enqueued_at, due_at, sent_at, failed_at, went, seen_by
		FROM outbox
		WHERE about <> '' AND ($1 = 0 OR id < $1) AND ($2 = '' OR about = $2) AND ($3 = 0 OR account_id = $3) AND ($4 = 0 OR send_id = $4)
		  AND CASE $5
		      WHEN '' THEN true
		      WHEN 'waits' THEN sealed IS NOT NULL
		      WHEN 'sent' THEN sent_at IS NOT NULL
		      WHEN 'missed' THEN failed_at IS NOT NULL AND seen_by = ''
		      ELSE went = $5 END
		ORDER BY id DESC LIMIT $6`
	if !slices.Contains(States, f.State) {
		f.State = ""
	}
	if err := sqlx.SelectContext(ctx, q, &out, query, f.Before, f.About, f.Account, f.Send, f.State, f.Limit); err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return out, nil
}

// Find returns one message.
func Find(ctx context.Context, q sqlx.QueryerContext, id int64) (s Sent, err error) {
	const query = `
		SELECT id, about, wording, channel, language, coalesce(account_id, 0) AS account_id, coalesce(send_id, 0) AS send_id, segments, tries,
		       enqueued_at, due_at, sent_at, failed_at, went, seen_by
		FROM outbox WHERE id = $1 AND about <> ''`
	err = sqlx.GetContext(ctx, q, &s, query, id)
	if errors.Is(err, sql.ErrNoRows) {
		return s, ErrNone
	}
	if err != nil {
		return s, fmt.Errorf("message %d: %w", id, err)
	}
	return s, nil
}

// LookAfter says that somebody of the staff has looked after a message that did
// not arrive.
func LookAfter(ctx context.Context, tx *sqlx.Tx, who store.Who, id int64, at time.Time) error {
	const query = `UPDATE outbox SET seen_by = $2 WHERE id = $1 AND failed_at IS NOT NULL AND seen_by = ''`
	done, err := tx.ExecContext(ctx, query, id, who.Actor)
	if err != nil {
		return fmt.Errorf("look after message %d: %w", id, err)
	}
	if n, err := done.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return ErrArrived
	}
	return audit.Record(ctx, tx, who, []audit.Event{{Verb: "notify.looked_after", Kind: "notice", Subject: id}}, at)
}

// Sending is a message to many, as it was confirmed.
type Sending struct {
	Program    int32
	Reference  string // names the form: sent again, it sends nothing more
	About      string
	Recipients int
	Segments   int
}

// RecordSending notes a sending to many before its messages are enqueued. It
// says whether the same form did before.
func RecordSending(ctx context.Context, tx *sqlx.Tx, who store.Who, s Sending, at time.Time) (id SendID, before bool, err error) {
	const query = `
		INSERT INTO notice_sends (tenant_id, program_id, reference, about, recipients, segments, sent_by, sent_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT ON CONSTRAINT notice_sends_reference_key DO NOTHING RETURNING id`
	err = tx.GetContext(ctx, &id, query, who.Tenant, s.Program, s.Reference, s.About, s.Recipients, s.Segments, who.Actor, at)
	if errors.Is(err, sql.ErrNoRows) {
		return id, true, tx.GetContext(ctx, &id, `SELECT id FROM notice_sends WHERE reference = $1`, s.Reference)
	}
	if err != nil {
		return 0, false, fmt.Errorf("record a sending: %w", err)
	}
	return id, false, audit.Record(ctx, tx, who, []audit.Event{{Verb: "notify.sent_to_many", Kind: "notice", Subject: int64(id), Program: s.Program,
		After: map[string]any{"about": s.About, "recipients": s.Recipients, "segments": s.Segments}}}, at)
}
