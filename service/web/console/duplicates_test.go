package console

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
)

// again puts a child of the city on record once more, as another office would,
// and returns both records.
func again(t *testing.T, o *office, change func(*family.Person)) (first, second family.ChildID) {
	t.Helper()
	err := o.db.InTx(t.Context(), o.who, func(tx *sqlx.Tx) error {
		ctx := t.Context()
		if err := tx.GetContext(ctx, &first, `SELECT child_id FROM enrollments WHERE state = 'enrolled' ORDER BY child_id LIMIT 1`); err != nil {
			return err
		}
		people, err := family.Load(ctx, tx, o.who, o.keys, []family.ChildID{first})
		if err != nil {
			return err
		}
		guardians, err := family.Guardians(ctx, tx, o.who, o.keys, first)
		if err != nil {
			return err
		}
		p := people[0].Person
		p.StudentNumber = ""
		change(&p)
		ids, err := family.Add(ctx, tx, o.who, o.keys, []family.New{{Children: []family.NewChild{{Person: p, Language: "en"}}, Guardians: guardians}}, o.clock)
		if err != nil {
			return err
		}
		second = ids[0][0]
		return admitted(ctx, tx, o, first, second)
	})
	if err != nil {
		t.Fatal(err)
	}
	return first, second
}

// admitted has a second record go to the first one's school and take part.
func admitted(ctx context.Context, tx *sqlx.Tx, o *office, first, second family.ChildID) error {
	var at family.Schooling
	at.Child = second
	if err := tx.QueryRowxContext(ctx, `SELECT school_id, grade, from_on FROM schoolings WHERE child_id = $1 AND to_on IS NULL`, first).Scan(&at.School, &at.Grade, &at.From); err != nil {
		return err
	}
	if err := family.SetSchoolings(ctx, tx, o.who, []family.Schooling{at}, o.clock); err != nil {
		return err
	}
	p, err := program.All(ctx, tx)
	if err != nil {
		return err
	}
	book, err := program.RulesOn(ctx, tx, p[0].ID, p[0].Day(o.clock))
	if err != nil {
		return err
	}
	_, err = enroll.Admit(ctx, tx, o.who, o.keys, p[0], book, []enroll.Application{{Child: second, On: p[0].Day(o.clock)}}, o.clock)
	return err
}

// nightly runs the jobs that matter here.
func nightly(t *testing.T, o *office, b *browser) {
	t.Helper()
	for _, job := range []string{"awards", "duplicates"} {
		if a := b.post(riverbend+"/jobs", "job", job, "as_of", "2026-10-05"); a.status != http.StatusSeeOther {
			t.Fatalf("the job %s: %d", job, a.status)
		}
		o.console.Wait()
	}
}

func itoa(id family.ChildID) string { return strconv.FormatInt(int64(id), 10) }

var seenHash = regexp.MustCompile(`name="seen" value="([0-9a-f]{64})"`)

