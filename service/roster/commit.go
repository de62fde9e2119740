package roster

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/roster/rosterfile"
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
// chunk when it is called again; called for an applied batch it applies what people
// settled since, or does nothing. Rows that are doubtful or to be reviewed and that
// nobody settled (Settle) stay where they are, for people.
// More than the person's roles may do alone needs another person's approval of
// exactly this batch: approval.ErrNeeded.
//
// A batch that was compared before another one of its source was applied is
// ErrStale: nobody has seen what it would do now. A child whom another source
// brought meanwhile is not added again: it is changed, or becomes doubtful.
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
				did, err = commitSettled(ctx, tx, who, keys, p, &b, at)
				return err
			}
			did, err = commitChunk(ctx, tx, who, keys, p, &b, at)
			return err
		})
		if err != nil {
			return total, fmt.Errorf("commit roster %d: %w", id, err)
		}
		total.New, total.Changed, total.Gone = total.New+did.New, total.Changed+did.Changed, total.Gone+did.Gone
		total.Enrolled = total.Enrolled.Plus(did.Enrolled)
		if err := db.Refresh(ctx); err != nil {
			return total, err
		}
		progress(b.DoneGroups, b.Groups)
		if b.State == Applied {
			return total, nil
		}
	}
}

// batchRow is what a commit needs to know of its batch.
type batchRow struct {
	ID         ID          `db:"id"`
	Kind       string      `db:"kind"`
	Source     int64       `db:"source_id"`
	Revision   int         `db:"revision"` // of the source, when the file was compared
	State      State       `db:"state"`
	Groups     int         `db:"groups"`
	DoneGroups int         `db:"done_groups"`
	EnrollOn   ledger.Date `db:"enroll_on"`
	Counts     string      `db:"counts"`
	Preview    string      `db:"preview"`
}

// lockBatch lets one commit of a batch run at a time.
func lockBatch(ctx context.Context, tx *sqlx.Tx, p program.ID, id ID) (b batchRow, err error) {
	const query = `
		SELECT id, kind, source_id, revision, state, groups, done_groups, enroll_on, counts, preview
		FROM roster_batches WHERE program_id = $1 AND id = $2
		FOR UPDATE`
	err = tx.GetContext(ctx, &b, query, p, id)
	if errors.Is(err, sql.ErrNoRows) {
		return batchRow{}, ErrNone
	}
	if err != nil {
		return batchRow{}, err
	}
	if b.State == Discarded || b.State == Undone {
		return batchRow{}, ErrState
	}
	return b, nil
}

// Discard puts a staged batch aside. One that was begun can only go on.
func Discard(ctx context.Context, tx *sqlx.Tx, p program.ID, id ID, at time.Time) error {
	b, err := lockBatch(ctx, tx, p, id)
	if err != nil {
		return err
	}
	if b.State != Staged {
		return ErrState
	}
	const query = `UPDATE roster_batches SET state = 'discarded', closed_at = $2 WHERE id = $1`
	_, err = tx.ExecContext(ctx, query, id, at)
	return err
}

// opened is a staged row, opened.
type opened struct {
	verdict
	n          int
	group      int
	homes      []family.Home // where the child lived before
	formerly   []family.Named
	sourceKey  []byte
	contentKey []byte
	familyKey  []byte
	school     string
	child      rosterfile.Child
	decided    bool   // by a person (Settle)
	before     []byte // what was known of a changed child, sealed
}

