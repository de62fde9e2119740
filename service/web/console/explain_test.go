package console

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savings"
	"seedbook/service/store"
)

func TestEveryAmountOfAChildLeadsToItsExplanationInBothLanguages(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	child := first(t, b.get(riverbend+"/children"), riverbend+`/children/\d+`)
	page := b.get(child)
	awards := regexp.MustCompile(`href="(`+child+`/awards/[^"]+)"`).FindAllStringSubmatch(page.body, -1)
	if len(awards) < 3 {
		t.Fatalf("%d links to explanations", len(awards))
	}
	for _, m := range awards {
		for lang, words := range map[string][]string{
			"en": {"How the amount comes about", "Which fund pays", "What was looked at", "The rule", "Rule book"},
			"es": {"Cómo se calcula el monto", "Qué fondo paga", "Lo que se miró", "La regla", "Reglamento"},
		} {
			a := b.get(m[1] + "?lang=" + lang)
			if a.status != http.StatusOK {
				t.Fatalf("%s in %s: %d", m[1], lang, a.status)
			}
			for _, word := range words {
				if !strings.Contains(a.body, word) {
					t.Errorf("%s in %s does not say %q", m[1], lang, word)
				}
			}
			if missing := regexp.MustCompile(`\b(console|rules|rulebook)\.[a-z_]+\.[a-z_]+\b`).FindString(a.body); missing != "" {
				t.Errorf("%s in %s shows the key %s", m[1], lang, missing)
			}
		}
	}
	b.get(child + "?lang=en")
	seed := b.get(child + "/awards/seed/once?lang=en")
	for _, want := range []string{"This gives $50.00.", "City seed fund", "It gave $50.00.", "Transaction", "We looked at: "} {
		if !strings.Contains(seed.body, want) {
			t.Errorf("the seed's explanation does not say %q", want)
		}
	}
	for _, path := range []string{"/awards/seed/2026", "/awards/nonsense/once", "/awards/seed/%3Cscript%3E"} {
		if a := b.get(child + path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	var looked []audit.Recorded
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) (err error) {
		looked, err = audit.Trail(t.Context(), q, audit.Filter{Kind: "child", Limit: 500})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range looked {
		if e.Verb == "award.viewed" {
			n++
		}
	}
	if n != 2*len(awards)+1 {
		t.Errorf("%d looks were noted, want %d", n, 2*len(awards)+1)
	}
}

func TestWhoMayNotSeeNamesSeesNoneInAnExplanation(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	child := first(t, b.get(riverbend+"/children"), riverbend+`/children/\d+`)
	name := regexp.MustCompile(`<h1>([^<]+)</h1>`).FindStringSubmatch(b.get(child).body)[1]
	if a := b.get(child + "/awards/seed/once"); !strings.Contains(a.body, name) {
		t.Errorf("an operator does not see whose it is: %d", a.status)
	}
	auditor := o.signedIn(t, auth.Auditor)
	if a := auditor.get(child + "/awards/seed/once"); a.status != http.StatusOK || strings.Contains(a.body, name) {
		t.Errorf("an auditor sees the name (%d)", a.status)
	}
}

// propose puts a proposal to take back 10.00 of a seed into the books, as if
// somebody had found it.
func (o *office) propose(t *testing.T, child, foundBy string) (id string) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO award_excesses (tenant_id, program_id, child_id, benefit, period, amount, why, state, found_by, found_at)
			SELECT tenant_id, program_id, child_id, benefit, period, 10.00, why, 'proposed', $2, $3
			FROM awards WHERE benefit = 'seed' AND child_id = CAST($1 AS bigint)
			RETURNING CAST(id AS text)`
		return tx.GetContext(t.Context(), &id, query, child, foundBy, o.clock)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhatWasGivenTooMuchIsDecidedByASecondPerson(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	if a := operator.get(riverbend + "/excesses"); !strings.Contains(a.body, "Nothing is to be decided") {
		t.Errorf("an empty list: %d", a.status)
	}
	child := first(t, operator.get(riverbend+"/children"), riverbend+`/children/\d+`)
	id := o.propose(t, child[strings.LastIndex(child, "/")+1:], "job/awards")
	path := riverbend + "/excesses/" + id

	if a := o.browser(t).post(path, "decision", "take"); a.status != http.StatusUnauthorized {
		t.Errorf("signed out: %d", a.status)
	}
	if a := operator.post(path, "decision", "take"); a.status != http.StatusNotFound {
		t.Errorf("an operator decides: %d", a.status)
	}
	if a := operator.get(riverbend + "/excesses"); strings.Contains(a.body, `action="`+path) || !strings.Contains(a.body, "an approver decides") {
		t.Error("an operator is offered to decide, or not told who does")
	}
	approver := o.signedIn(t, auth.Approver)
	if a := approver.get(riverbend + "/excesses"); !strings.Contains(a.body, `action="`+path) || !strings.Contains(a.body, "Take $10.00 back") {
		t.Errorf("an approver is not offered to decide: %d", a.status)
	}
	if a := approver.post(path, "decision", "perhaps"); a.status != 422 {
		t.Errorf("an unknown decision: %d", a.status)
	}
	if a := approver.get(child + "/awards/seed/once"); !strings.Contains(a.body, "More was given than the rules allow") {
		t.Error("the explanation does not say so")
	}
	if a := approver.post(path, "decision", "take"); a.to != riverbend+"/excesses?done=excess_take" {
		t.Fatalf("taking back: %d to %q", a.status, a.to)
	}
	if a := approver.get(child + "/awards/seed/once"); !strings.Contains(a.body, "Taken back") || !strings.Contains(a.body, "−$10.00") {
		t.Error("the explanation does not show what was taken back")
	}
	if a := approver.post(path, "decision", "keep"); a.status != http.StatusConflict || !strings.Contains(a.body, "decided already") {
		t.Errorf("decided twice: %d", a.status)
	}
	var found *ledger.Report
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
		p, err := program.ByCode(t.Context(), q, "riverbend")
		if err == nil {
			found, err = ledger.Verify(t.Context(), q, p.Book, nil)
		}
		return err
	})
	if err != nil || !found.OK() {
		t.Errorf("the books: %v, %v", found, err)
	}
}

