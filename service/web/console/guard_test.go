package console

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/program"
	"seedbook/service/web"
)

// replica is another process on the same database: it knows what is stored and
// nothing else. It believes what its proxy says of addresses.
func (o *office) replica(t *testing.T, secure bool) *httptest.Server {
	t.Helper()
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: o.keys, Secure: secure, TrustedProxies: []string{"127.0.0.1/32", "::1/128"}})
	if err != nil {
		t.Fatal(err)
	}
	Mount(hall, &Console{DB: o.db, Keys: o.keys, Now: func() time.Time { return o.clock }})
	s := httptest.NewServer(hall.Handler())
	t.Cleanup(s.Close)
	return s
}

// from sends a sign-in as if from an address, with what X-Forwarded-For makes of it.
func (b *browser) from(address, email, password string) answer {
	b.t.Helper()
	form := url.Values{"email": {email}, "password": {password}}
	r, err := http.NewRequest("POST", b.base+"/sign-in", strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("X-Forwarded-For", address)
		r.Header.Set("X-Real-IP", address)
		r.Header.Set("Forwarded", "for="+address)
	}
	return b.do(r, err)
}

// shape is what of an answer could tell something: its status, its headers, the
// cookies without their values, and the page without the address typed.
func shape(a answer, email string) string {
	var lines []string
	for name, values := range a.header {
		for _, v := range values {
			if name == "Set-Cookie" {
				_, rest, _ := strings.Cut(v, ";")
				cookie, value, _ := strings.Cut(v, "=")
				secret, _, _ := strings.Cut(value, ";")
				v = fmt.Sprint(cookie, "=", len(secret), ";", rest)
			}
			if name != "Date" {
				lines = append(lines, name+": "+v)
			}
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(a.status, "\n", strings.Join(lines, "\n"), "\n", strings.ReplaceAll(a.body, email, "…"))
}

// T-61: whoever does not know the password learns nothing, and whoever does not
// before the second step.
func TestNoAnswerTellsWhetherThereIsAnAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	hire := func(email string) auth.AccountID {
		return o.hire(t, auth.NewAccount{Email: email, Name: "X", Roles: []auth.Role{auth.Support}})
	}
	hire("bare@riverbend.test")
	off := hire("gone@riverbend.test")
	var fresh auth.AccountID
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) (err error) {
		if err = auth.Disable(t.Context(), tx, o.who, off, o.clock); err != nil {
			return err
		}
		fresh, err = auth.AddStaff(t.Context(), tx, o.who, o.keys, auth.NewAccount{Email: "none@riverbend.test", Name: "X", Roles: []auth.Role{auth.Support}}, o.clock)
		return err
	})
	if err != nil || fresh == 0 {
		t.Fatal(err)
	}
	hire("code@riverbend.test")
	enrolled := o.browser(t)
	enrolled.post("/sign-in", "email", "code@riverbend.test", "password", good)
	enrolled.enrol()

	refused, let := "", ""
	for _, test := range []struct {
		name, email, password string
		in                    bool
	}{
		{"absent", "zero@riverbend.test", "violet kettle drums loudly", false},
		{"absent, with a password that is somebody's", "zero@riverbend.test", good, false},
		{"present", "bare@riverbend.test", "violet kettle drums loudly", false},
		{"present, with a second step", "code@riverbend.test", "violet kettle drums loudly", false},
		{"without a password", "none@riverbend.test", good, false},
		{"switched off", "gone@riverbend.test", good, false},
		{"in", "bare@riverbend.test", good, true},
		{"in, with a second step", "code@riverbend.test", good, true},
	} {
		got := shape(o.browser(t).post("/sign-in", "email", test.email, "password", test.password), test.email)
		want := &refused
		if test.in {
			want = &let
		}
		if *want == "" {
			*want = got
		}
		if got != *want {
			t.Errorf("%s is told from the others:\n%s\nand not\n%s", test.name, got, *want)
		}
	}
	if !strings.HasPrefix(refused, "422") || !strings.HasPrefix(let, "303") {
		t.Errorf("refused:\n%s\nlet in:\n%s", refused, let)
	}
	// A limit that is reached tells no more.
	var limited []string
	for _, email := range []string{"zero@riverbend.test", "bare@riverbend.test"} {
		o.clock = o.clock.Add(time.Hour)
		var a answer
		for range 6 {
			a = o.browser(t).post("/sign-in", "email", email, "password", "violet kettle drums loudly")
		}
		limited = append(limited, shape(a, email))
	}
	if limited[0] != limited[1] || !strings.HasPrefix(limited[0], "503") {
		t.Errorf("too many tries:\n%s\nand\n%s", limited[0], limited[1])
	}
}

