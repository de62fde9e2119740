package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/store"
)

// hidden is the value of a form's hidden field.
func hidden(t *testing.T, a answer, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no field %s (status %d)", name, a.status)
	}
	return found[1]
}

// cityRules is the text of the demonstration's own rule book.
func cityRules(t *testing.T) string {
	t.Helper()
	source, err := rules.Pack("city")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// draft begins a draft from an example and gives it a text.
func draft(t *testing.T, b *browser, source string) (path string) {
	t.Helper()
	a := b.post(riverbend+"/rules", "from", "pack:city", "then", "text")
	path, ok := strings.CutSuffix(a.to, "/text?done=rules_begun")
	if a.status != http.StatusSeeOther || !ok {
		t.Fatalf("beginning a draft: %d to %q", a.status, a.to)
	}
	a = b.post(path+"/text", "revision", "1", "source", source, "then", "book")
	if a.status != http.StatusSeeOther || a.to != path+"?done=rules_saved" {
		t.Fatalf("saving it: %d to %q", a.status, a.to)
	}
	return path
}

func TestARuleBookGoesFromDraftToEffectByTwoPeople(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	approver := o.signedIn(t, auth.Approver)
	path := draft(t, manager, strings.Replace(cityRules(t), "pay: 25.00", "pay: 30.00", 1))

	a := manager.get(path)
	if !strings.Contains(a.body, "do not hold") || !strings.Contains(a.body, "Saver&#39;s bonus") || !strings.Contains(a.body, "$30.00 once $50.00 is reached") {
		t.Error("the page does not say that examples fail, or the rules in words")
	}
	if a := manager.post(path+"/submit", "revision", "2", "submit_note", "More."); a.status != 422 || !strings.Contains(a.body, "do not come out as they say") {
		t.Errorf("submitted with examples that fail: %d", a.status)
	}
	mended := strings.NewReplacer("pay: 25.00", "pay: 30.00", "bonus, amount: 25.00", "bonus, amount: 30.00", "amount: 125.00", "amount: 130.00").Replace(cityRules(t))
	manager.post(path+"/text", "revision", "2", "source", mended, "then", "book")

	if a := manager.post(path+"/submit", "revision", "3", "submit_note", " "); a.status != 422 || !strings.Contains(a.body, `href="#submit_note"`) {
		t.Errorf("submitted without a reason: %d", a.status)
	}
	if a := manager.post(path+"/submit", "revision", "2", "submit_note", "More."); a.status != http.StatusConflict || !strings.Contains(a.body, "More.</textarea>") {
		t.Errorf("submitted another text than was shown: %d, or the note is lost", a.status)
	}
	if a := manager.post(path+"/submit", "revision", "3", "submit_note", "The bank gives more."); a.to != path+"?done=rules_submitted" {
		t.Fatalf("submitting: %d to %q", a.status, a.to)
	}

	if a := manager.post(path+"/approve", "hash", "x", "effective_on", "2026-10-05"); a.status != http.StatusNotFound {
		t.Errorf("its author approves: %d", a.status)
	}
	shown := approver.get(path)
	if !strings.Contains(shown.body, "The bank gives more.") || !strings.Contains(shown.body, "$25.00 once $50.00 is reached") || !strings.Contains(shown.body, "$30.00 once $50.00 is reached") {
		t.Error("whoever approves does not see why, or what changes")
	}
	hash := hidden(t, shown, "hash")
	for _, test := range []struct {
		name, hash, on string
		status         int
		says           string
	}{
		{"another text", "0" + hash[1:], "2026-10-05", http.StatusConflict, "changed since you looked"},
		{"no day", hash, "", 422, `href="#effective_on"`},
		{"yesterday", hash, "2026-10-04", 422, "has passed"},
	} {
		if a := approver.post(path+"/approve", "hash", test.hash, "effective_on", test.on); a.status != test.status || !strings.Contains(a.body, test.says) {
			t.Errorf("%s: %d without %q", test.name, a.status, test.says)
		}
	}
	if a := approver.post(path+"/approve", "hash", hash, "effective_on", "2026-10-06"); a.to != path+"?done=rules_approved" {
		t.Fatalf("approving: %d to %q", a.status, a.to)
	}
	if a := approver.get(path); !strings.Contains(a.body, "Takes effect on October 6, 2026.") {
		t.Error("the page does not say from when it holds")
	}
	if book := o.rulesOn(t, "2026-10-05"); book.Hash() == hash {
		t.Error("it is in effect a day too soon")
	}
	if book := o.rulesOn(t, "2026-10-06"); book.Hash() != hash {
		t.Error("it is not in effect on its day")
	}
	o.clock = o.clock.AddDate(0, 0, 1)
	manager.signIn("operator@riverbend.test")
	if a := manager.get(riverbend + "/rules"); strings.Count(a.body, "In effect since") != 1 || !strings.Contains(a.body, "until another took its place") {
		t.Error("the list does not say which one is in effect and which one was")
	}
}

func (o *office) rulesOn(t *testing.T, on string) (book *rules.Book) {
	t.Helper()
	day, err := ledger.ParseDate(on)
	if err != nil {
		t.Fatal(err)
	}
	err = o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
		p, err := program.ByCode(t.Context(), q, "riverbend")
		if err == nil {
			book, err = program.RulesOn(t.Context(), q, p.ID, day)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// One person with two accounts is one person.
func TestAnAuthorDoesNotApproveWithAnotherAccount(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	path := draft(t, manager, strings.Replace(cityRules(t), "Riverbend Children's Savings", "Riverbend Savings", 1))
	manager.post(path+"/submit", "revision", "2", "submit_note", "A shorter name.")
	var staff auth.StaffID
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
		return sqlx.GetContext(t.Context(), q, &staff, `SELECT max(staff_id) FROM staff_accounts`)
	})
	if err != nil {
		t.Fatal(err)
	}
	o.hire(t, auth.NewAccount{Email: "again@riverbend.test", Staff: staff, Roles: []auth.Role{auth.Approver}})
	again := o.browser(t)
	again.signIn("again@riverbend.test")
	a := again.get(path)
	if !strings.Contains(a.body, "Ask a second person") || strings.Contains(a.body, `action="`+path+`/approve"`) {
		t.Error("the page offers to approve, or does not say why not")
	}
	var hash string
	err = o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
		return sqlx.GetContext(t.Context(), q, &hash, `SELECT hash FROM program_rule_books WHERE state = 'submitted'`)
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := again.post(path+"/approve", "hash", hash, "effective_on", "2026-10-05"); a.status != http.StatusForbidden || !strings.Contains(a.body, "Ask a second person") {
		t.Errorf("the author approves: %d", a.status)
	}
}

func TestAReturnedRuleBookSaysWhyAndIsEditedAsANewDraft(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	approver := o.signedIn(t, auth.Approver)
	path := draft(t, manager, strings.Replace(cityRules(t), "Riverbend Children's Savings", "Riverbend Savings", 1))
	manager.post(path+"/submit", "revision", "2", "submit_note", "A shorter name.")
	hash := hidden(t, approver.get(path), "hash")
	if a := approver.post(path+"/return", "hash", hash, "return_note", ""); a.status != 422 || !strings.Contains(a.body, `href="#return_note"`) {
		t.Errorf("returned without a reason: %d", a.status)
	}
	if a := approver.post(path+"/return", "hash", hash, "return_note", "Ask the council first."); a.to != path+"?done=rules_returned" {
		t.Fatalf("returning: %d to %q", a.status, a.to)
	}
	if a := manager.get(path); !strings.Contains(a.body, "Ask the council first.") {
		t.Error("the author does not see why")
	}
	for _, edit := range []string{path + "/text"} {
		if a := manager.get(edit); a.status != http.StatusConflict {
			t.Errorf("a returned book is edited at %s: %d", edit, a.status)
		}
	}
	if a := manager.post(path+"/text", "revision", "2", "source", "x", "then", "stay"); a.status != http.StatusConflict {
		t.Errorf("a returned book is changed: %d", a.status)
	}
	if a := manager.post(path + "/copy"); a.status != http.StatusSeeOther || strings.HasPrefix(a.to, path+"/") {
		t.Errorf("a new draft from it: %d to %q", a.status, a.to)
	}
}

func TestADraftKeepsEveryCharacterAndShowsEachProblemAtItsLine(t *testing.T) {
	t.Parallel()
	_, manager := city(t)
	const odd = "benefits:\n  - id: <b>seed</b>\n\tpay: \"ñ\"\n"
	path := draft(t, manager, strings.ReplaceAll(odd, "\n", "\r\n"))
	a := manager.get(path + "/text")
	if !strings.Contains(a.body, ">\nbenefits:\n  - id: &lt;b&gt;seed&lt;/b&gt;\n\tpay: &#34;ñ&#34;\n</textarea>") {
		t.Error("what was typed came back otherwise")
	}
	line := first(t, a, `#L\d+`)
	if !strings.Contains(a.body, `id="`+line[1:]+`" class="sb-source__bad"`) || !strings.Contains(a.body, "<title>Error:") {
		t.Errorf("the problem at %s leads nowhere", line)
	}
	if a := manager.get(path); !strings.Contains(a.body, "It cannot be read") || strings.Contains(a.body, `action="`+path+`/submit"`) {
		t.Error("what cannot be read is offered for submission")
	}
	if a := manager.post(path+"/submit", "revision", "2", "submit_note", "x"); a.status != 422 {
		t.Errorf("what cannot be read is submitted: %d", a.status)
	}
}

func TestNobodyOverwritesWhatSomebodyElseSaved(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	path := draft(t, manager, "one: 1\ntwo: 2\n")
	o.hire(t, auth.NewAccount{Email: "luis@riverbend.test", Name: "Luis", Roles: []auth.Role{auth.ProgramManager}})
	luis := o.browser(t)
	luis.signIn("luis@riverbend.test")
	if a := luis.post(path+"/text", "revision", "2", "source", "one: 1\ntwo: three\n", "then", "stay"); a.status != http.StatusSeeOther {
		t.Fatalf("Luis saves: %d", a.status)
	}
	a := manager.post(path+"/text", "revision", "2", "source", "one: 1\ntwo: four\n", "then", "stay")
	if a.status != http.StatusConflict || !strings.Contains(a.body, "two: four\n</textarea>") {
		t.Errorf("%d, or what was typed is lost", a.status)
	}
	if !strings.Contains(a.body, "- two: three") || !strings.Contains(a.body, "+ two: four") {
		t.Error("the difference is not shown")
	}
	if a := manager.post(path+"/text", "revision", hidden(t, a, "revision"), "source", "one: 1\ntwo: four\n", "then", "stay"); a.status != http.StatusSeeOther {
		t.Errorf("saved once more, knowingly: %d", a.status)
	}
}

func TestRuleBooksOfOthersAndThoseThatAreNotThereAreNotFound(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	for _, path := range []string{"/rules/99", "/rules/x", "/rules/0", "/rules/99/text", "/rules/99999999999"} {
		if a := manager.get(riverbend + path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, from := range []string{"book:99", "book:x", "pack:nonsense"} {
		if a := manager.post(riverbend+"/rules", "from", from, "then", "text"); a.status != http.StatusNotFound {
			t.Errorf("begun from %s: %d", from, a.status)
		}
	}
	elsewhere, err := auth.AddTenant(t.Context(), o.db, "Lakeside", o.clock)
	if err != nil {
		t.Fatal(err)
	}
	o.who = store.Who{Tenant: elsewhere, Actor: "cli"}
	o.hire(t, auth.NewAccount{Email: "eve@lakeside.test", Name: "Eve", Roles: []auth.Role{auth.ProgramManager}})
	eve := o.browser(t)
	eve.signIn("eve@lakeside.test")
	for _, path := range []string{"/rules", "/rules/1", "/rules/1/text", "/rules/1/rules.yaml"} {
		if a := eve.get(riverbend + path); a.status != http.StatusNotFound {
			t.Errorf("another organization reads %s: %d", path, a.status)
		}
	}
	if a := eve.post(riverbend+"/rules/1/withdraw", "withdraw_note", "x"); a.status != http.StatusNotFound {
		t.Errorf("another organization withdraws: %d", a.status)
	}
}
