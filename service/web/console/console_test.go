package console

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"io"

	"seedbook/migrations/pgtest"
	"seedbook/service/auth"
	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
)

// office is a running console with one operator, Ana.
type office struct {
	db      *store.DB
	keys    *vault.Keyring
	who     store.Who
	ana     auth.AccountID
	clock   time.Time
	server  *httptest.Server
	hall    *web.Hall
	console *Console
}

const (
	email = "ana@riverbend.example"
	good  = "violet kettle drums quietly"
)

func newOffice(t *testing.T) *office {
	t.Helper()
	db, err := store.Open(pgtest.New(t).DSN, 8)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	o := &office{db: db, keys: vault.Random(), clock: time.Date(2026, 10, 5, 14, 5, 0, 0, time.UTC)}
	tenant, err := auth.AddTenant(t.Context(), db, "City of Riverbend", o.clock)
	if err != nil {
		t.Fatal(err)
	}
	o.who = store.Who{Tenant: tenant, Actor: "cli"}
	o.ana = o.hire(t, auth.NewAccount{Email: email, Name: "Ana Ruiz", Roles: []auth.Role{auth.Operator}})
	o.hall, err = web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: o.keys})
	if err != nil {
		t.Fatal(err)
	}
	o.console = &Console{DB: db, Keys: o.keys, Now: func() time.Time { return o.clock }, LinkGrace: auth.SessionLife}
	Mount(o.hall, o.console)
	o.server = httptest.NewServer(o.hall.Handler())
	t.Cleanup(o.server.Close)
	return o
}

// hire opens an account with the good password.
func (o *office) hire(t *testing.T, n auth.NewAccount) (id auth.AccountID) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) (err error) {
		id, err = auth.AddStaff(t.Context(), tx, o.who, o.keys, n, o.clock)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := auth.SetPassword(t.Context(), o.db, o.who, o.keys, id, good, 0, o.clock); err != nil {
		t.Fatal(err)
	}
	return id
}

// browser is somebody's browser: it keeps cookies and follows no redirect.
type browser struct {
	t      *testing.T
	office *office
	base   string
	http   *http.Client
}

func (o *office) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, o, o.server.URL, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	status int
	body   string
	to     string
	header http.Header
}

func (b *browser) do(r *http.Request, err error) answer {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header}
}

func (b *browser) get(path string) answer {
	return b.do(http.NewRequest("GET", b.base+path, nil))
}

func (b *browser) post(path string, pairs ...string) answer {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequest("POST", b.base+path, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.do(r, err)
}

// signIn lets somebody in as on a first visit: by a link of the server's owner,
// which stands for a second factor.
func (b *browser) signIn(email string) {
	b.t.Helper()
	o := b.office
	_, account, err := auth.FindAccount(b.t.Context(), o.db, o.keys, email)
	if err != nil {
		b.t.Fatal(err)
	}
	var token string
	err = o.db.InTx(b.t.Context(), o.who, func(tx *sqlx.Tx) (err error) {
		token, err = auth.IssueOneTime(b.t.Context(), tx, o.who, account, auth.LinkLife, o.clock)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if a := b.post("/sign-in/link", "token", token); a.status != http.StatusSeeOther || a.to != "/" {
		b.t.Fatalf("signing in: %d to %q", a.status, a.to)
	}
}

func TestWhoIsSignedOutIsSentToSignInAndComesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.browser(t)
	for _, r := range routes {
		path := strings.NewReplacer(":program", "x", ":id", "1").Replace(r.path)
		if r.method == get {
			if a := b.get(path); a.status != http.StatusSeeOther || a.to != "/sign-in?next="+url.QueryEscape(path) {
				t.Errorf("GET %s: %d to %q", path, a.status, a.to)
			}
			continue
		}
		if a := b.post(path); a.status != http.StatusUnauthorized {
			t.Errorf("POST %s: %d", path, a.status)
		}
	}
	a := b.post("/sign-in", "email", email, "password", good, "next", "/account?x=1")
	if a.to != "/account?x=1" {
		t.Errorf("came back to %q", a.to)
	}
	if a := o.browser(t).post("/sign-in", "email", email, "password", good, "next", "//evil.example"); a.to != "/" {
		t.Errorf("was led to %q", a.to)
	}
}

func TestAWrongPasswordIsSaidInBothLanguagesAndKeepsTheAddress(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for lang, want := range map[string]string{"en": "is not right", "es": "no son correctos"} {
		b := o.browser(t)
		b.get("/sign-in?lang=" + lang)
		a := b.post("/sign-in", "email", email, "password", "wrong")
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, want) {
			t.Errorf("%s: %d without %q", lang, a.status, want)
		}
		if !strings.Contains(a.body, `value="`+email+`"`) || strings.Contains(a.body, `value="wrong"`) {
			t.Errorf("%s: the address is kept, the password never", lang)
		}
		if !strings.Contains(a.body, "<title>Error:") {
			t.Errorf("%s: the title does not say so", lang)
		}
		if a := b.get("/"); a.status != http.StatusSeeOther {
			t.Errorf("%s: in all the same: %d", lang, a.status)
		}
	}
	if a := o.browser(t).post("/sign-in"); strings.Count(a.body, `aria-invalid="true"`) != 2 {
		t.Errorf("an empty form: %d", a.status)
	}
}

func TestASessionIsNewAtEachSignInAndEndsAtSignOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.browser(t)
	base, err := url.Parse(o.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	token := func() string {
		for _, c := range b.http.Jar.Cookies(base) {
			if c.Name == sessionCookie {
				return c.Value
			}
		}
		return ""
	}
	b.http.Jar.SetCookies(base, []*http.Cookie{{Name: sessionCookie, Value: "fixed-by-an-attacker"}})
	b.signIn(email)
	first := token()
	b.signIn(email)
	second := token()
	if first == second || first == "fixed-by-an-attacker" || len(second) < 43 {
		t.Errorf("tokens %q and %q", first, second)
	}
	if _, err := auth.Session(t.Context(), o.db, o.keys, first, o.clock); err == nil {
		t.Error("the session before still lasts")
	}
	if a := b.post("/sign-out"); a.status != http.StatusSeeOther || a.to != "/sign-in?done=signed_out" || token() != "" {
		t.Errorf("signing out: %d to %q, cookie %q", a.status, a.to, token())
	}
	if _, err := auth.Session(t.Context(), o.db, o.keys, second, o.clock); err == nil {
		t.Error("the session lasts after signing out")
	}
}

func TestAnIdleSessionEnds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.browser(t)
	b.signIn(email)
	o.clock = o.clock.Add(auth.SessionIdle - time.Minute)
	if a := b.get("/account"); a.status != http.StatusOK {
		t.Errorf("after 29 minutes: %d", a.status)
	}
	o.clock = o.clock.Add(auth.SessionIdle)
	if a := b.get("/account"); a.status != http.StatusSeeOther {
		t.Errorf("after 30 more: %d", a.status)
	}
}

