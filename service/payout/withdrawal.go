package payout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// State is where a withdrawal stands.
type State string

// The states (domain/people.md).
const (
	Requested   State = "requested"
	DocsPending State = "docs_pending"
	Reviewed    State = "reviewed" // and waits for approval
	Approved    State = "approved" // the money is off the account
	Scheduled   State = "scheduled"
	Sent        State = "sent"
	Cleared     State = "cleared"
	Returned    State = "returned"
	Reissued    State = "reissued"
	Stale       State = "stale"
	Unclaimed   State = "unclaimed"
	Refused     State = "refused"
	Cancelled   State = "cancelled"
)

// States are all states, in the order of a parcel's way.
var States = []State{Requested, DocsPending, Reviewed, Approved, Scheduled, Sent, Cleared, Returned, Reissued, Stale, Unclaimed, Refused, Cancelled}

// ways are the steps from each state; the table of withdrawals refuses others.
var ways = map[State][]State{
	Requested:   {DocsPending, Reviewed, Refused, Cancelled},
	DocsPending: {Reviewed, Refused, Cancelled},
	Reviewed:    {DocsPending, Approved, Refused, Cancelled},
	Approved:    {Scheduled, Cancelled},
	Scheduled:   {Approved, Reissued, Sent},
	Sent:        {Cleared, Returned, Stale},
	Cleared:     {Returned},
	Returned:    {Reissued, Cancelled},
	Reissued:    {Scheduled, Cancelled},
	Stale:       {Reissued, Unclaimed},
	Unclaimed:   {Reissued},
}

// Goes reports a step that a withdrawal may take from a state.
func (s State) Goes(to State) bool { return slices.Contains(ways[s], to) }

// Before reports a state in which nothing was posted.
func (s State) Before() bool { return s == Requested || s == DocsPending || s == Reviewed }

// Closed reports a state that ends a withdrawal.
func (s State) Closed() bool {
	return s == Cleared || s == Unclaimed || s == Refused || s == Cancelled
}

// Origin is who asks.
type Origin string

// The origins.
const (
	ByStaff  Origin = "staff" // on behalf of the family
	ByFamily Origin = "family"
	ByExit   Origin = "exit" // what two persons agreed leaves with the child
)

// Purpose is what money is asked for.
type Purpose string

// The purposes.
const (
	Qualified    Purpose = "qualified"
	Transfer     Purpose = "transfer" // to a 529 account of the family's own
	Nonqualified Purpose = "nonqualified"
	Emergency    Purpose = "emergency"
	OnExit       Purpose = "exit"
)

// Purposes are those that can be asked for, in the order people are offered them.
var Purposes = []Purpose{Qualified, Transfer, Nonqualified, Emergency}

// rule is the purpose as rule books read it: a transfer is a use.
func (p Purpose) rule() rules.Purpose {
	switch p {
	case Nonqualified:
		return rules.Nonqualified
	case Emergency:
		return rules.Emergency
	}
	return rules.Qualified
}

// Withdrawal is money that somebody asks for, as it stands.
type Withdrawal struct {
	ID        ID             `db:"id"`
	Child     family.ChildID `db:"child_id"`
	Origin    Origin         `db:"origin"`
	Purpose   Purpose        `db:"purpose"`
	Expense   string         `db:"expense"`
	Whose     rules.Owner    `db:"whose"` // "": by the rule book's order
	Amount    ledger.Amount  `db:"amount"`
	Own       ledger.Amount  `db:"own"` // of Amount the family's own, once approved
	Payee     PayeeID        `db:"payee_id"`
	Reference string         `db:"reference"`
	State     State          `db:"state"`
	CountsOn  ledger.Date    `db:"counts_on"`
	Approval  approval.ID    `db:"approval_id"`
	AskedBy   string         `db:"asked_by"`
	AskedAt   time.Time      `db:"asked_at"`
	ChangedAt time.Time      `db:"changed_at"`
}

// Program is what of the amount is the program's money.
func (w Withdrawal) Program() ledger.Amount { return w.Amount.Sub(w.Own) }

const columns = `w.id, w.child_id, w.origin, w.purpose, w.expense, w.whose, w.amount, w.own, coalesce(w.payee_id, 0) AS payee_id, w.reference, w.state,
	w.counts_on, coalesce(w.approval_id, 0) AS approval_id, w.asked_by, w.asked_at, w.changed_at`

// Load returns a withdrawal of a program, or ErrNone.
func Load(ctx context.Context, q sqlx.QueryerContext, p program.ID, id ID) (w Withdrawal, err error) {
	return one(ctx, q, `SELECT `+columns+` FROM withdrawals w WHERE w.program_id = $1 AND w.id = $2`, p, id)
}

// lock is Load for who is going to take a step: steps come one after the other.
func lock(ctx context.Context, tx *sqlx.Tx, p program.ID, id ID) (w Withdrawal, err error) {
	return one(ctx, tx, `SELECT `+columns+` FROM withdrawals w WHERE w.program_id = $1 AND w.id = $2 FOR UPDATE`, p, id)
}

func one(ctx context.Context, q sqlx.QueryerContext, query string, args ...any) (w Withdrawal, err error) {
	err = sqlx.GetContext(ctx, q, &w, query, args...)
	if errors.Is(err, sql.ErrNoRows) {
		return w, ErrNone
	}
	if err != nil {
		return w, fmt.Errorf("load a withdrawal: %w", err)
	}
	return w, nil
}

