package console

import (
	"net/http"
	"strings"
	"testing"

	"seedbook/service/auth"
)

func TestADraftIsTriedOnTheLiveCaseloadAndItsApproverSeesWhatWasFound(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	path := draft(t, manager, strings.Replace(cityRules(t), "fixed: 50.00", "fixed: 60.00", 1))
	if a := manager.get(path + "/try"); !strings.Contains(a.body, "It was not tried yet") {
		t.Errorf("before any trial: %d", a.status)
	}
	if a := o.browser(t).post(path + "/try"); a.status != http.StatusUnauthorized {
		t.Errorf("signed out: %d", a.status)
	}
	auditor := o.signedIn(t, auth.Auditor)
	if a := auditor.post(path + "/try"); a.status != http.StatusNotFound {
		t.Errorf("an auditor tries: %d", a.status)
	}
	if a := manager.post(path + "/try"); a.to != path+"/try" {
		t.Fatalf("trying: %d to %q", a.status, a.to)
	}
	o.console.Wait()
	page := manager.get(path + "/try")
	for _, want := range []string{"Tried by", "City seed deposit", "By fund", "By school", "Cost of the next year", "Funds in the next year"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the trial does not say %q", want)
		}
	}
	if strings.Contains(page.body, "Try it again") {
		t.Error("a trial of today is called old")
	}
	approver := o.signedIn(t, auth.Approver)
	if a := approver.get(path); !strings.Contains(a.body, "More for ") || strings.Contains(a.body, "More for 0 children") {
		t.Errorf("whoever approves does not see what was found: %d", a.status)
	}
	if a := auditor.get(path + "/try?lang=es"); a.status != http.StatusOK || !strings.Contains(a.body, "Por beneficio") || strings.Contains(a.body, `action="`+path+`/try"`) {
		t.Errorf("an auditor reads it: %d", a.status)
	}
	// A text that changed has not been tried.
	manager.post(path+"/text", "revision", "2", "source", strings.Replace(cityRules(t), "fixed: 50.00", "fixed: 61.00", 1), "then", "book")
	if a := manager.get(path + "/try"); !strings.Contains(a.body, "It was not tried yet") {
		t.Error("another text shows the trial of the one before")
	}
}

func TestWhatIsNoRuleBookIsNotTried(t *testing.T) {
	t.Parallel()
	_, manager := city(t)
	path := draft(t, manager, "benefits: [")
	if a := manager.post(path + "/try"); a.status != http.StatusConflict || !strings.Contains(a.body, "no rule book yet") {
		t.Errorf("%d", a.status)
	}
	if a := manager.post(path + "/try/cancel"); a.status != http.StatusSeeOther {
		t.Errorf("stopping what does not run: %d", a.status)
	}
}
