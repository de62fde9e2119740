package console

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/family"
)

// known are n children of the city who take part.
func known(t *testing.T, o *office, n int) (out []family.Child) {
	t.Helper()
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
		var ids []family.ChildID
		if err := sqlx.SelectContext(t.Context(), q, &ids, `SELECT child_id FROM enrollments WHERE state = 'enrolled' ORDER BY child_id LIMIT $1`, n); err != nil {
			return err
		}
		children, err := family.Load(t.Context(), q, o.who, o.keys, ids)
		out = children
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const clubHeader = "first_name,last_name,birth_date,school,student_id,grade\n"

// clubList is a list about two children on record, one without a birth date and a
// new one.
func clubList(kids []family.Child) string {
	a, b := kids[0].Person, kids[1].Person
	return clubHeader +
		fmt.Sprintf("%s,%s,%s,Club House,,KG\n", a.Given, a.Family, a.BornOn) +
		fmt.Sprintf("Zebulon,Quist,2021-02-03,Club House,%s,KG\n", b.StudentNumber) +
		"Noa,Lind,,Club House,,KG\n" +
		"Ivo,Horn,2021-05-06,Club House,C-9,KG\n"
}

// uploadList sends a list whose columns it explains as suggested, and returns where the roster is.
func (b *browser) uploadList(name, text string) string {
	b.t.Helper()
	a := b.send(riverbend+"/rosters", name, []byte(text), "source", "Club", "enroll_on", "2026-10-05")
	if strings.Contains(a.to, "/columns/") {
		a = b.post(a.to, "given", "first_name", "family", "last_name", "born_on", "birth_date", "school_name", "school", "student_number", "student_id", "grade", "grade")
	}
	if a.status != http.StatusSeeOther || !strings.Contains(a.to, "/rosters/") {
		b.t.Fatalf("uploading %s: %d to %q", name, a.status, a.to)
	}
	return a.to
}

var answerSeen = regexp.MustCompile(`name="seen" value="(\d+)"`)

func TestDoubtfulRowsAreSettledOneAfterTheOther(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	approver, auditor := o.signedIn(t, auth.Approver), o.signedIn(t, auth.Auditor)
	kids := known(t, o, 2)
	roster := operator.uploadList("club.csv", clubList(kids))
	list := roster + "/doubts"
	if a := operator.get(riverbend); !strings.Contains(a.body, list) {
		t.Error("home does not lead to the doubtful rows")
	}
	page := operator.get(list)
	if !strings.Contains(page.body, "Settle 3 rows") || !strings.Contains(page.body, "Lind, Noa") {
		t.Fatalf("the list: %d", page.status)
	}
	row := first(t, page, list+`/\d+`)

	for _, refused := range []*browser{approver, auditor} {
		if a := refused.get(row); a.status != http.StatusOK || strings.Contains(a.body, `name="answer"`) {
			t.Errorf("who decides nothing sees buttons: %d", a.status)
		}
		if a := refused.post(row, "answer", "new", "seen", "0"); a.status != http.StatusNotFound && a.status != http.StatusForbidden {
			t.Errorf("who decides nothing decides: %d", a.status)
		}
	}
	if a := auditor.get(list); strings.Contains(a.body, "Lind, Noa") || !strings.Contains(a.body, "L") {
		t.Error("a list shows names to who may not see them")
	}
	for _, bad := range [][]string{{"answer", "same", "seen", "0"}, {"answer", "same", "seen", "0", "account", "99"}, {"answer", "out", "seen", "0", "why", "something"},
		{"answer", "out", "seen", "0"}, {"answer", "maybe", "seen", "0"}, {"answer", "new"}} {
		if a := operator.post(row, bad...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "There is a problem") && !strings.Contains(a.body, `role="alert"`) {
			t.Errorf("%v: %d", bad, a.status)
		}
	}
	for _, path := range []string{list + "/999", list + "/x", riverbend + "/rosters/999/doubts", list + "?after=x"} {
		if a := operator.get(path); a.status == http.StatusOK {
			t.Errorf("%s: %d", path, a.status)
		}
	}

	shown := operator.get(row)
	if !strings.Contains(shown.body, "speaks strongly for one child") || !strings.Contains(shown.body, `value="`+itoa(kids[0].ID)+`"`) || !strings.Contains(shown.body, "autofocus") {
		t.Fatalf("the row: %d", shown.status)
	}
	a := operator.post(row, "answer", "same", "child", itoa(kids[0].ID), "seen", answerSeen.FindStringSubmatch(shown.body)[1])
	if a.status != http.StatusSeeOther || !strings.HasSuffix(a.to, "?done=row_settled") {
		t.Fatalf("settling: %d to %q", a.status, a.to)
	}
	if late := operator.post(row, "answer", "new", "seen", "0"); late.status != http.StatusConflict || !strings.Contains(late.body, "Somebody else settled this row") {
		t.Errorf("too late: %d", late.status)
	}
	next, _, _ := strings.Cut(a.to, "?")
	if a = operator.post(next, "answer", "new", "seen", "0"); a.status != http.StatusSeeOther {
		t.Fatalf("a new child: %d", a.status)
	}
	last, _, _ := strings.Cut(a.to, "?")
	if a := operator.post(last, "answer", "new", "seen", "0"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "cannot become a new child") {
		t.Errorf("a new child without a birth date: %d", a.status)
	}
	if a = operator.post(last, "answer", "out", "seen", "0", "why", "something", "note", "moved <away>"); a.to != roster+"?done=rows_settled" {
		t.Fatalf("leaving out: %d to %q", a.status, a.to)
	}
	if a := operator.get(list + "?show=settled"); !strings.Contains(a.body, "Left out") || !strings.Contains(a.body, "Rosa Delgado") {
		t.Error("what was settled is not shown with who did it")
	}
	if a := operator.get(last); !strings.Contains(a.body, "moved &lt;away&gt;") {
		t.Error("the note is not shown as written")
	}
	before := o.number(t, `SELECT count(*) FROM enrollments`)
	if a := operator.post(roster + "/commit"); a.status != http.StatusSeeOther {
		t.Fatalf("applying: %d", a.status)
	}
	if n := o.number(t, `SELECT count(*) FROM enrollments`) - before; n != 2 {
		t.Errorf("%d children came to the program, want 2", n)
	}
	if n := o.number(t, `SELECT count(*) FROM audit_events WHERE verb = 'roster.settled'`); n != 3 {
		t.Errorf("%d answers in the trail", n)
	}
	if a := operator.post(row, "answer", "new", "seen", "1"); a.status != http.StatusConflict {
		t.Errorf("an answer about an applied row: %d", a.status)
	}
}

// number reads one number of the organization's.
func (o *office) number(t *testing.T, query string) (n int) {
	t.Helper()
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error { return sqlx.GetContext(context.Background(), q, &n, query) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRejectedRowsOfARosterAreMendedAndSentAgain(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	auditor := o.signedIn(t, auth.Auditor)
	roster := operator.uploadList("list.csv", clubHeader+"Ivo,Horn,2021-05-06,Club House,C-1,KG\nNoa,Lind,soon,Club House,C-2,KG\n,,2021-01-01,Club House,C-3,KG\n")
	if a := auditor.get(roster + "/rejected.csv"); a.status != http.StatusNotFound && a.status != http.StatusForbidden {
		t.Errorf("who sends nothing takes names out: %d", a.status)
	}
	if a := auditor.get(roster); strings.Contains(a.body, "rejected.csv") {
		t.Error("a link to what may not be had")
	}
	if a := operator.post(roster + "/commit"); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if a := operator.get(roster); !strings.Contains(a.body, roster+"/rejected.xlsx") {
		t.Error("the page does not offer the rejected rows")
	}
	before := o.number(t, `SELECT count(*) FROM children`)
	for _, file := range []string{"rejected.csv", "rejected.xlsx"} {
		a := operator.get(roster + "/" + file)
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d", file, a.status)
		}
		if file == "rejected.csv" {
			if !strings.Contains(a.body, "Noa,Lind,soon,Club House,C-2,KG,3,") || strings.Contains(a.body, "Ivo") {
				t.Errorf("the rejected rows:\n%s", a.body)
			}
			a.body = strings.Replace(strings.Replace(a.body, "soon", "2021-02-02", 1), ",,2021-01-01", "Mia,Sato,2021-01-01", 1)
		}
		to := operator.uploadList("mended-"+file, a.body)
		if page := operator.get(to); !strings.Contains(page.body, "some rows of a list") {
			t.Errorf("%s is taken for a whole list", file)
		}
		if a := operator.post(to + "/commit"); a.status != http.StatusSeeOther {
			t.Fatalf("applying %s: %d", file, a.status)
		}
	}
	if n := o.number(t, `SELECT count(*) FROM children`) - before; n != 2 {
		t.Errorf("%d children came of two mended rows", n)
	}
}

func TestARosterIsUndoneByTwoPeople(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	auditor := o.signedIn(t, auth.Auditor)
	kids := known(t, o, 1)
	roster := operator.uploadList("list.csv", clubHeader+"Ivo,Horn,2021-05-06,Club House,C-1,KG\nNoa,Lind,2021-02-02,Club House,C-2,KG\n")
	undo := roster + "/undo"
	if a := operator.get(undo); a.status != http.StatusConflict {
		t.Errorf("undoing what is not applied: %d", a.status)
	}
	if a := operator.post(roster + "/commit"); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if a := auditor.post(undo, "reason", "wrong school"); a.status != http.StatusNotFound && a.status != http.StatusForbidden {
		t.Errorf("who applies nothing undoes: %d", a.status)
	}
	page := operator.get(operator.link(undo, roster))
	if page.status != http.StatusOK || !strings.Contains(page.body, "Horn, Ivo") || strings.Contains(page.body, itoa(kids[0].ID)+`">`+kids[0].Person.ListName()) {
		t.Fatalf("the page of the undo: %d", page.status)
	}
	if a := operator.post(undo, "reason", ""); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `href="#reason"`) {
		t.Errorf("without a reason: %d", a.status)
	}
	asked := operator.post(undo, "reason", "the wrong school's list")
	request, _, _ := strings.Cut(asked.to, "?")
	if asked.status != http.StatusSeeOther || !strings.HasPrefix(request, "/approvals/") {
		t.Fatalf("asking: %d to %q", asked.status, asked.to)
	}
	if a := operator.post(undo, "reason", "again"); !strings.HasPrefix(a.to, request) {
		t.Errorf("asking twice makes another request: %d to %q", a.status, a.to)
	}
	if a := operator.get(request); !strings.Contains(a.body, "Children who take part no more") || !strings.Contains(a.body, roster) {
		t.Error("the request does not say what it would do")
	}
	if a := o.decide(t, operator, request, "approve"); a.status == http.StatusSeeOther {
		t.Errorf("who asks approves: %d to %q", a.status, a.to)
	}
	approver := o.second(t, auth.Approver)
	if a := o.decide(t, approver, request, "approve"); a.status != http.StatusSeeOther {
		t.Fatalf("approving: %d", a.status)
	}
	if n := o.number(t, `SELECT count(*) FROM enrollments WHERE state = 'undone'`); n != 2 {
		t.Errorf("%d children were undone, want 2", n)
	}
	if a := operator.get(undo); a.status != http.StatusConflict {
		t.Errorf("undoing twice: %d", a.status)
	}
	if a := operator.get(roster); !strings.Contains(a.body, "Undone") {
		t.Error("the roster's page does not say that it is undone")
	}
}

// link finds a link on a page, and fails where there is none.
func (b *browser) link(to, page string) string {
	b.t.Helper()
	if a := b.get(page); !strings.Contains(a.body, `href="`+to+`"`) {
		b.t.Fatalf("%s does not lead to %s", page, to)
	}
	return to
}
