package portal

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/migrations/pgtest"
	"seedbook/service/demo"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/notify"
	"seedbook/service/statement"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
)

// town is a portal over a small demonstration.
type town struct {
	t      *testing.T
	db     *store.DB
	keys   *vault.Keyring
	made   demo.Made
	clock  time.Time
	hall   *web.Hall
	server *httptest.Server
	saver  kid // a child with deposits
	other  kid // of another family
}

// kid is a child of the demonstration.
type kid struct {
	family.Child
	account string
	papers  []statement.Issued
}

func newTown(t *testing.T) *town {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &town{t: t, db: db, keys: vault.Random(), clock: time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)}
	if w.made, err = demo.Load(t.Context(), db, w.keys, demo.Options{Children: 24, Seed: 3}, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if w.hall, err = web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: w.keys}); err != nil {
		t.Fatal(err)
	}
	Mount(w.hall, &Portal{DB: db, Keys: w.keys, Now: func() time.Time { return w.clock }})
	w.server = httptest.NewServer(w.hall.Handler())
	t.Cleanup(w.server.Close)
	w.choose()
	return w
}

// choose finds a child that has saved, and one of another family.
func (w *town) choose() {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), w.made.Who, func(q sqlx.QueryerContext) error {
		ids, err := enroll.Caseload(w.t.Context(), q, w.made.Program.ID, []enroll.State{enroll.Enrolled}, 0, 50)
		if err != nil {
			return err
		}
		money, err := enroll.MoneyOf(w.t.Context(), q, w.made.Program, ids)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if money[id].Own.Sign() > 0 && w.saver.ID == 0 {
				w.saver = w.kid(w.t.Context(), q, id)
			}
		}
		for _, id := range ids {
			if k := w.kid(w.t.Context(), q, id); k.Family != w.saver.Family {
				w.other = k
			}
		}
		return nil
	})
	if err != nil || w.saver.ID == 0 || w.other.ID == 0 {
		w.t.Fatalf("%v: nobody saves", err)
	}
}

func (w *town) kid(ctx context.Context, q sqlx.QueryerContext, id family.ChildID) (k kid) {
	w.t.Helper()
	people, err := family.Load(ctx, q, w.made.Who, w.keys, []family.ChildID{id})
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := enroll.Of(ctx, q, w.made.Program.ID, id)
	if err != nil {
		w.t.Fatal(err)
	}
	k.Child, k.account = people[0], e.ID.Account().String()
	if k.papers, err = statement.Of(ctx, q, w.made.Program.ID, id); err != nil {
		w.t.Fatal(err)
	}
	return k
}

// phone is somebody's browser: it keeps cookies and follows no redirect.
type phone struct {
	t    *testing.T
	base string
	http *http.Client
}

func (w *town) phone() *phone {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &phone{w.t, w.server.URL, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

type answer struct {
	status int
	body   string
	to     string
	header http.Header
}

func (p *phone) do(method, path string, form url.Values) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header}
}

func (p *phone) get(path string) answer { p.t.Helper(); return p.do("GET", path, nil) }

func (p *phone) post(path string, pairs ...string) answer {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return p.do("POST", path, form)
}

// kept is a sink that keeps the newest message of each recipient.
type kept map[string]notify.Message

func (k kept) Send(_ context.Context, m notify.Message, _ time.Time) error {
	k[m.To] = m
	return nil
}

var eightDigits = regexp.MustCompile(`[0-9]{4} [0-9]{4}`)

func (w *town) message(to string) notify.Message {
	w.t.Helper()
	all := kept{}
	if _, err := notify.Deliver(w.t.Context(), w.db, w.made.Who, w.keys, all, w.clock); err != nil {
		w.t.Fatal(err)
	}
	return all[to]
}

const pin = "493817"

// facts fills in the form of who has no letter.
func (p *phone) facts(k kid) answer {
	p.t.Helper()
	b := k.Person.BornOn
	return p.post("/family/find", "month", strconv.Itoa(int(b.Month())), "day", strconv.Itoa(b.Day()), "year", strconv.Itoa(b.Year()),
		"zip", k.Person.ZIP, "student", k.Person.StudentNumber)
}

