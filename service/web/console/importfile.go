package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/imports"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/sheet"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// importFile shows what a file would do, how far it is, or what it did.
func (c *Console) importFile(g *gin.Context, v visit) error {
	return c.showImport(g, v, http.StatusOK, nil)
}

func (c *Console) showImport(g *gin.Context, v visit, status int, problems []parts.Problem) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	var f imports.File
	var rejected []imports.Row
	var request approval.Request
	var funds map[string]fund.Fund
	var book *rules.Book
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if f, err = imports.Load(ctx, q, c.importing(v), id); err != nil {
			return err
		}
		if rejected, err = imports.Rows(ctx, q, id, imports.Rejected, 0, shownProblems); err != nil {
			return err
		}
		if funds, err = fundsByCode(ctx, q, v.program.ID); err != nil {
			return err
		}
		if book, err = program.RulesOn(ctx, q, v.program.ID, v.today()); errors.Is(err, program.ErrNoRules) {
			book, err = &rules.Book{}, nil
		}
		if err != nil {
			return err
		}
		request, err = approval.Open(ctx, q, approval.Undo, id.Subject())
		if errors.Is(err, approval.ErrNone) {
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	p := c.page(g, v, f.Name, importsLink(v))
	p.Problems = problems
	view := c.importView(v, f, rejected, funds, book)
	if request.ID != 0 {
		view.Request, view.Undo = parts.Link{Text: requestName(v, request), To: requestPath(request.ID)}, ""
	}
	if view.Work != nil && view.Work.Running {
		p.Reload = 3
		if g.GetHeader("HX-Request") == "true" {
			return c.show(g, parts.Progress(p, *view.Work))
		}
	}
	return c.hall.Show(g, status, pages.ImportPage(p, view))
}

func (c *Console) importView(v visit, f imports.File, rejected []imports.Row, funds map[string]fund.Fund, book *rules.Book) pages.Import {
	w, path := v.words, importPath(v, f.ID)
	view := pages.Import{State: importTag(v, f.State), Unpriced: f.Counts.Unpriced, About: importAbout(v, f),
		Summary: w.N("console.imports.summary", f.Counts.Rows, i18n.Args{"kind": w.T("console.imports.kinds." + string(f.Kind)), "source": f.Source.Name})}
	if f.State != imports.Received {
		view.Figures = importFigures(v, f)
		for _, l := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			view.Rows = append(view.Rows, parts.Link{Text: w.T("console.imports.rows_as." + string(l)), To: path + "/rows." + string(l)})
		}
	}
	view.Cost = importCost(v, f.Counts, funds, book)
	for _, r := range rejected {
		for _, problem := range r.Problems {
			view.Problems = append(view.Problems, pages.ImportProblem{Line: r.Line, Column: problem.Column, Text: problemText(w, problem)})
		}
	}
	view.More = f.Counts.By[imports.Rejected] - len(rejected)
	for _, n := range f.Counts.Notes {
		view.Notes = append(view.Notes, problemLine(v, n))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Counts.What)) {
		view.What = append(view.What, pages.FactCount{Name: name, Rows: f.Counts.What[name], New: f.Counts.What[name]})
	}
	if f.Counts.By[imports.Rejected] > 0 && !f.Purged && v.May(auth.ImportFiles) {
		for _, l := range []sheet.Format{sheet.CSV, sheet.XLSX} {
			view.Rejected = append(view.Rejected, parts.Link{Text: w.T("console.imports.rejected_as." + string(l)), To: path + "/rejected." + string(l)})
		}
		view.Again = v.base() + "/imports/new/" + string(f.Kind)
	}
	c.importDecision(v, f, &view)
	return view
}

// importDecision offers what can be done with a file now.
func (c *Console) importDecision(v visit, f imports.File, view *pages.Import) {
	w, path := v.words, importPath(v, f.ID)
	fresh := f.Counts.By[imports.New] + f.Counts.By[imports.Suspense]
	running := c.imported.Running(thing{v.Tenant, int64(f.ID)})
	if running || f.State == imports.Applying {
		view.Work = &parts.Work{ID: "work", Label: w.T("console.imports.applying"), Done: f.Done, Of: f.Counts.Rows, Running: running, Watch: path,
			Says: w.T("console.imports.progress", i18n.Args{"done": f.Done, "of": f.Counts.Rows})}
	}
	if !v.May(auth.ImportFiles) || running {
		return
	}
	view.Another = v.base() + "/imports/new/" + string(f.Kind)
	apply := path + "/record"
	if f.Kind == imports.Deposits {
		apply = path + "/post"
	}
	switch f.State {
	case imports.Received:
		view.Columns, view.NoColumns, view.Discard = path+"/columns", true, path+"/discard"
	case imports.Checked:
		view.Columns, view.Discard = path+"/columns", path+"/discard"
		if fresh > 0 {
			view.Apply, view.Confirm = apply, w.N("console.imports.apply", fresh)
			if f.Kind == imports.Deposits {
				view.Confirm = w.N("console.deposits.confirm", fresh, i18n.Args{"amount": f.Counts.Sums[imports.New].Add(f.Counts.Sums[imports.Suspense])})
			}
		}
	case imports.Applying:
		view.Apply, view.Confirm = apply, w.T("console.preview.resume")
	case imports.Applied:
		view.Undo, view.Done = path+"/undo", w.N("console.imports.done", fresh)
	}
}

