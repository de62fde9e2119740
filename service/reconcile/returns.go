package reconcile

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/savings"
)

// returnDays is how long after it came a deposit may go back without anybody
// looking: 60 days is how long a consumer may dispute an ACH debit (Nacha rule for
// R05, R07, R10).
const returnDays = 60

// original is a deposit that a return may be of.
type original struct {
	ID        savings.DepositID `db:"id"`
	Reference string            `db:"reference"`
	Child     family.ChildID    `db:"child_id"`
	Amount    ledger.Amount     `db:"amount"`
	On        ledger.Date       `db:"on_day"`
	State     string            `db:"state"`
	Key       []byte            `db:"trace_key"` // of the line that brought it
	Bank      string            `db:"bank"`      // that line's reference
}

const originalColumns = `d.id, d.reference, coalesce(d.child_id, 0) AS child_id, d.amount, d.on_day, d.state`

// originals are the deposits that some returns may be of: by their own reference,
// by the reference or trace of the line that brought them, and those of children.
func (d desk) originals(ctx context.Context, q sqlx.QueryerContext, refs []string, keys pq.ByteaArray, children pq.Int64Array) (out []original, err error) {
	const query = `
		SELECT ` + originalColumns + `, CAST('' AS bytea) AS trace_key, '' AS bank
		FROM deposits d WHERE d.program_id = $1 AND d.reference = ANY ($3)
		UNION ALL
		SELECT ` + originalColumns + `, coalesce(b.trace_key, ''), b.reference
		FROM custodian_accounts a
		JOIN bank_lines b ON b.tenant_id = a.tenant_id AND b.account_id = a.id AND (b.trace_key = ANY ($4) OR b.reference = ANY ($3) AND b.reference <> '')
		JOIN bank_match_lines l ON l.tenant_id = b.tenant_id AND l.line_id = b.id AND l.live
		JOIN bank_match_entries e ON e.tenant_id = l.tenant_id AND e.match_id = l.match_id AND e.live
		JOIN deposits d ON d.tenant_id = e.tenant_id AND d.program_id = $1 AND d.reference = e.reference
		WHERE a.custodian_id = $2
		UNION ALL
		SELECT ` + originalColumns + `, CAST('' AS bytea), ''
		FROM deposits d WHERE d.program_id = $1 AND d.child_id = ANY ($5) AND d.state IN ('posted', 'returned')
		ORDER BY id`
	if err := sqlx.SelectContext(ctx, q, &out, query, d.Program.ID, d.ID, pq.Array(refs), keys, children); err != nil {
		return nil, fmt.Errorf("deposits that came back: %w", err)
	}
	return out, nil
}

// sought is what a return says of the deposit that it is of.
type sought struct {
	refs   []string
	key    []byte
	child  family.ChildID
	amount ledger.Amount // positive
	on     ledger.Date
}

// among finds the deposit: by reference or trace, else the only one of the child's
// of that amount. ok is false where there is none, or where it came too long ago.
func (s sought) among(all []original) (found original, ok bool) {
	fits := func(o original) bool {
		days := s.on.DaysSince(o.On)
		return o.Amount == s.amount && o.State != "corrected" && o.State != "undone" && days >= -daysApart && days <= returnDays
	}
	for _, o := range all {
		if fits(o) && o.named(s) {
			return o, true
		}
	}
	n := 0
	for _, o := range all {
		if s.child != 0 && o.Child == s.child && fits(o) && (n == 0 || o.ID != found.ID) {
			found, n = o, n+1
		}
	}
	return found, n == 1
}

// named reports that a return names the deposit.
func (o original) named(s sought) bool {
	for _, ref := range s.refs {
		if ref == o.Reference || ref == o.Bank {
			return true
		}
	}
	return len(s.key) > 0 && string(s.key) == string(o.Key)
}

// back books that the bank took a deposit back (P20, P21), once.
func (d desk) back(ctx context.Context, tx *sqlx.Tx, o original, on ledger.Date, code string) error {
	if o.State == "returned" {
		return nil
	}
	if on.Before(o.On) {
		on = o.On // the bank took back what was not of value yet
	}
	return enroll.ReturnDeposit(ctx, tx, d.Walk, savings.BankReturn{Deposit: o.ID, On: on, Code: code})
}

// returns books the returns that lines tell of and matches them.
func (d desk) returns(ctx context.Context, tx *sqlx.Tx, lines []custody.Line, owners owning) (int, error) {
	var refs []string
	var keys pq.ByteaArray
	var children pq.Int64Array
	var back []custody.Line
	for _, l := range lines {
		if l.Nature() != custody.NatureReturn || l.Amount.Sign() >= 0 {
			continue
		}
		back, refs = append(back, l), append(refs, references(l.Reference, l.Trace)...)
		if len(l.TraceKey) > 0 {
			keys = append(keys, l.TraceKey)
		}
		if child := owners.of(l, 0); child != 0 {
			children = append(children, int64(child))
		}
	}
	if len(back) == 0 {
		return 0, nil
	}
	all, err := d.originals(ctx, tx, refs, keys, children)
	if err != nil {
		return 0, err
	}
	found := map[custody.LineID]original{}
	used := map[savings.DepositID]bool{}
	for _, l := range back {
		s := sought{references(l.Reference, l.Trace), l.TraceKey, owners.of(l, 0), l.Amount.Neg(), l.Booked}
		o, ok := s.among(all)
		if !ok || used[o.ID] {
			continue
		}
		if err := d.back(ctx, tx, o, l.Booked, l.Return); err != nil {
			return 0, err
		}
		found[l.ID], used[o.ID] = o, true
	}
	return len(found), d.joinReturns(ctx, tx, back, found)
}

