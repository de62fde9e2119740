package console

import (
	"net/http"
	"strings"
	"testing"
)

func TestARunTellsWhatHappenedAndAFailedOneGoesOn(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	if a := b.post(riverbend+"/jobs", "job", "awards", "as_of", "2026-10-05"); a.status != http.StatusSeeOther {
		t.Fatalf("a run: %d", a.status)
	}
	o.console.Wait()
	list := b.get(riverbend + "/jobs?job=verify&as_of=2026-09-30")
	for _, want := range []string{"What is due in October 2026", "to come, from", `value="2026-09-30"`, `value="verify" selected`} {
		if !strings.Contains(list.body, want) {
			t.Errorf("the page of runs does not say %q", want)
		}
	}
	if next := b.get(riverbend + "/jobs?month=next"); !strings.Contains(next.body, "What is due in November 2026") {
		t.Error("the next month is not shown")
	}
	run := first(t, list, riverbend+`/jobs/\d+`)
	page := b.get(run)
	for _, want := range []string{"Begun by", "Part 1", "Run it again for that day"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("a run's page does not say %q", want)
		}
	}
	o.exec(t, `UPDATE job_runs SET state = 'failed', finished_at = NULL, retry_at = '2026-10-05 20:00Z', error = 'database 40001' WHERE id = `+run[strings.LastIndex(run, "/")+1:])
	if page := b.get(run); !strings.Contains(page.body, "Go on where it stopped") || !strings.Contains(page.body, "will be tried again") {
		t.Error("a failed run does not say what becomes of it")
	}
	if a := b.post(run + "/resume"); a.status != http.StatusSeeOther {
		t.Fatalf("going on: %d", a.status)
	}
	o.console.Wait()
	if page := b.get(run); !strings.Contains(page.body, "had it go on") || !strings.Contains(page.body, "Done") {
		t.Error("it did not go on")
	}
}
