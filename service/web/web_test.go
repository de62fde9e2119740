package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/vault"
	"seedbook/service/web/parts"
)

var update = flag.Bool("update", false, "write golden files")

// hall opens a hall with a page, a form, a fault and a bug.
func hall(t *testing.T, cfg Config) (*Hall, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	cfg.Log = slog.New(slog.NewJSONHandler(&log, nil))
	cfg.Keys = vault.Random()
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.Get("/page/:id", func(g *gin.Context) error {
		return h.Show(g, http.StatusOK, parts.ErrorPage(h.Page(g, strings.Repeat("Page ", 300)), nil))
	})
	h.Post("/page/:id", func(g *gin.Context) error {
		f, err := ReadForm(g)
		if err != nil {
			return err
		}
		f.Text("name")
		if err := f.Err(); err != nil {
			return err
		}
		return See(g, "/page/1", "signed_out", 0)
	})
	h.Get("/bug", func(*gin.Context) error { panic("children's names") })
	h.Get("/error", func(*gin.Context) error { return errors.New("open database: secret") })
	h.Get("/fault/:kind", func(g *gin.Context) error {
		return fmt.Errorf("do it: %w", fault.New(fault.Kind(g.Param("kind")), "web.no_page"))
	})
	h.Get("/from", func(g *gin.Context) error { g.String(200, Network(g)); return nil })
	return h, &log
}

func send(h *Hall, method, target string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.Handler().ServeHTTP(w, r)
	return w
}

const formType = "application/x-www-form-urlencoded"

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	h, _ := hall(t, Config{})
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"},
	} {
		w := send(h, "POST", "/page/1", strings.NewReader("name=x"), append(headers, "Content-Type", formType)...)
		if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another website") {
			t.Errorf("%v: %d", headers, w.Code)
		}
		if w.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%v: the refusal has no headers", headers)
		}
	}
	w := send(h, "POST", "/page/1", strings.NewReader("name=x"), "Sec-Fetch-Site", "same-origin", "Content-Type", formType)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/page/1?done=signed_out" {
		t.Errorf("our own form: %d to %s", w.Code, w.Header().Get("Location"))
	}
}

func TestEveryKindOfFaultHasItsStatus(t *testing.T) {
	h, _ := hall(t, Config{})
	for kind, want := range map[fault.Kind]int{
		fault.Invalid: 422, fault.Limit: 422, fault.Denied: 403, fault.SignedOut: 401,
		fault.NotFound: 404, fault.Conflict: 409, fault.Busy: 503, fault.TooLarge: 413,
	} {
		for lang, word := range map[string]string{"en": "does not exist", "es": "no existe"} {
			w := send(h, "GET", "/fault/"+string(kind)+"?lang="+lang, nil)
			if w.Code != want || !strings.Contains(w.Body.String(), word) {
				t.Errorf("%s in %s: %d, want %d", kind, lang, w.Code, want)
			}
		}
	}
	if w := send(h, "GET", "/nowhere", nil); w.Code != 404 {
		t.Errorf("nowhere: %d", w.Code)
	}
	if w := send(h, "DELETE", "/page/1", nil); w.Code != 404 {
		t.Errorf("a page deleted: %d", w.Code)
	}
	if w := send(h, "HEAD", "/page/1", nil); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestABugShowsAReferenceAndNothingElse(t *testing.T) {
	h, log := hall(t, Config{})
	for _, path := range []string{"/bug", "/error"} {
		log.Reset()
		w := send(h, "GET", path, nil)
		body := w.Body.String()
		if w.Code != 500 || strings.Contains(body, "secret") || strings.Contains(body, "children's names") {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
		var line struct{ Request, Level string }
		if err := json.Unmarshal(bytes.SplitN(log.Bytes(), []byte("\n"), 2)[0], &line); err != nil {
			t.Fatal(err)
		}
		if line.Level != "ERROR" || line.Request == "" || !strings.Contains(body, line.Request) {
			t.Errorf("%s: the page does not show the log's reference %q", path, line.Request)
		}
	}
}

func TestTheLogTellsTheRouteAndNobodysName(t *testing.T) {
	h, log := hall(t, Config{})
	log.Reset() // a build without the design system says so at the start
	send(h, "GET", "/page/Mar%C3%ADa?q=Garc%C3%ADa%0aforged", nil)
	line := log.String()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, `"route":"/page/:id"`) {
		t.Errorf("log: %s", line)
	}
	for _, secret := range []string{"Mar", "Garc", "forged", "192.0.2"} {
		if strings.Contains(line, secret) {
			t.Errorf("the log has %q: %s", secret, line)
		}
	}
}

func TestTheHeadersOfEveryAnswerGolden(t *testing.T) {
	var got strings.Builder
	for _, secure := range []bool{false, true} {
		h, _ := hall(t, Config{Secure: secure})
		for _, path := range []string{"/page/1?lang=es", "/nowhere", "/error", h.assets.addresses.Mark} {
			w := send(h, "GET", path, nil)
			fmt.Fprintf(&got, "GET %s (tls %v): %d\n", strings.ReplaceAll(path, h.assets.version, "VERSION"), secure, w.Code)
			names := slices.Sorted(keysOf(w.Header()))
			for _, name := range names {
				fmt.Fprintf(&got, "  %s: %s\n", name, strings.Join(w.Header()[name], " | "))
			}
		}
	}
	compare(t, "testdata/headers.golden", got.String())
}

func keysOf(h http.Header) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range h {
			if name != "Content-Length" && !yield(name) {
				return
			}
		}
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if that is meant, run with -update:\n%s", file, got)
	}
}

