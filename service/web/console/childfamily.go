package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/activation"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// homeFile is what the page of a child's family is made of.
type homeFile struct {
	childFile
	adults   []family.Adult
	access   []activation.Access
	siblings []family.Child
	schools  []family.School
}

func (c *Console) openHome(ctx context.Context, q sqlx.QueryerContext, v visit, id family.ChildID, f *homeFile) (err error) {
	if err = c.openFrame(ctx, q, v, id, &f.childFile); err != nil {
		return err
	}
	if f.adults, err = family.Adults(ctx, q, v.Who(), c.Keys, id, v.today()); err != nil {
		return err
	}
	family.SortAdults(f.adults)
	if f.access, err = activation.Accesses(ctx, q, v.Who(), c.Keys, id); err != nil {
		return err
	}
	if f.siblings, err = family.Siblings(ctx, q, v.Who(), c.Keys, id); err != nil {
		return err
	}
	f.schools, err = family.SchoolsOf(ctx, q, id)
	return err
}

// household shows who belongs to a child, and who may do what.
func (c *Console) household(g *gin.Context, v visit) error {
	return c.showHousehold(g, v, http.StatusOK, accessTyped{}, nil)
}

// accessTyped is whose an account is, as somebody said where it was refused.
type accessTyped struct {
	account   activation.AccountID
	guardian  string
	goes      bool
	meanwhile bool
}

func (c *Console) showHousehold(g *gin.Context, v visit, status int, typed accessTyped, problems []parts.Problem) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	var f homeFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error { return c.openHome(ctx, q, v, id, &f) })
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "child.family_viewed", []family.ChildID{id}); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("childfile.tab.family"), c.under(v, &f.childFile)...)
	p.Lead, p.Problems = f.title(v), problems
	view := pages.Household{ChildFrame: f.frame(v, "family"), Masked: !v.May(auth.SeeNames), Schools: f.schoolTable(v)}
	adopted := slices.ContainsFunc(f.Person.Formerly, func(n family.Named) bool { return n.Adoption })
	for _, a := range f.adults {
		if len(a.Rights) == 0 && adopted && !v.May(auth.SeeProtected) {
			continue // whose child it was, only who needs to know sees
		}
		view.Adults = append(view.Adults, adultCard(v, id, a))
	}
	if v.May(auth.SeeNames) && !(adopted && !v.May(auth.SeeProtected)) {
		for _, s := range f.siblings {
			view.Siblings = append(view.Siblings, parts.Row{Term: v.words.Date(s.Person.BornOn), Value: s.Person.DisplayName(), To: childPath(v, s.ID)})
		}
	}
	if v.May(auth.SeeProtected) {
		for _, n := range f.Person.Formerly {
			view.Former = append(view.Former, parts.Row{Term: v.words.T("childfile.until", i18n.Args{"day": n.Until}), Value: family.Person{Given: n.Given, Family: n.Family}.DisplayName()})
		}
	}
	if v.May(auth.ChangeChildren) {
		view.Add = childPath(v, id) + "/family/new"
	}
	view.Access = f.accessLines(v, typed)
	if i := slices.IndexFunc(f.access, func(a activation.Access) bool { return a.Account == typed.account }); typed.meanwhile && i >= 0 {
		guardian, _ := strconv.ParseInt(typed.guardian, 10, 64) // read before
		mine := activation.Access{Guardian: family.GuardianID(guardian)}
		p.Meanwhile = f.accessShown(v, f.access[i]).beside(f.accessShown(v, mine).now)
	}
	return c.hall.Show(g, status, pages.HouseholdPage(p, view))
}

func (f *homeFile) schoolTable(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("childfile.schools"), Columns: []parts.Column{{Name: w.T("childfile.field.school")}, {Name: w.T("childfile.field.grade")}, {Name: w.T("childfile.from")}, {Name: w.T("childfile.to_day")}}}
	for _, s := range f.schools {
		t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(s.Name), parts.Text(grade(v, s.Grade)), parts.Text(w.DateShort(s.From)), parts.Text(w.DateShort(s.To))}})
	}
	return t
}

// adultCard shows a guardian, masked for who does not see names.
func adultCard(v visit, child family.ChildID, a family.Adult) pages.AdultCard {
	w := v.words
	card := pages.AdultCard{Name: a.DisplayName()}
	if !v.May(auth.SeeNames) {
		card.Name = masked(family.Person{Given: a.Given, Family: a.Family})
	}
	add := func(key, value string) {
		if value != "" {
			card.Facts = append(card.Facts, parts.Row{Term: w.T("childfile.field." + key), Value: value})
		}
	}
	if a.Agency && v.May(auth.SeeProtected) {
		add("kind", w.T("childfile.agency"))
	}
	add("relationship", a.Relationship)
	add("language", languageName(a.Language))
	if v.May(auth.SeeNames) {
		add("phone", a.Phone)
		add("email", a.Email)
		add("address", a.Address)
	}
	for _, r := range family.Rights {
		card.Rights = append(card.Rights, pages.Box{Text: w.T("childfile.right." + string(r)), Checked: a.May(r)})
	}
	if len(a.Set) == 0 {
		card.Since = []string{w.T("childfile.rights_by_school")}
	}
	for _, s := range a.Set {
		card.Since = append(card.Since, rightsLine(v, s))
	}
	if v.May(auth.ChangeChildren) {
		card.Edit = childPath(v, child) + "/family/" + strconv.FormatInt(int64(a.ID), 10)
	}
	return card
}

