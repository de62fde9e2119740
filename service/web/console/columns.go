package console

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/fault"
	"seedbook/service/imports"
	"seedbook/service/roster"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/tabular"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// shownRows is how many rows of a file its columns' page shows.
const shownRows = 3

// receive stages a roster. A CSV whose columns nobody has explained yet is kept
// while somebody does.
func (c *Console) receive(g *gin.Context, v visit, u roster.Upload) (to string, err error) {
	r, err := imports.Receive(g.Request.Context(), c.DB, c.importing(v), imports.Upload{
		Kind: imports.Kind(cmp.Or(u.Kind, roster.OfSchools)), Source: u.Source, FileName: u.FileName, Data: u.Data, Roster: u.Mapping, EnrollOn: u.EnrollOn})
	if f, ok := fault.Of(err); ok && f.Is(imports.ErrSame) {
		if id, ok := f.Args["id"].(int64); ok {
			return rosterPath(v, roster.ID(id)) + "?done=import_same", nil
		}
	}
	if errors.Is(err, rosterfile.ErrNeedsMapping) {
		if _, _, err := peek(u); err != nil {
			return "", err
		}
		return v.base() + "/rosters/columns/" + c.rosterFiles.keep(v, u), nil
	}
	return rosterPath(v, r.Roster), err
}

// askColumns asks which column of a CSV is what, with a guess to begin with.
func (c *Console) askColumns(g *gin.Context, v visit) error {
	u, err := c.rosterFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	header, sample, err := peek(u)
	if err != nil {
		return err
	}
	m := rosterfile.Suggest(header, sample...)
	m.Births = u.Kind == roster.OfBirths
	return c.showColumns(g, v, http.StatusOK, u, m, nil)
}

func peek(u roster.Upload) (header []string, sample [][]string, err error) {
	return rosterfile.Peek(u.FileName, bytes.NewReader(u.Data), shownRows, tabular.Default)
}

func (c *Console) showColumns(g *gin.Context, v visit, status int, u roster.Upload, m rosterfile.Mapping, problems []parts.Problem) error {
	header, sample, err := peek(u)
	if err != nil {
		return err
	}
	w := v.words
	view := pages.Columns{Post: g.Request.URL.Path, DateFormat: string(m.DateFormat), School: m.Defaults[rosterfile.SchoolName], Header: header, Sample: sample}
	for _, f := range rosterfile.Fields {
		view.Fields = append(view.Fields, pages.ColumnField{Name: string(f), Label: w.T(string(f.Key())), Column: m.Columns[f]})
	}
	for _, f := range tabular.DateFormats {
		view.DateFormats = append(view.DateFormats, parts.Choice{Value: string(f), Text: string(f)})
	}
	p := c.page(g, v, w.T("console.columns.title"), parts.Link{Text: w.T("console.nav.rosters"), To: v.base() + "/rosters"})
	p.Lead = w.T("console.columns.lead", map[string]any{"file": u.FileName})
	p.Problems = problems
	return c.hall.Show(g, status, pages.ColumnsPage(p, view))
}

// saveColumns stages a CSV with the columns as somebody explained them; they are
// remembered for whoever sent it.
func (c *Console) saveColumns(g *gin.Context, v visit) error {
	u, err := c.rosterFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	m := rosterfile.Mapping{Name: u.Source, Births: u.Kind == roster.OfBirths, Columns: map[rosterfile.Field]string{}, DateFormat: tabular.DateFormat(f.Optional("date_format"))}
	for _, field := range rosterfile.Fields {
		if column := f.Optional(string(field)); column != "" {
			m.Columns[field] = column
		}
	}
	if school := f.Optional("school"); school != "" && m.Columns[rosterfile.SchoolName] == "" {
		m.Defaults = map[rosterfile.Field]string{rosterfile.SchoolName: school}
	}
	u.Mapping = &m
	var to string
	if err = errors.Join(f.Err(), m.Check()); err == nil {
		to, err = c.receive(g, v, u)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showColumns(g, v, web.Status(err), u, m, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, to, "", 0)
}

// readUpload reads the form that a roster comes in.
func readUpload(g *gin.Context) (u roster.Upload, err error) {
	f, err := web.ReadForm(g)
	if err != nil {
		return u, err
	}
	u.Source, u.EnrollOn = f.Text("source"), f.Date("enroll_on")
	if u.Data, u.FileName, err = f.File("file"); err != nil {
		return u, err
	}
	return u, f.Err()
}
