package console

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/web/provider"
)

// issuer is a small OpenID provider with which cases meddle.
type issuer struct {
	t      *testing.T
	office *office
	server *httptest.Server
	key    *rsa.PrivateKey
	asked  url.Values // the newest question at /authorize
	codes  map[string]url.Values
	seen   int // how often a code was exchanged

	claims  map[string]any                                    // what a token says beside or instead of the usual
	sign    func(header, payload map[string]any) string       // nil: as it should
	answer  func(q url.Values)                                // changes what the browser is sent back with
	missing map[string]bool                                   // paths that fail
	more    func(w http.ResponseWriter, r *http.Request) bool // answers instead
}

const (
	clientID = "seedbook"
	secret   = "between the two of us"
)

// newIssuer runs one, and makes it the office's own sign-in.
func newIssuer(t *testing.T, o *office) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, office: o, key: key, codes: map[string]url.Values{}}
	i.server = httptest.NewServer(i)
	t.Cleanup(i.server.Close)
	p, err := provider.New(provider.Settings{Issuer: i.server.URL, ClientID: clientID, ClientSecret: secret, Redirect: o.server.URL + AnswerPath,
		AMR: []string{"mfa"}, ACR: []string{"urn:strong"}})
	if err != nil {
		t.Fatal(err)
	}
	o.console.Elsewhere = &SignInElsewhere{Provider: p, Of: auth.Tenant{ID: o.who.Tenant, Name: "City of Riverbend"}}
	i.usual()
	return i
}

