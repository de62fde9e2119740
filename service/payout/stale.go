package payout

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/enroll"
)

// GoStale notes the checks that nobody cashed in time (P41): the money stands
// apart from then on, for the payee or, one day, the payee's state. It returns how
// many there were, and may be repeated.
func GoStale(ctx context.Context, tx *sqlx.Tx, w enroll.Walk) (int, error) {
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return 0, fmt.Errorf("stale checks of %s: %w", w.Program.Code, err)
	}
	const query = `SELECT ` + paymentColumns + paymentsFrom + `
		JOIN payment_origins o ON o.tenant_id = p.tenant_id AND o.custodian_id = b.custodian_id
		WHERE p.program_id = $1 AND b.method = 'check' AND p.state = 'sent' AND p.sent_on + CAST(o.stale_days AS integer) <= $2 ORDER BY p.id FOR UPDATE OF p`
	all, err := selectPayments(ctx, tx, query, w.Program.ID, w.AsOf)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	if err := (poster{w: w, maker: w.Who}).payments(ctx, tx, all, staled); err != nil {
		return 0, err
	}
	ids, of := numbers(all)
	if _, err := tx.ExecContext(ctx, `UPDATE payments SET state = 'stale', ended_on = $2 WHERE id = ANY ($1)`, pq.Array(ids), w.AsOf); err != nil {
		return 0, fmt.Errorf("%d checks go stale: %w", len(ids), err)
	}
	return len(all), move(ctx, tx, w.Who, of, []State{Sent}, Stale, "", w.At)
}

// Reissue has a withdrawal paid anew: its payment came back, its check went
// stale, or the state gave the money back (P43). It goes into the next batch, to
// the payee as it is entered by then.
func Reissue(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, id ID, why string) error {
	if strings.TrimSpace(why) == "" || len(why) > mostWords {
		return ErrReason.At("why")
	}
	if err := ledger.Lock(ctx, tx, w.Program.Book); err != nil {
		return fmt.Errorf("reissue withdrawal %d: %w", id, err)
	}
	o, err := lock(ctx, tx, w.Program.ID, id)
	if err != nil {
		return err
	}
	if !o.State.Goes(Reissued) || o.State == Scheduled {
		return ErrState.With(map[string]any{"state": string(o.State)})
	}
	payments, err := PaymentsOf(ctx, tx, id)
	if err != nil {
		return err
	}
	last, state, h := payments[len(payments)-1:], "", happening{}
	switch o.State {
	case Stale:
		state, h = "returned", revived
	case Unclaimed:
		state, h = "reclaimed", reclaimed
	}
	if state != "" {
		if err := (poster{w: w, maker: w.Who}).payments(ctx, tx, last, h); err != nil {
			return err
		}
		const query = `UPDATE payments SET state = $2, ended_on = $3, returned_on = CASE WHEN $2 = 'returned' THEN $3 ELSE returned_on END WHERE id = $1`
		if _, err := tx.ExecContext(ctx, query, last[0].ID, state, w.AsOf); err != nil {
			return fmt.Errorf("reissue withdrawal %d: %w", id, err)
		}
	}
	if err := move(ctx, tx, w.Who, []ID{id}, []State{o.State}, Reissued, why, w.At); err != nil {
		return err
	}
	return record(ctx, tx, w, "payout.reissued", o)
}

// Claimable is money that nobody claimed, and when it goes to a state.
type Claimable struct {
	Payment
	Custodian int32       `db:"custodian_id"`
	GoesOn    ledger.Date `db:"goes_on"`
}

// Unclaimeds lists stale checks with the day on which each is to go to the payee's
// state, the first first.
func Unclaimeds(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk) (all []Claimable, err error) {
	const query = `SELECT ` + paymentColumns + `, b.custodian_id, CAST(p.sent_on + make_interval(months => CAST(o.unclaimed_months AS integer)) AS date) AS goes_on` + paymentsFrom + `
		JOIN payment_origins o ON o.tenant_id = p.tenant_id AND o.custodian_id = b.custodian_id
		WHERE p.program_id = $1 AND p.state = 'stale' ORDER BY goes_on, p.id`
	if err := sqlx.SelectContext(ctx, q, &all, query, w.Program.ID); err != nil {
		return nil, fmt.Errorf("unclaimed money of %s: %w", w.Program.Code, err)
	}
	return all, nil
}

// Remit says that unclaimed money went to the payees' states (P42), by which
// report. Money whose day has not come is ErrState.
func Remit(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, ids []PaymentID, report string) error {
	if strings.TrimSpace(report) == "" || len(report) > 200 {
		return field("report")
	}
	locked, err := lockPayments(ctx, tx, w, ids)
	if err != nil {
		return err
	}
	due, err := Unclaimeds(ctx, tx, w)
	if err != nil {
		return err
	}
	for _, p := range locked {
		if !slices.ContainsFunc(due, func(c Claimable) bool { return c.ID == p.ID && !c.GoesOn.After(w.AsOf) }) {
			return ErrState.With(map[string]any{"state": p.State})
		}
	}
	if err := (poster{w: w, maker: w.Who}).payments(ctx, tx, locked, remitted); err != nil {
		return err
	}
	numbers, of := numbers(locked)
	if _, err := tx.ExecContext(ctx, `UPDATE payments SET state = 'unclaimed', ended_on = $2 WHERE id = ANY ($1)`, pq.Array(numbers), w.AsOf); err != nil {
		return fmt.Errorf("remit %d payments: %w", len(numbers), err)
	}
	return move(ctx, tx, w.Who, of, []State{Stale}, Unclaimed, report, w.At)
}