func importFigures(v visit, f imports.File) (out []parts.Figure) {
	for _, o := range imports.Outcomes {
		if o == imports.Suspense && f.Kind != imports.Deposits {
			continue
		}
		figure := parts.Figure{Label: v.words.T("console.imports.outcomes." + string(o)), Value: v.words.Int(f.Counts.By[o]), Major: o == imports.New}
		if f.Kind == imports.Deposits {
			figure.Note = v.words.Money(f.Counts.Sums[o])
		}
		out = append(out, figure)
	}
	return append(out, parts.Figure{Label: v.words.T("console.preview.children"), Value: v.words.Int(f.Counts.Children)})
}

func importCost(v visit, n imports.Counts, funds map[string]fund.Fund, book *rules.Book) (out []pages.CostLine) {
	left := map[string]ledger.Amount{}
	for code, text := range n.Funds {
		if a, err := ledger.ParseAmount(text); err == nil {
			left[code] = a
		}
	}
	for _, cost := range n.Cost {
		left[cost.Fund] = left[cost.Fund].Sub(cost.Amount)
		out = append(out, pages.CostLine{Benefit: benefitName(v, book, cost.Benefit), Fund: cmp.Or(funds[cost.Fund].Name, v.words.T("console.preview.no_fund")),
			Children: cost.Children, Amount: cost.Amount, Left: left[cost.Fund], Short: left[cost.Fund].Sign() < 0})
	}
	return out
}

// importAbout is where a file came from and what became of it.
func importAbout(v visit, f imports.File) []parts.Row {
	w, zone := v.words, v.at.Location()
	out := []parts.Row{
		{Term: w.T("console.imports.source"), Value: f.Source.Name},
		{Term: w.T("console.sources.agreement"), Value: agreementText(v, f.Source)},
		{Term: w.T("console.imports.format"), Value: w.T("console.imports.format_is", i18n.Args{"format": string(f.Format), "encoding": f.Encoding})},
		{Term: w.T("console.files.received"), Value: w.Time(f.ReceivedAt.In(zone)) + " · " + actor(v, f.ReceivedBy)},
	}
	if !f.AppliedAt.IsZero() {
		out = append(out, parts.Row{Term: w.T("console.imports.states.applied"), Value: w.Time(f.AppliedAt.In(zone)) + " · " + actor(v, f.AppliedBy)})
	}
	if !f.UndoneAt.IsZero() {
		out = append(out, parts.Row{Term: w.T("console.imports.states.undone"), Value: w.Time(f.UndoneAt.In(zone)) + " · " + actor(v, f.UndoneBy)})
	}
	if f.Purged {
		out = append(out, parts.Row{Term: w.T("console.imports.kept"), Value: w.T("console.imports.purged")})
	}
	return append(out, parts.Row{Term: "SHA-256", Value: fmt.Sprintf("%x", f.SHA256[:8])})
}

func agreementText(v visit, s imports.Source) string {
	switch {
	case s.Agreement == "":
		return v.words.T("console.sources.not_noted")
	case s.Until.IsZero():
		return s.Agreement
	}
	return v.words.T("console.sources.holds", i18n.Args{"agreement": s.Agreement, "until": s.Until})
}

// applyImport applies the good rows of a file. What takes longer than a moment
// goes on behind the page, which shows how far it is.
func (c *Console) applyImport(g *gin.Context, v visit) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	var f imports.File
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		f, err = imports.Load(ctx, q, c.importing(v), id)
		return err
	})
	if err != nil {
		return err
	}
	if money := g.FullPath() == "/p/:program/imports/files/:id/post"; money != (f.Kind == imports.Deposits) {
		return web.ErrNoPage // what moves money is asked for with a fresh factor
	}
	done := c.imported.Start(&c.busy, thing{v.Tenant, int64(id)}, c.logged("import", int64(id), func() error {
		return imports.Apply(context.WithoutCancel(g.Request.Context()), c.DB, c.importing(v), id, func(int, int) {})
	}))
	err = within(done)
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showImport(g, v, web.Status(err), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, importPath(v, id), "", 0)
}

// discardImport puts a file aside.
func (c *Console) discardImport(g *gin.Context, v visit) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	if err := c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error { return imports.Discard(ctx, tx, c.importing(v), id) }); err != nil {
		return err
	}
	return web.See(g, importPath(v, id), "", 0)
}
