package console

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
)

// Each kind of thing that waits for somebody is a count on the first page that leads
// to where it is dealt with; what nobody waits for is not there.
func TestWhatWaitsIsACountThatLeadsThere(t *testing.T) {
	t.Parallel()
	o, _ := city(t)
	b := o.signedIn(t, auth.ProgramManager, auth.Operator)
	const run = `INSERT INTO job_runs (tenant_id, program_id, job, period, round, dry_run, as_of, due_at, requested_by, state, lease_until)
		SELECT tenant_id, id, 'seal', '2026-09-30', 0, false, '2026-09-30', CAST($1 AS timestamptz) - interval '3 hours', 'test', `
	for _, test := range []struct {
		kind, query string // $1 is now
		says        string
		leads       string
	}{
		{"a data agreement that ended", `INSERT INTO import_sources (tenant_id, program_id, name, agreement_until, noted_by, noted_at)
			SELECT tenant_id, id, 'Old bank', CAST($1 AS date) - 5, 'test', $1 FROM programs`, "agreement", riverbend + "/imports/sources"},
		{"a data agreement that ends", `INSERT INTO import_sources (tenant_id, program_id, name, agreement_until, noted_by, noted_at)
			SELECT tenant_id, id, 'New bank', CAST($1 AS date) + 20, 'test', $1 FROM programs`, "agreement", riverbend + "/imports/sources"},
		{"a failed job", run + `'failed', NULL FROM programs`, "failed", riverbend + "/jobs"},
		{"a stuck job", strings.Replace(run, "'seal'", "'index'", 1) + `'running', CAST($1 AS timestamptz) - interval '2 hours' FROM programs`, "", riverbend + "/jobs"},
		{"a deposit that nobody knows", `UPDATE deposits SET state = 'suspense', child_id = NULL WHERE id = (SELECT min(id) FROM deposits WHERE state = 'posted')`, "", riverbend + "/deposits"},
		{"a reversal that is proposed", `INSERT INTO award_excesses (tenant_id, program_id, child_id, benefit, period, amount, why, state, found_by, found_at)
			SELECT tenant_id, program_id, child_id, benefit, period, 4, '{}', 'proposed', 'job/awards', $1 FROM awards WHERE benefit = 'seed' LIMIT 1`, "$4.00", riverbend + "/excesses"},
		{"a child that may no longer be eligible", `UPDATE enrollments SET flagged = true WHERE id = (SELECT min(id) FROM enrollments WHERE state = 'enrolled')`, "", riverbend + "/children?state=flagged"},
		{"money that no fund has", `UPDATE awards SET queued = 7.77, want_due = 7.77, earned_on = '2026-09-01', shortfall = 'queue', asked_on = '2026-09-30', funds = 'BANK'
			WHERE ctid = (SELECT ctid FROM awards LIMIT 1)`, "", riverbend + "/funds"},
	} {
		tasks := func() string {
			body := b.get(riverbend).body
			i := strings.Index(body, `class="sb-tasks"`)
			if i < 0 {
				return ""
			}
			return body[i : i+strings.Index(body[i:], "</ul>")]
		}
		before := strings.Count(tasks(), `href="`+test.leads)
		was := tasks()
		err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
			args := []any{o.clock}
			if !strings.Contains(test.query, "$1") {
				args = nil
			}
			_, err := tx.ExecContext(t.Context(), test.query, args...)
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", test.kind, err)
			continue
		}
		now := tasks()
		if now == was || !strings.Contains(now, test.says) || strings.Count(now, `href="`+test.leads) < max(before, 1) {
			t.Errorf("%s does not show on the first page with a link to %s", test.kind, test.leads)
		}
		to := regexp.MustCompile(`href="(` + regexp.QuoteMeta(test.leads) + `[^"]*)"`).FindStringSubmatch(now)
		if to == nil {
			continue
		}
		if a := b.get(to[1]); a.status != http.StatusOK {
			t.Errorf("%s leads to %s: %d", test.kind, to[1], a.status)
		}
	}
}
