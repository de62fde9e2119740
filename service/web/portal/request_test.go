package portal

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/request"
	"seedbook/service/store"
)

var formKey = regexp.MustCompile(`name="key" value="([a-z0-9]+)"`)

// asks goes the way of a request that is signed and returns where it is.
func (p *phone) asks(path string, pairs ...string) (at string, signing answer) {
	p.t.Helper()
	key := formKey.FindStringSubmatch(p.get(path).body)
	if key == nil {
		p.t.Fatalf("%s has no form", path)
	}
	pairs = append(pairs, "key", key[1])
	signing = p.post(path, pairs...)
	if signing.status != http.StatusOK {
		p.t.Fatalf("%s: %d: %s", path, signing.status, signing.body)
	}
	done := p.post(path, append(pairs, "step", "sign", "signature", "Rosa Peña")...)
	if done.status != http.StatusSeeOther {
		p.t.Fatalf("%s, signed: %d: %s", path, done.status, done.body)
	}
	return strings.TrimSuffix(done.to, "?done=asked"), signing
}

// send hands a file in.
func (p *phone) send(path, name string, content []byte) answer {
	p.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		p.t.Fatal(err)
	}
	_, _ = part.Write(content) // of a buffer
	form.Close()
	r, err := http.NewRequestWithContext(p.t.Context(), "POST", p.base+path, &b)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	return answer{status: resp.StatusCode, to: resp.Header.Get("Location")}
}

func TestMoneyForSchoolIsAskedForSignedAndFollowed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	p.get("/family/home?lang=en")
	path := "/family/children/" + w.saver.account + "/ask/school"
	at, signing := p.asks(path, "institution", "State College", "expense", "tuition", "amount", "5")
	for _, want := range []string{"Would be paid out", "$5.00", "to State College. What I wrote is true."} {
		if !strings.Contains(signing.body, want) {
			t.Errorf("before signing, the page does not say %q", want)
		}
	}
	page := p.get(at)
	for _, want := range []string{"Three days to be safe", "We need the bill", "Rosa Peña", "State College", "Take this request back"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the request's page does not say %q", want)
		}
	}
	if a := p.send(at+"/papers", "bill.pdf", []byte("%PDF-1.4 a bill")); a.to != at+"?done=paper_added" {
		t.Errorf("a paper: %d to %q", a.status, a.to)
	}
	if a := p.send(at+"/papers", "bill.exe", []byte("MZ")); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a program: %d", a.status)
	}
	if a := p.get(at); strings.Contains(a.body, "We need the bill") || !strings.Contains(a.body, "bill.pdf") {
		t.Error("the paper is still asked for")
	}
	if m := w.message("+12025550123"); !strings.Contains(m.Text, "money was asked for") {
		t.Errorf("told: %q", m.Text)
	}
	w.clock = w.clock.AddDate(0, 0, 4)
	if a := p.get(at); a.to != "/family/sign-in" {
		t.Fatalf("after four days the session is open: %d", a.status)
	}
}

func TestARequestOfAnotherIsAPageThatDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	at, _ := p.asks("/family/children/"+w.saver.account+"/ask/opt_out", "why", "We move to Canada")
	q := w.activate(w.other, "(202) 555-0124", "+12025550124")
	second := w.activate(w.saver, "abuela@example.org", "abuela@example.org") // sees the same child
	tried := 0
	for _, r := range w.hall.Routes() {
		if !strings.Contains(r.Path, ":request") || r.Method == http.MethodHead {
			continue
		}
		tried++
		own := strings.Replace(r.Path, "/family/requests/:request", at, 1)
		for name, other := range map[string]*phone{"another family": q, "the child's other guardian": second} {
			a := other.do(r.Method, own, url.Values{"act": {"withdraw"}})
			if strings.HasSuffix(own, "/papers") {
				a = other.send(own, "bill.pdf", []byte("%PDF-1.4 a bill"))
			}
			if a.status != http.StatusNotFound {
				t.Errorf("%s: %s %s: %d", name, r.Method, own, a.status)
			}
		}
	}
	if tried < 3 {
		t.Errorf("only %d routes name a request", tried)
	}
	if a := second.get("/family/requests"); strings.Contains(a.body, at) {
		t.Error("another guardian's list shows it")
	}
	if a := p.post(at, "act", "withdraw"); a.to != at+"?done=request_withdrawn" {
		t.Errorf("withdrawn: %d to %q: %s", a.status, a.to, a.body)
	}
}

func TestAQuestionOfTheStaffIsAnswered(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	p.get("/family/home?lang=es")
	path := "/family/children/" + w.saver.account + "/ask/move"
	key := formKey.FindStringSubmatch(p.get(path).body)[1]
	pairs := []string{"key", key, "street", "1 Main St", "town", "Riverbend", "state", "OH"}
	if a := p.post(path, pairs...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#zip"`) || !strings.Contains(a.body, "1 Main St") {
		t.Errorf("without a ZIP: %d", a.status)
	}
	a := p.post(path, append(pairs, "zip", "43085")...)
	at := strings.TrimSuffix(a.to, "?done=asked")
	staff := store.Who{Tenant: w.made.Who.Tenant, Actor: "staff/1"}
	err := w.db.InTx(t.Context(), staff, func(tx *sqlx.Tx) error {
		all, err := request.List(t.Context(), tx, w.made.Program.ID, request.Filter{Open: true, Kind: request.Move, Limit: 1})
		if err != nil {
			return err
		}
		return request.Handle(t.Context(), tx, staff, w.keys, w.made.Program, all[0].ID, request.Handling{To: request.Back, Words: "Which apartment?"}, w.clock)
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := p.get(at); !strings.Contains(a.body, "Which apartment?") || !strings.Contains(a.body, "Tenemos una pregunta") {
		t.Error("the question is not shown")
	}
	if a := p.post(at, "act", "answer", "words", "  "); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an empty answer: %d", a.status)
	}
	if a := p.post(at, "act", "answer", "words", "Número 4"); a.to != at+"?done=answered" {
		t.Errorf("an answer: %d", a.status)
	}
}
