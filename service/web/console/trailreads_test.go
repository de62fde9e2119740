package console

import (
	"context"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"seedbook/service/auth"
	"seedbook/service/family"
)

// names are how the children of the city are called on a page.
func (o *office) names(t *testing.T) (out []string) {
	t.Helper()
	err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
		var ids []family.ChildID
		if err := sqlx.SelectContext(t.Context(), q, &ids, `SELECT id FROM children ORDER BY id`); err != nil {
			return err
		}
		children, err := family.Load(context.Background(), q, o.who, o.keys, ids)
		for _, c := range children {
			out = append(out, c.Person.DisplayName(), c.Person.StudentNumber)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%v: %d names", err, len(out))
	}
	return slices.DeleteFunc(out, func(s string) bool { return len(s) < 6 })
}

// Every page that shows a child's name leaves an entry on the trail: who, what, when
// and from where. Which pages there are the table of routes says.
func TestEveryPageThatShowsAChildLeavesATraceOfItsReader(t *testing.T) {
	t.Parallel()
	o, operator := city(t)
	there := things(t, o, operator)
	names := o.names(t)
	readers := map[string]*browser{"operator": operator, "approver": o.signedIn(t, auth.Approver)}
	shown := 0
	for _, r := range routes {
		if r.method != get || strings.Contains(addresses[r.path], nothing) {
			continue
		}
		path := placeholder.ReplaceAllStringFunc(addresses[r.path], func(s string) string {
			if s == "{p}" {
				return riverbend
			}
			return there[strings.Trim(s, "{}")]
		})
		for who, b := range readers {
			var before, events, whence int
			o.value(t, &before, `SELECT coalesce(max(id), 0) FROM audit_events`)
			a := b.get(path)
			if a.status != http.StatusOK {
				continue
			}
			body := html.UnescapeString(a.body)
			if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(body, name) }) {
				continue
			}
			shown++
			var counts struct {
				Events int `db:"events"`
				Whence int `db:"whence"`
			}
			err := o.db.Read(t.Context(), o.who, func(q sqlx.QueryerContext) error {
				return sqlx.GetContext(t.Context(), q, &counts, `SELECT count(*) AS events, count(*) FILTER (WHERE address IS NOT NULL AND request_id <> '') AS whence FROM audit_events WHERE id > $1 AND actor LIKE 'staff/%'`, before)
			})
			if err != nil {
				t.Fatal(err)
			}
			if events, whence = counts.Events, counts.Whence; events == 0 {
				t.Errorf("%s shows a child's name to the %s and leaves no trace", r.path, who)
			}
			if whence != events {
				t.Errorf("%s: %d of %d entries do not say from where", r.path, events-whence, events)
			}
		}
	}
	if shown < 8 {
		t.Errorf("only %d pages showed a name: the names are not found", shown)
	}
	t.Logf("%d pages show a name", shown)
}
