package console

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/rules"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

const membersPerPage = 25

func classPath(v visit, day rules.ClassDay) string {
	return v.base() + "/classes/" + url.PathEscape(day.Benefit) + "/" + day.On.String()
}

// classes lists the classes that were named, and those whose day is to come.
func (c *Console) classes(g *gin.Context, v visit) error {
	var named []enroll.ClassState
	var book *rules.Book
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if book, err = rulesOrNone(ctx, q, v); err != nil {
			return err
		}
		named, err = enroll.Classes(ctx, q, v.program.ID, book)
		return err
	})
	if err != nil {
		return err
	}
	view := pages.Classes{Rules: v.base() + "/rules"}
	for _, s := range named {
		line := pages.ClassLine{Name: benefitName(v, book, s.Benefit), On: s.On, Members: s.Members, Sum: s.Sum, Given: s.Given, Waiting: s.Waiting, Waits: s.Waits, Hash: s.Hash}
		if v.May(auth.SeeChildren) {
			line.To = classPath(v, s.Day())
		}
		view.Named = append(view.Named, line)
	}
	for _, day := range book.Classes() {
		if !slices.ContainsFunc(named, func(s enroll.ClassState) bool { return s.Day() == day }) {
			view.Coming = append(view.Coming, parts.Row{Term: benefitName(v, book, day.Benefit), Value: v.words.T("console.classes.on", i18n.Args{"on": day.On})})
		}
	}
	p := c.page(g, v, v.words.T("console.classes.title"), parts.Link{Text: v.words.T("console.nav.rules"), To: v.base() + "/rules"})
	p.Lead = v.words.T("console.classes.lead")
	return c.show(g, pages.ClassesPage(p, view))
}

// classFile is everything a class's page is made of.
type classFile struct {
	enroll.ClassState
	lists   []enroll.ClassState
	sound   []bool // the hash of each list is what its members give today
	members []enroll.ClassMember
	people  map[family.ChildID]enroll.Row
	book    *rules.Book
}

// classDay is the class that an address names.
func classDay(g *gin.Context) (rules.ClassDay, error) {
	on, err := ledger.ParseDate(g.Param("on"))
	if err != nil || len(g.Param("benefit")) > 100 {
		return rules.ClassDay{}, web.ErrNoPage
	}
	return rules.ClassDay{Benefit: g.Param("benefit"), On: on}, nil
}

// openClass reads a class as it was listed last.
func (f *classFile) openClass(ctx context.Context, q sqlx.QueryerContext, v visit, day rules.ClassDay) (err error) {
	if f.book, err = rulesOrNone(ctx, q, v); err != nil {
		return err
	}
	all, err := enroll.Classes(ctx, q, v.program.ID, f.book)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s enroll.ClassState) bool { return s.Day() == day })
	if i < 0 {
		return web.ErrNoPage
	}
	f.ClassState = all[i]
	if f.lists, err = enroll.ClassLists(ctx, q, v.program.ID, day); err != nil {
		return err
	}
	for _, l := range f.lists {
		members, err := enroll.ListMembers(ctx, q, v.program.ID, day, l.N)
		if err != nil {
			return err
		}
		f.sound = append(f.sound, day.Hash(members) == l.Hash)
	}
	return nil
}

