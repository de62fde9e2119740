package console

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/savedview"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// perPage is how many children a page of the list shows, and mostSimilar how many
// whose names are spelled otherwise.
const (
	perPage     = 25
	mostSimilar = 10
)

// grades are the CEDS codes that a roster may carry.
var grades = []string{"PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"}

// children lists a program's children.
func (c *Console) children(g *gin.Context, v visit) error {
	s, err := readSearch(web.ReadQuery(g))
	if err != nil {
		return err
	}
	return c.showChildren(g, v, s, http.StatusOK, "", nil)
}

// showChildren shows the list that a search asks for. named is what somebody
// wanted to call it, where that was refused.
func (c *Console) showChildren(g *gin.Context, v visit, s search, status int, named string, problems []parts.Problem) error {
	var found childrenFound
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		found, err = c.findChildren(ctx, q, v, s)
		return err
	})
	if err != nil {
		return err
	}
	view := c.childrenView(v, s, found)
	shown := childrenOf(found.rows)[:len(view.Rows)]
	if err := c.viewed(g, v, "child.listed", append(shown, childrenOf(found.similar)...)); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("console.children.title"))
	p.Problems, view.ViewName = problems, named
	return c.hall.Show(g, status, pages.ChildrenPage(p, view))
}

// childrenFound is what the list shows.
type childrenFound struct {
	rows, similar []enroll.Row
	money         map[family.ChildID]enroll.Money
	count         int // 0: not counted
	schools       []program.School
	views         []savedview.View
}

func (c *Console) findChildren(ctx context.Context, q sqlx.QueryerContext, v visit, s search) (f childrenFound, err error) {
	s.Limit = perPage + 1
	if f.rows, err = enroll.List(ctx, q, v.Who(), c.Keys, v.program.ID, s.Filter); err != nil {
		return f, err
	}
	switch {
	case s.Text == "":
		f.count, err = enroll.CountListed(ctx, q, v.program.ID, s.Filter)
	case s.After == 0 && len(f.rows) <= perPage:
		f.similar, err = enroll.Similar(ctx, q, v.Who(), c.Keys, v.program.ID, s.Text, mostSimilar)
	}
	if err != nil {
		return f, err
	}
	if f.money, err = enroll.MoneyOf(ctx, q, v.program, append(childrenOf(f.rows), childrenOf(f.similar)...)); err != nil {
		return f, err
	}
	if f.schools, err = program.Schools(ctx, q); err != nil {
		return f, err
	}
	f.views, err = savedview.Of(ctx, q, v.Who(), childList(v))
	return f, err
}

func childrenOf(rows []enroll.Row) []family.ChildID {
	ids := make([]family.ChildID, len(rows))
	for i, r := range rows {
		ids[i] = r.Child
	}
	return ids
}

// viewed notes whose records somebody is about to see.
func (c *Console) viewed(g *gin.Context, v visit, verb string, children []family.ChildID) error {
	ids := make([]int64, len(children))
	for i, id := range children {
		ids[i] = int64(id)
	}
	return audit.Viewed(g.Request.Context(), c.DB, v.Who(), verb, ids, v.at)
}

func childPath(v visit, id family.ChildID) string {
	return v.base() + "/children/" + strconv.FormatInt(int64(id), 10)
}

// listName is a child's name as lists have it, masked for who may not see names.
func listName(v visit, r enroll.Row) string {
	switch {
	case r.Erased:
		return v.words.T("console.child.erased")
	case !v.May(auth.SeeNames):
		return masked(r.Person)
	}
	return r.Person.ListName()
}

// masked is a child's initials: enough to tell siblings apart on the telephone,
// too little to know who it is.
func masked(p family.Person) string {
	var out string
	for _, name := range []string{p.Given, p.Family} {
		for _, r := range name {
			out += string(r) + ". "
			break
		}
	}
	if out == "" {
		return "…"
	}
	return out[:len(out)-1]
}
