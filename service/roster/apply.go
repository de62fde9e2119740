package roster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/duplicate"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// chunk is the applying of one set of families.
type chunk struct {
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	book    *rules.Book
	batch   *batchRow
	at      time.Time
	done    Done
}

func (c *chunk) apply(ctx context.Context, tx *sqlx.Tx, rows []opened) error {
	if err := c.recheck(ctx, tx, rows); err != nil {
		return err
	}
	var fresh, changed, gone []*opened
	for i := range rows {
		switch rows[i].finding {
		case New:
			fresh = append(fresh, &rows[i])
		case Changed:
			changed = append(changed, &rows[i])
		case Gone:
			gone = append(gone, &rows[i])
		}
	}
	if err := c.add(ctx, tx, fresh); err != nil {
		return err
	}
	if err := c.change(ctx, tx, changed); err != nil {
		return err
	}
	present := append(fresh, changed...)
	if err := c.school(ctx, tx, present); err != nil {
		return err
	}
	if err := c.remember(ctx, tx, present); err != nil {
		return err
	}
	if err := c.miss(ctx, tx, gone); err != nil {
		return err
	}
	if c.batch.Kind == OfBirths {
		if err := c.births(ctx, tx, present); err != nil {
			return err
		}
	}
	was, err := c.takePart(ctx, tx, present)
	if err != nil {
		return err
	}
	c.done.New, c.done.Changed, c.done.Gone = len(fresh), len(changed), len(gone)
	if err := c.admit(ctx, tx, present); err != nil {
		return err
	}
	if err := c.mark(ctx, tx, rows, was); err != nil {
		return err
	}
	return c.lookForDuplicates(ctx, tx, present)
}

// lookForDuplicates has people asked about children who may be on record twice.
func (c *chunk) lookForDuplicates(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	ids := make([]family.ChildID, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	_, err := duplicate.Look(ctx, tx, c.who, c.keys, ids, c.at)
	return err
}

// recheck looks again whether children who were new when the file was compared
// are known by now: another source may have brought them since.
func (c *chunk) recheck(ctx context.Context, tx *sqlx.Tx, rows []opened) error {
	var fresh []*opened
	var people []family.Person
	for i := range rows {
		if r := &rows[i]; r.finding == New && !r.decided {
			fresh, people = append(fresh, r), append(people, person(r.child))
		}
	}
	found, err := identify(ctx, tx, c.who, c.keys, c.program.ID, people)
	if err != nil {
		return err
	}
	if err := c.numbers(ctx, tx, rows); err != nil {
		return err
	}
	var other []*opened
	for i, r := range fresh {
		if r.verdict = found[i].fresh(); r.finding != New {
			other = append(other, r)
		}
	}
	if len(other) == 0 {
		return nil
	}
	return c.revise(ctx, tx, other)
}

// numbers takes from rows that a person settled a student number that another
// child has: the person saw it, and one number is one child's.
func (c *chunk) numbers(ctx context.Context, q sqlx.QueryerContext, rows []opened) error {
	var decided []*opened
	var numbers []string
	for i := range rows {
		if r := &rows[i]; r.decided {
			decided, numbers = append(decided, r), append(numbers, r.child.StudentNumber)
		}
	}
	if decided == nil {
		return nil
	}
	has, err := family.Find(ctx, q, c.who, c.keys, family.StudentScheme, numbers)
	if err != nil {
		return err
	}
	given := map[string]bool{}
	for i, r := range decided {
		if has[i] != 0 && has[i] != r.id || given[numbers[i]] {
			r.child.StudentNumber = ""
		}
		given[numbers[i]] = numbers[i] != ""
	}
	return nil
}

// takePart are the children who take part before a chunk is admitted.
func (c *chunk) takePart(ctx context.Context, q sqlx.QueryerContext, rows []*opened) (map[family.ChildID]bool, error) {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = int64(r.id)
	}
	const query = `SELECT child_id FROM enrollments WHERE program_id = $1 AND child_id = ANY ($2) AND state = 'enrolled'`
	var found []family.ChildID
	if err := sqlx.SelectContext(ctx, q, &found, query, c.program.ID, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("who takes part: %w", err)
	}
	out := make(map[family.ChildID]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}

// mark keeps of each row what an undo needs to know: that it was used, whom it made
// or changed, what was known before, and whether the child takes part by it.
func (c *chunk) mark(ctx context.Context, tx *sqlx.Tx, rows []opened, was map[family.ChildID]bool) error {
	ns, children, before := make([]int64, len(rows)), make([]int64, len(rows)), make([][]byte, len(rows))
	took, births := make([]bool, len(rows)), make([]bool, len(rows))
	for i, r := range rows {
		ns[i], children[i], before[i], took[i] = int64(r.n), int64(r.id), r.before, was[r.id] || r.finding == Gone
		births[i] = r.finding == New && c.batch.Kind == OfBirths
		was[r.id] = true // of two rows about one child, one enrolled it
	}
	const query = `
		UPDATE roster_rows r SET applied = true, child_id = nullif(v.child_id, 0), before = nullif(v.before, ''), version = c.version, told = CASE WHEN v.births THEN false END,
		       enrolled = NOT v.took AND EXISTS (SELECT FROM enrollments e WHERE e.program_id = $6 AND e.child_id = v.child_id AND e.state = 'enrolled')
		FROM unnest(CAST($2 AS integer[]), CAST($3 AS bigint[]), CAST($4 AS bytea[]), CAST($5 AS boolean[]), CAST($7 AS boolean[]))
		     AS v (n, child_id, before, took, births)
		LEFT JOIN children c ON c.id = v.child_id
		WHERE r.batch_id = $1 AND r.n = v.n AND (r.finding NOT IN ('doubtful', 'review') OR r.settled <> '')`
	if _, err := tx.ExecContext(ctx, query, c.batch.ID, pq.Array(ns), pq.Array(children), pq.ByteaArray(before), pq.Array(took), c.program.ID, pq.Array(births)); err != nil {
		return fmt.Errorf("mark %d rows: %w", len(rows), err)
	}
	return nil
}

// revise stores what became of rows that are not new any more.
func (c *chunk) revise(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	var counts Counts
	if err := json.Unmarshal([]byte(c.batch.Counts), &counts); err != nil {
		return fmt.Errorf("counts of roster %d: %w", c.batch.ID, err)
	}
	ns, children := make([]int64, len(rows)), make([]int64, len(rows))
	findings, reasons := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		ns[i], findings[i], reasons[i], children[i] = int64(r.n), string(r.finding), r.reason, int64(r.id)
		counts.By[New]--
		counts.By[r.finding]++
	}
	const query = `
		UPDATE roster_rows r SET finding = v.finding, reason = v.reason, child_id = v.child_id
		FROM unnest(CAST($2 AS integer[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS bigint[])) AS v (n, finding, reason, child_id)
		WHERE r.batch_id = $1 AND r.n = v.n`
	if _, err := tx.ExecContext(ctx, query, c.batch.ID, pq.Array(ns), pq.Array(findings), pq.Array(reasons), pq.Array(children)); err != nil {
		return fmt.Errorf("revise %d rows: %w", len(rows), err)
	}
	text, err := json.Marshal(counts)
	if err != nil {
		return fmt.Errorf("counts of roster %d: %w", c.batch.ID, err)
	}
	c.batch.Counts = string(text)
	return nil
}

