package reconcile

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/program"
	"seedbook/service/store"
)

// lock has decisions about a custodian's lines come one after the other, and with
// the files that bring them.
func lock(ctx context.Context, tx *sqlx.Tx, c Custodian) error {
	if _, err := tx.ExecContext(ctx, `SELECT FROM custodians WHERE id = $1 FOR NO KEY UPDATE`, c.ID); err != nil {
		return fmt.Errorf("lock custodian %s: %w", c.Code, err)
	}
	return nil
}

// movements are the transactions of a book, after one, that move a custodian's
// cash, as the bank counts.
const movements = `
	SELECT e.tx_no, -sum(e.amount) AS amount, t.effective_on, t.kind, t.reverses,
	       CASE WHEN starts_with(t.key, $5) THEN substr(t.key, length($5) + 1) WHEN starts_with(t.key, $6) THEN substr(t.key, length($6) + 1) ELSE t.key END AS reference
	FROM ledger_entries e
	JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id
	JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
	WHERE e.book_id = $1 AND e.tx_no > $2 AND a.chart = ANY ($3) AND a.custodian_id = ANY ($4)
	GROUP BY e.tx_no, t.effective_on, t.kind, t.reverses, t.key
	HAVING sum(e.amount) <> 0`

// movementArgs are the first arguments of a query with movements.
func movementArgs(p program.Program, c Custodian, after ledger.TxNo) []any {
	charts := make(pq.Int64Array, len(cash))
	for i, chart := range cash {
		charts[i] = int64(chart)
	}
	n := strconv.FormatInt(int64(p.ID), 10)
	return []any{p.Book, after, charts, c.dimensions(), "deposit/" + n + "/", "return/" + n + "/"}
}

// sweep reads the movements of a custodian's cash that were posted since the last
// time. What is posted later has a higher number: none is missed.
func sweep(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, c Custodian) error {
	after, err := cursor(ctx, tx, c)
	if err != nil {
		return err
	}
	var newest ledger.TxNo
	const last = `SELECT coalesce(max(no), 0) FROM ledger_transactions WHERE book_id = $1`
	if err := tx.GetContext(ctx, &newest, last, p.Book); err != nil {
		return fmt.Errorf("newest transaction of %s: %w", p.Code, err)
	}
	if newest == after {
		return nil
	}
	const query = `
		INSERT INTO bank_open_entries (tenant_id, custodian_id, tx_no, amount, effective_on, kind, reference, reverses)
		SELECT $7, $8, m.tx_no, m.amount, m.effective_on, m.kind, m.reference, m.reverses
		FROM (` + movements + `) m WHERE m.tx_no <= $9`
	if _, err := tx.ExecContext(ctx, query, append(movementArgs(p, c, after), who.Tenant, c.ID, newest)...); err != nil {
		return fmt.Errorf("read cash of %s: %w", c.Code, err)
	}
	const note = `
		INSERT INTO bank_cursors (tenant_id, custodian_id, upto_no) VALUES ($1, $2, $3)
		ON CONFLICT ON CONSTRAINT bank_cursors_pkey DO UPDATE SET upto_no = excluded.upto_no`
	if _, err := tx.ExecContext(ctx, note, who.Tenant, c.ID, newest); err != nil {
		return fmt.Errorf("note how far cash of %s was read: %w", c.Code, err)
	}
	return nil
}

// cursor is the newest transaction that was read for a custodian.
func cursor(ctx context.Context, q sqlx.QueryerContext, c Custodian) (no ledger.TxNo, err error) {
	const query = `SELECT coalesce(max(upto_no), 0) FROM bank_cursors WHERE custodian_id = $1`
	if err := sqlx.GetContext(ctx, q, &no, query, c.ID); err != nil {
		return 0, fmt.Errorf("how far cash of %s was read: %w", c.Code, err)
	}
	return no, nil
}

// OpenEntries returns the movements of a custodian's cash that no line answers and
// that count on a day or before, the oldest first: what was read, and what was
// posted since.
func OpenEntries(ctx context.Context, q sqlx.QueryerContext, p program.Program, c Custodian, on ledger.Date) ([]OpenEntry, error) {
	after, err := cursor(ctx, q, c)
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT ` + entryColumns + ` FROM bank_open_entries WHERE custodian_id = $7 AND effective_on <= $8
		UNION ALL
		SELECT tx_no, amount, effective_on, kind, reference, coalesce(reverses, 0), '', '' FROM (` + movements + `) m WHERE effective_on <= $8
		ORDER BY effective_on, tx_no`
	var all []OpenEntry
	if err := sqlx.SelectContext(ctx, q, &all, query, append(movementArgs(p, c, after), c.ID, on)...); err != nil {
		return nil, fmt.Errorf("open movements of %s: %w", c.Code, err)
	}
	return all, nil
}

// desk is one custodian's lines being worked on by somebody.
type desk struct {
	enroll.Walk
	Custodian
}
