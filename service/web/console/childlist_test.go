package console

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/xuri/excelize/v2"

	"seedbook/service/auth"
)

func TestAListIsTakenOutAsItIsShown(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	a := b.get(riverbend + "/children.csv?grade=01&col=account&col=total&col=born")
	if a.status != http.StatusOK || !strings.HasPrefix(a.body, "\ufeff") {
		t.Fatalf("an operator's list: %d", a.status)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(rows[0], "|"); got != "Account|On the account" {
		t.Errorf("an operator takes out %q; names are for who may take them out", got)
	}
	for _, row := range rows[1:] {
		if !regexp.MustCompile(`^\d{8}$`).MatchString(row[0]) || !regexp.MustCompile(`^\d+\.\d\d$`).MatchString(row[1]) {
			t.Errorf("a row is %q", row)
		}
	}
	shown := len(regexp.MustCompile(`href="`+riverbend+`/children/\d+"`).FindAllString(b.get(riverbend+"/children?grade=01").body, -1))
	if len(rows)-1 != shown || shown == 0 {
		t.Errorf("%d rows, the list shows %d", len(rows)-1, shown)
	}
	if a := b.get(riverbend + "/children-named.csv"); a.status == http.StatusOK {
		t.Error("an operator takes names out")
	}
	named := o.signedIn(t, auth.Approver).get(riverbend + "/children-named.csv?col=born")
	if !strings.HasPrefix(named.body, "\ufeffGiven name,Family name,Born on\r\n") || strings.Count(named.body, "\r\n") != 41 {
		t.Errorf("an approver takes out %.80q", named.body)
	}
	if a := b.get(riverbend + "/children.csv?col=sealed"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a column that there is not: %d", a.status)
	}
	book, err := excelize.OpenReader(strings.NewReader(b.get(riverbend + "/children.xlsx?col=account&col=enrolled").body))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if cells, err := book.GetRows("Children"); err != nil || len(cells) != 41 || cells[0][1] != "Enrolled on" || cells[1][1] == "" {
		t.Errorf("the workbook is %d rows, %v: %v", len(cells), err, cells[:2])
	}
}

func TestEveryListTakenOutIsNoted(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	b.get(riverbend + "/children.csv?q=garcia&state=enrolled&col=total")
	var after string
	var children int
	o.value(t, &after, `SELECT after::text FROM audit_events WHERE verb = 'child.list_exported'`)
	o.value(t, &children, `SELECT count(*) FROM audit_events WHERE verb = 'child.exported'`)
	if !strings.Contains(after, `"filter": "state=enrolled"`) || !strings.Contains(after, `"searched": true`) || !strings.Contains(after, `["total"]`) || strings.Contains(after, "garcia") {
		t.Errorf("the trail says %s", after)
	}
	if shown := strings.Count(b.get(riverbend+"/children?q=garcia&state=enrolled").body, `<th scope="row"`); children == 0 || children > shown {
		t.Errorf("%d children were noted, the list shows %d", children, shown)
	}
}

// value scans one value of the office's organization.
func (o *office) value(t *testing.T, to any, query string) {
	t.Helper()
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error { return sqlx.GetContext(t.Context(), q, to, query) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestAViewIsKeptAndLeadsBack(t *testing.T) {
	t.Parallel()
	o, b := city(t)
	if a := b.post(riverbend+"/children/views", "name", " ", "query", "grade=01"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a view without a name: %d", a.status)
	}
	a := b.post(riverbend+"/children/views", "name", "First grade", "query", "grade=01&q=garcia&after=7&evil=1", "shared", "yes")
	if a.status != http.StatusSeeOther || strings.Contains(a.to, "garcia") || strings.Contains(a.to, "evil") || !strings.Contains(a.to, "grade=01") {
		t.Fatalf("keeping a view: %d to %s", a.status, a.to)
	}
	colleague := o.signedIn(t, auth.Support)
	page := colleague.get(riverbend + "/children")
	if !strings.Contains(page.body, "First grade") || strings.Contains(page.body, "/remove\"") {
		t.Error("a colleague does not see the shared view, or could remove it")
	}
	remove := regexp.MustCompile(riverbend + `/children/views/\d+/remove`).FindString(b.get(riverbend + "/children").body)
	if a := colleague.post(remove); a.status != http.StatusNotFound {
		t.Errorf("a colleague removes it: %d", a.status)
	}
	if a := b.post(remove); a.status != http.StatusSeeOther {
		t.Errorf("its owner removes it: %d", a.status)
	}
	if strings.Contains(colleague.get(riverbend+"/children").body, "First grade") {
		t.Error("the view is still there")
	}
}
