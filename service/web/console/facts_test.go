package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/auth"
)

const aidFacts = `
facts:
  - {name: income, type: money, says: {en: yearly income, es: ingreso anual}}
  - {name: foster, type: yes_no, says: {en: foster care, es: acogida}}

eligibility:
`

const aidBenefit = `
  - id: aid
    kind: incentive
    says: {en: Start for all, es: Comienzo para todos}
    trigger: event(enrolled)
    amount: {fixed: 20.00}
    when: income < money("40000.00") || foster
    period: once
    funding: {sources: [{fund: BANK}], on_shortfall: queue}
`

// asking is a city whose rule book asks for incomes and foster care, with an
// operator, and two children's account numbers.
func asking(t *testing.T) (o *office, operator *browser, children, accounts [2]string) {
	t.Helper()
	o, operator = city(t)
	path := draft(t, operator, strings.NewReplacer("\neligibility:\n", aidFacts, "\nbenefits:\n", "\nbenefits:"+aidBenefit).Replace(cityRules(t)))
	if a := operator.post(path+"/submit", "revision", "2", "submit_note", "Aid."); a.status != http.StatusSeeOther {
		t.Fatalf("submitting: %d", a.status)
	}
	approver := o.signedIn(t, auth.Approver)
	if a := approver.post(path+"/approve", "hash", hidden(t, approver.get(path), "hash"), "effective_on", "2026-10-05"); a.status != http.StatusSeeOther {
		t.Fatalf("approving: %d", a.status)
	}
	links := regexp.MustCompile(`href="(`+riverbend+`/children/\d+)"`).FindAllStringSubmatch(operator.get(riverbend+"/children").body, 2)
	for i := range children {
		children[i] = links[i][1]
		number := regexp.MustCompile(`Account\s*</dt>\s*<dd>\s*([0-9-]+)`).FindStringSubmatch(operator.get(children[i]).body)
		if number == nil {
			t.Fatal("a child without an account number")
		}
		accounts[i] = number[1]
	}
	return o, operator, children, accounts
}

const factHead = "account,fact,event,value,from,reference\n"

func TestAFileOfFactsIsCheckedRecordedAndSeen(t *testing.T) {
	t.Parallel()
	o, operator, children, accounts := asking(t)
	list := operator.get(riverbend + "/facts")
	for _, want := range []string{"yearly income", "foster care", "Never reported", "Nothing was reported yet"} {
		if !strings.Contains(list.body, want) {
			t.Errorf("an empty list does not say %q", want)
		}
	}
	if a := operator.get(riverbend + "/facts/sample.csv"); !strings.Contains(a.body, "income,1000.00,") || !strings.Contains(a.body, "foster,yes,") {
		t.Errorf("the sample: %q", a.body)
	}
	file := factHead + accounts[0] + ",income,,31200.00,2026-01-01,R1\n" + accounts[1] + ",foster,,yes,2026-02-01,R2\n" + accounts[1] + ",,claimed,,2026-09-01,R3\n"
	a := operator.send(riverbend+"/imports/new/facts", "county.csv", []byte(file), "source", "County")
	if a.status != http.StatusSeeOther {
		t.Fatalf("upload: %d", a.status)
	}
	if list := operator.get(riverbend + "/facts"); !strings.Contains(list.body, "Nothing was reported yet") || !strings.Contains(list.body, "/imports/new/facts") {
		t.Error("a preview records, or nothing leads to the import")
	}
	if b := operator.post(a.to + "/record"); b.status != http.StatusSeeOther {
		t.Fatalf("recording: %d to %q", b.status, b.to)
	}
	o.console.Wait()
	list = operator.get(riverbend + "/facts")
	for _, want := range []string{"county.csv", "Jan 1, 2026", "Oct 5, 2026", "claimed"} {
		if !strings.Contains(list.body, want) {
			t.Errorf("the list does not say %q", want)
		}
	}

	seen := operator.get(children[0] + "/facts")
	for _, want := range []string{"$31,200.00", "Jan 1, 2026", "county.csv", "Not known"} {
		if !strings.Contains(seen.body, want) {
			t.Errorf("a child's facts do not say %q", want)
		}
	}
	masked := o.signedIn(t, auth.Support).get(children[0] + "/facts")
	if masked.status != http.StatusOK || strings.Contains(masked.body, "31,200") || !strings.Contains(masked.body, "Hidden") || !strings.Contains(masked.body, "county.csv") {
		t.Errorf("support reads the income: %d", masked.status)
	}
	var trail []audit.Recorded
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) (err error) {
		trail, err = audit.Trail(t.Context(), q, audit.Filter{Kind: "child", Limit: 10})
		return err
	})
	looks := 0
	for _, e := range trail {
		if e.Verb == "facts.viewed" {
			looks++
		}
	}
	if err != nil || looks != 2 {
		t.Errorf("%d looks are noted, %v", looks, err)
	}
	if !strings.Contains(operator.get(children[0]).body, `href="`+children[0]+`/facts"`) {
		t.Error("the child's page does not lead to the facts")
	}
}
