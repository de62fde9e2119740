package console

import (
	"net/http"
	"strings"
	"testing"

	"seedbook/service/auth"
)

// meanwhile fails where a stale form is not told what another person wrote, or
// loses what was typed; sent again as it came back, it is saved.
func meanwhile(t *testing.T, what string, b *browser, path string, stale answer, theirs, typed string, pairs ...string) {
	t.Helper()
	if stale.status != http.StatusConflict {
		t.Errorf("%s, stale: %d", what, stale.status)
		return
	}
	for _, want := range []string{"Somebody else saved this since you opened it", "It says now", theirs, typed} {
		if !strings.Contains(stale.body, want) {
			t.Errorf("%s, stale: does not say %q", what, want)
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "shown" || pairs[i] == "seen" {
			pairs[i+1] = hidden(t, stale, pairs[i])
		}
	}
	if a := b.post(path, pairs...); a.status != http.StatusSeeOther {
		t.Errorf("%s, looked at and sent again: %d", what, a.status)
	}
}

func TestNothingIsSavedOverWhatAnotherPersonSaved(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	other := o.second(t, auth.Operator)

	sources := riverbend + "/imports/sources"
	b.post(sources, "source", "First Bank", "agreement", "DSA-1", "until", "2027-06-30")
	open := hidden(t, b.get(sources), "shown")
	if a := other.post(sources, "source", "Second Bank", "agreement", "DSA-9", "until", "", "shown", open); a.status != http.StatusSeeOther {
		t.Errorf("another source is in nobody's way: %d", a.status)
	}
	other.post(sources, "source", "First Bank", "agreement", "DSA-2", "until", "2028-06-30", "shown", open)
	mine := []string{"source", "First Bank", "agreement", "DSA-3", "until", "2029-06-30", "shown", open}
	meanwhile(t, "an agreement", b, sources, b.post(sources, mine...), "DSA-2", `value="DSA-3"`, mine...)

	child := someChild(t, b)
	file := child + "/file"
	open = hidden(t, b.get(file), "shown")
	other.post(child+"/consents", "key", "theirs", "purpose", "photo", "given", "no", "consent_from", "2026-10-01", "shown", open)
	mine = []string{"key", "mine", "purpose", "photo", "given", "yes", "consent_from", "2026-10-02", "shown", open}
	meanwhile(t, "a consent", b, child+"/consents", b.post(child+"/consents", mine...), "2026-10-01", `value="2026-10-02"`, mine...)

	guardian := first(t, b.get(child+"/family"), child+`/family/\d+`)
	form := b.get(guardian)
	save := func(at answer, given string, rights ...string) []string {
		pairs := []string{"key", given, "seen", hidden(t, at, "seen"), "shown", hidden(t, at, "shown"), "given", given, "surname", "Ñáñez", "language", "", "from", "2026-10-05", "to", "", "order", ""}
		for _, r := range rights {
			pairs = append(pairs, "rights", r)
		}
		return pairs
	}
	other.post(guardian, save(form, "Luz", "view", "notify")...) // the rights alone
	meanwhile(t, "a guardian", b, guardian, b.post(guardian, save(form, "Lucía", "view")...), "", `value="Lucía"`, save(form, "Lucía", "view")...)

	limits := "/approvals/limits"
	form = b.get(limits)
	if !strings.Contains(form.body, `value="roster/operator/alone"`) {
		t.Fatal("a limit is named by its place")
	}
	if a := b.post(limits, "limit", "roster/operator/nobody", "reason", "x"); a.status != http.StatusNotFound {
		t.Errorf("a limit that there is not: %d", a.status)
	}
	request := other.post(limits, "limit", "roster/operator/alone", "children", "77", "amount", "", "double", "", "reason", "Less.", "shown", hidden(t, form, "shown")).to
	o.decide(t, o.signedIn(t, auth.Approver), request, "approve")
	mine = []string{"limit", "roster/operator/alone", "children", "55", "amount", "", "double", "", "reason", "Still less.", "shown", hidden(t, form, "shown")}
	meanwhile(t, "a limit", b, limits, b.post(limits, mine...), "children: 77", `value="55"`, mine...)
}

func TestRolesAreNotProposedOverWhatAnotherPersonProposed(t *testing.T) {
	t.Parallel()
	o, _ := city(t)
	b := o.signedIn(t, auth.TenantAdmin)
	other := o.second(t, auth.TenantAdmin)
	o.signedIn(t, auth.Support)
	var path string
	o.value(t, &path, `SELECT '/staff/' || account_id FROM staff_roles WHERE role = 'support'`)
	form := b.get(path)
	propose := func(by *browser, role string) answer {
		return by.post(path+"/roles", "roles", role, "reason", "For the autumn.", "shown", hidden(t, form, "shown"))
	}
	if a := propose(other, "auditor"); a.status != http.StatusSeeOther {
		t.Fatalf("proposed: %d %s", a.status, a.body)
	}
	mine := []string{"roles", "operator", "reason", "For the autumn.", "shown", hidden(t, form, "shown")}
	meanwhile(t, "roles", b, path+"/roles", propose(b, "operator"), "Proposed by somebody", `value="For the autumn."`, mine...)
}

func TestWhoseAnAccountIsIsNotDecidedOverAnother(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	other := o.second(t, auth.Operator)
	child := someChild(t, b)
	o.exec(t, `WITH a AS (INSERT INTO guardian_accounts (tenant_id, language, pin_hash, created_at) SELECT tenant_id, 'en', 'x', '2026-10-01Z' FROM programs LIMIT 1 RETURNING tenant_id, id)
		INSERT INTO guardian_children (tenant_id, account_id, child_id, granted_at, granted_by, paused_at)
		SELECT tenant_id, id, `+child[strings.LastIndex(child, "/")+1:]+`, '2026-10-01Z', 'facts', '2026-10-02Z' FROM a`)
	family := child + "/family"
	form := b.get(family)
	var account string
	o.value(t, &account, `SELECT CAST(max(account_id) AS text) FROM guardian_children`)
	var guardian string
	o.value(t, &guardian, `SELECT CAST(min(g.id) AS text) FROM guardians g JOIN children c ON c.family_id = g.family_id WHERE c.id = `+child[strings.LastIndex(child, "/")+1:])
	path, field := child+"/access/"+account, "guardian-"+account
	if a := b.post(path, field, "999999", "goes", "on", "shown", hidden(t, form, "shown")); a.status != http.StatusNotFound {
		t.Errorf("of somebody who is no guardian: %d", a.status)
	}
	if a := b.post(path, field, "0", "goes", "perhaps", "shown", hidden(t, form, "shown")); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "/access/"+account) {
		t.Errorf("neither on nor off: %d", a.status)
	}
	if a := other.post(path, field, guardian, "goes", "on", "shown", hidden(t, form, "shown")); a.status != http.StatusSeeOther {
		t.Fatalf("decided: %d", a.status)
	}
	mine := []string{field, "0", "goes", "on", "shown", hidden(t, form, "shown")}
	meanwhile(t, "an account", b, path, b.post(path, mine...), "Saved by somebody else meanwhile", `value="0" selected`, mine...)
}
