package console

import (
	"net/http"
	"strings"
	"testing"

	"seedbook/service/auth"
)

// A program's name and the least number that is told are asked for by one person and
// set by another, as they were seen; the trail has both values.
func TestAProgramsSettingsTakeASecondPerson(t *testing.T) {
	t.Parallel()
	o, _ := city(t)
	manager := o.signedIn(t, auth.ProgramManager)
	path := riverbend + "/settings"
	says(t, "the page", manager.get(path), "10 children", "America/", "What stays as it is")
	support := o.signedIn(t, auth.Support)
	if a := support.get(path); a.status != http.StatusOK || strings.Contains(a.body, "<form method=\"post\" action=\""+path) {
		t.Errorf("the page, to support: %d", a.status)
	}
	approver := o.signedIn(t, auth.Approver)
	if a := approver.post(path, "name", "X", "smallest", "5", "reason", "x"); a.status != http.StatusNotFound {
		t.Errorf("an approver asks: %d", a.status)
	}
	for _, wrong := range [][]string{
		{"name", "Riverbend Savers", "smallest", "2", "reason", "why"}, {"name", "Riverbend Savers", "smallest", "101", "reason", "why"},
		{"name", "", "smallest", "12", "reason", "why"}, {"name", "Riverbend Savers", "smallest", "many", "reason", "why"}, {"name", "Riverbend Savers", "smallest", "12", "reason", ""},
	} {
		if a := manager.post(path, wrong...); a.status != http.StatusUnprocessableEntity || wrong[1] != "" && !strings.Contains(a.body, `value="`+wrong[1]+`"`) {
			t.Errorf("%q: %d", wrong, a.status)
		}
	}
	asked := manager.post(path, "name", "Riverbend Savers", "smallest", "12", "reason", "The council decided.")
	if asked.status != http.StatusSeeOther {
		t.Fatalf("asked: %d %s", asked.status, asked.body)
	}
	says(t, "the page, before anybody approved", manager.get(path), "10 children")
	request := approver.get(bare(asked.to))
	says(t, "the request", request, "10 children becomes 12 children", "becomes Riverbend Savers")
	if a := approver.post(bare(asked.to)+"/approve", "hash", hashOn(t, request)); a.status != http.StatusSeeOther {
		t.Fatalf("approved: %d %s", a.status, a.body)
	}
	says(t, "the page", approver.get(path), "12 children", "Riverbend Savers")
	var before, after string
	o.value(t, &before, `SELECT before::text FROM audit_events WHERE verb = 'program.set'`)
	o.value(t, &after, `SELECT after::text FROM audit_events WHERE verb = 'program.set'`)
	if !strings.Contains(before, "10") || !strings.Contains(after, "12") || !strings.Contains(after, "Riverbend Savers") {
		t.Errorf("the trail: %s and %s", before, after)
	}
}
