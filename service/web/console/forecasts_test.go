package console

import (
	"net/http"
	"strings"
	"testing"

	"seedbook/service/auth"
)

func TestAForecastIsWorkedOutBehindTheRequestAndKept(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	path := riverbend + "/forecast"
	if a := manager.get(path); !strings.Contains(a.body, "It was not worked out yet") {
		t.Errorf("before any forecast: %d", a.status)
	}
	auditor := o.signedIn(t, auth.Auditor)
	if a := auditor.post(path, "months", "12", "seed", "1"); a.status != http.StatusNotFound {
		t.Errorf("an auditor makes one: %d", a.status)
	}
	for _, bad := range [][2]string{{"12", "x"}, {"12", "0"}, {"7", "1"}, {"12000", "1"}} {
		if a := manager.post(path, "months", bad[0], "seed", bad[1]); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="errors"`) {
			t.Errorf("months %s, seed %s: %d", bad[0], bad[1], a.status)
		}
	}
	if a := manager.post(path, "months", "24", "seed", "7"); a.to != path {
		t.Fatalf("a forecast: %d to %q", a.status, a.to)
	}
	o.console.Wait()
	page := auditor.get(path).body
	for _, want := range []string{"from the number 7", "200 futures", "City seed fund", "Low (P10)", "Runs dry", `class="sb-chart"`, "Sampling error"} {
		if !strings.Contains(page, want) {
			t.Errorf("the forecast does not say %q", want)
		}
	}
	if strings.Contains(page, "have changed") || strings.Contains(page, `action="`+path+`"`) {
		t.Error("a forecast of today is called old, or an auditor may make one")
	}
	if again := manager.get(path).body; !strings.Contains(again, `value="24" selected`) || !strings.Contains(again, `value="7"`) {
		t.Error("the form forgets how the forecast was asked for")
	}
	o.clock = o.clock.AddDate(0, 0, 1)
	if !strings.Contains(o.signedIn(t, auth.Approver).get(path+"?lang=es").body, "Haga otra") {
		t.Error("yesterday's forecast is not called old")
	}
}

func TestWhatAChangeCostsHasAnAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	path := riverbend + "/forecast"
	for _, bad := range [][2]string{{"match.amount.ratio", "much"}, {"match.amount.ratio", "-1"}, {"match.amount.ratio", "1e9"}, {"match.amount.ratio", ""}, {"match.caps.per_period", "0"}, {"match.caps.per_period", "x"}, {"nothing.at.all", "1"}, {"", "1"}} {
		a := manager.post(path+"/changes", "term", bad[0], "value", bad[1])
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="errors"`) {
			t.Errorf("%s=%s: %d", bad[0], bad[1], a.status)
		}
	}
	a := manager.post(path+"/changes", "term", "match.amount.ratio", "value", "50 %")
	if a.to != path+"/changes/match.amount.ratio=0.5" {
		t.Fatalf("a change: %d to %q", a.status, a.to)
	}
	o.console.Wait()
	page := manager.get(a.to).body
	for _, want := range []string{"Savings match, ratio: 50%", "Added in all", "Without the change", "Runs dry then", "-$"} {
		if !strings.Contains(page, want) && !strings.Contains(page, strings.ReplaceAll(want, "-", "−")) {
			t.Errorf("the cost does not say %q", want)
		}
	}
	if list := manager.get(path).body; !strings.Contains(list, `href="`+a.to+`"`) {
		t.Error("the forecast does not list the change")
	}
	if a := manager.get(path + "/changes/nothing"); a.status != http.StatusNotFound {
		t.Errorf("no change: %d", a.status)
	}
	if a := manager.post(path + "/changes/match.amount.ratio=2/cancel"); a.to != path+"/changes/match.amount.ratio=2" && a.status != http.StatusSeeOther {
		t.Errorf("stopping what does not run: %d to %q", a.status, a.to)
	}
}
