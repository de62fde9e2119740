package console

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/approval"
	"seedbook/service/auth"
	"seedbook/service/fund"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/roster"
	"seedbook/service/roster/rosterfile"
	"seedbook/service/rules"
	"seedbook/service/tabular"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// rosters lists the files received and takes a new one.
func (c *Console) rosters(g *gin.Context, v visit) error {
	return c.showRosters(g, v, http.StatusOK, pages.Rosters{EnrollOn: v.today()}, nil)
}

func (c *Console) showRosters(g *gin.Context, v visit, status int, view pages.Rosters, problems []parts.Problem) error {
	var batches []roster.Batch
	var notices map[roster.ID]roster.Notice
	err := c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) (err error) {
		if batches, err = roster.Batches(ctx, q, v.program.ID, 0, 50); err != nil {
			return err
		}
		notices, err = roster.Notices(ctx, q, v.program, births(batches...))
		return err
	})
	if err != nil {
		return err
	}
	view.Base, view.May = v.base(), v.May(auth.UploadRosters)
	if view.Source == "" {
		view.Source = v.words.T("console.rosters.source_example")
		if len(batches) > 0 {
			view.Source = batches[0].Source
		}
	}
	for _, b := range batches {
		view.Files = append(view.Files, pages.FileLine{
			Name: b.FileName, Received: b.ReceivedAt.In(v.at.Location()), By: actor(v, b.ReceivedBy), State: rosterState(v, b.State), Rows: b.Counts.Rows, To: rosterPath(v, b.ID),
		})
		if n, ok := notices[b.ID]; ok {
			view.Files[len(view.Files)-1].Told = told(v, n)
		}
		if open := b.Counts.Open(); open > 0 && (b.State == roster.Staged || b.State == roster.Applied) {
			last := &view.Files[len(view.Files)-1]
			last.Open, last.Doubts = open, doubtsPath(v, b.ID)
		}
	}
	p := c.page(g, v, v.words.T("console.rosters.title"))
	p.Problems = problems
	return c.hall.Show(g, status, pages.RostersPage(p, view))
}

func rosterPath(v visit, id roster.ID) string {
	return v.base() + "/rosters/" + strconv.FormatInt(int64(id), 10)
}

func rosterID(g *gin.Context) (roster.ID, error) {
	id, err := strconv.ParseInt(g.Param("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, web.ErrNoPage
	}
	return roster.ID(id), nil
}

// uploadRoster checks a file and stages it; nothing of it is applied.
func (c *Console) uploadRoster(g *gin.Context, v visit) error {
	u, err := readUpload(g)
	var to string
	if err == nil {
		to, err = c.receive(g, v, u)
	}
	if problems := web.Problems(v.words, err); problems != nil {
		return c.showRosters(g, v, web.Status(err), pages.Rosters{Source: u.Source, EnrollOn: u.EnrollOn}, problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, to, "", 0)
}

// shownProblems is how many problems a preview lists; the file has them all.
const shownProblems = 100

// roster shows what applying a file would do, or how far it is.
func (c *Console) roster(g *gin.Context, v visit) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	var b roster.Batch
	var problems []roster.Problem
	var funds map[string]fund.Fund
	var book *rules.Book
	var needs rosterApproval
	var undoing approval.Request
	var notices map[roster.ID]roster.Notice
	later := 0
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if b, err = roster.Load(ctx, q, v.program.ID, id); err != nil {
			return err
		}
		if notices, err = roster.Notices(ctx, q, v.program, births(b)); err != nil {
			return err
		}
		undoing, err = approval.Open(ctx, q, approval.Undo, roster.Subject(id))
		if err != nil && !errors.Is(err, approval.ErrNone) {
			return err
		}
		if later, err = roster.Later(ctx, q, id); err != nil {
			return err
		}
		if needs, err = c.rosterApproval(ctx, q, v, b, later); err != nil {
			return err
		}
		if problems, err = roster.Problems(ctx, q, id, 0, shownProblems); err != nil {
			return err
		}
		if funds, err = fundsByCode(ctx, q, v.program.ID); err != nil {
			return err
		}
		book, err = program.RulesOn(ctx, q, v.program.ID, v.today())
		return err
	})
	if err != nil {
		return err
	}
	p := c.page(g, v, b.FileName, parts.Link{Text: v.words.T("console.nav.rosters"), To: v.base() + "/rosters"})
	view := c.previewView(v, b, funds, book, needs)
	c.addDoubts(v, &view, b, later, needs)
	addRejected(v, &view, b)
	addUndo(v, &view, b, undoing)
	addClocks(v, &view, b, notices)
	view.Some = b.Kind == roster.OfSchools && b.Mode == string(rosterfile.Delta)
	for _, problem := range problems {
		view.Problems = append(view.Problems, problemLine(v, problem))
	}
	if len(problems) > 0 {
		view.AllProblems = rosterPath(v, id) + "/problems.csv"
	}
	if view.Work != nil && view.Work.Running {
		p.Reload = 3
		if g.GetHeader("HX-Request") == "true" {
			return c.show(g, parts.Progress(p, *view.Work))
		}
	}
	return c.show(g, pages.PreviewPage(p, view))
}

