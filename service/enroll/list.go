package enroll

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// Filter narrows a list of children. Zero values mean "all".
type Filter struct {
	// Text is what is known of a child: words of names, a birth date, a
	// telephone number (family.Search), a student number or an account number.
	Text     string
	School   program.SchoolID
	Grade    string
	State    State
	Language string
	About    About
	After    family.ChildID // keyset: the last child of the page before
	Limit    int
}

// About is something that people look children up by.
type About string

// What a list may be about.
const (
	ToLookAt  About = "flagged"    // participants who are not eligible any more
	Saving    About = "saving"     // the family has paid in
	NotSaving About = "not_saving" // it has not
	Waiting   About = "waiting"    // for the money of a fund
	NoSchool  About = "no_school"  // participants who are at no school
)

// Abouts are all of them, in the order a list offers them.
var Abouts = []About{ToLookAt, Saving, NotSaving, Waiting, NoSchool}

// Row is a child in a list.
type Row struct {
	Enrollment
	Person   family.Person
	Erased   bool
	Language string
	School   string // name; "" when not at a school
	Grade    string
}

// List returns children of a program in the order of their numbers. A page
// starts after the last child of the page before, so it stays right while
// children come and go.
func List(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, f Filter) ([]Row, error) {
	text := strings.TrimSpace(f.Text)
	if text == "" {
		return page(ctx, q, who, keys, p, f, nil)
	}
	ids, err := byNumber(ctx, q, who, keys, p, text)
	if err != nil {
		return nil, err
	}
	if len(ids) > 0 {
		return page(ctx, q, who, keys, p, f, ids)
	}
	return byName(ctx, q, who, keys, p, f, text)
}

// byNumber finds a child by account or student number.
func byNumber(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, text string) ([]family.ChildID, error) {
	var out []family.ChildID
	if account, err := savings.ParseAccount(text); err == nil {
		found, err := savings.Holders(ctx, q, p, []savings.Account{account})
		if err != nil {
			return nil, err
		}
		if found[0] != 0 {
			out = append(out, found[0])
		}
	}
	found, err := family.Find(ctx, q, who, keys, family.StudentScheme, []string{text})
	if err != nil {
		return nil, err
	}
	if found[0] != 0 {
		out = append(out, found[0])
	}
	return out, nil
}

// byName walks the hits of a name until a page is full: names are sealed, so
// the other filters can only be applied to the hits.
func byName(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, f Filter, text string) ([]Row, error) {
	var out []Row
	for len(out) < f.Limit {
		hits, err := family.Search(ctx, q, who, keys, text, f.After, f.Limit)
		if err != nil || len(hits) == 0 {
			return out, err
		}
		rest := f
		rest.Limit = f.Limit - len(out)
		rows, err := page(ctx, q, who, keys, p, rest, hits)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
		if len(hits) < f.Limit {
			break
		}
		f.After = hits[len(hits)-1]
	}
	return out, nil
}

// Rows returns children of a program as lists show them, in the order of their
// numbers. Who never took part is left out.
func Rows(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, ids []family.ChildID) ([]Row, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return page(ctx, q, who, keys, p, Filter{Limit: len(ids)}, ids)
}

// listed are the children of a program that a filter lets through. A record that
// is joined to another one is among them only where somebody looks for it.
const listed = `
		FROM enrollments e
		LEFT JOIN schoolings s ON s.tenant_id = e.tenant_id AND s.child_id = e.child_id AND s.to_on IS NULL
		LEFT JOIN schools h ON h.tenant_id = s.tenant_id AND h.id = s.school_id
		WHERE e.program_id = $1 AND e.child_id > $2
		  AND (e.state = $3 OR $3 = '' AND (e.state <> 'joined' OR CAST($6 AS bigint[]) IS NOT NULL))
		  AND (CAST($4 AS bigint) = 0 OR s.school_id = $4)
		  AND ($5 = '' OR s.grade = $5)
		  AND (CAST($6 AS bigint[]) IS NULL OR e.child_id = ANY ($6))
		  AND ($7 = '' OR EXISTS (SELECT FROM children c WHERE c.tenant_id = e.tenant_id AND c.id = e.child_id AND c.language = $7))
		  AND CASE $8
		      WHEN '' THEN true
		      WHEN 'flagged' THEN e.flagged
		      WHEN 'no_school' THEN s.child_id IS NULL
		      WHEN 'waiting' THEN EXISTS (SELECT FROM awards a WHERE a.tenant_id = e.tenant_id AND a.program_id = e.program_id AND a.child_id = e.child_id AND a.queued > 0)
		      ELSE ($8 = 'saving') = EXISTS (SELECT FROM program_savers d WHERE d.tenant_id = e.tenant_id AND d.program_id = e.program_id AND d.child_id = e.child_id)
		      END`