func TestTwoRecordsAreJoinedByTwoPeopleAndPartedAgain(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	approver := o.signedIn(t, auth.Approver)
	auditor := o.signedIn(t, auth.Auditor)
	list := riverbend + "/duplicates"
	one, two := again(t, o, func(*family.Person) {})
	nightly(t, o, operator)
	if a := operator.get(riverbend); !strings.Contains(a.body, "/duplicates\"") {
		t.Error("home does not ask to look")
	}
	page := operator.get(list)
	path := first(t, page, riverbend+`/duplicates/\d+-\d+`)
	if path != list+"/"+itoa(one)+"-"+itoa(two) || !strings.Contains(page.body, "Almost surely one child") || !strings.Contains(page.body, "Birth date: the same") {
		t.Fatalf("the list: %d, leads to %q", page.status, path)
	}
	for _, bad := range []string{"?state=x", "?after=x", "/1", "/1-x", "/999-1000", "/999-1000/join"} {
		if a := operator.get(list + bad); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
	if a := operator.get(path); !strings.Contains(a.body, "speaks strongly for one child") || !strings.Contains(a.body, "They are one child") {
		t.Errorf("the pair: %d", a.status)
	}
	if a := auditor.get(path); !strings.Contains(a.body, "speaks strongly") || strings.Contains(a.body, "They are one child") {
		t.Error("an auditor sees the evidence, and decides nothing")
	}
	preview := operator.get(path + "/join?keep=" + itoa(one))
	seen := seenHash.FindStringSubmatch(preview.body)
	if seen == nil || !strings.Contains(preview.body, "a second person has to agree") || !strings.Contains(preview.body, "Proposed to be taken back") {
		t.Fatalf("the preview: %d", preview.status)
	}
	if a := operator.post(path+"/join", "keep", itoa(one), "seen", seen[1], "why", " "); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Say why.") {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := operator.post(path+"/join", "keep", itoa(one), "seen", "x", "why", "same guardian"); a.status != http.StatusConflict || !strings.Contains(a.body, "same guardian") {
		t.Errorf("unseen: %d", a.status)
	}
	if a := operator.post(path+"/join", "keep", "999", "seen", seen[1], "why", "same"); a.status != http.StatusNotFound {
		t.Errorf("a third record: %d", a.status)
	}
	if a := operator.post(path+"/join", "keep", itoa(one), "seen", seen[1], "why", "same guardian"); a.to != list+"?done=pair_waits" {
		t.Fatalf("proposed: %d to %q", a.status, a.to)
	}
	if a := operator.post(path, "decision", "distinct"); a.status != http.StatusConflict {
		t.Errorf("told apart while it waits: %d", a.status)
	}
	if a := operator.post(path+"/join/decide", "decision", "approve"); a.status != http.StatusNotFound {
		t.Errorf("approved by who may not: %d", a.status)
	}
	if a := approver.get(path + "/join"); !strings.Contains(a.body, "same guardian") || !strings.Contains(a.body, `value="approve"`) {
		t.Errorf("the approver sees: %d", a.status)
	}
	if a := approver.post(path+"/join/decide", "decision", "approve"); a.to != list+"?done=pair_approve" {
		t.Fatalf("approved: %d to %q", a.status, a.to)
	}
	if a := approver.post(path+"/join/decide", "decision", "approve"); a.status != http.StatusNotFound {
		t.Errorf("approved twice: %d", a.status)
	}
	child := operator.get(riverbend + "/children/" + itoa(one))
	part := first(t, child, riverbend+`/children/\d+/records/\d+`)
	if !strings.Contains(child.body, "This child also has account") || part == "" {
		t.Errorf("the child's page: %d", child.status)
	}
	if a := operator.get(riverbend + "/children/" + itoa(two)); a.to != riverbend+"/children/"+itoa(one)+"?done=record_joined" {
		t.Errorf("the joined record: %d to %q", a.status, a.to)
	}
	if a := approver.get(riverbend + "/excesses"); !strings.Contains(a.body, "$") {
		t.Errorf("nothing is proposed to be taken back: %d", a.status)
	}
	asked := operator.get(part)
	seen = seenHash.FindStringSubmatch(asked.body)
	if seen == nil || !strings.Contains(asked.body, "since they were joined stay there") {
		t.Fatalf("the parting: %d", asked.status)
	}
	if a := operator.post(part, "seen", seen[1], "why", ""); a.status != http.StatusUnprocessableEntity {
		t.Errorf("parted without a reason: %d", a.status)
	}
	if a := approver.get(part); a.status != http.StatusNotFound {
		t.Errorf("parting by who may not: %d", a.status)
	}
	if a := operator.post(part, "seen", seen[1], "why", "cousins", "distinct", "yes"); a.to != riverbend+"/children/"+itoa(one)+"?done=pair_parted" {
		t.Fatalf("parted: %d to %q", a.status, a.to)
	}
	if a := operator.get(riverbend + "/children/" + itoa(two)); a.status != http.StatusOK {
		t.Errorf("the second child: %d", a.status)
	}
	if a := operator.get(list + "?state=distinct"); !strings.Contains(a.body, path) {
		t.Error("that they are two children is not remembered")
	}
}

func TestAPairIsPutOffOrToldApart(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	again(t, o, func(*family.Person) {})
	nightly(t, o, operator)
	list := riverbend + "/duplicates"
	path := first(t, operator.get(list), riverbend+`/duplicates/\d+-\d+`)
	if a := operator.post(path, "decision", "x"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no decision: %d", a.status)
	}
	if a := operator.post(path, "decision", "later"); a.to != list+"?done=pair_later" {
		t.Fatalf("later: %d to %q", a.status, a.to)
	}
	if a := operator.get(list); strings.Contains(a.body, path) {
		t.Error("a pair that is put off is still in front")
	}
	if a := operator.get(list + "?state=later"); !strings.Contains(a.body, path) {
		t.Error("a pair that is put off is lost")
	}
	if a := operator.post(path, "decision", "distinct"); a.to != list+"?done=pair_distinct" {
		t.Fatalf("distinct: %d to %q", a.status, a.to)
	}
	nightly(t, o, operator)
	if a := operator.get(list); strings.Contains(a.body, path) {
		t.Error("told apart, and asked again")
	}
}
