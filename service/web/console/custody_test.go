package console

import (
	"net/http"
	"strings"
	"testing"

	"seedbook/service/auth"
)

// A day of a bank's: 100.00 and two deposits make 145.00.
const bankDay = `01,BANK,CSA,261002,0600,1,,,2/
02,CSA,BANK,1,261002,,USD,2/
03,12345678,USD,010,10000,,,015,14500,,/
16,165,2500,0,R1,,PAYROLL/
16,165,2000,V,261005,,R2,,LOBBY/
49,29000,4/
98,29000,1,6/
99,29000,1,8/
`

func TestACustodiansFileIsTakenInHeldAndLetInByAnother(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	manager := o.signedIn(t, auth.ProgramManager)
	wrong := manager.post(riverbend+"/custody/new", "name", "First Bank", "code", "first", "kind", "omnibus", "account", "12345678", "currency", "USD", "format", "bai2",
		"expected", "business_day", "cut_off", "5pm", "value_days", "1", "federal", "yes")
	if wrong.status != http.StatusUnprocessableEntity || !strings.Contains(wrong.body, `href="#cut_off"`) || !strings.Contains(wrong.body, `value="First Bank"`) {
		t.Fatalf("a cut-off in words: %d", wrong.status)
	}
	if a := manager.post(riverbend+"/custody/new", "name", "First Bank", "code", "first", "kind", "omnibus", "account", "12345678", "currency", "USD", "format", "bai2",
		"expected", "business_day", "cut_off", "17:00", "value_days", "1", "federal", "yes"); a.to != riverbend+"/custody?done=custodian_added" {
		t.Fatalf("setting up: %d to %s", a.status, a.to)
	}
	if a := operator.send(riverbend+"/custody", "a.bai", nil, "custodian", "first"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", a.status)
	}
	if a := operator.send(riverbend+"/custody", "a.ofx", []byte("<OFX>"), "custodian", "first"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "does not send files") {
		t.Errorf("another format: %d", a.status)
	}
	taken := operator.send(riverbend+"/custody", "a.bai", []byte(bankDay), "custodian", "first")
	if page := operator.get(taken.to); taken.status != http.StatusSeeOther || !strings.Contains(page.body, "Taken in") || strings.Contains(page.body, "12345678") {
		t.Fatalf("a good file: %d to %s", taken.status, taken.to)
	}
	if again := operator.send(riverbend+"/custody", "b.bai", []byte(bankDay), "custodian", "first"); again.to != taken.to {
		t.Errorf("the same file again leads to %s", again.to)
	}
	if page := operator.get(riverbend + "/custody"); !strings.Contains(page.body, "$145.00") || !strings.Contains(page.body, "…5678") {
		t.Error("the bank's balance is not shown")
	}
	refused := operator.send(riverbend+"/custody", "cut.bai", []byte(bankDay[:120]), "custodian", "first")
	if page := operator.get(refused.to); !strings.Contains(page.body, "cut short") {
		t.Errorf("a file cut short: %d to %s", refused.status, refused.to)
	}
	held := operator.send(riverbend+"/custody", "held.bai", []byte(strings.Replace(bankDay, "2500,0,R1", "2600,0,R9", 1)), "custodian", "first")
	if page := operator.get(held.to); !strings.Contains(page.body, "contradicts itself") || !strings.Contains(page.body, "29100") || strings.Contains(page.body, "/release") {
		t.Errorf("a file that contradicts itself: %d to %s", held.status, held.to)
	}
	if a := operator.post(held.to+"/release", "reason", "mine"); a.status != http.StatusNotFound && a.status != http.StatusForbidden {
		t.Errorf("an operator lets it in: %d", a.status)
	}
	approver := o.signedIn(t, auth.Approver)
	if a := approver.post(held.to+"/release", "reason", ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#reason"`) {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := approver.post(held.to+"/release", "reason", "The bank confirmed it"); a.to != held.to+"?done=bank_file_released" {
		t.Errorf("letting it in: %d to %s", a.status, a.to)
	}
	if page := approver.get(held.to); !strings.Contains(page.body, "The bank confirmed it") || strings.Contains(page.body, "/release") {
		t.Error("the reason is not kept, or it may be let in again")
	}
}
