package console

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"seedbook/service/auth"
)

var secretIn = regexp.MustCompile(`<code class="sb-secret">([A-Z2-7 ]+)</code>`)

// enrol sets up an app for somebody who has just given the password, and
// returns its secret.
func (b *browser) enrol() (secret string) {
	b.t.Helper()
	found := secretIn.FindStringSubmatch(b.get("/account/app").body)
	if found == nil {
		b.t.Fatal("no secret is shown")
	}
	secret = strings.ReplaceAll(found[1], " ", "")
	if a := b.post("/account/app", "one_time_code", b.code(secret), "next", "/help"); a.to != "/help?done=app_set" {
		b.t.Fatalf("confirming: %d to %q", a.status, a.to)
	}
	return secret
}

// code is what an app shows now.
func (b *browser) code(secret string) string {
	b.t.Helper()
	code, err := totp.GenerateCode(secret, b.office.clock)
	if err != nil {
		b.t.Fatal(err)
	}
	return code
}

func TestAPasswordLeadsToTheSecondStepAndNowhereElse(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.browser(t)
	b.post("/sign-in", "email", email, "password", good)
	everywhere := func(to string) {
		t.Helper()
		for _, r := range routes {
			path := strings.NewReplacer(":program", "x", ":id", "1").Replace(r.path)
			if r.may == auth.ProveSelf || to == "/account/app" && r.may == auth.ManageFactors {
				continue
			}
			var a answer
			if r.method == get {
				a = b.get(path)
			} else {
				a = b.post(path)
			}
			if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, to) {
				t.Errorf("%s %s: %d to %q, not to %s", r.method, path, a.status, a.to, to)
			}
		}
	}
	everywhere("/account/app")
	b.get("/account/app")
	if a := b.post("/account/app", "one_time_code", "123456"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#one_time_code"`) {
		t.Errorf("a wrong first code: %d", a.status)
	}
	secret := b.enrol()
	if a := b.get("/help"); a.status != http.StatusOK {
		t.Errorf("enrolled: %d", a.status)
	}

	b = o.browser(t)
	b.post("/sign-in", "email", email, "password", good, "next", "/help")
	everywhere("/sign-in/code")
	if a := b.post("/sign-in/code", "one_time_code", b.code(secret)); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a code that was used: %d", a.status)
	}
	o.clock = o.clock.Add(time.Minute)
	if a := b.post("/sign-in/code", "one_time_code", b.code(secret), "next", "//evil.example"); a.to != "/" {
		t.Errorf("a good code: %d to %q", a.status, a.to)
	}
	if a := b.get("/help"); a.status != http.StatusOK {
		t.Errorf("signed in: %d", a.status)
	}
}

func TestWhatWasTypedIsKeptWhileSomebodyShowsTheSecondStepAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hire(t, auth.NewAccount{Email: "manager@riverbend.example", Name: "M", Roles: []auth.Role{auth.TenantAdmin}})
	b := o.browser(t)
	b.base = strings.Replace(b.base, "127.0.0.1", "localhost", 1)
	b.post("/sign-in", "email", "manager@riverbend.example", "password", good)
	secret := b.enrol()
	o.clock = o.clock.Add(auth.StepUpLife)
	const typed = `Ana "the second" <b>`
	a := b.post("/account/passkeys", "name", typed, "passkey_note", "x")
	if a.status != http.StatusForbidden || !strings.Contains(a.body, `action="/account/passkeys"`) {
		t.Fatalf("without a fresh code: %d", a.status)
	}
	if !strings.Contains(a.body, `name="name" value="`+html.EscapeString(typed)+`"`) && !strings.Contains(a.body, `value="Ana &#34;the second&#34; &lt;b&gt;"`) {
		t.Errorf("what was typed is lost: %s", a.body)
	}
	if a := b.post("/account/passkeys", "name", typed, "one_time_code", "12"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "&lt;b&gt;") {
		t.Errorf("a wrong code: %d", a.status)
	}
	// The right one carries on with the form: it is the handler that finds no passkey in it.
	a = b.post("/account/passkeys", "name", typed, "one_time_code", b.code(secret))
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "This passkey did not") || !strings.Contains(a.body, "&lt;b&gt;") {
		t.Errorf("a right code: %d", a.status)
	}
	if a := b.get("/account/security"); a.status != http.StatusOK || strings.Contains(a.body, "still you") {
		t.Errorf("asked again at once: %d", a.status)
	}
	o.clock = o.clock.Add(auth.StepUpLife)
	if a := b.get("/account/security"); a.status != http.StatusForbidden || !strings.Contains(a.body, "still you") {
		t.Errorf("not asked after five minutes: %d", a.status)
	}
	if a := b.post("/account/password", "password", "five quiet boats drift by", "again", "five quiet boats drift by"); strings.Contains(a.body, "quiet boats") {
		t.Error("a password comes back in a page")
	}
}

// Files cannot be carried along.
func TestNoRouteThatTakesAFileAsksForASecondStep(t *testing.T) {
	for _, r := range routes {
		if r.file && r.may.StepUp() {
			t.Errorf("%s %s takes a file and asks for a second step: upload first, confirm afterwards", r.method, r.path)
		}
	}
}
