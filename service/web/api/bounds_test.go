package api

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/apikey"
	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/program"
	"seedbook/service/store"
)

// things are ids of the demonstration, under the names of paths' variables.
func (o *office) things() map[string]string {
	o.t.Helper()
	p := o.partner("Thing finder")
	child := p.someChild()
	var d deposit
	p.post("/deposits", depositJSON(child, "T-1", "1.00")).want(201, "").into(&d)
	return map[string]string{"program": o.program.Code, "child": child, "deposit": d.ID, "roster": "1", "fund": "SMITH", "transaction": "1"}
}

var variable = regexp.MustCompile(`:(\w+)`)

// fill puts ids into a path. A variable that is not known here has to be added,
// so that a new route is tested from its first day.
func fill(t *testing.T, path string, things map[string]string) string {
	t.Helper()
	return variable.ReplaceAllStringFunc(path, func(v string) string {
		id, known := things[v[1:]]
		if !known {
			t.Fatalf("%s: say which %s to try", path, v)
		}
		return id
	})
}

// try sends a request that its own program would answer.
func (p *partner) try(r route, path string, child string) answer {
	p.t.Helper()
	switch {
	case r.method == get:
		return p.get(path)
	case r.path == "/rosters":
		return p.send("POST", path+"?source=x&file=x.csv", "application/octet-stream", []byte(classList), "Idempotency-Key", fresh())
	case r.path == "/deposits/bulk":
		return p.post(path, `{"deposits":[`+depositJSON(child, "X-1", "1.00")+`]}`)
	case r.path == "/evidence":
		return p.post(path, `{"evidence":[{"reference":"X","child":"`+child+`","fact":"county","value":"Ross"}]}`)
	}
	return p.post(path, depositJSON(child, "X-2", "1.00"))
}

// strangers are partners with every scope in another program of the
// organization and in another organization.
func (o *office) strangers() map[string]*partner {
	o.t.Helper()
	add := func(who store.Who) (p program.Program) {
		err := o.db.InTx(o.t.Context(), who, func(tx *sqlx.Tx) (err error) {
			p, err = program.Add(o.t.Context(), tx, who, program.Program{Code: "elsewhere", Name: "Elsewhere", TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}, o.clock)
			if err != nil {
				return err
			}
			return fund.Open(o.t.Context(), tx, who, p, o.clock)
		})
		if err != nil {
			o.t.Fatal(err)
		}
		return p
	}
	out := map[string]*partner{"another program": {o, o.keyOf(add(o.who), apikey.New{Name: "Elsewhere", Scopes: apikey.Scopes}).Token, "en"}}
	tenant, err := auth.AddTenant(o.t.Context(), o.db, "Another city", o.clock)
	if err != nil {
		o.t.Fatal(err)
	}
	abroad := *o
	abroad.who = store.Who{Tenant: tenant, Actor: "cli"}
	abroad.program = add(abroad.who)
	out["another organization"] = &partner{o, abroad.keyOf(abroad.program, apikey.New{Name: "Abroad", Scopes: apikey.Scopes}).Token, "en"}
	return out
}

func TestAKeySeesNothingOfAnotherProgramOnAnyRoute(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	things := o.things()
	own := o.partner("Own")
	for name, stranger := range o.strangers() {
		for _, r := range routes {
			path := fill(t, r.path, things)
			a := stranger.try(r, path, things["child"])
			switch {
			case strings.Contains(r.path, ":"):
				if a.status != http.StatusNotFound {
					t.Errorf("a key of %s at %s %s: %d %s", name, r.method, path, a.status, a.body)
				}
			case r.method == post:
				// A roster is of its sender's own program, which has no rules yet.
				if a.status < 400 || a.status >= 500 {
					t.Errorf("a key of %s at %s %s: %d %s", name, r.method, path, a.status, a.body)
				}
			default:
				for _, secret := range []string{"SMITH", "CITY", "Smith", "riverbend", "Riverbend"} {
					if strings.Contains(a.body, secret) {
						t.Errorf("a key of %s at %s learns of %s: %s", name, path, secret, a.body)
					}
				}
			}
			// The same request of its own key finds what it asks for.
			if r.method == get && !strings.HasPrefix(r.path, "/proofs") {
				own.try(r, path, things["child"]).want(200, "")
			}
		}
	}
}

