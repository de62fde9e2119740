package console

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/service/approval"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/imports"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// askUndo shows what undoing an import would do, or what is in the way.
func (c *Console) askUndo(g *gin.Context, v visit) error {
	return c.showUndo(g, v, http.StatusOK, "", nil)
}

func (c *Console) showUndo(g *gin.Context, v visit, status int, reason string, problems []parts.Problem) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	var f imports.File
	var u imports.Undoing
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if f, err = imports.Load(ctx, q, c.importing(v), id); err != nil {
			return err
		}
		u, err = imports.UndoOf(ctx, q, c.importing(v), id)
		return err
	})
	if err != nil {
		return err
	}
	p := c.page(g, v, v.words.T("console.imports.undo"), importsLink(v), parts.Link{Text: f.Name, To: importPath(v, id)})
	p.Lead, p.Problems = v.words.T("console.imports.undo_lead"), problems
	view := undoView(v, u)
	view.Reason, view.Back = reason, importPath(v, id)
	if len(u.Obstacles) == 0 {
		view.Post = importPath(v, id) + "/undo"
	}
	return c.hall.Show(g, status, pages.UndoImportPage(p, view))
}

func undoView(v visit, u imports.Undoing) pages.UndoImport {
	w := v.words
	view := pages.UndoImport{Money: u.Money, Confirm: w.N("console.imports.undo_do", u.Rows), Facts: []parts.Row{
		{Term: w.T("console.files.rows"), Value: w.Int(u.Rows)}, {Term: w.T("console.preview.children"), Value: w.Int(u.Content.Affected)},
	}}
	if u.Money {
		view.Confirm = w.T("console.imports.undo_ask")
		view.Facts = append(view.Facts, parts.Row{Term: w.T("console.preview.amount"), Value: w.Money(u.Content.Total)})
	}
	for _, o := range u.Obstacles {
		obstacle := pages.ImportObstacle{Text: w.N("console.imports.obstacles."+o.Code, o.N), More: o.N - len(o.Children)}
		for _, child := range o.Children {
			if child != 0 {
				obstacle.Children = append(obstacle.Children, parts.Link{Text: w.T("console.imports.child", i18n.Args{"no": int64(child)}), To: childPath(v, child)})
			}
		}
		view.Obstacles = append(view.Obstacles, obstacle)
	}
	return view
}

// undoImport undoes an import, or has it wait for another person where it moves
// money.
func (c *Console) undoImport(g *gin.Context, v visit) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	reason := form.Block("reason", 4000)
	var request approval.ID
	if err = form.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			err := imports.UndoAlone(ctx, tx, c.importing(v), id)
			if f, ok := fault.Of(err); ok && f.Is(approval.ErrNeeded) {
				request, err = imports.ProposeUndo(ctx, tx, c.importing(v), id, reason)
			}
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showUndo(g, v, web.Status(err), reason, problems)
	}
	switch {
	case err != nil:
		return err
	case request != 0:
		return web.See(g, requestPath(request), "request_asked", 0)
	}
	return web.See(g, importPath(v, id), "import_undone", 0)
}
