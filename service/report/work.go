package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/shopspring/decimal"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/duplicate"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// Work is what waits for somebody in a program.
type Work struct {
	Requests    int           `db:"requests"`    // for this person's approval
	Returned    int           `db:"returned"`    // this person's own, given back lately
	Submitted   int           `db:"submitted"`   // rule books for this person's approval
	Drafts      int           `db:"drafts"`      // rule books nobody submitted yet
	Failed      int           `db:"failed"`      // jobs that nobody ran again
	Stuck       int           `db:"stuck"`       // jobs that nobody works on although it is time
	Staged      int           `db:"staged"`      // rosters
	Begun       int           `db:"begun"`       // rosters that stopped half-way
	Doubtful    int           `db:"doubtful"`    // rows of the newest rosters that need a person
	DoubtfulIn  int64         `db:"doubtful_in"` // the roster that they are of; 0: of several
	Settled     int           `db:"settled"`     // rows of applied rosters that people settled since, to be applied
	SettledIn   int64         `db:"settled_in"`  // likewise
	Duplicates  int           `db:"-"`           // pairs of this program's children that nobody looked at
	Flagged     int           `db:"flagged"`     // participants who may no longer be eligible
	Suspense    int           `db:"suspense"`
	SuspenseSum ledger.Amount `db:"suspense_sum"`
	Oldest      ledger.Date   `db:"oldest"` // of the deposits in suspense
	Excesses    int           `db:"excesses"`
	ExcessSum   ledger.Amount `db:"excess_sum"`
	Queued      ledger.Amount `db:"queued"` // earned, and no fund has it
	Ended       int           `db:"ended"`  // senders whose data agreement has ended
	Ending      int           `db:"ending"` // or ends within agreementDays
	Asked       int           `db:"asked"`  // requests of families that are with the staff
	Late        int           `db:"late"`   // and past their day
	Missed      int           `db:"missed"` // messages to families that did not arrive, in the organization
	Low         []LowFund     `db:"-"`
}

// LowFund is a fund with how long it lasts at the pace of the last months.
type LowFund struct {
	fund.Fund
	Available ledger.Amount
	Spent     ledger.Amount // in the last PaceDays
	Days      int           // for which it lasts; of no meaning where nothing was spent
}

// How far back a fund's pace is looked at, in days, and for how many it should last.
const (
	PaceDays = 90
	lowDays  = 60
	// agreementDays is how long before its end a data agreement is told.
	agreementDays = 60
)

// stuckAfter is how long after its hour a run may wait before somebody looks.
const stuckAfter = time.Hour

