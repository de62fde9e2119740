package reconcile

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/custody"
	"seedbook/service/enroll"
	"seedbook/service/store"
)

// Rule says how a match was found.
type Rule string

// The rules, in the order in which they are tried. One line answers one movement
// unless said otherwise.
const (
	ByReference  Rule = "reference"    // the bank's reference or trace is the deposit's
	ByParts      Rule = "parts"        // one line, and the deposits of which its parts say the references
	ByChild      Rule = "child_amount" // the child's number and the amount, within a few days
	ByRemittance Rule = "remittance"   // one line, and all deposits that one file reported
	ByTransfer   Rule = "transfer"     // one line, and what funds moved, or a batch paid, together
	ByAmount     Rule = "amount"       // the only line and the only movement of an amount, within a few days
	ByLines      Rule = "lines"        // several lines of one day and reference, and one movement
	ByReversal   Rule = "reversed"     // no line: the books took it back themselves
	ByBank       Rule = "bank_reversed"
	AsDeposit    Rule = "deposit" // booked from the line
	AsReturn     Rule = "return"
	AsFee        Rule = "fee"
	AsInterest   Rule = "interest"
	ByHand       Rule = "by_hand"
)

// daysApart is how far apart a line and the movement that it answers may lie where
// only amount and child tell: a weekend, a holiday and a day.
const daysApart = 5

// MatchID identifies a match within its organization.
type MatchID int64

// pair is what is to answer each other.
type pair struct {
	rule    Rule
	lines   []custody.LineID
	entries []ledger.TxNo
	reason  string
}

// join notes matches, all or none. Lines and movements that are not open are
// ErrNotOpen; sides that differ are ErrSum: the database adds them up again.
func (d desk) join(ctx context.Context, tx *sqlx.Tx, pairs []pair) error {
	if len(pairs) == 0 {
		return nil
	}
	ids := make(pq.Int64Array, 0, len(pairs))
	if err := tx.SelectContext(ctx, &ids, `SELECT nextval('bank_matches_id_seq') FROM generate_series(1, $1)`, len(pairs)); err != nil {
		return fmt.Errorf("number matches: %w", err)
	}
	var rules, reasons []string
	var lineOf, lines, entryOf, entries pq.Int64Array
	for i, p := range pairs {
		rules, reasons = append(rules, string(p.rule)), append(reasons, p.reason)
		for _, l := range p.lines {
			lineOf, lines = append(lineOf, ids[i]), append(lines, int64(l))
		}
		for _, e := range p.entries {
			entryOf, entries = append(entryOf, ids[i]), append(entries, int64(e))
		}
	}
	const header = `
		INSERT INTO bank_matches (tenant_id, id, custodian_id, rule, amount, made_by, made_at, reason)
		SELECT $1, p.id, $2, p.rule, coalesce(l.amount, e.amount, 0), $3, $4, p.reason
		FROM unnest(CAST($5 AS bigint[]), CAST($6 AS text[]), CAST($7 AS text[])) AS p (id, rule, reason)
		LEFT JOIN (SELECT x.id, sum(o.amount) AS amount FROM unnest(CAST($8 AS bigint[]), CAST($9 AS bigint[])) AS x (id, line)
		           JOIN bank_open_lines o ON o.line_id = x.line GROUP BY x.id) l ON l.id = p.id
		LEFT JOIN (SELECT x.id, sum(o.amount) AS amount FROM unnest(CAST($10 AS bigint[]), CAST($11 AS bigint[])) AS x (id, tx)
		           JOIN bank_open_entries o ON o.custodian_id = $2 AND o.tx_no = x.tx GROUP BY x.id) e ON e.id = p.id`
	if _, err := tx.ExecContext(ctx, header, d.Who.Tenant, d.ID, d.Who.Actor, d.At, ids, pq.Array(rules), pq.Array(reasons), lineOf, lines, entryOf, entries); err != nil {
		return fmt.Errorf("match %d: %w", len(pairs), err)
	}
	if err := d.moveLines(ctx, tx, lineOf, lines); err != nil {
		return err
	}
	if err := d.moveEntries(ctx, tx, entryOf, entries); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `SET CONSTRAINTS bank_matches_sum_check IMMEDIATE`)
	if store.Violates(err, "bank_matches_sum_check") {
		return ErrSum
	}
	if err != nil {
		return fmt.Errorf("match %d: %w", len(pairs), err)
	}
	_, err = tx.ExecContext(ctx, `SET CONSTRAINTS bank_matches_sum_check DEFERRED`)
	return err
}

func (d desk) moveLines(ctx context.Context, tx *sqlx.Tx, of, lines pq.Int64Array) error {
	const query = `
		WITH gone AS (DELETE FROM bank_open_lines WHERE line_id = ANY ($3) AND custodian_id = $4 RETURNING line_id, amount, booked_on)
		INSERT INTO bank_match_lines (tenant_id, match_id, line_id, amount, booked_on)
		SELECT $1, x.id, g.line_id, g.amount, g.booked_on
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[])) AS x (id, line) JOIN gone g ON g.line_id = x.line`
	done, err := tx.ExecContext(ctx, query, d.Who.Tenant, of, lines, d.ID)
	if err != nil {
		return fmt.Errorf("match lines: %w", err)
	}
	return all(done.RowsAffected())(len(lines))
}