func fundsByCode(ctx context.Context, q sqlx.QueryerContext, p program.ID) (map[string]fund.Fund, error) {
	all, err := fund.All(ctx, q, p)
	out := make(map[string]fund.Fund, len(all))
	for _, f := range all {
		out[f.Code] = f
	}
	return out, err
}

func (c *Console) previewView(v visit, b roster.Batch, funds map[string]fund.Fund, book *rules.Book, needs rosterApproval) pages.Preview {
	w, by := v.words, b.Counts.By
	view := pages.Preview{
		State:   rosterState(v, b.State),
		Summary: w.T("console.preview.summary", i18n.Args{"rows": b.Counts.Rows, "children": b.Counts.Children, "adults": b.Counts.Adults, "aside": b.Counts.Quarantined}),
		Figures: []parts.Figure{
			{Label: w.T("console.preview.new"), Value: w.Int(by[roster.New]), Major: true, Note: w.T("console.preview.eligible", i18n.Args{"n": b.Preview.Eligible})},
			{Label: w.T("console.preview.changed"), Value: w.Int(by[roster.Changed])},
			{Label: w.T("console.preview.unchanged"), Value: w.Int(by[roster.Unchanged])},
			{Label: w.T("console.preview.gone"), Value: w.Int(by[roster.Gone]), Note: w.T("console.preview.gone_note")},
			{Label: w.T("console.preview.open"), Value: w.Int(b.Counts.Open()), Note: openNote(v, b)},
		},
	}
	total := c.addCost(v, &view, b, funds, book)
	for _, s := range b.Preview.Schools {
		view.Schools = append(view.Schools, pages.SchoolLine{Name: s.Name, Children: s.Children, New: s.New, Changed: s.Changed, Unchanged: s.Unchanged, Open: s.Open})
	}
	for _, code := range slices.Sorted(maps.Keys(b.Preview.Reasons)) {
		view.Reasons = append(view.Reasons, parts.Row{Term: named(v, "console.count.", code), Value: w.Int(b.Preview.Reasons[code])})
	}
	c.addDecision(v, &view, b, total, needs)
	return view
}

// addCost adds what the new children would be awarded at once, fund by fund,
// and returns the sum.
func (c *Console) addCost(v visit, view *pages.Preview, b roster.Batch, funds map[string]fund.Fund, book *rules.Book) (total ledger.Amount) {
	left := map[string]ledger.Amount{}
	for code, text := range b.Preview.Funds {
		if a, err := ledger.ParseAmount(text); err == nil {
			left[code] = a
		}
	}
	for _, cost := range b.Preview.Cost {
		total = total.Add(cost.Amount)
		left[cost.Fund] = left[cost.Fund].Sub(cost.Amount)
		name := funds[cost.Fund].Name
		if name == "" {
			name = v.words.T("console.preview.no_fund")
		}
		view.Cost = append(view.Cost, pages.CostLine{Benefit: benefitName(v, book, cost.Benefit), Fund: name, Children: cost.Children,
			Amount: cost.Amount, Left: left[cost.Fund], Short: left[cost.Fund].Sign() < 0})
	}
	return total
}

// addDecision offers what can be done with the file now.
func (c *Console) addDecision(v visit, view *pages.Preview, b roster.Batch, total ledger.Amount, needs rosterApproval) {
	path := rosterPath(v, b.ID)
	running := c.work.Running(thing{v.Tenant, int64(b.ID)})
	if running || b.State == roster.Applying {
		view.Work = &parts.Work{ID: "work", Label: v.words.T("console.preview.applying"), Done: b.DoneGroups, Of: b.Groups,
			Says: v.words.T("console.preview.progress", i18n.Args{"done": b.DoneGroups, "of": b.Groups}), Running: running, Watch: path}
	}
	if needs.request.ID != 0 {
		view.Request = parts.Link{Text: requestName(v, needs.request), To: requestPath(needs.request.ID)}
	}
	if running || !v.May(auth.CommitRosters) {
		return
	}
	switch b.State {
	case roster.Staged:
		view.Commit, view.Discard = path+"/commit", path+"/discard"
		view.Confirm = v.words.N("console.preview.confirm", b.Preview.Eligible, i18n.Args{"amount": total})
		if b.Preview.Eligible == 0 {
			view.Confirm = v.words.T("console.preview.confirm_nobody")
		}
		switch {
		case needs.alone || needs.request.State == approval.Approved:
		case needs.request.ID != 0:
			view.Commit = ""
		default:
			view.Commit, view.Confirm, view.Large = path+"/ask", v.words.T("console.preview.ask"), true
		}
	case roster.Applying:
		view.Commit, view.Confirm = path+"/commit", v.words.T("console.preview.resume")
	}
}