func TestTheLanguageIsTheReadersAndStaysChosen(t *testing.T) {
	h, _ := hall(t, Config{})
	for _, test := range []struct {
		name, path, want string
		headers          []string
	}{
		{"the browser's", "/page/1", "es", []string{"Accept-Language", "es-MX,en;q=0.5"}},
		{"one we do not speak", "/page/1", "en", []string{"Accept-Language", "tlh"}},
		{"the one chosen before", "/page/1", "es", []string{"Cookie", "lang=es", "Accept-Language", "en"}},
		{"the one asked for", "/page/1?lang=en", "en", []string{"Cookie", "lang=es"}},
		{"nonsense asked for", "/page/1?lang=%22%3E%3Cscript%3E", "en", nil},
		{"nonsense remembered", "/page/1", "en", []string{"Cookie", "lang=<script>"}},
	} {
		w := send(h, "GET", test.path, nil, test.headers...)
		if !strings.Contains(w.Body.String(), `<html lang="`+test.want+`"`) || w.Header().Get("Content-Language") != test.want {
			t.Errorf("%s: not %s", test.name, test.want)
		}
	}
	w := send(h, "GET", "/page/1?q=x&done=signed_out", nil)
	if !strings.Contains(w.Body.String(), `href="/page/1?lang=es&amp;q=x"`) {
		t.Error("the other language leads to another page")
	}
	if c := send(h, "GET", "/page/1?lang=es", nil).Result().Cookies(); len(c) != 1 || c[0].Value != "es" {
		t.Errorf("cookies %v", c)
	}
}

func TestANoticeIsOneOfOursOrNothing(t *testing.T) {
	h, _ := hall(t, Config{})
	if body := send(h, "GET", "/page/1?done=signed_out", nil).Body.String(); !strings.Contains(body, "You are signed out.") {
		t.Error("no notice")
	}
	for _, query := range []string{"done=Send+money+to+Eve", "done=%3Cscript%3E", "done=signed_out%00"} {
		if body := send(h, "GET", "/page/1?"+query, nil).Body.String(); strings.Contains(body, `class="usa-alert usa-alert--success`) {
			t.Errorf("%s: a notice", query)
		}
	}
}

func TestCookiesAreBoundToThisHost(t *testing.T) {
	for _, secure := range []bool{false, true} {
		h, _ := hall(t, Config{Secure: secure})
		h.Get("/in", func(g *gin.Context) error { h.SetCookie(g, "csa", "token", 0); return See(g, "/", "", 0) })
		c := send(h, "GET", "/in", nil).Result().Cookies()[0]
		name := "csa"
		if secure {
			name = "__Host-csa"
		}
		if c.Name != name || !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("tls %v: %+v", secure, c)
		}
	}
}

