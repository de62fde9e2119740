package console

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"slices"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/jmoiron/sqlx"

	"seedbook/ledger"
	"seedbook/service/enroll"
	"seedbook/service/enroll/factfile"
	"seedbook/service/fault"
	"seedbook/service/i18n"
	"seedbook/service/program"
	"seedbook/service/rules"
	"seedbook/service/tabular"
	"seedbook/service/web"
	"seedbook/service/web/console/pages"
	"seedbook/service/web/parts"
)

// errOtherRules reports a file that was read by rules which no longer hold.
var errOtherRules = fault.New(fault.Conflict, "console.facts.other_rules")

// factImport is a file of facts that somebody has uploaded, with what became of
// it.
type factImport struct {
	name string
	file *factfile.File
	book string // hash of the rules it was read by

	mu       sync.Mutex
	compared enroll.Compared
	state    importState
	done     enroll.Reported
}

type importState int8

const (
	importStaged importState = iota
	importRuns
	importDone
	importFailed
)

// walkNow is the frame in which facts are compared and recorded.
func (c *Console) walkNow(v visit, book *rules.Book) enroll.Walk {
	return enroll.Walk{Who: v.Who(), Keys: c.Keys, Program: v.program, Rules: book, AsOf: v.today(), At: v.at}
}

// uploadFacts reads a file and compares it with what is known; nothing is
// recorded.
func (c *Console) uploadFacts(g *gin.Context, v visit) error {
	f, err := web.ReadForm(g)
	if err != nil {
		return err
	}
	content, name, err := f.File("file")
	if err != nil {
		return err
	}
	kept := &factImport{name: name}
	if err = f.Err(); err == nil {
		err = c.read(g, v, func(ctx context.Context, q sqlx.QueryerContext) error {
			book, err := program.RulesOn(ctx, q, v.program.ID, v.today())
			if err != nil {
				return err
			}
			kept.book = book.Hash()
			if kept.file, err = factfile.Read(name, bytes.NewReader(content), factfile.Options{Book: book, AsOf: v.today()}); err != nil {
				return err
			}
			kept.compared, err = enroll.Compare(ctx, q, c.walkNow(v, book), kept.file, name)
			return err
		})
	}
	if problems := web.Problems(v.words, err); problems != nil {
		for i := range problems {
			problems[i].Field = "file" // whatever is wrong, another file is the answer
		}
		return c.showFacts(g, v, web.Status(err), problems)
	}
	if err != nil {
		return err
	}
	return web.See(g, v.base()+"/facts/files/"+c.factFiles.keep(v, kept), "", 0)
}

// recordFacts records a checked file: all of it or nothing. Recording it again
// changes nothing.
func (c *Console) recordFacts(g *gin.Context, v visit) error {
	x, err := c.factFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	to := v.base() + "/facts/files/" + g.Param("id")
	x.mu.Lock()
	begin := x.state == importStaged || x.state == importFailed
	if begin {
		x.state = importRuns
	}
	x.mu.Unlock()
	if !begin {
		return web.See(g, to, "", 0)
	}
	done := make(chan error, 1)
	ctx := context.WithoutCancel(g.Request.Context())
	c.busy.Go(func() {
		err := c.record(ctx, v, x)
		if _, known := fault.Of(err); err != nil && !known {
			c.hall.Log().ErrorContext(ctx, "facts", "error", err.Error())
		}
		done <- err
	})
	if err := within(done); err != nil && web.Problems(v.words, err) == nil {
		return err
	} else if err != nil {
		return c.showFactFile(g, v, web.Status(err), x, web.Problems(v.words, err))
	}
	return web.See(g, to, "", 0)
}

