package console

import (
	"net/http"
	"strings"
	"testing"

	"seedbook/service/auth"
)

func TestARuleBookIsMadeWithTheFormAndOpenedInItAgain(t *testing.T) {
	t.Parallel()
	o, manager := city(t)
	a := manager.post(riverbend+"/rules", "from", "empty", "then", "form")
	path, ok := strings.CutSuffix(a.to, "/form?done=rules_begun")
	if !ok {
		t.Fatalf("beginning: %d to %q", a.status, a.to)
	}
	fields := []string{"revision", "1", "cities", "Riverbend, St. John's", "grade_from", "KG", "grade_to", "5", "opt_out_days", "30",
		"seed_amount", "75", "seed_fund", "CITY", "match_ratio", "0.5", "match_least", "$5.00", "match_period_cap", "100.00", "match_period", "school_year",
		"match_fund_1", "SMITH", "match_schools_1", "R07, R09", "match_fund_2", "CITY-MATCH", "bonus_at", "50", "bonus_pay", "25", "bonus_fund", "BANK", "bonus_period", "school_year"}
	with := func(changes ...string) []string {
		out := append([]string{}, fields...)
		for i := 0; i < len(changes); i += 2 { // a field sent twice is refused for that
			for j := 0; j < len(fields); j += 2 {
				if out[j] == changes[i] {
					out[j+1] = changes[i+1]
				}
			}
		}
		return out
	}
	if a := o.signedIn(t, auth.Auditor).post(path+"/form", fields...); a.status != http.StatusNotFound {
		t.Errorf("an auditor edits: %d", a.status)
	}
	for _, test := range []struct {
		name    string
		changes []string
		field   string
	}{
		{"a ratio of words", []string{"match_ratio", "double"}, "match_ratio"},
		{"a ratio of nothing", []string{"match_ratio", "0"}, "match_ratio"},
		{"a ratio of 1e9", []string{"match_ratio", "1e9"}, "match_ratio"},
		{"grades upside down", []string{"grade_from", "5", "grade_to", "KG"}, "grade_to"},
		{"a fund of nobody's", []string{"seed_fund", "MOON"}, "seed_fund"},
		{"no fund", []string{"match_fund_1", ""}, "match_fund_1"},
		{"an amount of words", []string{"seed_amount", "fifty"}, "seed_amount"},
		{"a way out of the condition", []string{"cities", `x" || true || "`}, "cities"},
	} {
		a := manager.post(path+"/form", with(test.changes...)...)
		if a.status != 422 || !strings.Contains(a.body, `href="#`+test.field+`"`) || !strings.Contains(a.body, `value="100.00"`) {
			t.Errorf("%s: %d, without a link to %s, or what was typed is lost", test.name, a.status, test.field)
		}
	}
	if a := manager.post(path+"/form", fields...); a.to != path+"?done=rules_saved" {
		t.Fatalf("saving: %d to %q", a.status, a.to)
	}
	page := manager.get(path)
	for _, want := range []string{"living in Riverbend and St. John&#39;s", "in grades kindergarten to 5", "$75.00", "50% of what counts", "only for children: going to", "$25.00 once $50.00 is reached", "30 days", "It can be read"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the book does not say %q", want)
		}
	}
	form := manager.get(path + "/form")
	for _, want := range []string{`value="Riverbend, St. John&#39;s"`, `value="75.00"`, `value="0.5"`, `value="R07, R09"`, `<option value="CITY-MATCH" selected>`, `value="30"`} {
		if !strings.Contains(form.body, want) {
			t.Errorf("the form does not show %s again", want)
		}
	}
	if a := manager.post(path+"/form", fields...); a.status != http.StatusConflict && a.to != path+"?done=rules_saved" {
		t.Errorf("the same once more: %d", a.status)
	}
	if a := manager.post(path+"/form", with("seed_amount", "80")...); a.status != http.StatusConflict || !strings.Contains(a.body, `value="80"`) {
		t.Errorf("over what was saved meanwhile: %d", a.status)
	}
}

func TestABookBeyondTheFormOpensAsTextAndSaysSo(t *testing.T) {
	t.Parallel()
	_, manager := city(t)
	path := draft(t, manager, "benefits: [\n")
	if a := manager.get(path + "/form"); a.status != http.StatusOK || !strings.Contains(a.body, "not a rule book yet") || !strings.Contains(a.body, "<textarea") {
		t.Errorf("a text that is no book: %d", a.status)
	}
	// The one in effect has conditions of its own: the form carries them.
	a := manager.post(riverbend+"/rules", "from", "book:1", "then", "form")
	if form := manager.get(a.to); form.status != http.StatusOK || !strings.Contains(form.body, "in its text who takes part") || !strings.Contains(form.body, `value="100.00"`) {
		t.Errorf("the book in effect: %d", form.status)
	}
}