func TestNobodyLendsHimselfAnAddress(t *testing.T) {
	forged := []string{"X-Forwarded-For", "198.51.100.7", "X-Real-IP", "198.51.100.7", "Forwarded", "for=198.51.100.7"}
	h, _ := hall(t, Config{})
	if got := send(h, "GET", "/from", nil, forged...).Body.String(); got != "192.0.2.0/24" {
		t.Errorf("without a proxy: %s", got)
	}
	h, _ = hall(t, Config{TrustedProxies: []string{"192.0.2.1/32"}})
	if got := send(h, "GET", "/from", nil, forged...).Body.String(); got != "198.51.100.0/24" {
		t.Errorf("behind our proxy: %s", got)
	}
	if _, err := New(Config{Log: slog.New(slog.DiscardHandler), TrustedProxies: []string{"nonsense"}}); err == nil {
		t.Error("a proxy that is no network was accepted")
	}
}

func TestARequestBeyondItsLimitIsRefused(t *testing.T) {
	h, _ := hall(t, Config{})
	w := send(h, "POST", "/page/1", strings.NewReader("name="+strings.Repeat("x", maxForm)), "Content-Type", formType)
	if w.Code != 413 || !strings.Contains(w.Body.String(), "1 MB") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestTextIsPackedForWhoAcceptsIt(t *testing.T) {
	h, _ := hall(t, Config{})
	for header, packed := range map[string]bool{"gzip": true, "br, gzip;q=0.8": true, "": false, "br": false, "gzip;q=0": false, "gzip; q=0.0": false} {
		w := send(h, "GET", "/page/1", nil, "Accept-Encoding", header)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("Accept-Encoding %q: packed %v", header, got)
			continue
		}
		body := io.Reader(w.Body)
		if packed {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		text, err := io.ReadAll(body)
		if err != nil || !strings.HasSuffix(string(text), "</html>") {
			t.Errorf("Accept-Encoding %q: %v, %d bytes", header, err, len(text))
		}
	}
}

func TestFilesAreKeptForEverAndPagesAreNot(t *testing.T) {
	h, _ := hall(t, Config{})
	for _, file := range []string{h.assets.addresses.Mark, h.assets.address(plainStyle), h.assets.address(ownScript)} {
		w := send(h, "GET", file, nil, "Accept-Encoding", "gzip")
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %s", file, w.Code, w.Header())
		}
	}
	if w := send(h, "GET", "/static/older/"+markFile, nil); w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("another build's address: %d %s", w.Code, w.Header().Get("Cache-Control"))
	}
	for _, path := range []string{"/static/x/../web.go", "/static/x/%2e%2e/web.go", "/static/x/built", "/static/x/"} {
		if w := send(h, "GET", path, nil); w.Code == 200 {
			t.Errorf("%s was served", path)
		}
	}
}

func TestAddressesOfOthersAreNotFollowed(t *testing.T) {
	for _, test := range []struct{ address, want string }{
		{"/children?q=x#top", "/children?q=x#top"},
		{"/", "/"},
		{"", "/home"},
		{"//evil.example", "/home"},
		{`/\evil.example`, "/home"},
		{"https://evil.example/", "/home"},
		{"javascript:alert(1)", "/home"},
		{"evil.example", "/home"},
		{"\t//evil.example", "/home"},
		{"/\t/evil.example", "/home"},
		{"http:/evil", "/home"},
	} {
		if got := Within(test.address, "/home"); got != test.want {
			t.Errorf("Within(%q) = %q, want %q", test.address, got, test.want)
		}
	}
}

