package console

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/jobs"
	"seedbook/ledger"
	"seedbook/service/auth"
)

// csvRows reads what a page takes out.
func csvRows(t *testing.T, body string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// runJob has a job done by hand.
func (o *office) runJob(t *testing.T, b *browser, job, asOf string) {
	t.Helper()
	if a := b.post(riverbend+"/jobs", "job", job, "as_of", asOf); a.status != http.StatusSeeOther {
		t.Fatalf("%s: %d", job, a.status)
	}
	o.console.Wait()
}

func unescape(s string) string { return strings.ReplaceAll(s, "&amp;", "&") }

// The way of an auditor: from the trial balance to the accounts behind a line, to
// an account's lines, to one transaction, to its proof, and each says the same.
func TestATrialBalanceLeadsDownToOneProvenTransaction(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	o.runJob(t, b, "checkpoint", "2026-10-05")
	signer, err := o.keys.Signer(jobs.SignerName)
	if err == nil {
		err = jobs.Seal(t.Context(), o.console.Jobs, signer)
	}
	if err != nil {
		t.Fatal(err)
	}
	trial := b.get(riverbend + "/books")
	accounts := unescape(first(t, trial, riverbend+`/books/2100/\d+`))
	page := b.get(accounts)
	lines := unescape(first(t, page, riverbend+`/journal\?account=\d+`))
	shown := b.get(lines)
	tx := first(t, shown, riverbend+`/journal/\d+`)
	one := b.get(tx)
	for what, want := range map[string]string{"its proof": "It holds", "its account": "2100 Family-owned principal", "the way back": riverbend + `/journal`} {
		if !strings.Contains(one.body, want) {
			t.Errorf("the transaction does not show %s", what)
		}
	}
	var p ledger.Proof
	if err := json.Unmarshal([]byte(b.get(tx+"/proof.json").body), &p); err != nil {
		t.Fatal(err)
	}
	trusted, _, err := o.console.trusted()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(trusted); err != nil {
		t.Error(err)
	}
	// The sum of all lines of the line of the chart is what the trial balance says.
	total := regexp.MustCompile(`2100 Family-owned principal</a>.*?(\$[\d,.]+)</td></tr>`).FindStringSubmatch(strings.Join(strings.Fields(trial.body), " "))
	var sum ledger.Amount
	for _, row := range csvRows(t, b.get(riverbend+"/journal.csv?chart=2100&col=debit&col=credit").body)[1:] {
		for i, sign := range []int64{-1, 1} {
			if text := row[1+i]; text != "" {
				a, err := ledger.ParseAmount(text)
				if err != nil {
					t.Fatal(err)
				}
				if sign < 0 {
					a = a.Neg()
				}
				sum = sum.Add(a)
			}
		}
	}
	says := csvRows(t, b.get(riverbend+"/books.csv").body)
	found := ""
	for _, row := range says {
		if row[0] == "2100" {
			found = row[4]
		}
	}
	if found == "" || found != sum.String() {
		t.Errorf("the trial balance says %q (%v), its lines %s", found, total, sum)
	}
}

func TestTheJournalIsKeptAsItIsFiltered(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	page := b.get(riverbend + "/journal?kind=deposit&to=2026-10-01&least=5")
	if page.status != http.StatusOK || !strings.Contains(page.body, "5.00 or more") {
		t.Fatalf("filters in force are not shown: %d", page.status)
	}
	if a := b.post(riverbend+"/journal/views", "name", "Deposits of 5 and more", "query", "kind=deposit&least=5&evil=1", "shared", "yes"); a.status != http.StatusSeeOther {
		t.Fatalf("saving a view: %d", a.status)
	}
	if a := o.signedIn(t, auth.Auditor).get(riverbend + "/journal"); !strings.Contains(a.body, "Deposits of 5 and more") || strings.Contains(a.body, "evil") {
		t.Error("a colleague does not see the shared view as it was kept")
	}
	for _, wrong := range []string{"from=yesterday", "least=much", "child=12345678", "child=x", "after=1.2", "after=x", "after=1.2.3.4", "after=-1.0.0", "reversal=maybe", "col=secret", "chart=7"} {
		if a := b.get(riverbend + "/journal?" + wrong); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", wrong, a.status)
		}
	}
	var after string
	b.get(riverbend + "/journal.csv?kind=deposit")
	o.value(t, &after, `SELECT after::text FROM audit_events WHERE verb = 'journal.exported'`)
	if !strings.Contains(after, "kind=deposit") {
		t.Errorf("the trail says %s", after)
	}
}

// A page's last line and the next page's first are neighbours, whatever is posted
// meanwhile.
func TestPagesOfTheJournalFollowEachOther(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	all := csvRows(t, b.get(riverbend+"/journal.csv?col=account&col=debit&col=credit").body)[1:]
	var seen []string
	next := riverbend + "/journal"
	for next != "" {
		page := b.get(next)
		for _, m := range regexp.MustCompile(`<th scope="row"[^>]*><a class="usa-link" href="[^"]*/journal/(\d+)"`).FindAllStringSubmatch(page.body, -1) {
			seen = append(seen, m[1])
		}
		m := regexp.MustCompile(`href="([^"]+)"[^>]*rel="next"`).FindStringSubmatch(page.body)
		next = ""
		if m != nil {
			next = unescape(m[1])
		}
	}
	if len(seen) != len(all) || len(all) < 2*linesPerPage {
		t.Fatalf("the pages show %d lines, the file %d", len(seen), len(all))
	}
	for i, row := range all {
		if row[0] != seen[i] {
			t.Fatalf("line %d is of transaction %s on the pages, %s in the file", i, seen[i], row[0])
		}
	}
}