// add records new children, siblings together and with families on record.
func (c *chunk) add(ctx context.Context, tx *sqlx.Tx, fresh []*opened) error {
	if len(fresh) == 0 {
		return nil
	}
	on, err := c.familiesOnRecord(ctx, tx, fresh)
	if err != nil {
		return err
	}
	var families []family.New
	var members [][]*opened
	for i, r := range fresh {
		if i == 0 || r.group != fresh[i-1].group {
			f := family.New{Family: on[string(r.familyKey)]}
			if f.Family == 0 {
				f.Guardians = guardians(r.child)
			}
			families, members = append(families, f), append(members, nil)
		}
		last := len(families) - 1
		families[last].Children = append(families[last].Children, family.NewChild{Person: person(r.child), Language: r.child.Language})
		members[last] = append(members[last], r)
	}
	ids, err := family.Add(ctx, tx, c.who, c.keys, families, c.at)
	if err != nil {
		return err
	}
	for i, children := range ids {
		for j, id := range children {
			members[i][j].id = id
		}
	}
	return nil
}

// familiesOnRecord finds, for families of the file, the one that a sibling from
// the same source belongs to already.
func (c *chunk) familiesOnRecord(ctx context.Context, q sqlx.QueryerContext, rows []*opened) (map[string]family.ID, error) {
	wanted := make([][]byte, len(rows))
	for i, r := range rows {
		wanted[i] = r.familyKey
	}
	const query = `
		SELECT DISTINCT ON (r.family_key) r.family_key, c.family_id
		FROM roster_children r
		JOIN children c ON c.tenant_id = r.tenant_id AND c.id = r.child_id
		WHERE r.source_id = $1 AND r.family_key = ANY ($2)
		ORDER BY r.family_key, c.family_id`
	found, err := q.QueryxContext(ctx, query, c.batch.Source, pq.ByteaArray(wanted))
	if err != nil {
		return nil, fmt.Errorf("families on record: %w", err)
	}
	defer found.Close()
	out := make(map[string]family.ID)
	for found.Next() {
		var key []byte
		var id family.ID
		if err := found.Scan(&key, &id); err != nil {
			return nil, fmt.Errorf("families on record: %w", err)
		}
		out[string(key)] = id
	}
	return out, found.Err()
}

