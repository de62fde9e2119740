package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
)

// Who closes a month: one person explains and asks, another agrees to the very
// figures; opening it again takes two others.
func TestAMonthIsClosedByTwoPersonsAndOpenedByThree(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	month := riverbend + "/periods/2026-09"
	page := operator.get(riverbend + "/periods")
	if !strings.Contains(page.body, "Checklist for September 2026") {
		t.Fatalf("the page does not lead to the month to close: %d", page.status)
	}
	if a := operator.post(month+"/close", "reason", "September is settled."); a.status != http.StatusConflict || !strings.Contains(a.body, "Open points of the checklist") {
		t.Errorf("a month with open points: %d", a.status)
	}
	o.settle(t, operator, month)
	if a := operator.post(month+"/close", "reason", " "); a.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := operator.post(riverbend+"/periods/2026-10/close", "reason", "early"); a.status != http.StatusConflict {
		t.Errorf("a month that is not over: %d", a.status)
	}
	request := operator.post(month+"/close", "reason", "September is settled.").to
	if !strings.HasPrefix(request, "/approvals/") {
		t.Fatalf("asking to close leads to %q", request)
	}
	if !strings.Contains(operator.get(month).body, "waits for another person") {
		t.Error("the month does not say that its close waits")
	}
	approver := o.signedIn(t, auth.Approver)
	shown := approver.get(request)
	for _, want := range []string{"Closing of a month", "September 30, 2026", "Trial balance"} {
		if !strings.Contains(shown.body, want) {
			t.Errorf("the request does not say %q", want)
		}
	}
	if a := o.decide(t, approver, request, "approve"); a.status != http.StatusSeeOther {
		t.Fatalf("approving: %d", a.status)
	}
	if after := operator.get(month); !strings.Contains(after.body, "This month is closed") || !strings.Contains(after.body, "September is settled.") {
		t.Error("the month does not say that it is closed, and why")
	}
	var closed string
	o.value(t, &closed, `SELECT CAST(closed_through AS text) || ' ' || maker || ' ' || split_part(approval, ' ', 2) FROM ledger_period_locks`)
	if !strings.HasPrefix(closed, "2026-09-30 staff/") || strings.Fields(closed)[1] == strings.Fields(closed)[2] {
		t.Errorf("the ledger says %q", closed)
	}
	reopen := operator.post(month+"/reopen", "reason", "The bank found a deposit.").to
	o.decide(t, approver, reopen, "approve")
	if after := operator.get(month); !strings.Contains(after.body, "This month is closed") {
		t.Error("one approval opened a closed month")
	}
	second := o.second(t, auth.Approver)
	o.decide(t, second, reopen, "approve")
	if after := operator.get(month); strings.Contains(after.body, "This month is closed") || !strings.Contains(after.body, "Opened again") {
		t.Error("two approvals did not open the month")
	}
}

// settle settles or explains every point of a month.
func (o *office) settle(t *testing.T, b *browser, month string) {
	t.Helper()
	o.runJob(t, b, "verify", "2026-10-05")
	for _, point := range []string{"jobs", "statements", "suspense", "excesses", "queue", "requests"} {
		page := b.get(month)
		if strings.Contains(page.body, `<option value="`+point+`"`) {
			if a := b.post(month+"/explain", "item", point, "note", "Looked at on October 5."); a.status != http.StatusSeeOther {
				t.Fatalf("explaining %s: %d", point, a.status)
			}
		}
	}
	if page := b.get(month); strings.Contains(page.body, "<option") {
		t.Fatalf("points stay open")
	}
}

// decide approves a request as its page shows it.
func (o *office) decide(t *testing.T, b *browser, request, what string) answer {
	t.Helper()
	request, _, _ = strings.Cut(request, "?")
	return b.post(request+"/"+what, "hash", hashOn(t, b.get(request)))
}

// second is another person with a role that somebody has already.
func (o *office) second(t *testing.T, role auth.Role) *browser {
	t.Helper()
	name := "second-" + string(role) + "@riverbend.test"
	o.hire(t, auth.NewAccount{Email: name, Name: "Sam Okafor", Roles: []auth.Role{role}})
	b := o.browser(t)
	b.signIn(name)
	return b
}

// exec changes rows of the office's organization.
func (o *office) exec(t *testing.T, query string) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), query)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// An explanation holds for the figure it was written for.
func TestAnExplanationOfAnotherFigureExplainsNothing(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	month := riverbend + "/periods/2026-09"
	o.settle(t, operator, month)
	o.exec(t, `INSERT INTO job_runs (tenant_id, program_id, job, period, round, as_of, due_at, requested_by, state, dry_run)
		SELECT tenant_id, id, 'awards', '2026-09-29', 7, '2026-09-29', '2026-09-29 08:00Z', 'clock', 'failed', false FROM programs`)
	if page := operator.get(month); !strings.Contains(page.body, `<option value="jobs"`) {
		t.Error("a run that failed since does not open the point again")
	}
	if a := operator.post(month+"/close", "reason", "September is settled."); a.status != http.StatusConflict {
		t.Errorf("closing: %d", a.status)
	}
}
