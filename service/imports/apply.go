package imports

import (
	"context"
	"fmt"
	"maps"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/enroll"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// Apply applies the good rows of a checked file and reports how far it is.
// Interrupted, it goes on when it is called again; called for an applied file it
// does nothing. A file that would do something else by now than what was shown
// is checked again and not applied (ErrStale).
func Apply(ctx context.Context, db *store.DB, d Desk, id ID, progress func(done, of int)) error {
	var f file
	var c *checked
	stale := false
	err := db.InTx(ctx, d.Who, func(tx *sqlx.Tx) (err error) {
		f, c, stale, err = begin(ctx, tx, d, id)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("apply import %d: %w", id, err)
	case stale:
		return ErrStale
	case f.State == Applied:
		return nil
	case f.Kind == Deposits:
		err = applyDeposits(ctx, db, d, f, c, progress)
	default:
		err = applyReports(ctx, db, d, f)
	}
	if err != nil {
		return fmt.Errorf("apply import %d: %w", id, err)
	}
	return nil
}

// begin looks again at what a file would do, and begins to apply it where that is
// still what was shown.
func begin(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) (f file, c *checked, stale bool, err error) {
	if f, err = lock(ctx, tx, d, id); err != nil || f.State == Applied {
		return f, nil, false, err
	}
	if f.State != Checked && f.State != Applying {
		return f, nil, false, ErrState
	}
	if err := stillAllowed(ctx, tx, d, f.Source); err != nil {
		return f, nil, false, err
	}
	shown, err := f.counts()
	if err != nil {
		return f, nil, false, err
	}
	if c, err = check(ctx, tx, d, f); err != nil {
		return f, nil, false, err
	}
	if f.State == Checked && !c.counts.does(shown) {
		return f, c, true, c.store(ctx, tx, d, id)
	}
	if shown.By[New]+shown.By[Suspense] == 0 {
		return f, nil, false, ErrNothing
	}
	const query = `UPDATE import_files SET state = 'applying', applied_by = $2 WHERE id = $1`
	_, err = tx.ExecContext(ctx, query, id, d.Actor)
	return f, c, false, err
}

// does reports that two countings would do the same.
func (c Counts) does(other Counts) bool {
	return maps.Equal(c.By, other.By) && c.Children == other.Children && maps.Equal(c.What, other.What) &&
		c.Sums[New].Cmp(other.Sums[New]) == 0 && c.Sums[Suspense].Cmp(other.Sums[Suspense]) == 0
}

func stillAllowed(ctx context.Context, q sqlx.QueryerContext, d Desk, source int64) error {
	const query = `SELECT id, name, agreement, agreement_until, noted_by, noted_at FROM import_sources WHERE id = $1`
	var s Source
	if err := sqlx.GetContext(ctx, q, &s, query, source); err != nil {
		return fmt.Errorf("source %d: %w", source, err)
	}
	return s.allowed(d.today())
}

// applyDeposits posts deposits set by set. What was posted before an
// interruption is posted once.
func applyDeposits(ctx context.Context, db *store.DB, d Desk, f file, c *checked, progress func(done, of int)) error {
	const query = `UPDATE import_files SET done = $2 WHERE id = $1`
	var failed error
	err := c.deposits.Post(ctx, db, d.Who, d.Program, d.At, func(done, of int) {
		progress(done, of)
		err := db.InTx(ctx, d.Who, func(tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, query, f.ID, done)
			return err
		})
		if err != nil {
			failed = err
		}
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	return db.InTx(ctx, d.Who, func(tx *sqlx.Tx) error {
		var clashed []int64
		for i, o := range c.deposits.Outcomes {
			if o == savings.Clash {
				clashed = append(clashed, int64(c.deposits.Lines[i]))
			}
		}
		return finish(ctx, tx, d, f, c.deposits.Received, clashed)
	})
}

// applyReports records facts and events, all in one transaction.
func applyReports(ctx context.Context, db *store.DB, d Desk, f file) error {
	return db.InTx(ctx, d.Who, func(tx *sqlx.Tx) error {
		if _, err := lock(ctx, tx, d, f.ID); err != nil {
			return err
		}
		c, err := check(ctx, tx, d, f)
		if err != nil {
			return err
		}
		if _, _, err := enroll.Report(ctx, tx, d.walk(c.book), c.compared.Only(enroll.RowNew), f.source()); err != nil {
			return err
		}
		return finish(ctx, tx, d, f, 0, nil)
	})
}

// finish notes that a file is applied.
func finish(ctx context.Context, tx *sqlx.Tx, d Desk, f file, depositFile int64, clashed []int64) error {
	const query = `
		UPDATE import_files
		SET state = 'applied', applied_by = $2, applied_at = $3, closed_at = $3, deposit_file_id = nullif(CAST($4 AS bigint), 0),
		    done = (SELECT count(*) FROM import_rows r WHERE r.tenant_id = import_files.tenant_id AND r.file_id = import_files.id)
		WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, f.ID, d.Actor, d.At, depositFile); err != nil {
		return fmt.Errorf("finish: %w", err)
	}
	if len(clashed) > 0 {
		const reject = `UPDATE import_rows SET outcome = 'rejected' WHERE file_id = $1 AND outcome IN ('new', 'suspense') AND line = ANY ($2)`
		if _, err := tx.ExecContext(ctx, reject, f.ID, int64s(clashed)); err != nil {
			return fmt.Errorf("finish: %w", err)
		}
	}
	c, err := f.counts()
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, d.Who, []audit.Event{{Verb: "imports.applied", Kind: "import", Subject: int64(f.ID), Program: int32(d.Program.ID),
		After: map[string]any{"kind": f.Kind, "rows": c.By, "amount": c.Sums[New].Add(c.Sums[Suspense])}}}, d.At)
}

// Discard puts a file aside that is not begun.
func Discard(ctx context.Context, tx *sqlx.Tx, d Desk, id ID) error {
	f, err := lock(ctx, tx, d, id)
	if err != nil {
		return err
	}
	if f.State != Received && f.State != Checked {
		return ErrState
	}
	const query = `UPDATE import_files SET state = 'discarded', closed_at = $2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, query, id, d.At); err != nil {
		return fmt.Errorf("discard import %d: %w", id, err)
	}
	return audit.Record(ctx, tx, d.Who, []audit.Event{{Verb: "imports.discarded", Kind: "import", Subject: int64(id), Program: int32(d.Program.ID)}}, d.At)
}
