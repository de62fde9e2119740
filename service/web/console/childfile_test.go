package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/auth"
)

// someChild is a child of the city with money on its account.
func someChild(t *testing.T, b *browser) string {
	t.Helper()
	return first(t, b.get(riverbend+"/children?about=saving"), riverbend+`/children/\d+`)
}

// says fails where a page does not say something.
func says(t *testing.T, what string, a answer, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Errorf("%s (%d) does not say %q", what, a.status, w)
		}
	}
}

func TestAnOptOutIsLookedAtConfirmedAndWaitsForItsMoney(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	child := someChild(t, operator)
	page := operator.get(child)
	says(t, "the child's page", page, "What can be done", "Opt out", "Money by owner and fund", "This child takes part. There is nothing to come back from.")
	form := operator.get(child + "/do/opt_out")
	key, version := hidden(t, form, "key"), hidden(t, form, "version")
	if a := operator.post(child+"/do/opt_out", "key", key, "version", version, "on", "2027-01-01", "why", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a day that has not come, and no reason: %d", a.status)
	}
	look := operator.post(child+"/do/opt_out", "key", key, "version", version, "on", "2026-10-05", "why", "The mother called.")
	says(t, "the preview", look, "What would come of it", "Money that leaves the account", "Back to its fund", "Paid to the family", "waits for another person", "Letters, statements and codes stop today")
	if a := operator.get(child); strings.Contains(a.body, "Opted out") {
		t.Error("a look changed something")
	}
	done := operator.post(child+"/do/opt_out", "step", "do", "key", key, "version", version, "on", "2026-10-05", "why", "The mother called.")
	if done.status != http.StatusSeeOther || !strings.HasPrefix(bare(done.to), "/approvals/") {
		t.Fatalf("confirmed: %d to %q", done.status, done.to)
	}
	says(t, "the child's page afterwards", operator.get(child), "Opted out", "This child does not take part any more.")
	says(t, "its request", operator.get(bare(done.to)), "The family opted out.", "Leaves the account", "Paid to the family")
	if a := operator.get(child + "/do/leaves_area"); !strings.Contains(a.body, "This cannot be done now") {
		t.Error("a command that cannot be done does not say so")
	}
	approver := o.signedIn(t, auth.Approver)
	request := approver.get(bare(done.to))
	if a := approver.post(bare(done.to)+"/approve", "hash", hashOn(t, request)); a.status != http.StatusSeeOther {
		t.Fatalf("approved: %d %s", a.status, a.body)
	}
	says(t, "the timeline", operator.get(child+"/timeline"), "Participation ended", "Agreed: money leaves the account", "Award taken back", "Note written")
	if a := operator.get(child + "/file"); !strings.Contains(a.body, "The mother called.") {
		t.Error("the reason is not kept")
	}
}

func TestADeathIsRecordedAndTheHoldIsLiftedByAnother(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	child := someChild(t, operator)
	key := hidden(t, operator.get(child+"/do/death"), "key")
	a := operator.post(child+"/do/death", "step", "do", "key", key, "version", "1", "on", "2026-10-01", "why", "Certificate seen.")
	if a.status != http.StatusSeeOther {
		t.Fatalf("recorded: %d %s", a.status, a.body)
	}
	says(t, "the child's page", operator.get(child), "On hold: hold after a death", "Died")
	says(t, "the file, to who placed it", operator.get(child+"/file"), "Whoever placed a hold cannot lift it")
	support := o.signedIn(t, auth.Support)
	if a := support.get(child + "/file"); a.status != http.StatusNotFound {
		t.Errorf("the file, to support: %d", a.status)
	}
	approver := o.signedIn(t, auth.Approver)
	lift := regexp.MustCompile(child + `/holds/\d+`).FindString(approver.get(child + "/file").body)
	number := lift[strings.LastIndex(lift, "/")+1:]
	if a := approver.post(lift, "lift-"+number, "It was another child."); a.status != http.StatusSeeOther {
		t.Errorf("lifted: %d %s", a.status, a.body)
	}
	back := hidden(t, operator.get(child+"/do/come_back"), "key")
	if a := operator.post(child+"/do/come_back", "step", "do", "key", back, "version", "1", "back", "mistake", "on", "", "why", "It was another child."); a.status != http.StatusSeeOther {
		t.Errorf("taken back: %d %s", a.status, a.body)
	}
	if a := operator.get(child); strings.Contains(a.body, "On hold") || strings.Contains(a.body, ">Died<") {
		t.Error("something of the death is left")
	}
}