// What the time of a refusal tells: Welch's t of the time it takes with an
// account and without (dudect's bound is 4.5). It judges nothing: a busy machine
// says whatever it likes.
func TestWhatTheTimeOfARefusalTells(t *testing.T) {
	if testing.Short() || !testing.Verbose() {
		t.Skip("prints a measurement: go test -v -run TimeOfARefusal")
	}
	o := newOffice(t)
	const samples = 200
	kinds := [2]string{email, "nob@riverbend.example"}
	var taken [2][]float64
	for n := 0; n < 2*samples; n++ {
		o.clock = o.clock.Add(15 * time.Minute)
		k := rand.IntN(2)
		if len(taken[k]) == samples {
			k = 1 - k
		}
		b := o.browser(t)
		began := time.Now()
		a := b.post("/sign-in", "email", kinds[k], "password", "violet kettle drums loudly")
		taken[k] = append(taken[k], float64(time.Since(began).Microseconds()))
		if a.status != http.StatusUnprocessableEntity {
			t.Fatalf("%s: %d", kinds[k], a.status)
		}
	}
	with, without := spreadOf(taken[0]), spreadOf(taken[1])
	welch := (with.mean - without.mean) / math.Sqrt(with.variance/samples+without.variance/samples)
	t.Logf("with an account %.0f µs, without %.0f µs, Welch's t = %.2f over %d samples each", with.mean, without.mean, welch, samples)
}

type spread struct{ mean, variance float64 }

// spreadOf leaves out the slowest tenth, which is the machine's and not ours.
func spreadOf(x []float64) (m spread) {
	slices.Sort(x)
	x = x[:len(x)*9/10]
	for _, v := range x {
		m.mean += v / float64(len(x))
	}
	for _, v := range x {
		m.variance += (v - m.mean) * (v - m.mean) / float64(len(x)-1)
	}
	return m
}

// T-60 and T-62.
func TestGuessersAreStoppedWhereverTheyComeFromAndLockNobodyOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.clock = o.clock.Truncate(time.Hour)
	s := o.replica(t, false)
	home := o.browser(t)
	home.base = s.URL
	if a := home.from("192.0.2.7", email, good); a.status != http.StatusSeeOther {
		t.Fatalf("at home: %d", a.status)
	}
	guess := func(from string, n int) (compared int) {
		b := o.browser(t)
		b.base = s.URL
		for i := range n {
			switch a := b.from(fmt.Sprintf(from, i/250, i%250), email, "violet kettle drums loudly"); a.status {
			case http.StatusUnprocessableEntity:
				compared++
			case http.StatusServiceUnavailable:
			default:
				t.Fatalf("guess %d: %d", i, a.status)
			}
		}
		return compared
	}
	compared := 0
	for range 4 { // four quarters of an hour, hundreds of addresses each
		compared += guess("10.%d.%d.1", 150)
		o.clock = o.clock.Add(14*time.Minute + 59*time.Second)
	}
	if compared > 10 {
		t.Errorf("%d guesses were compared within an hour, want at most 10", compared)
	}
	if a := home.from("192.0.2.7", email, good); a.status != http.StatusSeeOther {
		t.Errorf("the owner's own browser in the middle of it: %d", a.status)
	}
	stolen := 0
	for range 12 { // the browser's own budget is one, too
		if a := home.from("192.0.2.7", email, "violet kettle drums loudly"); a.status == http.StatusUnprocessableEntity {
			stolen++
		}
	}
	if stolen > 5 {
		t.Errorf("a known browser guesses %d times in a quarter of an hour", stolen)
	}
	o.clock = o.clock.Add(time.Hour)
	fresh := o.browser(t)
	fresh.base = s.URL
	if a := fresh.from("198.51.100.9", email, good); a.status != http.StatusSeeOther {
		t.Errorf("an hour later, from anywhere: %d", a.status)
	}
	// Addresses that nobody vouches for are the sender's own: one network, one budget.
	forged, served := o.browser(t), 0
	for i := range 80 {
		if a := forged.from(fmt.Sprintf("203.0.113.%d", i), fmt.Sprintf("nobody%d@riverbend.test", i), "violet kettle drums loudly"); a.status == http.StatusUnprocessableEntity {
			served++
		}
	}
	if served > 60 {
		t.Errorf("%d tries from one network under forged addresses", served)
	}
}