func TestAFundIsFollowedToItsTransactions(t *testing.T) {
	t.Parallel()
	_, b := city(t)
	path := first(t, b.get(riverbend+"/funds"), riverbend+`/funds/[A-Z]+`)
	page := b.get(path + "?from=2026-01-01&to=2026-12-31")
	if page.status != http.StatusOK || !strings.Contains(page.body, "Promises and payments") {
		t.Fatalf("the fund's page: %d", page.status)
	}
	tx := first(t, page, riverbend+`/journal/\d+`)
	if a := b.get(tx); a.status != http.StatusOK {
		t.Errorf("its receipt's transaction: %d", a.status)
	}
	for what, want := range map[string]string{"what the rules let it pay": "What the rules in effect let it pay", "that its months agree": "These months agree with the books", "its pace": "in the last 90 days"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the fund's page does not show %s", what)
		}
	}
	for _, cel := range []string{"==", "&amp;&amp;", "known("} {
		if strings.Contains(page.body, cel) {
			t.Errorf("the restriction is shown as it is written in the book: %s", cel)
		}
	}
	for _, wrong := range []string{"?from=2026-12-01&to=2026-01-01", "?from=1990-01-01", "?after=x"} {
		if a := b.get(path + wrong); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", wrong, a.status)
		}
	}
	if a := b.get(path + "?from=soon"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a day that is none: %d", a.status)
	}
	if a := b.get(riverbend + "/funds/NOBODY"); a.status != http.StatusNotFound {
		t.Errorf("a fund that is none: %d", a.status)
	}
}

// Who waits for a fund is on its page in the order of the queue, and in its file;
// taking the file out stands on the trail.
func TestAFundsPageShowsWhoWaitsAndWhatIsForeseen(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	path := first(t, b.get(riverbend+"/funds"), riverbend+`/funds/[A-Z]+`)
	code := path[strings.LastIndex(path, "/")+1:]
	o.each(t, new([]int64), `UPDATE awards SET queued = 0, want_due = 0, earned_on = NULL, shortfall = '', asked_on = NULL, funds = '' WHERE queued > 0 RETURNING child_id`)
	if a := b.get(path); !strings.Contains(a.body, "Nobody waits") || !strings.Contains(a.body, "No forecast yet") {
		t.Error("a fund without a queue and a forecast does not say so")
	}
	var of []int64
	o.each(t, &of, `UPDATE awards SET queued = 12.50, want_due = 12.50, earned_on = CAST('2026-09-' || lpad(CAST(1 + child_id % 28 AS text), 2, '0') AS date), shortfall = 'queue', asked_on = '2026-09-30', funds = $1
		WHERE (child_id, benefit, period) IN (SELECT DISTINCT ON (child_id) child_id, benefit, period FROM awards ORDER BY child_id LIMIT 30) RETURNING child_id`, code)
	page := b.get(path)
	if len(of) != 30 || !strings.Contains(page.body, "30 awards wait for $375.00") {
		t.Fatalf("the page does not say that %d wait", len(of))
	}
	next := unescape(first(t, page, path+`\?[^"]*after=25[^"]*`))
	if second := b.get(next); !strings.Contains(second.body, `class="sb-number">26 <`) || strings.Contains(second.body, `class="sb-number">25 <`) {
		t.Error("the second page does not begin with the 26th")
	}
	rows := csvRows(t, b.get(path+"/files/queue.csv").body)
	if len(rows) != 31 {
		t.Fatalf("%d rows in the queue's file", len(rows))
	}
	for i, row := range rows[2:] {
		if row[4] < rows[i+1][4] {
			t.Errorf("%s stands before %s", rows[i+1][4], row[4])
		}
	}
	if a := b.post(riverbend+"/forecast", "months", "12", "seed", "7"); a.status != http.StatusSeeOther {
		t.Fatalf("a forecast: %d", a.status)
	}
	o.console.Wait()
	if a := b.get(path); !strings.Contains(a.body, "futures from the number 7, for 40 of 40 children") || !strings.Contains(a.body, "High (P90)") {
		t.Error("the fund's page does not show the forecast with its seed")
	}
	for _, name := range fundFiles {
		for _, format := range []string{".csv", ".xlsx"} {
			if a := b.get(path + "/files/" + name + format); a.status != http.StatusOK || len(a.body) == 0 {
				t.Errorf("%s%s: %d", name, format, a.status)
			}
		}
	}
	for _, wrong := range []string{"/files/secrets.csv", "/files/queue.pdf", "/files/queue"} {
		if a := b.get(path + wrong); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, a.status)
		}
	}
	var taken int
	o.value(t, &taken, `SELECT count(*) FROM audit_events WHERE verb = 'fund.exported'`)
	if taken != 2*len(fundFiles)+1 {
		t.Errorf("%d entries on the trail for %d files", taken, 2*len(fundFiles)+1)
	}
}

// each reads all rows of a statement.
func (o *office) each(t *testing.T, into any, query string, args ...any) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error { return tx.SelectContext(t.Context(), into, query, args...) })
	if err != nil {
		t.Fatal(err)
	}
}