func TestARecordIsSavedOnceAndNotOverWhatSomebodyElseSaved(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	a := operator.get(riverbend + "/children/new")
	says(t, "a new child", a, "First name", "Born")
	typed := []string{"given", "Xiomara", "surname", "Ñáñez-O'Neil", "born", "2020-02-29", "language", "es", "school", "0", "grade", "KG", "city", "Riverbend"}
	added := operator.post(riverbend+"/children/new", typed...)
	if added.status != http.StatusSeeOther {
		t.Fatalf("added: %d %s", added.status, added.body)
	}
	if a := operator.post(riverbend+"/children/new", typed...); a.status != http.StatusConflict || !strings.Contains(a.body, "is on record") || !strings.Contains(a.body, `name="anyway"`) {
		t.Errorf("twice: %d", a.status)
	}
	child := bare(added.to)
	version := hidden(t, operator.get(child+"/edit"), "version")
	other := o.signedIn(t, auth.ProgramManager, auth.Operator)
	save := func(b *browser, given string) answer {
		return b.post(child+"/edit", "version", version, "given", given, "surname", "Ñáñez-O'Neil", "born", "2020-02-29", "language", "es")
	}
	if a := save(other, "Xiomara Luz"); a.status != http.StatusSeeOther {
		t.Fatalf("saved: %d %s", a.status, a.body)
	}
	stale := save(operator, "Xio")
	if stale.status != http.StatusConflict || !strings.Contains(stale.body, "Somebody else saved this record") || !strings.Contains(stale.body, `value="Xio"`) {
		t.Errorf("saved meanwhile: %d", stale.status)
	}
	says(t, "the family's page", operator.get(child+"/family"), "No adult is on record")
	form := operator.get(child + "/family/new")
	if a := operator.post(child+"/family/new", "key", hidden(t, form, "key"), "seen", "", "given", "Luz", "surname", "Ñáñez", "phone", "503 555 0123", "language", "", "rights", "view", "from", "2026-10-05", "to", "", "order", "FC-17"); a.status != http.StatusSeeOther {
		t.Fatalf("a guardian: %d %s", a.status, a.body)
	}
	says(t, "the family's page", operator.get(child+"/family"), "Luz Ñáñez", "FC-17", "May not")
	if a := o.signedIn(t, auth.Support).get(child + "/family"); strings.Contains(a.body, "Luz") || strings.Contains(a.body, "555") {
		t.Error("support sees a guardian's name or telephone")
	}
}

func TestPapersAreHandedInAndServedAsFilesOnly(t *testing.T) {
	t.Parallel()
	_, operator := city(t)
	child := someChild(t, operator)
	pdf := []byte("%PDF-1.7\n<script>alert(1)</script>")
	if a := operator.send(child+"/documents", "order.html", pdf, "document_kind", "court_order", "title", "Order"); a.status != http.StatusSeeOther {
		t.Fatalf("handed in: %d %s", a.status, a.body)
	}
	if a := operator.send(child+"/documents", "order.pdf", []byte("<html>"), "document_kind", "court_order", "title", "Order"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "The file is none of them") {
		t.Errorf("a page called PDF: %d", a.status)
	}
	to := first(t, operator.get(child+"/file"), child+`/documents/\d+`)
	a := operator.get(to)
	if a.body != string(pdf) || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment") || !strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") || a.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("served: %v", a.header)
	}
}