func guardians(child rosterfile.Child) []family.Guardian {
	out := make([]family.Guardian, len(child.Guardians))
	for i, g := range child.Guardians {
		out[i] = family.Guardian{Given: g.Given, Family: g.Family, Phone: g.Phone, Email: g.Email, Relationship: g.Relationship}
	}
	return out
}

func (c *chunk) change(ctx context.Context, tx *sqlx.Tx, changed []*opened) error {
	changed, err := c.changeable(ctx, tx, onePerChild(changed))
	if err != nil || len(changed) == 0 {
		return err
	}
	if err := c.complete(ctx, tx, changed); err != nil {
		return err
	}
	changes, homes := make([]family.Change, len(changed)), make([]family.Household, len(changed))
	for i, r := range changed {
		p := person(r.child)
		p.Before, p.Formerly = r.homes, r.formerly
		changes[i] = family.Change{Child: r.id, Person: p, Language: r.child.Language}
		homes[i] = family.Household{Child: r.id, Guardians: guardians(r.child)}
	}
	if err := family.Update(ctx, tx, c.who, c.keys, changes, c.at); err != nil {
		return err
	}
	return family.PutGuardians(ctx, tx, c.who, c.keys, homes, c.at)
}

// onePerChild keeps the first of several rows about one child: a source may name
// it under two numbers of its own.
func onePerChild(rows []*opened) []*opened {
	met := map[family.ChildID]bool{}
	var out []*opened
	for _, r := range rows {
		if !met[r.id] {
			met[r.id] = true
			out = append(out, r)
		}
	}
	return out
}

// changeable leaves out the children of whom a hold keeps everything as it is,
// and forgets what their rows said, so that the next file says it again.
func (c *chunk) changeable(ctx context.Context, q sqlx.QueryerContext, changed []*opened) (out []*opened, err error) {
	ids := make([]family.ChildID, len(changed))
	for i, r := range changed {
		ids[i] = r.id
	}
	held, err := family.Barred(ctx, q, ids, family.ToChange)
	if err != nil {
		return nil, err
	}
	for _, r := range changed {
		if _, on := held[r.id]; on {
			r.contentKey = []byte{}
			continue
		}
		out = append(out, r)
	}
	return out, nil
}

// complete fills in what a row does not say from what is on record: everything
// where it lists changes only, or where another source knows the child too and
// may have said it.
func (c *chunk) complete(ctx context.Context, q sqlx.QueryerContext, changed []*opened) error {
	ids := make([]family.ChildID, len(changed))
	for i, r := range changed {
		ids[i] = r.id
	}
	known, err := family.Load(ctx, q, c.who, c.keys, ids)
	if err != nil {
		return err
	}
	shared, err := c.shared(ctx, q, ids)
	if err != nil {
		return err
	}
	schools, err := schoolings(ctx, q, ids)
	if err != nil {
		return err
	}
	for i, r := range changed {
		if r.before, err = c.formerly(r.n, known[i], schools[r.id]); err != nil {
			return err
		}
		r.complete(known[i], r.child.Partial || shared[r.id], c.batch.EnrollOn)
	}
	return nil
}

func (r *opened) complete(known family.Child, partial bool, on ledger.Date) {
	p, n := known.Person, &r.child
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	fill(&n.Language, known.Language)
	if r.decided {
		fill(&n.StudentNumber, p.StudentNumber)
	}
	if n.BornOn.IsZero() {
		n.BornOn = p.BornOn // a change without it says nothing about it
	}
	if n.Street+n.City+n.State+n.ZIP == "" {
		n.Street, n.City, n.State, n.ZIP = p.Street, p.City, p.State, p.ZIP // nobody lives nowhere
	}
	if partial {
		fill(&n.Given, p.Given)
		fill(&n.Middle, p.Middle)
		fill(&n.Family, p.Family)
		fill(&n.Preferred, p.Preferred)
		fill(&n.StudentNumber, p.StudentNumber)
	}
	if p.WasCalled(n.Given, n.Family) { // the school has not heard of the new name
		n.Given, n.Middle, n.Family, n.Preferred = p.Given, p.Middle, p.Family, p.Preferred
	}
	r.homes, r.formerly = person(*n).Moved(p, on).Before, p.Formerly
}

// shared are the children whom another source knows too.
func (c *chunk) shared(ctx context.Context, q sqlx.QueryerContext, ids []family.ChildID) (map[family.ChildID]bool, error) {
	const query = `SELECT DISTINCT child_id FROM roster_children WHERE child_id = ANY ($1) AND source_id <> $2`
	var found []family.ChildID
	if err := sqlx.SelectContext(ctx, q, &found, query, pq.Array(ids), c.batch.Source); err != nil {
		return nil, fmt.Errorf("children of other sources: %w", err)
	}
	out := make(map[family.ChildID]bool, len(found))
	for _, id := range found {
		out[id] = true
	}
	return out, nil
}
