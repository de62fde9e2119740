package portal

import (
	zipped "archive/zip"
	"bytes"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var secret = regexp.MustCompile(`<p class="sb-secret">([^<]+)</p>`)

func TestAFamilysPapersAndNumbers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	child := "/family/children/" + w.saver.account
	p.get("/family/home?lang=en")
	for path, want := range map[string][]string{
		child + "/ownership":                     {"is not the family&#39;s property", "is the family&#39;s own money"},
		child + "/years/2026":                    {"From January 1 to December 31", "Program money"},
		child + "/what-if?monthly=10&months=12":  {"You would save", "$120.00", "The program would add", "This is not a promise"},
		child + "/what-if?monthly=ten&months=12": {`href="#monthly"`},
		child + "/goal":                          {"Only you see this"},
		"/family/account":                        {"Download everything"},
	} {
		a := p.get(path)
		for _, words := range want {
			if !strings.Contains(a.body, words) {
				t.Errorf("%s: %d does not say %q", path, a.status, words)
			}
		}
	}
	if a := p.get(child + "/ownership/es"); !strings.HasPrefix(a.body, "%PDF") {
		t.Errorf("the letter as a PDF: %d", a.status)
	}
	if a := p.get(child + "/years/1999"); a.status != 404 {
		t.Errorf("a year in which nothing happened: %d", a.status)
	}
	if a := p.post(child+"/goal", "what", "A computer", "amount", "300"); a.to != child+"?done=goal_saved" {
		t.Errorf("a goal: %d", a.status)
	}
	if a := p.get(child); !strings.Contains(a.body, "of $300.00 for: A computer") {
		t.Error("the goal is not shown")
	}
	second := w.activate(w.saver, "abuela@example.org", "abuela@example.org")
	if a := second.get(child); strings.Contains(a.body, "A computer") {
		t.Error("another guardian sees the goal")
	}
}

func TestAGiftLinkTellsNothingOfTheChildAndCanBeStopped(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	made := secret.FindStringSubmatch(p.post("/family/children/" + w.saver.account + "/gift").body)
	if made == nil {
		t.Fatal("no link")
	}
	path := made[1][strings.Index(made[1], "/gift/"):]
	aunt := w.phone()
	a := aunt.get(path + "?lang=en")
	if a.status != 200 || !strings.Contains(a.body, w.saver.account) || !strings.Contains(a.body, html.EscapeString(w.made.Program.Name)) {
		t.Errorf("the page of a relative: %d", a.status)
	}
	for _, name := range []string{w.saver.Person.Given, w.saver.Person.Family, "$"} {
		if strings.Contains(a.body, name) {
			t.Errorf("the page shows %q", name)
		}
	}
	p.post("/family/children/"+w.saver.account+"/gift", "act", "stop")
	gone, never := aunt.get(path), aunt.get("/gift/"+strings.Repeat("A", 43))
	if gone.status != 404 || never.status != 404 {
		t.Errorf("a stopped link: %d, one that never was: %d", gone.status, never.status)
	}
}

func TestEverythingAboutAFamilyIsOneFile(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	p := w.activate(w.saver, "(202) 555-0123", "+12025550123")
	read := func() (names []string, said string) {
		a := p.get("/family/account/download")
		z, err := zipped.NewReader(bytes.NewReader([]byte(a.body)), int64(len(a.body)))
		if err != nil {
			t.Fatalf("%d: %v", a.status, err)
		}
		for _, f := range z.File {
			names = append(names, f.Name)
			if f.Name == "family.json" {
				r, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				raw, _ := io.ReadAll(r) // of memory
				said = string(raw)
			}
		}
		return names, said
	}
	names, said := read()
	for _, want := range []string{"README.txt", "family.json", w.saver.account + "/lines.csv", w.saver.account + "/awards.json", w.saver.account + "/statement-" + w.saver.papers[0].Period + ".pdf"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not in %v", want, names)
		}
	}
	if !strings.Contains(said, w.saver.Person.Given) || strings.Contains(said, w.other.Person.StudentNumber) || !strings.Contains(said, w.saver.Person.ZIP) {
		t.Error("family.json is not the family's")
	}
	w.activate(w.saver, "abuela@example.org", "abuela@example.org")
	if _, said := read(); strings.Contains(said, w.saver.Person.ZIP) {
		t.Error("with two guardians the file still says where the child lives")
	}
}