func rightsLine(v visit, s family.Guardianship) string {
	w := v.words
	var rights []string
	for _, r := range s.Rights {
		rights = append(rights, w.T("childfile.right."+string(r)))
	}
	what := w.List(rights)
	if what == "" {
		what = w.T("childfile.no_rights")
	}
	key := "childfile.rights_from"
	if !s.To.IsZero() {
		key = "childfile.rights_from_to"
	}
	line := w.T(key, i18n.Args{"from": s.From, "to": s.To, "what": what})
	if s.Order != "" && v.May(auth.SeeProtected) {
		line += " " + w.T("childfile.order", i18n.Args{"order": s.Order})
	}
	return line
}

// accessShown is what is decided about an account, as people read it.
func (f *homeFile) accessShown(v visit, a activation.Access) (s shown) {
	whose, waits := v.words.T("childfile.nobody_knows"), ""
	for _, x := range f.adults {
		if x.ID == a.Guardian {
			whose = x.DisplayName()
		}
	}
	if a.PausedAt != nil {
		waits = v.words.T("childfile.paused")
	}
	s.add(v.words.T("childfile.whose"), whose)
	s.add(v.words.T("childfile.state"), waits)
	return s
}

func (f *homeFile) accessLines(v visit, typed accessTyped) (out []pages.AccessLine) {
	w := v.words
	choices := []parts.Choice{{Value: "0", Text: w.T("childfile.nobody_knows")}}
	names := map[family.GuardianID]string{}
	for _, a := range f.adults {
		names[a.ID] = a.DisplayName()
		choices = append(choices, parts.Choice{Value: strconv.FormatInt(int64(a.ID), 10), Text: a.DisplayName()})
	}
	for _, a := range f.access {
		line := pages.AccessLine{ID: strconv.FormatInt(int64(a.Account), 10), Who: w.T("childfile.account", i18n.Args{"no": strconv.FormatInt(int64(a.Account), 10)}), State: parts.Status{Text: w.T("childfile.sees"), Tone: parts.Good}, Value: strconv.FormatInt(int64(a.Guardian), 10)}
		line.Shown = f.accessShown(v, a).seal()
		if a.Account == typed.account {
			line.Value = typed.guardian
		}
		note := w.T("childfile.since", i18n.Args{"on": v.program.Day(a.Since), "by": w.T("childfile.granted." + a.By)})
		if v.May(auth.SeeNames) && len(a.Contacts) > 0 {
			note += " · " + w.List(a.Contacts)
		}
		line.Note = note
		set := slices.ContainsFunc(f.adults, func(x family.Adult) bool { return len(x.Set) > 0 })
		i := slices.IndexFunc(f.adults, func(x family.Adult) bool { return x.ID == a.Guardian })
		switch {
		case a.PausedAt != nil:
			line.State = parts.Status{Text: w.T("childfile.paused"), Tone: parts.Caution}
		case a.Guardian == 0 && set:
			line.State = parts.Status{Text: w.T("childfile.unknown"), Tone: parts.Caution}
		case i >= 0 && !f.adults[i].May(family.MayView):
			line.State = parts.Status{Text: w.T("childfile.sees_not"), Tone: parts.Quiet}
		}
		if i >= 0 && v.May(auth.SeeNames) {
			line.Who = names[a.Guardian]
		}
		if v.May(auth.ChangeChildren) {
			line.Post, line.Adults = childPath(v, f.Child)+"/access/"+line.ID, choices
		}
		out = append(out, line)
	}
	return out
}

// reviewAccess decides about an account of the families' pages.
func (c *Console) reviewAccess(g *gin.Context, v visit) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	account, err := strconv.ParseInt(g.Param("account"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		_, err := enroll.Of(ctx, q, v.program.ID, id)
		return err
	})
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := accessTyped{account: activation.AccountID(account), guardian: f.Peek("guardian-" + g.Param("account"))}
	guardian := f.Int("guardian-"+g.Param("account"), 0, 1<<31-1)
	typed.goes = f.Choice("goes", "on", "off") == "on"
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return c.decideAccess(ctx, tx, v, id, f, typed, family.GuardianID(guardian))
		})
	}
	typed.meanwhile = errors.Is(err, errMeanwhile)
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showHousehold(g, v, web.Status(err), typed, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, childPath(v, id)+"/family", "access_reviewed", 0)
}