func openNote(v visit, b roster.Batch) string {
	settled := b.Counts.By[roster.Doubtful] + b.Counts.By[roster.Review] - b.Counts.Open()
	if settled == 0 {
		return v.words.T("console.preview.open_note")
	}
	return v.words.T("settling.preview_settled", i18n.Args{"n": settled})
}

// addDoubts leads to the rows that wait for a person, and offers to apply those
// that were settled since the rest was.
func (c *Console) addDoubts(v visit, view *pages.Preview, b roster.Batch, later int, needs rosterApproval) {
	if b.Counts.By[roster.Doubtful]+b.Counts.By[roster.Review] > 0 && (b.State == roster.Staged || b.State == roster.Applied) {
		view.Doubts = parts.Link{Text: v.words.N("settling.to_open", b.Counts.Open()), To: doubtsPath(v, b.ID)}
	}
	if later == 0 {
		return
	}
	view.Later = v.words.T("settling.later")
	if view.Work != nil || !v.May(auth.CommitRosters) || needs.request.ID != 0 && needs.request.State != approval.Approved {
		return
	}
	view.Commit, view.Confirm = rosterPath(v, b.ID)+"/commit", v.words.N("settling.apply_later", later)
	if !needs.alone && needs.request.State != approval.Approved {
		view.Commit, view.Confirm, view.Large = rosterPath(v, b.ID)+"/ask", v.words.T("console.preview.ask"), true
	}
}

func problemLine(v visit, p tabular.Problem) pages.ProblemLine {
	line := pages.ProblemLine{File: p.File, Line: p.Line, Column: p.Column, Text: problemText(v.words, p), Tone: parts.Quiet}
	if p.Severity != "note" {
		line.Tone = parts.Caution
	}
	line.Status = v.words.T("console.severity." + string(p.Severity))
	return line
}

func problemText(w *i18n.Words, p tabular.Problem) string {
	if !w.Has(p.Code) {
		return p.Code
	}
	return w.T(p.Code, p.Args())
}

// commitRoster applies a file. What takes longer than a moment goes on behind
// the page, which shows how far it is.
func (c *Console) commitRoster(g *gin.Context, v visit) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	if err := c.applyRoster(g, v, id); err != nil {
		return err
	}
	return web.See(g, rosterPath(v, id), "", 0)
}

// applyRoster begins to apply a roster and returns its error where that comes
// within a moment.
func (c *Console) applyRoster(g *gin.Context, v visit, id roster.ID) error {
	done := c.work.Start(&c.busy, thing{v.Tenant, int64(id)}, c.logged("roster", int64(id), func() error {
		_, err := roster.Commit(context.WithoutCancel(g.Request.Context()), c.DB, v.Who(), c.Keys, v.program, id, v.at, func(int, int) {})
		return err
	}))
	return within(done)
}

// discardRoster puts a staged file aside.
func (c *Console) discardRoster(g *gin.Context, v visit) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	err = c.write(g, v, func(ctx context.Context, tx *sqlx.Tx) error { return roster.Discard(ctx, tx, v.program.ID, id, v.at) })
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/rosters", "roster_discarded", 0)
}

// maxProblems bounds the file of problems.
const maxProblems = 100_000

// rosterProblems sends every problem of a file, for whoever corrects it.
func (c *Console) rosterProblems(g *gin.Context, v visit) error {
	id, err := rosterID(g)
	if err != nil {
		return err
	}
	var problems []roster.Problem
	err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
		if _, err := roster.Load(ctx, q, v.program.ID, id); err != nil {
			return err
		}
		problems, err = roster.Problems(ctx, q, id, 0, maxProblems)
		return err
	})
	if err != nil {
		return err
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	rows := [][]string{{v.words.T("console.preview.file"), v.words.T("console.preview.line"), v.words.T("console.preview.column"), v.words.T("console.preview.problem"), v.words.T("console.preview.consequence")}}
	for _, p := range problems {
		rows = append(rows, []string{harmless(p.File), strconv.Itoa(p.Line), harmless(p.Column), harmless(problemText(v.words, p)), v.words.T("console.severity." + string(p.Severity))})
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return web.Download(g, "text/csv; charset=utf-8", "roster-"+g.Param("id")+"-problems.csv", b.Bytes())
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\r') {
		return "'" + s
	}
	return s
}
