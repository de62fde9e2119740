package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/apikey"
)

// deposited counts the program's deposits of a reference.
func (o *office) deposited(reference string) (n int) {
	o.t.Helper()
	o.do(func(tx *sqlx.Tx) error {
		return tx.Get(&n, `SELECT count(*) FROM deposits WHERE reference = $1`, reference)
	})
	return n
}

func depositJSON(child, reference, amount string) string {
	return fmt.Sprintf(`{"reference": %q, "child": %q, "amount": %q, "on": "2026-10-01", "channel": "ach"}`, reference, child, amount)
}

func (p *partner) own(child string) ledger.Amount {
	p.t.Helper()
	var b struct{ Family ledger.Amount }
	p.get("/children/"+child+"/balances").want(200, "").into(&b)
	return b.Family
}

func TestADepositIsPostedOnceHoweverOftenItIsSent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Bank")
	child := p.someChild()
	before := p.own(child)
	first := p.postAs("k-1", "/deposits", depositJSON(child, "B-1", "12.50")).want(201, "")
	var d deposit
	first.into(&d)
	if d.Child != child || d.Amount != ledger.Minor(1250) || d.State != "posted" || first.header.Get("Location") != "/v1/deposits/"+d.ID {
		t.Errorf("%s at %s", first.body, first.header.Get("Location"))
	}
	if again := p.get("/deposits/"+d.ID).want(200, ""); again.body != first.body {
		t.Errorf("reads %s", again.body)
	}
	o.clock = o.clock.AddDate(0, 0, 20)
	again := p.postAs("k-1", "/deposits", depositJSON(child, "B-1", "12.50")).want(201, "")
	if again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Location") != first.header.Get("Location") {
		t.Errorf("repeated: %s", again.body)
	}
	p.postAs("k-1", "/deposits", depositJSON(child, "B-1", "13.50")).want(422, "apikey.other_request")
	p.postAs("k-1", "/deposits/bulk", depositJSON(child, "B-1", "12.50")).want(422, "apikey.other_request")
	// The reference is the money's own name, under whatever key it is sent.
	if other := p.postAs("k-2", "/deposits", depositJSON(child, "B-1", "12.50")).want(201, ""); other.body != first.body {
		t.Errorf("under another key: %s", other.body)
	}
	p.post("/deposits", depositJSON(child, "B-1", "13.50")).want(409, "savings.reference_used")
	if got := p.own(child); got != before.Add(ledger.Minor(1250)) || o.deposited("B-1") != 1 {
		t.Errorf("the child has %s, had %s", got, before)
	}
}

func TestOfManyAtOnceOneIsPosted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Bank")
	child := p.someChild()
	var mu sync.Mutex
	statuses, bodies := map[int]int{}, map[string]bool{}
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			a := p.postAs("same", "/deposits", depositJSON(child, "B-9", "1.00"))
			mu.Lock()
			defer mu.Unlock()
			statuses[a.status]++
			if a.status == http.StatusCreated {
				bodies[a.body] = true
			}
		})
	}
	wg.Wait()
	if o.deposited("B-9") != 1 || len(bodies) != 1 || statuses[201]+statuses[409] != 40 {
		t.Errorf("%d deposits, %d different answers, %v", o.deposited("B-9"), len(bodies), statuses)
	}
}

