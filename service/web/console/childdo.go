package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/countersign"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// walk is a walk over the program as of today.
func (c *Console) walk(ctx context.Context, q sqlx.QueryerContext, v visit) (enroll.Walk, error) {
	return countersign.Walk(ctx, q, c.desk(v), v.program)
}

// doing is a command about a child as it was typed.
type doing struct {
	what string
	file childFile
	on   ledger.Date
	why  string
	key  string

	given, middle, surname string
	phone, email           string
	version                int
	ends                   []family.GuardianID
	school                 program.SchoolID
	grade                  string
	mistake                bool

	schools []program.School
	adults  []family.Adult
	typed   map[string]string
	paper   *attachment // nil where the command rests on no document
}

// papers are the commands that rest on a document, and its kind.
var papers = map[string]family.DocumentKind{"death": "death_certificate", "custody": "court_order", "rename": "name_change", "adoption": "adoption", "placement": "placement", "placement_ends": "placement"}

func (d *doing) exits() bool { return slices.Contains(enroll.Causes, enroll.Cause(d.what)) }

// askDo asks for what a command needs.
func (c *Console) askDo(g *gin.Context, v visit) error {
	d, refused, err := c.openDoing(g, v)
	if err != nil {
		return err
	}
	return c.showDoing(g, v, http.StatusOK, d, refused, nil, nil)
}

