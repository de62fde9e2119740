package jobs

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/store"
)

// house is a database with an organization, a program in New York and a table
// that a test's job writes: each child is done once a period, or the database
// complains.
type house struct {
	t       testing.TB
	db      *store.DB
	owner   *sqlx.DB
	program Program
	clock   *fakeClock
	log     *bytes.Buffer
	logger  *slog.Logger // one for all runners: it guards log
}

const children = 25

func newHouse(t testing.TB, dsn string) *house {
	t.Helper()
	owner, err := sqlx.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Close() })
	db, err := store.Open(dsn, 16)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{t: t, db: db, owner: owner, clock: &fakeClock{}, log: &bytes.Buffer{}}
	h.logger = slog.New(slog.NewTextHandler(h.log, nil))
	h.exec(`CREATE TABLE IF NOT EXISTS test_done (tenant_id integer NOT NULL, job text, period text, child bigint, at timestamptz,
			CONSTRAINT test_done_once_key UNIQUE (tenant_id, job, period, child))`)
	if h.count(`SELECT count(*) FROM tenants`) == 0 {
		h.exec(`SELECT tenant_table('test_done', 'SELECT, INSERT')`)
		h.exec(`INSERT INTO tenants (id, name, created_at) VALUES (1, 'Riverbend', '2026-01-01Z'), (2, 'Springfield', '2026-01-01Z')`)
	}
	h.program = h.addProgram(1, "riverbend", "America/New_York")
	h.clock.set(at(t, "2026-08-20T12:00:00Z"))
	return h
}

func (h *house) addProgram(tenant int32, code, zoneName string) Program {
	h.t.Helper()
	h.exec(`INSERT INTO programs (tenant_id, code, name, time_zone, currency, rounding, book_id, created_at)
		VALUES ($1, $2, $2, $3, 'USD', 'half_up', 1, '2026-01-01Z') ON CONFLICT DO NOTHING`, tenant, code, zoneName)
	p := Program{Tenant: tenant, Code: code, Zone: zone(h.t, zoneName)}
	if err := h.owner.Get(&p.ID, `SELECT id FROM programs WHERE tenant_id = $1 AND code = $2`, tenant, code); err != nil {
		h.t.Fatal(err)
	}
	return p
}

func (h *house) exec(query string, args ...any) {
	h.t.Helper()
	if _, err := h.owner.Exec(query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	if err := h.owner.Get(&n, query, args...); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (h *house) runs() []Run {
	h.t.Helper()
	var runs []Run
	err := h.db.Read(h.t.Context(), store.Who{Tenant: h.program.Tenant, Actor: "test"}, func(q sqlx.QueryerContext) (err error) {
		runs, err = History(h.t.Context(), q, 0, 0, 1000)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(runs)
	return runs
}

// only is the one run there is.
func (h *house) only() Run {
	h.t.Helper()
	runs := h.runs()
	if len(runs) != 1 {
		h.t.Fatalf("%d runs, want 1: %+v", len(runs), runs)
	}
	return runs[0]
}

// runner is one copy of the program, with the jobs given.
func (h *house) runner(jobs ...Job) *Runner {
	return &Runner{
		DB: h.db, Jobs: jobs, Now: h.clock.now, Lease: time.Minute,
		Programs: func(context.Context) ([]Program, error) { return []Program{h.program}, nil },
		Log:      h.logger,
	}
}

func (h *house) tick(r *Runner) {
	h.t.Helper()
	if err := r.Tick(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// eachOnce fails unless every child was done exactly once in every period that
// has a finished run.
func (h *house) eachOnce() {
	h.t.Helper()
	const query = `
		SELECT count(*)
		FROM job_runs r
		WHERE r.state = 'done' AND NOT r.dry_run AND r.round = 0
		  AND (r.done <> $1 OR $1 <> (SELECT count(DISTINCT child) FROM test_done d WHERE d.tenant_id = r.tenant_id AND d.job = r.job AND d.period = r.period))`
	if n := h.count(query, children); n != 0 {
		h.t.Errorf("%d runs did not do each child once: %+v", n, h.runs())
	}
}

type fakeClock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *fakeClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

func (c *fakeClock) pass(d time.Duration) { c.set(c.now().Add(d)) }

// tens is a job that does ten children a chunk. between, if any, is called in
// each chunk's transaction, after its work.
func tens(name string, between func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) error) Job {
	return New(name,
		func(context.Context, sqlx.QueryerContext, Task) (int, error) { return children, nil },
		func(ctx context.Context, tx *sqlx.Tx, t Task, from Cursor) (Step, error) {
			const query = `
				INSERT INTO test_done (tenant_id, job, period, child, at)
				SELECT $1, $2, $3, n, $6 FROM generate_series(CAST($4 AS bigint), $5) AS n`
			first, last := from.ID()+1, min(from.ID()+10, children)
			if _, err := tx.ExecContext(ctx, query, t.Who.Tenant, name, t.Period.Key, first, last, t.At); err != nil {
				return Step{}, err
			}
			if between != nil {
				if err := between(ctx, tx, t, from); err != nil {
					return Step{}, err
				}
			}
			done := int(last - first + 1)
			step := Step{Next: After(last), Done: done, Counts: Counts{"enough": done}, Sums: Sums{"given": ledger.Minor(int64(done) * 250)}}
			if last == children {
				step.Next = ""
			}
			return step, nil
		})
}

var staff = store.Who{Tenant: 1, Actor: "staff/7"}
