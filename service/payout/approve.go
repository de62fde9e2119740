package payout

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/store"
)

// Agreement is what people approve of a withdrawal.
type Agreement struct {
	Withdrawal ID             `json:"withdrawal"`
	Child      family.ChildID `json:"child"`
	Purpose    Purpose        `json:"purpose"`
	Expense    string         `json:"expense,omitempty"`
	Payee      PayeeID        `json:"payee"`
	Details    int            `json:"details"` // which entry of the payee's
	Digest     string         `json:"digest"`  // of it
	Parts      []Part         `json:"parts"`
	Lost       []Part         `json:"lost,omitempty"`
	Approvals  int            `json:"approvals"`
}

// Content draws up what a withdrawal would do now, for approval. What is not
// ready is refused: evidence nobody saw, a payee nobody verified, a hold.
func Content(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, id ID) (c approval.Content, err error) {
	o, err := Load(ctx, q, w.Program.ID, id)
	if err != nil {
		return c, err
	}
	if !o.State.Before() {
		return c, ErrState.With(map[string]any{"state": string(o.State)})
	}
	e, err := o.Effect(ctx, q, w)
	if err != nil {
		return c, err
	}
	if err := e.Payable(ctx, q, o.Child); err != nil {
		return c, err
	}
	seen, err := Papers(ctx, q, id)
	if err != nil {
		return c, err
	}
	if missing := e.Missing(seen); len(missing) > 0 {
		return c, ErrPapers.With(map[string]any{"n": len(missing)})
	}
	details, err := ready(ctx, q, o.Payee, w.At)
	if err != nil {
		return c, err
	}
	return e.content(ctx, q, w, o, details)
}

func (e Effect) content(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, o Withdrawal, d Details) (c approval.Content, err error) {
	money, err := enroll.MoneyOf(ctx, q, w.Program, []family.ChildID{o.Child})
	if err != nil {
		return c, err
	}
	has := money[o.Child]
	if own := owed(e.Parts, "family"); own.Sign() > 0 {
		c.Effects = append(c.Effects, approval.Effect{What: "own", Child: int64(o.Child), Before: has.Own, After: has.Own.Sub(own).Max(ledger.Amount{})})
	}
	c.Effects = append(c.Effects, e.Back...)
	c.Affected, c.Total = 1, e.Amount
	for _, b := range e.Back {
		c.Total = c.Total.Add(b.Before.Sub(b.After))
	}
	for _, p := range e.Lost {
		c.Total = c.Total.Add(p.Amount)
	}
	c.Difference = c.Total.Neg()
	c.Details, err = json.Marshal(Agreement{Withdrawal: o.ID, Child: o.Child, Purpose: o.Purpose, Expense: o.Expense, Payee: o.Payee, Details: d.N,
		Digest: hex.EncodeToString(d.Digest), Parts: e.Parts, Lost: e.Lost, Approvals: e.Approvals})
	return c, err
}

// ReadAgreement reads what a request about a withdrawal says.
func ReadAgreement(r approval.Request) (a Agreement, err error) {
	says, err := r.Says()
	if err == nil {
		err = json.Unmarshal(says.Details, &a)
	}
	if err != nil {
		return a, fmt.Errorf("read agreement %d: %w", r.ID, err)
	}
	return a, nil
}

// Approve does what was approved: the money leaves the child's account and is
// owed to the payee (P28, P29, P34, P35), and what it costs of the matches goes
// back to the funds (P21, P26). The walk is the checker's; maker asked for it.
func Approve(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, r approval.Request, maker store.Who) error {
	agreed, err := ReadAgreement(r)
	if err != nil {
		return err
	}
	says, err := r.Says()
	if err != nil {
		return err
	}
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return fmt.Errorf("approve withdrawal %d: %w", agreed.Withdrawal, err)
	}
	o, err := lock(ctx, tx, w.Program.ID, agreed.Withdrawal)
	if err != nil {
		return err
	}
	own := owed(agreed.Parts, "family")
	p := poster{w, maker, r.ID.Ref() + " " + w.Who.Actor}
	if err := p.withdraw(ctx, tx, o, agreed.Parts); err != nil {
		return err
	}
	if err := p.forfeit(ctx, tx, o.Child, key("lost", w.Program.ID, o.ID), agreed.Lost); err != nil {
		return err
	}
	if err := count(ctx, tx, w, o.ID, own); err != nil {
		return err
	}
	if err := move(ctx, tx, w.Who, []ID{o.ID}, []State{Reviewed}, Approved, "", w.At); err != nil {
		return err
	}
	if err := enroll.Reclaim(ctx, tx, w, maker, o.Child, says.Effects); err != nil {
		return err
	}
	return audit.Record(ctx, tx, w.Who, []audit.Event{{Verb: "payout.approved", Kind: "withdrawal", Subject: int64(o.ID), Program: int32(w.Program.ID),
		Before: map[string]any{"state": o.State}, After: map[string]any{"child": o.Child, "amount": o.Amount, "own": own, "request": r.ID}}}, w.At)
}

// count says from when the money is gone, and whose it was.
func count(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, own ledger.Amount) error {
	const query = `UPDATE withdrawals SET counts_on = $2, own = CAST($3 AS numeric) WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, w.AsOf, own); err != nil {
		return fmt.Errorf("approve withdrawal %d: %w", id, err)
	}
	return nil
}
