package reconcile

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/custody"
)

// Each rule is one question over what is open on both sides. It answers with the
// lines and the movements of each match; where something could answer in two ways
// it answers in none, and a person decides.
var ladder = []struct {
	rule  Rule
	query string
}{
	{ByReversal, `
		SELECT CAST('{}' AS bigint[]) AS lines, ARRAY[o.tx_no, r.tx_no] AS entries
		FROM bank_open_entries r
		JOIN bank_open_entries o ON o.tenant_id = r.tenant_id AND o.custodian_id = r.custodian_id AND o.tx_no = r.reverses AND o.amount = -r.amount
		WHERE r.custodian_id = $1 AND $2 > 0`},
	// A corrected deposit: what took the wrong one back, and the right one. The line
	// stays with the wrong one, which brought the money.
	{ByReversal, `
		SELECT CAST('{}' AS bigint[]) AS lines, ARRAY[r.tx_no, n.tx_no] AS entries
		FROM bank_open_entries r
		JOIN bank_match_entries m ON m.tenant_id = r.tenant_id AND m.custodian_id = r.custodian_id AND m.tx_no = r.reverses AND m.live
		JOIN deposits wrong ON wrong.tenant_id = m.tenant_id AND wrong.program_id = $2 AND wrong.reference = m.reference
		JOIN deposits fixed ON fixed.tenant_id = wrong.tenant_id AND fixed.corrects = wrong.id
		JOIN bank_open_entries n ON n.tenant_id = r.tenant_id AND n.custodian_id = r.custodian_id AND n.reference = fixed.reference AND n.tx_no = fixed.tx_no AND n.amount = -r.amount
		WHERE r.custodian_id = $1`},
	{ByBank, `
		SELECT ARRAY[a.line_id, b.line_id] AS lines, CAST('{}' AS bigint[]) AS entries
		FROM bank_open_lines b
		JOIN bank_lines bl ON bl.tenant_id = b.tenant_id AND bl.id = b.line_id AND bl.reversal AND bl.reference <> ''
		JOIN bank_lines al ON al.tenant_id = bl.tenant_id AND al.account_id = bl.account_id AND al.reference = bl.reference AND al.amount = -bl.amount AND NOT al.reversal
		JOIN bank_open_lines a ON a.tenant_id = al.tenant_id AND a.line_id = al.id
		WHERE b.custodian_id = $1 AND $2 > 0`},
	{ByRemittance, `
		WITH files AS (
			SELECT d.file_id, sum(o.amount) AS amount, min(o.effective_on) AS first, max(o.effective_on) AS last, array_agg(o.tx_no ORDER BY o.tx_no) AS entries
			FROM bank_open_entries o
			JOIN deposits d ON d.tenant_id = o.tenant_id AND d.program_id = $2 AND d.reference = o.reference AND d.tx_no = o.tx_no
			WHERE o.custodian_id = $1 AND d.file_id IS NOT NULL
			GROUP BY d.file_id HAVING count(*) > 1
		), met AS (
			SELECT l.line_id, f.entries, count(*) OVER (PARTITION BY l.line_id) AS of_line, count(*) OVER (PARTITION BY f.file_id) AS of_file
			FROM files f
			JOIN bank_open_lines l ON l.custodian_id = $1 AND l.amount = f.amount AND l.nature = 'in' AND l.booked_on BETWEEN f.last - 5 AND f.first + 5
		)
		SELECT ARRAY[line_id] AS lines, entries FROM met WHERE of_line = 1 AND of_file = 1`},
	{ByTransfer, `
		WITH moved AS (
			SELECT o.kind, o.effective_on, sum(o.amount) AS amount, array_agg(o.tx_no ORDER BY o.tx_no) AS entries
			FROM bank_open_entries o WHERE o.custodian_id = $1 AND o.kind IN ('custodian_funding', 'payment_cleared', 'transfer_cleared') AND $2 > 0
			GROUP BY o.kind, o.effective_on HAVING count(*) > 1
		), met AS (
			SELECT l.line_id, m.entries, count(*) OVER (PARTITION BY l.line_id) AS of_line, count(*) OVER (PARTITION BY m.kind, m.effective_on) AS of_day
			FROM moved m
			JOIN bank_open_lines l ON l.custodian_id = $1 AND l.amount = m.amount AND l.nature IN ('in', 'out') AND l.booked_on BETWEEN m.effective_on - 5 AND m.effective_on + 5
		)
		SELECT ARRAY[line_id] AS lines, entries FROM met WHERE of_line = 1 AND of_day = 1`},
	{ByAmount, `
		WITH met AS (
			SELECT l.line_id, o.tx_no, count(*) OVER (PARTITION BY l.line_id) AS of_line, count(*) OVER (PARTITION BY o.tx_no) AS of_entry
			FROM bank_open_lines l
			JOIN bank_open_entries o ON o.tenant_id = l.tenant_id AND o.custodian_id = l.custodian_id AND o.amount = l.amount AND o.effective_on BETWEEN l.booked_on - 5 AND l.booked_on + 5
			WHERE l.custodian_id = $1 AND $2 > 0 AND l.nature IN ('in', 'out', 'return')
		)
		SELECT ARRAY[line_id] AS lines, ARRAY[tx_no] AS entries FROM met WHERE of_line = 1 AND of_entry = 1`},
	{ByLines, `
		WITH several AS (
			SELECT l.booked_on, b.reference, sum(l.amount) AS amount, array_agg(l.line_id ORDER BY l.line_id) AS lines
			FROM bank_open_lines l
			JOIN bank_lines b ON b.tenant_id = l.tenant_id AND b.id = l.line_id AND b.reference <> ''
			WHERE l.custodian_id = $1 AND $2 > 0 AND l.nature IN ('in', 'out')
			GROUP BY l.booked_on, b.reference HAVING count(*) > 1
		), met AS (
			SELECT s.lines, o.tx_no, count(*) OVER (PARTITION BY s.booked_on, s.reference) AS of_lines, count(*) OVER (PARTITION BY o.tx_no) AS of_entry
			FROM several s
			JOIN bank_open_entries o ON o.custodian_id = $1 AND o.amount = s.amount AND o.effective_on BETWEEN s.booked_on - 5 AND s.booked_on + 5
		)
		SELECT lines, ARRAY[tx_no] AS entries FROM met WHERE of_lines = 1 AND of_entry = 1`},
}

