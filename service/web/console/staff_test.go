package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/auth"
)

func TestSomebodyIsInvitedApprovedAndLetInByThreePersons(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hire(t, auth.NewAccount{Email: "ada@riverbend.example", Name: "Ada", Roles: []auth.Role{auth.TenantAdmin}})
	o.hire(t, auth.NewAccount{Email: "sam@riverbend.example", Name: "Sam", Roles: []auth.Role{auth.Approver}})
	ada, sam := o.browser(t), o.browser(t)
	ada.signIn("ada@riverbend.example")
	sam.signIn("sam@riverbend.example")
	if a := ada.post("/staff", "email", "rosa@riverbend.example", "name", "Rosa <b>", "language", "es", "roles", "operator"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#reason"`) || !strings.Contains(a.body, "Rosa &lt;b&gt;") {
		t.Errorf("without a reason: %d", a.status)
	}
	a := ada.post("/staff", "email", "rosa@riverbend.example", "name", "Rosa", "language", "es", "roles", "operator", "reason", "Takes over deposits")
	if a.status != http.StatusSeeOther || !strings.HasSuffix(a.to, "?done=proposed") {
		t.Fatalf("invited: %d to %q", a.status, a.to)
	}
	page := strings.TrimSuffix(a.to, "?done=proposed")
	if a := ada.get(page); !strings.Contains(a.body, "You proposed this") || strings.Contains(a.body, `value="approve"`) {
		t.Error("the proposer is offered the decision")
	}
	decide := regexp.MustCompile(`action="(/staff/roles/\d+)"`).FindStringSubmatch(sam.get("/staff").body)
	if decide == nil {
		t.Fatal("nothing waits for the approver")
	}
	if a := ada.post(decide[1], "decision", "approve"); a.status != http.StatusNotFound {
		t.Errorf("decided by the administrator: %d", a.status)
	}
	if a := ada.post(page + "/link"); a.status != http.StatusConflict {
		t.Errorf("a link before approval: %d", a.status)
	}
	if a := sam.post(decide[1], "decision", "approve"); a.to != "/staff?done=decided" {
		t.Fatalf("approved: %d to %q", a.status, a.to)
	}
	token := regexp.MustCompile(`/sign-in/link/([\w-]{43})`).FindStringSubmatch(ada.post(page + "/link").body)
	if token == nil {
		t.Fatal("no link is shown")
	}
	rosa := o.browser(t)
	if a := rosa.post("/sign-in/link", "token", token[1]); a.to != "/" {
		t.Fatalf("the link: %d to %q", a.status, a.to)
	}
	if a := rosa.get("/"); a.to != "/account/app?next=%2F" {
		t.Errorf("the first page: %d to %q", a.status, a.to)
	}
	if a := ada.post(page + "/disable"); a.status != http.StatusSeeOther {
		t.Errorf("switched off: %d", a.status)
	}
	if a := rosa.get("/account/app"); !strings.HasPrefix(a.to, "/sign-in?") {
		t.Errorf("still in: %d to %q", a.status, a.to)
	}
}
