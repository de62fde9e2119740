package ledger

import (
	"fmt"

	"github.com/jmoiron/sqlx"
)

// entries checks every account's history: numbers without a gap, running
// balances, floors with what was on hold, and the fund of each entry.
func (v *verification) entries() error {
	const query = `
		SELECT format('account %s, entry %s', e.account_id, e.seq), c.what
		FROM (
			SELECT account_id, seq, tx_no, fund_id, amount, balance_after, floor,
				lag(seq, 1, CAST(0 AS bigint)) OVER w AS before_seq,
				lag(balance_after, 1, CAST(0 AS numeric)) OVER w AS before_balance,
				lag(tx_no, 1, CAST(0 AS bigint)) OVER w AS before_tx
			FROM ledger_entries
			WHERE book_id = $1
			WINDOW w AS (PARTITION BY account_id ORDER BY seq)
		) e
		LEFT JOIN ledger_accounts a ON a.book_id = $1 AND a.id = e.account_id
		LEFT JOIN (SELECT DISTINCT account_id FROM ledger_holds WHERE book_id = $1) h ON h.account_id = e.account_id
		CROSS JOIN LATERAL (SELECT a.floor + CASE WHEN h.account_id IS NULL THEN 0 ELSE coalesce((
			SELECT held_after FROM ledger_holds n
			WHERE n.book_id = $1 AND n.account_id = e.account_id AND n.after_tx < e.tx_no ORDER BY n.seq DESC LIMIT 1), 0) END AS floor) f
		CROSS JOIN LATERAL (VALUES
			(e.seq <> e.before_seq + 1, format('follows entry %s', e.before_seq)),
			(e.tx_no < e.before_tx, format('belongs to transaction %s, the entry before to %s', e.tx_no, e.before_tx)),
			(e.balance_after <> e.before_balance + e.amount, format('says the balance is %s; %s and %s make %s', e.balance_after, e.before_balance, e.amount, e.before_balance + e.amount)),
			(a.id IS NULL, 'is on an account that does not exist'),
			(e.fund_id <> a.fund_id, format('is in fund %s, its account in fund %s', e.fund_id, a.fund_id)),
			(e.floor IS DISTINCT FROM f.floor AND a.id IS NOT NULL, format('was held to a floor of %s, which should have been %s', coalesce(CAST(e.floor AS text), 'none'), coalesce(CAST(f.floor AS text), 'none'))),
			(e.amount < 0 AND e.balance_after < f.floor, format('leaves %s, below the floor of %s', e.balance_after, f.floor))
		) c (bad, what)
		WHERE (e.seq <> e.before_seq + 1 OR e.tx_no < e.before_tx OR e.balance_after <> e.before_balance + e.amount OR a.id IS NULL
			OR e.fund_id <> a.fund_id OR e.floor IS DISTINCT FROM f.floor OR e.amount < 0 AND e.balance_after < f.floor)
		  AND c.bad
		ORDER BY e.account_id, e.seq`
	if err := v.wrong("account", query); err != nil {
		return err
	}
	const memo = `
		SELECT 'transaction ' || e.tx_no, format('its memo entries sum to %s, not to 0.00', sum(e.amount))
		FROM ledger_accounts a
		JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id
		WHERE a.book_id = $1 AND a.chart >= 9000
		GROUP BY e.tx_no HAVING sum(e.amount) <> 0 ORDER BY e.tx_no`
	return v.wrong("balance", memo)
}

// accounts checks that every account stands in the chart with the chart's floor.
func (v *verification) accounts() error {
	const query = `SELECT id, chart, coalesce(CAST(floor AS text), 'NULL') FROM ledger_accounts WHERE book_id = $1 ORDER BY id`
	return v.each(query, func(rows *sqlx.Rows) error {
		var id AccountID
		var c Chart
		var floor string
		if err := rows.Scan(&id, &c, &floor); err != nil {
			return err
		}
		v.report.Accounts++
		where := fmt.Sprintf("account %d", id)
		line, ok := c.Line()
		if !ok {
			v.report.add("chart", where, "is of %d, which the chart does not have", c)
			return nil
		}
		if line.Floored != (floor == "0.00") || (!line.Floored && floor != "NULL") {
			v.report.add("floor", where, "has floor %s, which is not that of %d", floor, c)
		}
		return nil
	}, v.book)
}

// reversals checks that each reversal is the exact contra of one transaction
// that is none itself, and the only one.
func (v *verification) reversals() error {
	const query = `
		SELECT 'transaction ' || r.no, CASE
			WHEN o.no IS NULL THEN format('reverses %s, which does not exist', r.reverses)
			WHEN o.reverses IS NOT NULL THEN format('reverses %s, itself a reversal', r.reverses)
			WHEN r.copies > 1 THEN format('reverses %s, which is reversed %s times', r.reverses, r.copies)
			ELSE format('is not the exact contra of %s', r.reverses) END
		FROM (SELECT no, reverses, count(*) OVER (PARTITION BY reverses) AS copies
			FROM ledger_transactions WHERE book_id = $1 AND reverses IS NOT NULL) r
		LEFT JOIN ledger_transactions o ON o.book_id = $1 AND o.no = r.reverses
		CROSS JOIN LATERAL (
			SELECT count(*) AS differing FROM (
				SELECT account_id, sum(amount) FROM ledger_entries WHERE book_id = $1 AND tx_no IN (r.no, r.reverses)
				GROUP BY account_id HAVING sum(amount) <> 0) d) x
		WHERE o.no IS NULL OR o.reverses IS NOT NULL OR r.copies > 1 OR x.differing > 0
		ORDER BY r.no`
	return v.wrong("reversal", query)
}