// form makes a form of pairs of names and values.
func form(t *testing.T, pairs ...string) *Form {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", formType)
	g, _ := gin.CreateTestContext(httptest.NewRecorder())
	g.Request = r
	f, err := ReadForm(g)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEverythingWrongWithAFormIsSaidAtOnce(t *testing.T) {
	f := form(t, "email", " ", "amount", "1e3", "day", "2026-02-30", "lang", "xx", "n", "7", "twice", "a", "twice", "b", "name", "bad\x00name")
	f.Text("email")
	f.Amount("amount")
	f.Date("day")
	f.Choice("lang", "en", "es")
	f.Int("n", 1, 5)
	f.Text("twice")
	f.Text("name")
	f.Text("absent")
	problems := Problems(i18n.For("en"), f.Err())
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	if want := []string{"email", "amount", "day", "lang", "n", "twice", "name", "absent"}; !slices.Equal(fields, want) {
		t.Errorf("problems at %v, want %v", fields, want)
	}
}

func TestTextOfSeveralLinesIsTakenAsTyped(t *testing.T) {
	f := form(t, "ok", " a\r\n\tb\n", "long", "abcdef", "bad", "a\x00b")
	if got := f.Block("ok", 100); got != " a\n\tb\n" {
		t.Errorf("%q", got)
	}
	if f.Block("absent", 5) != "" || f.Err() != nil {
		t.Errorf("absent: %v", f.Err())
	}
	f.Block("long", 5)
	f.Block("bad", 5)
	if problems := Problems(i18n.For("en"), f.Err()); len(problems) != 2 {
		t.Errorf("%v", problems)
	}
}

func TestAGoodFormIsRead(t *testing.T) {
	f := form(t, "email", " a@b.example ", "amount", "$1,234.5", "day", "2026-09-01", "lang", "es", "n", "5", "sure", "yes", "secret", " a b ")
	if f.Text("email") != "a@b.example" || f.Amount("amount").String() != "1234.50" || f.Date("day").String() != "2026-09-01" ||
		f.Choice("lang", "en", "es") != "es" || f.Int("n", 1, 5) != 5 || !f.Checked("sure") || f.Checked("unsure") ||
		f.Secret("secret") != " a b " || f.Optional("absent") != "" {
		t.Error("a field was misread")
	}
	if err := f.Err(); err != nil {
		t.Error(err)
	}
}

func TestAFileIsReadWithoutItsFolder(t *testing.T) {
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile("file", "x")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(part, "rows")
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	named := strings.Replace(body.String(), `filename="x"`, `filename="C:\Users\Ana\roster.csv"`, 1)
	g, _ := gin.CreateTestContext(httptest.NewRecorder())
	g.Request = httptest.NewRequest("POST", "/", strings.NewReader(named))
	g.Request.Header.Set("Content-Type", m.FormDataContentType())
	f, err := ReadForm(g)
	if err != nil {
		t.Fatal(err)
	}
	content, name, err := f.File("file")
	if err != nil || string(content) != "rows" || name != "roster.csv" {
		t.Errorf("read %q named %q, %v", content, name, err)
	}
	if _, _, err := f.File("other"); err != nil || f.Err() == nil {
		t.Error("a missing file was accepted")
	}
}

func TestNothingInlineIsInOurPages(t *testing.T) {
	inline := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|<script>|javascript:`)
	err := filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".templ" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := inline.Find(raw); found != nil {
			t.Errorf("%s has %q, which the security policy refuses", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheGeneratedPagesAreCurrent(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates{os.DirFS(".")}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "tool", "templ", "generate", "-path", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_templ.go") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what templ makes: run go tool templ generate -path service/web", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHalfAFileIsNotTakenForTheWhole: a download that fails in the middle breaks
// off, and one that fails before its first bytes is an error like any other.
func TestHalfAFileIsNotTakenForTheWhole(t *testing.T) {
	h, log := hall(t, Config{})
	h.Get("/file/:lines", func(g *gin.Context) error {
		return Stream(g, "text/csv; charset=utf-8", "list.csv", func(w io.Writer) error {
			n, _ := strconv.Atoi(g.Param("lines"))
			for range n {
				if _, err := io.WriteString(w, "a line of a list\r\n"); err != nil {
					return err
				}
			}
			if n%2 == 1 {
				return errors.New("the database is gone")
			}
			return nil
		})
	})
	server := httptest.NewServer(h.Handler())
	defer server.Close()
	for lines, want := range map[int]string{2: "whole", 100_000: "whole", 100_001: "broken", 1: "refused"} {
		answer, err := http.Get(server.URL + "/file/" + strconv.Itoa(lines))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		got := "whole"
		switch {
		case answer.StatusCode == http.StatusInternalServerError:
			got = "refused"
		case err != nil:
			got = "broken"
		case len(body) != lines*18 || answer.Header.Get("Content-Disposition") == "":
			got = "cut"
		}
		if got != want {
			t.Errorf("%d lines are %s, want %s", lines, got, want)
		}
	}
	if !strings.Contains(log.String(), "the database is gone") {
		t.Error("nobody learns why it broke off")
	}
}
