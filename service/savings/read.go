package savings

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/store"
)

// AwardState is the latest evaluation of what a benefit gives a child for a period.
type AwardState struct {
	Child       family.ChildID `db:"child_id"`
	Benefit     string         `db:"benefit"`
	Period      string         `db:"period"`
	Kind        string         `db:"kind"`
	Entitled    ledger.Amount  `db:"entitled"`
	Accrued     ledger.Amount  `db:"accrued"` // on its way
	Posted      ledger.Amount  `db:"posted"`  // on the child's account
	Queued      ledger.Amount  `db:"queued"`  // waits for a fund's money
	PayOn       ledger.Date    `db:"pay_on"`
	Reason      string         `db:"reason"`
	Why         string         `db:"why"` // JSON; service/rules phrases it
	Rule        string         `db:"rule_hash"`
	EvaluatedOn ledger.Date    `db:"evaluated_on"`
}

// AwardsOf returns every evaluated award of children, zeros included, by child,
// benefit and period. What was given under any record of a child is the child's.
func AwardsOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID) ([]AwardState, error) {
	records, err := family.Records(ctx, q, children)
	if err != nil {
		return nil, err
	}
	as, err := awardsOfRecords(ctx, q, p, family.WithRecords(children, records))
	if err != nil || len(records) == 0 {
		return as, err
	}
	return oneByOne(as, children, records), nil
}

// oneByOne adds what records other than those asked for were given to what their
// children were given.
func oneByOne(as []AwardState, children []family.ChildID, records map[family.ChildID][]family.ChildID) (out []AwardState) {
	place := map[awardKey]int{}
	for _, id := range children {
		for _, r := range append([]family.ChildID{id}, records[id]...) {
			for _, a := range as {
				k := awardKey{id, a.Benefit, a.Period}
				at, met := place[k]
				switch {
				case a.Child != r || r == id && met:
				case !met:
					a.Child = id
					place[k] = len(out)
					out = append(out, a)
				default:
					o := &out[at]
					o.Posted, o.Accrued, o.Queued = o.Posted.Add(a.Posted), o.Accrued.Add(a.Accrued), o.Queued.Add(a.Queued)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b AwardState) int {
		return cmp.Or(cmp.Compare(a.Child, b.Child), cmp.Compare(a.Benefit, b.Benefit), cmp.Compare(a.Period, b.Period))
	})
	return out
}

func awardsOfRecords(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID) ([]AwardState, error) {
	const query = store.Kept + `
		SELECT child_id, benefit, period, kind, entitled, accrued, posted, queued, pay_on, reason, why, rule_hash, evaluated_on
		FROM awards
		WHERE program_id = $1 AND child_id = ANY ($2)
		ORDER BY child_id, benefit, period`
	var as []AwardState
	if err := sqlx.SelectContext(ctx, q, &as, query, p, pq.Array(children)); err != nil {
		return nil, fmt.Errorf("awards of %d children: %w", len(children), err)
	}
	return as, nil
}

// DepositState is a deposit as it stands.
type DepositState struct {
	ID         DepositID      `db:"id"`
	Reference  string         `db:"reference"`
	Child      family.ChildID `db:"child_id"` // 0 while in suspense
	Amount     ledger.Amount  `db:"amount"`
	On         ledger.Date    `db:"on_day"`
	Channel    string         `db:"channel"`
	Custodian  int32          `db:"custodian_id"` // 0: the program's first
	State      string         `db:"state"`        // posted, suspense or returned
	PostedAt   time.Time      `db:"posted_at"`
	ReturnedOn ledger.Date    `db:"returned_on"`
	ReturnCode string         `db:"return_code"`
}

const depositColumns = `id, reference, coalesce(child_id, 0) AS child_id, amount, on_day, channel, custodian_id, state, posted_at,
	returned_on, coalesce(return_code, '') AS return_code`

// InSuspense returns deposits whose child nobody knows, oldest first, after one
// of them (0: from the first). Where that one has found its owner meanwhile, the
// page goes on from its place all the same.
func InSuspense(ctx context.Context, q sqlx.QueryerContext, p program.ID, after DepositID, limit int) ([]DepositState, error) {
	const query = `
		SELECT ` + depositColumns + `
		FROM deposits
		WHERE program_id = $1 AND state = 'suspense'
		  AND (on_day, id) > (coalesce((SELECT d.on_day FROM deposits d WHERE d.id = $2), CAST('-infinity' AS date)), $2)
		ORDER BY on_day, id LIMIT $3`
	var ds []DepositState
	if err := sqlx.SelectContext(ctx, q, &ds, query, p, after, limit); err != nil {
		return nil, fmt.Errorf("suspense: %w", err)
	}
	return ds, nil
}

// SuspenseTotal is how many deposits wait for their owner, and of how much.
func SuspenseTotal(ctx context.Context, q sqlx.QueryerContext, p program.ID) (n int, sum ledger.Amount, err error) {
	const query = `SELECT count(*), coalesce(sum(amount), 0) FROM deposits WHERE program_id = $1 AND state = 'suspense'`
	if err := q.QueryRowxContext(ctx, query, p).Scan(&n, &sum); err != nil {
		return 0, ledger.Amount{}, fmt.Errorf("total in suspense: %w", err)
	}
	return n, sum, nil
}

// DepositsOf returns a child's deposits under any of its records, newest first.
func DepositsOf(ctx context.Context, q sqlx.QueryerContext, p program.ID, child family.ChildID, limit int) ([]DepositState, error) {
	records, err := family.Records(ctx, q, []family.ChildID{child})
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT ` + depositColumns + `
		FROM deposits
		WHERE program_id = $1 AND child_id = ANY ($2)
		ORDER BY on_day DESC, id DESC LIMIT $3`
	var ds []DepositState
	if err := sqlx.SelectContext(ctx, q, &ds, query, p, pq.Array(family.WithRecords([]family.ChildID{child}, records)), limit); err != nil {
		return nil, fmt.Errorf("deposits of child %d: %w", child, err)
	}
	return ds, nil
}

// OnTheWay returns the awards of children that are promised or wait for a
// fund's money, by child, benefit and period.
func OnTheWay(ctx context.Context, q sqlx.QueryerContext, p program.ID, children []family.ChildID) ([]AwardState, error) {
	const query = `
		SELECT child_id, benefit, period, kind, entitled, accrued, posted, queued, pay_on, reason, why, rule_hash, evaluated_on
		FROM awards
		WHERE program_id = $1 AND child_id = ANY ($2) AND (accrued > 0 OR queued > 0)
		ORDER BY child_id, benefit, period`
	var as []AwardState
	if err := sqlx.SelectContext(ctx, q, &as, query, p, pq.Array(children)); err != nil {
		return nil, fmt.Errorf("awards on the way to %d children: %w", len(children), err)
	}
	return as, nil
}
