package console

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
)

// The way of one withdrawal, as its people walk it: asked for by staff, checked,
// approved by another person, in a batch that another person approves, its file
// taken out, arrived.
func TestAWithdrawalIsFollowedFromTheRequestToTheBank(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	approver := o.signedIn(t, auth.Approver)
	if a := operator.post(riverbend+"/custody/new", "name", "First Bank", "code", "first", "kind", "omnibus", "account", "12345678", "currency", "USD", "format", "bai2",
		"expected", "business_day", "cut_off", "17:00", "value_days", "1", "federal", "yes"); a.status != http.StatusSeeOther {
		t.Fatalf("the bank: %d %s", a.status, a.body)
	}
	setup := operator.get(riverbend + "/payments/setup/first")
	account := regexp.MustCompile(`<option value="(\d+)"`).FindStringSubmatch(setup.body)
	payer := []string{"account", account[1], "bank_name", "First Bank", "company_name", "City Saves", "company_id", "1234567890", "next_check", "1001", "answer_days", "1", "stale_days", "180", "unclaimed_months", "36"}
	if a := operator.post(riverbend+"/payments/setup/first", append(payer, "bank_routing", "091000018")...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#bank_routing"`) || !strings.Contains(a.body, `value="City Saves"`) {
		t.Errorf("a routing number with a typing error: %d", a.status)
	}
	if a := operator.post(riverbend+"/payments/setup/first", append(payer, "bank_routing", "091000019")...); a.to != riverbend+"/payments?done=payer_set" {
		t.Fatalf("how it pays: %d to %s", a.status, a.to)
	}
	school := operator.post(riverbend+"/payees/new", "child", "", "kind", "institution", "name", "Riverbend College", "method", "ach", "routing", "021000021", "account", "123456789", "account_type", "checking", "reason", "Their letter.")
	if page := operator.get(school.to); school.status != http.StatusSeeOther || !strings.Contains(page.body, "Waits for a second person") || strings.Contains(page.body, "123456789") {
		t.Fatalf("the school: %d to %s", school.status, school.to)
	}
	o.agreeTo(t, approver, "payee")

	child := o.saver(t)
	ask := []string{"key", "k1", "child", child, "purpose", "nonqualified", "expense", "", "amount", "5.00", "payee", last(pathOf(school.to)), "why", "A note."}
	look := operator.post(riverbend+"/withdrawals/new", ask...)
	if look.status != http.StatusOK || !strings.Contains(look.body, "$5.00") || !strings.Contains(look.body, `value="do"`) {
		t.Fatalf("what it does, before it is asked for: %d", look.status)
	}
	if a := operator.post(riverbend+"/withdrawals/new", append(ask[:8:8], "amount", "999999.00", "payee", "0", "why", "")...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#amount"`) {
		t.Errorf("more than there is: %d", a.status)
	}
	asked := operator.post(riverbend+"/withdrawals/new", append(ask, "step", "do")...)
	if again := operator.post(riverbend+"/withdrawals/new", append(ask, "step", "do")...); asked.status != http.StatusSeeOther || again.to != asked.to {
		t.Fatalf("asked for: %d to %s, again %s", asked.status, asked.to, again.to)
	}
	parcel := pathOf(asked.to)
	if a := operator.post(parcel+"/review", "what", "review", "why-review", ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#why-review"`) {
		t.Errorf("checked without a word: %d", a.status)
	}
	if a := operator.post(parcel+"/review", "what", "review", "why-review", "All there."); a.status != http.StatusSeeOther {
		t.Fatalf("checked: %d %s", a.status, a.body)
	}
	o.agreeTo(t, approver, "withdrawal")
	if page := operator.get(parcel); !strings.Contains(page.body, "The money is off the account") {
		t.Fatal("approved, and the page does not say so")
	}
	batch := operator.post(riverbend+"/payments", "method", "ach", "custodian", "first", "pay_on", "2026-10-06", "reason", "Today's.")
	if batch.status != http.StatusSeeOther {
		t.Fatalf("a batch: %d %s", batch.status, batch.body)
	}
	o.agreeTo(t, approver, "payments")
	file := operator.get(pathOf(batch.to) + "/file")
	if again := operator.get(pathOf(batch.to) + "/file"); file.status != http.StatusOK || !strings.HasPrefix(file.body, "101 091000019") || file.body != again.body {
		t.Fatalf("the file: %d %s", file.status, file.body)
	}
	for _, act := range [][]string{{"what", "acknowledge", "ref-acknowledge", "ACK 1"}, {"what", "clear", "ref-clear", "line 1", "on-clear", "2026-10-05"}} {
		if a := operator.post(pathOf(batch.to)+"/act", act...); a.status != http.StatusSeeOther {
			t.Fatalf("%v: %d %s", act, a.status, a.body)
		}
	}
	if page := operator.get(parcel); !strings.Contains(page.body, "The payee has the money") {
		t.Error("it arrived, and the page does not say so")
	}
	if list := operator.get(riverbend + "/withdrawals.csv?state=cleared"); !strings.Contains(list.body, "W-") || !strings.Contains(list.body, "5.00") {
		t.Errorf("the list as a file: %s", list.body)
	}
}

func pathOf(to string) string { path, _, _ := strings.Cut(to, "?"); return path }

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// saver is a child with money of its own, and no hold.
func (o *office) saver(t *testing.T) (id string) {
	t.Helper()
	const query = `
		SELECT CAST(a.child_id AS text) FROM ledger_accounts a JOIN ledger_entries e ON e.book_id = a.book_id AND e.account_id = a.id
		JOIN enrollments n ON n.child_id = a.child_id AND n.state = 'enrolled'
		WHERE a.chart = 2100 GROUP BY a.child_id HAVING sum(e.amount) >= 20 ORDER BY a.child_id LIMIT 1`
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return tx.GetContext(t.Context(), &id, query) })
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// agreeTo has an approver approve the newest request of a kind, as its page shows it.
func (o *office) agreeTo(t *testing.T, approver *browser, kind string) {
	t.Helper()
	var id string
	err := o.db.InTx(context.Background(), o.who, func(tx *sqlx.Tx) error {
		return tx.GetContext(t.Context(), &id, `SELECT CAST(max(id) AS text) FROM approval_requests WHERE kind = $1 AND state = 'waiting'`, kind)
	})
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	path := "/approvals/" + id
	if a := approver.post(path+"/approve", "hash", hidden(t, approver.get(path), "hash"), "note", ""); !strings.Contains(a.to, "request_enough") {
		t.Fatalf("approving %s: %d to %s\n%s", kind, a.status, a.to, a.body)
	}
}
