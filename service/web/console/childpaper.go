package console

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/family"
	"seedbook/service/i18n"
	"seedbook/service/paper"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// attachment is the document that a form about a child rests on: one that is on
// file already, or one that is handed in with the form.
//
// A file is sealed into the child's file when the form comes, whatever else of the
// form is refused: a browser sends no file twice, and what was handed in is kept.
// From then on the form names it.
type attachment struct {
	kind   family.DocumentKind
	title  string // what a document handed in is called
	closed bool   // only for who needs to know
	prefix string // of its fields' names, where a page has several such forms
	all    []family.Document
	id     family.DocumentID // chosen or handed in; 0: none
}

// open reads which documents are on file.
func (a *attachment) open(ctx context.Context, q sqlx.QueryerContext, c *Console, v visit, child family.ChildID) (err error) {
	a.all, err = family.DocumentsOf(ctx, q, v.Who(), c.Keys, child)
	return err
}

// read takes the choice of a form, and keeps the file that comes with it. What is
// wrong with a file stands among the form's faults.
func (a *attachment) read(g *gin.Context, c *Console, v visit, f *web.Form, child family.ChildID) error {
	if f.Peek(a.prefix+"document") != "" {
		a.id = family.DocumentID(f.Int(a.prefix+"document", 0, 1<<53))
	}
	if a.id != 0 && !slices.ContainsFunc(a.all, func(d family.Document) bool { return d.ID == a.id }) {
		f.Fail(a.prefix+"document", family.ErrNoDocument)
		a.id = 0
	}
	if !f.Attached(a.prefix + "file") {
		return nil
	}
	content, _, err := f.File(a.prefix + "file")
	if err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		d := family.Document{Kind: a.kind, Title: a.title, Closed: a.closed}
		a.id, err = family.AddDocument(ctx, tx, v.Who(), c.Keys, child, d, content, v.at)
		if err != nil {
			return err
		}
		return a.open(ctx, tx, c, v, child)
	})
	if failFile(f, a.prefix+"file", err) {
		return nil
	}
	return err
}

// failFile puts a file's refusal beside its field.
func failFile(f *web.Form, name string, err error) bool {
	switch {
	case errors.Is(err, paper.ErrKind):
		f.Fail(name, paper.ErrKind)
	case errors.Is(err, paper.ErrSize):
		f.Fail(name, paper.ErrSize)
	default:
		return false
	}
	return true
}

// fields are the choice among what is on file, and the place for a new file.
func (a *attachment) fields(v visit) []pages.FormField {
	w := v.words
	choice := pages.FormField{As: "select", Field: parts.Field{Name: "document", Label: w.T("childfile.attach.on_file"), Optional: true}, Choices: []parts.Choice{{Value: "0", Text: w.T("childfile.attach.none")}}}
	if a.id != 0 {
		choice.Value, choice.Hint = strconv.FormatInt(int64(a.id), 10), w.T("childfile.attach.kept")
	}
	for _, d := range a.all {
		if d.Kind == a.kind || d.ID == a.id {
			choice.Choices = append(choice.Choices, parts.Choice{Value: strconv.FormatInt(int64(d.ID), 10),
				Text: w.T("childfile.attach.one", i18n.Args{"title": d.Title, "on": v.program.Day(d.AddedAt)})})
		}
	}
	out := []pages.FormField{choice}
	if len(choice.Choices) == 1 {
		out = nil // nothing to choose from
	}
	return append(out, pages.FormField{As: "upload", Accept: paper.Accept, Field: parts.Field{Name: "file", Label: w.T("childfile.attach.file." + string(a.kind)), Hint: w.T("childfile.document_hint"), Optional: true}})
}

// row says in a preview what the form rests on.
func (a *attachment) row(v visit) []parts.Row {
	for _, d := range a.all {
		if d.ID == a.id {
			return []parts.Row{{Term: v.words.T("childfile.attach.rests_on"), Value: d.Title}}
		}
	}
	return nil
}
