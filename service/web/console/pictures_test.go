package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
)

// The city, counted in the night and looked at.
func TestAProgramIsShownAsPictures(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	place := riverbend + "/pictures"
	for _, path := range []string{place, place + "/equity"} {
		if a := operator.get(path); a.status != http.StatusOK || !strings.Contains(a.body, "Nothing was counted yet") {
			t.Fatalf("%s before the first night: %d", path, a.status)
		}
	}
	if a := operator.get(place + "/files/funnel.csv"); a.status != http.StatusNotFound {
		t.Errorf("a file of nothing: %d", a.status)
	}
	for _, job := range []string{"awards", "pictures"} {
		if a := operator.post(riverbend+"/jobs", "job", job, "as_of", "2026-10-05"); a.status != http.StatusSeeOther {
			t.Fatalf("the job %s: %d", job, a.status)
		}
		o.console.Wait()
	}
	var enrolled, school string
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		if err := tx.GetContext(t.Context(), &enrolled, `SELECT count(*) FROM enrollments WHERE state = 'enrolled'`); err != nil {
			return err
		}
		return tx.GetContext(t.Context(), &school, `SELECT school_id FROM schoolings WHERE to_on IS NULL ORDER BY school_id LIMIT 1`)
	})
	if err != nil {
		t.Fatal(err)
	}
	page := operator.get(place)
	for _, want := range []string{enrolled + " (100%)", "Seeds", "No forecast was kept", "AQNS", "2025–26", place + "/files/activity.csv"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	part := operator.get(place + "?cohort=2025&school=" + school + "&from=2026-07-01")
	if part.status != http.StatusOK || !strings.Contains(part.body, "/files/funnel.csv?cohort=2025&amp;from=2026-07-01&amp;school="+school) {
		t.Errorf("a part of it: %d", part.status)
	}
	for bad, says := range map[string]string{"?cohort=1999": "no such year or school", "?school=999999": "no such year or school", "?from=2026-10-01&until=2026-01-01": "must come before the last", "?from=x": ""} {
		if a := operator.get(place + bad); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, says) {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
	for _, file := range []string{"funnel.csv", "savings.csv", "funds.csv", "activity.csv", "measures.xlsx", "equity.csv"} {
		if a := operator.get(place + "/files/" + file); a.status != http.StatusOK || a.body == "" {
			t.Errorf("%s: %d", file, a.status)
		}
	}
	for _, file := range []string{"x.csv", "funnel.pdf", "funnel"} {
		if a := operator.get(place + "/files/" + file); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", file, a.status)
		}
	}
	support := o.signedIn(t, auth.Support)
	if a := support.get(place + "/equity?rate=savers"); a.status != http.StatusOK || !strings.Contains(a.body, "By language") {
		t.Errorf("who answers families: %d", a.status)
	}
	if a := support.get(place + "/equity?rate=wages"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a rate that is none: %d", a.status)
	}
}
