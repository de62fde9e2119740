package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/auth"
	"seedbook/service/pdf/pdftest"
	"seedbook/service/savings"
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

// One person clears lines; a second signs the day; the paper says what both saw.
func TestLinesAreClearedAndADayIsSignedByTwo(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	manager := o.signedIn(t, auth.ProgramManager)
	manager.post(riverbend+"/custody/new", "name", "First Bank", "code", "first", "kind", "omnibus", "account", "12345678", "currency", "USD", "format", "bai2",
		"expected", "business_day", "cut_off", "17:00", "value_days", "1", "federal", "yes")
	operator.send(riverbend+"/custody", "a.bai", []byte(bankDay), "custodian", "first")
	if home := operator.get(riverbend); !strings.Contains(home.body, "/custody/lines") {
		t.Error("home does not tell of lines")
	}
	page := operator.get(riverbend + "/custody/lines")
	if !strings.Contains(page.body, "2 lines wait") || !strings.Contains(page.body, "Nobody knows whose it is") || strings.Count(page.body, "autofocus") != 1 {
		t.Fatalf("the queue: %d", page.status)
	}
	value := func(name string) string {
		found := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(page.body)
		if found == nil {
			t.Fatalf("no field %s", name)
		}
		return found[1]
	}
	line, deposit, after := value("line"), value("deposit"), value("after")
	if a := operator.post(riverbend+"/custody/lines/decide", "line", line, "deposit", deposit, "after", after, "act", "reopen"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#reason"`) {
		t.Errorf("taking back without a reason: %d", a.status)
	}
	if a := manager.post(riverbend+"/custody/lines/decide", "line", line, "deposit", deposit, "act", "reopen", "reason", "mine"); a.status < 400 {
		t.Errorf("a manager clears lines: %d", a.status)
	}
	var id int64
	o.value(t, &id, `SELECT id FROM enrollments WHERE enrolled_on IS NOT NULL ORDER BY id LIMIT 1`)
	number := savings.Account(id).String()
	if found := operator.get(riverbend + "/custody/lines?at=" + after + "&q=" + number); !strings.Contains(found.body, "account "+number) {
		t.Errorf("looking for a child: %d", found.status)
	}
	next := operator.post(riverbend+"/custody/lines/decide", "line", line, "deposit", deposit, "after", after, "act", "child", "account", number)
	if next.status != http.StatusSeeOther || !strings.Contains(next.to, "after=") {
		t.Fatalf("giving it to a child: %d %s", next.status, next.to)
	}
	if page := operator.get(next.to); !strings.Contains(page.body, "1 line waits") || !strings.Contains(page.body, "$20.00") {
		t.Errorf("the next line does not follow: %d", page.status)
	}
	if a := operator.post(riverbend+"/custody/lines/decide", "line", line, "deposit", deposit, "act", "child", "account", number); a.status != http.StatusConflict {
		t.Errorf("deciding twice: %d", a.status)
	}
	day := operator.get(riverbend + "/custody/days/first?on=2026-10-02")
	if !strings.Contains(day.body, "What the bank has") || !strings.Contains(day.body, "$145.00") || !strings.Contains(day.body, "From before the first statement") {
		t.Fatalf("the day: %d", day.status)
	}
	request := operator.post(riverbend+"/custody/days/first/sign", "on", "2026-10-02", "reason", "Looked at every line.").to
	approver := o.signedIn(t, auth.Approver)
	if shown := approver.get(request); !strings.Contains(shown.body, "$145.00") {
		t.Errorf("the request does not say what the bank has: %d", shown.status)
	}
	if a := o.decide(t, operator, request, "approve"); a.status < 400 {
		t.Errorf("who asked signs: %d", a.status)
	}
	if a := o.decide(t, approver, request, "approve"); a.status != http.StatusSeeOther {
		t.Fatalf("signing: %d %s", a.status, a.body)
	}
	certificate := riverbend + "/custody/days/first/2026-10-02/certificate"
	if paper := approver.get(certificate); !strings.Contains(paper.body, "Looked at every line.") || !strings.Contains(paper.body, "Fingerprint") {
		t.Errorf("the certificate: %d", paper.status)
	}
	paper := approver.get(certificate + ".pdf")
	if read := pdftest.Open(t, []byte(paper.body)); read.Lang != "en-US" || len(read.All("H1")) != 1 || len(read.All("TH")) < 8 {
		t.Errorf("the paper: %d", paper.status)
	}
}

// A bank's interest is looked at, and shared out to the cent.
func TestInterestIsLookedAtAndSharedOut(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	manager := o.signedIn(t, auth.ProgramManager)
	manager.post(riverbend+"/custody/new", "name", "First Bank", "code", "first", "kind", "omnibus", "account", "12345678", "currency", "USD", "format", "bai2",
		"expected", "business_day", "cut_off", "17:00", "value_days", "1", "federal", "yes")
	day := strings.NewReplacer("16,165,2500,0,R1,,PAYROLL", "16,354,2500,0,R1,,INTEREST", "16,165,2000,V,261005,,R2,,LOBBY", "16,354,2000,0,R2,,INTEREST").Replace(bankDay)
	operator.send(riverbend+"/custody", "a.bai", []byte(day), "custodian", "first")
	page := operator.get(riverbend + "/custody/lines")
	to := first(t, page, riverbend+`/custody/interest/\d+`)
	shares := operator.get(to + "?first=2026-09-01&last=2026-10-02&policy=child")
	if !strings.Contains(shares.body, "Annual percentage yield") || !strings.Contains(shares.body, "$25.00") {
		t.Fatalf("the shares: %d", shares.status)
	}
	if a := operator.get(to + "?first=2026-10-03&last=2026-10-02"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#first"`) {
		t.Errorf("days that are none: %d", a.status)
	}
	done := operator.post(to, "first", "2026-09-01", "last", "2026-10-02", "policy", "child")
	if done.status != http.StatusSeeOther {
		t.Fatalf("sharing out: %d", done.status)
	}
	var sum string
	o.value(t, &sum, `SELECT sum(e.amount) FROM ledger_entries e JOIN ledger_transactions t ON t.book_id = e.book_id AND t.no = e.tx_no
		JOIN ledger_accounts a ON a.book_id = e.book_id AND a.id = e.account_id WHERE t.kind = 'interest' AND a.chart = 1100`)
	if sum != "-25.00" {
		t.Errorf("the bank's account got %s", sum)
	}
	if a := operator.post(to, "first", "2026-09-01", "last", "2026-10-02", "policy", "child"); a.status != http.StatusConflict {
		t.Errorf("sharing out twice: %d", a.status)
	}
	next := first(t, operator.get(riverbend+"/custody/lines"), riverbend+`/custody/interest/\d+`)
	if a := operator.post(next, "first", "2026-09-01", "last", "2026-10-02", "policy", "child"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("days that had interest: %d", a.status)
	}
	if a := operator.post(next, "first", "2026-10-03", "last", "2026-10-05", "policy", "program"); a.status != http.StatusSeeOther {
		t.Errorf("kept by the program: %d", a.status)
	}
}