// Filter chooses withdrawals. Zero values choose all.
type Filter struct {
	States  []State
	Purpose Purpose
	Child   family.ChildID
	Before  ID // only older ones, for the next page
	Limit   int
}

// List returns withdrawals of a program, the newest first.
func List(ctx context.Context, q sqlx.QueryerContext, p program.ID, f Filter) (all []Withdrawal, err error) {
	states := make([]string, len(f.States))
	for i, s := range f.States {
		states[i] = string(s)
	}
	const query = `SELECT ` + columns + ` FROM withdrawals w
		WHERE w.program_id = $1 AND (cardinality(CAST($2 AS text[])) = 0 OR w.state = ANY ($2))
		  AND (CAST($3 AS text) = '' OR w.purpose = $3) AND (CAST($4 AS bigint) = 0 OR w.child_id = $4)
		  AND (CAST($5 AS bigint) = 0 OR w.id < $5)
		ORDER BY w.id DESC LIMIT $6`
	if err := sqlx.SelectContext(ctx, q, &all, query, p, pq.Array(states), string(f.Purpose), f.Child, f.Before, f.Limit); err != nil {
		return nil, fmt.Errorf("list withdrawals: %w", err)
	}
	return all, nil
}

// OfChild returns the withdrawals of a child under any of its records, the
// newest first.
func OfChild(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID) (all []Withdrawal, err error) {
	records, err := family.Records(ctx, q, []family.ChildID{child})
	if err != nil {
		return nil, err
	}
	const query = `SELECT ` + columns + ` FROM withdrawals w WHERE w.program_id = $1 AND w.child_id = ANY ($2) ORDER BY w.id DESC`
	if err := sqlx.SelectContext(ctx, q, &all, query, p, pq.Array(family.WithRecords([]family.ChildID{child}, records))); err != nil {
		return nil, fmt.Errorf("withdrawals of child %d: %w", child, err)
	}
	return all, nil
}

// Counts returns how many withdrawals of a program are in each state.
func Counts(ctx context.Context, q sqlx.QueryerContext, p program.ID) (map[State]int, error) {
	const query = `SELECT state, count(*) AS n FROM withdrawals WHERE program_id = $1 AND state NOT IN ('cleared', 'unclaimed', 'refused', 'cancelled') GROUP BY state`
	var rows []struct {
		State State `db:"state"`
		N     int   `db:"n"`
	}
	if err := sqlx.SelectContext(ctx, q, &rows, query, p); err != nil {
		return nil, fmt.Errorf("count withdrawals: %w", err)
	}
	out := make(map[State]int, len(rows))
	for _, r := range rows {
		out[r.State] = r.N
	}
	return out, nil
}

// Step is one that a withdrawal took.
type Step struct {
	State State     `db:"state"`
	Why   string    `db:"why"`
	By    string    `db:"taken_by"`
	At    time.Time `db:"taken_at"`
}

// Steps returns the steps of a withdrawal, the first first.
func Steps(ctx context.Context, q sqlx.QueryerContext, id ID) (all []Step, err error) {
	const query = `SELECT state, why, taken_by, taken_at FROM withdrawal_steps WHERE withdrawal_id = $1 ORDER BY n`
	if err := sqlx.SelectContext(ctx, q, &all, query, id); err != nil {
		return nil, fmt.Errorf("steps of withdrawal %d: %w", id, err)
	}
	return all, nil
}

// Taken is what of a withdrawal came off one account.
type Taken struct {
	Chart   ledger.Chart  `db:"chart"`
	Fund    ledger.FundID `db:"fund_id"`
	Benefit string        `db:"benefit"`
	Amount  ledger.Amount `db:"amount"`
	Tx      ledger.TxNo   `db:"tx_no"`
}

// TakenBy returns what a withdrawal took from which accounts; none before it is
// approved.
func TakenBy(ctx context.Context, q sqlx.QueryerContext, id ID) (all []Taken, err error) {
	const query = `SELECT chart, fund_id, benefit, amount, tx_no FROM withdrawal_parts WHERE withdrawal_id = $1 ORDER BY n`
	if err := sqlx.SelectContext(ctx, q, &all, query, id); err != nil {
		return nil, fmt.Errorf("parts of withdrawal %d: %w", id, err)
	}
	return all, nil
}

// move takes a step with withdrawals, all or none: a set whose states do not all
// lead there is ErrState.
func move(ctx context.Context, tx *sqlx.Tx, who store.Who, ids []ID, from []State, to State, why string, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	var states []string
	for _, s := range from {
		states = append(states, string(s))
	}
	const query = `
		WITH moved AS (
			UPDATE withdrawals SET state = $3, changed_at = $5
			WHERE id = ANY ($1) AND state = ANY ($2)
			RETURNING tenant_id, id
		)
		INSERT INTO withdrawal_steps (tenant_id, withdrawal_id, state, why, taken_by, taken_at)
		SELECT tenant_id, id, $3, $4, $6, $5 FROM moved ORDER BY id`
	done, err := tx.ExecContext(ctx, query, pq.Array(ids), pq.Array(states), string(to), why, at, who.Actor)
	if err != nil {
		return fmt.Errorf("move %d withdrawals to %s: %w", len(ids), to, err)
	}
	n, err := done.RowsAffected()
	if err == nil && int(n) != len(ids) {
		err = ErrState.With(map[string]any{"state": string(to)})
	}
	return err
}

// from lists the states that lead to a state.
func from(to State) (out []State) {
	for _, s := range States {
		if s.Goes(to) {
			out = append(out, s)
		}
	}
	return out
}
