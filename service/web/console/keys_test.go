package console

import (
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/apikey"
	"seedbook/service/auth"
)

func TestAKeyIsMadeShownOnceAndWithdrawn(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	if a := operator.get(riverbend + "/keys"); a.status != http.StatusNotFound {
		t.Errorf("an operator sees keys: %d", a.status)
	}
	b := o.signedIn(t, auth.TenantAdmin)
	if a := b.get(riverbend + "/keys"); a.status != http.StatusOK || !strings.Contains(a.body, "There are no keys") {
		t.Fatalf("no keys: %d", a.status)
	}
	wrong := b.post(riverbend+"/keys", "name", "First Bank", "days", "90", "scope_children_read", "yes", "fund_SMITH", "yes", "networks", "192.0.2.0/24")
	if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.body, `href="#scopes"`) || !strings.Contains(wrong.body, `value="First Bank"`) ||
		!strings.Contains(wrong.body, `name="scope_children_read" value="yes" checked`) {
		t.Errorf("a funder's key that sees children: %d", wrong.status)
	}
	made := b.post(riverbend+"/keys", "name", "First Bank", "days", "90", "scope_deposits_write", "yes", "networks", "192.0.2.0/24\n2001:db8::1")
	if made.status != http.StatusSeeOther {
		t.Fatalf("making a key: %d", made.status)
	}
	page := b.get(made.to)
	token := regexp.MustCompile(`csa_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}`).FindString(page.body)
	if token == "" {
		t.Fatal("the key is not shown")
	}
	if strings.Contains(b.get(made.to).body, token) {
		t.Error("the key is shown a second time")
	}
	admit := func() error {
		_, err := apikey.Admit(t.Context(), o.db, o.keys, token, netip.MustParseAddr("192.0.2.9"), o.clock)
		return err
	}
	if err := admit(); err != nil {
		t.Error(err)
	}
	path, _, _ := strings.Cut(made.to, "?")
	second := b.post(path + "/second")
	if other := b.get(second.to); second.status != http.StatusSeeOther || !strings.Contains(other.body, "csa_live_") || !strings.Contains(other.body, "192.0.2.0/24") {
		t.Errorf("the second key: %d", second.status)
	}
	if a := b.post(path + "/second"); a.status != http.StatusConflict {
		t.Errorf("a third key: %d", a.status)
	}
	if a := b.post(path + "/revoke"); a.status != http.StatusSeeOther {
		t.Errorf("withdrawing: %d", a.status)
	}
	if admit() == nil {
		t.Error("a withdrawn key is taken")
	}
	auditor := o.signedIn(t, auth.Auditor)
	if a := auditor.get(riverbend + "/keys"); a.status != http.StatusOK || strings.Contains(a.body, "<form method=\"post\" action=\""+riverbend+"/keys") {
		t.Errorf("an auditor: %d", a.status)
	}
	if a := auditor.post(path + "/revoke"); a.status != http.StatusNotFound {
		t.Errorf("an auditor withdraws: %d", a.status)
	}
}
