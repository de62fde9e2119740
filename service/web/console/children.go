package console

import (
	"context"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// perPage is how many children a page of the list shows.
const perPage = 25

// grades are the CEDS codes that a roster may carry.
var grades = []string{"PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"}

// search is the list's address, read.
type search struct {
	enroll.Filter
	school string // as in the address
}

func readSearch(g *gin.Context) (search, error) {
	f := web.ReadQuery(g)
	s := search{Filter: enroll.Filter{Text: f.Optional("q"), Grade: f.Optional("grade"), State: enroll.State(f.Optional("state")), Limit: perPage + 1}}
	if s.school = f.Optional("school"); s.school != "" {
		s.School = program.SchoolID(f.Int("school", 1, 1<<62))
	}
	if f.Optional("after") != "" {
		s.After = family.ChildID(f.Int("after", 1, 1<<62))
	}
	return s, f.Err()
}

// address is the list's address with one value changed, from the first page.
func (s search) address(base, name, value string) string {
	q := url.Values{}
	for key, v := range map[string]string{"q": s.Text, "school": s.school, "grade": s.Grade, "state": string(s.State)} {
		if key == name {
			v = value
		}
		if v != "" {
			q.Set(key, v)
		}
	}
	if name == "after" {
		q.Set("after", value)
	}
	if len(q) == 0 {
		return base + "/children"
	}
	return base + "/children?" + q.Encode()
}

// children lists a program's children.
func (c *Console) children(g *gin.Context, v visit) error {
	s, err := readSearch(g)
	if err != nil {
		return err
	}
	var rows []enroll.Row
	var money map[family.ChildID]enroll.Money
	var schools []program.School
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if rows, err = enroll.List(ctx, q, v.Who(), c.Keys, v.program.ID, s.Filter); err != nil {
			return err
		}
		if money, err = enroll.MoneyOf(ctx, q, v.program, childrenOf(rows)); err != nil {
			return err
		}
		schools, err = program.Schools(ctx, q)
		return err
	})
	if err != nil {
		return err
	}
	view := c.childrenView(v, s, rows, money, schools)
	if err := c.viewed(g, v, "child.listed", childrenOf(rows)[:len(view.Rows)]); err != nil {
		return err
	}
	return c.show(g, pages.ChildrenPage(c.page(g, v, v.words.T("console.children.title")), view))
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

func (c *Console) childrenView(v visit, s search, rows []enroll.Row, money map[family.ChildID]enroll.Money, schools []program.School) pages.Children {
	view := pages.Children{Base: v.base(), Query: s.Text, School: s.school, Grade: s.Grade, State: string(s.State),
		Schools: []parts.Choice{{Text: v.words.T("console.children.any_school")}},
		Grades:  []parts.Choice{{Text: v.words.T("console.children.any_grade")}},
		States:  []parts.Choice{{Text: v.words.T("console.children.any_state")}},
	}
	view.Filtered = s.Text != "" || s.school != "" || s.Grade != "" || s.State != ""
	if s.After != 0 {
		view.First = s.address(v.base(), "", "")
	}
	if len(rows) > perPage {
		rows = rows[:perPage]
		view.Next = s.address(v.base(), "after", strconv.FormatInt(int64(rows[perPage-1].Child), 10))
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, pages.ChildLine{
			Name: listName(v, r), Account: r.ID.Account().String(), School: r.School, Grade: grade(v, r.Grade), State: participation(v, r.Enrollment),
			To: childPath(v, r.Child), Total: money[r.Child].Total(),
		})
	}
	for _, school := range schools {
		id := strconv.FormatInt(int64(school.ID), 10)
		view.Schools = append(view.Schools, parts.Choice{Value: id, Text: school.Name})
		if id == s.school {
			view.Chips = append(view.Chips, parts.Link{Text: school.Name, To: s.address(v.base(), "school", "")})
		}
	}
	for _, code := range grades {
		view.Grades = append(view.Grades, parts.Choice{Value: code, Text: grade(v, code)})
	}
	for _, state := range enroll.States {
		view.States = append(view.States, parts.Choice{Value: string(state), Text: v.words.T("console.participation." + string(state))})
	}
	view.Chips = append(view.Chips, s.chips(v)...)
	return view
}

// chips are the filters in force besides the school, each leading to the list
// without it.
func (s search) chips(v visit) []parts.Link {
	var out []parts.Link
	if s.Text != "" {
		out = append(out, parts.Link{Text: s.Text, To: s.address(v.base(), "q", "")})
	}
	if s.Grade != "" {
		out = append(out, parts.Link{Text: grade(v, s.Grade), To: s.address(v.base(), "grade", "")})
	}
	if s.State != "" && v.words.Has("console.participation."+string(s.State)) {
		out = append(out, parts.Link{Text: v.words.T("console.participation." + string(s.State)), To: s.address(v.base(), "state", "")})
	}
	return out
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