func TestWhoFoundItDoesNotDecideAndIsToldWhy(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	child := first(t, operator.get(riverbend+"/children"), riverbend+`/children/\d+`)
	approver := o.signedIn(t, auth.Approver)
	var staff string
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
		return sqlx.GetContext(t.Context(), q, &staff, `SELECT 'staff/' || max(staff_id) FROM staff_accounts`)
	})
	if err != nil {
		t.Fatal(err)
	}
	id := o.propose(t, child[strings.LastIndex(child, "/")+1:], staff)
	path := riverbend + "/excesses/" + id
	a := approver.get(riverbend + "/excesses")
	if strings.Contains(a.body, `action="`+path) || !strings.Contains(a.body, "Ask a second person") {
		t.Error("it is offered, or not said why not")
	}
	for _, decision := range []string{"take", "keep"} {
		if a := approver.post(path, "decision", decision); a.status != http.StatusForbidden || !strings.Contains(a.body, "Ask a second person") {
			t.Errorf("%s: %d", decision, a.status)
		}
	}
	// Another organization does not find it.
	elsewhere, err := auth.AddTenant(t.Context(), o.db, "Lakeside", o.clock)
	if err != nil {
		t.Fatal(err)
	}
	o.who = store.Who{Tenant: elsewhere, Actor: "cli"}
	o.hire(t, auth.NewAccount{Email: "eve@lakeside.test", Name: "Eve", Roles: []auth.Role{auth.Approver}})
	eve := o.browser(t)
	eve.signIn("eve@lakeside.test")
	for _, path := range []string{"/excesses", "/children/1/awards/seed/once"} {
		if a := eve.get(riverbend + path); a.status != http.StatusNotFound {
			t.Errorf("another organization reads %s: %d", path, a.status)
		}
	}
	if a := eve.post(path, "decision", "take"); a.status != http.StatusNotFound {
		t.Errorf("another organization decides: %d", a.status)
	}
}

const noRun = "No night&#39;s run has looked at this yet."

// What is shown is what the rules say today, also where no run has acted on it:
// a deposit and another rule book are shown at once, with the day of each.
func TestAPageTellsWhatHoldsTodayAndWhatTheLastRunFound(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	path := ""
	for _, p := range regexp.MustCompile(riverbend+`/children/\d+`).FindAllString(b.get(riverbend+"/children").body, -1) {
		if a := b.get(p + "/awards/match/2026-27"); a.status == http.StatusOK && !strings.Contains(a.body, noRun) {
			path = p
		}
	}
	const changed = "Since then something changed; the next run acts on it."
	before := b.get(path).body
	if !strings.Contains(before, "what the rules in effect say today") || strings.Contains(before, changed) {
		t.Errorf("before anything changed:\n%s", before)
	}
	id, err := strconv.ParseInt(path[strings.LastIndex(path, "/")+1:], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	err = o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		p, err := program.ByCode(t.Context(), tx, "riverbend")
		if err != nil {
			return err
		}
		_, err = savings.PostDeposits(t.Context(), tx, o.who, p, []savings.Deposit{
			{Reference: "late", Child: family.ChildID(id), Amount: ledger.Minor(7_31), On: p.Day(o.clock), Channel: "cash"},
		}, 0, o.clock)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	after := b.get(path).body
	if !strings.Contains(after, changed) {
		t.Fatalf("after a deposit that no run has seen:\n%s", after)
	}
	match := regexp.MustCompile(path + `/awards/match/[^"]+`).FindString(after)
	if page := b.get(match).body; !strings.Contains(page, changed) || !strings.Contains(page, "by the rules in effect and what is known today") {
		t.Errorf("the explanation of %s:\n%s", match, page)
	}
}