func commitChunk(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, b *batchRow, at time.Time) (Done, error) {
	if err := lockSources(ctx, tx, b); err != nil {
		return Done{}, err
	}
	if b.State == Staged {
		if err := authorize(ctx, tx, who, p, b.ID, at); err != nil {
			return Done{}, err
		}
	}
	rows, upTo, err := openChunk(ctx, tx, who, keys, *b)
	if err != nil {
		return Done{}, err
	}
	book, err := program.RulesOn(ctx, tx, p.ID, p.Day(at))
	if err != nil {
		return Done{}, err
	}
	c := chunk{who: who, keys: keys, program: p, book: book, batch: b, at: at}
	if err := c.apply(ctx, tx, rows); err != nil {
		return Done{}, err
	}
	if err := advance(ctx, tx, b.Source); err != nil {
		return Done{}, err
	}
	b.DoneGroups, b.State = upTo, Applying
	if b.DoneGroups >= b.Groups {
		b.State = Applied
	}
	const query = `
		UPDATE roster_batches
		SET state = $2, done_groups = $3, counts = $6, applied_by = $4, applied_at = CASE WHEN $2 = 'applied' THEN CAST($5 AS timestamptz) END,
		    closed_at = CASE WHEN $2 = 'applied' THEN CAST($5 AS timestamptz) END
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, b.ID, string(b.State), b.DoneGroups, who.Actor, at, b.Counts); err != nil {
		return Done{}, fmt.Errorf("mark progress: %w", err)
	}
	if b.State == Applied {
		err = audit.Record(ctx, tx, who, []audit.Event{{Verb: "roster.applied", Kind: "roster", Subject: int64(b.ID), Program: int32(p.ID)}}, at)
	}
	return c.done, err
}

// lockSources has one chunk in the organization applied at a time, so that two
// sources do not both add the same child, and refuses a batch whose comparison
// is out of date.
func lockSources(ctx context.Context, tx *sqlx.Tx, b *batchRow) error {
	const lock = `SELECT id, revision FROM roster_sources ORDER BY id FOR UPDATE`
	var sources []struct {
		ID       int64 `db:"id"`
		Revision int   `db:"revision"`
	}
	if err := tx.SelectContext(ctx, &sources, lock); err != nil {
		return fmt.Errorf("lock sources: %w", err)
	}
	if b.State == Applying {
		return nil
	}
	for _, s := range sources {
		if s.ID == b.Source && s.Revision != b.Revision {
			return ErrStale
		}
	}
	const others = `SELECT EXISTS (SELECT FROM roster_batches WHERE source_id = $1 AND state = 'applying')`
	var unfinished bool
	if err := tx.GetContext(ctx, &unfinished, others, b.Source); err != nil {
		return fmt.Errorf("look for unfinished rosters: %w", err)
	}
	if unfinished {
		return ErrUnfinished
	}
	return nil
}

// advance counts that something of the source is applied: whatever was compared
// before has to be compared again.
func advance(ctx context.Context, tx *sqlx.Tx, source int64) error {
	const query = `UPDATE roster_sources SET revision = revision + 1 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, source); err != nil {
		return fmt.Errorf("advance source %d: %w", source, err)
	}
	return nil
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
	const query = acting + `
		WHERE batch_id = $1 AND grp > $2 AND grp <= $3 AND (finding IN ('new', 'changed', 'gone') OR settled IN ('same', 'new'))
		ORDER BY grp, n`
	rows, err := openRows(ctx, tx, who, keys, b.ID, query, b.ID, b.DoneGroups, upTo)
	return rows, upTo, err
}

// acting are rows as they are applied: a doubtful one as a person settled it.
const acting = `
		SELECT n, grp, CASE settled WHEN 'same' THEN 'changed' WHEN 'new' THEN 'new' ELSE finding END AS finding,
		       CASE settled WHEN 'same' THEN settled_child WHEN 'new' THEN 0 ELSE coalesce(child_id, 0) END, settled <> '', source_key, content_key, family_key, school_code, sealed
		FROM roster_rows`

func openRows(ctx context.Context, q sqlx.QueryerContext, who store.Who, keys *vault.Keyring, id ID, query string, args ...any) ([]opened, error) {
	rows, err := q.QueryxContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("open rows of roster %d: %w", id, err)
	}
	defer rows.Close()
	var out []opened
	for rows.Next() {
		var r opened
		var sealed []byte
		if err := rows.Scan(&r.n, &r.group, &r.finding, &r.id, &r.decided, &r.sourceKey, &r.contentKey, &r.familyKey, &r.school, &sealed); err != nil {
			return nil, fmt.Errorf("open rows of roster %d: %w", id, err)
		}
		if r.child, err = openRow(who, keys, id, r.n, sealed); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// openRow opens what the file says of a child.
func openRow(who store.Who, keys *vault.Keyring, id ID, n int, sealed []byte) (c rosterfile.Child, err error) {
	plain, err := keys.Open(rowPlace(who.Tenant, id, n), sealed)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, fmt.Errorf("staged row %d is damaged", n)
	}
	return c, nil
}