// decideAccess decides as the form says, unless somebody else did meanwhile.
func (c *Console) decideAccess(ctx context.Context, tx *sqlx.Tx, v visit, id family.ChildID, f *web.Form, typed accessTyped, guardian family.GuardianID) error {
	var home homeFile
	if err := c.openHome(ctx, tx, v, id, &home); err != nil {
		return err
	}
	i := slices.IndexFunc(home.access, func(a activation.Access) bool { return a.Account == typed.account })
	if i < 0 {
		return activation.ErrNoAccess
	}
	if err := home.accessShown(v, home.access[i]).check(f); err != nil {
		return err
	}
	if guardian != 0 && !slices.ContainsFunc(home.adults, func(a family.Adult) bool { return a.ID == guardian }) {
		return family.ErrNoGuardian
	}
	return activation.Review(ctx, tx, v.Who(), id, typed.account, guardian, typed.goes, v.at)
}

// guardianForm is a guardian as typed.
type guardianForm struct {
	id    family.GuardianID // 0: a new one
	seen  string
	typed map[string]string
	may   []string
	there shown // what is on record
	stale bool  // somebody else saved it meanwhile
	file  homeFile
	key   string
	paper attachment // the order that the rights rest on
}

func (c *Console) openGuardian(g *gin.Context, v visit) (*guardianForm, error) {
	id, err := childID(g)
	if err != nil {
		return nil, err
	}
	x := &guardianForm{key: formKey(), typed: map[string]string{"from": v.today().String()}, may: rightNames(family.Rights)}
	x.paper = attachment{kind: "court_order", title: v.words.T("childfile.document_kinds.court_order")}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if err := x.paper.open(ctx, q, c, v, id); err != nil {
			return err
		}
		return c.openHome(ctx, q, v, id, &x.file)
	})
	if err != nil {
		return nil, err
	}
	if g.Param("guardian") == "new" {
		return x, c.viewed(g, v, "child.viewed", []family.ChildID{id})
	}
	no, err := strconv.ParseInt(g.Param("guardian"), 10, 64)
	if err != nil {
		return nil, web.ErrNoPage
	}
	i := slices.IndexFunc(x.file.adults, func(a family.Adult) bool { return int64(a.ID) == no })
	if i < 0 {
		return nil, family.ErrNoGuardian
	}
	a := x.file.adults[i]
	x.id, x.seen, x.may = a.ID, a.Seen, rightNames(a.Rights)
	for name, value := range map[string]string{"given": a.Given, "surname": a.Family, "phone": a.Phone, "email": a.Email, "relationship": a.Relationship, "language": a.Language, "address": a.Address} {
		x.typed[name] = value
	}
	x.there = x.says(v)
	return x, c.viewed(g, v, "child.family_viewed", []family.ChildID{id})
}

// guardianFields are a guardian's details, in the order of the form.
var guardianFields = []string{"given", "surname", "relationship", "phone", "email", "address", "language"}

// says is what the form says of a guardian, as people read it.
func (x *guardianForm) says(v visit) (s shown) {
	for _, name := range guardianFields {
		s.add(v.words.T("childfile.field."+name), x.typed[name])
	}
	var may []string
	for _, r := range x.may {
		may = append(may, v.words.T("childfile.right."+r))
	}
	s.add(v.words.T("childfile.rights"), v.words.List(may))
	return s
}

func rightNames(rights []family.Right) (out []string) {
	for _, r := range rights {
		out = append(out, string(r))
	}
	return out
}

// askGuardian asks for a guardian's details and rights.
func (c *Console) askGuardian(g *gin.Context, v visit) error {
	x, err := c.openGuardian(g, v)
	if err != nil {
		return err
	}
	return c.showGuardian(g, v, http.StatusOK, x, nil)
}