func (c *Console) openDoing(g *gin.Context, v visit) (d *doing, refused string, err error) {
	id, err := childID(g)
	if err != nil {
		return nil, "", err
	}
	d = &doing{what: g.Param("what"), key: formKey(), typed: map[string]string{"on": v.today().String()}}
	if !slices.Contains(doings, d.what) {
		return nil, "", web.ErrNoPage
	}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if err := c.openFrame(ctx, q, v, id, &d.file); err != nil {
			return err
		}
		no, err := c.refusal(ctx, q, v, &d.file, d.what)
		if err != nil {
			return err
		}
		if no != nil {
			refused = v.words.Fault(no)
		}
		if d.schools, err = program.Schools(ctx, q); err != nil {
			return err
		}
		if d.adults, err = family.Adults(ctx, q, v.Who(), c.Keys, id, v.today()); err != nil {
			return err
		}
		if kind, rests := papers[d.what]; rests {
			d.paper = &attachment{kind: kind, title: v.words.T("childfile.document_kinds." + string(kind)), closed: protected[d.what]}
			return d.paper.open(ctx, q, c, v, id)
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	p := d.file.Person
	d.version = d.file.version
	d.typed["given"], d.typed["middle"], d.typed["surname"] = p.Given, p.Middle, p.Family
	return d, refused, c.viewed(g, v, "child.viewed", []family.ChildID{id})
}

// do shows what a command would do, and does it once it is confirmed.
func (c *Console) do(g *gin.Context, v visit) error {
	d, refused, err := c.openDoing(g, v)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	step := f.Peek("step")
	d.read(f, v)
	if d.paper != nil && refused == "" {
		if err := d.paper.read(g, c, v, f, d.file.Child); err != nil {
			return err
		}
	}
	err = f.Err()
	var out *pages.Outcome
	var request approval.ID
	switch {
	case err != nil:
	case refused != "":
	case step == "do":
		request, err = c.carryOut(g, v, d)
	default:
		if out, err = c.lookAhead(g, v, d); err == nil && d.paper != nil {
			out.Facts = append(out.Facts, d.paper.row(v)...)
		}
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showDoing(g, v, web.Status(err), d, refused, problems, nil)
	}
	if err != nil {
		return err
	}
	if step != "do" || refused != "" {
		status := http.StatusOK
		if refused != "" {
			status = http.StatusConflict
		}
		return c.showDoing(g, v, status, d, refused, nil, out)
	}
	if request != 0 {
		return web.See(g, requestPath(request), "child_left_money", 0)
	}
	return web.See(g, childPath(v, d.file.Child), "child_done", 0)
}

// read takes the fields that the command asks for.
func (d *doing) read(f *web.Form, v visit) {
	d.key = f.Text("key")
	for _, name := range []string{"on", "why", "given", "middle", "surname", "phone", "email", "school", "grade", "back"} {
		if f.Has(name) {
			d.typed[name] = f.Peek(name)
		}
	}
	for _, field := range d.fields(v) {
		switch field.Name {
		case "on":
			if d.what == "come_back" && f.Peek("back") == "mistake" {
				f.Optional("on")
				continue
			}
			d.on = f.Date("on")
			if d.on.After(v.today()) {
				f.Fail("on", errFutureDay)
			}
		case "why":
			if d.why = f.Block("why", 4000); d.why == "" {
				f.Fail("why", family.ErrReason)
			}
		case "given":
			d.given = f.Text("given")
		case "middle":
			d.middle = f.Optional("middle")
		case "surname":
			d.surname = f.Text("surname")
		case "phone":
			d.phone = f.Optional("phone")
		case "email":
			d.email = f.Optional("email")
		case "school":
			d.school = program.SchoolID(f.Int("school", 1, 1<<31-1))
		case "grade":
			d.grade = f.Optional("grade")
		case "back":
			d.mistake = f.Choice("back", "again", "mistake") == "mistake"
		case "ends":
			for _, a := range d.adults {
				if slices.Contains(f.All("ends"), strconv.FormatInt(int64(a.ID), 10)) {
					d.ends = append(d.ends, a.ID)
				}
			}
		}
	}
	if f.Has("version") {
		d.version = f.Int("version", 1, 1<<31-1)
	}
}

// fields are what the command asks for.
func (d *doing) fields(v visit) (out []pages.FormField) {
	w := v.words
	text := func(name, kind string, optional bool) {
		out = append(out, pages.FormField{Field: parts.Field{Name: name, Label: w.T("childfile.field." + name), Type: kind, Value: d.typed[name], Optional: optional, MaxLength: 200}})
	}
	switch d.what {
	case "settle":
		return nil
	case "rename", "adoption":
		text("given", "", false)
		text("middle", "", true)
		text("surname", "", false)
	case "placement":
		out = append(out, pages.FormField{Field: parts.Field{Name: "given", Label: w.T("childfile.field.agency"), Value: d.typed["agency"], MaxLength: 200}})
		text("phone", "tel", true)
		text("email", "email", true)
	case "transfer":
		out = append(out, d.schoolField(v), d.gradeField(v))
	case "come_back":
		out = append(out, pages.FormField{As: "select", Field: parts.Field{Name: "back", Label: w.T("childfile.field.back"), Value: d.typed["back"]}, Choices: []parts.Choice{
			{Value: "again", Text: w.T("childfile.back.again")}, {Value: "mistake", Text: w.T("childfile.back.mistake")}}})
	}
	if d.what == "adoption" {
		out = append(out, d.endsField(v))
	}
	if d.what != "custody" {
		on := pages.FormField{Field: parts.Field{Name: "on", Label: w.T("childfile.field.on"), Hint: w.T("childfile.on." + d.kind()), Type: "date", Value: d.typed["on"], Optional: d.what == "come_back"}}
		out = append(out, on)
	}
	if d.what != "transfer" {
		out = append(out, pages.FormField{As: "area", Field: parts.Field{Name: "why", Label: w.T("childfile.field.why"), Hint: w.T("childfile.field.why_hint"), Value: d.typed["why"], MaxLength: 4000}})
	}
	if d.paper != nil {
		out = append(out, d.paper.fields(v)...)
	}
	return out
}

// kind is what the day of the command means.
func (d *doing) kind() string {
	switch {
	case d.what == "death":
		return "death"
	case d.exits():
		return "last"
	}
	return "first"
}

func (d *doing) schoolField(v visit) pages.FormField {
	f := pages.FormField{As: "select", Field: parts.Field{Name: "school", Label: v.words.T("childfile.field.school"), Value: d.typed["school"]}}
	for _, s := range d.schools {
		f.Choices = append(f.Choices, parts.Choice{Value: strconv.FormatInt(int64(s.ID), 10), Text: s.Name})
	}
	return f
}

func (d *doing) gradeField(v visit) pages.FormField {
	return pages.FormField{As: "select", Field: parts.Field{Name: "grade", Label: v.words.T("childfile.field.grade"), Value: d.typed["grade"], Optional: true}, Choices: gradeChoices(v)}
}

func gradeChoices(v visit) []parts.Choice {
	out := []parts.Choice{{Text: v.words.T("childfile.same_grade")}}
	for _, code := range []string{"PK", "KG", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"} {
		out = append(out, parts.Choice{Value: code, Text: grade(v, code)})
	}
	return out
}

func (d *doing) endsField(v visit) pages.FormField {
	f := pages.FormField{As: "boxes", Field: parts.Field{Name: "ends", Label: v.words.T("childfile.field.ends"), Hint: v.words.T("childfile.field.ends_hint")}}
	for _, a := range d.adults {
		if len(a.Rights) > 0 {
			f.Boxes = append(f.Boxes, pages.Box{Value: strconv.FormatInt(int64(a.ID), 10), Text: a.DisplayName(), Checked: slices.Contains(d.ends, a.ID)})
		}
	}
	return f
}

func (c *Console) showDoing(g *gin.Context, v visit, status int, d *doing, refused string, problems []parts.Problem, out *pages.Outcome) error {
	p := c.page(g, v, v.words.T("childfile.do."+d.what+".name"), c.under(v, &d.file)...)
	p.Lead, p.Problems = v.words.T("childfile.do."+d.what+".what"), problems
	path := childPath(v, d.file.Child)
	view := pages.Form{ChildFrame: pages.ChildFrame{Holds: d.file.frame(v, "").Holds}, Post: path + "/do/" + d.what, Fields: d.fields(v), Submit: v.words.T("childfile.look"),
		Back: parts.Link{Text: v.words.T("childfile.back_to", i18n.Args{"child": d.file.title(v)}), To: path}, Refused: refused, Preview: out}
	if d.what == "placement" {
		for i := range view.Fields {
			if view.Fields[i].Name == "given" {
				view.Fields[i].Value = ""
				if d.given != "" {
					view.Fields[i].Value = d.given
				}
			}
		}
	}
	view.Hidden = []parts.Carried{{Name: "key", Value: d.key}, {Name: "version", Value: strconv.Itoa(d.version)}}
	if out != nil {
		view.Submit = v.words.T("childfile.confirm." + d.kindOfConfirm())
		for _, f := range view.Fields {
			if f.As == "boxes" {
				for _, id := range d.ends {
					view.Hidden = append(view.Hidden, parts.Carried{Name: "ends", Value: strconv.FormatInt(int64(id), 10)})
				}
				continue
			}
			if f.As != "upload" {
				view.Hidden = append(view.Hidden, parts.Carried{Name: f.Name, Value: f.Value})
			}
		}
	}
	return c.hall.Show(g, status, pages.FormPage(p, view))
}

func (d *doing) kindOfConfirm() string {
	if d.exits() || d.what == "settle" {
		return "exit"
	}
	return "change"
}

// circumstanceOf is the command as its room takes it.
func (d *doing) circumstanceOf() enroll.Circumstance {
	return enroll.Circumstance{Child: d.file.Child, On: d.on, Why: d.why, Document: d.document(), Reference: d.key}
}

func (d *doing) leaving() enroll.Leaving {
	return enroll.Leaving{Child: d.file.Child, Cause: enroll.Cause(d.what), On: d.on, Why: d.why, Document: d.document(), Reference: d.key}
}

// document is what the command rests on.
func (d *doing) document() family.DocumentID {
	if d.paper == nil {
		return 0
	}
	return d.paper.id
}

// carryOut does a command, in one transaction.
func (c *Console) carryOut(g *gin.Context, v visit, d *doing) (request approval.ID, err error) {
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		w, err := c.walk(ctx, tx, v)
		if err != nil {
			return err
		}
		switch {
		case d.exits():
			_, request, err = enroll.Leave(ctx, tx, w, d.leaving(), v.words.T("childfile.reason."+d.what))
		case d.what == "settle":
			request, err = enroll.ProposeSettling(ctx, tx, w, d.file.Child, v.words.T("childfile.reason.settle"))
		case d.what == "come_back":
			err = enroll.ComeBack(ctx, tx, w, enroll.Return{Child: d.file.Child, On: d.on, Mistake: d.mistake, Why: d.why, Reference: d.key})
		default:
			err = c.change(ctx, tx, w, d)
		}
		return err
	})
	return request, err
}

