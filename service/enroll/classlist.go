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
)

// ClassState is a class as it was named last.
type ClassState struct {
	Benefit string        `db:"benefit"`
	On      ledger.Date   `db:"class_on"`
	N       int           `db:"n"` // how often it was listed: once, and whenever somebody was found later
	Members int           `db:"members"`
	Sum     ledger.Amount `db:"sum"` // of all parts
	Hash    string        `db:"hash"`
	Rule    string        `db:"rule_hash"` // the book it was named by
	AsOf    ledger.Date   `db:"as_of"`
	By      string        `db:"named_by"`
	At      time.Time     `db:"named_at"`
	ClassMoney
}

// ClassMoney is what became of a class's parts.
type ClassMoney struct {
	Given   ledger.Amount `db:"given"`   // on the children's accounts
	Coming  ledger.Amount `db:"coming"`  // promised
	Waiting ledger.Amount `db:"waiting"` // for a fund's money
	Waits   int           `db:"waits"`   // children who wait
}

// Day is the class as rule books name it.
func (s ClassState) Day() rules.ClassDay { return rules.ClassDay{Benefit: s.Benefit, On: s.On} }

// ClassMember is a child in a class with what became of its part.
type ClassMember struct {
	Child   family.ChildID `db:"child_id"`
	N       int            `db:"n"` // the list that named it
	On      ledger.Date    `db:"named_on"`
	Amount  ledger.Amount  `db:"amount"`
	Period  string         `db:"period"` // of its award; "" where none was evaluated
	Given   ledger.Amount  `db:"given"`
	Coming  ledger.Amount  `db:"coming"`
	Waiting ledger.Amount  `db:"waiting"`
}

