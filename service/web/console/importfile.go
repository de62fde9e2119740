package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/audit"
	"seedbook/service/auth"
	"seedbook/service/enroll"
	"seedbook/service/family"
	"seedbook/service/fault"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/imports"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/rules"
	"seedbook/service/sheet"
	"seedbook/service/tabular"
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
	running := c.imported.running(v.Tenant, roster.ID(f.ID))
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
	done := c.imported.start(&c.busy, c.hall.Log(), v.Tenant, roster.ID(id), func() error {
		return imports.Apply(context.WithoutCancel(g.Request.Context()), c.DB, c.importing(v), id, func(int, int) {})
	})
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

// importColumns asks which column of a file is what.
func (c *Console) importColumns(g *gin.Context, v visit) error {
	return c.showImportColumns(g, v, http.StatusOK, nil, nil)
}

func (c *Console) showImportColumns(g *gin.Context, v visit, status int, typed *imports.Mapping, problems []parts.Problem) error {
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
	if typed != nil {
		m = *typed
	}
	view := pages.ImportColumns{Post: g.Request.URL.Path, DateFormat: string(m.DateFormat), Header: header}
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
	return c.hall.Show(g, status, pages.ImportColumnsPage(p, view))
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
			state, err = imports.Explain(ctx, tx, c.importing(v), id, m)
			return err
		})
	}
	if err == nil && state == imports.Received {
		err = imports.ErrMapping
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showImportColumns(g, v, web.Status(err), &m, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, importPath(v, id), "", 0)
}

// importRows sends every row of a file with what became of it. It has account
// numbers and no names.
func importRows(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.sendImportRows(g, v, f) }
}

const rowsChunk = 5000

func (c *Console) sendImportRows(g *gin.Context, v visit, f sheet.Format) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	w := v.words
	columns := []sheet.Column{{Name: w.T("console.preview.line"), Kind: sheet.Number}, {Name: w.T("console.preview.consequence")}, {Name: w.T("console.facts.of")},
		{Name: w.T("console.facts.name")}, {Name: w.T("console.facts.reference")}, {Name: w.T("console.preview.amount"), Kind: sheet.Money}, {Name: w.T("console.preview.problem")}}
	name := v.program.Code + "-import-" + strconv.FormatInt(int64(id), 10) + "-rows." + string(f)
	if err := c.noteFile(g, v, "import.rows_exported", int64(id)); err != nil {
		return err
	}
	return web.Stream(g, f.Type(), name, func(to io.Writer) error {
		out, err := sheet.New(to, f, w.T("console.imports.title"), columns)
		if err != nil {
			return err
		}
		for after := 0; ; {
			rows, accounts, err := c.importRowsPage(g, v, id, after)
			if err != nil {
				return err
			}
			for i, r := range rows {
				after = r.Line
				var amount any
				if r.Amount.Sign() != 0 {
					amount = r.Amount
				}
				if err := out.Row(r.Line, w.T("console.imports.outcomes."+string(r.Outcome)), accounts[i], r.What, r.Reference, amount, problemsText(v, r.Problems)); err != nil {
					return err
				}
			}
			if len(rows) < rowsChunk {
				return out.Close()
			}
		}
	})
}

func (c *Console) importRowsPage(g *gin.Context, v visit, id imports.ID, after int) (rows []imports.Row, accounts []string, err error) {
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if _, err := imports.Load(ctx, q, c.importing(v), id); err != nil {
			return err
		}
		if rows, err = imports.Rows(ctx, q, id, "", after, rowsChunk); err != nil {
			return err
		}
		ids := make([]family.ChildID, len(rows))
		for i, r := range rows {
			ids[i] = r.Child
		}
		enrollments, err := enroll.Accounts(ctx, q, v.program.ID, ids)
		accounts = make([]string, len(rows))
		for i, r := range rows {
			if e, ok := enrollments[r.Child]; ok {
				accounts[i] = e.String()
			}
		}
		return err
	})
	return rows, accounts, err
}

func problemsText(v visit, problems []tabular.Problem) (text string) {
	for _, p := range problems {
		if text != "" {
			text += " "
		}
		if p.Column != "" {
			text += p.Column + ": "
		}
		text += problemText(v.words, p)
	}
	return text
}

// noteFile leaves in the trail that a file went out.
func (c *Console) noteFile(g *gin.Context, v visit, verb string, id int64) error {
	return c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
		return audit.Record(ctx, tx, v.Who(), []audit.Event{{Verb: verb, Kind: "import", Subject: id, Program: int32(v.program.ID)}}, v.at)
	})
}

// importRejected sends the rejected rows as they came, with what is wrong with
// each: mended, the file can be sent again.
func importRejected(f sheet.Format) func(*Console, *gin.Context, visit) error {
	return func(c *Console, g *gin.Context, v visit) error { return c.sendRejected(g, v, f) }
}