// WorkFor returns what waits in a program, for this person where it is a matter
// of the person. Every count is read through an index that holds nothing but
// what waits, or from a table that stays small, so it costs the same for a
// hundred children and a hundred thousand.
func WorkFor(ctx context.Context, q sqlx.QueryerContext, who store.Who, p program.Program, at time.Time) (w Work, err error) {
	person, _ := approval.Person(who) // 0: nobody on the staff, for whom nothing waits
	const query = store.Kept + `
		SELECT
			(SELECT count(*) FROM approval_requests r WHERE r.state = 'waiting' AND r.program_id = $1 AND r.maker_id <> $2
			    AND NOT EXISTS (SELECT FROM approval_decisions d WHERE d.tenant_id = r.tenant_id AND d.request_id = r.id
			                    AND d.staff_id = $2 AND d.content_sha256 = r.content_sha256)) AS requests,
			(SELECT count(*) FROM approval_requests r WHERE r.program_id = $1 AND r.maker_id = $2 AND r.state = 'returned'
			    AND r.closed_at > CAST($4 AS timestamptz) - interval '30 days') AS returned,
			(SELECT count(*) FROM program_rule_books b WHERE b.program_id = $1 AND b.state = 'submitted' AND b.made_by <> $3) AS submitted,
			(SELECT count(*) FROM program_rule_books b WHERE b.program_id = $1 AND b.state = 'draft') AS drafts,
			(SELECT count(*) FROM job_runs j WHERE j.program_id = $1 AND j.state = 'failed' AND NOT EXISTS (
			    SELECT FROM job_runs n WHERE n.tenant_id = j.tenant_id AND n.program_id = j.program_id AND n.job = j.job AND n.period = j.period
			       AND n.round > j.round AND n.state <> 'cancelled' AND (j.dry_run OR NOT n.dry_run))) AS failed,
			(SELECT count(*) FROM job_runs j WHERE j.program_id = $1
			    AND (j.state = 'running' AND j.lease_until < $4 OR j.state = 'waiting' AND j.due_at < $5)) AS stuck,
			(SELECT count(*) FROM import_sources i WHERE i.program_id = $1 AND i.agreement_until < $6) AS ended,
			(SELECT count(*) FROM import_sources i WHERE i.program_id = $1 AND i.agreement_until BETWEEN $6 AND $7) AS ending,
			b.staged, b.begun, b.doubtful, b.doubtful_in, z.settled, z.settled_in,
			(SELECT count(*) FROM outbox o WHERE o.failed_at IS NOT NULL AND o.seen_by = '' AND o.about <> '') AS missed,
			(SELECT count(*) FROM requests a WHERE a.program_id = $1 AND a.closed_at IS NULL AND a.state <> 'back') AS asked,
			(SELECT count(*) FROM requests a WHERE a.program_id = $1 AND a.closed_at IS NULL AND a.state = 'asked' AND a.due_on < $6) AS late,
			(SELECT count(*) FROM enrollments WHERE program_id = $1 AND flagged) AS flagged,
			s.n AS suspense, s.amount AS suspense_sum, s.oldest,
			x.n AS excesses, x.amount AS excess_sum,
			(SELECT CAST(coalesce(sum(n), 0) / 100 AS numeric(18, 2)) FROM program_tallies WHERE program_id = $1 AND what = 'queued') AS queued
		FROM (SELECT count(*) FILTER (WHERE state = 'staged') AS staged,
		             count(*) FILTER (WHERE state = 'applying') AS begun,
		             coalesce(sum(open) FILTER (WHERE newest), 0) AS doubtful,
		             CASE WHEN count(*) FILTER (WHERE newest AND open > 0) = 1 THEN max(id) FILTER (WHERE newest AND open > 0) ELSE 0 END AS doubtful_in
		      FROM (SELECT id, state, id = max(id) OVER (PARTITION BY source_id) AS newest,
		                   coalesce(CAST(CAST(counts AS jsonb) #>> '{by,doubtful}' AS integer), 0)
		                 + coalesce(CAST(CAST(counts AS jsonb) #>> '{by,review}' AS integer), 0)
		                 - coalesce(CAST(CAST(counts AS jsonb) #>> '{settled,same}' AS integer), 0)
		                 - coalesce(CAST(CAST(counts AS jsonb) #>> '{settled,new}' AS integer), 0)
		                 - coalesce(CAST(CAST(counts AS jsonb) #>> '{settled,out}' AS integer), 0) AS open
		            FROM roster_batches WHERE program_id = $1 AND state NOT IN ('discarded', 'undone')) c) b,
		     (SELECT count(*) AS settled, CASE WHEN count(DISTINCT r.batch_id) = 1 THEN max(r.batch_id) ELSE 0 END AS settled_in
		      FROM roster_rows r JOIN roster_batches b ON b.tenant_id = r.tenant_id AND b.id = r.batch_id
		      WHERE b.program_id = $1 AND b.state = 'applied' AND r.settled IN ('same', 'new') AND NOT r.applied) z,
		     (SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount, min(on_day) AS oldest
		      FROM deposits WHERE program_id = $1 AND state = 'suspense') s,
		     (SELECT count(*) AS n, coalesce(sum(amount), 0) AS amount
		      FROM award_excesses WHERE program_id = $1 AND state = 'proposed') x`
	if err := sqlx.GetContext(ctx, q, &w, query, p.ID, person, who.Actor, at, at.Add(-stuckAfter),
		p.Day(at), p.Day(at).AddDays(agreementDays)); err != nil {
		return w, fmt.Errorf("work of %s: %w", p.Code, err)
	}
	if w.Duplicates, err = duplicate.Count(ctx, q, p.ID, duplicate.Asked); err != nil {
		return w, err
	}
	w.Low, err = lowFunds(ctx, q, p, at)
	return w, err
}

// lowFunds are the funds that last for less than lowDays at their pace.
func lowFunds(ctx context.Context, q sqlx.QueryerContext, p program.Program, at time.Time) ([]LowFund, error) {
	all, err := Paces(ctx, q, p, at)
	return slices.DeleteFunc(all, func(l LowFund) bool { return l.Spent.Sign() <= 0 || l.Days >= lowDays }), err
}

