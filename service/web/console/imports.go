package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/auth"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/imports"
	"seedbook/service/roster"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errImportKind reports a kind of import that there is not.
var errImportKind = fault.New(fault.NotFound, "console.imports.no_kind")

// shownImports is how many imports a page lists.
const shownImports = 50

// importing is the desk of an import.
func (c *Console) importing(v visit) imports.Desk {
	return imports.Desk{Who: v.Who(), Keys: c.Keys, Program: v.program, At: v.at}
}

// importStates are the states that the list is narrowed by.
var importStates = []imports.State{imports.Received, imports.Checked, imports.Applying, imports.Applied, imports.Undone, imports.Discarded}

// imports lists everything that was ever imported, of all kinds.
func (c *Console) imports(g *gin.Context, v visit) error {
	view := pages.Imports{Base: v.base(), Kind: g.Query("kind"), State: g.Query("state")}
	filter := imports.Filter{Kind: imports.Kind(view.Kind), State: view.State}
	if before, err := time.Parse(time.RFC3339Nano, g.Query("before")); err == nil {
		filter.Before = before
	}
	var lines []imports.Line
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		lines, err = imports.List(ctx, q, v.program.ID, filter, shownImports)
		return err
	})
	if err != nil {
		return err
	}
	w := v.words
	view.Kinds, view.States = []parts.Choice{{Text: w.T("console.imports.all_kinds")}}, []parts.Choice{{Text: w.T("console.imports.all_states")}}
	for _, k := range imports.Kinds {
		view.Kinds = append(view.Kinds, parts.Choice{Value: string(k), Text: w.T("console.imports.kinds." + string(k))})
		if v.May(auth.ImportFiles) {
			view.Begin = append(view.Begin, parts.Link{Text: w.T("console.imports.kinds." + string(k)), To: v.base() + "/imports/new/" + string(k)})
		}
	}
	for _, s := range importStates {
		view.States = append(view.States, parts.Choice{Value: string(s), Text: w.T("console.imports.states." + string(s))})
	}
	for _, l := range lines {
		view.Lines = append(view.Lines, importLine(v, l))
	}
	if len(lines) == shownImports {
		q := url.Values{"kind": {view.Kind}, "state": {view.State}, "before": {lines[len(lines)-1].At.Format(time.RFC3339Nano)}}
		view.Next = v.base() + "/imports?" + q.Encode()
	}
	p := c.page(g, v, w.T("console.imports.title"))
	p.Lead = w.T("console.imports.lead")
	return c.show(g, pages.ImportsPage(p, view))
}

func importLine(v visit, l imports.Line) pages.ImportLine {
	to := importPath(v, imports.ID(l.ID))
	if l.Kind.Staged() {
		to = rosterPath(v, roster.ID(l.ID))
	}
	return pages.ImportLine{Name: l.Name, To: to, Kind: v.words.T("console.imports.kinds." + string(l.Kind)), Source: l.Source, Agreement: l.Agreement,
		Ended: !l.Until.IsZero() && v.today().After(l.Until), State: importTag(v, imports.State(l.State)), Rows: l.Rows, New: l.New, Rejected: l.Rejected,
		Open: l.Open, By: actor(v, l.By), At: l.At.In(v.at.Location())}
}

func importTag(v visit, s imports.State) parts.Status {
	tone := map[imports.State]parts.Tone{imports.Received: parts.Caution, imports.Checked: parts.Info, imports.Applying: parts.Caution, imports.Applied: parts.Good}[s]
	if tone == "" {
		tone = parts.Quiet
	}
	return parts.Status{Text: v.words.T("console.imports.states." + string(s)), Tone: tone}
}

func importPath(v visit, id imports.ID) string {
	return v.base() + "/imports/files/" + strconv.FormatInt(int64(id), 10)
}

func importID(g *gin.Context) (imports.ID, error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, web.ErrNoPage
	}
	return imports.ID(id), nil
}

func importKind(g *gin.Context) (imports.Kind, error) {
	k := imports.Kind(g.Param("kind"))
	if !slices.Contains(imports.Kinds, k) {
		return "", errImportKind
	}
	return k, nil
}

// newImport is the form that takes a file of a kind.
func (c *Console) newImport(g *gin.Context, v visit) error {
	k, err := importKind(g)
	if err != nil {
		return err
	}
	return c.showNewImport(g, v, http.StatusOK, k, pages.NewImport{EnrollOn: v.today().String()}, nil)
}