func (d desk) moveEntries(ctx context.Context, tx *sqlx.Tx, of, entries pq.Int64Array) error {
	const query = `
		WITH gone AS (DELETE FROM bank_open_entries WHERE tx_no = ANY ($3) AND custodian_id = $4 RETURNING tx_no, amount, effective_on, kind, reference, reverses)
		INSERT INTO bank_match_entries (tenant_id, match_id, custodian_id, tx_no, amount, effective_on, kind, reference, reverses)
		SELECT $1, x.id, $4, g.tx_no, g.amount, g.effective_on, g.kind, g.reference, g.reverses
		FROM unnest(CAST($2 AS bigint[]), CAST($3 AS bigint[])) AS x (id, tx) JOIN gone g ON g.tx_no = x.tx`
	done, err := tx.ExecContext(ctx, query, d.Who.Tenant, of, entries, d.ID)
	if err != nil {
		return fmt.Errorf("match movements: %w", err)
	}
	return all(done.RowsAffected())(len(entries))
}

// all is ErrNotOpen where fewer rows were met than asked for.
func all(n int64, err error) func(want int) error {
	return func(want int) error {
		if err == nil && int(n) != want {
			return ErrNotOpen
		}
		return err
	}
}

// Match has lines and movements answer each other by a person's word. Their sums
// are the same to the cent (ErrSum); a match without a line, or without a
// movement, is of things that cancel each other.
func Match(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, c Custodian, lines []custody.LineID, entries []ledger.TxNo, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 4000 {
		return ErrReason.At("reason")
	}
	if len(lines)+len(entries) == 0 {
		return ErrNothing
	}
	d := desk{w, c}
	if err := lock(ctx, tx, c); err != nil {
		return err
	}
	if err := sweep(ctx, tx, w.Who, w.Program, c); err != nil {
		return err
	}
	if err := d.join(ctx, tx, []pair{{ByHand, lines, entries, reason}}); err != nil {
		return err
	}
	return d.record(ctx, tx, "custody.matched", map[string]any{"lines": lines, "transactions": entries, "reason": reason})
}

func (d desk) record(ctx context.Context, tx *sqlx.Tx, verb string, after map[string]any) error {
	return audit.Record(ctx, tx, d.Who, []audit.Event{{Verb: verb, Kind: "custodian", Subject: int64(d.ID), Program: int32(d.Program.ID), After: after}}, d.At)
}

// Unmatch takes a match apart, with a reason: its lines and movements are open
// again. Nothing is posted.
func Unmatch(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, c Custodian, id MatchID, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 4000 {
		return ErrReason.At("reason")
	}
	if err := lock(ctx, tx, c); err != nil {
		return err
	}
	d := desk{w, c}
	if err := d.unmatch(ctx, tx, id, reason); err != nil {
		return err
	}
	return d.record(ctx, tx, "custody.unmatched", map[string]any{"match": id, "reason": reason})
}

func (d desk) unmatch(ctx context.Context, tx *sqlx.Tx, id MatchID, reason string) error {
	const undo = `UPDATE bank_matches SET undone_by = $3, undone_at = $4, undone_reason = $5 WHERE id = $1 AND custodian_id = $2 AND undone_at IS NULL`
	done, err := tx.ExecContext(ctx, undo, id, d.ID, d.Who.Actor, d.At, reason)
	if err != nil {
		return fmt.Errorf("take match %d apart: %w", id, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return ErrNoMatch
	}
	const entries = `
		WITH gone AS (UPDATE bank_match_entries SET live = false WHERE match_id = $1 AND live RETURNING tenant_id, custodian_id, tx_no, amount, effective_on, kind, reference, reverses)
		INSERT INTO bank_open_entries (tenant_id, custodian_id, tx_no, amount, effective_on, kind, reference, reverses) SELECT * FROM gone`
	if _, err := tx.ExecContext(ctx, entries, id); err != nil {
		return fmt.Errorf("take match %d apart: %w", id, err)
	}
	var lines []custody.LineID
	const free = `UPDATE bank_match_lines SET live = false WHERE match_id = $1 AND live RETURNING line_id`
	if err := tx.SelectContext(ctx, &lines, free, id); err != nil {
		return fmt.Errorf("take match %d apart: %w", id, err)
	}
	return d.reopen(ctx, tx, lines)
}

// reopen has lines wait again, for a person: nothing is booked from them alone.
func (d desk) reopen(ctx context.Context, tx *sqlx.Tx, ids []custody.LineID) error {
	lines, err := custody.Lines(ctx, tx, d.Who, d.Keys, ids)
	if err != nil {
		return err
	}
	numbers, natures := make(pq.Int64Array, len(lines)), make([]string, len(lines))
	for i, l := range lines {
		numbers[i], natures[i] = int64(l.ID), string(l.Nature())
	}
	const query = `
		INSERT INTO bank_open_lines (tenant_id, program_id, custodian_id, line_id, booked_on, amount, nature, put_off)
		SELECT l.tenant_id, $1, $2, l.id, l.booked_on, l.amount, x.nature, 1
		FROM unnest(CAST($3 AS bigint[]), CAST($4 AS text[])) AS x (id, nature) JOIN bank_lines l ON l.id = x.id`
	if _, err := tx.ExecContext(ctx, query, d.Program.ID, d.ID, numbers, pq.Array(natures)); err != nil {
		return fmt.Errorf("reopen %d lines: %w", len(lines), err)
	}
	return nil
}