// Classes returns the newest list of every class of a program, the newest class
// first, with what became of the parts.
func Classes(ctx context.Context, q sqlx.QueryerContext, p program.ID, book *rules.Book) ([]ClassState, error) {
	const query = `
		SELECT DISTINCT ON (class_on, benefit) benefit, class_on, n, members, hash, rule_hash, as_of, named_by, named_at,
		       (SELECT coalesce(sum(m.amount), 0) FROM class_members m
		        WHERE m.tenant_id = l.tenant_id AND m.program_id = l.program_id AND m.benefit = l.benefit AND m.class_on = l.class_on) AS sum
		FROM class_lists l
		WHERE program_id = $1
		ORDER BY class_on DESC, benefit, n DESC`
	var all []ClassState
	if err := sqlx.SelectContext(ctx, q, &all, query, p); err != nil {
		return nil, fmt.Errorf("classes of program %d: %w", p, err)
	}
	for i := range all {
		var err error
		if all[i].ClassMoney, err = classMoney(ctx, q, p, book, all[i].Day()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ClassLists returns every list of a class, the first one first.
func ClassLists(ctx context.Context, q sqlx.QueryerContext, p program.ID, day rules.ClassDay) ([]ClassState, error) {
	const query = `
		SELECT benefit, class_on, n, members, hash, rule_hash, as_of, named_by, named_at
		FROM class_lists
		WHERE program_id = $1 AND benefit = $2 AND class_on = $3
		ORDER BY n`
	var lists []ClassState
	if err := sqlx.SelectContext(ctx, q, &lists, query, p, day.Benefit, day.On); err != nil {
		return nil, fmt.Errorf("lists of %s on %s: %w", day.Benefit, day.On, err)
	}
	return lists, nil
}

// ListMembers returns who was in a class when it was listed for the n-th time,
// in the order of the children's numbers: what the list's hash is made of.
func ListMembers(ctx context.Context, q sqlx.QueryerContext, p program.ID, day rules.ClassDay, n int) ([]rules.Member, error) {
	const query = `
		SELECT child_id, amount, named_on
		FROM class_members
		WHERE program_id = $1 AND benefit = $2 AND class_on = $3 AND n <= $4
		ORDER BY child_id`
	rows, err := q.QueryxContext(ctx, query, p, day.Benefit, day.On, n)
	if err != nil {
		return nil, fmt.Errorf("list %d of %s: %w", n, day.Benefit, err)
	}
	defer rows.Close()
	var out []rules.Member
	for rows.Next() {
		var m rules.Member
		if err := rows.Scan(&m.Child, &m.Amount, &m.On); err != nil {
			return nil, fmt.Errorf("list %d of %s: %w", n, day.Benefit, err)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// withAwards joins the members of a class with the awards that their naming
// brought: a benefit of every year has one award for each of its classes.
const withAwards = `
	FROM class_members m
	LEFT JOIN unnest(CAST($4 AS date[]), CAST($5 AS text[])) AS d (named_on, period) ON d.named_on = m.named_on
	LEFT JOIN awards a ON a.tenant_id = m.tenant_id AND a.program_id = m.program_id AND a.child_id = m.child_id AND a.benefit = m.benefit
	     AND (a.period = d.period OR d.period = '')
	WHERE m.program_id = $1 AND m.benefit = $2 AND m.class_on = $3`

// namedOn are the days on which children of a class were named, each with the
// period in which it lies.
func namedOn(ctx context.Context, q sqlx.QueryerContext, p program.ID, book *rules.Book, day rules.ClassDay) (days, periods []string, err error) {
	const query = `SELECT DISTINCT named_on FROM class_members WHERE program_id = $1 AND benefit = $2 AND class_on = $3 ORDER BY named_on`
	var on []ledger.Date
	if err := sqlx.SelectContext(ctx, q, &on, query, p, day.Benefit, day.On); err != nil {
		return nil, nil, fmt.Errorf("days of %s: %w", day.Benefit, err)
	}
	for _, d := range on {
		days, periods = append(days, d.String()), append(periods, book.PeriodOn(day.Benefit, d))
	}
	return days, periods, nil
}

func classMoney(ctx context.Context, q sqlx.QueryerContext, p program.ID, book *rules.Book, day rules.ClassDay) (m ClassMoney, err error) {
	days, periods, err := namedOn(ctx, q, p, book, day)
	if err != nil {
		return m, err
	}
	const query = `
		SELECT coalesce(sum(a.posted), 0) AS given, coalesce(sum(a.accrued), 0) AS coming, coalesce(sum(a.queued), 0) AS waiting,
		       count(*) FILTER (WHERE a.queued > 0) AS waits` + withAwards
	if err := sqlx.GetContext(ctx, q, &m, query, p, day.Benefit, day.On, pq.Array(days), pq.Array(periods)); err != nil {
		return m, fmt.Errorf("money of %s: %w", day.Benefit, err)
	}
	return m, nil
}

// ClassMembers returns children of a class, those after a child, in the order of
// their numbers; with waiting only those who wait for money.
func ClassMembers(ctx context.Context, q sqlx.QueryerContext, p program.ID, book *rules.Book, day rules.ClassDay, waiting bool, after family.ChildID, limit int) ([]ClassMember, error) {
	days, periods, err := namedOn(ctx, q, p, book, day)
	if err != nil {
		return nil, err
	}
	const query = `
		SELECT m.child_id, m.n, m.named_on, m.amount, coalesce(a.period, '') AS period, coalesce(a.posted, 0) AS given,
		       coalesce(a.accrued, 0) AS coming, coalesce(a.queued, 0) AS waiting` + withAwards + `
		  AND m.child_id > $6 AND (NOT CAST($7 AS boolean) OR a.queued > 0)
		ORDER BY m.child_id, a.period LIMIT $8`
	var out []ClassMember
	if err := sqlx.SelectContext(ctx, q, &out, query, p, day.Benefit, day.On, pq.Array(days), pq.Array(periods), after, waiting, limit); err != nil {
		return nil, fmt.Errorf("members of %s: %w", day.Benefit, err)
	}
	return out, nil
}
