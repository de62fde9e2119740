package payout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/rules"
)

// mostWords bounds a reason or note, in characters.
const mostWords = 500

// Ask writes down what somebody asks for, after it was seen to be payable; what a
// family's approved request calls. Asked again by the same reference it asks
// once. What the rule book does not pay is ErrNotPaid, and a hold refuses.
func Ask(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, a Asking) (ID, error) {
	if strings.TrimSpace(a.Reference) == "" {
		return 0, field("reference")
	}
	if utf8.RuneCountInString(a.Why) > mostWords {
		return 0, ErrReason.At("why")
	}
	if err := family.LockRecords(ctx, tx, []family.ChildID{a.Child}); err != nil {
		return 0, err
	}
	if id, err := asked(ctx, tx, w, a); err != nil || id != 0 {
		return id, err
	}
	e, err := foresee(ctx, tx, w, a, 0)
	if err != nil {
		return 0, err
	}
	if err := e.Payable(ctx, tx, a.Child); err != nil {
		return 0, err
	}
	if a.Payee != 0 {
		if err := fits(ctx, tx, w, a, e.Payee); err != nil {
			return 0, err
		}
	}
	state := Requested
	if len(e.Evidence) > 0 || a.Payee == 0 {
		state = DocsPending
	}
	a.Amount = e.Amount
	return insert(ctx, tx, w, a, state)
}

// asked is the withdrawal that a reference stands for already; 0: none.
func asked(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, a Asking) (ID, error) {
	o, err := one(ctx, q, `SELECT `+columns+` FROM withdrawals w WHERE w.program_id = $1 AND w.reference = $2`, w.Program.ID, a.Reference)
	switch {
	case errors.Is(err, ErrNone):
		return 0, nil
	case err != nil:
		return 0, err
	case o.Child != a.Child || o.Purpose != a.Purpose || o.Expense != a.Expense || !a.Amount.IsZero() && o.Amount != a.Amount:
		return 0, ErrReferenceUsed.At("reference")
	}
	return o.ID, nil
}

func insert(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, a Asking, state State) (id ID, err error) {
	const query = `
		WITH asked AS (
			INSERT INTO withdrawals (tenant_id, program_id, child_id, origin, purpose, expense, whose, amount, own, payee_id, reference, state, asked_by, asked_at, changed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, CAST($8 AS numeric), 0, nullif(CAST($9 AS bigint), 0), $10, $11, $12, $13, $13)
			RETURNING tenant_id, id
		), step AS (
			INSERT INTO withdrawal_steps (tenant_id, withdrawal_id, state, why, taken_by, taken_at)
			SELECT tenant_id, id, 'requested', $14, $12, $13 FROM asked
		)
		SELECT id FROM asked`
	err = tx.GetContext(ctx, &id, query, w.Who.Tenant, w.Program.ID, a.Child, string(a.Origin), string(a.Purpose), a.Expense, string(a.Whose), a.Amount, a.Payee,
		a.Reference, string(state), w.Who.Actor, w.At, a.Why)
	if err != nil {
		return 0, fmt.Errorf("ask for money of child %d: %w", a.Child, err)
	}
	return id, audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "payout.asked", Kind: "withdrawal", Subject: int64(id), Program: int32(w.Program.ID),
		After: map[string]any{"child": a.Child, "purpose": a.Purpose, "amount": a.Amount, "origin": a.Origin}}}, w.At)
}

// asking is a withdrawal as it would be asked for again.
func (o Withdrawal) asking() Asking {
	return Asking{Child: o.Child, Origin: o.Origin, Purpose: o.Purpose, Expense: o.Expense, Whose: o.Whose, Amount: o.Amount, Payee: o.Payee, Reference: o.Reference}
}

// Effect says what a withdrawal that waits would do now.
func (o Withdrawal) Effect(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk) (Effect, error) {
	return foresee(ctx, q, w, o.asking(), o.ID)
}

// Paper is evidence that somebody saw.
type Paper struct {
	Evidence string            `db:"evidence"`
	Document family.DocumentID `db:"document_id"` // in the child's file; 0: seen elsewhere
	Note     string            `db:"note"`
	SeenBy   string            `db:"seen_by"`
}

// Papers returns the evidence of a withdrawal that was seen.
func Papers(ctx context.Context, q sqlx.QueryerContext, id ID) (all []Paper, err error) {
	const query = `SELECT evidence, coalesce(document_id, 0) AS document_id, note, seen_by FROM withdrawal_papers WHERE withdrawal_id = $1 ORDER BY evidence`
	if err := sqlx.SelectContext(ctx, q, &all, query, id); err != nil {
		return nil, fmt.Errorf("papers of withdrawal %d: %w", id, err)
	}
	return all, nil
}

// SeePaper notes that somebody saw a piece of evidence: a document of the
// child's file, or where else. Seen once it stays seen.
func SeePaper(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, p Paper) error {
	o, err := lock(ctx, tx, w.Program.ID, id)
	if err != nil {
		return err
	}
	e, err := o.Effect(ctx, tx, w)
	switch {
	case err != nil:
		return err
	case o.State != Requested && o.State != DocsPending:
		return ErrState.With(map[string]any{"state": string(o.State)})
	case !slices.Contains(e.Evidence, p.Evidence):
		return field("evidence")
	case p.Document == 0 && strings.TrimSpace(p.Note) == "" || utf8.RuneCountInString(p.Note) > mostWords:
		return field("note")
	}
	if p.Document != 0 {
		if err := ofChild(ctx, tx, o.Child, p.Document); err != nil {
			return err
		}
	}
	const query = `
		INSERT INTO withdrawal_papers (tenant_id, withdrawal_id, evidence, document_id, note, seen_by, seen_at)
		VALUES ($1, $2, $3, nullif(CAST($4 AS bigint), 0), $5, $6, $7)
		ON CONFLICT ON CONSTRAINT withdrawal_papers_pkey DO NOTHING`
	if _, err := tx.ExecContext(ctx, query, w.Who.Tenant, id, p.Evidence, p.Document, p.Note, w.Who.Actor, w.At); err != nil {
		return fmt.Errorf("paper of withdrawal %d: %w", id, err)
	}
	return nil
}