// A link, the only reset there is beside two persons' recovery, is no second step.
func TestALinkIsNoWayAroundTheSecondStep(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.browser(t)
	b.post("/sign-in", "email", email, "password", good)
	b.enrol()
	again := o.browser(t)
	again.signIn(email)
	const next = "five quiet boats drift by"
	for _, a := range []answer{again.get("/help"), again.post("/account/password", "password", next, "again", next), again.post("/account/app/remove")} {
		if a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, "/sign-in/code") {
			t.Errorf("with a link alone: %d to %q", a.status, a.to)
		}
	}
	if a := o.browser(t).post("/sign-in", "email", email, "password", next); a.status == http.StatusSeeOther {
		t.Error("the password was set")
	}
}

// T-59, on two replicas.
func TestASessionThatEndedOpensNothingAtTheNextRequestAnywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	there := o.replica(t, false)
	in := o.clock
	for _, test := range []struct {
		name string
		end  func(b *browser)
	}{
		{"idle for 31 minutes", func(*browser) { o.clock = o.clock.Add(31 * time.Minute) }},
		{"after 12 hours and a second, however busy", func(b *browser) {
			for o.clock.Add(29 * time.Minute).Before(in.Add(auth.SessionLife)) {
				o.clock = o.clock.Add(29 * time.Minute)
				if a := b.get("/account"); a.status != http.StatusOK {
					t.Errorf("after %v: %d", o.clock.Sub(in), a.status)
				}
			}
			o.clock = in.Add(auth.SessionLife - time.Second)
			if a := b.get("/account"); a.status != http.StatusOK {
				t.Errorf("a second before: %d", a.status)
			}
			o.clock = in.Add(auth.SessionLife + time.Second)
		}},
		{"signed out", func(b *browser) { b.post("/sign-out") }},
		{"signed out, from a copy of the cookie", func(b *browser) {
			thief := o.browser(t)
			thief.steal(b)
			thief.post("/sign-out")
		}},
		{"another password", func(*browser) {
			if err := auth.SetPassword(t.Context(), o.db, o.who, o.keys, o.ana, good, 0, o.clock); err != nil {
				t.Fatal(err)
			}
		}},
		{"switched off", func(*browser) {
			if err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return auth.Disable(t.Context(), tx, o.who, o.ana, o.clock) }); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		o.clock, in = in.Add(24*time.Hour), in.Add(24*time.Hour)
		b, copied := o.browser(t), o.browser(t)
		b.signIn(email)
		copied.base = there.URL
		copied.steal(b)
		if a := copied.get("/account"); a.status != http.StatusOK {
			t.Fatalf("%s: before: %d", test.name, a.status)
		}
		test.end(b)
		if a := copied.get("/account"); a.status != http.StatusSeeOther || !strings.HasPrefix(a.to, "/sign-in") {
			t.Errorf("%s: %d to %q", test.name, a.status, a.to)
		}
		if a := copied.post("/account/sessions", "session", "1"); a.status != http.StatusUnauthorized {
			t.Errorf("%s: a form: %d", test.name, a.status)
		}
	}
}