// record compares the file once more and records it, in one transaction.
func (c *Console) record(ctx context.Context, v visit, x *factImport) error {
	var compared enroll.Compared
	var done enroll.Reported
	err := c.DB.InTx(ctx, v.Who(), func(tx *sqlx.Tx) error {
		book, err := program.RulesOn(ctx, tx, v.program.ID, v.today())
		if err != nil {
			return err
		}
		if book.Hash() != x.book {
			return errOtherRules
		}
		w := c.walkNow(v, book)
		if compared, err = enroll.Compare(ctx, tx, w, x.file, x.name); err != nil {
			return err
		}
		done, _, err = enroll.Report(ctx, tx, w, x.file, x.name)
		return err
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	if compared.By != nil {
		x.compared = compared
	}
	x.state = importDone
	if err != nil {
		x.state = importFailed
		return err
	}
	x.done = done
	return nil
}

// factFile shows what recording a file would do, or has done.
func (c *Console) factFile(g *gin.Context, v visit) error {
	x, err := c.factFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	return c.showFactFile(g, v, http.StatusOK, x, nil)
}

func (c *Console) showFactFile(g *gin.Context, v visit, status int, x *factImport, problems []parts.Problem) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := c.page(g, v, x.name, parts.Link{Text: v.words.T("console.nav.facts"), To: v.base() + "/facts"})
	p.Problems = problems
	view := x.view(v, v.base()+"/facts/files/"+g.Param("id"))
	if view.Work != nil {
		return c.showWork(g, p, *view.Work, pages.FactFilePage(p, view))
	}
	return c.hall.Show(g, status, pages.FactFilePage(p, view))
}

func (x *factImport) view(v visit, path string) pages.FactFile {
	w, by := v.words, x.compared.By
	view := pages.FactFile{Base: v.base(), Rows: path + "/rows.csv", State: parts.Status{Text: w.T("console.facts.states.checked"), Tone: parts.Info},
		Figures: []parts.Figure{
			{Label: w.T("console.facts.outcomes.new"), Value: w.Int(by[enroll.RowNew]), Major: true},
			{Label: w.T("console.facts.outcomes.known"), Value: w.Int(by[enroll.RowKnown])},
			{Label: w.T("console.facts.outcomes.wrong"), Value: w.Int(by[enroll.RowWrong])},
		}, Names: x.names(v)}
	if by[enroll.RowKnown] > 0 {
		view.Figures[1].Note = w.T("console.facts.known_note")
	}
	if by[enroll.RowWrong] > 0 {
		view.Figures[2].Note = w.T("console.facts.wrong_note")
	}
	switch {
	case x.state == importRuns:
		view.Work = &parts.Work{ID: "work", Label: w.T("console.facts.working"), Running: true, Watch: path, Says: w.N("console.facts.rows", len(x.compared.Rows))}
	case x.state == importDone:
		view.State = parts.Status{Text: w.T("console.facts.states.recorded"), Tone: parts.Good}
		view.Done = w.T("console.facts.done", i18n.Args{"facts": x.done.Facts.New, "events": x.done.Events.New, "known": x.done.Facts.Repeated + x.done.Events.Repeated})
	case !x.compared.Good():
		view.State = parts.Status{Text: w.T("console.facts.states.refused"), Tone: parts.Bad}
	case by[enroll.RowNew] > 0:
		view.Record, view.Confirm = path, w.N("console.facts.record", by[enroll.RowNew])
	}
	for i, problem := range x.compared.Problems {
		if i == shownProblems {
			view.More = len(x.compared.Problems) - i
			break
		}
		view.Problems = append(view.Problems, problemLine(v, problem))
	}
	return view
}

// names are the facts and events of a file, with how many rows are new.
func (x *factImport) names(v visit) []pages.FactCount {
	var out []pages.FactCount
	at := map[string]int{}
	for _, r := range x.compared.Rows {
		name := r.Fact + r.Event
		i, ok := at[name]
		if !ok {
			i = len(out)
			at[name], out = i, append(out, pages.FactCount{Name: name})
		}
		out[i].Rows++
		if r.Outcome == enroll.RowNew {
			out[i].New++
		}
	}
	return out
}

// factRows sends every row of a file with what became of it, or would.
func (c *Console) factRows(g *gin.Context, v visit) error {
	x, err := c.factFiles.find(v, g.Param("id"))
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	w := v.words
	said := map[int]string{}
	lines := map[int]bool{}
	for _, p := range x.compared.Problems {
		text := problemText(w, p)
		if p.Column != "" {
			text = p.Column + ": " + text
		}
		if said[p.Line] != "" {
			text = said[p.Line] + " " + text
		}
		said[p.Line], lines[p.Line] = text, p.Severity != tabular.Note || lines[p.Line]
	}
	var b bytes.Buffer
	out := csv.NewWriter(&b)
	rows := [][]string{{w.T("console.preview.line"), w.T("console.facts.of"), w.T("console.facts.name"), w.T("console.facts.from"), w.T("console.facts.reference"),
		w.T("console.preview.consequence"), w.T("console.preview.problem")}}
	seen := map[int]bool{}
	for _, r := range x.compared.Rows {
		seen[r.Line] = true
		owner := r.Account
		if owner == "" {
			owner = r.Student
		}
		rows = append(rows, []string{strconv.Itoa(r.Line), harmless(owner), harmless(r.Fact + r.Event), isoDay(r.On), harmless(r.Reference),
			w.T("console.facts.outcomes." + string(r.Outcome)), harmless(said[r.Line])})
	}
	for line, text := range said {
		if lines[line] && !seen[line] {
			rows = append(rows, []string{strconv.Itoa(line), "", "", "", "", w.T("console.facts.outcomes.wrong"), harmless(text)})
		}
	}
	slices.SortStableFunc(rows[1:], func(a, b []string) int { return rowLine(a) - rowLine(b) })
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return web.Download(g, "text/csv; charset=utf-8", v.program.Code+"-facts-rows.csv", b.Bytes())
}

// rowLine is the line that a row of the file is about.
func rowLine(row []string) int {
	n, _ := strconv.Atoi(row[0]) // written a moment ago
	return n
}

// isoDay is a day as files have it, "" for none.
func isoDay(d ledger.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
