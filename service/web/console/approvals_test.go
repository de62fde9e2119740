package console

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
)

// bare is an address without its question.
func bare(to string) string {
	to, _, _ = strings.Cut(to, "?")
	return to
}

// hashOn is what a request's page binds a decision to.
func hashOn(t *testing.T, a answer) string {
	t.Helper()
	found := regexp.MustCompile(`name="hash" value="([0-9a-f]+)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("nothing to decide (status %d)", a.status)
	}
	return found[1]
}

// two are the account numbers of two children.
func two(t *testing.T, b *browser) (child, account, other string) {
	t.Helper()
	list := b.get(riverbend + "/children")
	paths := regexp.MustCompile(`href="(`+riverbend+`/children/\d+)"`).FindAllStringSubmatch(list.body, 2)
	number := func(path string) string {
		return regexp.MustCompile(`<dd>\s*(\d{8})\s*</dd>`).FindStringSubmatch(b.get(path).body)[1]
	}
	return paths[0][1], number(paths[0][1]), number(paths[1][1])
}

// paysIn books a deposit for a child and returns the address of its transaction.
func (o *office) paysIn(t *testing.T, account, reference, amount string) (tx string) {
	t.Helper()
	number, err := savings.ParseAccount(account)
	if err != nil {
		t.Fatal(err)
	}
	err = o.db.InTx(t.Context(), o.who, func(tx2 *sqlx.Tx) error {
		p, err := program.ByCode(t.Context(), tx2, "riverbend")
		if err != nil {
			return err
		}
		holders, err := savings.Holders(t.Context(), tx2, p.ID, []savings.Account{number})
		if err != nil {
			return err
		}
		a, err := ledger.ParseAmount(amount)
		if err != nil {
			return err
		}
		d := savings.Deposit{Reference: reference, Child: family.ChildID(holders[0]), Amount: a, On: p.Day(o.clock).AddDays(-2), Channel: "cash"}
		if _, err := savings.PostDeposits(t.Context(), tx2, o.who, p, []savings.Deposit{d}, 0, o.clock); err != nil {
			return err
		}
		no, _, err := ledger.TransactionByKey(t.Context(), tx2, p.Book, "deposit/"+fmt.Sprint(int64(p.ID))+"/"+reference)
		tx = riverbend + "/journal/" + fmt.Sprint(int64(no))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func TestACorrectionIsAskedForSeenAndApprovedByAnother(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	checker := o.signedIn(t, auth.Approver)
	child, account, other := two(t, b)
	tx := o.paysIn(t, account, "slip 4471", "30.00")
	if page := b.get(child); !strings.Contains(page.body, tx) {
		t.Error("the child's page does not lead to the transaction")
	}
	page := b.get(tx)
	if !strings.Contains(page.body, tx+"/correct") || !strings.Contains(page.body, "slip 4471") {
		t.Fatalf("the transaction: %d", page.status)
	}
	if page := checker.get(tx); strings.Contains(page.body, tx+"/correct") {
		t.Error("an approver is offered to correct")
	}
	if a := checker.get(tx + "/correct"); a.status != http.StatusNotFound {
		t.Errorf("an approver corrects: %d", a.status)
	}
	form := []string{"mistake", "wrong_child", "account", other, "amount", "30.00", "on", "2026-10-03", "reason", "The slip says so."}
	for name, bad := range map[string]struct{ pairs []string }{
		"nothing typed":   {[]string{"step", "preview"}},
		"a wrong account": {[]string{"step", "preview", "mistake", "wrong_child", "account", "12345678", "amount", "30.00", "on", "2026-10-03", "reason", "x"}},
		"a day to come":   {[]string{"step", "ask", "mistake", "wrong_date", "account", account, "amount", "30.00", "on", "2027-01-01", "reason", "x"}},
		"nothing wrong":   {[]string{"step", "ask", "mistake", "wrong_date", "account", account, "amount", "30.00", "on", "2026-10-03", "reason", "x"}},
		"no reason":       {[]string{"step", "ask", "mistake", "wrong_child", "account", other, "amount", "30.00", "on", "2026-10-03", "reason", " "}},
	} {
		if a := b.post(tx+"/correct", bad.pairs...); a.status != 422 || !strings.Contains(a.body, "usa-alert--error") {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	preview := b.post(tx+"/correct", append([]string{"step", "preview"}, form...)...)
	if preview.status != http.StatusOK || !strings.Contains(preview.body, `value="ask"`) || !strings.Contains(preview.body, "−$30.00") {
		t.Fatalf("preview: %d", preview.status)
	}
	asked := b.post(tx+"/correct", append([]string{"step", "ask"}, form...)...)
	if asked.status != http.StatusSeeOther || !strings.HasPrefix(asked.to, "/approvals/") {
		t.Fatalf("asked for: %d to %s", asked.status, asked.to)
	}
	request := bare(asked.to)
	own := b.get(request)
	if strings.Contains(own.body, request+"/approve") || !strings.Contains(own.body, request+"/withdraw") {
		t.Error("who asked is offered to approve, or not to withdraw")
	}
	if a := b.post(request+"/approve", "hash", hashOn(t, own)); a.status != http.StatusNotFound {
		t.Errorf("who asked approves: %d", a.status)
	}
	seen := checker.get(request)
	hash := hashOn(t, seen)
	if !strings.Contains(seen.body, "The slip says so.") || !strings.Contains(checker.get("/approvals").body, `href="`+request+`"`) {
		t.Error("the approver does not find it, or not why")
	}
	if a := checker.post(request+"/approve", "hash", strings.Repeat("ab", 32)); a.status != http.StatusConflict || !strings.Contains(a.body, "has changed since this page") {
		t.Errorf("a hash that was never shown: %d", a.status)
	}
	if a := checker.post(request+"/return", "hash", hash, "reason", " "); a.status != 422 {
		t.Errorf("returned without a reason: %d", a.status)
	}
	if a := checker.post(request+"/approve", "hash", hash, "note", "Seen the slip."); a.status != http.StatusSeeOther || a.to != request+"?done=request_enough" {
		t.Fatalf("approved: %d to %s", a.status, a.to)
	}
	if a := checker.post(request+"/approve", "hash", hash); a.status != http.StatusConflict {
		t.Errorf("approved again: %d", a.status)
	}
	done := checker.get(request)
	if !strings.Contains(done.body, "It was approved and done.") || !strings.Contains(done.body, "Seen the slip.") {
		t.Error("the history does not say so")
	}
	if page := b.get(tx); !strings.Contains(page.body, "Taken back by") || strings.Contains(page.body, tx+"/correct") {
		t.Error("the transaction does not say that it was taken back, or is offered again")
	}
	if list := checker.get("/approvals?show=all&kind=correction&state=executed"); !strings.Contains(list.body, `href="`+request+`"`) {
		t.Error("the history does not list it")
	}
	if list := checker.get(riverbend + "/approvals?show=all&kind=roster"); strings.Contains(list.body, `href="`+request+`"`) || !strings.Contains(list.body, "Nothing is like this") {
		t.Error("the filter does not hold")
	}
}

func TestWhatChangedIsShownAnewAndNothingIsApproved(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	checker := o.signedIn(t, auth.Approver)
	_, account, other := two(t, b)
	tx := o.paysIn(t, account, "slip 1", "30.00")
	asked := b.post(tx+"/correct", "step", "ask", "mistake", "wrong_child", "account", other, "amount", "30.00", "on", "2026-10-03", "reason", "x")
	request := bare(asked.to)
	hash := hashOn(t, checker.get(request))
	o.paysIn(t, other, "slip 2", "7.00")
	if page := checker.get(request); !strings.Contains(page.body, "cannot be done as it stands") {
		t.Error("the page does not warn")
	}
	a := checker.post(request+"/approve", "hash", hash)
	if a.status != http.StatusConflict || !strings.Contains(a.body, "nothing was approved") {
		t.Fatalf("changed: %d", a.status)
	}
	if page := b.get(tx); strings.Contains(page.body, "Taken back by") {
		t.Error("it was done")
	}
	if next := hashOn(t, a); next == hash {
		t.Error("the page shows the old content")
	} else if a := checker.post(request+"/approve", "hash", next); a.status != http.StatusSeeOther {
		t.Errorf("looked at anew and approved: %d", a.status)
	}
}

func TestARoleThatIsLostApprovesNothingAndStrangersFindNothing(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	checker := o.signedIn(t, auth.Approver)
	_, account, other := two(t, b)
	tx := o.paysIn(t, account, "slip 1", "30.00")
	asked := b.post(tx+"/correct", "step", "ask", "mistake", "wrong_child", "account", other, "amount", "30.00", "on", "2026-10-03", "reason", "x")
	request := bare(asked.to)
	hash := hashOn(t, checker.get(request))
	stranger := newOffice(t)
	there := stranger.browser(t)
	there.signIn(email)
	if a := there.get(request); a.status != http.StatusNotFound {
		t.Errorf("another organization: %d", a.status)
	}
	o.revoke(t, "approver")
	if a := checker.post(request+"/approve", "hash", hash); a.status != http.StatusNotFound {
		t.Errorf("with a role that is lost: %d", a.status)
	}
	if a := b.post(request+"/withdraw", "hash", hash); a.status != http.StatusSeeOther {
		t.Errorf("withdrawn: %d", a.status)
	}
}

func (o *office) revoke(t *testing.T, role string) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(context.Background(), `UPDATE staff_roles SET revoked_at = $1, revoked_by = 'test' WHERE role = $2 AND revoked_at IS NULL AND granted_by <> 'demo'`, o.clock, role)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReceiptsFundsAndLimitsWaitForAnother(t *testing.T) {
	t.Parallel()
	o, _ := city(t)
	maker, checker := o.signedIn(t, auth.TenantAdmin, auth.ProgramManager), o.signedIn(t, auth.Approver)
	form := maker.get(riverbend + "/funds/receive")
	code := regexp.MustCompile(`<option value="([A-Z][A-Z0-9-]*)"`).FindStringSubmatch(form.body)[1]
	for _, test := range []struct {
		path  string
		wrong []string
		right []string
		after string
		want  string
	}{
		{riverbend + "/funds/receive", []string{"fund", code, "kind", "grant", "amount", "-5", "on", "2026-10-01", "reference", "wire 1", "reason", "advice"},
			[]string{"fund", code, "kind", "grant", "amount", "12345.67", "on", "2026-10-01", "reference", "wire 1", "reason", "The bank's advice."}, "/approvals?show=all&kind=receipt&state=executed", "12,345.67"},
		{riverbend + "/funds/new", []string{"code", "smith", "name", "Smith", "funder", "Smith", "purpose", "x", "reason", "x"},
			[]string{"code", "SMITH-9", "name", "Smith Nine", "funder", "Smith family", "purpose", "Harbor View only", "reason", "Letter."}, riverbend + "/funds", "Smith Nine"},
		{"/approvals/limits", []string{"limit", "roster/operator/alone", "children", "many", "reason", "x"}, []string{"limit", "roster/operator/alone", "children", "37", "amount", "", "double", "", "reason", "Smaller steps."}, "/approvals/limits", ">37 "},
	} {
		if a := maker.post(test.path, test.wrong...); a.status != 422 {
			t.Errorf("%s, wrong: %d", test.path, a.status)
		}
		asked := maker.post(test.path, test.right...)
		if asked.status != http.StatusSeeOther {
			t.Fatalf("%s: %d", test.path, asked.status)
		}
		request := bare(asked.to)
		if a := maker.post(request+"/approve", "hash", hashOn(t, maker.get(request))); a.status != http.StatusNotFound {
			t.Errorf("%s approved by who asked: %d", test.path, a.status)
		}
		if strings.Contains(maker.get(test.after).body, test.want) {
			t.Errorf("%s holds before it is approved", test.path)
		}
		page := checker.get(request)
		if test.path == riverbend+"/funds/receive" && !strings.Contains(page.body, "twelve thousand three hundred forty-five and 67/100 dollars") {
			t.Error("a large amount does not stand in words")
		}
		if a := checker.post(request+"/approve", "hash", hashOn(t, page)); a.status != http.StatusSeeOther {
			t.Fatalf("%s approved: %d", test.path, a.status)
		}
		if !strings.Contains(maker.get(test.after).body, test.want) {
			t.Errorf("%s does not hold", test.path)
		}
	}
}
