package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
)

// reperformed runs the full re-performance by hand, as staff do.
func reperformed(t *testing.T, o *office, manager *browser) {
	t.Helper()
	if a := manager.post(riverbend+"/jobs", "job", "reperform", "as_of", "2026-10-05"); a.status != http.StatusSeeOther {
		t.Fatalf("the job: %d", a.status)
	}
	o.console.Wait()
}

func TestWhatAReperformanceFoundIsListedWithItsExplanation(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	path := riverbend + "/findings"
	if a := manager.get(path); !strings.Contains(a.body, "It has not run yet") {
		t.Errorf("before any run: %d", a.status)
	}
	if a := manager.get(path + "/findings.csv"); a.status != http.StatusNotFound {
		t.Errorf("a file of nothing: %d", a.status)
	}
	manager.post(riverbend+"/jobs", "job", "awards", "as_of", "2026-10-05") // nobody waits to be looked at
	o.console.Wait()
	reperformed(t, o, manager)
	if a := manager.get(path); !strings.Contains(a.body, "Nothing differs") {
		t.Errorf("an honest program: %d", a.status)
	}
	if a := manager.get(riverbend); strings.Contains(a.body, "not what the rules give") {
		t.Error("home asks to look at nothing")
	}
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `
			UPDATE awards SET posted = posted + 7.25
			WHERE benefit = 'seed' AND child_id IN (SELECT child_id FROM awards WHERE benefit = 'seed' AND posted > 0 ORDER BY child_id LIMIT 30)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	reperformed(t, o, manager)
	page := manager.get(path + "?kind=overpaid")
	for _, want := range []string{"Too much given", "+$7.25", "/awards/seed/once", `rel="next"`, "Download this list"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the list does not say %q", want)
		}
	}
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page.body)
	if next == nil {
		t.Fatal("no next page")
	}
	second := manager.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	if n, m := strings.Count(page.body, "+$7.25"), strings.Count(second.body, "+$7.25"); n != findingsPerPage || m != 30-findingsPerPage {
		t.Errorf("%d and %d on two pages", n, m)
	}
	if a := manager.get(riverbend); !strings.Contains(a.body, "not what the rules give") {
		t.Error("home does not ask to look")
	}
	if a := manager.get(path + "?kind=missing"); !strings.Contains(a.body, "Nothing of this kind") {
		t.Error("an empty kind says nothing")
	}
	for _, bad := range []string{"?kind=x", "?run=999", "?run=x"} {
		if a := manager.get(path + bad); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
	file := manager.get(path + "/findings.csv?kind=overpaid").body
	if lines := strings.Split(strings.TrimSpace(file), "\n"); len(lines) != 31 || !strings.Contains(lines[1], ",seed,once,Too much given,") || !strings.Contains(lines[1], ",7.25,2026-10-05,") {
		t.Errorf("the file has %d lines, the second %q", len(lines), lines[min(1, len(lines)-1)])
	}
	explained := manager.get(first(t, page, riverbend+`/children/\d+/awards/seed/once`))
	if explained.status != http.StatusOK {
		t.Errorf("the explanation: %d", explained.status)
	}
}

func TestFindingsNameChildrenOnlyToWhoMaySeeNames(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE awards SET posted = posted + 7.25 WHERE benefit = 'seed' AND posted > 0`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	reperformed(t, o, manager)
	named := regexp.MustCompile(riverbend + `/children/\d+">([^<]+)<`).FindStringSubmatch(manager.get(riverbend + "/findings").body)
	if named == nil {
		t.Fatal("nobody is named")
	}
	auditor := o.signedIn(t, auth.Auditor).get(riverbend + "/findings")
	if auditor.status != http.StatusOK || strings.Contains(auditor.body, named[1]) {
		t.Errorf("an auditor reads %q: %d", named[1], auditor.status)
	}
	if a := o.signedIn(t, auth.Support).get(riverbend + "/findings"); a.status != http.StatusNotFound {
		t.Errorf("support: %d", a.status)
	}
}