func TestABadDepositIsRefusedByFieldAndFreesItsKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Bank")
	child := p.someChild()
	for _, test := range []struct {
		name, body string
		status     int
		field      string
		code       string
	}{
		{"a number for money", `{"reference":"R","child":"1","amount":12.5,"on":"2026-10-01","channel":"ach"}`, 400, "amount", "api.money_number"},
		{"null for money", `{"reference":"R","child":"1","amount":null,"on":"2026-10-01","channel":"ach"}`, 400, "amount", "api.money_number"},
		{"an unknown field", `{"reference":"R","child":"1","amount":"1.00","on":"2026-10-01","channel":"ach","tenant_id":"2"}`, 400, "tenant_id", "api.unknown"},
		{"a field twice", `{"reference":"R","child":"1","amount":"1.00","amount":"2.00","on":"2026-10-01","channel":"ach"}`, 400, "amount", "api.twice"},
		{"no object", `[]`, 400, "", "api.body"},
		{"half an object", `{"reference":"R"`, 400, "", "api.body"},
		{"two objects", `{} {}`, 400, "", "api.body"},
		{"nothing", `{}`, 422, "amount", "api.missing"},
		{"less than nothing", depositJSON(child, "R", "-1.00"), 422, "amount", "api.amount"},
		{"nothing at all", depositJSON(child, "R", "0.00"), 422, "amount", "api.amount"},
		{"not a number", depositJSON(child, "R", "NaN"), 422, "amount", "api.amount"},
		{"thousands", depositJSON(child, "R", "1,000.00"), 422, "amount", "api.amount"},
		{"a tenth of a cent", depositJSON(child, "R", "1.001"), 422, "amount", "api.amount"},
		{"1e5", depositJSON(child, "R", "1e5"), 422, "amount", "api.amount"},
		{"a day to come", strings.Replace(depositJSON(child, "R", "1.00"), "2026-10-01", "2026-12-01", 1), 422, "on", "api.future"},
		{"no day", strings.Replace(depositJSON(child, "R", "1.00"), "2026-10-01", "2026-02-30", 1), 422, "on", "api.date"},
		{"no channel", strings.Replace(depositJSON(child, "R", "1.00"), "ach", "owl", 1), 422, "channel", "api.choice"},
		{"nobody", depositJSON("999999", "R", "1.00"), 422, "child", "savings.no_child"},
		{"a name", depositJSON("Maria", "R", "1.00"), 422, "child", "savings.no_child"},
		{"two owners", strings.Replace(depositJSON(child, "R", "1.00"), `"child"`, `"account":"00000018","child"`, 1), 422, "child", "api.one_of"},
		{"a typing error", strings.Replace(depositJSON("00000019", "R", "1.00"), `"child"`, `"account"`, 1), 422, "account", "savings.account_no"},
		{"a line break", strings.Replace(depositJSON(child, "R", "1.00"), `"R"`, `"R\nS"`, 1), 422, "reference", "api.control"},
		{"a long reference", depositJSON(child, strings.Repeat("x", 101), "1.00"), 422, "reference", "api.long"},
	} {
		a := p.postAs("one key", "/deposits", test.body)
		var got problem
		a.into(&got)
		found := false
		for _, e := range got.Errors {
			found = found || e.Field == test.field && e.Code == test.code && e.Detail != ""
		}
		if a.status != test.status || !found && test.field != "" {
			t.Errorf("%s: %d %s", test.name, a.status, a.body)
		}
	}
	if o.deposited("R") != 0 {
		t.Error("a bad deposit was posted")
	}
	p.send("POST", "/deposits", "text/plain", []byte(depositJSON(child, "R", "1.00")), "Idempotency-Key", "x").want(415, "api.media")
	p.send("POST", "/deposits", "application/json", []byte(depositJSON(child, "R", "1.00"))).want(400, "api.no_idempotency_key")
	p.postAs("one key", "/deposits", depositJSON(child, "R", "1.00")).want(201, "")
	p.lang = "es"
	if a := p.post("/deposits", `{"amount": 5}`).want(400, "api.fields"); !strings.Contains(a.body, "Escriba el dinero como texto") {
		t.Errorf("in Spanish: %s", a.body)
	}
}

func TestADepositOfNobodyWaitsInSuspense(t *testing.T) {
	t.Parallel()
	p := newOffice(t).partner("Bank")
	var d deposit
	p.post("/deposits", `{"reference":"S-1","amount":"5.00","on":"2026-10-01","channel":"cash"}`).want(201, "").into(&d)
	if d.State != "suspense" || d.Child != "" {
		t.Errorf("%+v", d)
	}
}