// steal gives a browser another's cookies.
func (b *browser) steal(from *browser) {
	b.t.Helper()
	there, err := url.Parse(from.base)
	if err != nil {
		b.t.Fatal(err)
	}
	here, err := url.Parse(b.base)
	if err != nil {
		b.t.Fatal(err)
	}
	b.http.Jar.SetCookies(here, from.http.Jar.Cookies(there))
}

func TestARoleIsGoneAtTheNextRequestAnywhere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.hire(t, auth.NewAccount{Email: "admin@riverbend.test", Name: "X", Roles: []auth.Role{auth.TenantAdmin, auth.Operator}})
	b, there := o.browser(t), o.browser(t)
	b.signIn("admin@riverbend.test")
	there.base = o.replica(t, false).URL
	there.steal(b)
	if a := there.get("/staff"); a.status != http.StatusOK {
		t.Fatalf("before: %d", a.status)
	}
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		return auth.SetRoles(t.Context(), tx, o.who, id, []auth.Role{auth.Support}, o.clock)
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := there.get("/staff"); a.status != http.StatusNotFound {
		t.Errorf("afterwards: %d", a.status)
	}
	// And no form, cookie or header brings it back.
	if a := there.post("/staff", "email", "x@riverbend.test", "roles", "approver", "role", "tenant_admin", "reason", "x", "capability", "manage_staff"); a.status != http.StatusNotFound {
		t.Errorf("with a role in the form: %d", a.status)
	}
}

func TestCookiesAreForOurOwnHostAndForNobodysScript(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	flags := func(base string) (out []string) {
		b := o.browser(t)
		b.base = base
		a := b.post("/sign-in", "email", email, "password", good)
		for _, c := range a.header["Set-Cookie"] {
			name, rest, _ := strings.Cut(c, "=")
			_, rest, _ = strings.Cut(rest, ";")
			out = append(out, name+":"+rest)
		}
		slices.Sort(out)
		return out
	}
	for _, test := range []struct {
		base string
		want []string
	}{
		{o.server.URL, []string{"csa-device: Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict", "csa: Path=/; HttpOnly; SameSite=Strict"}},
		{o.replica(t, true).URL, []string{"__Host-csa-device: Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Strict", "__Host-csa: Path=/; HttpOnly; Secure; SameSite=Strict"}},
	} {
		if got := flags(test.base); !slices.Equal(got, test.want) {
			t.Errorf("cookies %q, want %q", got, test.want)
		}
	}
}

// The scope is the transaction's and not the door's: a room that is asked for
// another program by somebody limited to one does not find it.
func TestAScopeHoldsBelowTheDoors(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var own, other program.Program
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) (err error) {
		for code, p := range map[string]*program.Program{"own": &own, "other": &other} {
			n := program.Program{Code: code, Name: code, TimeZone: "America/Chicago", Currency: "USD", Rounding: ledger.HalfUp}
			if *p, err = program.Add(t.Context(), tx, o.who, n, o.clock); err != nil {
				return err
			}
		}
		const limit = `INSERT INTO staff_scopes (tenant_id, account_id, program_id, granted_at, granted_by) VALUES ($1, $2, $3, $4, 'cli')`
		_, err = tx.ExecContext(t.Context(), limit, o.who.Tenant, o.ana, own.ID, o.clock)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := auth.SignIn(t.Context(), o.db, o.keys, auth.Credentials{Email: email, Password: good}, o.clock)
	if err != nil {
		t.Fatal(err)
	}
	p, err := auth.Session(t.Context(), o.db, o.keys, s.Token, o.clock)
	if err != nil {
		t.Fatal(err)
	}
	err = o.db.InTx(t.Context(), p.Who(), func(tx *sqlx.Tx) error {
		if _, err := program.Load(t.Context(), tx, own.ID); err != nil {
			t.Errorf("the own program: %v", err)
		}
		if _, err := program.Load(t.Context(), tx, other.ID); !errors.Is(err, program.ErrNone) {
			t.Errorf("another: %v, want %v", err, program.ErrNone)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
