package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/duplicate"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errAlike reports a child on record with the same name and birth date.
var errAlike = fault.New(fault.Conflict, "childfile.alike")

// recordForm is a child's record as typed.
type recordForm struct {
	file    childFile // of the child on record; of a new one empty
	typed   map[string]string
	version int
	schools []program.School
	there   shown // what is on record, where somebody else saved it meanwhile
	anyway  bool  // it is another child, whoever is alike
	alike   bool
}

func (x *recordForm) known() bool { return x.file.Child != 0 }

var recordFields = []string{"given", "middle", "surname", "preferred", "born", "student", "street", "city", "state", "zip", "language", "school", "grade"}

// askNewChild asks for a child that no roster names.
func (c *Console) askNewChild(g *gin.Context, v visit) error {
	x := &recordForm{typed: map[string]string{"language": family.DefaultLanguage}}
	return c.showRecord(g, v, http.StatusOK, x, nil)
}

// askEdit asks for what a child's record should say.
func (c *Console) askEdit(g *gin.Context, v visit) error {
	x, err := c.openRecord(g, v)
	if err != nil {
		return err
	}
	return c.showRecord(g, v, http.StatusOK, x, nil)
}

func (c *Console) openRecord(g *gin.Context, v visit) (*recordForm, error) {
	id, err := childID(g)
	if err != nil {
		return nil, err
	}
	x := &recordForm{}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error { return c.openFrame(ctx, q, v, id, &x.file) })
	if err != nil {
		return nil, err
	}
	p := x.file.Person
	x.version = x.file.version
	x.typed = map[string]string{"given": p.Given, "middle": p.Middle, "surname": p.Family, "preferred": p.Preferred, "born": p.BornOn.String(), "student": p.StudentNumber,
		"street": p.Street, "city": p.City, "state": p.State, "zip": p.ZIP, "language": x.file.language}
	return x, c.viewed(g, v, "child.viewed", []family.ChildID{id})
}

func (c *Console) showRecord(g *gin.Context, v visit, status int, x *recordForm, problems []parts.Problem) error {
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		x.schools, err = program.Schools(ctx, q)
		return err
	})
	if err != nil {
		return err
	}
	w := v.words
	view := pages.Form{Post: v.base() + "/children/new", Submit: w.T("childfile.save"), Back: parts.Link{Text: w.T("console.nav.children"), To: v.base() + "/children"}}
	title, trail := w.T("childfile.new_child"), []parts.Link{{Text: w.T("console.nav.children"), To: v.base() + "/children"}}
	if x.known() {
		title, trail = w.T("childfile.do.edit.name"), c.under(v, &x.file)
		path := childPath(v, x.file.Child)
		view.Post, view.Back = path+"/edit", parts.Link{Text: w.T("childfile.back_to", i18n.Args{"child": x.file.title(v)}), To: path}
		view.ChildFrame = pages.ChildFrame{Holds: x.file.frame(v, "").Holds}
		view.Hidden = []parts.Carried{{Name: "version", Value: strconv.Itoa(x.version)}}
	}
	for _, name := range recordFields {
		if field, ok := x.field(v, name); ok {
			view.Fields = append(view.Fields, field)
		}
	}
	if x.alike {
		view.Fields = append(view.Fields, pages.FormField{As: "check", Field: parts.Field{Name: "anyway", Label: w.T("childfile.anyway")}})
	}
	p := c.page(g, v, title, trail...)
	p.Problems = problems
	p.Meanwhile = x.there.beside(func(label string) string {
		for _, f := range view.Fields {
			if f.Label == label {
				return f.Value
			}
		}
		return ""
	})
	return c.hall.Show(g, status, pages.FormPage(p, view))
}

// onRecord is what the record's form would show of it now.
func (x *recordForm) onRecord(v visit) (s shown) {
	for _, name := range recordFields {
		if f, ok := x.field(v, name); ok {
			s.add(f.Label, f.Value)
		}
	}
	return s
}

// field is one of the record's. Schools of a child on record are moved by a
// command of their own.
func (x *recordForm) field(v visit, name string) (f pages.FormField, ok bool) {
	f.Field = parts.Field{Name: name, Label: v.words.T("childfile.field." + name), Value: x.typed[name], MaxLength: 200, Optional: name != "given" && name != "surname" && name != "born"}
	switch name {
	case "born":
		f.Type, f.Optional = "date", x.known()
	case "zip":
		f.InputMode = "numeric"
	case "language":
		f.As = "select"
		for _, l := range i18n.Languages {
			f.Choices = append(f.Choices, parts.Choice{Value: l.Code, Text: l.Name})
		}
		if l := x.typed[name]; languageName(l) == l && l != "" {
			f.Choices = append(f.Choices, parts.Choice{Value: l, Text: l})
		}
	case "school", "grade":
		if x.known() {
			return f, false
		}
		f.As = "select"
		if name == "grade" {
			f.Choices = gradeChoices(v)
			f.Choices[0].Text = v.words.T("childfile.no_grade")
			return f, true
		}
		f.Choices = []parts.Choice{{Value: "0", Text: v.words.T("childfile.no_school")}}
		for _, s := range x.schools {
			f.Choices = append(f.Choices, parts.Choice{Value: strconv.FormatInt(int64(s.ID), 10), Text: s.Name})
		}
	}
	return f, true
}