func TestASetOfDepositsSaysWhatBecameOfEach(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Bank")
	child := p.someChild()
	var account string
	var c struct{ Account string }
	p.get("/children/" + child).into(&c)
	account = c.Account
	set := []string{depositJSON(child, "M-1", "1.00"), strings.Replace(depositJSON(account, "M-2", "2.00"), `"child"`, `"account"`, 1),
		`{"reference":"M-3","amount":"3.00","on":"2026-10-01","channel":"gift"}`, depositJSON(child, "M-1", "1.00"), depositJSON(child, "M-1", "9.00")}
	body := `{"deposits":[` + strings.Join(set, ",") + `]}`
	before := p.own(child)
	a := p.postAs("set", "/deposits/bulk", body).want(200, "")
	if a.body != `{"outcomes":[{"reference":"M-1","outcome":"posted"},{"reference":"M-2","outcome":"posted"},{"reference":"M-3","outcome":"suspense"},`+
		`{"reference":"M-1","outcome":"repeated"},{"reference":"M-1","outcome":"clash"}]}` {
		t.Error(a.body)
	}
	if again := p.postAs("set", "/deposits/bulk", body).want(200, ""); again.body != a.body {
		t.Error(again.body)
	}
	if got := p.own(child); got != before.Add(ledger.Minor(300)) {
		t.Errorf("the child has %s, had %s", got, before)
	}
	var wrong problem
	p.post("/deposits/bulk", `{"deposits":[`+set[0]+`,{"reference":"M-9","child":"999999","amount":"1.00","on":"2026-10-01","channel":"ach"}]}`).want(422, "api.fields").into(&wrong)
	if wrong.Errors[0].Field != "deposits[1].child" {
		t.Errorf("%+v", wrong.Errors)
	}
	p.post("/deposits/bulk", `{"deposits":[]}`).want(422, "api.fields")
	p.post("/deposits/bulk", `{"deposits":{}}`).want(400, "api.fields")
}

func TestEvidenceIsRecordedWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Agency")
	child := p.someChild()
	good := fmt.Sprintf(`{"evidence":[{"reference":"E-1","child":%q,"fact":"county","value":"Franklin","from":"2026-01-01"},
		{"reference":"E-2","child":%q,"event":"claimed","on":"2026-10-02"}]}`, child, child)
	const twoNew, twoKnown = `{"facts":{"new":1,"repeated":0},"events":{"new":1,"repeated":0}}`, `{"facts":{"new":0,"repeated":1},"events":{"new":0,"repeated":1}}`
	if a := p.postAs("e", "/evidence", good).want(200, ""); a.body != twoNew {
		t.Error(a.body)
	}
	if a := p.postAs("e", "/evidence", good).want(200, ""); a.body != twoNew {
		t.Errorf("repeated: %s", a.body)
	}
	if a := p.post("/evidence", good).want(200, ""); a.body != twoKnown {
		t.Errorf("under another key: %s", a.body)
	}
	bad := fmt.Sprintf(`{"evidence":[{"reference":"E-3","child":%q,"fact":"county","value":"Knox"},{"reference":"E-4","child":%q,"fact":"shoe_size","value":"4"},
		{"reference":"E-5","child":%q,"event":"claimed","on":"2027-10-02"},{"reference":"E-1","child":%q,"fact":"county","value":"Ross","from":"2026-01-01"}]}`, child, child, child, child)
	var wrong problem
	p.post("/evidence", bad).want(422, "api.evidence").into(&wrong)
	if len(wrong.Errors) != 2 || wrong.Errors[0].Field != "evidence[1].fact" || wrong.Errors[1].Field != "evidence[2].on" {
		t.Errorf("%+v", wrong.Errors)
	}
	clash := fmt.Sprintf(`{"evidence":[{"reference":"E-1","child":%q,"fact":"county","value":"Ross","from":"2026-01-01"}]}`, child)
	p.post("/evidence", clash).want(422, "api.evidence").into(&wrong)
	if len(wrong.Errors) != 1 || wrong.Errors[0].Field != "evidence[0].reference" {
		t.Errorf("%+v", wrong.Errors)
	}
	p.post("/evidence", `{"evidence":[{"reference":"E-6","child":"999999","fact":"county","value":"Ross"}]}`).want(422, "api.fields")
	p.post("/evidence", `{"evidence":[{"reference":"E-6","fact":"county","value":"Ross"}]}`).want(422, "api.fields")
	p.post("/evidence", `{"evidence":[{"reference":"E-6","child":"1","fact":"county","value":4}]}`).want(400, "api.fields")
	var facts int
	o.do(func(tx *sqlx.Tx) error {
		return tx.Get(&facts, `SELECT count(*) FROM child_facts WHERE reference LIKE 'E-%'`)
	})
	if facts != 1 {
		t.Errorf("%d facts are recorded", facts)
	}
}

