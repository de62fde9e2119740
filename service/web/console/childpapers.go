package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/paper"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// paperFile is what the page of a child's papers is made of.
type paperFile struct {
	childFile
	facts     []family.Fact
	consents  []family.Consent
	documents []family.Document
	notes     []family.Note
}

// file shows a child's holds, consents, papers and notes.
func (c *Console) file(g *gin.Context, v visit) error {
	return c.showFile(g, v, http.StatusOK, nil, nil, false)
}

func (c *Console) showFile(g *gin.Context, v visit, status int, problems []parts.Problem, typed map[string]string, meanwhile bool) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	var f paperFile
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if err = c.openFrame(ctx, q, v, id, &f.childFile); err != nil {
			return err
		}
		if f.facts, err = family.FactsOf(ctx, q, v.Who(), c.Keys, []family.ChildID{id}); err != nil {
			return err
		}
		if f.consents, err = family.ConsentsOf(ctx, q, id); err != nil {
			return err
		}
		if f.documents, err = family.DocumentsOf(ctx, q, v.Who(), c.Keys, id); err != nil {
			return err
		}
		f.notes, err = family.NotesOf(ctx, q, v.Who(), c.Keys, id)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.viewed(g, v, "child.file_viewed", []family.ChildID{id}); err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("childfile.tab.file"), c.under(v, &f.childFile)...)
	p.Lead, p.Problems = f.title(v), problems
	if meanwhile {
		purpose := v.words.T("childfile.purposes." + typed["purpose"])
		p.Meanwhile = consentsShown(v, f.consents).only(purpose, consentSays(v, typed["given"] == "yes", typed["consent_from"]))
	}
	return c.hall.Show(g, status, pages.FilePage(p, f.view(v, typed)))
}

func (f *paperFile) view(v visit, typed map[string]string) pages.File {
	w, path := v.words, childPath(v, f.Child)
	view := pages.File{ChildFrame: f.frame(v, "file"), Typed: typed, Key: formKey(), Today: v.today(), HoldPost: path + "/holds", NotePost: path + "/notes"}
	view.Shown = consentsShown(v, f.consents).seal()
	view.Says = []parts.Choice{{Value: "yes", Text: w.T("childfile.agrees")}, {Value: "no", Text: w.T("childfile.agrees_not")}}
	for _, k := range family.HoldKinds {
		view.HoldKinds = append(view.HoldKinds, parts.Choice{Value: string(k), Text: holdName(v, k) + ". " + blocks(v, k)})
	}
	for _, p := range family.Purposes {
		view.Purposes = append(view.Purposes, parts.Choice{Value: string(p), Text: w.T("childfile.purposes." + string(p))})
	}
	for _, k := range family.DocumentKinds {
		view.Kinds = append(view.Kinds, parts.Choice{Value: string(k), Text: w.T("childfile.document_kinds." + string(k))})
	}
	if v.May(auth.ChangeChildren) {
		view.ConsentPost, view.UploadPost = path+"/consents", path+"/documents"
	}
	for _, h := range f.holds {
		view.Holds = append(view.Holds, holdLine(v, path, h))
	}
	view.Consents = f.consentTable(v)
	view.OnFile = []parts.Choice{{Value: "0", Text: w.T("childfile.attach.none")}}
	for _, d := range f.documents {
		view.OnFile = append(view.OnFile, parts.Choice{Value: strconv.FormatInt(int64(d.ID), 10), Text: w.T("childfile.attach.one", i18n.Args{"title": d.Title, "on": v.program.Day(d.AddedAt)})})
		view.Documents = append(view.Documents, pages.DocumentLine{Title: d.Title, Kind: w.T("childfile.document_kinds." + string(d.Kind)), Note: actor(v, d.AddedBy) + ", " + w.Time(d.AddedAt.In(v.at.Location())),
			To: path + "/documents/" + strconv.FormatInt(int64(d.ID), 10)})
	}
	for _, n := range f.notes {
		view.Notes = append(view.Notes, pages.NoteLine{Text: n.Text, By: actor(v, n.By), At: n.At.In(v.at.Location()), Closed: n.Closed})
	}
	for _, name := range enroll.Protected {
		for _, x := range f.facts {
			if x.Name == name {
				view.Closed = append(view.Closed, parts.Row{Term: w.T("childfile.fact." + name), Value: factSays(v, x)})
			}
		}
	}
	return view
}