// activate goes the whole way in by facts.
func (w *town) activate(k kid, contact, folded string) *phone {
	w.t.Helper()
	p := w.phone()
	if a := p.facts(k); a.to != "/family/contact" {
		w.t.Fatalf("facts: %d to %q: %s", a.status, a.to, a.body)
	}
	w.finish(p, contact, folded)
	return p
}

func (w *town) finish(p *phone, contact, folded string) {
	w.t.Helper()
	if a := p.post("/family/contact", "contact", contact); a.to != "/family/code" {
		w.t.Fatalf("contact: %d to %q", a.status, a.to)
	}
	code := eightDigits.FindString(w.message(folded).Text)
	if a := p.post("/family/code", "code", code); a.to != "/family/pin" {
		w.t.Fatalf("code %q: %d to %q", code, a.status, a.to)
	}
	if a := p.post("/family/pin", "pin", pin, "again", pin); a.to != "/family/home?done=activated" {
		w.t.Fatalf("pin: %d to %q: %s", a.status, a.to, a.body)
	}
}

var title = regexp.MustCompile(`<h1>([^<]*)</h1>`)

func (a answer) h1() string {
	if m := title.FindStringSubmatch(a.body); m != nil {
		return m[1]
	}
	return ""
}

func TestAFamilyComesInAndSeesItsMoneyAndWhy(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	a := p.get("/family/home?lang=en")
	for _, want := range []string{w.saver.Person.DisplayName(), "Your money", "Program money", "On the way", "What you can get next", "by June 30, 2027", "October 5, 2026"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("home does not say %q", want)
		}
	}
	if strings.Contains(a.body, w.other.Person.DisplayName()) {
		t.Error("home shows another family's child")
	}
	child := "/family/children/" + w.saver.account
	links := regexp.MustCompile(`href="(`+child+`/(?:lines|awards|statements)/[^"]+)"`).FindAllStringSubmatch(p.get(child).body, -1)
	kinds := map[string]int{}
	for _, l := range links {
		a := p.get(l[1])
		kinds[strings.Split(l[1], "/")[4]]++
		if a.status != http.StatusOK || strings.Contains(a.body, "rules.") || strings.Contains(a.body, "portal.") {
			t.Errorf("%s: %d", l[1], a.status)
		}
	}
	if kinds["lines"] < 2 || kinds["awards"] < 2 || kinds["statements"] < 4 {
		t.Errorf("the child's page leads to %v", kinds)
	}
	if a := p.get(child + "/statements/2026-Q3/es"); a.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(a.body, "%PDF") {
		t.Errorf("the PDF: %d %s", a.status, a.header.Get("Content-Type"))
	}
	if a := p.get(child + "/lines/999999"); a.status != http.StatusNotFound {
		t.Errorf("a line that is not the child's: %d", a.status)
	}
}

func TestSpanishStaysSpanishAllTheWayIn(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.phone()
	p.get("/family?lang=es")
	for _, path := range []string{"/family", "/family/activate", "/family/find", "/family/sign-in", "/verify"} {
		if a := p.get(path); !strings.Contains(a.body, `<html lang="es"`) {
			t.Errorf("%s is not in Spanish", path)
		}
	}
	if a := p.facts(w.saver); a.to != "/family/contact" {
		t.Fatalf("facts: %d", a.status)
	}
	p.post("/family/contact", "contact", "ana@example.org")
	m := w.message("ana@example.org")
	if m.Lang != "es" || !strings.Contains(m.Text, "su código es") {
		t.Errorf("the message: %q", m.Text)
	}
	p.post("/family/code", "code", eightDigits.FindString(m.Text))
	p.post("/family/pin", "pin", pin, "again", pin)
	other := w.phone() // a new browser that prefers nothing knows the guardian's language
	for _, c := range p.http.Jar.Cookies(must(url.Parse(p.base))) {
		if c.Name == sessionCookie {
			other.http.Jar.SetCookies(must(url.Parse(p.base)), []*http.Cookie{c})
		}
	}
	if a := other.get("/family/home"); !strings.Contains(a.body, `<html lang="es"`) || a.h1() != "Sus hijos" {
		t.Errorf("home in another browser: %q", a.h1())
	}
}