// classList is a file in the columns of the demonstration's district.
const classList = `Student ID,Last Name,First Name,Date of Birth,Grade,School Code,School,Home Language,City,State,ZIP,Guardian 1 ID,Guardian 1 First Name,Guardian 1 Last Name,Guardian 1 Phone,Guardian 2 ID,Guardian 2 First Name,Guardian 2 Last Name
990001,Okafor,Ada,2020-03-04,KG,HV,Harbor View,en,Riverbend,OH,43001,G990A,Ngozi,Okafor,+16145550001,G990B,Emeka,Okafor
990002,Silva,Bruno,2020-05-06,KG,HV,Harbor View,en,Riverbend,OH,43001,G991A,Rita,Silva,+16145550002,G991B,Joao,Silva
`

func TestARosterIsStagedAndAppliedBehindTheRequest(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("District")
	up := func(key, query, body string) answer {
		return p.send("POST", "/rosters?"+query, "application/octet-stream", []byte(body), "Idempotency-Key", key)
	}
	up("r-0", "file=a.csv", classList).want(400, "api.fields")
	up("r-0", "source=RIVERBEND&file=a.csv&apply=yes", classList).want(400, "api.fields")
	up("r-0", "source=RIVERBEND&file=a.csv", "nothing").want(422, "")
	first := up("r-1", "source=RIVERBEND&file=new.csv&on=2026-10-05", classList).want(201, "")
	var r rosterState
	first.into(&r)
	if r.State != "staged" || r.Children < 2 || r.Findings["new"] != 2 {
		t.Fatalf("%s", first.body)
	}
	if again := up("r-1", "source=RIVERBEND&file=new.csv&on=2026-10-05", classList).want(201, ""); again.body != first.body {
		t.Errorf("repeated: %s", again.body)
	}
	path := strings.TrimPrefix(first.header.Get("Location"), prefix)
	stager := &partner{o, o.keyOf(o.program, apikey.New{Name: "Stager", Scopes: []apikey.Scope{apikey.WriteRosters}}).Token, "en"}
	stager.post(path+"/apply", "").want(403, "apikey.scope")
	p.post(path+"/apply", "").want(202, "")
	for range 100 {
		p.get(path).want(200, "").into(&r)
		if r.State == "applied" && !r.Running {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if r.State != "applied" || r.Done != r.Of {
		t.Errorf("%+v", r)
	}
	p.post(path+"/apply", "").want(409, "roster.state")
	var n struct{ Data []json.RawMessage }
	p.get("/children?limit=500").into(&n)
	if len(n.Data) != 42 {
		t.Errorf("%d children", len(n.Data))
	}
}

func TestAKeyAppliesNoMoreThanOnePersonMay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("District")
	header, _, _ := strings.Cut(classList, "\n")
	var big strings.Builder
	big.WriteString(header + "\n")
	for i := range 201 {
		fmt.Fprintf(&big, "98%04d,Family%d,Child,2020-03-04,KG,HV,Harbor View,en,Riverbend,OH,43001,G%d,Guardian,Family%d,,,,\n", i, i, i, i)
	}
	staged := p.send("POST", "/rosters?source=RIVERBEND&file=big.csv", "application/octet-stream", []byte(big.String()), "Idempotency-Key", "big").want(201, "")
	path := strings.TrimPrefix(staged.header.Get("Location"), prefix)
	p.post(path+"/apply", "").want(409, "approval.needed")
	var r rosterState
	if p.get(path).into(&r); r.State != "staged" || r.Running || r.Done != 0 {
		t.Errorf("%+v", r)
	}
}