// class shows who is in a class, each child's part, and what proves the list.
func (c *Console) class(g *gin.Context, v visit) error {
	day, err := classDay(g)
	if err != nil {
		return err
	}
	form := web.ReadQuery(g)
	waiting, after := form.Optional("show") == "waiting", 0
	if form.Optional("after") != "" {
		after = form.Int("after", 1, 1<<62)
	}
	if err := form.Err(); err != nil {
		return err
	}
	var f classFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if err := f.openClass(ctx, q, v, day); err != nil {
			return err
		}
		if f.members, err = enroll.ClassMembers(ctx, q, v.program.ID, f.book, day, waiting, family.ChildID(after), membersPerPage+1); err != nil {
			return err
		}
		ids := make([]family.ChildID, len(f.members))
		for i, m := range f.members {
			ids[i] = m.Child
		}
		f.people, err = c.rowsOf(ctx, q, v, ids)
		return err
	})
	if err != nil {
		return err
	}
	view := f.view(v, waiting, after)
	var seen []family.ChildID
	for _, m := range f.members {
		seen = append(seen, m.Child)
	}
	if err := c.viewed(g, v, "class.listed", slices.Compact(seen)); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("console.classes.name", i18n.Args{"benefit": benefitName(v, f.book, f.Benefit), "on": f.On}),
		parts.Link{Text: v.words.T("console.nav.rules"), To: v.base() + "/rules"}, parts.Link{Text: v.words.T("console.classes.title"), To: v.base() + "/classes"})
	return c.show(g, pages.ClassPage(p, view))
}

func (f *classFile) view(v visit, waiting bool, after int) pages.Class {
	w, path := v.words, classPath(v, f.Day())
	view := pages.Class{Hash: f.Hash, Sound: !slices.Contains(f.sound, false), Text: path + "/list.txt", Waiting: waiting, All: path, WaitingTo: path + "?show=waiting",
		Figures: []parts.Figure{
			{Label: w.T("console.classes.members"), Value: w.Int(f.Members), Major: true},
			{Label: w.T("console.classes.sum"), Value: w.Money(f.Sum)},
			{Label: w.T("console.classes.given"), Value: w.Money(f.Given)},
			{Label: w.T("console.classes.coming"), Value: w.Money(f.Coming)},
			{Label: w.T("console.classes.waiting"), Value: w.Money(f.ClassMoney.Waiting), Note: w.N("console.trial.children", f.Waits)},
		},
	}
	for i, l := range f.lists {
		view.Lists = append(view.Lists, pages.ClassList{N: l.N, Members: l.Members, AsOf: l.AsOf, By: actor(v, l.By), At: l.At.In(v.at.Location()), Hash: l.Hash, Rule: l.Rule, Sound: f.sound[i]})
	}
	address := func(after int64) string {
		q := url.Values{}
		if after > 0 {
			q.Set("after", strconv.FormatInt(after, 10))
		}
		if waiting {
			q.Set("show", "waiting")
		}
		if len(q) == 0 {
			return path
		}
		return path + "?" + q.Encode()
	}
	if after > 0 {
		view.First = address(0)
	}
	if len(f.members) > membersPerPage {
		f.members = f.members[:membersPerPage]
		view.Next = address(int64(f.members[membersPerPage-1].Child))
	}
	for _, m := range f.members {
		line := pages.ClassMember{Child: listName(v, f.people[m.Child]), Account: f.people[m.Child].ID.Account().String(), ChildTo: childPath(v, m.Child),
			On: m.On, Later: m.On != f.On, Amount: m.Amount, Given: m.Given, Coming: m.Coming, Waiting: m.Waiting}
		if m.Period != "" {
			line.Explain = awardPath(v, m.Child, f.Benefit, m.Period)
		}
		view.Rows = append(view.Rows, line)
	}
	return view
}

// classText sends what a class's hash is made of, for whoever works it out
// again: numbers of children, parts and days.
func (c *Console) classText(g *gin.Context, v visit) error {
	day, err := classDay(g)
	if err != nil {
		return err
	}
	var f classFile
	var members []rules.Member
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if err := f.openClass(ctx, q, v, day); err != nil {
			return err
		}
		members, err = enroll.ListMembers(ctx, q, v.program.ID, day, f.N)
		return err
	})
	if err != nil {
		return err
	}
	ids := make([]family.ChildID, len(members))
	for i, m := range members {
		ids[i] = family.ChildID(m.Child)
	}
	if err := c.viewed(g, v, "class.exported", ids); err != nil {
		return err
	}
	return web.Download(g, "text/plain; charset=utf-8", v.program.Code+"-class-"+day.On.String()+".txt", day.Text(members))
}