// ofChild refuses a document of another child.
func ofChild(ctx context.Context, q sqlx.QueryerContext, child family.ChildID, d family.DocumentID) error {
	records, err := family.Records(ctx, q, []family.ChildID{child})
	if err != nil {
		return err
	}
	var there bool
	const query = `SELECT EXISTS (SELECT FROM child_documents WHERE id = $1 AND child_id = ANY ($2))`
	if err := sqlx.GetContext(ctx, q, &there, query, d, pq.Array(family.WithRecords([]family.ChildID{child}, records))); err != nil {
		return fmt.Errorf("document %d: %w", d, err)
	}
	if !there {
		return family.ErrNoDocument.At("document")
	}
	return nil
}

// ChoosePayee says whom a withdrawal is paid to, before it is reviewed.
func ChoosePayee(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, payee PayeeID) error {
	o, err := lock(ctx, tx, w.Program.ID, id)
	if err != nil {
		return err
	}
	if o.Origin == ByExit {
		return chooseExitPayee(ctx, tx, w, o, payee)
	}
	if o.State != Requested && o.State != DocsPending {
		return ErrState.With(map[string]any{"state": string(o.State)})
	}
	e, err := o.Effect(ctx, tx, w)
	if err != nil {
		return err
	}
	a := o.asking()
	if a.Payee = payee; payee == 0 {
		return field("payee")
	}
	if err := fits(ctx, tx, w, a, e.Payee); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE withdrawals SET payee_id = $2, changed_at = $3 WHERE id = $1`, id, payee, w.At); err != nil {
		return fmt.Errorf("payee of withdrawal %d: %w", id, err)
	}
	return nil
}

// Missing lists the evidence that nobody has seen yet.
func (e Effect) Missing(seen []Paper) []string {
	return slices.DeleteFunc(slices.Clone(e.Evidence), func(code string) bool {
		return slices.ContainsFunc(seen, func(p Paper) bool { return p.Evidence == code })
	})
}

// Review says that everything about a withdrawal is there and right, and asks
// for approval by another person.
func Review(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, why string) (approval.ID, error) {
	o, err := lock(ctx, tx, w.Program.ID, id)
	if err != nil {
		return 0, err
	}
	if !o.State.Before() || o.Origin == ByExit {
		return 0, ErrState.With(map[string]any{"state": string(o.State)})
	}
	content, err := Content(ctx, tx, w, id)
	if err != nil {
		return 0, err
	}
	request, err := approval.Propose(ctx, tx, w.Who, approval.Proposal{Program: int64(w.Program.ID), Kind: approval.Withdrawal, Subject: subject(id), Reason: why, Content: content}, w.At)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE withdrawals SET approval_id = $2 WHERE id = $1`, id, request); err != nil {
		return 0, fmt.Errorf("review withdrawal %d: %w", id, err)
	}
	if o.State != Reviewed { // asked for again after it was returned
		err = move(ctx, tx, w.Who, []ID{id}, from(Reviewed), Reviewed, why, w.At)
	}
	return request, err
}

// SendBack has a withdrawal wait for papers again, unless it waits for approval.
func SendBack(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, why string) error {
	return shut(ctx, tx, w, id, DocsPending, why)
}

// Refuse says no to what was asked for, before it is approved.
func Refuse(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, why string) error {
	return shut(ctx, tx, w, id, Refused, why)
}

func shut(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, to State, why string) error {
	if strings.TrimSpace(why) == "" || utf8.RuneCountInString(why) > mostWords {
		return ErrReason.At("why")
	}
	o, err := lock(ctx, tx, w.Program.ID, id)
	if err != nil {
		return err
	}
	if !o.State.Before() || !o.State.Goes(to) {
		return ErrState.With(map[string]any{"state": string(o.State)})
	}
	if err := notWaiting(ctx, tx, o); err != nil {
		return err
	}
	if err := move(ctx, tx, w.Who, []ID{id}, []State{o.State}, to, why, w.At); err != nil {
		return err
	}
	return record(ctx, tx, w, "payout."+string(to), o)
}

// notWaiting refuses what is done to a withdrawal that waits for approval: whoever
// asked for it takes that back first.
func notWaiting(ctx context.Context, q sqlx.QueryerContext, o Withdrawal) error {
	if o.Approval == 0 {
		return nil
	}
	r, err := approval.Load(ctx, q, o.Approval)
	if err == nil && r.ClosedAt == nil {
		err = approval.ErrOpen.With(map[string]any{"id": int64(r.ID)})
	}
	return err
}

func record(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, verb string, o Withdrawal) error {
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: verb, Kind: "withdrawal", Subject: int64(o.ID), Program: int32(w.Program.ID),
		Before: map[string]any{"state": o.State}, After: map[string]any{"child": o.Child, "amount": o.Amount}}}, w.At)
}

func subject(id ID) string { return fmt.Sprintf("withdrawal/%d", id) }

// owed sums parts by whose they are.
func owed(parts []Part, owner rules.Owner) (sum ledger.Amount) {
	for _, p := range parts {
		if p.Owner == owner {
			sum = sum.Add(p.Amount)
		}
	}
	return sum
}