// consentsShown is what a family agrees to now, by purpose.
func consentsShown(v visit, all []family.Consent) (s shown) {
	for _, p := range family.Purposes {
		i := slices.IndexFunc(all, func(one family.Consent) bool { return one.Purpose == p })
		if i < 0 {
			s.add(v.words.T("childfile.purposes."+string(p)), "")
			continue
		}
		s.add(v.words.T("childfile.purposes."+string(p)), consentSays(v, all[i].Given, all[i].From.String()))
	}
	return s
}

func consentSays(v visit, given bool, from string) string {
	key := "childfile.agrees_not"
	if given {
		key = "childfile.agrees"
	}
	return v.words.T(key) + " · " + from
}

// factSays is what a protected fact says, and from which day.
func factSays(v visit, f family.Fact) string {
	key := "childfile.fact_yes"
	if f.Value == false {
		key = "childfile.fact_no"
	}
	return v.words.T(key, i18n.Args{"on": f.From})
}

func holdLine(v visit, path string, h family.Hold) pages.HoldLine {
	w := v.words
	line := pages.HoldLine{ID: strconv.FormatInt(h.ID, 10), Kind: holdName(v, h.Kind), Blocks: blocks(v, h.Kind), Why: h.Why, By: actor(v, h.PlacedBy), At: h.PlacedAt.In(v.at.Location())}
	switch {
	case !h.Open():
		line.Lifted = w.T("childfile.lifted_by", i18n.Args{"by": actor(v, h.LiftedBy), "at": w.Time(h.LiftedAt.In(v.at.Location())), "why": h.LiftedWhy})
	case h.PlacedBy == v.Who().Actor:
		line.Cannot = w.Fault(family.ErrHoldSamePerson)
	default:
		line.Lift = path + "/holds/" + line.ID
	}
	return line
}

func (f *paperFile) consentTable(v visit) parts.Table {
	w := v.words
	t := parts.Table{Caption: w.T("childfile.consents"), Columns: []parts.Column{{Name: w.T("childfile.purpose")}, {Name: w.T("childfile.consent_says")}, {Name: w.T("childfile.from")}, {Name: w.T("childfile.by")}}}
	for _, p := range family.Purposes {
		said := false
		for _, one := range f.consents {
			if one.Purpose != p {
				continue
			}
			said = true
			says := parts.Status{Text: w.T("childfile.agrees"), Tone: parts.Good}
			if !one.Given {
				says = parts.Status{Text: w.T("childfile.agrees_not"), Tone: parts.Quiet}
			}
			t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(w.T("childfile.purposes." + string(p))), parts.Tagged(says), parts.Text(w.DateShort(one.From)), parts.Text(actor(v, one.By))}})
		}
		if !said {
			t.Rows = append(t.Rows, parts.TableRow{Cells: []parts.Cell{parts.Text(w.T("childfile.purposes." + string(p))), parts.Text(w.T("childfile.not_asked")), {}, {}}})
		}
	}
	return t
}

// filed writes what a form of the page of papers asks for, or shows the page again
// with what is wrong.
func (c *Console) filed(g *gin.Context, v visit, f *web.Form, notice string, typed map[string]string, fn func(ctx context.Context, tx *sqlx.Tx, child family.ChildID) error) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			if _, err := enroll.Of(ctx, tx, v.program.ID, id); err != nil {
				return err
			}
			return fn(ctx, tx, id)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showFile(g, v, web.Status(err), problems, typed, errors.Is(err, errMeanwhile))
	}
	if err != nil {
		return err
	}
	return web.See(g, childPath(v, id)+"/file", notice, 0)
}

// placeHold has a hold take effect.
func (c *Console) placeHold(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	typed := map[string]string{"kind": f.Peek("kind"), "why": f.Peek("why")}
	kind := f.Choice("kind", string(family.LegalHold), string(family.CustodyHold), string(family.FraudHold), string(family.DeathHold))
	order, err := c.handedIn(g, v, f, holdPapers[family.HoldKind(kind)], "hold-", typed)
	if err != nil {
		return err
	}
	hold := family.Hold{Kind: family.HoldKind(kind), Why: f.Block("why", 4000), Document: order}
	return c.filed(g, v, f, "hold_placed", typed, func(ctx context.Context, tx *sqlx.Tx, child family.ChildID) error {
		return family.PlaceHold(ctx, tx, v.Who(), c.Keys, child, hold, v.at)
	})
}

// holdPapers are the documents that holds rest on.
var holdPapers = map[family.HoldKind]family.DocumentKind{family.LegalHold: "court_order", family.CustodyHold: "court_order", family.FraudHold: "other", family.DeathHold: "death_certificate"}