// joinReturns matches lines with the returns of the deposits that were found.
func (d desk) joinReturns(ctx context.Context, tx *sqlx.Tx, lines []custody.Line, found map[custody.LineID]original) error {
	if len(found) == 0 {
		return nil
	}
	if err := sweep(ctx, tx, d.Who, d.Program, d.Custodian); err != nil {
		return err
	}
	var refs []string
	for _, o := range found {
		refs = append(refs, o.Reference)
	}
	entries, err := d.byReference(ctx, tx, refs)
	if err != nil {
		return err
	}
	var pairs []pair
	for _, l := range lines {
		if o, ok := found[l.ID]; ok {
			if e, ok := entries.take(o.Reference, l.Amount.Minor()); ok {
				pairs = append(pairs, pair{rule: AsReturn, lines: []custody.LineID{l.ID}, entries: e})
			}
		}
	}
	return d.join(ctx, tx, pairs)
}

// returnsOfNetwork books the returns that the ACH network's files tell of, whether
// or not the bank's statement has told of them yet.
func (d desk) returnsOfNetwork(ctx context.Context, tx *sqlx.Tx) (c Counts, err error) {
	waiting, err := Returns(ctx, tx, d.Walk, d.Custodian)
	if err != nil || len(waiting) == 0 {
		return c, err
	}
	var refs []string
	var keys pq.ByteaArray
	var accounts []savings.Account
	place := make([]int, len(waiting))
	for i, r := range waiting {
		refs, keys = append(refs, r.Trace), append(keys, custody.TraceKey(d.Keys, d.Who.Tenant, r.Trace))
		place[i] = -1
		if in := accountsIn([]string{r.Individual}); len(in) == 1 {
			place[i], accounts = len(accounts), append(accounts, in[0])
		}
	}
	children, err := savings.Owners(ctx, tx, d.Who, d.Keys, d.Program.ID, accounts, make([]string, len(accounts)))
	if err != nil {
		return c, err
	}
	ids := make(pq.Int64Array, len(children))
	for i, child := range children {
		ids[i] = int64(child)
	}
	all, err := d.originals(ctx, tx, refs, keys, ids)
	if err != nil {
		return c, err
	}
	for i, r := range waiting {
		s := sought{refs: []string{r.Trace}, key: keys[i], amount: r.Amount, on: r.On}
		if s.on.IsZero() {
			s.on = d.AsOf
		}
		if place[i] >= 0 {
			s.child = children[place[i]]
		}
		o, ok := s.among(all)
		if !ok {
			continue
		}
		if err := d.back(ctx, tx, o, s.on, r.Code); err != nil {
			return c, err
		}
		if err := d.seen(ctx, tx, r.ID, o.ID, ""); err != nil {
			return c, err
		}
		for j := range all {
			if all[j].ID == o.ID {
				all[j].State = "returned"
			}
		}
		c.Returned++
	}
	return c, nil
}

// Returns are the returns of the network's files that nobody has seen to, the
// oldest first: deposits that came back, as far as the files say.
func Returns(ctx context.Context, q sqlx.QueryerContext, w enroll.Walk, c Custodian) (all []custody.Return, err error) {
	const query = `
		SELECT ` + custody.ReturnColumns + ` FROM bank_returns r
		WHERE r.custodian_id = $1 AND r.kind = 'returned' AND r.debit
		  AND NOT EXISTS (SELECT FROM bank_return_answers a WHERE a.tenant_id = r.tenant_id AND a.return_id = r.id)
		ORDER BY r.id`
	if err := sqlx.SelectContext(ctx, q, &all, query, c.ID); err != nil {
		return nil, fmt.Errorf("returns of %s: %w", c.Code, err)
	}
	return all, custody.OpenReturns(w.Who, w.Keys, all)
}

// seen notes that a return was seen to.
func (d desk) seen(ctx context.Context, tx *sqlx.Tx, id int64, deposit savings.DepositID, reason string) error {
	const query = `
		INSERT INTO bank_return_answers (tenant_id, return_id, deposit_id, seen_by, seen_at, reason)
		VALUES ($1, $2, nullif(CAST($3 AS bigint), 0), $4, $5, $6)`
	if _, err := tx.ExecContext(ctx, query, d.Who.Tenant, id, deposit, d.Who.Actor, d.At, reason); err != nil {
		return fmt.Errorf("see to return %d: %w", id, err)
	}
	return nil
}
