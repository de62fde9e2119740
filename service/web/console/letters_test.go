package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"seedbook/service/auth"
)

func TestLettersAreCountedMadeDownloadedAndLogged(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	base := "/p/riverbend/letters"
	if a := b.get(base); a.status != http.StatusOK || !strings.Contains(a.body, "No letters were made yet") {
		t.Fatalf("the page: %d", a.status)
	}
	count := regexp.MustCompile(`([0-9]+) letters? would be made`)
	a := b.get(base + "?school=&language=en")
	m := count.FindStringSubmatch(a.body)
	if m == nil || m[1] == "0" {
		t.Fatalf("how many: %d %v", a.status, m)
	}
	if a := b.get(base + "?language=xx"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a language that we do not speak: %d", a.status)
	}
	made := b.post(base, "school", "", "language", "en")
	if made.status != http.StatusSeeOther || !strings.HasPrefix(made.to, base+"/") {
		t.Fatalf("made: %d to %q", made.status, made.to)
	}
	file := b.get(made.to + "/letters.pdf")
	if file.status != http.StatusOK || !strings.HasPrefix(file.body, "%PDF") {
		t.Errorf("the file: %d", file.status)
	}
	if a := b.get(base); !strings.Contains(a.body, "Letters that were made") || !strings.Contains(a.body, "All schools") {
		t.Error("nobody logged them")
	}
	other := o.signedIn(t, auth.Approver, auth.Support)
	if a := other.get(made.to + "/letters.pdf"); a.status != http.StatusNotFound {
		t.Errorf("the file for who may not print: %d", a.status)
	}
	if a := o.signedIn(t, auth.Auditor).get(base + "?language=en"); a.status != http.StatusOK || count.MatchString(a.body) {
		t.Errorf("an auditor sees the log and makes none: %d", a.status)
	}
}
