package savings

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// WithDeposits adds to each child its deposits, what the bank took back and what
// was paid out, as the events that rule books read; a rule book asked about a day
// leaves out what came after it. Deposits on any record of a child are the
// child's. The children given are left as they are.
func WithDeposits(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []rules.Child) ([]rules.Child, error) {
	out := slices.Clone(children)
	asked := make([]family.ChildID, len(out))
	for i, c := range out {
		asked[i] = family.ChildID(c.ID)
		out[i].Events = slices.Clone(c.Events)
	}
	records, err := family.Records(ctx, q, asked)
	if err != nil {
		return nil, err
	}
	ids, place := family.WithRecords(asked, records), make(map[family.ChildID][]int, len(out))
	for i, id := range asked {
		place[id] = append(place[id], i)
		for _, r := range records[id] {
			if r != id {
				place[r] = append(place[r], i)
			}
		}
	}
	const query = store.Kept + `
		SELECT id, child_id, amount, on_day, channel, returned_on
		FROM deposits
		WHERE program_id = $1 AND child_id = ANY ($2) AND state IN ('posted', 'returned')
		ORDER BY child_id, on_day, id`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("deposits of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var child family.ChildID
		var e rules.Event
		var returned ledger.Date
		if err := rows.Scan(&id, &child, &e.Amount, &e.On, &e.Channel, &returned); err != nil {
			return nil, fmt.Errorf("read deposits: %w", err)
		}
		for _, i := range place[child] {
			out[i].Events = append(out[i].Events, depositEvents(id, e, returned)...)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read deposits: %w", err)
	}
	return out, withWithdrawals(ctx, q, p, ids, func(child family.ChildID, events []rules.Event) {
		for _, i := range place[child] {
			out[i].Events = append(out[i].Events, events...)
		}
	})
}

// withWithdrawals hands on what was paid out of children's accounts, as approved.
// What leaves because a child leaves is no event of its own: the exit is.
func withWithdrawals(ctx context.Context, q sqlx.QueryerContext, p program.ID, ids []family.ChildID, add func(family.ChildID, []rules.Event)) error {
	const query = store.Kept + `
		SELECT id, child_id, amount, own, counts_on, purpose
		FROM withdrawals
		WHERE program_id = $1 AND child_id = ANY ($2) AND origin <> 'exit' AND counts_on IS NOT NULL AND state <> 'cancelled'
		ORDER BY child_id, counts_on, id`
	rows, err := q.QueryxContext(ctx, query, p, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("withdrawals of %d children: %w", len(ids), err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var child family.ChildID
		var amount, own ledger.Amount
		var e rules.Event
		if err := rows.Scan(&id, &child, &amount, &own, &e.On, &e.Purpose); err != nil {
			return fmt.Errorf("read withdrawals: %w", err)
		}
		add(child, WithdrawalEvents(id, e, own, amount.Sub(own)))
	}
	return rows.Err()
}

// paidOut orders what was paid out behind what came in on the same day: it was
// worked out with that in view.
const paidOut = 1 << 60

// WithdrawalEvents is a withdrawal as rule books read it: what it took of the
// family's own money, and what of the program's, so that no later fact moves a
// cent of it from one to the other.
func WithdrawalEvents(id int64, e rules.Event, own, program ledger.Amount) (out []rules.Event) {
	if e.Purpose == "transfer" { // to an account of the family's own is a use
		e.Purpose = rules.Qualified
	}
	e.Kind, e.Seq = rules.Withdrawal, paidOut+id
	for _, part := range []struct {
		of     rules.Owner
		amount ledger.Amount
	}{{rules.OwnFamily, own}, {rules.OwnProgram, program}} {
		if part.amount.Sign() > 0 {
			e.Key, e.From, e.Amount = "withdrawal/"+strconv.FormatInt(id, 10)+"/"+string(part.of), part.of, part.amount
			out = append(out, e)
		}
	}
	return out
}

// depositEvents is a deposit and, where the bank took it back, its return.
func depositEvents(id int64, e rules.Event, returned ledger.Date) []rules.Event {
	e.Key, e.Kind, e.Seq = "deposit/"+strconv.FormatInt(id, 10), rules.Deposit, id
	if returned.IsZero() {
		return []rules.Event{e}
	}
	back := rules.Event{Key: returnKey(DepositID(id)), Kind: rules.Return, On: returned, Seq: id, Amount: e.Amount, Of: e.Key}
	return []rules.Event{e, back}
}

// returnKey names the return of a deposit among a child's events.
func returnKey(d DepositID) string { return "return/" + strconv.FormatInt(int64(d), 10) }
