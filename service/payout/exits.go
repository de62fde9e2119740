package payout

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Settle pays out what two persons agreed leaves with a child (enroll.Settle wrote
// it down in the same transaction): what goes back to funds does so at once (P26,
// P27, P38), what goes to the family, an estate or an own account becomes a
// withdrawal that is approved already and waits for its payee (P34, P37), and what
// is given to the program is its own (P36). The walk is the checker's; maker asked
// for it.
func Settle(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, r approval.Request, maker store.Who) error {
	s, err := enroll.ReadSettling(r)
	if err != nil || len(s.Parts) == 0 {
		return err
	}
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return fmt.Errorf("settle child %d: %w", s.Child, err)
	}
	p := poster{w, maker, r.ID.Ref() + " " + w.Who.Actor}
	var lost []Part
	owed := map[rules.Destination][]Part{}
	for _, x := range s.Parts {
		part := Part{Owner: x.Owner, Benefit: x.Benefit, Fund: x.Fund, Amount: x.Amount}
		switch x.Destination {
		case rules.ToPool, rules.ToFunder:
			lost = append(lost, part)
		case rules.ToChild: // it is the child's own and stays
		default:
			owed[x.Destination] = append(owed[x.Destination], part)
		}
	}
	k := fmt.Sprintf("exit/%d/%d", w.Program.ID, r.ID)
	if err := p.forfeit(ctx, tx, s.Child, k, lost); err != nil {
		return err
	}
	for _, to := range []rules.Destination{rules.ToFamily, rules.ToEstate, rules.ToOwner, rules.ToOwn529, rules.ToPayee} {
		if err := p.owe(ctx, tx, s.Child, k, string(s.Cause), to, owed[to]); err != nil {
			return err
		}
	}
	return nil
}

// owe makes a withdrawal of what leaves for one destination.
func (p poster) owe(ctx context.Context, tx *sqlx.Tx, child family.ChildID, reference, cause string, to rules.Destination, parts []Part) error {
	var total ledger.Amount
	for _, x := range parts {
		total = total.Add(x.Amount)
	}
	if total.IsZero() {
		return nil
	}
	own := owed(parts, rules.OwnFamily)
	const query = `
		INSERT INTO withdrawals (tenant_id, program_id, child_id, origin, purpose, expense, whose, amount, own, reference, state, counts_on, asked_by, asked_at, changed_at)
		VALUES ($1, $2, $3, 'exit', 'exit', $4, '', CAST($5 AS numeric), CAST($6 AS numeric), $7, 'approved', $8, $9, $10, $10)
		RETURNING id`
	var id ID
	reference += "/" + string(to)
	if err := tx.GetContext(ctx, &id, query, p.w.Who.Tenant, p.w.Program.ID, child, cause+"_"+string(to), total, own, reference, p.w.AsOf, p.maker.Actor, p.w.At); err != nil {
		return fmt.Errorf("what child %d leaves with: %w", child, err)
	}
	const step = `INSERT INTO withdrawal_steps (tenant_id, withdrawal_id, state, why, taken_by, taken_at) VALUES ($1, $2, 'approved', '', $3, $4)`
	if _, err := tx.ExecContext(ctx, step, p.w.Who.Tenant, id, p.w.Who.Actor, p.w.At); err != nil {
		return fmt.Errorf("what child %d leaves with: %w", child, err)
	}
	if err := p.withdraw(ctx, tx, Withdrawal{ID: id, Child: child, Purpose: OnExit, Amount: total}, parts); err != nil {
		return err
	}
	return audit.Record(ctx, tx, p.w.Who, []audit.Event{{Verb: "payout.owed", Kind: "withdrawal", Subject: int64(id), Program: int32(p.w.Program.ID),
		After: map[string]any{"child": child, "amount": total, "to": to}}}, p.w.At)
}

// chooseExitPayee says whom what a child left with is paid to, until it is in a
// batch: that it leaves was agreed before anybody knew to whom. The batch's
// approval is of the payee, too.
func chooseExitPayee(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, o Withdrawal, payee PayeeID) error {
	if o.State != Approved && o.State != Reissued {
		return ErrState.With(map[string]any{"state": string(o.State)})
	}
	p, err := PayeeByID(ctx, tx, w, payee)
	if err != nil {
		return err
	}
	if p.Child != o.Child {
		return ErrNoPayee.At("payee")
	}
	if _, err := tx.ExecContext(ctx, `UPDATE withdrawals SET payee_id = $2, changed_at = $3 WHERE id = $1`, o.ID, payee, w.At); err != nil {
		return fmt.Errorf("payee of withdrawal %d: %w", o.ID, err)
	}
	return nil
}
