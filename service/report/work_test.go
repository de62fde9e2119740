package report

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// exec changes what use cases would take many steps to bring about.
func (m *month) exec(query string, args ...any) {
	m.t.Helper()
	m.do(func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// person takes somebody on the staff.
func (m *month) person(id int64) store.Who {
	m.t.Helper()
	m.exec(`INSERT INTO staff (tenant_id, id, name, language, created_at) VALUES ($1, $2, 'x', 'en', $3)`, m.who.Tenant, id, m.at)
	m.exec(`INSERT INTO staff_accounts (tenant_id, id, staff_id, email, created_at) VALUES ($1, $2, $2, 'x', $3)`, m.who.Tenant, id, m.at)
	return store.Who{Tenant: m.who.Tenant, Actor: fmt.Sprintf("staff/%d", id)}
}

// another is a second program of the same organization.
func (m *month) another() (p program.Program) {
	m.t.Helper()
	m.do(func(ctx context.Context, tx *sqlx.Tx) (err error) {
		p, err = program.Add(ctx, tx, m.who, program.Program{Code: "another", Name: "Another", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, m.at)
		if err != nil {
			return err
		}
		return fund.Open(ctx, tx, m.who, p, m.at)
	})
	return p
}

func (m *month) run(p program.Program, job, state string, round int, dry bool, due time.Time) {
	m.t.Helper()
	lease := any(nil)
	if state == "running" {
		lease = due
	}
	m.exec(`INSERT INTO job_runs (tenant_id, program_id, job, period, round, dry_run, as_of, due_at, requested_by, state, lease_until)
		VALUES ($1, $2, $3, '2026-09-30', $4, $5, '2026-09-30', $6, 'test', $7, $8)`, m.who.Tenant, p.ID, job, round, dry, due, state, lease)
}

func (m *month) ask(who store.Who, p program.ID, subject string) (id approval.ID) {
	m.t.Helper()
	err := m.db.InTx(m.t.Context(), who, func(tx *sqlx.Tx) (err error) {
		id, err = approval.Propose(m.t.Context(), tx, who, approval.Proposal{Program: int64(p), Kind: "receipt", Subject: subject, Reason: "why",
			Content: approval.Content{Total: money(m.t, "5")}}, m.at)
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return id
}

func (m *month) work(who store.Who, p program.Program) (w Work) {
	m.t.Helper()
	m.read(func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		w, err = WorkFor(ctx, q, who, p, m.at)
		return err
	})
	return w
}

// everything is what an approver may decide.
var everything = []Duty{Requests, Rules, Money, Roles, Recovery}

func (m *month) inbox(who store.Who, within ...int64) (n int) {
	m.t.Helper()
	m.read(func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		n, err = Inbox(ctx, q, who, within, everything)
		return err
	})
	return n
}

func (m *month) pending(who store.Who, p program.ID, within ...int64) (out []string) {
	m.t.Helper()
	m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
		all, err := PendingFor(ctx, q, who, p, within, everything)
		for _, x := range all {
			out = append(out, fmt.Sprintf("%d %s %d %s", x.Program, x.Kind, x.N, x.Amount))
		}
		return err
	})
	return out
}

func TestWorkCountsWhatWaitsAndNothingElse(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	other := m.another()
	ana, ben := m.person(1), m.person(2)
	m.at = time.Date(2026, 9, 30, 12, 0, 0, 0, time.UTC)
	late := m.at.Add(-2 * time.Hour)
	before := m.work(ana, m.program)

	m.deposit("lost 1", -1, "7.50", "2026-09-20")
	m.deposit("lost 2", -1, "2.50", "2026-09-10")
	m.run(m.program, "awards", "failed", 0, false, late)
	m.run(m.program, "statements", "failed", 0, false, late)
	m.run(m.program, "statements", "done", 1, false, late) // was run again
	m.run(m.program, "index", "failed", 0, false, late)
	m.run(m.program, "index", "done", 1, true, late) // only tried again
	m.run(m.program, "eligibility", "waiting", 0, false, late)
	m.run(m.program, "duplicates", "waiting", 0, false, m.at.Add(-time.Minute)) // its hour has just come
	m.run(m.program, "reperform", "running", 0, false, late)                    // its lease is over
	m.run(other, "awards", "failed", 0, false, late)
	m.exec(`UPDATE enrollments SET flagged = true WHERE child_id = $1`, m.child[1])
	for i, pair := range [][2]int{{0, 1}, {0, 2}, {1, 2}} {
		state, by := "proposed", any(nil)
		if i == 2 {
			state, by = "distinct", "test"
		}
		m.exec(`INSERT INTO duplicate_pairs (tenant_id, low_child, high_child, score, caution, evidence, state, found_by, found_at, decided_by)
			VALUES ($1, $2, $3, 5, '', '{}', $4, 'test', $5, $6)`, m.who.Tenant, m.child[pair[0]], m.child[pair[1]], state, m.at, by)
	}
	m.exec(`UPDATE duplicate_pairs SET later_by = 'staff/1', later_at = $2 WHERE low_child = $1 AND state = 'proposed' AND high_child = (SELECT max(high_child) FROM duplicate_pairs)`, m.child[0], m.at)
	m.ask(ben, m.program.ID, "receipt/1")
	m.ask(ana, m.program.ID, "receipt/2")
	m.ask(ben, other.ID, "receipt/3")
	m.exec(`INSERT INTO award_excesses (tenant_id, program_id, child_id, benefit, period, amount, why, state, found_by, found_at)
		SELECT tenant_id, program_id, child_id, benefit, period, 4, '{}', 'proposed', 'job/awards', $1 FROM awards WHERE benefit = 'seed' LIMIT 2`, m.at)

	got := m.work(ana, m.program)
	for _, c := range []struct {
		what        string
		before, got int
		more        int
	}{
		{"in suspense", before.Suspense, got.Suspense, 2}, {"failed", before.Failed, got.Failed, 2}, {"stuck", before.Stuck, got.Stuck, 2},
		{"flagged", before.Flagged, got.Flagged, 1}, {"duplicates", before.Duplicates, got.Duplicates, 1},
		{"requests", before.Requests, got.Requests, 1}, {"excesses", before.Excesses, got.Excesses, 2},
	} {
		if c.got-c.before != c.more {
			t.Errorf("%s: %d more, want %d", c.what, c.got-c.before, c.more)
		}
	}
	if got.SuspenseSum.Sub(before.SuspenseSum) != money(t, "10") || got.Oldest.String() != "2026-09-10" || got.ExcessSum != money(t, "8") {
		t.Errorf("sums: %s since %s, excesses %s", got.SuspenseSum, got.Oldest, got.ExcessSum)
	}
	if w := m.work(ana, other); w.Failed != 1 || w.Requests != 1 || w.Suspense != 0 || w.Duplicates != 0 || w.Flagged != 0 || w.Excesses != 0 {
		t.Errorf("the other program: %+v", w)
	}
	if w := m.work(store.Who{Tenant: m.who.Tenant, Actor: "cli"}, m.program); w.Requests != 2 {
		t.Errorf("who is nobody on the staff made none of them: %d requests, want 2", w.Requests)
	}
}

func TestTheInboxHoldsWhatAPersonMayDecideInTheProgramsTheyReach(t *testing.T) {
	t.Parallel()
	m := newMonth(t)
	m.live()
	other := m.another()
	ana, ben := m.person(1), m.person(2)
	here, there := int64(m.program.ID), int64(other.ID)
	if n := m.inbox(ana); n != 0 || len(m.pending(ana, 0)) != 0 {
		t.Fatalf("an empty inbox holds %d and %v", n, m.pending(ana, 0))
	}
	m.ask(ben, m.program.ID, "receipt/1")
	m.ask(ana, m.program.ID, "receipt/2")
	m.ask(ben, other.ID, "receipt/3")
	m.exec(`INSERT INTO award_excesses (tenant_id, program_id, child_id, benefit, period, amount, why, state, found_by, found_at)
		SELECT tenant_id, program_id, child_id, benefit, period, 4, '{}', 'proposed', 'job/awards', $1 FROM awards WHERE benefit = 'seed' LIMIT 2`, m.at)
	propose := func(account, by int64, kind string) {
		m.exec(`INSERT INTO staff_proposals (tenant_id, account_id, kind, roles, programs, reason, proposed_by, proposed_at, state)
			VALUES ($1, $2, $3, '{}', '{}', 'why', $4, $5, 'open')`, m.who.Tenant, account, kind, by, m.at)
	}
	cleo := m.person(3)
	propose(3, 2, "recovery") // about Cleo, by Ben
	for _, c := range []struct {
		what   string
		who    store.Who
		within []int64
		want   int
	}{
		{"Ana everywhere: two of Ben's, the excesses as one, Cleo's recovery", ana, nil, 4},
		{"Ana in the other program: one of Ben's, and Cleo's recovery", ana, []int64{there}, 2},
		{"Ana in this one", ana, []int64{here}, 3},
		{"Ben: Ana's, and the excesses", ben, nil, 2},
		{"Cleo decides nothing about herself", cleo, nil, 4},
		{"nobody on the staff", m.who, nil, 0},
	} {
		if got := m.inbox(c.who, c.within...); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
	// Whoever may decide less has less waiting, counted and listed alike.
	for _, c := range []struct {
		duties []Duty
		want   int
	}{{nil, 0}, {[]Duty{Requests}, 2}, {[]Duty{Money}, 1}, {[]Duty{Roles}, 0}, {[]Duty{Recovery}, 1}, {[]Duty{Requests, Recovery}, 3}} {
		m.read(func(ctx context.Context, q sqlx.QueryerContext) error {
			n, err := Inbox(ctx, q, ana, nil, c.duties)
			if err == nil && n != c.want {
				t.Errorf("who may decide %v: %d, want %d", c.duties, n, c.want)
			}
			listed, lerr := PendingFor(ctx, q, ana, 0, nil, c.duties)
			waiting := n
			for _, d := range c.duties {
				if d == Requests {
					waiting -= 2 // stand in the queue of requests
				}
			}
			if lerr != nil || len(listed) != waiting {
				t.Errorf("who may decide %v: %d listed beside %d requests, %v", c.duties, len(listed), n-waiting, lerr)
			}
			return err
		})
	}
	want := fmt.Sprint([]string{fmt.Sprintf("%d excess 2 8.00", here), "0 staff 1 0.00"})
	if got := fmt.Sprint(m.pending(ana, 0)); got != want {
		t.Errorf("pending: %s, want %s", got, want)
	}
	if got := m.pending(ana, 0, there); len(got) != 1 {
		t.Errorf("pending in the other program: %v", got)
	}
	if got := m.pending(cleo, 0); len(got) != 1 {
		t.Errorf("pending for Cleo: %v", got)
	}
}