func (c *Console) sendRejected(g *gin.Context, v visit, f sheet.Format) error {
	id, err := importID(g)
	if err != nil {
		return err
	}
	var header []string
	var rows map[int][]string
	said := map[int]string{}
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if _, err := imports.Load(ctx, q, c.importing(v), id); err != nil {
			return err
		}
		rejected, err := imports.Rows(ctx, q, id, imports.Rejected, 0, tabular.Default.Rows)
		if err != nil {
			return err
		}
		lines := map[int]bool{}
		for _, r := range rejected {
			lines[r.Line], said[r.Line] = true, problemsText(v, r.Problems)
		}
		header, rows, err = imports.Table(ctx, q, c.importing(v), id, lines, 0)
		return err
	})
	if err == nil {
		err = c.noteFile(g, v, "import.rejected_exported", int64(id))
	}
	if err != nil {
		return err
	}
	name := v.program.Code + "-import-" + strconv.FormatInt(int64(id), 10) + "-rejected." + string(f)
	return web.Stream(g, f.Type(), name, func(to io.Writer) error { return writeRejected(to, f, v, header, rows, said) })
}

// writeRejected writes rows as they came, and beside each its line and what is
// wrong with it: columns that nobody reads when the file comes back.
func writeRejected(to io.Writer, f sheet.Format, v visit, header []string, rows map[int][]string, said map[int]string) error {
	columns := make([]sheet.Column, 0, len(header)+2)
	for _, name := range header {
		columns = append(columns, sheet.Column{Name: name})
	}
	columns = append(columns, sheet.Column{Name: v.words.T("console.imports.rejected_line"), Kind: sheet.Number}, sheet.Column{Name: v.words.T("console.imports.rejected_why")})
	out, err := sheet.New(to, f, v.words.T("console.imports.outcomes.rejected"), columns)
	if err != nil {
		return err
	}
	for _, line := range slices.Sorted(maps.Keys(rows)) {
		cells := make([]any, len(columns))
		for i := range header {
			if i < len(rows[line]) {
				cells[i], _ = tabular.Tidy(rows[line][i])
			}
		}
		cells[len(header)], cells[len(header)+1] = line, said[line]
		if err := out.Row(cells...); err != nil {
			return err
		}
	}
	return out.Close()
}

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

// sources lists who sends files, and by which agreement.
func (c *Console) sources(g *gin.Context, v visit) error {
	return c.showSources(g, v, http.StatusOK, pages.Sources{}, nil)
}

func (c *Console) showSources(g *gin.Context, v visit, status int, view pages.Sources, problems []parts.Problem) error {
	var all []imports.Source
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		all, err = imports.Sources(ctx, q, v.program.ID)
		return err
	})
	if err != nil {
		return err
	}
	if v.May(auth.ImportFiles) {
		view.Post = v.base() + "/imports/sources"
	}
	for _, s := range all {
		line := pages.SenderLine{Name: s.Name, Agreement: s.Agreement, Until: s.Until, State: sourceState(v, s)}
		if s.ID != 0 && s.Agreement != "" {
			line.By, line.At = actor(v, s.NotedBy), s.NotedAt.In(v.at.Location())
		}
		view.Sources = append(view.Sources, line)
	}
	p := c.page(g, v, v.words.T("console.sources.title"), importsLink(v))
	p.Lead, p.Problems = v.words.T("console.sources.lead"), problems
	return c.hall.Show(g, status, pages.SourcesPage(p, view))
}

// soonDays is how long before its end an agreement is told on home.
const soonDays = 60

func sourceState(v visit, s imports.Source) parts.Status {
	switch {
	case s.Agreement == "":
		return parts.Status{Text: v.words.T("console.sources.not_noted"), Tone: parts.Caution}
	case s.Expired(v.today()):
		return parts.Status{Text: v.words.T("console.sources.ended"), Tone: parts.Bad}
	case !s.Until.IsZero() && s.Until.Before(v.today().AddDays(soonDays)):
		return parts.Status{Text: v.words.T("console.sources.soon"), Tone: parts.Caution}
	}
	return parts.Status{Text: v.words.T("console.sources.in_force"), Tone: parts.Good}
}

// noteAgreement notes by which agreement a source sends files.
func (c *Console) noteAgreement(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	view := pages.Sources{Source: f.Text("source"), Agreement: f.Text("agreement"), Until: f.Optional("until")}
	var until ledger.Date
	if view.Until != "" {
		until = f.Date("until")
	}
	if err = f.Err(); err == nil {
		err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error {
			return imports.NoteAgreement(ctx, tx, c.importing(v), view.Source, view.Agreement, until)
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showSources(g, v, web.Status(err), view, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/imports/sources", "agreement_noted", 0)
}
