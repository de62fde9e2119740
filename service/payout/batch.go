package payout

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
)

// BatchID identifies a batch of payments within its organization.
type BatchID int64

// PaymentID identifies a payment within its organization.
type PaymentID int64

// BatchState is where a batch stands.
type BatchState string

// The states of a batch.
const (
	BatchWaiting      BatchState = "waiting"      // for approval
	BatchSent         BatchState = "sent"         // approved: its file is written, and the bank has to say that it has it
	BatchAcknowledged BatchState = "acknowledged" // the bank has it
	BatchRefused      BatchState = "refused"      // the bank does not take it
	BatchDissolved    BatchState = "dissolved"    // taken apart before it was approved
)

// Batch is payments of one kind that a bank is handed at once.
type Batch struct {
	ID         BatchID       `db:"id"`
	Custodian  custody.ID    `db:"custodian_id"`
	Method     Method        `db:"method"`
	PayOn      ledger.Date   `db:"pay_on"`
	State      BatchState    `db:"state"`
	Payments   int           `db:"payments"`
	Total      ledger.Amount `db:"total"`
	Approval   approval.ID   `db:"approval_id"`
	MadeBy     string        `db:"made_by"`
	MadeAt     time.Time     `db:"made_at"`
	FileName   string        `db:"file_name"` // "" before it is approved
	SHA256     []byte        `db:"sha256"`
	EntryHash  string        `db:"entry_hash"`
	SentBy     string        `db:"sent_by"`
	SentAt     *time.Time    `db:"sent_at"`
	AnswerBy   ledger.Date   `db:"answer_by"`
	AnsweredBy string        `db:"answered_by"`
	AnsweredAt *time.Time    `db:"answered_at"`
	Reference  string        `db:"bank_reference"`
}

// Late reports a file of which the bank should have said by now that it has it.
func (b Batch) Late(today ledger.Date) bool {
	return b.State == BatchSent && b.AnswerBy.Before(today)
}

const batchColumns = `b.id, b.custodian_id, b.method, b.pay_on, b.state, b.payments, b.total, coalesce(b.approval_id, 0) AS approval_id, b.made_by, b.made_at,
	coalesce(b.file_name, '') AS file_name, b.sha256, coalesce(b.entry_hash, '') AS entry_hash, coalesce(b.sent_by, '') AS sent_by, b.sent_at, b.answer_by,
	coalesce(b.answered_by, '') AS answered_by, b.answered_at, coalesce(b.bank_reference, '') AS bank_reference`

// BatchByID returns a batch of a program, or ErrNoBatch.
func BatchByID(ctx context.Context, q sqlx.QueryerContext, p program.ID, id BatchID) (Batch, error) {
	return oneBatch(ctx, q, `SELECT `+batchColumns+` FROM payment_batches b WHERE b.program_id = $1 AND b.id = $2`, p, id)
}

func lockBatch(ctx context.Context, tx *sqlx.Tx, p program.ID, id BatchID) (Batch, error) {
	return oneBatch(ctx, tx, `SELECT `+batchColumns+` FROM payment_batches b WHERE b.program_id = $1 AND b.id = $2 FOR UPDATE`, p, id)
}