func TestAOneTimeLinkIsSpentByTheButtonAndNotByOpeningIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var token string
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) (err error) {
		token, err = auth.IssueOneTime(t.Context(), tx, o.who, o.ana, auth.LinkLife, o.clock)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b := o.browser(t)
	for range 3 {
		if a := b.get("/sign-in/link/" + token); a.status != http.StatusOK || !strings.Contains(a.body, token) {
			t.Fatalf("the link's page: %d", a.status)
		}
	}
	if a := b.post("/sign-in/link", "token", token); a.status != http.StatusSeeOther || a.to != "/" {
		t.Fatalf("the link: %d to %q", a.status, a.to)
	}
	if a := b.get("/account"); !strings.Contains(a.body, "Ana Ruiz") || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("signed in as nobody")
	}
	if a := o.browser(t).post("/sign-in/link", "token", token); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "already used") {
		t.Errorf("used again: %d", a.status)
	}
}

func TestAPasswordIsSetAndOtherSessionsEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	here, there := o.browser(t), o.browser(t)
	here.signIn(email)
	there.signIn(email)
	for _, test := range []struct{ name, password, again, want string }{
		{"short", "short", "short", "at least 15"},
		{"not the same", "five quiet boats drift by", "five quiet boats drift on", "not the same"},
		{"guessable", "Ana Ruiz of Riverbend 2026", "Ana Ruiz of Riverbend 2026", "easy to guess"},
	} {
		if a := here.post("/account/password", "password", test.password, "again", test.again); a.status != 422 || !strings.Contains(a.body, test.want) {
			t.Errorf("%s: %d", test.name, a.status)
		}
	}
	const next = "five quiet boats drift by"
	if a := here.post("/account/password", "password", next, "again", next); a.to != "/account?done=password_set" {
		t.Fatalf("a good one: %d to %q", a.status, a.to)
	}
	if a := here.get("/account?done=password_set"); !strings.Contains(a.body, "Your new password is set") {
		t.Error("nobody says so")
	}
	if a := there.get("/account"); a.status != http.StatusSeeOther {
		t.Errorf("the other session: %d", a.status)
	}
}

func TestAnotherSessionIsEndedFromTheAccountPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	here, there := o.browser(t), o.browser(t)
	there.signIn(email)
	here.signIn(email)
	found := regexp.MustCompile(`name="session" value="(\d+)"`).FindStringSubmatch(here.get("/account").body)
	if found == nil {
		t.Fatal("the other session is not listed")
	}
	if a := here.post("/account/sessions", "session", found[1]); a.to != "/account?done=session_ended" {
		t.Fatalf("%d to %q", a.status, a.to)
	}
	if a := there.get("/account"); a.status != http.StatusSeeOther {
		t.Errorf("the other session: %d", a.status)
	}
	for _, id := range []string{"0", "-1", "x", "999999999999999999999"} {
		if a := here.post("/account/sessions", "session", id); a.status != 422 {
			t.Errorf("session %q: %d", id, a.status)
		}
	}
}

func TestTheLanguageIsThePersonsUntilAnotherIsChosen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hire(t, auth.NewAccount{Email: "luis@riverbend.example", Name: "Luis", Lang: "es", Roles: []auth.Role{auth.Support}})
	b := o.browser(t)
	b.signIn("luis@riverbend.example")
	for _, step := range []struct{ path, want string }{{"/help", "es"}, {"/help?lang=en", "en"}, {"/account", "en"}} {
		if a := b.get(step.path); !strings.Contains(a.body, fmt.Sprintf(`<html lang="%s"`, step.want)) {
			t.Errorf("%s is not in %s", step.path, step.want)
		}
	}
}
