package custody

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/program"
)

// Gap is a place where a bank's own statements do not follow from each other:
// a file is missing, or the bank changed the past. It closes by itself when the
// missing file comes.
type Gap struct {
	Custodian string        `db:"code"`
	Account   AccountID     `db:"account_id"`
	Ends      string        `db:"ends"`
	After     ledger.Date   `db:"after_day"` // the statement before ends here
	Day       ledger.Date   `db:"to_day"`
	Said      ledger.Amount `db:"said"`  // the closing balance that the bank states
	Found     ledger.Amount `db:"found"` // the closing balance before, and the lines since
}

// Difference is by how much the bank's figures miss each other.
func (g Gap) Difference() ledger.Amount { return g.Said.Sub(g.Found) }

// Gaps returns where statements of a program's custodians do not follow from
// each other. Each final closing balance is held against the one before and the
// lines booked since, whichever files they came in.
func Gaps(ctx context.Context, q sqlx.QueryerContext, p program.ID) (gaps []Gap, err error) {
	const query = `
		WITH closings AS (
			SELECT DISTINCT ON (s.tenant_id, s.account_id, s.to_day) s.tenant_id, s.account_id, s.to_day, s.closing, a.ends, c.code
			FROM bank_statements s
			JOIN custodian_accounts a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
			JOIN custodians c ON c.tenant_id = a.tenant_id AND c.id = a.custodian_id
			WHERE c.program_id = $1 AND s.final AND s.closing IS NOT NULL
			ORDER BY s.tenant_id, s.account_id, s.to_day, s.id DESC
		), chain AS (
			SELECT k.*, lag(to_day) OVER w AS after_day, lag(closing) OVER w AS before
			FROM closings k WINDOW w AS (PARTITION BY account_id ORDER BY to_day)
		), held AS (
			SELECT k.code, k.account_id, k.ends, k.after_day, k.to_day, k.closing AS said,
			       k.before + coalesce((SELECT sum(l.amount) FROM bank_lines l
			                            WHERE l.tenant_id = k.tenant_id AND l.account_id = k.account_id AND l.booked_on > k.after_day AND l.booked_on <= k.to_day), 0) AS found
			FROM chain k WHERE k.after_day IS NOT NULL
		)
		SELECT code, account_id, ends, after_day, to_day, said, found FROM held WHERE said <> found ORDER BY to_day, account_id`
	if err := sqlx.SelectContext(ctx, q, &gaps, query, p); err != nil {
		return nil, fmt.Errorf("gaps between statements: %w", err)
	}
	return gaps, nil
}

// Position is what the bank had on an account at the end of a day.
type Position struct {
	Account   AccountID     `db:"account_id"`
	Custodian ID            `db:"custodian_id"`
	Ends      string        `db:"ends"`
	Stated    ledger.Date   `db:"stated_on"` // day of the closing balance it rests on; none: lines only
	Closing   ledger.Amount `db:"closing"`   // that balance
	Since     ledger.Amount `db:"since"`     // lines booked behind it, to the day
	Transit   ledger.Amount `db:"transit"`   // booked by the day, and of value only behind it
	Lines     int           `db:"lines"`     // booked on the day
}

// Balance is what the bank had.
func (p Position) Balance() ledger.Amount { return p.Closing.Add(p.Since) }

// Available is what of it counts on the day.
func (p Position) Available() ledger.Amount { return p.Balance().Sub(p.Transit) }

// Positions returns what each account of a program's custodians had at the end
// of a day. No bank's value date lies more than forty days behind its booking.
func Positions(ctx context.Context, q sqlx.QueryerContext, p program.ID, day ledger.Date) (all []Position, err error) {
	const query = `
		SELECT a.id AS account_id, a.custodian_id, a.ends, s.to_day AS stated_on, coalesce(s.closing, 0) AS closing,
		       coalesce(sum(l.amount) FILTER (WHERE s.to_day IS NULL OR l.booked_on > s.to_day), 0) AS since,
		       coalesce(sum(l.amount) FILTER (WHERE l.value_on > $2), 0) AS transit,
		       count(l.id) FILTER (WHERE l.booked_on = $2) AS lines
		FROM custodian_accounts a
		JOIN custodians c ON c.tenant_id = a.tenant_id AND c.id = a.custodian_id AND c.program_id = $1
		LEFT JOIN LATERAL (
			SELECT to_day, closing FROM bank_statements b
			WHERE b.tenant_id = a.tenant_id AND b.account_id = a.id AND b.final AND b.closing IS NOT NULL AND b.to_day <= $2
			ORDER BY b.to_day DESC, b.id DESC LIMIT 1) s ON true
		LEFT JOIN bank_lines l ON l.tenant_id = a.tenant_id AND l.account_id = a.id AND l.booked_on <= $2
			AND (s.to_day IS NULL OR l.booked_on > s.to_day OR l.booked_on > CAST($2 AS date) - 40)
		GROUP BY a.id, a.custodian_id, a.ends, s.to_day, s.closing
		ORDER BY a.custodian_id, a.id`
	if err := sqlx.SelectContext(ctx, q, &all, query, p, day); err != nil {
		return nil, fmt.Errorf("positions on %s: %w", day, err)
	}
	return all, nil
}

// Missing is how many business days' files of a custodian that sends one each
// business day have not come by the end of the business day before asOf.
func Missing(c Custodian, stated, asOf ledger.Date) int {
	for _, f := range c.Files {
		if f.Gives && f.Expected == "business_day" && f.Format != "nacha" {
			if stated.IsZero() {
				return 0 // nothing came yet; it is being set up
			}
			return c.Calendar().Days(stated, asOf.AddDays(-1))
		}
	}
	return 0
}