func (c *Console) showGuardian(g *gin.Context, v visit, status int, x *guardianForm, problems []parts.Problem) error {
	w := v.words
	title := w.T("childfile.add_adult")
	if x.id != 0 {
		title = w.T("childfile.edit_adult")
	}
	p := c.page(g, v, title, append(c.under(v, &x.file.childFile), parts.Link{Text: w.T("childfile.tab.family"), To: childPath(v, x.file.Child) + "/family"})...)
	p.Problems = problems
	view := pages.Form{ChildFrame: pages.ChildFrame{Holds: x.file.frame(v, "").Holds}, Post: childPath(v, x.file.Child) + "/family/" + cmpNew(x.id), Submit: w.T("childfile.save"),
		Back:   parts.Link{Text: w.T("childfile.back_to", i18n.Args{"child": x.file.title(v)}), To: childPath(v, x.file.Child) + "/family"},
		Hidden: []parts.Carried{{Name: "key", Value: x.key}, {Name: "seen", Value: x.seen}, {Name: sealName, Value: x.there.seal()}}}
	if x.stale {
		p.Meanwhile = x.there.beside(x.says(v).now)
	}
	text := func(name, kind string, optional bool) {
		view.Fields = append(view.Fields, pages.FormField{Field: parts.Field{Name: name, Label: w.T("childfile.field." + name), Type: kind, Value: x.typed[name], Optional: optional, MaxLength: 200}})
	}
	text("given", "", false)
	text("surname", "", true)
	text("relationship", "", true)
	text("phone", "tel", true)
	text("email", "email", true)
	text("address", "", true)
	languages := pages.FormField{As: "select", Field: parts.Field{Name: "language", Label: w.T("childfile.field.language"), Value: x.typed["language"], Optional: true}, Choices: []parts.Choice{{Text: w.T("childfile.childs_language")}}}
	for _, l := range i18n.Languages {
		languages.Choices = append(languages.Choices, parts.Choice{Value: l.Code, Text: l.Name})
	}
	rights := pages.FormField{As: "boxes", Field: parts.Field{Name: "rights", Label: w.T("childfile.rights"), Hint: w.T("childfile.rights_hint")}}
	for _, r := range family.Rights {
		rights.Boxes = append(rights.Boxes, pages.Box{Value: string(r), Text: w.T("childfile.right." + string(r)), Checked: slices.Contains(x.may, string(r))})
	}
	view.Fields = append(view.Fields, languages, rights)
	text("from", "date", false)
	text("to", "date", true)
	text("order", "", true)
	view.Fields = append(view.Fields, x.paper.fields(v)...)
	return c.hall.Show(g, status, pages.FormPage(p, view))
}

func cmpNew(id family.GuardianID) string {
	if id == 0 {
		return "new"
	}
	return strconv.FormatInt(int64(id), 10)
}

// saveGuardian saves a guardian's details, and its rights where they are others.
func (c *Console) saveGuardian(g *gin.Context, v visit) error {
	x, err := c.openGuardian(g, v)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	was := x.may
	for _, name := range []string{"given", "surname", "relationship", "phone", "email", "address", "language", "order", "from", "to"} {
		x.typed[name] = f.Peek(name)
	}
	now := x.seen
	x.key, x.seen = f.Text("key"), f.Optional("seen")
	guardian := family.Guardian{Given: f.Text("given"), Family: f.Optional("surname"), Relationship: f.Optional("relationship"), Phone: f.Optional("phone"), Email: f.Optional("email"),
		Address: f.Optional("address"), Language: f.Choice("language", "", "en", "es")}
	x.may = f.Choices("rights", rightNames(family.Rights)...)
	if err := x.paper.read(g, c, v, f, x.file.Child); err != nil {
		return err
	}
	set := family.Guardianship{Guardian: x.id, From: f.Date("from"), Order: f.Optional("order"), Document: x.paper.id, Reference: x.key}
	if x.typed["to"] != "" {
		set.To = f.Date("to")
	}
	for _, r := range x.may {
		set.Rights = append(set.Rights, family.Right(r))
	}
	changed := x.id == 0 || !slices.Equal(was, x.may) || set.Order != "" || set.Document != 0 || !set.To.IsZero()
	if err = f.Err(); err == nil && x.id != 0 {
		err = x.there.check(f)
	}
	if err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return c.putGuardian(ctx, tx, v, x, guardian, set, changed)
		})
	}
	if x.stale = errors.Is(err, errMeanwhile) || errors.Is(err, family.ErrMeanwhile); x.stale {
		x.seen = now // sent again, it takes the place of what is there now
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showGuardian(g, v, web.Status(err), x, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, childPath(v, x.file.Child)+"/family", "child_done", 0)
}

func (c *Console) putGuardian(ctx context.Context, tx *sqlx.Tx, v visit, x *guardianForm, guardian family.Guardian, set family.Guardianship, changed bool) (err error) {
	child := x.file.Child
	if err := family.Permit(ctx, tx, child, family.ToChange); err != nil {
		return err
	}
	if x.id == 0 {
		set.Guardian, err = family.AddGuardian(ctx, tx, v.Who(), c.Keys, child, guardian, v.at)
	} else {
		for _, a := range x.file.adults {
			if a.ID == x.id {
				guardian.Agency = a.Agency
			}
		}
		err = family.ChangeGuardian(ctx, tx, v.Who(), c.Keys, child, x.id, guardian, x.seen, v.at)
	}
	if err != nil || !changed {
		return err
	}
	return family.SetRights(ctx, tx, v.Who(), c.Keys, child, set, v.at)
}