func (c *Console) showNewImport(g *gin.Context, v visit, status int, k imports.Kind, view pages.NewImport, problems []parts.Problem) error {
	var sources []imports.Source
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		sources, err = imports.Sources(ctx, q, v.program.ID)
		return err
	})
	if err != nil {
		return err
	}
	w := v.words
	for _, s := range sources {
		view.Sources = append(view.Sources, s.Name)
	}
	if k != imports.Rosters {
		view.EnrollOn = ""
	}
	view.Post = v.base() + "/imports/new/" + string(k)
	view.Hint, view.Accept = w.T("console.imports.hints."+string(k)), ".csv,.xlsx,.zip,text/csv"
	for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
		view.Samples = append(view.Samples, parts.Link{Text: w.T("console.imports.sample_as." + string(f)), To: v.base() + "/imports/sample/" + string(k) + "." + string(f)})
	}
	fields, _ := imports.Fields(k)
	for _, f := range fields {
		view.Columns = append(view.Columns, parts.Row{Term: f, Value: w.T("console.imports.fields." + f)})
	}
	p := c.page(g, v, w.T("console.imports.new_title", i18n.Args{"kind": w.T("console.imports.kinds." + string(k))}), importsLink(v))
	p.Lead, p.Problems = w.T("console.imports.leads."+string(k)), problems
	return c.hall.Show(g, status, pages.NewImportPage(p, view))
}

func importsLink(v visit) parts.Link {
	return parts.Link{Text: v.words.T("console.nav.imports"), To: v.base() + "/imports"}
}

// uploadImport takes a file in and leads to what it would do. The same file
// again leads to where it is.
func (c *Console) uploadImport(g *gin.Context, v visit) error {
	k, err := importKind(g)
	if err != nil {
		return err
	}
	u, err := readImport(g, k, v)
	view := pages.NewImport{Source: u.Source, EnrollOn: dayOrToday(v, u.EnrollOn)}
	var to string
	if err == nil {
		to, err = c.takeIn(g, v, u)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		for i := range problems {
			if problems[i].Field == "" {
				problems[i].Field = "file"
			}
		}
		return c.showNewImport(g, v, web.Status(err), k, view, problems)
	}
	if f, ok := fault.Of(err); ok && f.Is(imports.ErrExpired) {
		return c.showNewImport(g, v, web.Status(err), k, view, []parts.Problem{{Field: "source", Text: v.words.Fault(f)}})
	}
	if err != nil {
		return err
	}
	return web.See(g, to, "", 0)
}

func dayOrToday(v visit, d ledger.Date) string {
	if d.IsZero() {
		return v.today().String()
	}
	return d.String()
}

// readImport reads the form that a file comes in.
func readImport(g *gin.Context, k imports.Kind, v visit) (u imports.Upload, err error) {
	f, err := web.ReadForm(g)
	if err != nil {
		return u, err
	}
	u.Kind, u.Source, u.EnrollOn = k, f.Text("source"), v.today()
	if k == imports.Rosters {
		u.EnrollOn = f.Date("enroll_on")
	}
	if u.Data, u.FileName, err = f.File("file"); err != nil {
		return u, err
	}
	return u, f.Err()
}

// takeIn receives a file and says where it is to be seen.
func (c *Console) takeIn(g *gin.Context, v visit, u imports.Upload) (to string, err error) {
	if u.Kind.Staged() {
		return c.receive(g, v, roster.Upload{Kind: string(u.Kind), Source: u.Source, FileName: u.FileName, Data: u.Data, EnrollOn: u.EnrollOn})
	}
	r, err := imports.Receive(g.Request.Context(), c.DB, c.importing(v), u)
	if f, ok := fault.Of(err); ok && f.Is(imports.ErrSame) {
		if id, ok := f.Args["id"].(int64); ok {
			return importPath(v, imports.ID(id)) + "?done=import_same", nil
		}
	}
	if err != nil {
		return "", err
	}
	if r.State == imports.Received {
		return importPath(v, r.File) + "/columns", nil
	}
	return importPath(v, r.File), nil
}

// importSample sends a file to begin with.
func (c *Console) importSample(g *gin.Context, _ visit) error {
	name := g.Param("file")
	for _, k := range imports.Kinds {
		for _, f := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			if name == string(k)+"."+string(f) {
				return web.Stream(g, f.Type(), "sample-"+name, func(w io.Writer) error { return imports.Sample(w, f, k) })
			}
		}
	}
	return errImportKind
}