// byRules matches what is open on both sides by the rules, one after the other.
func (d desk) byRules(ctx context.Context, tx *sqlx.Tx) (c Counts, err error) {
	for _, r := range ladder {
		pairs, err := d.ask(ctx, tx, r.rule, r.query)
		if err != nil {
			return c, err
		}
		if err := d.join(ctx, tx, pairs); err != nil {
			return c, err
		}
		c.Matched += len(pairs)
	}
	return c, nil
}

func (d desk) ask(ctx context.Context, tx *sqlx.Tx, rule Rule, query string) ([]pair, error) {
	var rows []struct {
		Lines   pq.Int64Array `db:"lines"`
		Entries pq.Int64Array `db:"entries"`
	}
	if err := tx.SelectContext(ctx, &rows, query, d.ID, d.Program.ID); err != nil {
		return nil, fmt.Errorf("match by %s: %w", rule, err)
	}
	var pairs []pair
	for _, r := range rows {
		p := pair{rule: rule}
		for _, l := range r.Lines {
			p.lines = append(p.lines, custody.LineID(l))
		}
		for _, e := range r.Entries {
			p.entries = append(p.entries, ledger.TxNo(e))
		}
		pairs = append(pairs, p)
	}
	return d.undisputed(ctx, tx, pairs)
}

// undisputed leaves out what a person took apart before: no rule puts together
// again what somebody said does not belong together.
func (d desk) undisputed(ctx context.Context, tx *sqlx.Tx, pairs []pair) ([]pair, error) {
	var lines pq.Int64Array
	for _, p := range pairs {
		for _, l := range p.lines {
			lines = append(lines, int64(l))
		}
	}
	if len(lines) == 0 {
		return pairs, nil
	}
	var apart []struct {
		Line custody.LineID `db:"line_id"`
		Tx   ledger.TxNo    `db:"tx_no"`
	}
	const query = `
		SELECT DISTINCT l.line_id, e.tx_no
		FROM bank_match_lines l JOIN bank_match_entries e ON e.tenant_id = l.tenant_id AND e.match_id = l.match_id
		WHERE l.line_id = ANY ($1) AND NOT l.live`
	if err := tx.SelectContext(ctx, &apart, query, lines); err != nil {
		return nil, fmt.Errorf("matches that were taken apart: %w", err)
	}
	type two struct {
		custody.LineID
		ledger.TxNo
	}
	said := map[two]bool{}
	for _, a := range apart {
		said[two{a.Line, a.Tx}] = true
	}
	kept := pairs[:0]
	for _, p := range pairs {
		disputed := false
		for _, l := range p.lines {
			for _, e := range p.entries {
				disputed = disputed || said[two{l, e}]
			}
		}
		if !disputed {
			kept = append(kept, p)
		}
	}
	return kept, nil
}
