package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/rules"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// chunkRows is about how many children one transaction of a commit takes.
const chunkRows = 1000

// Done is what applying a batch did.
type Done struct {
	New, Changed, Gone int
	Enrolled           enroll.Counts
}

// Commit applies a staged batch, a chunk of families a transaction, and
// reports after each chunk. Interrupted, it goes on behind the last finished
// chunk when it is called again; called for an applied batch it does nothing.
// Rows that are doubtful or to be reviewed stay where they are, for people.
func Commit(ctx context.Context, db *store.DB, who store.Who, keys *vault.Keyring, p program.Program, id ID, at time.Time, progress func(done, groups int)) (Done, error) {
	var total Done
	total.Enrolled.Reasons = map[string]int{}
	for {
		var b batchRow
		var did Done
		err := db.InTx(ctx, who, func(tx *sqlx.Tx) (err error) {
			if b, err = lockBatch(ctx, tx, p.ID, id); err != nil {
				return err
			}
			if b.State == Applied {
				return nil
			}
			did, err = commitChunk(ctx, tx, who, keys, p, &b, at)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("commit roster %d: %w", id, err)
		}
		total.New, total.Changed, total.Gone = total.New+did.New, total.Changed+did.Changed, total.Gone+did.Gone
		total.Enrolled = total.Enrolled.Plus(did.Enrolled)
		progress(b.DoneGroups, b.Groups)
		if b.State == Applied {
			return total, nil
		}
	}
}

// batchRow is what a commit needs to know of its batch.
type batchRow struct {
	ID         ID          `db:"id"`
	Source     int64       `db:"source_id"`
	State      State       `db:"state"`
	Groups     int         `db:"groups"`
	DoneGroups int         `db:"done_groups"`
	EnrollOn   ledger.Date `db:"enroll_on"`
	Preview    string      `db:"preview"`
}

// lockBatch lets one commit of a batch run at a time.
func lockBatch(ctx context.Context, tx *sqlx.Tx, p program.ID, id ID) (b batchRow, err error) {
	const query = `
		SELECT id, source_id, state, groups, done_groups, enroll_on, preview
		FROM roster_batches WHERE program_id = $1 AND id = $2
		FOR UPDATE`
	err = tx.GetContext(ctx, &b, query, p, id)
	if errors.Is(err, sql.ErrNoRows) {
		return batchRow{}, ErrNone
	}
	if err != nil {
		return batchRow{}, err
	}
	if b.State == Discarded {
		return batchRow{}, ErrState
	}
	return b, nil
}

// Discard puts a staged batch aside. One that was begun can only go on.
func Discard(ctx context.Context, tx *sqlx.Tx, p program.ID, id ID) error {
	b, err := lockBatch(ctx, tx, p, id)
	if err != nil {
		return err
	}
	if b.State != Staged {
		return ErrState
	}
	const query = `UPDATE roster_batches SET state = 'discarded' WHERE id = $1`
	_, err = tx.ExecContext(ctx, query, id)
	return err
}

// opened is a staged row, opened.
type opened struct {
	n          int
	group      int
	finding    Finding
	id         family.ChildID
	sourceKey  []byte
	contentKey []byte
	familyKey  []byte
	school     string
	child      rosterfile.Child
}

func commitChunk(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, b *batchRow, at time.Time) (Done, error) {
	rows, upTo, err := openChunk(ctx, tx, who, keys, *b)
	if err != nil {
		return Done{}, err
	}
	book, err := program.Rules(ctx, tx, p.ID)
	if err != nil {
		return Done{}, err
	}
	c := chunk{who: who, keys: keys, program: p, book: book, batch: *b, at: at}
	if err := c.apply(ctx, tx, rows); err != nil {
		return Done{}, err
	}
	b.DoneGroups, b.State = upTo, Applying
	if b.DoneGroups >= b.Groups {
		b.State = Applied
	}
	const query = `
		UPDATE roster_batches SET state = $2, done_groups = $3, applied_by = $4, applied_at = CASE WHEN $2 = 'applied' THEN CAST($5 AS timestamptz) END
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, b.ID, string(b.State), b.DoneGroups, who.Actor, at); err != nil {
		return Done{}, fmt.Errorf("mark progress: %w", err)
	}
	if b.State == Applied {
		err = audit.Record(ctx, tx, who, []audit.Event{{Verb: "roster.applied", Kind: "roster", Subject: int64(b.ID), Program: int32(p.ID)}}, at)
	}
	return c.done, err
}

// openChunk opens the next whole families, about chunkRows of children.
func openChunk(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, b batchRow) ([]opened, int, error) {
	const end = `
		SELECT coalesce(max(grp), $3) FROM (
			SELECT grp FROM roster_rows WHERE batch_id = $1 AND grp > $2 ORDER BY grp, n LIMIT $4) r`
	var upTo int
	if err := tx.GetContext(ctx, &upTo, end, b.ID, b.DoneGroups, b.Groups, chunkRows); err != nil {
		return nil, 0, fmt.Errorf("next chunk: %w", err)
	}
	const query = `
		SELECT n, grp, finding, coalesce(child_id, 0), source_key, content_key, family_key, school_code, sealed
		FROM roster_rows
		WHERE batch_id = $1 AND grp > $2 AND grp <= $3 AND finding IN ('new', 'changed', 'gone')
		ORDER BY grp, n`
	rows, err := tx.QueryxContext(ctx, query, b.ID, b.DoneGroups, upTo)
	if err != nil {
		return nil, 0, fmt.Errorf("open chunk: %w", err)
	}
	defer rows.Close()
	var out []opened
	for rows.Next() {
		var r opened
		var sealed []byte
		if err := rows.Scan(&r.n, &r.group, &r.finding, &r.id, &r.sourceKey, &r.contentKey, &r.familyKey, &r.school, &sealed); err != nil {
			return nil, 0, fmt.Errorf("open chunk: %w", err)
		}
		plain, err := keys.Open(rowPlace(who.Tenant, b.ID, r.n), sealed)
		if err != nil {
			return nil, 0, err
		}
		if err := json.Unmarshal(plain, &r.child); err != nil {
			return nil, 0, fmt.Errorf("staged row %d is damaged", r.n)
		}
		out = append(out, r)
	}
	return out, upTo, rows.Err()
}

// chunk is the applying of one set of families.
type chunk struct {
	who     store.Who
	keys    *vault.Keyring
	program program.Program
	book    *rules.Book
	batch   batchRow
	at      time.Time
	done    Done
}

func (c *chunk) apply(ctx context.Context, tx *sqlx.Tx, rows []opened) error {
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
	if err := c.remember(ctx, tx, present, true); err != nil {
		return err
	}
	if err := c.remember(ctx, tx, gone, false); err != nil {
		return err
	}
	c.done.New, c.done.Changed, c.done.Gone = len(fresh), len(changed), len(gone)
	return c.admit(ctx, tx, present)
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
	if len(changed) == 0 {
		return nil
	}
	if err := c.complete(ctx, tx, changed); err != nil {
		return err
	}
	changes := make([]family.Change, len(changed))
	for i, r := range changed {
		changes[i] = family.Change{Child: r.id, Person: person(r.child), Language: r.child.Language}
	}
	return family.Update(ctx, tx, c.who, c.keys, changes, c.at)
}

// complete fills in what a partial row does not say from what is on record.
func (c *chunk) complete(ctx context.Context, q sqlx.QueryerContext, changed []*opened) error {
	ids := make([]family.ChildID, len(changed))
	for i, r := range changed {
		ids[i] = r.id
	}
	known, err := family.Load(ctx, q, c.who, c.keys, ids)
	if err != nil {
		return err
	}
	for i, r := range changed {
		p, n := known[i].Person, &r.child
		if r.child.Language == "" {
			r.child.Language = known[i].Language
		}
		if n.BornOn.IsZero() {
			n.BornOn = p.BornOn // a change without it says nothing about it
		}
		if !r.child.Partial {
			continue
		}
		for _, f := range []struct {
			to   *string
			from string
		}{
			{&n.Given, p.Given}, {&n.Middle, p.Middle}, {&n.Family, p.Family}, {&n.Preferred, p.Preferred},
			{&n.StudentNumber, p.StudentNumber}, {&n.Street, p.Street}, {&n.City, p.City}, {&n.State, p.State}, {&n.ZIP, p.ZIP},
		} {
			if *f.to == "" {
				*f.to = f.from
			}
		}
	}
	return nil
}

// school records where the children go to school from the day of enrollment.
func (c *chunk) school(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	byCode, err := c.schools(ctx, tx)
	if err != nil {
		return err
	}
	var schoolings []family.Schooling
	for _, r := range rows {
		if id, ok := byCode[r.school]; ok {
			schoolings = append(schoolings, family.Schooling{Child: r.id, School: id, Grade: r.child.Grade, From: c.batch.EnrollOn})
		}
	}
	if len(schoolings) == 0 {
		return nil
	}
	return family.SetSchoolings(ctx, tx, c.who, schoolings, c.at)
}

// schools are the schools of the file, added where they are new.
func (c *chunk) schools(ctx context.Context, tx *sqlx.Tx) (map[string]program.SchoolID, error) {
	var p Preview
	if err := json.Unmarshal([]byte(c.batch.Preview), &p); err != nil {
		return nil, fmt.Errorf("preview of roster %d: %w", c.batch.ID, err)
	}
	var named []program.School
	for _, l := range p.Schools {
		if l.Code != "" {
			named = append(named, program.School{Code: l.Code, Name: l.Name, District: l.District})
		}
	}
	known, err := program.PutSchools(ctx, tx, c.who, named, c.at)
	if err != nil {
		return nil, err
	}
	byCode := make(map[string]program.SchoolID, len(known))
	for _, s := range known {
		byCode[s.Code] = s.ID
	}
	return byCode, nil
}

// remember stores which child a source's number stands for and what was said.
func (c *chunk) remember(ctx context.Context, tx *sqlx.Tx, rows []*opened, present bool) error {
	if len(rows) == 0 {
		return nil
	}
	var sources, contents, families [][]byte
	var children []int64
	for _, r := range rows {
		sources, contents, families = append(sources, r.sourceKey), append(contents, r.contentKey), append(families, r.familyKey)
		children = append(children, int64(r.id))
	}
	const query = `
		INSERT INTO roster_children (tenant_id, source_id, source_key, child_id, content_key, family_key, present, batch_id)
		SELECT $1, $2, source_key, child_id, content_key, family_key, $3, $4
		FROM unnest(CAST($5 AS bytea[]), CAST($6 AS bigint[]), CAST($7 AS bytea[]), CAST($8 AS bytea[]))
		     AS r (source_key, child_id, content_key, family_key)
		ON CONFLICT ON CONSTRAINT roster_children_pkey DO UPDATE
		SET content_key = EXCLUDED.content_key, family_key = EXCLUDED.family_key, present = EXCLUDED.present, batch_id = EXCLUDED.batch_id`
	_, err := tx.ExecContext(ctx, query, c.who.Tenant, c.batch.Source, present, c.batch.ID,
		pq.ByteaArray(sources), pq.Array(children), pq.ByteaArray(contents), pq.ByteaArray(families))
	if err != nil {
		return fmt.Errorf("remember %d rows: %w", len(rows), err)
	}
	return nil
}

func (c *chunk) admit(ctx context.Context, tx *sqlx.Tx, rows []*opened) error {
	applications := make([]enroll.Application, len(rows))
	for i, r := range rows {
		applications[i] = enroll.Application{Child: r.id, On: c.batch.EnrollOn}
	}
	if len(applications) == 0 {
		return nil
	}
	var err error
	c.done.Enrolled, err = enroll.Admit(ctx, tx, c.who, c.keys, c.program, c.book, applications, c.at)
	return err
}