// read takes the record as typed.
func (x *recordForm) read(f *web.Form, v visit) (p family.Person, language string) {
	for _, name := range recordFields {
		x.typed[name] = f.Peek(name)
	}
	p = x.file.Person
	p.Given, p.Middle, p.Family, p.Preferred = f.Optional("given"), f.Optional("middle"), f.Optional("surname"), f.Optional("preferred")
	p.StudentNumber, p.Street, p.City, p.State, p.ZIP = f.Optional("student"), f.Optional("street"), f.Optional("city"), f.Optional("state"), f.Optional("zip")
	p.BornOn = ledger.Date{}
	if x.typed["born"] != "" || !x.known() {
		p.BornOn = f.Date("born")
	}
	if p.BornOn.After(v.today()) {
		f.Fail("born", errFutureDay)
	}
	if p.Given == "" && p.Family == "" {
		f.Fail("given", family.ErrNameless)
	}
	offered := []string{x.file.language}
	for _, l := range i18n.Languages {
		offered = append(offered, l.Code)
	}
	language = f.Choice("language", offered...)
	x.anyway = f.Checked("anyway")
	return p, language
}

// addChild puts a child on record that no roster names, and asks the rules whether
// it may take part.
func (c *Console) addChild(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	x := &recordForm{typed: map[string]string{}}
	person, language := x.read(f, v)
	school := f.Int("school", 0, 1<<31-1)
	grade := f.Optional("grade")
	var id family.ChildID
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			id, err = c.putOnRecord(ctx, tx, v, x, family.NewChild{Person: person, Language: language}, program.SchoolID(school), grade)
			return err
		})
	}
	if errors.Is(err, errAlike) {
		x.alike = true
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showRecord(g, v, web.Status(err), x, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, childPath(v, id), "child_done", 0)
}

func (c *Console) putOnRecord(ctx context.Context, tx *sqlx.Tx, v visit, x *recordForm, n family.NewChild, school program.SchoolID, grade string) (family.ChildID, error) {
	if err := x.unlike(ctx, tx, c, v, n.Person); err != nil {
		return 0, err
	}
	ids, err := family.Add(ctx, tx, v.Who(), c.Keys, []family.New{{Children: []family.NewChild{n}}}, v.at)
	if err != nil {
		return 0, err
	}
	id := ids[0][0]
	if school != 0 {
		at := family.Schooling{Child: id, School: school, Grade: grade, From: v.today()}
		if err := family.SetSchoolings(ctx, tx, v.Who(), []family.Schooling{at}, v.at); err != nil {
			return 0, err
		}
	}
	w, err := c.walk(ctx, tx, v)
	if err != nil {
		return 0, err
	}
	if _, err := enroll.Admit(ctx, tx, v.Who(), c.Keys, v.program, w.Rules, []enroll.Application{{Child: id, On: v.today()}}, v.at); err != nil {
		return 0, err
	}
	_, err = duplicate.Look(ctx, tx, v.Who(), c.Keys, []family.ChildID{id}, v.at)
	return id, err
}

// unlike refuses a new record of the name and birth date of a child on record, and
// a child whose family opted out, unless somebody says that it is another.
func (x *recordForm) unlike(ctx context.Context, q sqlx.QueryerContext, c *Console, v visit, p family.Person) error {
	if x.anyway {
		return nil
	}
	found, err := family.Alike(ctx, q, v.Who(), c.Keys, []family.Person{p})
	if err != nil {
		return err
	}
	buried, err := family.Buried(ctx, q, v.Who(), c.Keys, v.program.ID, []family.Person{p})
	if err != nil {
		return err
	}
	if len(found[0]) > 0 || buried[0] {
		return errAlike.At("given")
	}
	return nil
}

// edit saves a child's record, unless somebody else did meanwhile.
func (c *Console) edit(g *gin.Context, v visit) error {
	x, err := c.openRecord(g, v)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	seen := f.Int("version", 1, 1<<31-1)
	there := x.onRecord(v)
	was := x.file.Person
	person, language := x.read(f, v)
	person = person.Moved(was, v.today())
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			change := family.Change{Child: x.file.Child, Person: person, Language: language}
			if err := family.Save(ctx, tx, v.Who(), c.Keys, change, seen, v.at); err != nil {
				return err
			}
			_, err := duplicate.Look(ctx, tx, v.Who(), c.Keys, []family.ChildID{x.file.Child}, v.at)
			return err
		})
	}
	if errors.Is(err, family.ErrMeanwhile) {
		x.there, x.version = there, x.file.version // what was typed is kept; sent again, it takes the place of what is there now
	} else {
		x.version = seen
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showRecord(g, v, web.Status(err), x, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, childPath(v, x.file.Child), "child_done", 0)
}
