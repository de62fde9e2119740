package report

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// Draw counts a program as of the end of a day and keeps what it finds in place
// of what was kept before. It is a step, and asks the database a few questions
// however many children there are. How many children it counted is returned.
func Draw(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.Program, years rules.Calendar, asOf ledger.Date, at time.Time) (int, error) {
	var id int64
	err := tx.GetContext(ctx, &id, `INSERT INTO pictures (tenant_id, program_id, as_of, drawn_at) VALUES ($1, $2, $3, $4) RETURNING id`, who.Tenant, p.ID, asOf, at)
	if err != nil {
		return 0, fmt.Errorf("draw %s: %w", p.Code, err)
	}
	begin := years.SchoolYear
	if begin == (rules.MonthDay{}) {
		begin = usualYear
	}
	if _, err := tx.ExecContext(ctx, peopleQuery, p.ID, asOf, begin.Month*100+begin.Day); err != nil {
		return 0, fmt.Errorf("draw %s: who takes part: %w", p.Code, err)
	}
	var children int
	for _, step := range []struct {
		what, query string
		args        []any
	}{
		{"whom", `ANALYZE picture_people`, nil}, // the planner knows nothing of a new table
		{"children", cellsQuery, []any{who.Tenant, id, p.ID, p.Book, asOf, pq.Array(childCharts()), pq.Array(capReasons)}},
		{"months", monthsQuery, []any{who.Tenant, id, p.Book, asOf, pq.Array(childCharts())}},
		{"days", daysQuery, []any{who.Tenant, id, p.ID, asOf, asOf.AddMonths(-keptMonths)}},
		{"end", `DROP TABLE picture_people`, nil},
	} {
		if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
			return 0, fmt.Errorf("draw %s: %s: %w", p.Code, step.what, err)
		}
	}
	if err := tx.GetContext(ctx, &children, `SELECT coalesce(sum(children), 0) FROM picture_cells WHERE picture_id = $1`, id); err != nil {
		return 0, fmt.Errorf("draw %s: %w", p.Code, err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM pictures WHERE program_id = $1 AND id <> $2`, p.ID, id); err != nil {
		return 0, fmt.Errorf("draw %s: let go of the one before: %w", p.Code, err)
	}
	return children, nil
}

// usualYear is where a school year begins if the rule book does not say.
var usualYear = rules.MonthDay{Month: 7, Day: 1}

// keptMonths is how far back days are kept: three school years.
const keptMonths = 36

// capReasons are those of a match that a cap cut.
var capReasons = []string{string(rules.ReasonBaseCap), string(rules.ReasonPeriodCap), string(rules.ReasonWithinCap), string(rules.ReasonLifetimeCap), string(rules.ReasonSharedCap)}

// childCharts are the lines of money that is on children's accounts.
func childCharts() []int64 {
	out := []int64{int64(ledger.FamilyPrincipal), int64(ledger.FamilyEarnings)}
	for _, c := range ledger.Designated() {
		out = append(out, int64(c))
	}
	return out
}

// peopleQuery gathers the records of the children who take part: whose they
// are, since when, and where they are today. A child on record twice is one.
const peopleQuery = `
	CREATE TEMPORARY TABLE picture_people ON COMMIT DROP AS
	WITH RECURSIVE r (holder, child) AS (
		SELECT child_id, child_id FROM enrollments WHERE program_id = $1 AND state = 'enrolled' AND enrolled_on <= $2
		UNION
		SELECT r.holder, CASE WHEN j.survivor = r.child THEN j.absorbed ELSE j.survivor END
		FROM r JOIN child_joins j ON j.state = 'joined' AND r.child IN (j.survivor, j.absorbed)
	)
	SELECT r.child, r.holder, e.enrolled_on, coalesce(s.school_id, 0) AS school_id, coalesce(s.grade, '') AS grade, c.language,
	       CAST(extract(year FROM e.enrolled_on) AS integer)
	       - CASE WHEN extract(month FROM e.enrolled_on) * 100 + extract(day FROM e.enrolled_on) < CAST($3 AS integer) THEN 1 ELSE 0 END AS cohort
	FROM r
	JOIN enrollments e ON e.program_id = $1 AND e.child_id = r.holder
	JOIN children c ON c.tenant_id = e.tenant_id AND c.id = r.holder
	LEFT JOIN schoolings s ON s.tenant_id = e.tenant_id AND s.child_id = r.holder AND s.to_on IS NULL`

// cellsQuery counts the children.
const cellsQuery = `
	WITH saved AS (
		SELECT p.holder, count(*) FILTER (WHERE d.on_day > CAST($5 AS date) - interval '1 year') AS deposits,
		       coalesce(sum(d.amount) FILTER (WHERE d.on_day > CAST($5 AS date) - interval '1 year'), 0) AS amount,
		       count(DISTINCT date_trunc('month', d.on_day)) FILTER (WHERE d.on_day > CAST($5 AS date) - interval '1 year') AS months
		FROM deposits d JOIN picture_people p ON p.child = d.child_id
		WHERE d.program_id = $3 AND d.state = 'posted' AND d.on_day <= $5
		GROUP BY p.holder
	), matched AS (
		SELECT p.holder, bool_or(a.posted > 0) AS posted, bool_or(a.reason = ANY ($7)) AS capped
		FROM awards a JOIN picture_people p ON p.child = a.child_id
		WHERE a.program_id = $3 AND a.kind = 'match'
		GROUP BY p.holder
	), seen AS (
		SELECT DISTINCT p.holder FROM guardian_children g JOIN picture_people p ON p.child = g.child_id WHERE g.ended_at IS NULL
	), claimed AS (
		SELECT DISTINCT p.holder FROM child_events v JOIN picture_people p ON p.child = v.child_id
		WHERE v.program_id = $3 AND v.kind = 'claimed' AND v.on_day <= $5 AND v.retracts IS NULL
		  AND NOT EXISTS (SELECT FROM child_events x WHERE x.child_id = v.child_id AND x.program_id = v.program_id AND x.retracts = v.reference)
	), money AS (
		SELECT p.holder, sum(e.balance_after) FILTER (WHERE a.chart < 3000) AS own, sum(e.balance_after) FILTER (WHERE a.chart >= 3000) AS program
		FROM ledger_accounts a
		JOIN picture_people p ON p.child = a.child_id
		CROSS JOIN LATERAL (
			SELECT balance_after FROM ledger_entries WHERE book_id = a.book_id AND account_id = a.id ORDER BY seq DESC LIMIT 1) e
		WHERE a.book_id = $4 AND a.chart = ANY ($6) AND a.child_id > 0
		GROUP BY p.holder
	), each AS (
		SELECT p.cohort, p.school_id, p.grade, p.language, s.holder IS NOT NULL AS activated, c.holder IS NOT NULL AS claimed,
		       d.holder IS NOT NULL AS saving, coalesce(d.deposits, 0) AS deposits, coalesce(d.amount, 0) AS deposited, coalesce(d.months, 0) AS months,
		       coalesce(m.posted, false) AS matched, coalesce(m.capped, false) AS capped, coalesce(b.own, 0) AS own, coalesce(b.program, 0) AS program,
		       greatest(1, (extract(year FROM age) * 12 + extract(month FROM age)) / 3) AS quarters
		FROM picture_people p
		CROSS JOIN LATERAL age(CAST($5 AS date) + 1, p.enrolled_on) AS age
		LEFT JOIN saved d ON d.holder = p.holder
		LEFT JOIN matched m ON m.holder = p.holder
		LEFT JOIN seen s ON s.holder = p.holder
		LEFT JOIN claimed c ON c.holder = p.holder
		LEFT JOIN money b ON b.holder = p.holder
		WHERE p.child = p.holder
	)
	INSERT INTO picture_cells (tenant_id, picture_id, cohort, school_id, grade, language, children, activated, claimed, saving, savers, regular,
	                           matched, matched_ever, capped, deposits, deposited, own, program, quarterly)
	SELECT $1, $2, cohort, school_id, grade, language, count(*), count(*) FILTER (WHERE activated), count(*) FILTER (WHERE claimed),
	       count(*) FILTER (WHERE saving), count(*) FILTER (WHERE deposits > 0), count(*) FILTER (WHERE months >= 6),
	       count(*) FILTER (WHERE deposits > 0 AND matched), count(*) FILTER (WHERE matched), count(*) FILTER (WHERE capped),
	       sum(deposits), sum(deposited), sum(own), sum(program), sum(own / quarters)
	FROM each
	GROUP BY cohort, school_id, grade, language`

// monthsQuery adds up what moved on children's accounts, for everybody, for each
// cohort, for each school and for both.
const monthsQuery = `
	WITH moved AS (
		SELECT e.account_id, CAST(date_trunc('month', e.effective_on) AS date) AS month, sum(e.amount) AS amount
		FROM ledger_accounts a
		JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id
		WHERE a.book_id = $3 AND a.chart = ANY ($5) AND a.child_id > 0 AND e.effective_on <= $4
		GROUP BY 1, 2
	)
	INSERT INTO picture_months (tenant_id, picture_id, cohort, school_id, month, chart, amount)
	SELECT $1, $2, CASE WHEN grouping(p.cohort) = 1 THEN -1 ELSE p.cohort END, CASE WHEN grouping(p.school_id) = 1 THEN -1 ELSE p.school_id END,
	       m.month, a.chart, sum(m.amount)
	FROM moved m
	JOIN ledger_accounts a ON a.book_id = $3 AND a.id = m.account_id
	LEFT JOIN picture_people p ON p.child = a.child_id
	GROUP BY GROUPING SETS ((m.month, a.chart), (m.month, a.chart, p.cohort), (m.month, a.chart, p.school_id), (m.month, a.chart, p.cohort, p.school_id))
	HAVING (grouping(p.cohort) = 1 OR p.cohort IS NOT NULL) AND (grouping(p.school_id) = 1 OR p.school_id IS NOT NULL)`

// daysQuery does the same for deposits, by day and channel.
const daysQuery = `
	INSERT INTO picture_days (tenant_id, picture_id, cohort, school_id, on_day, channel, deposits, amount)
	SELECT $1, $2, CASE WHEN grouping(p.cohort) = 1 THEN -1 ELSE p.cohort END, CASE WHEN grouping(p.school_id) = 1 THEN -1 ELSE p.school_id END,
	       d.on_day, d.channel, count(*), sum(d.amount)
	FROM deposits d
	LEFT JOIN picture_people p ON p.child = d.child_id
	WHERE d.program_id = $3 AND d.state = 'posted' AND d.on_day <= $4 AND d.on_day > $5
	GROUP BY GROUPING SETS ((d.on_day, d.channel), (d.on_day, d.channel, p.cohort), (d.on_day, d.channel, p.school_id), (d.on_day, d.channel, p.cohort, p.school_id))
	HAVING (grouping(p.cohort) = 1 OR p.cohort IS NOT NULL) AND (grouping(p.school_id) = 1 OR p.school_id IS NOT NULL)`