// usual undoes what a case changed.
func (i *issuer) usual() {
	i.claims, i.sign, i.answer, i.missing, i.more = map[string]any{}, nil, nil, map[string]bool{}, nil
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if i.missing[r.URL.Path] {
		http.Error(w, "broken", http.StatusBadGateway)
		return
	}
	if i.more != nil && i.more(w, r) {
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		i.json(w, map[string]any{"issuer": i.server.URL, "authorization_endpoint": i.server.URL + "/authorize", "token_endpoint": i.server.URL + "/token",
			"jwks_uri": i.server.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
			"authorization_response_iss_parameter_supported": true})
	case "/keys":
		i.json(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
	case "/authorize":
		i.asked = r.URL.Query()
		code := "code-" + i.asked.Get("state")[:12]
		i.codes[code] = i.asked
		q := url.Values{"state": {i.asked.Get("state")}, "code": {code}, "iss": {i.server.URL}}
		if i.answer != nil {
			i.answer(q)
		}
		http.Redirect(w, r, i.asked.Get("redirect_uri")+"?"+q.Encode(), http.StatusFound)
	case "/token":
		i.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) json(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		i.t.Error(err)
	}
}

// token exchanges a code: once, for the client with the secret, and for the
// browser whose question it answers.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	i.seen++
	asked, ok := i.codes[r.FormValue("code")]
	delete(i.codes, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, password, _ := r.BasicAuth()
	if plain, err := url.QueryUnescape(password); err == nil {
		password = plain
	}
	if !ok || id != clientID || password != secret || asked.Get("code_challenge_method") != "S256" ||
		asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"error":"invalid_grant"}`)) // to a test
		return
	}
	now := i.office.clock
	payload := map[string]any{"iss": i.server.URL, "aud": clientID, "sub": "7f3a", "nonce": asked.Get("nonce"), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
		"auth_time": now.Unix(), "email": email, "email_verified": true}
	for name, value := range i.claims {
		payload[name] = value
		if value == nil {
			delete(payload, name)
		}
	}
	header := map[string]any{"alg": "RS256", "kid": "one", "typ": "JWT"}
	sign := i.rs256
	if i.sign != nil {
		sign = i.sign
	}
	i.json(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": sign(header, payload)})
}

func part(v map[string]any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // the tests' own maps
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (i *issuer) rs256(header, payload map[string]any) string {
	return i.signedBy(i.key, header, payload)
}

func (i *issuer) signedBy(key *rsa.PrivateKey, header, payload map[string]any) string {
	text := part(header) + "." + part(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, 5, sum[:]) // 5 is crypto.SHA256
	if err != nil {
		i.t.Error(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// hs256 signs with what everybody knows: the issuer's public key.
func (i *issuer) hs256(header, payload map[string]any) string {
	der, err := x509.MarshalPKIXPublicKey(i.key.Public())
	if err != nil {
		i.t.Error(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})},
		(&jose.SignerOptions{}).WithHeader("kid", "one"))
	if err != nil {
		i.t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(part(payload))
	if err != nil {
		i.t.Error(err)
	}
	signed, err := signer.Sign(raw)
	if err != nil {
		i.t.Error(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		i.t.Error(err)
	}
	return text
}

// over sends a browser to the issuer and returns where it is sent back to.
func (b *browser) over(path string) (back string) {
	b.t.Helper()
	a := b.get(path)
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, "http") {
		b.t.Fatalf("%s: %d to %q", path, a.status, a.to)
	}
	there := b.do(http.NewRequest("GET", a.to, nil))
	back, ok := strings.CutPrefix(there.to, b.base)
	if !ok {
		b.t.Fatalf("the issuer leads to %q", there.to)
	}
	return back
}

// back is what a browser does that is sent back: it gets a page that leads to
// the same address, from here.
func (b *browser) back(path string) answer {
	b.t.Helper()
	a := b.get(path)
	to, ok := strings.CutPrefix(a.header.Get("Refresh"), "0; url=")
	if a.status != http.StatusOK || !ok {
		b.t.Fatalf("%s: %d, Refresh %q", path, a.status, a.header.Get("Refresh"))
	}
	if !strings.HasPrefix(to, AnswerPath+"?") {
		b.t.Fatalf("leads on to %q", to)
	}
	return b.get(to)
}

// invite makes a one-time link for an account.
func (o *office) invite(t *testing.T, account auth.AccountID) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		_, err := auth.IssueOneTime(t.Context(), tx, o.who, account, auth.WelcomeLife, o.clock)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inside reports whether a browser is signed in, as far as the second factor.
func (b *browser) inside() bool { return !strings.HasPrefix(b.get("/account").to, "/sign-in?") }

func TestAnInvitationLinksTheOrganizationsOwnSignInOnceAndForGood(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := newIssuer(t, o)
	b := o.browser(t)
	if page := b.get("/sign-in?next=/help"); !strings.Contains(page.body, `href="/sign-in/provider?next=%2Fhelp"`) || !strings.Contains(page.body, `name="password"`) {
		t.Error("the page does not offer both ways")
	}
	if a := b.back(b.over("/sign-in/provider?next=/help")); a.status != http.StatusUnprocessableEntity || b.inside() {
		t.Errorf("without an invitation: %d", a.status)
	}
	o.invite(t, o.ana)
	i.claims["amr"] = []string{"pwd", "mfa"}
	if a := b.back(b.over("/sign-in/provider?next=/help")); a.status != http.StatusSeeOther || a.to != "/help" {
		t.Fatalf("invited: %d to %q", a.status, a.to)
	}
	if a := b.get("/account"); !strings.Contains(a.body, "Ana Ruiz") || !strings.Contains(a.body, "Your organization’s sign-in") {
		t.Error("signed in as nobody")
	}
	if q := i.asked; q.Get("response_type") != "code" || q.Get("client_id") != clientID || len(q.Get("state")) < 43 || len(q.Get("nonce")) < 43 || q.Get("scope") != "openid email" {
		t.Errorf("asked with %v", q)
	}
	// The person is the subject, whatever the address.
	i.claims["email"], i.claims["email_verified"] = "somebody.else@riverbend.example", false
	if a := o.browser(t).back(o.browser(t).over("/sign-in/provider")); a.status == http.StatusSeeOther {
		t.Error("another browser finishes a sign-in")
	}
	again := o.browser(t)
	if a := again.back(again.over("/sign-in/provider")); a.to != "/" {
		t.Errorf("under another address: %d to %q", a.status, a.to)
	}
	// And nobody else is, whatever the address, with a new invitation or without.
	i.usual()
	i.claims["sub"] = "8b21"
	o.invite(t, o.ana)
	other := o.browser(t)
	if a := other.back(other.over("/sign-in/provider")); a.status != http.StatusConflict || other.inside() {
		t.Errorf("another subject with her address: %d to %q", a.status, a.to)
	}
}

func TestWhatTheOtherSignInDoesNotSayIsAskedForHere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := newIssuer(t, o)
	o.invite(t, o.ana)
	b := o.browser(t)
	b.back(b.over("/sign-in/provider?next=/help"))
	if a := b.get("/help"); !strings.HasPrefix(a.to, "/account/app") {
		t.Errorf("one factor over there, none here: %d to %q", a.status, a.to)
	}
	i.claims["acr"] = "urn:strong"
	b = o.browser(t)
	b.back(b.over("/sign-in/provider"))
	if a := b.get("/help"); a.status != http.StatusOK {
		t.Errorf("two over there: %d to %q", a.status, a.to)
	}
	if a := b.get("/account/security"); a.status != http.StatusOK {
		t.Errorf("just now: %d", a.status)
	}
	// A sign-in of long ago is no proof that somebody is there now.
	o.clock = o.clock.Add(auth.StepUpLife)
	i.claims["auth_time"] = o.clock.Add(-3 * time.Hour).Unix()
	b = o.browser(t)
	b.back(b.over("/sign-in/provider"))
	a := b.get("/account/security")
	if a.status != http.StatusForbidden || !strings.Contains(a.body, `href="/sign-in/provider?anew=yes&amp;next=%2Faccount%2Fsecurity"`) {
		t.Fatalf("an old sign-in: %d", a.status)
	}
	if a := b.back(b.over("/sign-in/provider?anew=yes&next=%2Faccount%2Fsecurity")); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an old sign-in again: %d", a.status)
	}
	delete(i.claims, "auth_time")
	if a := b.back(b.over("/sign-in/provider?anew=yes&next=%2Faccount%2Fsecurity")); a.to != "/account/security" || i.asked.Get("prompt") != "login" || i.asked.Get("max_age") != "0" {
		t.Errorf("a new one: %d to %q, asked with %v", a.status, a.to, i.asked)
	}
	if a := b.get("/account/security"); a.status != http.StatusOK {
		t.Errorf("after a new one: %d", a.status)
	}
	// Without a time it is two factors, but not fresh ones.
	i.claims["auth_time"] = nil
	b = o.browser(t)
	b.back(b.over("/sign-in/provider"))
	if a, money := b.get("/help"), b.get("/account/security"); a.status != http.StatusOK || money.status != http.StatusForbidden {
		t.Errorf("without a time: %d and %d", a.status, money.status)
	}
}

func TestNoForgedAnswerSignsAnybodyIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := newIssuer(t, o)
	o.invite(t, o.ana)
	first := o.browser(t)
	if a := first.back(first.over("/sign-in/provider")); a.status != http.StatusSeeOther {
		t.Fatalf("the good way: %d", a.status)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func() { return func() { i.claims[name] = value } }
	say := func(name, value string) func() {
		return func() { i.answer = func(q url.Values) { q.Set(name, value) } }
	}
	for _, test := range []struct {
		name string
		do   func()
	}{
		{"another issuer", set("iss", "https://evil.example")},
		{"the issuer with a slash", set("iss", i.server.URL+"/")},
		{"another audience", set("aud", "somebody-else")},
		{"us and another audience", set("aud", []string{clientID, "somebody-else"})},
		{"made for another", set("azp", "somebody-else")},
		{"another nonce", set("nonce", "x")},
		{"no nonce", set("nonce", nil)},
		{"no subject", set("sub", "")},
		{"expired", set("exp", o.clock.Add(-time.Second).Unix())},
		{"no end", set("exp", nil)},
		{"of an earlier sign-in", set("iat", o.clock.Add(-time.Hour).Unix())},
		{"of tomorrow", set("iat", o.clock.Add(24*time.Hour).Unix())},
		{"not valid yet", set("nbf", o.clock.Add(time.Hour).Unix())},
		{"alg none", func() {
			i.sign = func(h, p map[string]any) string { h["alg"] = "none"; return part(h) + "." + part(p) + "." }
		}},
		{"alg none, signed", func() { i.sign = func(h, p map[string]any) string { h["alg"] = "none"; return i.rs256(h, p) } }},
		{"HS256 with the public key", func() { i.sign = i.hs256 }},
		{"HS256 in the header only", func() { i.sign = func(h, p map[string]any) string { h["alg"] = "HS256"; return i.rs256(h, p) } }},
		{"another key of the same name", func() { i.sign = func(h, p map[string]any) string { return i.signedBy(stranger, h, p) } }},
		{"a key that the token brings along", func() {
			i.sign = func(h, p map[string]any) string {
				h["jwk"] = jose.JSONWebKey{Key: stranger.Public()}
				return i.signedBy(stranger, h, p)
			}
		}},
		{"keys that the token points to", func() {
			i.sign = func(h, p map[string]any) string {
				h["jku"], h["kid"] = o.server.URL, "two"
				return i.signedBy(stranger, h, p)
			}
		}},
		{"altered", func() {
			i.sign = func(h, p map[string]any) string {
				parts := strings.Split(i.rs256(h, p), ".")
				p["sub"] = "7f3b"
				return parts[0] + "." + part(p) + "." + parts[2]
			}
		}},
		{"no token", func() { i.sign = func(h, p map[string]any) string { return "" } }},
		{"not a token", func() { i.sign = func(h, p map[string]any) string { return "a.b.c" } }},
		{"another state", say("state", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")},
		{"no state", say("state", "")},
		{"another code", say("code", "code-of-another")},
		{"no code", say("code", "")},
		{"the answer of another issuer", say("iss", "https://evil.example")},
		{"an answer that names no issuer", func() { i.answer = func(q url.Values) { q.Del("iss") } }},
		{"two codes", func() { i.answer = func(q url.Values) { q.Add("code", "x") } }},
		{"an error", say("error", "access_denied")},
		{"an unknown person", func() { i.claims["sub"], i.claims["email"] = "nobody", "nobody@riverbend.example" }},
	} {
		i.usual()
		test.do()
		o.clock = o.clock.Add(11 * time.Minute) // so that no limit stands in for the check
		i.refresh(test.name)
		b := o.browser(t)
		a := b.back(b.over("/sign-in/provider"))
		if a.status != http.StatusUnprocessableEntity || b.inside() {
			t.Errorf("%s: %d to %q", test.name, a.status, a.to)
		}
		if !strings.Contains(a.body, `name="password"`) || !strings.Contains(a.body, "error-summary") && !strings.Contains(a.body, `role="alert"`) {
			t.Errorf("%s: nothing is said, or the other ways are gone", test.name)
		}
	}
}

// refresh moves the times of a case, which were reckoned from an earlier clock.
func (i *issuer) refresh(name string) {
	now := i.office.clock
	for claim, at := range map[string]time.Time{"exp": now.Add(-time.Second), "iat": now.Add(-time.Hour), "nbf": now.Add(time.Hour)} {
		if _, ok := i.claims[claim].(int64); ok {
			i.claims[claim] = at.Unix()
		}
	}
	if name == "of tomorrow" {
		i.claims["iat"] = now.Add(24 * time.Hour).Unix()
	}
}

func TestAnAnswerIsGivenOnceInTimeAndByTheBrowserThatAsked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := newIssuer(t, o)
	o.invite(t, o.ana)
	b := o.browser(t)
	back := b.over("/sign-in/provider")
	base, err := url.Parse(o.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	kept := b.http.Jar.Cookies(base)
	if a := b.back(back); a.status != http.StatusSeeOther {
		t.Fatalf("the good way: %d", a.status)
	}
	exchanged := i.seen
	thief := o.browser(t)
	thief.http.Jar.SetCookies(base, kept)
	if a := thief.back(back); a.status != http.StatusUnprocessableEntity || thief.inside() || i.seen != exchanged {
		t.Errorf("the same answer with the same cookie again: %d, exchanged %d times", a.status, i.seen-exchanged)
	}
	victim, attacker := o.browser(t), o.browser(t)
	victim.over("/sign-in/provider")
	if a := victim.back(attacker.over("/sign-in/provider")); a.status != http.StatusUnprocessableEntity || victim.inside() {
		t.Errorf("another's answer: %d", a.status)
	}
	if a := o.browser(t).back(AnswerPath + "?state=x&code=y"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an answer to nothing: %d", a.status)
	}
	late := o.browser(t)
	back = late.over("/sign-in/provider")
	o.clock = o.clock.Add(provider.Life)
	if a := late.back(back); a.status != http.StatusUnprocessableEntity || late.inside() {
		t.Errorf("after ten minutes: %d", a.status)
	}
	for _, next := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, "/%09/evil.example", "javascript:alert(1)", "\\\\evil.example"} {
		led := o.browser(t)
		if a := led.back(led.over("/sign-in/provider?next=" + url.QueryEscape(next))); strings.HasPrefix(a.to, "//") || strings.HasPrefix(a.to, "http") || strings.Contains(a.to, `\`) || !strings.HasPrefix(a.to, "/") {
			t.Errorf("next=%s leads to %q", next, a.to)
		}
	}
}

func TestWhoseAccountIsOffOrElsewhereOrUnprovenStaysOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := newIssuer(t, o)
	refused := func(name string) {
		t.Helper()
		b := o.browser(t)
		if a := b.back(b.over("/sign-in/provider")); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nobody here signs in this way") || b.inside() {
			t.Errorf("%s: %d to %q", name, a.status, a.to)
		}
	}
	o.invite(t, o.ana)
	i.claims["email_verified"] = false
	refused("an address that nobody vouches for")
	i.claims["email_verified"] = nil
	refused("an address of which nothing is said")
	i.usual()
	i.claims["email"] = nil
	refused("no address")
	i.usual()
	o.clock = o.clock.Add(auth.WelcomeLife)
	refused("an invitation that is over")

	tenant, err := auth.AddTenant(t.Context(), o.db, "Elsewhere", o.clock)
	if err != nil {
		t.Fatal(err)
	}
	home := o.who
	o.who.Tenant = tenant
	abroad := o.hire(t, auth.NewAccount{Email: "abroad@elsewhere.example", Name: "X", Roles: []auth.Role{auth.Support}})
	o.invite(t, abroad)
	o.who = home
	i.claims["email"] = "abroad@elsewhere.example"
	refused("somebody of another organization")

	i.usual()
	o.invite(t, o.ana)
	b := o.browser(t)
	if a := b.back(b.over("/sign-in/provider")); a.status != http.StatusSeeOther {
		t.Fatalf("the good way: %d", a.status)
	}
	if err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return auth.Disable(t.Context(), tx, o.who, o.ana, o.clock) }); err != nil {
		t.Fatal(err)
	}
	if b.inside() {
		t.Error("an account switched off is still inside")
	}
	refused("an account switched off")
}

func TestASignInThatDoesNotAnswerLeavesTheOtherWaysOpen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := newIssuer(t, o)
	o.invite(t, o.ana)
	down := func(name string, a answer) {
		t.Helper()
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "does not answer") || !strings.Contains(a.body, `name="password"`) {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	i.missing["/.well-known/openid-configuration"] = true
	down("no discovery", o.browser(t).get("/sign-in/provider"))
	i.usual()
	i.more = func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
		return true
	}
	down("a redirect", o.browser(t).get("/sign-in/provider"))
	i.more = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		for range 1 << 10 {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				break
			}
		}
		return true
	}
	down("an answer that does not end", o.browser(t).get("/sign-in/provider"))
	i.usual()
	i.more = func(w http.ResponseWriter, r *http.Request) bool {
		i.json(w, map[string]any{"issuer": "https://evil.example", "authorization_endpoint": "https://evil.example/", "token_endpoint": "https://evil.example/", "jwks_uri": "https://evil.example/"})
		return true
	}
	down("somebody else's discovery", o.browser(t).get("/sign-in/provider"))
	i.usual()
	for _, path := range []string{"/token", "/keys"} {
		b := o.browser(t)
		back := b.over("/sign-in/provider")
		i.missing[path] = true
		down(path, b.back(back))
		i.usual()
	}
	b := o.browser(t)
	if a := b.back(b.over("/sign-in/provider")); a.status != http.StatusSeeOther {
		t.Errorf("back again: %d", a.status)
	}
	i.missing["/.well-known/openid-configuration"] = true
	if a := o.browser(t).post("/sign-in", "email", email, "password", good); a.status != http.StatusSeeOther {
		t.Errorf("by password meanwhile: %d", a.status)
	}
}

func TestAnAccountIsConnectedByItsOwnerAndDisconnected(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := newIssuer(t, o)
	i.claims["email"], i.claims["email_verified"], i.claims["amr"] = "ana@home.example", false, []string{"mfa"}
	b, other := o.browser(t), o.browser(t)
	b.signIn(email)
	other.signIn(email)
	if page := b.get("/account/security"); !strings.Contains(page.body, `href="/account/provider"`) {
		t.Error("the page does not offer it")
	}
	if a := b.back(b.over("/account/provider")); a.to != "/account/security?done=provider_connected" {
		t.Fatalf("connecting: %d to %q", a.status, a.to)
	}
	if other.inside() {
		t.Error("another session goes on")
	}
	fresh := o.browser(t)
	if a := fresh.back(fresh.over("/sign-in/provider?next=/help")); a.to != "/help" {
		t.Errorf("signing in: %d to %q", a.status, a.to)
	}
	// Who came back to another session connects nothing.
	luis := o.hire(t, auth.NewAccount{Email: "luis@riverbend.example", Name: "Luis", Roles: []auth.Role{auth.Support}})
	i.claims["sub"] = "luis"
	c := o.browser(t)
	c.signIn("luis@riverbend.example")
	back := c.over("/account/provider")
	c.signIn("luis@riverbend.example")
	if a := c.back(back); a.status == http.StatusSeeOther {
		t.Errorf("into another session: %d to %q", a.status, a.to)
	}
	i.claims["sub"] = "7f3a"
	if a := c.back(c.over("/account/provider")); a.status != http.StatusConflict {
		t.Errorf("an identity of account %d for %d: %d", o.ana, luis, a.status)
	}
	if a := b.post("/account/provider/remove"); a.to != "/account/security?done=provider_removed" {
		t.Errorf("disconnecting: %d to %q", a.status, a.to)
	}
	gone := o.browser(t)
	if a := gone.back(gone.over("/sign-in/provider")); a.status != http.StatusUnprocessableEntity || fresh.inside() {
		t.Errorf("after disconnecting: %d", a.status)
	}
}