// handedIn keeps the document that comes with a form of the page of papers, and has
// the form name it where the rest is refused.
func (c *Console) handedIn(g *gin.Context, v visit, f *web.Form, kind family.DocumentKind, prefix string, typed map[string]string) (family.DocumentID, error) {
	id, err := childID(g)
	if err != nil || kind == "" {
		return 0, err
	}
	a := attachment{kind: kind, title: v.words.T("childfile.document_kinds." + string(kind)), prefix: prefix}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if _, err := enroll.Of(ctx, q, v.program.ID, id); err != nil {
			return err
		}
		return a.open(ctx, q, c, v, id)
	})
	if err == nil {
		err = a.read(g, c, v, f, id)
	}
	typed[prefix+"document"] = strconv.FormatInt(int64(a.id), 10)
	return a.id, err
}

// liftHold ends another person's hold.
func (c *Console) liftHold(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	hold, err := strconv.ParseInt(g.Param("hold"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	field := "lift-" + g.Param("hold")
	why := f.Text(field)
	return c.filed(g, v, f, "hold_lifted", nil, func(ctx context.Context, tx *sqlx.Tx, child family.ChildID) error {
		return family.LiftHold(ctx, tx, v.Who(), c.Keys, child, hold, why, v.at)
	})
}

// recordConsent writes down what a family agrees to, or does no more.
func (c *Console) recordConsent(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	var purposes []string
	for _, p := range family.Purposes {
		purposes = append(purposes, string(p))
	}
	consent := family.Consent{Purpose: family.Purpose(f.Choice("purpose", purposes...)), Given: f.Choice("given", "yes", "no") == "yes", From: f.Date("consent_from"), Reference: f.Text("key")}
	if consent.From.After(v.today()) {
		f.Fail("consent_from", errFutureDay)
	}
	typed := map[string]string{}
	for _, name := range []string{"purpose", "given", "consent_from"} {
		typed[name] = f.Peek(name)
	}
	if consent.Document, err = c.handedIn(g, v, f, "consent", "consent-", typed); err != nil {
		return err
	}
	return c.filed(g, v, f, "consent_recorded", typed, func(ctx context.Context, tx *sqlx.Tx, child family.ChildID) error {
		all, err := family.ConsentsOf(ctx, tx, child)
		if err == nil && !slices.ContainsFunc(all, func(one family.Consent) bool { return one.Reference == consent.Reference }) {
			err = consentsShown(v, all).check(f)
		}
		if err != nil {
			return err
		}
		consent.Child = child
		return family.RecordConsent(ctx, tx, v.Who(), c.Keys, consent, v.today(), v.at)
	})
}

// writeNote keeps a note.
func (c *Console) writeNote(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	n := family.Note{Text: f.Block("text", 4000), Reference: f.Text("key")}
	return c.filed(g, v, f, "note_written", map[string]string{"text": n.Text}, func(ctx context.Context, tx *sqlx.Tx, child family.ChildID) error {
		return family.WriteNote(ctx, tx, v.Who(), c.Keys, child, n, v.at)
	})
}

// addDocument keeps a paper.
func (c *Console) addDocument(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	var kinds []string
	for _, k := range family.DocumentKinds {
		kinds = append(kinds, string(k))
	}
	d := family.Document{Kind: family.DocumentKind(f.Choice("document_kind", kinds...)), Title: f.Text("title"), Closed: f.Checked("closed")}
	content, _, fileErr := f.File("file")
	return c.filed(g, v, f, "document_added", map[string]string{"title": d.Title}, func(ctx context.Context, tx *sqlx.Tx, child family.ChildID) error {
		if fileErr != nil {
			return fileErr
		}
		_, err := family.AddDocument(ctx, tx, v.Who(), c.Keys, child, d, content, v.at)
		return err
	})
}

// document sends a paper to be saved. The browser runs nothing of it.
func (c *Console) document(g *gin.Context, v visit) error {
	id, err := childID(g)
	if err != nil {
		return err
	}
	no, err := strconv.ParseInt(g.Param("document"), 10, 64)
	if err != nil {
		return web.ErrNoPage
	}
	var d family.Document
	var content []byte
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if _, err := enroll.Of(ctx, q, v.program.ID, id); err != nil {
			return err
		}
		d, content, err = family.OpenDocument(ctx, q, v.Who(), c.Keys, id, family.DocumentID(no))
		return err
	})
	if errors.Is(err, family.ErrNoDocument) {
		return web.ErrNoPage
	}
	if err != nil {
		return err
	}
	if err := audit.Viewed(g.Request.Context(), c.DB, v.Who(), "child.document_viewed", []int64{int64(id)}, v.at); err != nil {
		return err
	}
	return web.Download(g, d.Media, "document-"+strconv.FormatInt(no, 10)+paper.Extension(d.Media), content)
}