func oneBatch(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (b Batch, err error) {
	err = sqlx.GetContext(ctx, q, &b, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return b, ErrNoBatch
	}
	if err != nil {
		return b, fmt.Errorf("load a batch: %w", err)
	}
	return b, nil
}

// Batches returns batches of a program before one of them (0: the newest), the
// newest first.
func Batches(ctx context.Context, q sqlx.QueryerContext, p program.ID, before BatchID, limit int) (all []Batch, err error) {
	const query = `SELECT ` + batchColumns + ` FROM payment_batches b WHERE b.program_id = $1 AND (CAST($2 AS bigint) = 0 OR b.id < $2) ORDER BY b.id DESC LIMIT $3`
	if err := sqlx.SelectContext(ctx, q, &all, query, p, before, limit); err != nil {
		return nil, fmt.Errorf("list batches: %w", err)
	}
	return all, nil
}

// Payment is an attempt to pay a withdrawal.
type Payment struct {
	ID         PaymentID      `db:"id"`
	Batch      BatchID        `db:"batch_id"`
	Method     Method         `db:"method"`
	Withdrawal ID             `db:"withdrawal_id"`
	Child      family.ChildID `db:"child_id"`
	Attempt    int            `db:"attempt"`
	Payee      PayeeID        `db:"payee_id"`
	Details    int            `db:"details_n"`
	Amount     ledger.Amount  `db:"amount"`
	State      string         `db:"state"`
	Trace      string         `db:"trace"` // of an ACH entry, or the number of a check
	SentOn     ledger.Date    `db:"sent_on"`
	ClearedOn  ledger.Date    `db:"cleared_on"`
	ReturnedOn ledger.Date    `db:"returned_on"`
	Code       string         `db:"return_code"`
	EndedOn    ledger.Date    `db:"ended_on"`
}

const paymentColumns = `p.id, p.batch_id, b.method, p.withdrawal_id, w.child_id, p.attempt, p.payee_id, p.details_n, p.amount, p.state, coalesce(p.trace, '') AS trace,
	p.sent_on, p.cleared_on, p.returned_on, coalesce(p.return_code, '') AS return_code, p.ended_on`

const paymentsFrom = ` FROM payments p JOIN payment_batches b ON b.tenant_id = p.tenant_id AND b.id = p.batch_id
	JOIN withdrawals w ON w.tenant_id = p.tenant_id AND w.id = p.withdrawal_id `

// PaymentsIn returns the payments of a batch, in the order of the file.
func PaymentsIn(ctx context.Context, q sqlx.QueryerContext, id BatchID) ([]Payment, error) {
	return selectPayments(ctx, q, `SELECT `+paymentColumns+paymentsFrom+`WHERE p.batch_id = $1 ORDER BY p.id`, id)
}

// PaymentsOf returns the attempts to pay a withdrawal, the first first.
func PaymentsOf(ctx context.Context, q sqlx.QueryerContext, id ID) ([]Payment, error) {
	return selectPayments(ctx, q, `SELECT `+paymentColumns+paymentsFrom+`WHERE p.withdrawal_id = $1 ORDER BY p.id`, id)
}

// OpenPayments returns payments that are sent and that no bank line has shown to
// be cleared, the oldest first: what a bank's lines are held against.
func OpenPayments(ctx context.Context, q sqlx.QueryerContext, p program.ID) ([]Payment, error) {
	return selectPayments(ctx, q, `SELECT `+paymentColumns+paymentsFrom+`WHERE p.program_id = $1 AND p.state = 'sent' ORDER BY p.sent_on, p.id`, p)
}

func selectPayments(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (all []Payment, err error) {
	if err := sqlx.SelectContext(ctx, q, &all, query, args...); err != nil {
		return nil, fmt.Errorf("payments: %w", err)
	}
	return all, nil
}

// Due is a withdrawal that could be paid now, and how; Why not, otherwise.
type Due struct {
	Withdrawal
	Method Method // of the payee's entry that counts; "" without any
	N      int
	Why    error // nil: it could be in a batch
}

// WhatIsDue lists the withdrawals of a program that are approved and in no batch,
// the oldest first, with what keeps some from being paid.
func WhatIsDue(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk) ([]Due, error) {
	const query = `SELECT ` + columns + ` FROM withdrawals w WHERE w.program_id = $1 AND w.state IN ('approved', 'reissued') ORDER BY w.id`
	var all []Withdrawal
	if err := sqlx.SelectContext(ctx, q, &all, query, w.Program.ID); err != nil {
		return nil, fmt.Errorf("what is due: %w", err)
	}
	var children []family.ChildID
	payees := make([]int64, 0, len(all))
	for _, o := range all {
		children, payees = append(children, o.Child), append(payees, int64(o.Payee))
	}
	barred, err := family.Barred(ctx, q, children, family.ToWithdraw)
	if err != nil {
		return nil, err
	}
	entries := map[PayeeID]Details{}
	var found []Details
	const newest = `SELECT DISTINCT ON (payee_id) ` + detailColumns + ` FROM payee_details WHERE payee_id = ANY ($1) AND state <> 'refused' ORDER BY payee_id, n DESC`
	if err := sqlx.SelectContext(ctx, q, &found, newest, pq.Array(payees)); err != nil {
		return nil, fmt.Errorf("details of payees: %w", err)
	}
	for _, d := range found {
		entries[d.Payee] = d
	}
	out := make([]Due, len(all))
	for i, o := range all {
		d, known := entries[o.Payee]
		out[i] = Due{Withdrawal: o, Method: d.Method, N: d.N}
		switch _, held := barred[o.Child]; {
		// What an estate is owed is paid although the child's account rests.
		case held && !(o.Origin == ByExit && barred[o.Child] == family.DeathHold):
			out[i].Why = family.Permit(ctx, q, o.Child, family.ToWithdraw)
		case !known || !d.Ready(w.At):
			out[i].Why = ErrPayeeUnready
		}
	}
	return out, nil
}

// NewBatch says what is to be paid together.
type NewBatch struct {
	Custodian custody.Custodian
	Method    Method
	PayOn     ledger.Date // a business day of the custodian's, today or later
	Only      []ID        // none: everything that is due
}

// mostInBatch bounds one file.
const mostInBatch = 100_000

// MakeBatch puts what is due into a batch and has it wait for another person.
func MakeBatch(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, n NewBatch, reason string) (id BatchID, request approval.ID, err error) {
	switch {
	case !slices.Contains(Methods, n.Method):
		return 0, 0, field("method")
	case n.PayOn.Before(w.AsOf) || n.PayOn.After(w.AsOf.AddDays(60)) || !n.Custodian.Calendar().Business(n.PayOn):
		return 0, 0, field("pay_on")
	}
	if _, err := PayerOf(ctx, tx, n.Custodian.ID); err != nil {
		return 0, 0, err
	}
	due, err := WhatIsDue(ctx, tx, w)
	if err != nil {
		return 0, 0, err
	}
	due = slices.DeleteFunc(due, func(d Due) bool {
		return d.Why != nil || d.Method != n.Method || len(n.Only) > 0 && !slices.Contains(n.Only, d.ID)
	})
	if len(due) == 0 || len(due) > mostInBatch {
		return 0, 0, ErrNothingDue
	}
	if id, err = insertBatch(ctx, tx, w, n, due); err != nil {
		return 0, 0, err
	}
	content, err := BatchContent(ctx, tx, w, id)
	if err != nil {
		return 0, 0, err
	}
	request, err = approval.Propose(ctx, tx, w.Who, approval.Proposal{Program: int64(w.Program.ID), Kind: approval.Payments, Subject: batchSubject(id), Reason: reason, Content: content}, w.At)
	if err != nil {
		return 0, 0, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE payment_batches SET approval_id = $2 WHERE id = $1`, id, request); err != nil {
		return 0, 0, fmt.Errorf("batch %d: %w", id, err)
	}
	return id, request, audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "payout.batch_made", Kind: "payment_batch", Subject: int64(id), Program: int32(w.Program.ID),
		After: map[string]any{"payments": len(due), "method": n.Method, "pay_on": n.PayOn}}}, w.At)
}

func batchSubject(id BatchID) string { return fmt.Sprintf("batch/%d", id) }

func insertBatch(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, n NewBatch, due []Due) (id BatchID, err error) {
	var total ledger.Amount
	ids, entries := make([]ID, len(due)), make([]int64, len(due))
	for i, d := range due {
		total = total.Add(d.Amount)
		ids[i], entries[i] = d.ID, int64(d.N)
	}
	const query = `
		INSERT INTO payment_batches (tenant_id, program_id, custodian_id, method, pay_on, state, payments, total, made_by, made_at)
		VALUES ($1, $2, $3, $4, $5, 'waiting', $6, CAST($7 AS numeric), $8, $9) RETURNING id`
	if err := tx.GetContext(ctx, &id, query, w.Who.Tenant, w.Program.ID, n.Custodian.ID, string(n.Method), n.PayOn, len(due), total, w.Who.Actor, w.At); err != nil {
		return 0, fmt.Errorf("make a batch: %w", err)
	}
	const payments = `
		INSERT INTO payments (tenant_id, program_id, batch_id, withdrawal_id, attempt, payee_id, details_n, amount, state)
		SELECT w.tenant_id, w.program_id, $1, w.id, 1 + (SELECT count(*) FROM payments o WHERE o.tenant_id = w.tenant_id AND o.withdrawal_id = w.id), w.payee_id, d.n, w.amount, 'planned'
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS integer[])) AS d (id, n) JOIN withdrawals w ON w.id = d.id
		ORDER BY w.id`
	if _, err := tx.ExecContext(ctx, payments, id, pq.Array(ids), pq.Array(entries)); err != nil {
		return 0, fmt.Errorf("payments of batch %d: %w", id, err)
	}
	return id, move(ctx, tx, w.Who, ids, []State{Approved, Reissued}, Scheduled, "", w.At)
}

// BatchAgreement is what people approve of a batch.
type BatchAgreement struct {
	Batch     BatchID         `json:"batch"`
	Custodian custody.ID      `json:"custodian"`
	Method    Method          `json:"method"`
	PayOn     ledger.Date     `json:"pay_on"`
	Payments  []PaymentAgreed `json:"payments"`
}

// PaymentAgreed is one payment of a batch.
type PaymentAgreed struct {
	Payment    PaymentID     `json:"payment"`
	Withdrawal ID            `json:"withdrawal"`
	Payee      PayeeID       `json:"payee"`
	N          int           `json:"n"`
	Digest     string        `json:"digest"`
	Amount     ledger.Amount `json:"amount"`
}

// BatchContent draws up what a batch would pay now. A payee whose details changed
// since, or a hold, refuses it: take the batch apart and make another.
func BatchContent(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, id BatchID) (c approval.Content, err error) {
	b, err := BatchByID(ctx, q, w.Program.ID, id)
	if err != nil {
		return c, err
	}
	if b.State != BatchWaiting {
		return c, ErrState.With(map[string]any{"state": string(b.State)})
	}
	payments, err := PaymentsIn(ctx, q, id)
	if err != nil {
		return c, err
	}
	digests, err := stillReady(ctx, q, w, payments)
	if err != nil {
		return c, err
	}
	a := BatchAgreement{Batch: id, Custodian: b.Custodian, Method: b.Method, PayOn: b.PayOn}
	children := map[family.ChildID]bool{}
	for _, p := range payments {
		a.Payments = append(a.Payments, PaymentAgreed{p.ID, p.Withdrawal, p.Payee, p.Details, digests[p.Payee], p.Amount})
		c.Total = c.Total.Add(p.Amount)
		children[p.Child] = true
	}
	c.Affected = len(children)
	c.Details, err = json.Marshal(a)
	return c, err
}

// stillReady holds payments against what is known of payees and holds now.
func stillReady(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, payments []Payment) (map[PayeeID]string, error) {
	var ids []int64
	var children []family.ChildID
	for _, p := range payments {
		ids, children = append(ids, int64(p.Payee)), append(children, p.Child)
	}
	var found []Details
	const newest = `SELECT DISTINCT ON (payee_id) ` + detailColumns + ` FROM payee_details WHERE payee_id = ANY ($1) AND state <> 'refused' ORDER BY payee_id, n DESC`
	if err := sqlx.SelectContext(ctx, q, &found, newest, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("details of payees: %w", err)
	}
	now, digests := map[PayeeID]Details{}, map[PayeeID]string{}
	for _, d := range found {
		now[d.Payee], digests[d.Payee] = d, hex.EncodeToString(d.Digest)
	}
	barred, err := family.Barred(ctx, q, children, family.ToWithdraw)
	if err != nil {
		return nil, err
	}
	for _, p := range payments {
		if d := now[p.Payee]; d.N != p.Details || !d.Ready(w.At) {
			return nil, ErrPayeeUnready
		}
		if kind, held := barred[p.Child]; held && kind != family.DeathHold {
			return nil, family.Permit(ctx, q, p.Child, family.ToWithdraw)
		}
	}
	return digests, nil
}

// Dissolve takes a batch apart that is not approved: what is in it is due again.
func Dissolve(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id BatchID, why string) error {
	if strings.TrimSpace(why) == "" || len(why) > mostWords {
		return ErrReason.At("why")
	}
	b, err := lockBatch(ctx, tx, w.Program.ID, id)
	if err != nil {
		return err
	}
	if b.State != BatchWaiting {
		return ErrState.With(map[string]any{"state": string(b.State)})
	}
	if b.Approval != 0 {
		if r, err := approval.Load(ctx, tx, b.Approval); err != nil {
			return err
		} else if r.ClosedAt == nil {
			return approval.ErrOpen.With(map[string]any{"id": int64(r.ID)})
		}
	}
	payments, err := PaymentsIn(ctx, tx, id)
	if err != nil {
		return err
	}
	var first, again []ID
	for _, p := range payments {
		if p.Attempt == 1 {
			first = append(first, p.Withdrawal)
		} else {
			again = append(again, p.Withdrawal)
		}
	}
	if err := move(ctx, tx, w.Who, first, []State{Scheduled}, Approved, why, w.At); err != nil {
		return err
	}
	if err := move(ctx, tx, w.Who, again, []State{Scheduled}, Reissued, why, w.At); err != nil {
		return err
	}
	const dropped = `UPDATE payments SET state = 'dropped' WHERE batch_id = $1`
	const gone = `UPDATE payment_batches SET state = 'dissolved' WHERE id = $1`
	for _, query := range []string{dropped, gone} {
		if _, err := tx.ExecContext(ctx, query, id); err != nil {
			return fmt.Errorf("dissolve batch %d: %w", id, err)
		}
	}
	return recordBatch(ctx, tx, w, "payout.batch_dissolved", b)
}

func recordBatch(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, verb string, b Batch) error {
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: verb, Kind: "payment_batch", Subject: int64(b.ID), Program: int32(w.Program.ID),
		Before: map[string]any{"state": b.State}, After: map[string]any{"payments": b.Payments, "total": b.Total}}}, w.At)
}