// holds checks the chain of holds of each account as entries checks entries.
func (v *verification) holds() error {
	const count = `SELECT count(*) FROM ledger_holds WHERE book_id = $1 AND act = 'place'`
	if err := sqlx.GetContext(v.ctx, v.q, &v.report.Holds, count, v.book); err != nil {
		return err
	}
	const query = `
		SELECT format('hold %s, row %s of account %s', h.hold_no, h.seq, h.account_id), c.what
		FROM (
			SELECT hold_no, account_id, seq, act, change, held_after, expires_at, tx_no, idem_key, key,
				lag(seq, 1, CAST(0 AS bigint)) OVER w AS before_seq,
				lag(held_after, 1, CAST(0 AS numeric)) OVER w AS before_held
			FROM ledger_holds WHERE book_id = $1
			WINDOW w AS (PARTITION BY account_id ORDER BY seq)
		) h
		LEFT JOIN ledger_holds p ON p.book_id = $1 AND p.hold_no = h.hold_no AND p.act = 'place'
		LEFT JOIN ledger_transactions t ON t.book_id = $1 AND t.no = h.tx_no
		CROSS JOIN LATERAL (VALUES
			(h.seq <> h.before_seq + 1, format('follows row %s', h.before_seq)),
			(h.held_after <> h.before_held + h.change, format('says %s is on hold; %s and %s make %s', h.held_after, h.before_held, h.change, h.before_held + h.change)),
			(h.act <> 'place' AND (p.account_id IS DISTINCT FROM h.account_id OR p.change IS DISTINCT FROM -h.change OR p.expires_at IS DISTINCT FROM h.expires_at), 'ends another hold than was placed'),
			(h.tx_no IS NOT NULL AND t.no IS NULL, format('was captured by transaction %s, which does not exist', h.tx_no)),
			(h.act = 'place' AND h.idem_key IS DISTINCT FROM CAST(substr(encode(sha256(convert_to(h.key, 'UTF8')), 'hex'), 1, 32) AS uuid), 'its key is not the one that was kept unique')
		) c (bad, what)
		WHERE c.bad
		ORDER BY h.account_id, h.seq`
	return v.wrong("hold", query)
}

// checkpoints compares the cached balances with plain sums.
func (v *verification) checkpoints() error {
	const query = `
		SELECT format('checkpoint of account %s as of %s', c.account_id, c.as_of),
			format('says %s, the entries say %s', c.balance, coalesce(s.balance, 0))
		FROM ledger_checkpoints c
		LEFT JOIN LATERAL (
			SELECT sum(e.amount) FILTER (WHERE e.effective_on <= c.as_of) AS balance,
				min(e.seq) FILTER (WHERE e.effective_on > c.as_of) AS later, max(e.tx_no) AS known
			FROM ledger_entries e WHERE e.book_id = $1 AND e.account_id = c.account_id AND e.seq <= c.last_seq) s ON true
		WHERE c.book_id = $1
		  AND (c.balance <> coalesce(s.balance, 0) OR c.later_seq > coalesce(s.later, c.last_seq + 1) OR s.known > c.known_no)
		ORDER BY c.account_id, c.as_of`
	return v.wrong("checkpoint", query)
}

// sums holds what pages add up against the entries: each stretch says what its
// transactions say, and the next one begins behind it.
func (v *verification) sums() error {
	const amounts = `
		WITH said AS (SELECT * FROM ledger_sums WHERE book_id = $1),
		held AS (
			SELECT s.upto_no, a.chart, a.fund_id, t.kind, e.effective_on,
				sum(least(e.amount, 0)) AS debit, sum(greatest(e.amount, 0)) AS credit, count(*) AS entries
			FROM (SELECT DISTINCT upto_no, after_no FROM said) s
			JOIN ledger_entries e ON e.book_id = $1 AND e.tx_no > s.after_no AND e.tx_no <= s.upto_no
			JOIN ledger_transactions t ON t.book_id = $1 AND t.no = e.tx_no
			JOIN ledger_accounts a ON a.book_id = $1 AND a.id = e.account_id
			GROUP BY s.upto_no, a.chart, a.fund_id, t.kind, e.effective_on)
		SELECT format('sums up to transaction %s, account %s, fund %s, %s on %s', upto_no, chart, fund_id, kind, effective_on),
			format('say %s and %s, the entries say %s and %s', coalesce(said.debit, 0), coalesce(said.credit, 0), coalesce(held.debit, 0), coalesce(held.credit, 0))
		FROM said FULL JOIN held USING (upto_no, chart, fund_id, kind, effective_on)
		WHERE (said.debit, said.credit, said.entries) IS DISTINCT FROM (held.debit, held.credit, held.entries)
		ORDER BY upto_no, chart, fund_id, kind, effective_on`
	if err := v.wrong("sum", amounts); err != nil {
		return err
	}
	const stretches = `
		SELECT format('sums up to transaction %s', upto_no), format('begin after %s, the ones before end at %s', after_no, before)
		FROM (SELECT upto_no, after_no, lag(upto_no, 1, 0) OVER (ORDER BY upto_no) AS before
		      FROM (SELECT DISTINCT upto_no, after_no FROM ledger_sums WHERE book_id = $1) d) s
		WHERE after_no <> before
		ORDER BY upto_no`
	return v.wrong("sum", stretches)
}
