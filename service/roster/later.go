package roster

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/program"
	"seedbook/service/store"
	"seedbook/service/vault"
)

// commitSettled applies the rows of an applied batch that people settled since, all
// in one transaction: a person has looked at each, so they are few. It does nothing
// where there are none.
func commitSettled(ctx context.Context, tx *sqlx.Tx, who store.Who, keys *vault.Keyring, p program.Program, b *batchRow, at time.Time) (Done, error) {
	b.State = Applying // so that the comparison of the rest is not asked about
	if err := lockSources(ctx, tx, b); err != nil {
		return Done{}, err
	}
	b.State = Applied
	const query = acting + ` WHERE batch_id = $1 AND settled IN ('same', 'new') AND NOT applied ORDER BY grp, n`
	rows, err := openRows(ctx, tx, who, keys, b.ID, query, b.ID)
	if err != nil || len(rows) == 0 {
		return Done{}, err
	}
	if err := settleable(ctx, tx, *b); err != nil {
		return Done{}, err
	}
	if err := authorize(ctx, tx, who, p, b.ID, at); err != nil {
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
	return c.done, audit.Record(ctx, tx, who, []audit.Event{{Verb: "roster.settled_applied", Kind: "roster", Subject: int64(b.ID), Program: int32(p.ID),
		After: map[string]any{"rows": len(rows), "new": c.done.New, "changed": c.done.Changed, "enrolled": c.done.Enrolled.Enrolled}}}, at)
}

// Later is how many rows of an applied batch people settled since, to be applied.
func Later(ctx context.Context, q sqlx.QueryerContext, id ID) (n int, err error) {
	const query = `
		SELECT count(*) FROM roster_rows r JOIN roster_batches b ON b.tenant_id = r.tenant_id AND b.id = r.batch_id
		WHERE b.id = $1 AND b.state = 'applied' AND r.finding IN ('doubtful', 'review') AND r.settled IN ('same', 'new') AND NOT r.applied`
	if err := sqlx.GetContext(ctx, q, &n, query, id); err != nil {
		return 0, fmt.Errorf("settled rows of roster %d: %w", id, err)
	}
	return n, nil
}