func (c *Console) change(ctx context.Context, tx *sqlx.Tx, w enroll.Walk, d *doing) error {
	x := d.circumstanceOf()
	switch d.what {
	case "transfer":
		return family.SetSchoolings(ctx, tx, w.Who, []family.Schooling{{Child: d.file.Child, School: d.school, Grade: d.grade, From: d.on}}, w.At)
	case "rename":
		return enroll.Rename(ctx, tx, w, x, enroll.Name{Given: d.given, Middle: d.middle, Family: d.surname}, d.version, false)
	case "adoption":
		return enroll.Adopted(ctx, tx, w, enroll.Adoption{Circumstance: x, Given: d.given, Middle: d.middle, Family: d.surname, Version: d.version, Ends: d.ends})
	case "placement":
		return enroll.Placed(ctx, tx, w, x, family.Guardian{Given: d.given, Phone: d.phone, Email: d.email})
	case "placement_ends":
		return enroll.PlacementEnds(ctx, tx, w, x)
	case "homeless", "housed":
		return enroll.Homeless(ctx, tx, w, x, d.what == "homeless")
	case "custody":
		return enroll.Disputed(ctx, tx, w, x)
	}
	panic("a command that nobody carries out: " + d.what)
}

// lookAhead says what a command would do.
func (c *Console) lookAhead(g *gin.Context, v visit, d *doing) (*pages.Outcome, error) {
	out := &pages.Outcome{Says: []string{v.words.T("childfile.effect." + d.what)}}
	if !d.exits() && d.what != "settle" {
		if !d.on.IsZero() {
			out.Facts = []parts.Row{{Term: v.words.T("childfile.field.on"), Value: v.words.Date(d.on)}}
		}
		if d.what == "rename" || d.what == "adoption" {
			out.Facts = append(out.Facts, parts.Row{Term: v.words.T("childfile.new_name"), Value: family.Person{Given: d.given, Family: d.surname}.DisplayName()})
		}
		return out, nil
	}
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		w, err := c.walk(ctx, q, v)
		if err != nil {
			return err
		}
		book, err := rulesOrNone(ctx, q, v)
		if err != nil {
			return err
		}
		if d.what == "settle" {
			content, err := enroll.SettlingContent(ctx, q, w, d.file.Child)
			if err != nil {
				return err
			}
			out.Facts = append(out.Facts, parts.Row{Term: v.words.T("childfile.moved"), Value: v.words.Money(content.Total)})
			return nil
		}
		look, err := enroll.Foresee(ctx, q, w, d.leaving())
		if err == nil {
			exitOutcome(v, look, func(id string) string { return benefitName(v, book, id) }, out)
		}
		return err
	})
	return out, err
}