// Paces are the restricted funds of a program with what they spent in the last
// PaceDays: what was there then and came in since, less what is there now.
func Paces(ctx context.Context, q sqlx.QueryerContext, p program.Program, at time.Time) ([]LowFund, error) {
	now, err := fund.Available(ctx, q, p, at)
	if err != nil {
		return nil, err
	}
	since := p.Day(at).AddDays(-PaceDays)
	then, err := ledger.Turnovers(ctx, q, p.Book, ledger.SumQuery{Chart: ledger.Uncommitted, In: ledger.Period{Last: since}})
	if err != nil {
		return nil, fmt.Errorf("funds of %s on %s: %w", p.Code, since, err)
	}
	spent := map[ledger.FundID]ledger.Amount{}
	for _, t := range then {
		spent[t.Fund] = spent[t.Fund].Add(t.Net())
	}
	const received = store.Kept + `
		SELECT r.fund_id, sum(r.amount) FROM fund_receipts r JOIN funds f ON f.tenant_id = r.tenant_id AND f.id = r.fund_id
		WHERE f.program_id = $1 AND r.kind <> 'pledge_payment' AND r.on_day > $2 GROUP BY r.fund_id`
	rows, err := q.QueryxContext(ctx, received, p.ID, since)
	if err != nil {
		return nil, fmt.Errorf("receipts of %s: %w", p.Code, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id ledger.FundID
		var amount ledger.Amount
		if err := rows.Scan(&id, &amount); err != nil {
			return nil, fmt.Errorf("receipts of %s: %w", p.Code, err)
		}
		spent[id] = spent[id].Add(amount)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("receipts of %s: %w", p.Code, err)
	}
	funds, err := fund.All(ctx, q, p.ID)
	var all []LowFund
	for _, f := range funds {
		if l := (LowFund{Fund: f, Available: now[f.ID], Spent: spent[f.ID].Sub(now[f.ID])}); f.Kind == fund.Restricted {
			l.runs()
			all = append(all, l)
		}
	}
	return all, err
}

// runs works out for how many days a fund lasts.
func (l *LowFund) runs() {
	if l.Spent.Sign() > 0 {
		days := decimal.New(l.Available.Minor(), 0).Mul(decimal.New(PaceDays, 0)).Div(decimal.New(l.Spent.Minor(), 0))
		l.Days = int(min(days.IntPart(), 36500))
	}
}

// Pending is something to decide that has a page of its own: a rule book, what
// was given beyond an entitlement, or somebody's roles. It stands in the same queue as requests.
type Pending struct {
	Program program.ID    `db:"program_id"`
	Kind    string        `db:"kind"` // "rules", "excess", "merge" or "staff"
	No      int64         `db:"no"`   // of the rule book; 0 for excesses
	N       int           `db:"n"`
	Amount  ledger.Amount `db:"amount"`
	Since   time.Time     `db:"since"`
}

// Duty is something that a person may decide: nothing else is in their queue or
// counted for them.
type Duty string

// The duties.
const (
	Requests Duty = "requests"
	Rules    Duty = "rules"    // rule books
	Money    Duty = "money"    // what was given too much, and joins of records
	Roles    Duty = "roles"    // of the staff
	Recovery Duty = "recovery" // of who lost a second factor
)

// PendingFor returns what else a person may decide, in one program or in all,
// or in those that the person reaches.
func PendingFor(ctx context.Context, q sqlx.QueryerContext, who store.Who, p program.ID, within []int64, duties []Duty) (all []Pending, err error) {
	const query = `
		SELECT program_id, 'rules' AS kind, no, 1 AS n, CAST(0 AS numeric(18, 2)) AS amount, made_at AS since
		FROM program_rule_books
		WHERE 'rules' = ANY ($5) AND state = 'submitted' AND made_by <> $1 AND (CAST($2 AS bigint) = 0 OR program_id = $2)
		  AND (cardinality(CAST($3 AS bigint[])) = 0 OR program_id = ANY ($3))
		UNION ALL
		SELECT program_id, 'excess', 0, count(*), sum(amount), min(found_at)
		FROM award_excesses
		WHERE 'money' = ANY ($5) AND state = 'proposed' AND found_by <> $1 AND (CAST($2 AS bigint) = 0 OR program_id = $2)
		  AND (cardinality(CAST($3 AS bigint[])) = 0 OR program_id = ANY ($3))
		GROUP BY program_id
		UNION ALL
		SELECT e.program_id, 'merge', 0, count(DISTINCT j.id), 0, min(j.proposed_at)
		FROM child_joins j
		JOIN enrollments e ON e.tenant_id = j.tenant_id AND e.child_id IN (j.survivor, j.absorbed)
		WHERE 'money' = ANY ($5) AND j.state = 'proposed' AND j.proposed_by <> $1 AND (CAST($2 AS bigint) = 0 OR e.program_id = $2)
		  AND (cardinality(CAST($3 AS bigint[])) = 0 OR e.program_id = ANY ($3))
		GROUP BY e.program_id
		UNION ALL
		SELECT 0, 'staff', 0, count(*), 0, min(proposed_at)
		FROM staff_proposals s WHERE s.kind = ANY ($5) AND state = 'open' AND proposed_by <> $4` + notAboutThem + `$4)
		HAVING count(*) > 0
		ORDER BY since`
	person, _ := approval.Person(who) // 0: nobody on the staff, who proposed nothing
	if err := sqlx.SelectContext(ctx, q, &all, query, who.Actor, p, pq.Array(append([]int64{}, within...)), person, pq.Array(duties)); err != nil {
		return nil, fmt.Errorf("what else waits: %w", err)
	}
	return all, nil
}

// notAboutThem leaves out proposals about the person who would decide.
const notAboutThem = ` AND NOT EXISTS (
		            SELECT FROM staff_accounts a WHERE a.tenant_id = s.tenant_id AND a.id = s.account_id AND a.staff_id = `

// Inbox counts what waits for a person's decision in the programs that they
// reach (none given: all), as far as it is theirs to decide: requests,
// rule books, proposals about the staff, and for each program what may have to be
// taken back.
func Inbox(ctx context.Context, q sqlx.QueryerContext, who store.Who, within []int64, duties []Duty) (n int, err error) {
	person, err := approval.Person(who)
	if err != nil {
		return 0, nil
	}
	const query = store.Kept + `
		SELECT (SELECT count(*) FROM approval_requests r WHERE 'requests' = ANY ($4) AND r.state = 'waiting' AND r.maker_id <> $1
		            AND (cardinality(CAST($3 AS bigint[])) = 0 OR r.program_id IS NULL OR r.program_id = ANY ($3))
		            AND NOT EXISTS (SELECT FROM approval_decisions d WHERE d.tenant_id = r.tenant_id AND d.request_id = r.id
		                            AND d.staff_id = $1 AND d.content_sha256 = r.content_sha256))
		     + (SELECT count(*) FROM program_rule_books WHERE 'rules' = ANY ($4) AND state = 'submitted' AND made_by <> $2
		            AND (cardinality(CAST($3 AS bigint[])) = 0 OR program_id = ANY ($3)))
		     + (SELECT count(*) FROM staff_proposals s WHERE s.kind = ANY ($4) AND state = 'open' AND proposed_by <> $1` + notAboutThem + `$1))
		     + (SELECT count(*) FROM child_joins j WHERE 'money' = ANY ($4) AND j.state = 'proposed' AND j.proposed_by <> $2 AND EXISTS (
		            SELECT FROM enrollments e WHERE e.tenant_id = j.tenant_id AND e.child_id IN (j.survivor, j.absorbed)
		                AND (cardinality(CAST($3 AS bigint[])) = 0 OR e.program_id = ANY ($3))))
		     + (SELECT count(*) FROM programs p WHERE 'money' = ANY ($4) AND (cardinality(CAST($3 AS bigint[])) = 0 OR p.id = ANY ($3)) AND EXISTS (
		            SELECT FROM award_excesses x WHERE x.tenant_id = p.tenant_id AND x.program_id = p.id AND x.state = 'proposed' AND x.found_by <> $2))`
	if err := sqlx.GetContext(ctx, q, &n, query, person, who.Actor, pq.Array(append([]int64{}, within...)), pq.Array(duties)); err != nil {
		return 0, fmt.Errorf("inbox of %s: %w", who.Actor, err)
	}
	return n, nil
}
