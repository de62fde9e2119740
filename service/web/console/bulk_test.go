package console

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/auth"
)

// chooseFor chooses children of the list and goes on from there.
func (b *browser) chooseFor(t *testing.T, key string, children ...string) string {
	t.Helper()
	pairs := []string{"key", key, "filter", ""}
	for _, id := range children {
		pairs = append(pairs, "child", id)
	}
	a := b.post(riverbend+"/bulk", pairs...)
	if a.status != http.StatusSeeOther {
		t.Fatalf("choosing: %d", a.status)
	}
	return a.to
}

var bulkBox = regexp.MustCompile(`name="child" value="(\d+)"`)

// listed are the children that a list offers to choose.
func (b *browser) listed(path string) (ids []string) {
	for _, m := range bulkBox.FindAllStringSubmatch(b.get(path).body, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestWhoMayNotActInBulkIsOfferedNothingAndRefused(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	support := o.signedIn(t, auth.Support)
	if support.listed(riverbend+"/children") != nil {
		t.Error("who answers families is offered boxes")
	}
	if a := support.post(riverbend+"/bulk", "key", "k", "child", "1"); a.status != http.StatusNotFound {
		t.Errorf("and chooses: %d", a.status)
	}
	if a := b.post(riverbend+"/bulk", "key", "k", "filter", ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Choose at least one") {
		t.Errorf("choosing nobody: %d", a.status)
	}
	if a := b.post(riverbend+"/bulk", "key", "k", "filter", "", "child", "999999"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("choosing a child of nobody: %d", a.status)
	}
	ids := b.listed(riverbend + "/children")
	path := b.chooseFor(t, "k2", ids[:2]...)
	if a := b.post(riverbend+"/bulk", "key", "k3", "filter", "q=smith", "child", ids[0]); b.post(a.to+"/all").status != http.StatusUnprocessableEntity || strings.Contains(b.get(a.to).body, "/all") {
		t.Error("all of a search by words is taken")
	}
	approver := o.signedIn(t, auth.Approver)
	if a := approver.post(path+"/order", "action", "consent", "what", "photo", "yes", "yes", "on", "2026-09-01"); a.status != http.StatusNotFound {
		t.Errorf("who may hold accounts changes children: %d", a.status)
	}
	if a := b.post(path+"/order", "action", "consent", "what", "photo", "yes", "perhaps", "on", "2031-01-01"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `value="2031-01-01"`) {
		t.Errorf("a wrong order: %d", a.status)
	}
	if a := b.post(path+"/order", "action", "opt_out", "on", "2026-09-01"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("leaving in bulk: %d", a.status)
	}
	if a := b.post(path + "/do"); a.status != http.StatusConflict {
		t.Errorf("done unseen: %d", a.status)
	}
	b.post(path+"/order", "action", "consent", "what", "photo", "yes", "yes", "on", "2026-09-01")
	for _, step := range []string{"/do", "/ask", "/discard", "/undo", "/stop"} {
		if a := approver.post(path+step, "reason", "x", "why", "x"); a.status != http.StatusNotFound {
			t.Errorf("who may not change children: %s %d", step, a.status)
		}
	}
}

func TestManyChildrenAreChangedAndChangedBack(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	ids := b.listed(riverbend + "/children")
	if len(ids) < 2 {
		t.Fatalf("the list offers %d children", len(ids))
	}
	path := b.chooseFor(t, "k", ids[:2]...)
	if again := b.chooseFor(t, "k", ids...); again != path {
		t.Errorf("the same form leads to %s and to %s", path, again)
	}
	chosen := b.get(path)
	if !strings.Contains(chosen.body, "2 children were chosen") || !strings.Contains(chosen.body, path+"/all") {
		t.Fatalf("after choosing: %d", chosen.status)
	}
	if a := b.post(path + "/all"); a.status != http.StatusSeeOther {
		t.Errorf("all that match: %d", a.status)
	}
	if page := b.get(path).body; !strings.Contains(page, "that match were chosen") {
		t.Error("the page does not say that all were chosen")
	}
	if a := b.post(path+"/order", "action", "consent", "what", "photo", "yes", "yes", "on", "2026-09-01"); a.status != http.StatusSeeOther {
		t.Fatalf("ordering: %d", a.status)
	}
	b.post(path + "/do")
	o.console.Wait()
	if page := b.get(path).body; !strings.Contains(page, "It is done for") {
		t.Fatal("it is not done")
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.get(path+"/rows.csv").body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) < len(ids)+1 || rows[1][2] != "Done" || !strings.Contains(rows[1][1], "Consent") {
		t.Errorf("the file of results: %v, %v", err, rows[:min(2, len(rows))])
	}
	timeline := riverbend + "/children/" + ids[0] + "/timeline"
	if page := b.get(timeline).body; !strings.Contains(page, "In a bulk action") || !strings.Contains(page, "The family agrees") {
		t.Error("the child's timeline does not tell of it")
	}
	if a := b.post(path+"/undo", "why", " "); a.status != http.StatusUnprocessableEntity {
		t.Errorf("undone for no reason: %d", a.status)
	}
	b.post(path+"/undo", "why", "The wrong list.")
	o.console.Wait()
	if page := b.get(path).body; !strings.Contains(page, "It is taken back for") || !strings.Contains(page, "The wrong list.") {
		t.Error("it is not undone")
	}
	if page := b.get(timeline).body; !strings.Contains(page, "A bulk action taken back") {
		t.Error("the child's timeline does not tell of the undo")
	}
	if page := b.get(riverbend + "/bulk").body; !strings.Contains(page, path) {
		t.Error("the list of bulk actions lacks it")
	}
	var verbs string
	o.value(t, &verbs, `SELECT string_agg(DISTINCT verb, ' ' ORDER BY verb) FROM audit_events WHERE verb LIKE 'bulk.%'`)
	if want := "bulk.begun bulk.chosen bulk.done bulk.rows_exported bulk.undo_begun bulk.undone"; verbs != want {
		t.Errorf("the trail says %s, want %s", verbs, want)
	}
}