// exitOutcome tells what a child's leaving does: its money by owner and fund, the
// awards that stop, and the mail.
func exitOutcome(v visit, o enroll.Outlook, benefit func(string) string, out *pages.Outcome) {
	w := v.words
	out.Facts = []parts.Row{
		{Term: w.T("childfile.last_day"), Value: w.Date(o.On)},
		{Term: w.T("console.child.own"), Value: w.Money(o.Money.Own)}, {Term: w.T("console.child.awarded"), Value: w.Money(o.Money.Program)},
	}
	if !o.Ends {
		out.Says = []string{w.T("childfile.goes_on")}
	}
	moves := parts.Table{Caption: w.T("childfile.moves"), Columns: []parts.Column{{Name: w.T("childfile.owner")}, {Name: w.T("console.child.what")}, {Name: w.T("childfile.where")}, {Name: w.T("console.child.amount"), Number: true}}}
	row := func(owner, what, where string, amount ledger.Amount) {
		moves.Rows = append(moves.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(w.T("childfile.owners." + owner)), parts.Text(what), parts.Text(where), parts.Text(w.Money(amount))}})
	}
	for _, e := range o.Back {
		row("program", benefit(e.What)+" · "+periodName(v, e.Period), w.T("childfile.to.pool"), e.Before.Sub(e.After))
	}
	for _, p := range o.Parts {
		what := w.T("childfile.deposits")
		if p.Benefit != "" {
			what = benefit(p.Benefit)
		}
		row(string(p.Owner), what, w.T("childfile.to."+string(p.Destination)), p.Amount)
	}
	if len(moves.Rows) > 0 {
		out.Tables = append(out.Tables, moves)
		out.Says = append(out.Says, w.T("childfile.waits"))
	} else {
		out.Says = append(out.Says, w.T("childfile.stays"))
	}
	if o.Barred != "" {
		out.Says = append(out.Says, w.T("childfile.barred", i18n.Args{"kind": holdName(v, o.Barred)}))
	}
	stops := parts.Table{Caption: w.T("childfile.stops"), Columns: []parts.Column{{Name: w.T("console.child.what")}, {Name: w.T("console.child.amount"), Number: true}}}
	for _, e := range o.Stops {
		stops.Rows = append(stops.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(benefit(e.What) + " · " + periodName(v, e.Period)), parts.Text(w.Money(e.Before.Sub(e.After)))}})
	}
	if len(stops.Rows) > 0 {
		out.Tables = append(out.Tables, stops)
	}
}
