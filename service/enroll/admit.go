package enroll

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Application asks that a child take part from a day on.
type Application struct {
	Child family.ChildID
	On    ledger.Date
}

// Counts says what became of a set of children.
type Counts struct {
	Enrolled   int // became participants
	Ineligible int // known, not participants
	Unchanged  int // took part already, or had left
	Flagged    int // participants no longer eligible: somebody decides
	Reasons    map[string]int
}

// Admit makes participants of the children that the rule book finds eligible
// on the day they apply, and keeps the others as known and ineligible with the
// reason. A child that takes part already, or took part once, is left as it
// is, and flagged where it is no longer eligible: it may be repeated. Nothing is
// awarded here: see AwardChunk.
func Admit(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, book *rules.Book, applications []Application, at time.Time) (Counts, error) {
	given := len(applications)
	applications, err := onePerChild(ctx, tx, p.ID, applications)
	if err != nil {
		return Counts{}, fmt.Errorf("admit %d children: %w", given, err)
	}
	ids := make([]family.ChildID, len(applications))
	for i, a := range applications {
		ids[i] = a.Child
	}
	children, err := Facts(ctx, tx, who, keys, p.ID, ids)
	if err != nil {
		return Counts{}, fmt.Errorf("admit %d children: %w", len(ids), err)
	}
	found := make([]finding, len(applications))
	for i, a := range applications {
		if found[i], err = examine(book, children[i], a.On); err != nil {
			return Counts{}, err
		}
	}
	counts, err := record(ctx, tx, who, p.ID, found, at)
	counts.Unchanged += given - len(found)
	return counts, err
}

// finding is the eligibility of one child on a day.
type finding struct {
	child    family.ChildID
	on       ledger.Date
	eligible bool
	reason   string
	why      string
}

func examine(book *rules.Book, c rules.Child, on ledger.Date) (finding, error) {
	ok, why := rules.Eligible(book, c, on)
	text, err := why.JSON()
	if err != nil {
		return finding{}, fmt.Errorf("explain eligibility of child %d: %w", c.ID, err)
	}
	return finding{child: family.ChildID(c.ID), on: on, eligible: ok, reason: string(why.Reason), why: text}, nil
}

// record stores findings: new children get a row, ineligible ones become
// participants once eligible, and participants found ineligible are flagged.
func record(ctx context.Context, tx *sqlx.Tx, who store.Who, p program.ID, found []finding, at time.Time) (Counts, error) {
	n := len(found)
	children, eligible := make([]int64, n), make([]bool, n)
	days, reasons, whys := make([]string, n), make([]string, n), make([]string, n)
	counts := Counts{Reasons: map[string]int{}}
	for i, f := range found {
		children[i], eligible[i], days[i], reasons[i], whys[i] = int64(f.child), f.eligible, f.on.String(), f.reason, f.why
		counts.Reasons[f.reason]++
	}
	// Known children are updated and the others added by two statements in one:
	// an upsert would use up an account number for every child that it finds.
	const query = `
		WITH f AS (
			SELECT child_id, on_day, reason, why, CASE WHEN eligible THEN 'enrolled' ELSE 'ineligible' END AS state,
			       CASE WHEN eligible THEN on_day END AS enrolled_on
			FROM unnest(CAST($3 AS bigint[]), CAST($4 AS boolean[]), CAST($5 AS date[]), CAST($6 AS text[]), CAST($7 AS text[]))
			     AS g (child_id, eligible, on_day, reason, why)
		), before AS (
			SELECT child_id, state FROM enrollments WHERE program_id = $2 AND child_id = ANY (CAST($3 AS bigint[]))
		), changed AS (
			UPDATE enrollments e
			SET state = CASE WHEN e.state IN ('ineligible', 'undone') THEN f.state ELSE e.state END,
			    enrolled_on = coalesce(e.enrolled_on, f.enrolled_on),
			    flagged = e.state = 'enrolled' AND f.state = 'ineligible',
			    reason = f.reason, why = f.why, checked_on = f.on_day, updated_at = $8
			FROM f
			WHERE e.tenant_id = $1 AND e.program_id = $2 AND e.child_id = f.child_id AND e.state IN ('ineligible', 'enrolled', 'undone')
			  AND (e.why <> f.why OR e.reason <> f.reason OR e.state = 'undone' OR (e.state = 'ineligible' AND f.state = 'enrolled'))
			RETURNING e.child_id, e.state, e.flagged
		), added AS (
			INSERT INTO enrollments (tenant_id, program_id, child_id, state, enrolled_on, reason, why, checked_on, created_at, updated_at)
			SELECT $1, $2, child_id, state, enrolled_on, reason, why, on_day, $8, $8
			FROM f WHERE NOT EXISTS (SELECT FROM before b WHERE b.child_id = f.child_id)
			ON CONFLICT ON CONSTRAINT enrollments_tenant_id_program_id_child_id_key DO NOTHING
			RETURNING child_id, state, flagged
		)
		SELECT n.state, n.flagged, coalesce(b.state, '') <> n.state AS moved
		FROM (SELECT child_id, state, flagged FROM changed UNION ALL SELECT child_id, state, flagged FROM added) n
		LEFT JOIN before b ON b.child_id = n.child_id`
	rows, err := tx.QueryxContext(ctx, query, who.Tenant, p, pq.Array(children), pq.Array(eligible), pq.Array(days), pq.Array(reasons), pq.Array(whys), at)
	if err != nil {
		return Counts{}, fmt.Errorf("record %d enrollments: %w", n, err)
	}
	defer rows.Close()
	changed := 0
	for rows.Next() {
		var state State
		var flagged, moved bool
		if err := rows.Scan(&state, &flagged, &moved); err != nil {
			return Counts{}, fmt.Errorf("record enrollments: %w", err)
		}
		changed++
		counts.count(state, flagged, moved)
	}
	counts.Unchanged += n - changed
	return counts, rows.Err()
}

func (c *Counts) count(state State, flagged, moved bool) {
	switch {
	case flagged:
		c.Flagged++
	case state == Enrolled && moved:
		c.Enrolled++
	case state == Ineligible:
		c.Ineligible++
	default:
		c.Unchanged++
	}
}

// Plus adds the counts of another set.
func (c Counts) Plus(d Counts) Counts {
	sum := Counts{c.Enrolled + d.Enrolled, c.Ineligible + d.Ineligible, c.Unchanged + d.Unchanged, c.Flagged + d.Flagged, map[string]int{}}
	for _, m := range []map[string]int{c.Reasons, d.Reasons} {
		for r, n := range m {
			sum.Reasons[r] += n
		}
	}
	return sum
}