func must(u *url.URL, err error) *url.URL {
	if err != nil {
		panic(err)
	}
	return u
}

// Another family's child, statement, award, line and code are pages that do not
// exist: every route that names an account is asked for both children.
func TestAnotherFamilysPagesDoNotExist(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	tried := 0
	for _, r := range w.hall.Routes() {
		if !strings.Contains(r.Path, ":account") || r.Method == "HEAD" {
			continue
		}
		tried++
		own, others := w.fill(r.Path, w.saver), w.fill(r.Path, w.other)
		if a := p.do(r.Method, own, url.Values{}); a.status != http.StatusOK && (r.Method == get || a.status != http.StatusUnprocessableEntity) {
			t.Errorf("%s %s, one's own: %d", r.Method, own, a.status)
		}
		a := p.do(r.Method, others, url.Values{})
		if a.status != http.StatusNotFound || strings.Contains(a.body, w.other.Person.Given) {
			t.Errorf("%s %s, another's: %d", r.Method, others, a.status)
		}
		nobodys := p.do(r.Method, strings.Replace(others, w.other.account, "99999997", 1), url.Values{})
		if nobodys.status != a.status || anonymous(nobodys.body) != anonymous(a.body) {
			t.Errorf("%s %s tells another's from nobody's", r.Method, r.Path)
		}
		if a := w.phone().do(r.Method, own, url.Values{}); a.status == http.StatusOK {
			t.Errorf("%s %s, signed out: %d", r.Method, own, a.status)
		}
	}
	if tried < 7 {
		t.Errorf("only %d routes name an account", tried)
	}
}

var addresses = regexp.MustCompile(`/family/children/[0-9]+`)

// anonymous is a page without the address that was asked for.
func anonymous(body string) string { return addresses.ReplaceAllString(body, "") }

// fill makes an address of a route that exists for a child.
func (w *town) fill(path string, k kid) string {
	w.t.Helper()
	no := ""
	err := w.db.Read(w.t.Context(), w.made.Who, func(q sqlx.QueryerContext) error {
		lines, err := statement.History(w.t.Context(), q, w.made.Program, k.ID)
		no = strconv.FormatInt(int64(lines[0].No), 10)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.NewReplacer(":account", k.account, "/years/:year", "/years/2026", "/ownership/:lang", "/ownership/en", ":kind", "dispute", ":request", "1", ":no", no, ":benefit", "seed", "statements/:period/:lang", "statements/"+k.papers[0].Period+"/en",
		"statements/:period", "statements/"+k.papers[0].Period, ":period", "once").Replace(path)
}

func TestEveryPageOfAGuardianAsksForASession(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for _, r := range routes {
		a := w.phone().do(r.method, w.fill(r.path, w.saver), url.Values{})
		if r.method == get && a.to != "/family/sign-in" || r.method == post && a.status != http.StatusUnauthorized {
			t.Errorf("%s %s: %d to %q", r.method, r.path, a.status, a.to)
		}
	}
}

func TestFormsKeepWhatWasTypedAndNameTheField(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.phone()
	p.get("/family?lang=en")
	for _, test := range []struct {
		path  string
		pairs []string
		want  []string
	}{
		{"/family/activate", []string{"code", "7KQ2-M4XT-9BWC", "month", "5", "year", "2019"}, []string{"This does not match", "7KQ2-M4XT-9BWC"}},
		{"/family/activate", []string{"code", "", "month", "", "year", "x"}, []string{`href="#code"`, `href="#month"`, `href="#year"`}},
		{"/family/find", []string{"month", "2", "day", "30", "year", "2019", "zip", "4308", "student", "1"}, []string{`href="#day"`, `href="#zip"`, `value="4308"`}},
		{"/family/sign-in", []string{"contact", "nobody"}, []string{`href="#contact"`, `value="nobody"`}},
		{"/verify", []string{"code", "AAAA-BBBB-CCCC"}, []string{"cannot confirm", "AAAA-BBBB-CCCC"}},
	} {
		a := p.post(test.path, test.pairs...)
		if a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s %v: %d", test.path, test.pairs, a.status)
		}
		for _, want := range test.want {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s %v does not show %q", test.path, test.pairs, want)
			}
		}
	}
	if a := p.get("/family/pin"); a.to != "/family?done=entry_over" {
		t.Errorf("the PIN without a way in: %q", a.to)
	}
}