// args are the arguments of a query over listed, from $1 to $8, and further ones.
func (f Filter) args(p program.ID, only []family.ChildID, more ...any) []any {
	return append([]any{p, f.After, string(f.State), int64(f.School), f.Grade, pq.Array(only), f.Language, string(f.About)}, more...)
}

// MostCounted is how far Count counts: beyond it "more than" says enough, and
// costs nothing more.
const MostCounted = 10_000

// CountListed is how many children a filter without text lets through, at most
// MostCounted and one. A search by text is not counted: names are sealed.
func CountListed(ctx context.Context, q sqlx.QueryerContext, p program.ID, f Filter) (n int, err error) {
	f.After = 0
	if f == (Filter{State: f.State, Limit: f.Limit}) {
		// The list as it opens: counted from an index alone.
		const query = `SELECT count(*) FROM (SELECT FROM enrollments WHERE program_id = $1 AND (state = $2 OR $2 = '' AND state <> 'joined') LIMIT $3) n`
		if err := sqlx.GetContext(ctx, q, &n, query, p, string(f.State), MostCounted+1); err != nil {
			return 0, fmt.Errorf("count children: %w", err)
		}
		return n, nil
	}
	if f.School == 0 && f.Grade == "" && f.About != NoSchool {
		// Nothing about schools: nobody's school is looked up.
		const query = `
			SELECT count(*) FROM (
				SELECT FROM enrollments e
				WHERE e.program_id = $1 AND (e.state = $2 OR $2 = '' AND e.state <> 'joined')
				  AND ($3 = '' OR EXISTS (SELECT FROM children c WHERE c.tenant_id = e.tenant_id AND c.id = e.child_id AND c.language = $3))
				  AND CASE $4
				      WHEN '' THEN true
				      WHEN 'flagged' THEN e.flagged
				      WHEN 'waiting' THEN EXISTS (SELECT FROM awards a WHERE a.tenant_id = e.tenant_id AND a.program_id = e.program_id AND a.child_id = e.child_id AND a.queued > 0)
				      ELSE ($4 = 'saving') = EXISTS (SELECT FROM program_savers d WHERE d.tenant_id = e.tenant_id AND d.program_id = e.program_id AND d.child_id = e.child_id)
				      END
				LIMIT $5) n`
		if err := sqlx.GetContext(ctx, q, &n, query, p, string(f.State), f.Language, string(f.About), MostCounted+1); err != nil {
			return 0, fmt.Errorf("count children: %w", err)
		}
		return n, nil
	}
	const query = `SELECT count(*) FROM (SELECT 1 ` + listed + ` LIMIT $9) n`
	if err := sqlx.GetContext(ctx, q, &n, query, f.args(p, nil, MostCounted+1)...); err != nil {
		return 0, fmt.Errorf("count children: %w", err)
	}
	return n, nil
}

// Listed returns the numbers of all children whom a filter without text lets
// through, at most so many.
func Listed(ctx context.Context, q sqlx.QueryerContext, p program.ID, f Filter, most int) (ids []family.ChildID, err error) {
	f.After = 0
	const query = `SELECT e.child_id ` + listed + ` ORDER BY e.child_id LIMIT $9`
	if err := sqlx.SelectContext(ctx, q, &ids, query, f.args(p, nil, most)...); err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	return ids, nil
}

// CountAll is CountListed without an end to it.
func CountAll(ctx context.Context, q sqlx.QueryerContext, p program.ID, f Filter) (n int, err error) {
	f.After = 0
	const query = `SELECT count(*) ` + listed
	if err := sqlx.GetContext(ctx, q, &n, query, f.args(p, nil)...); err != nil {
		return 0, fmt.Errorf("count children: %w", err)
	}
	return n, nil
}

