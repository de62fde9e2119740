package console

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/i18n"
	"seedbook/service/imports"
	"seedbook/service/tabular"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// importColumns asks which column of a file is what.
func (c *Console) importColumns(g *gin.Context, v visit) error {
	return c.showImportColumns(g, v, http.StatusOK, nil, false, nil)
}

func (c *Console) showImportColumns(g *gin.Context, v visit, status int, typed *imports.Mapping, meanwhile bool, problems []parts.Problem) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	var f imports.File
	var m imports.Mapping
	var header []string
	var rows map[int][]string
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		d := c.importing(v)
		if f, err = imports.Load(ctx, q, d, id); err != nil {
			return err
		}
		if m, err = imports.LoadMapping(ctx, q, f.Source.ID, f.Kind); err != nil {
			return err
		}
		header, rows, err = imports.Table(ctx, q, d, id, nil, shownRows)
		return err
	})
	if err != nil {
		return err
	}
	there := mappingShown(v, f.Kind, m)
	if typed != nil {
		m = *typed
	}
	view := pages.ImportColumns{Post: g.Request.URL.Path, Shown: there.seal(), DateFormat: string(m.DateFormat), Header: header}
	for _, line := range slices.Sorted(maps.Keys(rows)) {
		view.Sample = append(view.Sample, rows[line])
	}
	fields, _ := imports.Fields(f.Kind)
	for _, field := range fields {
		column := m.Columns[field]
		if column == "" && slices.Contains(header, field) {
			column = field
		}
		view.Fields = append(view.Fields, pages.ColumnField{Name: field, Label: v.words.T("console.imports.fields." + field), Column: column})
	}
	for _, format := range tabular.DateFormats {
		view.DateFormats = append(view.DateFormats, parts.Choice{Value: string(format), Text: string(format)})
	}
	p := c.page(g, v, v.words.T("console.columns.title"), importsLink(v), parts.Link{Text: f.Name, To: importPath(v, id)})
	p.Lead, p.Problems = v.words.T("console.columns.lead", i18n.Args{"file": f.Name}), problems
	if meanwhile {
		p.Meanwhile = there.beside(mappingShown(v, f.Kind, m).now)
	}
	return c.hall.Show(g, status, pages.ImportColumnsPage(p, view))
}

// mappingShown is how a source's columns are explained, as people read it.
func mappingShown(v visit, k imports.Kind, m imports.Mapping) (s shown) {
	fields, _ := imports.Fields(k)
	for _, field := range fields {
		s.add(v.words.T("console.imports.fields."+field), m.Columns[field])
	}
	s.add(v.words.T("console.columns.date_format"), string(m.DateFormat))
	return s
}

// saveImportColumns checks a file with the columns as somebody explained them.
func (c *Console) saveImportColumns(g *gin.Context, v visit) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	m := imports.Mapping{Columns: map[string]string{}, DateFormat: tabular.DateFormat(form.Optional("date_format"))}
	for _, k := range imports.Kinds {
		fields, _ := imports.Fields(k)
		for _, field := range fields {
			if _, read := m.Columns[field]; read {
				continue
			}
			if column := form.Optional("column_" + field); column != "" {
				m.Columns[field] = column
			}
		}
	}
	state := imports.Received
	if err = form.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			file, err := imports.Load(ctx, tx, c.importing(v), id)
			if err != nil {
				return err
			}
			there, err := imports.LoadMapping(ctx, tx, file.Source.ID, file.Kind)
			if err == nil {
				err = mappingShown(v, file.Kind, there).check(form)
			}
			if err != nil {
				return err
			}
			state, err = imports.Explain(ctx, tx, c.importing(v), id, m)
			return err
		})
	}
	if err == nil && state == imports.Received {
		err = imports.ErrMapping
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showImportColumns(g, v, web.Status(err), &m, errors.Is(err, errMeanwhile), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, importPath(v, id), "", 0)
}