func TestAStatementIsConfirmedWithoutANameAndWithoutASession(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.phone()
	paper := w.saver.papers[0]
	a := p.post("/verify", "code", strings.ToLower(paper.Code))
	if a.status != http.StatusOK || !strings.Contains(a.body, "is real") || !strings.Contains(a.body, "$"+paper.Closing().String()) {
		t.Errorf("%d: %s", a.status, a.body)
	}
	if strings.Contains(a.body, w.saver.Person.Given) || strings.Contains(a.body, w.saver.Person.Family) || strings.Contains(a.body, w.saver.account) {
		t.Error("the page names the child")
	}
}

func TestSigningOutClearsTheBrowserAndTheSession(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	a := p.post("/family/sign-out")
	if a.to != "/family?done=signed_out" || !strings.Contains(a.header.Get("Clear-Site-Data"), "cache") {
		t.Errorf("%d to %q, %q", a.status, a.to, a.header.Get("Clear-Site-Data"))
	}
	if a := p.get("/family/home"); a.to != "/family/sign-in" {
		t.Errorf("home afterwards: %d to %q", a.status, a.to)
	}
	w.clock = w.clock.Add(time.Hour)
	if a := p.post("/family/sign-in", "contact", "202 555 0123"); a.to != "/family/sign-in/pin" {
		t.Fatalf("%d to %q", a.status, a.to)
	}
	code := eightDigits.FindString(w.message("+12025550123").Text)
	if a := p.post("/family/sign-in/pin", "code", code, "pin", "493818"); a.status != 422 {
		t.Errorf("a wrong PIN: %d", a.status)
	}
	if a := p.post("/family/sign-in/pin", "code", code, "pin", pin, "remember", "yes"); a.to != home {
		t.Errorf("signing in: %d to %q", a.status, a.to)
	}
	if a := p.post("/family/sign-in", "contact", "202 555 0123"); a.to != "/family/sign-in/pin" {
		t.Fatal(a.status)
	}
	if a := p.get("/family/sign-in/pin"); strings.Contains(a.body, `id="code"`) {
		t.Error("a remembered phone is asked for a code")
	}
}

func TestASecondGuardianIsInvited(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	a := p.post("/family/children/" + w.saver.account + "/invite")
	code := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(a.body)
	q := w.phone()
	b := w.saver.Person.BornOn
	if a := q.post("/family/activate", "code", code, "month", strconv.Itoa(int(b.Month())), "year", strconv.Itoa(b.Year())); a.to != "/family/contact" {
		t.Fatalf("the code %q: %d", code, a.status)
	}
	w.finish(q, "abuela@example.org", "abuela@example.org")
	if a := q.get("/family/children/" + w.saver.account + "?lang=en"); !strings.Contains(a.body, "2 adults can see it") {
		t.Errorf("the second guardian: %d", a.status)
	}
	if a := q.facts(w.other); a.to != "/family/home?done=child_added" {
		t.Errorf("a second child: %d to %q", a.status, a.to)
	}
	if a := q.get("/family/home"); !strings.Contains(a.body, w.other.Person.DisplayName()) || !strings.Contains(a.body, w.saver.Person.DisplayName()) {
		t.Error("home does not show both")
	}
}

// A family's first page weighs little on an old phone (compressed, with style).
func TestHomeIsLight(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	r, err := http.NewRequestWithContext(t.Context(), "GET", p.base+"/family/home", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := p.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" || len(raw) > 6000 {
		t.Errorf("%v: home is %d bytes, %s", err, len(raw), resp.Header.Get("Content-Encoding"))
	}
}