func TestAFundersKeySeesItsFundAndNoOtherByAnyID(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	things := o.things()
	funder := &partner{o, o.keyOf(o.program, apikey.New{Name: "Smith", Funds: []string{"SMITH"}, Scopes: apikey.FunderScopes}).Token, "en"}
	foreign := regexp.MustCompile(`CITY|BANK|FAMILY|OPS|City of Riverbend|Community Bank|"child"|"benefit"|"source"|"account"`)
	for _, r := range routes {
		may := r.scope == "" || apikey.Key{Scopes: apikey.FunderScopes}.May(r.scope)
		for _, code := range []string{"SMITH", "CITY", "CITY-MATCH", "BANK", "FAMILY", "OPS", "NONE"} {
			things["fund"] = code
			path := fill(t, r.path, things)
			a := funder.try(r, path, things["child"])
			switch {
			case !may:
				a.want(403, "apikey.scope")
			case strings.Contains(r.path, ":fund") && code != "SMITH":
				a.want(404, "api.nothing")
			case foreign.MatchString(a.body):
				t.Errorf("%s tells %s: %s", path, foreign.FindString(a.body), a.body)
			}
			if !strings.Contains(r.path, ":fund") {
				break
			}
		}
	}
	o.everyTransaction(funder, foreign)
}

// everyTransaction asks for every number there is: a funder gets those of its
// fund and no word of the others.
func (o *office) everyTransaction(funder *partner, foreign *regexp.Regexp) {
	o.t.Helper()
	var last int
	own := map[int]bool{}
	o.do(func(tx *sqlx.Tx) error {
		var mine []int
		err := tx.Select(&mine, `
			SELECT DISTINCT e.tx_no FROM ledger_entries e JOIN funds f ON f.id = e.fund_id WHERE f.code = 'SMITH'`)
		for _, no := range mine {
			own[no] = true
		}
		if err == nil {
			err = tx.Get(&last, `SELECT max(no) FROM ledger_transactions`)
		}
		return err
	})
	if len(own) == 0 || len(own) == last {
		o.t.Fatalf("%d of %d transactions are the fund's", len(own), last)
	}
	for no := 1; no <= last; no++ {
		a := funder.get("/journal/" + strconv.Itoa(no))
		if own[no] != (a.status == http.StatusOK) || foreign.MatchString(a.body) {
			o.t.Errorf("transaction %d: %d %s", no, a.status, a.body)
		}
		if proof := funder.get("/proofs/transactions/" + strconv.Itoa(no)); proof.status != http.StatusNotFound {
			o.t.Errorf("proof %d: %d", no, proof.status) // nothing is sealed here: see TestATransactionIsProven…
		}
	}
	for path := "/journal?limit=100"; path != ""; {
		var page struct{ Next string }
		a := funder.get(path).want(200, "")
		if foreign.MatchString(a.body) {
			o.t.Errorf("the journal tells %s", foreign.FindString(a.body))
		}
		a.into(&page)
		path = strings.TrimPrefix(page.Next, prefix)
	}
}

func TestASchoolsKeySeesItsChildrenOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var school program.School
	o.do(func(tx *sqlx.Tx) error {
		all, err := program.Schools(t.Context(), tx)
		school = all[0]
		return err
	})
	teacher := &partner{o, o.keyOf(o.program, apikey.New{Name: "School", School: school.ID, Scopes: apikey.SchoolScopes}).Token, "en"}
	var all, mine struct {
		Data []struct{ ID, School string }
	}
	o.partner("Own").get("/children?limit=500").into(&all)
	teacher.get("/children?limit=500").want(200, "").into(&mine)
	at := 0
	for _, c := range all.Data {
		status := http.StatusNotFound
		if c.School == school.Name {
			at, status = at+1, http.StatusOK
		}
		for _, path := range []string{"", "/balances", "/awards"} {
			if a := teacher.get("/children/" + c.ID + path); a.status != status {
				t.Errorf("child at %s%s: %d", c.School, path, a.status)
			}
		}
	}
	if len(mine.Data) != at || at == 0 || at == len(all.Data) {
		t.Errorf("lists %d children of %d at the school and %d in all", len(mine.Data), at, len(all.Data))
	}
	teacher.get("/funds").want(403, "apikey.scope")
}

func TestWithoutAGoodKeyThereIsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	things := o.things()
	made := o.keyOf(o.program, apikey.New{Name: "Gone", Scopes: apikey.Scopes, Days: 1})
	p := &partner{o, made.Token, "en"}
	p.get("/key").want(200, "")
	o.do(func(tx *sqlx.Tx) error { return apikey.Revoke(t.Context(), tx, o.who, o.program.ID, made.ID, o.clock) })
	for _, r := range routes {
		a := p.try(r, fill(t, r.path, things), things["child"]).want(401, "apikey.key")
		if a.header.Get("WWW-Authenticate") == "" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", r.path, a.header)
		}
	}
	p.get("/nowhere").want(404, "web.no_page")
	p.send("DELETE", "/deposits/1", "", nil).want(404, "web.no_method")
}

func TestASpreadsheetMaySendTheKeyAsAPassword(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made := o.keyOf(o.program, apikey.New{Name: "Sheet", Scopes: []apikey.Scope{apikey.ReadFunds}})
	r, err := http.NewRequest("GET", o.server.URL+"/v1/funds/SMITH/roll-forward.csv", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("", made.Token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if a := read(t, resp); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestLimitsAreKeptAndAnnounced(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	now := o.clock
	o.api.Now = func() time.Time { return now }
	p, other := o.partner("Busy"), o.partner("Quiet")
	for i := range burst {
		a := p.get("/key").want(200, "")
		if want := fmt.Sprintf(`"key";r=%d;`, burst-1-i); !strings.HasPrefix(a.header.Get("RateLimit"), want) || a.header.Get("RateLimit-Policy") != `"key";q=50;w=5` {
			t.Fatalf("request %d: %s of %s", i+1, a.header.Get("RateLimit"), a.header.Get("RateLimit-Policy"))
		}
	}
	if a := p.get("/key").want(429, "api.rate"); a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %s", a.header.Get("Retry-After"))
	}
	other.get("/key").want(200, "")
	now = now.Add(time.Second)
	for range perSecond {
		p.get("/key").want(200, "")
	}
	p.get("/key").want(429, "api.rate")
	now = now.Add(time.Minute)
	bad := &partner{o, "csa_live_nonsense", "en"}
	for range tries {
		bad.get("/key").want(401, "apikey.key")
	}
	if a := bad.get("/key").want(429, "api.tries"); a.header.Get("Retry-After") != "600" {
		t.Errorf("Retry-After %s", a.header.Get("Retry-After"))
	}
	now = now.Add(11 * time.Minute)
	p.get("/key").want(200, "")
}

func TestHeavyRequestsRunTwoAtATime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := o.partner("Busy")
	made := o.keyOf(o.program, apikey.New{Name: "Busy too", Scopes: apikey.Scopes})
	o.api.limits.mu.Lock()
	o.api.limits.heavy = map[apikey.ID]int{made.ID: together}
	o.api.limits.mu.Unlock()
	(&partner{o, made.Token, "en"}).get("/journal").want(429, "api.together")
	p.get("/journal").want(200, "")
	if len(o.api.limits.heavy) != 1 {
		t.Error("a heavy request is counted after its end")
	}
}

func TestParametersThatAreNotMeantAreRefused(t *testing.T) {
	t.Parallel()
	p := newOffice(t).partner("Reader")
	child := p.someChild()
	for _, path := range []string{"/children?limit=0", "/children?limit=501", "/children?limit=x", "/children?after=-1", "/children?after=x", "/children?state=all",
		"/children?tenant_id=1", "/children?limit=1&limit=2", "/children/" + child + "/balances?on=yesterday", "/children/" + child + "/balances?on=2027-01-01",
		"/journal?from=2026-13-01", "/reports/roll-forward?from=2026-02-01&to=2026-01-01", "/key?x=1", "/funds/SMITH?as=json"} {
		p.get(path).want(400, "api.fields")
	}
	for _, path := range []string{"/children/0", "/children/-1", "/children/01", "/children/x", "/children/1e3", "/children/99999999999999999999", "/journal/x"} {
		if a := p.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