// Similar returns children of a program whom a text may mean that is spelled
// otherwise, the likeliest first, whatever else the filter asks for.
func Similar(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, text string, limit int) ([]Row, error) {
	ids, err := family.Similar(ctx, q, who, keys, text, limit)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	rows, err := page(ctx, q, who, keys, p, Filter{Limit: limit}, ids)
	slices.SortFunc(rows, func(a, b Row) int { return cmp.Compare(slices.Index(ids, a.Child), slices.Index(ids, b.Child)) })
	return rows, err
}

// page reads one page; only, where given, is the set to choose from.
func page(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, p program.ID, f Filter, only []family.ChildID) ([]Row, error) {
	const query = `
		SELECT e.id, e.child_id, e.state, e.enrolled_on, e.ended_on, e.ended_by, e.flagged, e.reason, e.why,
		       coalesce(h.name, '') AS school, coalesce(s.grade, '') AS grade
		` + listed + `
		ORDER BY e.child_id LIMIT $9`
	rows, err := q.QueryxContext(ctx, query, f.args(p, only, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	defer rows.Close()
	var out []Row
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.ID, &r.Child, &r.State, &r.EnrolledOn, &r.EndedOn, &r.EndedBy, &r.Flagged, &r.Reason, &r.Why, &r.School, &r.Grade); err != nil {
			return nil, fmt.Errorf("list children: %w", err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list children: %w", err)
	}
	return out, openNames(ctx, q, who, keys, out)
}

func openNames(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, rows []Row) error {
	ids := make([]family.ChildID, len(rows))
	for i, r := range rows {
		ids[i] = r.Child
	}
	people, err := family.Load(ctx, q, who, keys, ids)
	if err != nil {
		return err
	}
	for i, c := range people {
		rows[i].Person, rows[i].Erased, rows[i].Language = c.Person, c.Erased, c.Language
	}
	return nil
}

// Money is what a child has: the family's own and the program's, by account.
type Money struct {
	Own     ledger.Amount // the family's
	Program ledger.Amount // designated to the child
	Coming  ledger.Amount // promised, not on the account yet
}

// Total is what is on the child's account.
func (m Money) Total() ledger.Amount { return m.Own.Add(m.Program) }

// MoneyOf returns what children have in a program's book now, on the accounts of
// all their records.
func MoneyOf(ctx context.Context, q sqlx.QueryerContext, p program.Program, ids []family.ChildID) (map[family.ChildID]Money, error) {
	records, err := family.Records(ctx, q, ids)
	if err != nil {
		return nil, err
	}
	byRecord, err := MoneyOfRecords(ctx, q, p, family.WithRecords(ids, records))
	if err != nil || len(records) == 0 {
		return byRecord, err
	}
	out := make(map[family.ChildID]Money, len(ids))
	for _, id := range ids {
		if out[id] = byRecord[id]; records[id] != nil {
			out[id] = Money{}
		}
		for _, r := range records[id] {
			out[id] = out[id].plus(byRecord[r])
		}
	}
	return out, nil
}

func (m Money) plus(n Money) Money {
	return Money{m.Own.Add(n.Own), m.Program.Add(n.Program), m.Coming.Add(n.Coming)}
}

// MoneyOfRecords returns what each record has on its own accounts.
func MoneyOfRecords(ctx context.Context, q sqlx.QueryerContext, p program.Program, ids []family.ChildID) (map[family.ChildID]Money, error) {
	if len(ids) == 0 {
		return nil, nil // no child at all: to the ledger that would be every account
	}
	children := make([]int64, len(ids))
	for i, id := range ids {
		children[i] = int64(id)
	}
	balances, err := ledger.Balances(ctx, q, p.Book, ledger.Query{Children: children})
	if err != nil {
		return nil, fmt.Errorf("money of %d children: %w", len(ids), err)
	}
	out := make(map[family.ChildID]Money, len(ids))
	for _, b := range balances {
		m := out[family.ChildID(b.Child)]
		switch {
		case b.Chart == ledger.Accrued:
			m.Coming = m.Coming.Add(b.Amount)
		case b.Chart.Layer() == ledger.LayerFamily:
			m.Own = m.Own.Add(b.Amount)
		case b.Chart.Layer() != "":
			m.Program = m.Program.Add(b.Amount)
		}
		out[family.ChildID(b.Child)] = m
	}
	return out, nil
}
