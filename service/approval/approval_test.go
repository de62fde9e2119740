package approval

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/migrations/pgtest"
	"seedbook/service/store"
)

var at = time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)

// house is an organization: person 1 has an operator's account 11 and, to be
// tempted by, an approver's account 12; persons 2 and 3 approve by accounts 21
// and 31; person 4 answers families by account 41. Organization 2 has its own
// approver, person 5.
type house struct {
	t  *testing.T
	db *store.DB
}

func newHouse(t *testing.T) *house {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	h := &house{t, db}
	err = db.InTx0(t.Context(), "test", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO tenants (id, name, created_at) VALUES (1, 'Here', $1), (2, 'Elsewhere', $1)`, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.hire(1, 1, map[int64]string{11: "operator", 12: "approver"})
	h.hire(1, 2, map[int64]string{21: "approver"})
	h.hire(1, 3, map[int64]string{31: "approver"})
	h.hire(1, 4, map[int64]string{41: "support"})
	h.hire(2, 5, map[int64]string{51: "approver"})
	return h
}

func (h *house) hire(tenant int32, person int64, accounts map[int64]string) {
	h.t.Helper()
	h.do(store.Who{Tenant: tenant, Actor: "test"}, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO staff (tenant_id, id, name, language, created_at) VALUES ($1, $2, 'x', 'en', $3)`, tenant, person, at); err != nil {
			return err
		}
		for account, role := range accounts {
			if _, err := tx.ExecContext(ctx, `INSERT INTO staff_accounts (tenant_id, id, staff_id, email, created_at) VALUES ($1, $2, $3, 'x', $4)`, tenant, account, person, at); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO staff_roles (tenant_id, account_id, role, granted_at, granted_by) VALUES ($1, $2, $3, $4, 'test')`, tenant, account, role, at); err != nil {
				return err
			}
		}
		return nil
	})
}

func (h *house) try(who store.Who, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	h.t.Helper()
	return h.db.InTx(h.t.Context(), who, func(tx *sqlx.Tx) error { return fn(h.t.Context(), tx) })
}

func (h *house) do(who store.Who, fn func(ctx context.Context, tx *sqlx.Tx) error) {
	h.t.Helper()
	if err := h.try(who, fn); err != nil {
		h.t.Fatal(err)
	}
}

func person(tenant int32, staff, account int64) Checker {
	return Checker{store.Who{Tenant: tenant, Actor: actorOf(staff)}, account}
}

var (
	maker     = person(1, 1, 11)
	makerToo  = person(1, 1, 12)
	checker   = person(1, 2, 21)
	second    = person(1, 3, 31)
	support   = person(1, 4, 41)
	elsewhere = person(2, 5, 51)
)

func money(t *testing.T, s string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (h *house) content(total string) Content {
	return Content{Total: money(h.t, total), Affected: 2, Effects: []Effect{{What: "own", Child: 7, Before: money(h.t, total)}}}
}

func (h *house) ask(c Content, subject string) (r Request) {
	h.t.Helper()
	h.do(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := Propose(ctx, tx, maker.Who, Proposal{Kind: Correction, Subject: subject, Reason: "The slip named the sister.", Content: c}, at)
		if err != nil {
			return err
		}
		r, err = Load(ctx, tx, id)
		return err
	})
	return r
}

func (h *house) approve(by Checker, r Request, fresh Content) (out Outcome, err error) {
	h.t.Helper()
	err = h.try(by.Who, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		out, err = Approve(ctx, tx, by, r.ID, r.Hash, fresh, "", at)
		return err
	})
	return out, err
}

func (h *house) execute(by Checker, r Request, fresh Content) error {
	h.t.Helper()
	return h.try(by.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := Execute(ctx, tx, by.Who, r.ID, fresh, at)
		return err
	})
}

func (h *house) state(r Request) Request {
	h.t.Helper()
	h.do(maker.Who, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		r, err = Load(ctx, tx, r.ID)
		return err
	})
	return r
}

func TestNobodyApprovesWhoMayNot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.content("25.00")
	r := h.ask(c, "deposit/1")
	stolen := checker
	stolen.Account = 12 // an account with the role, of somebody else
	for name, refused := range map[string]struct {
		by   Checker
		want error
	}{
		"who asked, by the same account":  {maker, ErrSamePerson},
		"who asked, by another account":   {makerToo, ErrSamePerson},
		"who answers families":            {support, ErrRole},
		"by an account of another person": {stolen, ErrRole},
		"another organization":            {elsewhere, ErrNone},
		"no person":                       {Checker{store.Who{Tenant: 1, Actor: "cli"}, 21}, ErrPerson},
	} {
		if _, err := h.approve(refused.by, r, c); !errors.Is(err, refused.want) {
			t.Errorf("%s: %v, want %v", name, err, refused.want)
		}
	}
	h.do(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE staff_roles SET revoked_at = $1, revoked_by = 'test' WHERE account_id = 21`, at)
		return err
	})
	if _, err := h.approve(checker, r, c); !errors.Is(err, ErrRole) {
		t.Errorf("who lost the role: %v", err)
	}
	h.do(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE staff_accounts SET disabled_at = $1 WHERE id = 31`, at)
		return err
	})
	if _, err := h.approve(second, r, c); !errors.Is(err, ErrRole) {
		t.Errorf("by an account that is switched off: %v", err)
	}
	if err := h.execute(maker, r, c); !errors.Is(err, ErrNeeded) {
		t.Errorf("done without approval: %v", err)
	}
}

// The tables refuse what a careless or a hostile program sends them.
func TestTheDatabaseRefusesWithoutUs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.content("25.00")
	r := h.ask(c, "deposit/1")
	for name, query := range map[string]string{
		"another maker for the checker's sake": `INSERT INTO approval_decisions (tenant_id, request_id, n, decision, maker_id, staff_id, account_id, content_sha256, reason, decided_at)
			SELECT 1, id, 1, 'approved', 2, 1, 12, content_sha256, '', made_at FROM approval_requests`,
		"done without approval": `INSERT INTO approval_executions (tenant_id, request_id, content_sha256, executed_by, executed_at)
			SELECT 1, id, content_sha256, 'staff/1', made_at FROM approval_requests`,
		"said to be done":     `UPDATE approval_requests SET state = 'executed', closed_at = made_at`,
		"another total":       `UPDATE approval_requests SET total = 1`,
		"content and no hash": `UPDATE approval_requests SET content = '{}'`,
		"another maker":       `UPDATE approval_requests SET maker_id = 2`,
		"deleted":             `DELETE FROM approval_requests`,
		"limits of one's own": `INSERT INTO approval_limits (tenant_id, request_id, kind, role, duty, set_at) SELECT 1, id, 'correction', 'operator', 'approve', made_at FROM approval_requests`,
	} {
		err := h.try(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, query)
			return err
		})
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if out, err := h.approve(checker, r, c); out != Enough || err != nil {
		t.Errorf("all in vain, but: %s %v", out, err)
	}
	for name, query := range map[string]string{
		"a decision changed":        `UPDATE approval_decisions SET reason = 'x'`,
		"changed and kept approved": `UPDATE approval_requests SET content = '{}', content_sha256 = sha256('{}'), revision = 2`,
	} {
		err := h.try(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, query)
			return err
		})
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestWhatChangedGoesBackToReview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	shown, now := h.content("25.00"), h.content("52.00")
	r := h.ask(shown, "deposit/1")
	if out, err := h.approve(checker, r, now); out != Renewed || err != nil {
		t.Fatalf("changed before approval: %s %v", out, err)
	}
	again := h.state(r)
	if again.State != Waiting || again.Revision != 2 || again.Given != 0 || again.Total != now.Total {
		t.Errorf("it waits as %+v", again)
	}
	if _, err := h.approve(checker, r, now); !errors.Is(err, ErrChanged) {
		t.Errorf("the page from before: %v", err)
	}
	if out, err := h.approve(checker, again, now); out != Enough || err != nil {
		t.Fatalf("looked at anew: %s %v", out, err)
	}
	if err := h.execute(checker, again, shown); !errors.Is(err, ErrNeeded) {
		t.Errorf("changed after approval and done: %v", err)
	}
	h.do(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		renewed, err := Renew(ctx, tx, maker.Who, r.ID, shown, at)
		if !renewed {
			t.Error("not sent back")
		}
		return err
	})
	if s := h.state(r); s.State != Waiting || s.Given != 0 {
		t.Errorf("sent back as %+v", s)
	}
}

func TestItIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.content("25.00")
	r := h.ask(c, "deposit/1")
	if same := h.ask(c, "deposit/1"); same.ID != r.ID {
		t.Errorf("asked twice: %d and %d", r.ID, same.ID)
	}
	err := h.try(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := Propose(ctx, tx, maker.Who, Proposal{Kind: Correction, Subject: "deposit/1", Reason: "other", Content: h.content("1.00")}, at)
		return err
	})
	if !errors.Is(err, ErrOpen) {
		t.Errorf("another request about the same: %v", err)
	}
	if out, err := h.approve(checker, r, c); out != Enough || err != nil {
		t.Fatal(out, err)
	}
	if err := h.execute(checker, r, c); err != nil {
		t.Fatal(err)
	}
	if err := h.execute(checker, r, c); !errors.Is(err, ErrNeeded) {
		t.Errorf("done again: %v", err)
	}
	if _, err := h.approve(second, r, c); !errors.Is(err, ErrDecided) {
		t.Errorf("approved when done: %v", err)
	}
	if s := h.state(r); s.State != Executed || s.ClosedAt == nil {
		t.Errorf("stands as %+v", s)
	}
}

func TestTwoApproversRaceAndItIsDoneOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.content("25.00")
	for round := range 5 {
		r := h.ask(c, "deposit/"+string(rune('1'+round)))
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, by := range []Checker{checker, second} {
			wg.Go(func() {
				errs[i] = h.db.InTx(context.Background(), by.Who, func(tx *sqlx.Tx) error {
					out, err := Approve(context.Background(), tx, by, r.ID, r.Hash, c, "", at)
					if err == nil && out == Enough {
						_, err = Execute(context.Background(), tx, by.Who, r.ID, c, at)
					}
					return err
				})
			})
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, ErrDecided):
				t.Errorf("the loser is told %v", err)
			}
		}
		if s := h.state(r); won != 1 || s.State != Executed || s.Given != 1 {
			t.Errorf("round %d: %d won, it stands as %s with %d approvals", round, won, s.State, s.Given)
		}
	}
}

func TestMuchNeedsTwoPeople(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.content("100000.01")
	r := h.ask(c, "deposit/1")
	if r.Needed != 2 {
		t.Fatalf("needs %d", r.Needed)
	}
	if out, err := h.approve(checker, r, c); out != More || err != nil {
		t.Fatal(out, err)
	}
	if _, err := h.approve(checker, r, c); !errors.Is(err, ErrTwice) {
		t.Errorf("the same person again: %v", err)
	}
	if err := h.execute(checker, r, c); !errors.Is(err, ErrNeeded) {
		t.Errorf("done with one: %v", err)
	}
	if out, err := h.approve(second, r, c); out != Enough || err != nil {
		t.Fatal(out, err)
	}
	if err := h.execute(second, r, c); err != nil {
		t.Error(err)
	}
}

func TestARequestIsReturnedRefusedOrWithdrawn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	shut := func(by Checker, r Request, to State, why string) error {
		return h.try(by.Who, func(ctx context.Context, tx *sqlx.Tx) error { return Close(ctx, tx, by, r.ID, r.Hash, to, why, at) })
	}
	c := h.content("25.00")
	r := h.ask(c, "deposit/1")
	for name, refused := range map[string]struct {
		by   Checker
		to   State
		why  string
		want error
	}{
		"returned without a reason":        {checker, Returned, " ", ErrReason},
		"refused by who asked":             {makerToo, Refused, "no", ErrSamePerson},
		"withdrawn by another":             {checker, Withdrawn, "", ErrNotMaker},
		"refused without the role":         {support, Refused, "no", ErrRole},
		"returned by another organization": {elsewhere, Returned, "no", ErrNone},
	} {
		if err := shut(refused.by, r, refused.to, refused.why); !errors.Is(err, refused.want) {
			t.Errorf("%s: %v, want %v", name, err, refused.want)
		}
	}
	for i, done := range []struct {
		by Checker
		to State
	}{{checker, Returned}, {second, Refused}, {maker, Withdrawn}} {
		if err := shut(done.by, r, done.to, "Look at the slip."); err != nil {
			t.Fatal(err)
		}
		if s := h.state(r); s.State != done.to {
			t.Errorf("%s became %s", done.to, s.State)
		}
		if err := shut(checker, r, Refused, "again"); !errors.Is(err, ErrDecided) {
			t.Errorf("closed twice: %v", err)
		}
		if r = h.ask(c, "deposit/1"); i < 2 && r.State != Waiting {
			t.Errorf("asked for anew: %s", r.State)
		}
	}
}

func TestLimitsChangeWithApprovalOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	alone := func(children int, total string) (yes bool) {
		h.do(maker.Who, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			yes, err = Alone(ctx, tx, maker.Who, Roster, children, money(t, total))
			return err
		})
		return yes
	}
	if !alone(200, "10000.00") || alone(201, "1.00") || alone(1, "10000.01") {
		t.Error("the limits as delivered: 200 children and 10,000.00")
	}
	five, c := 5, Content{Details: []byte(`{"children":5}`)}
	l := Limit{Kind: Roster, Role: "operator", Duty: "alone", Children: &five}
	var r Request
	h.do(maker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		id, err := Propose(ctx, tx, maker.Who, Proposal{Kind: Limits, Subject: "limits/roster", Reason: "Smaller steps.", Content: c}, at)
		if err != nil {
			return err
		}
		r, err = Load(ctx, tx, id)
		return err
	})
	set := func(ctx context.Context, tx *sqlx.Tx) error { return SetLimit(ctx, tx, checker.Who, r.ID, l, at) }
	if err := h.try(checker.Who, set); !errors.Is(err, ErrNeeded) {
		t.Errorf("set without approval: %v", err)
	}
	if _, err := h.approve(checker, r, c); err != nil {
		t.Fatal(err)
	}
	h.do(checker.Who, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := Execute(ctx, tx, checker.Who, r.ID, c, at); err != nil {
			return err
		}
		return set(ctx, tx)
	})
	if alone(6, "1.00") || !alone(5, "999999.00") {
		t.Error("the organization's own limit does not hold")
	}
}

func TestTheInboxCountsWhatWaitsForAPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.content("100000.01")
	r := h.ask(c, "deposit/1")
	inbox := func(by Checker) (n int) {
		staff, err := Person(by.Who)
		if err != nil {
			t.Fatal(err)
		}
		h.do(by.Who, func(ctx context.Context, tx *sqlx.Tx) error {
			all, err := List(ctx, tx, Filter{Asked: staff, Limit: 10})
			n = len(all)
			return err
		})
		return n
	}
	if inbox(maker) != 0 || inbox(checker) != 1 || inbox(second) != 1 || inbox(elsewhere) != 0 {
		t.Errorf("inboxes %d %d %d %d", inbox(maker), inbox(checker), inbox(second), inbox(elsewhere))
	}
	if _, err := h.approve(checker, r, c); err != nil {
		t.Fatal(err)
	}
	if inbox(checker) != 0 || inbox(second) != 1 {
		t.Error("one approval of two: it waits for the second person only")
	}
}
