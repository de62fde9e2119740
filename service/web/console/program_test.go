package console

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/migrations/pgtest"
	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/demo"
	"seedbook/service/savings"
	"seedbook/service/store"
)

// city is an office whose program is a small demonstration, at the end of its
// year, with an operator signed in.
func city(t *testing.T) (*office, *browser) {
	t.Helper()
	o := newOffice(t)
	made, err := demo.Load(t.Context(), o.db, o.keys, demo.Options{Children: 40, Seed: 3}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	o.who = store.Who{Tenant: made.Who.Tenant, Actor: "cli"}
	runner := jobs.All(o.db, o.keys, nil)
	runner.Now = func() time.Time { return o.clock }
	o.console.Jobs = runner
	t.Cleanup(o.console.Wait)
	return o, o.signedIn(t, auth.Operator, auth.ProgramManager)
}

// signedIn hires somebody with roles and signs them in.
func (o *office) signedIn(t *testing.T, roles ...auth.Role) *browser {
	t.Helper()
	name := fmt.Sprint(roles[0]) + "@riverbend.test"
	o.hire(t, auth.NewAccount{Email: name, Name: "Rosa Delgado", Roles: roles})
	b := o.browser(t)
	b.signIn(name)
	return b
}

// send uploads a file with a form's other fields.
func (b *browser) send(path, filename string, content []byte, pairs ...string) answer {
	b.t.Helper()
	return b.multipart(path, "file", filename, content, pairs...)
}

// multipart posts a form with a file in one of its fields.
func (b *browser) multipart(path, field, filename string, content []byte, pairs ...string) answer {
	b.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	part, err := m.CreateFormFile(field, filename)
	if err != nil {
		b.t.Fatal(err)
	}
	part.Write(content) // into memory
	for i := 0; i < len(pairs); i += 2 {
		if err := m.WriteField(pairs[i], pairs[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequest("POST", b.base+path, &body)
	if err == nil {
		r.Header.Set("Content-Type", m.FormDataContentType())
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return b.do(r, err)
}

const riverbend = "/p/riverbend"

// first finds what a page's first link of a kind leads to.
func first(t *testing.T, a answer, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(`href="(` + pattern + `)"`).FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no link like %s (status %d)", pattern, a.status)
	}
	return found[1]
}

func TestEveryPageOfAProgramIsServedInBothLanguages(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	child := first(t, b.get(riverbend+"/children"), riverbend+`/children/\d+`)
	statement := first(t, b.get(child), child+`/statements/[^"/]+`)
	roster := first(t, b.get(riverbend+"/rosters"), riverbend+`/rosters/\d+`)
	paths := []string{riverbend, riverbend + "/children", child, statement, roster, roster + "/problems.csv", statement + "/es", "/help", "/account"}
	for _, s := range navigation {
		for _, at := range s.places {
			if !at.office && (auth.Principal{Roles: []auth.Role{auth.Operator, auth.ProgramManager}}).May(at.may) {
				paths = append(paths, riverbend+at.path)
			}
		}
	}
	for _, path := range paths {
		for _, lang := range []string{"en", "es"} {
			a := b.get(path + "?lang=" + lang)
			if a.status != http.StatusOK {
				t.Errorf("%s in %s: %d", path, lang, a.status)
				continue
			}
			if kind := a.header.Get("Content-Type"); strings.HasPrefix(kind, "text/html") {
				if strings.Count(a.body, "<h1") != 1 || !strings.Contains(a.body, `<html lang="`+lang+`"`) {
					t.Errorf("%s is not a whole page in %s", path, lang)
				}
				if missing := regexp.MustCompile(`\b(console|web|roster|rules|statement)\.[a-z_]+\.[a-z_]+\b`).FindString(a.body); missing != "" {
					t.Errorf("%s in %s shows the key %s", path, lang, missing)
				}
			}
		}
	}
	for _, path := range []string{"/p/elsewhere", "/p/elsewhere/children", riverbend + "/children/999999", riverbend + "/children/x", riverbend + "/rosters/99", riverbend + "/jobs/99", riverbend + "/deposits/99", child + "/statements/1999", statement + "/xx", riverbend + "/rosters/columns/x"} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, a.status)
		}
	}
	stranger := newOffice(t)
	_ = o
	other := stranger.browser(t)
	other.signIn(email)
	if a := other.get(riverbend); a.status != http.StatusNotFound {
		t.Errorf("another organization's program: %d", a.status)
	}
}

func TestWhoMayNotSeeNamesSeesInitials(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	list := b.get(riverbend + "/children")
	path := first(t, list, riverbend+`/children/\d+`)
	name := regexp.MustCompile(`<h1>([^<]+)</h1>`).FindStringSubmatch(b.get(path).body)[1]
	support := o.signedIn(t, auth.Support)
	for _, page := range []string{riverbend + "/children", path, first(t, b.get(path), path+`/statements/[^"/]+`)} {
		a := support.get(page)
		for _, word := range strings.Fields(name) {
			if a.status != http.StatusOK || strings.Contains(a.body, word) {
				t.Errorf("%s shows %q to support: %d", page, word, a.status)
			}
		}
	}
	if a := support.get(path); strings.Contains(a.body, "Guardian") || !strings.Contains(a.body, "does not see children") {
		t.Error("support sees the guardians")
	}
}

func TestEveryLookAtAChildIsNoted(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	path := first(t, b.get(riverbend+"/children"), riverbend+`/children/\d+`)
	b.get(path)
	b.get(first(t, b.get(path), path+`/statements/[^"/]+`))
	var id int64
	if _, err := fmt.Sscanf(path, riverbend+"/children/%d", &id); err != nil {
		t.Fatal(err)
	}
	var trail []audit.Recorded
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) (err error) {
		trail, err = audit.Trail(t.Context(), q, audit.Filter{Kind: "child", Subject: id})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for _, e := range trail {
		verbs = append(verbs, e.Verb)
		if !strings.HasPrefix(e.Actor, "staff/") || e.Request.String == "" {
			t.Errorf("noted as %+v", e)
		}
	}
	if got := strings.Join(verbs, " "); got != "statement.viewed child.viewed child.viewed child.listed" {
		t.Errorf("the trail says %s", got)
	}
}

func TestChildrenAreFoundAndPaged(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	page := b.get(riverbend + "/children")
	rows := regexp.MustCompile(`href="` + riverbend + `/children/(\d+)"`)
	seen := map[string]bool{}
	for range 5 {
		for _, m := range rows.FindAllStringSubmatch(page.body, -1) {
			if seen[m[1]] {
				t.Errorf("child %s is on two pages", m[1])
			}
			seen[m[1]] = true
		}
		next := regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(page.body)
		if next == nil {
			break
		}
		page = b.get(strings.ReplaceAll(next[1], "&amp;", "&"))
	}
	if len(seen) != 40 {
		t.Errorf("%d children on all pages, want 40", len(seen))
	}
	if a := b.get(riverbend + "/children?q=nobody+is+called+this"); !strings.Contains(a.body, "Nobody matches") {
		t.Error("an empty search says nothing")
	}
	if a := b.get(riverbend + "/children?q=" + strings.Repeat("x", 5000)); a.status != 422 {
		t.Errorf("a search too long: %d", a.status)
	}
	if a := b.get(riverbend + "/children?q=%3Cscript%3Ealert(1)%3C/script%3E"); strings.Contains(a.body, "<script>alert") {
		t.Error("the search is markup")
	}
}

func TestTheEdFiRosterGoesFromUploadToChildren(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	zip, err := os.ReadFile(filepath.Join(pgtest.Fixtures(t), "rosters/edfi_oneroster12.zip"))
	if err != nil {
		t.Fatal(err)
	}
	a := b.send(riverbend+"/rosters", `C:\rosters\edfi.zip`, zip, "source", "Grand Bend", "enroll_on", "2026-10-05")
	if a.status != http.StatusSeeOther {
		t.Fatalf("upload: %d", a.status)
	}
	preview := b.get(a.to)
	if !strings.Contains(preview.body, "960 children and 1,872 adults") || !strings.Contains(preview.body, "<h1>edfi.zip</h1>") {
		t.Error("the preview does not say what the file holds")
	}
	commit := a.to + "/commit"
	if strings.Contains(preview.body, commit) || !strings.Contains(preview.body, a.to+"/ask") {
		t.Error("a large roster is offered to be applied alone")
	}
	if a := b.post(commit); a.status != http.StatusConflict {
		t.Fatalf("applied alone: %d", a.status)
	}
	request := b.post(a.to + "/ask")
	if request.status != http.StatusSeeOther {
		t.Fatalf("asked for: %d", request.status)
	}
	if again := b.post(a.to + "/ask"); again.to != request.to {
		t.Errorf("asked for twice: %s", again.to)
	}
	checker := o.signedIn(t, auth.Approver)
	page := checker.get(request.to)
	if !strings.Contains(page.body, ">960<") || !strings.Contains(checker.get(riverbend).body, "Approvals (") {
		t.Error("the approver is not shown how many")
	}
	if a := checker.post(bare(request.to)+"/approve", "hash", hashOn(t, page)); a.status != http.StatusSeeOther {
		t.Fatalf("approved: %d", a.status)
	}
	for range 200 {
		if preview = b.get(a.to); strings.Contains(preview.body, ">Applied<") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(preview.body, ">Applied<") || strings.Contains(preview.body, commit) {
		t.Error("the roster is not applied")
	}
	again := b.send(riverbend+"/rosters", "edfi.zip", zip, "source", "Grand Bend", "enroll_on", "2026-10-05")
	if page := b.get(again.to); !strings.Contains(page.body, ">960<") || strings.Contains(page.body, "Enroll 960") {
		t.Error("the same file again is not unchanged")
	}
}

func TestARosterThatCannotBeReadIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	for _, test := range []struct{ name, file, content, want string }{
		{"nothing", "x.csv", "", "Choose a file"},
		{"a spreadsheet", "x.xlsx", "PK\x03\x04 not really", ""},
		{"not text", "x.csv", "\x00\x01\x02\xff", ""},
	} {
		a := b.send(riverbend+"/rosters", test.file, []byte(test.content), "source", "District", "enroll_on", "2026-10-05")
		if a.status != 422 || !strings.Contains(a.body, test.want) || !strings.Contains(a.body, `value="District"`) {
			t.Errorf("%s: %d", test.name, a.status)
		}
	}
	if a := b.send(riverbend+"/rosters", "x.csv", []byte("a,b\n1,2\n"), "source", "", "enroll_on", "soon"); strings.Count(a.body, `aria-invalid="true"`) != 2 {
		t.Errorf("a form without source and day: %d", a.status)
	}
}

func TestTheColumnsOfACSVAreExplainedOnceAndRemembered(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	roster := "Vorname,Nachname,Geboren,Haus\nMaría,García,3/14/2021,Lincoln Elementary\nAnh,Nguyen,11/2/2020,Lincoln Elementary\n"
	upload := func() answer {
		return b.send(riverbend+"/rosters", "lincoln.csv", []byte(roster), "source", "Lincoln", "enroll_on", "2026-10-05")
	}
	ask := upload()
	if !strings.Contains(ask.to, "/rosters/columns/") {
		t.Fatalf("was led to %q", ask.to)
	}
	if a := b.get(ask.to); a.status != http.StatusOK || !strings.Contains(a.body, "Vorname") {
		t.Fatalf("the columns' page: %d", a.status)
	}
	if a := b.post(ask.to, "given", "Vorname"); a.status != 422 || !strings.Contains(a.body, `href="#born_on"`) {
		t.Errorf("without a birth date: %d", a.status)
	}
	done := b.post(ask.to, "given", "Vorname", "family", "Nachname", "born_on", "Geboren", "school_name", "Haus", "date_format", "M/D/YYYY")
	if a := b.get(done.to); done.status != http.StatusSeeOther || !strings.Contains(a.body, "2 children and 0 adults") {
		t.Fatalf("with columns: %d to %s", done.status, done.to)
	}
	if again := upload(); strings.Contains(again.to, "columns") {
		t.Error("the columns are asked for again")
	}
}

func TestDepositsAreCheckedAndPostedOnce(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	account := regexp.MustCompile(`<dt>Account</dt><dd>(\d+)</dd>`).FindStringSubmatch(b.get(first(t, b.get(riverbend+"/children"), riverbend+`/children/\d+`)).body)[1]
	file := []byte("reference,account,date,amount,channel\nN-1," + account + ",2026-10-01,25.00,cash\nN-2,12345678,2026-10-01,10.00,cash\nN-3,,2026-10-01,1e3,cash\n")
	for _, old := range []string{"/deposits", "/facts"} { // past agreements and undo: gone
		if a := b.send(riverbend+old, "day.csv", file, "source", "Bank"); a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed {
			t.Errorf("an upload at %s: %d", old, a.status)
		}
	}
	if a := b.get(riverbend + "/deposits"); !strings.Contains(a.body, riverbend+"/imports/new/deposits") {
		t.Error("the page does not lead to the import")
	}
	check := b.send(riverbend+"/imports/new/deposits", "day.csv", file, "source", "Bank")
	page := b.get(check.to)
	for _, want := range []string{"Post 2 deposits of $35.00", "exponent"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for range 2 { // twice: the second changes nothing
		if a := b.post(check.to + "/post"); a.status != http.StatusSeeOther || a.to != check.to {
			t.Fatalf("posting: %d to %s", a.status, a.to)
		}
	}
	again := b.send(riverbend+"/imports/new/deposits", "day.csv", file, "source", "Bank")
	if page := b.get(again.to); strings.Contains(page.body, "Post 2") || !strings.HasPrefix(again.to, check.to) {
		t.Error("the same file again would be posted again")
	}
	suspense := b.get(riverbend + "/deposits")
	path := regexp.MustCompile(`href="(` + riverbend + `/deposits/\d+)">N-2<`).FindStringSubmatch(suspense.body)
	if path == nil {
		t.Fatal("N-2 is not in suspense")
	}
	for number, want := range map[string]string{"12345678": "not an account number", savings.Account(9999).String(): "no such account", "": "Fill this in"} {
		if a := b.post(path[1], "account", number); a.status != 422 || !strings.Contains(a.body, want) {
			t.Errorf("account %q: %d", number, a.status)
		}
	}
	if a := b.post(path[1], "account", account); a.to != riverbend+"/deposits?done=deposit_identified" {
		t.Errorf("identifying: %d to %s", a.status, a.to)
	}
	if a := b.get(riverbend + "/deposits"); strings.Contains(a.body, "N-2") {
		t.Error("N-2 is still in suspense")
	}
}

func TestAFileOnTheShelfIsItsOwnersOnly(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	check := b.send(riverbend+"/rosters", "day.csv", []byte("Vorname,Nachname\nMaría,García\n"), "source", "Lincoln", "enroll_on", "2026-10-05")
	o.hire(t, auth.NewAccount{Email: "second@riverbend.test", Name: "Second", Roles: []auth.Role{auth.Operator}})
	other := o.browser(t)
	other.signIn("second@riverbend.test")
	if a := other.get(check.to); a.status != http.StatusNotFound {
		t.Errorf("somebody else's file: %d", a.status)
	}
	if a := b.get(check.to); a.status != http.StatusOK {
		t.Errorf("one's own file: %d", a.status)
	}
}

func TestAJobIsRunByHandAndWatched(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	if a := b.post(riverbend+"/jobs", "job", "nothing", "as_of", "2026-10-05"); a.status != http.StatusNotFound {
		t.Errorf("an unknown job: %d", a.status)
	}
	if a := b.post(riverbend+"/jobs", "job", "awards", "as_of", "2027-01-01"); a.status != 422 {
		t.Errorf("a day to come: %d", a.status)
	}
	a := b.post(riverbend+"/jobs", "job", "awards", "as_of", "2026-10-05", "dry_run", "yes")
	if a.status != http.StatusSeeOther {
		t.Fatalf("ordering: %d", a.status)
	}
	var page answer
	for range 200 {
		if page = b.get(a.to); strings.Contains(page.body, ">Done<") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(page.body, ">Done<") || !strings.Contains(page.body, "Only tried") || !strings.Contains(page.body, "Rosa Delgado") {
		t.Error("the run is not done")
	}
	if a := b.post(a.to + "/cancel"); a.status != http.StatusConflict {
		t.Errorf("stopping what is over: %d", a.status)
	}
}

func TestTheBooksAreShownAndVerified(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	if a := b.post(riverbend + "/books/verify"); a.status != http.StatusOK || !strings.Contains(a.body, "The books are sound") {
		t.Errorf("verifying: %d", a.status)
	}
	page := b.get(riverbend + "/books?on=2026-03-31")
	totals := regexp.MustCompile(`<td data-label="(?:Debit|Credit)" class="sb-number">(\$[0-9,.]+) ?</td>`).FindAllStringSubmatch(page.body, -1)
	if n := len(totals); n < 4 || totals[n-1][1] != totals[n-2][1] {
		t.Errorf("the columns' totals are not equal: %v", totals)
	}
	if a := b.get(riverbend + "/books?on=2026-02-30"); a.status != 422 {
		t.Errorf("a day that does not exist: %d", a.status)
	}
	if a := b.get(riverbend + "/funds?period=never"); a.status != 422 {
		t.Errorf("a period that does not exist: %d", a.status)
	}
}

func TestAStatementIsSentAsAPDF(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	child := first(t, b.get(riverbend+"/children"), riverbend+`/children/\d+`)
	pdf := b.get(first(t, b.get(child), child+`/statements/[^"/]+/es`))
	if pdf.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(pdf.body, "%PDF-") {
		t.Errorf("%d %s", pdf.status, pdf.header.Get("Content-Type"))
	}
	if got := pdf.header.Get("Content-Disposition"); !regexp.MustCompile(`^attachment; filename="statement-\d+-[0-9Q-]+-es\.pdf"$`).MatchString(got) {
		t.Errorf("named %s", got)
	}
}
