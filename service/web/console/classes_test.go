package console

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
)

// classBenefit names everybody who takes part on a day, and has money for some.
const classBenefit = `
  - id: jubilee
    kind: community
    says: {en: Jubilee scholarship, es: Beca del jubileo}
    trigger: class(2026-10-05)
    amount: {fixed: 1000.00}
    period: once
    funding: {sources: [{fund: SMITH}], on_shortfall: queue}
`

// namedCity is a city whose rule book has named a class.
func namedCity(t *testing.T) (*office, *browser) {
	t.Helper()
	o, manager := city(t)
	path := draft(t, manager, strings.NewReplacer("\nbenefits:\n", "\nbenefits:"+classBenefit, "2026-10-31, amount: 125.00", "2026-10-31, amount: 1125.00").Replace(cityRules(t)))
	if a := manager.post(path+"/submit", "revision", "2", "submit_note", "A jubilee."); a.status != http.StatusSeeOther {
		t.Fatalf("submitting: %d %s", a.status, a.body)
	}
	approver := o.signedIn(t, auth.Approver)
	if a := approver.post(path+"/approve", "hash", hidden(t, approver.get(path), "hash"), "effective_on", "2026-10-05"); a.status != http.StatusSeeOther {
		t.Fatalf("approving: %d", a.status)
	}
	return o, manager
}

func TestAClassIsListedWithItsChildrenAndItsProof(t *testing.T) {
	t.Parallel()
	o, manager := namedCity(t)
	path := riverbend + "/classes"
	if a := manager.get(path); !strings.Contains(a.body, "Classes to come") || !strings.Contains(a.body, "Jubilee scholarship") {
		t.Errorf("before its day: %d", a.status)
	}
	if a := manager.get(path + "/jubilee/2026-10-05"); a.status != http.StatusNotFound {
		t.Errorf("a class that was not named: %d", a.status)
	}
	if a := manager.post(riverbend+"/jobs", "job", "awards", "as_of", "2026-10-05"); a.status != http.StatusSeeOther {
		t.Fatalf("the job: %d", a.status)
	}
	o.console.Wait()
	list := manager.get(path)
	class := first(t, list, path+"/jubilee/2026-10-05")
	page := manager.get(class)
	for _, want := range []string{"$1,000.00", "Waiting for money", "it is the same", "The same", `rel="next"`, "/awards/jubilee/once"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the class does not say %q", want)
		}
	}
	text := manager.get(class + "/list.txt").body
	sum := sha256.Sum256([]byte(text))
	if !strings.Contains(page.body, hex.EncodeToString(sum[:])) {
		t.Error("what is downloaded does not give the fingerprint")
	}
	rows := regexp.MustCompile(`href="` + riverbend + `/children/(\d+)"`)
	seen := map[string]bool{}
	for next := page; ; {
		for _, m := range rows.FindAllStringSubmatch(next.body, -1) {
			seen[m[1]] = true
		}
		to := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(next.body)
		if to == nil {
			break
		}
		next = manager.get(strings.ReplaceAll(to[1], "&amp;", "&"))
	}
	if n := strings.Count(text, "\n") - 1; n != len(seen) || n < membersPerPage {
		t.Errorf("%d children on all pages, %d in the list", len(seen), n)
	}
	if a := manager.get(class + "?show=waiting"); !strings.Contains(a.body, "Show all children") || strings.Contains(a.body, "Nobody to show") {
		t.Errorf("who waits: %d", a.status)
	}
	for _, bad := range []string{"/jubilee/2026-10-06", "/jubilee/x", "/seed/2026-10-05"} {
		if a := manager.get(path + bad); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
}

func TestAChangedListIsFoundOut(t *testing.T) {
	t.Parallel()
	o, manager := namedCity(t)
	manager.post(riverbend+"/jobs", "job", "awards", "as_of", "2026-10-05")
	o.console.Wait()
	// A list can only be spoiled by whoever owns the database: here by one more
	// list whose hash is not its members'.
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO class_lists (tenant_id, program_id, benefit, class_on, n, members, hash, rule_hash, as_of, named_by, named_at)
			SELECT tenant_id, program_id, benefit, class_on, 2, members, repeat('0', 64), rule_hash, as_of, named_by, named_at FROM class_lists WHERE n = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page := manager.get(riverbend + "/classes/jubilee/2026-10-05").body
	if !strings.Contains(page, "A list is not what was written down") || strings.Contains(page, "it is the same") {
		t.Error("a list with a wrong hash is called sound")
	}
}
